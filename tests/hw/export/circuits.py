"""Circuits as Yosys reads emitted Verilog, in cells of one bit where it has some, and whether two compute the same."""

import json
import re

from convolver.boards.toolchain import run

LIBRARIES = {"ecp5": "+/ecp5/cells_bb.v", "ice40": "+/ice40/cells_sim.v", "7-series": "+/xilinx/cells_sim.v"}


def circuit(folder, text, family=None):
    """The module of a text, whose first one is the top, with all others in it."""
    (folder / "top.v").write_text(text)
    top = re.search(r"^module (\w+)", text, re.MULTILINE)[1]
    library = f"read_verilog -lib {LIBRARIES[family]}; " if family else ""
    script = (
        f"{library}read_verilog top.v; hierarchy -top {top}; proc -noopt; flatten; simplemap; "
        f"select {top}; write_json -selected top.json"
    )
    run("yosys", ["-q", "-p", script], folder)
    return json.loads((folder / "top.json").read_text())["modules"][top]


def difference(one, other):
    """Where two circuits differ; empty if each output is made in the same way of the same bits, back to the inputs, the initial
    values and the constants. So are registers, which a bit may be made of in a circle."""
    ways = _Ways(one), _Ways(other)
    if ways[0].ports() != ways[1].ports():
        return f"{ways[0].ports()} != {ways[1].ports()}"
    asked = {*zip(*(way.outputs() for way in ways), strict=True)}
    waiting = [*asked]
    while waiting:
        (told, made_of), (other_told, other_made_of) = (way.of(bit) for way, bit in zip(ways, waiting.pop(), strict=True))
        if told != other_told or len(made_of) != len(other_made_of):
            return f"{told} != {other_told}"
        further = {*zip(made_of, other_made_of, strict=True)} - asked
        asked |= further
        waiting += further
    return ""


class _Ways:
    """How each bit of a circuit is made. A bit is a net's number, a constant's digit, or a memory's name with a place."""

    def __init__(self, module):
        self._module = module
        self._inputs = {bit: (name, place) for name, place, bit in self._bits("input")}
        self._initial, self._driven, self._stores = {}, {}, {}
        for net in module["netnames"].values():
            self._initial.update(zip(net["bits"], reversed(net["attributes"].get("init", "")), strict=False))
        for cell in module["cells"].values():
            if cell["type"] in {"$memwr_v2", "$meminit_v2"}:
                self._stores.setdefault(cell["parameters"]["MEMID"], []).append(cell)
            for port, bits in cell["connections"].items():
                if cell["port_directions"][port] == "output":
                    self._driven.update((bit, (cell, port, place)) for place, bit in enumerate(bits))

    def _bits(self, direction):
        for name, port in self._module["ports"].items():
            if port["direction"] == direction:
                yield from ((name, place, bit) for place, bit in enumerate(port["bits"]))

    def ports(self):
        """The top module's, each with its direction and width."""
        return {name: (port["direction"], len(port["bits"])) for name, port in self._module["ports"].items()}

    def outputs(self):
        """The bits that leave."""
        return [bit for _, _, bit in self._bits("output")]

    def of(self, bit):
        """What makes a bit, and of which others."""
        if isinstance(bit, tuple):
            return self._stored(*bit)
        if bit in self._inputs or bit not in self._driven:
            return self._inputs.get(bit, bit if isinstance(bit, str) else "nothing"), []
        cell, port, place = self._driven[bit]
        ports, parameters = cell["connections"], cell["parameters"]
        takes = [bit for name in sorted(ports) if cell["port_directions"][name] == "input" for bit in ports[name]]
        if cell["type"] == "$memrd":
            told = {name: value for name, value in parameters.items() if name not in {"MEMID", "WIDTH"}}
            return (cell["type"], told), [(parameters["MEMID"], place), *takes]
        if cell["type"] == "$pmux":
            return (cell["type"], len(ports["S"])), [ports["A"][place], *ports["B"][place :: len(ports["A"])], *ports["S"]]
        return (cell["type"], parameters, port, place, self._initial.get(bit)), takes

    def _stored(self, name, place):
        """What writes one place of each of a memory's words, and what it begins with."""
        told, made_of = [], []
        for cell in sorted(self._stores[name], key=_order):
            ports, parameters = cell["connections"], cell["parameters"]
            if cell["type"] == "$meminit_v2":
                words = ports["DATA"][place :: int(parameters["WIDTH"], 2)]
                told.append((cell["type"], ports["ADDR"], words, ports["EN"][place]))
            else:
                told.append((cell["type"], parameters["PRIORITY_MASK"], parameters["CLK_POLARITY"]))
                made_of += [ports["EN"][place], ports["DATA"][place], *ports["ADDR"], *ports["CLK"]]
        return told, made_of


def _order(cell):
    """Where a memory's cell stands among the others that write it."""
    return cell["type"], cell["parameters"].get("PORTID") or cell["parameters"]["PRIORITY"]
