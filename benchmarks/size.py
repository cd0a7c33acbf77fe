"""What lean generated files take, beside hand-written Verilog of the same contract, synthesised in the same run.

    python benchmarks/size.py              # all rows
    python benchmarks/size.py gaussian     # one
    python benchmarks/size.py --blocks taps-8   # and where each block's look-up tables go, on ECP5
    python benchmarks/size.py --write      # also into the table of docs/performance.md

Each row is a design file of benchmarks/size in the shell that `convolver generate` gives it by itself, and a file beside it
that was written by hand; tests/test_by_hand.py simulates these. Synthesis only: `synth_ecp5`, `synth_ice40` and `synth_xilinx`,
no harness. LUT on ECP5 are LUT4, two for each CCU2C and six for each LUT RAM of 16x4.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tables import renew

from convolver.boards.cell_counts import BLOCK_RAMS, FLIP_FLOPS, LUTS, MULTIPLIERS, size_of
from convolver.boards.toolchain import run, versions
from convolver.design_files import load_design
from convolver.designs import Design
from convolver.hw.export.verilog import generate
from convolver.plan import Family
from convolver.shell import Shell

FOLDER = Path(__file__).with_name("size")
ROWS: dict[str, dict[str, Any]] = {
    "gaussian": {},
    "gaussian-valid": {"handshake": "valid"},
    "taps-8": {},
    "lowpass-31": {},
    "lowpass-64": {},
}
"""Design files, and what of their shell isn't the default."""

SYNTHESIS: dict[Family, str] = {
    "ecp5": "synth_ecp5",
    "ice40": "synth_ice40 -dsp",
    "7-series": "synth_xilinx -family xc7 -flatten",
}

Module = dict[str, Any]


def synthesised(text: str, family: Family) -> Module:
    """The netlist of a file's only top module."""
    with TemporaryDirectory() as temporary:
        directory = Path(temporary)
        (directory / "top.v").write_text(text)
        script = f"read_verilog -sv top.v; hierarchy -auto-top; {SYNTHESIS[family]}; write_json top.json"
        run("yosys", ["-q", "-p", script], directory)
        modules: dict[str, Module] = json.loads((directory / "top.json").read_text())["modules"]
    return next(module for module in modules.values() if int(module["attributes"].get("top", "0"), 2))


def counted(module: Module) -> str:
    """What a netlist is made of."""
    types = Counter(cell["type"] for cell in module["cells"].values())
    size = size_of(types.elements())
    found = [f"**{size.luts}** LUT", f"{size.flip_flops} FF"]
    found += [f"{types[name]} {name}" for name in (*MULTIPLIERS, *BLOCK_RAMS) if types[name]]
    return ", ".join(found)


def blocks(module: Module) -> Iterator[tuple[str, int, int]]:
    """Look-up tables and flip-flops of each block, the largest first: a cell is of the block whose net it drives."""
    names: dict[int, str] = {}
    for name, net in module["netnames"].items():
        for bit in net["bits"]:
            names[bit] = max(names.get(bit, ""), name, key=lambda one: one.count("."))
    luts, flops = Counter[str](), Counter[str]()
    for cell in module["cells"].values():
        driven = [
            bit for port, bits in cell["connections"].items() if cell["port_directions"][port] == "output" for bit in bits
        ]
        name = max((names.get(bit, "") for bit in driven), key=lambda one: one.count("."), default="")
        block = name.rpartition(".")[0] or "top"
        luts[block] += LUTS.get(cell["type"], 0)
        flops[block] += cell["type"].startswith(FLIP_FLOPS)
    for block, count in luts.most_common():
        yield block, count, flops[block]


@cache
def generated(row: str, family: Family) -> Module:
    """The netlist of a row's generated file."""
    design: Design = load_design(FOLDER / f"{row}.toml")
    return synthesised(generate(design, "core", family, shell=Shell(**ROWS[row]).of(design)), family)


def measured(row: str, family: Family) -> tuple[str, str]:
    """Ours and what was written by hand, if it was."""
    by_hand = FOLDER / f"{row}.v"
    return counted(generated(row, family)), counted(synthesised(by_hand.read_text(), family)) if by_hand.exists() else ""


def table(rows: list[str]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield "| row | family | generated file | by hand |"
    yield "|---|---|---|---|"
    for row in rows:
        for family in SYNTHESIS:
            yield f"| {row} | {family} | {' | '.join(measured(row, family))} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Sizes of lean generated files beside hand-written Verilog.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; by default all")
    parser.add_argument("--blocks", action="store_true", help="where the look-up tables go, block by block, on ECP5")
    parser.add_argument("--write", action="store_true", help="put the rows into docs/performance.md, too")
    arguments = parser.parse_args()
    for row in arguments.rows:
        if row not in ROWS:
            parser.error(f"a row must be one of {', '.join(ROWS)}, not {row!r}")
    lines = []
    for line in table(arguments.rows or list(ROWS)):
        print(line, flush=True)
        lines.append(line)
    if arguments.blocks:
        for row in arguments.rows or list(ROWS):
            print(f"\n{row}, ECP5")
            for block, luts, flops in blocks(generated(row, "ecp5")):
                print(f"{luts:>6} LUT {flops:>5} FF  {block}")
    tools = ", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items())
    print(tools)
    if arguments.write:
        renew("## Sizes beside hand-written Verilog", lines[2:], keys=2)


if __name__ == "__main__":
    main()
