"""What lean generated files take, beside hand-written Verilog of the same contract, synthesised in the same run.

    python benchmarks/size.py              # all rows
    python benchmarks/size.py gaussian     # one
    python benchmarks/size.py --blocks taps-8   # and where the look-up tables go, block by block
    python benchmarks/size.py fir-64 --registers    # flip-flops, kind by kind
    python benchmarks/size.py --write      # also into the tables of docs/performance.md

Each row is a design file of benchmarks/size in the shell that `convolver generate` gives it by itself, or with the registers
alone that load coefficients, and a file beside it that was written by hand to the same contract; tests/test_by_hand.py
simulates these. Rows with all registers have none. Synthesis only: `synth_ecp5`, `synth_ice40` and `synth_xilinx`,
no harness. LUT on ECP5 are LUT4, two for each CCU2C and six for each LUT RAM of 16x4.
"""

import argparse
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tables import check_known, renew

from convolver.boards.cell_counts import BLOCK_RAMS, FLIP_FLOPS, LUTS, MULTIPLIERS, size_of
from convolver.boards.toolchain import run, versions
from convolver.design_files import load_design
from convolver.designs import Design
from convolver.hw.export.verilog import generate
from convolver.plan import Family
from convolver.shell import Shell

FOLDER = Path(__file__).with_name("size")
LEAN = Shell()
"""What `convolver generate` gives a design by itself."""
FEW = Shell(registers="coefficients")
"""The registers that load coefficients, and no more."""


@dataclass(frozen=True)
class Row:
    """A design file, what of its shell isn't the default, and the clock that it is planned for, in hertz."""

    file: str
    shell: Shell = LEAN
    clock: float | None = None
    contract: bool = True
    """Whether it has the contract of the file by hand, if there is one."""


ROWS: dict[str, Row] = {
    "gaussian": Row("gaussian"),
    "gaussian-valid": Row("gaussian-valid", Shell(handshake="valid")),
    "taps-8": Row("taps-8"),
    "lowpass-31": Row("lowpass-31"),
    "lowpass-64": Row("lowpass-64"),
    "fir-64 lean": Row("fir-64", FEW),
    "fir-64 lean at 100 MHz": Row("fir-64", FEW, clock=100e6),
    "fir-64": Row("fir-64", contract=False),
    "fir-64 at 150 MHz": Row("fir-64", clock=150e6, contract=False),
    "fir-64 at 100 MHz": Row("fir-64", clock=100e6, contract=False),
}

SYNTHESIS: dict[Family, str] = {
    "ecp5": "synth_ecp5",
    "ice40": "synth_ice40",
    "7-series": "synth_xilinx -family xc7 -flatten",
}
INFERRING: dict[Family, str] = SYNTHESIS | {"ice40": "synth_ice40 -dsp"}
"""For files that leave multipliers to inference. A generated file has SB_MAC16, whose registers `-dsp` takes away."""

AUDITED: tuple[Family, ...] = ("ecp5", "ice40")
"""Families whose look-up tables are counted block by block."""

Module = dict[str, Any]


def synthesised(text: str, family: Family, synthesis: dict[Family, str] = SYNTHESIS) -> Module:
    """The netlist of a file's only top module."""
    with TemporaryDirectory() as temporary:
        directory = Path(temporary)
        (directory / "top.v").write_text(text)
        script = f"read_verilog -sv top.v; hierarchy -auto-top; {synthesis[family]}; write_json top.json"
        run("yosys", ["-q", "-p", script], directory)
        modules: dict[str, Module] = json.loads((directory / "top.json").read_text())["modules"]
    return next(module for module in modules.values() if int(module["attributes"].get("top", "0"), 2))


def types_of(module: Module) -> Counter[str]:
    """How many cells of each type a netlist has."""
    return Counter(cell["type"] for cell in module["cells"].values())


def counted(module: Module) -> str:
    """What a netlist is made of."""
    types = types_of(module)
    size = size_of(types.elements())
    found = [f"**{size.luts}** LUT", f"{size.flip_flops} FF"]
    found += [f"{types[name]} {name}" for name in (*MULTIPLIERS, *BLOCK_RAMS) if types[name]]
    return ", ".join(found)


def registers(module: Module) -> Iterator[tuple[str, int]]:
    """Flip-flops of each kind, the most first: by the names of their signals, with # for each number."""
    names = _names(module)
    kinds = Counter[str]()
    for cell in module["cells"].values():
        if cell["type"].startswith(FLIP_FLOPS):
            kinds[re.sub(r"\d+", "#", names.get(cell["connections"]["Q"][0], "?"))] += 1
    yield from kinds.most_common()


def blocks(module: Module) -> Iterator[tuple[str, int, int]]:
    """Look-up tables and flip-flops of each block, the largest first: a cell is of the block whose net it drives."""
    names = _names(module)
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


def audit(rows: list[str]) -> Iterator[str]:
    """The lines of a table of what look-up tables are for, by `blocks.toml`; the last line of a row is their sum."""
    uses = tomllib.loads((FOLDER / "blocks.toml").read_text())
    yield "| row | LUT of | ECP5 | by hand, ECP5 | iCE40 | why |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        found = {family: _by_use(generated(row, family), uses[row]) for family in AUDITED}
        for place, use in enumerate(uses[row]):
            ecp5, ice40 = (counts[place] for counts in found.values())
            yield f"| {row} | {use['what']} | {ecp5} | {use.get('by_hand', '')} | {ice40} | {use['why']} |"
        by_hand = size_of(types_of(_by_hand(ROWS[row].file, "ecp5")).elements()).luts if ROWS[row].contract else ""
        ecp5, ice40 = (f"**{sum(counts)}**" for counts in found.values())
        yield f"| {row} | all | {ecp5} | {by_hand} | {ice40} | |"


def _by_use(module: Module, uses: list[dict[str, Any]]) -> list[int]:
    """The look-up tables of each use: those of its blocks, or, of the one that names none, all others."""
    counts, rest = [0] * len(uses), next(place for place, use in enumerate(uses) if "blocks" not in use)
    for block, luts, _ in blocks(module):
        named = f"{block.removeprefix('accelerator.')}."
        found = (
            place for place, use in enumerate(uses) if named.startswith(tuple(f"{name}." for name in use.get("blocks", ())))
        )
        counts[next(found, rest)] += luts
    return counts


def _names(module: Module) -> dict[int, str]:
    """The name of each net's bit that says most of where it is."""
    names: dict[int, str] = {}
    for name, net in module["netnames"].items():
        for bit in net["bits"]:
            names[bit] = max(names.get(bit, ""), name, key=lambda one: one.count("."))
    return names


@cache
def generated(row: str, family: Family) -> Module:
    """The netlist of a row's generated file."""
    one = ROWS[row]
    design: Design = load_design(FOLDER / f"{one.file}.toml")
    return synthesised(generate(design, "core", family, shell=one.shell.of(design), clock=one.clock), family)


def measured(row: str, family: Family) -> tuple[str, str]:
    """Ours and what was written by hand, if it was."""
    by_hand = counted(_by_hand(ROWS[row].file, family)) if ROWS[row].contract else ""
    return counted(generated(row, family)), by_hand


@cache
def _by_hand(file: str, family: Family) -> Module:
    """The netlist of a file that was written by hand."""
    return synthesised((FOLDER / f"{file}.v").read_text(), family, INFERRING)


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
    parser.add_argument("--blocks", action="store_true", help="where the look-up tables go, block by block")
    parser.add_argument("--registers", action="store_true", help="flip-flops, kind by kind, on ECP5")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md, too")
    arguments = parser.parse_args()
    check_known(parser, "row", arguments.rows, ROWS)
    rows = arguments.rows or list(ROWS)
    lines = told(table(rows))
    uses = told(audit([row for row in rows if ROWS[row].clock is None])) if arguments.blocks else []
    if arguments.blocks:
        for row in rows:
            print(f"\n{row}, ECP5")
            for block, luts, flops in blocks(generated(row, "ecp5")):
                print(f"{luts:>6} LUT {flops:>5} FF  {block}")
    if arguments.registers:
        for row in rows:
            print(f"\n{row}, ECP5")
            for kind, count in registers(generated(row, "ecp5")):
                print(f"{count:>6} {kind}")
    tools = ", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items())
    print(tools)
    if arguments.write:
        renew("## Sizes beside hand-written Verilog", lines, keys=2)
        renew("### Where the look-up tables go", uses, keys=2)


def told(lines: Iterator[str]) -> list[str]:
    """The rows of a table, which is printed as it comes."""
    found = []
    for line in lines:
        print(line, flush=True)
        found.append(line)
    return found[2:]


if __name__ == "__main__":
    main()
