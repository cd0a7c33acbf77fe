"""What the hard multipliers of iCE40 UltraPlus and 7-series do in a netlist: how many, with which registers on.

    python benchmarks/netlist.py                  # bare cores
    python benchmarks/netlist.py --write          # the same, also into the tables of docs/performance.md
    python benchmarks/netlist.py fir-16 sobel ... # what `convolver generate --family 7-series` writes for rows of fmax.py

The whole core, synthesised by Yosys and not placed; besides, where coefficients are loaded, its MAC array by itself. The marks:
8 taps of 16x16 bits on 8 SB_MAC16 and 16 of 8x8 on 8; 16 taps on 16 DSP48E1 in one cascade, 8 if they are symmetric,
the array in 60 LUT; 3x3 pixels on 9 DSP48E1, and on 5 SB_MAC16 at one pixel in two clocks; all registers on.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from amaranth.back import rtlil
from fmax import ROWS as DESIGNS
from tables import as_row, check_known, renew

from convolver import Conv2DDesign, FIRDesign
from convolver.boards.cell_counts import size_of
from convolver.boards.toolchain import run, versions
from convolver.designs import Design
from convolver.hw.cores.core import create
from convolver.hw.export.verilog import generate
from convolver.hw.mac.array_block import array_block
from convolver.hw.primitives.families import FamilyPlatform
from convolver.plan import Family, target_of
from convolver.shell import FULL

KERNEL = Conv2DDesign([[1] * 3] * 3, coefficient="s8", loadable=True, switchable=True, boundary="edge", rows=480, columns=640)
BINOMIAL = (1, 6, 15, 20, 15, 6, 1)
BLUR = Conv2DDesign([[row * column for column in BINOMIAL] for row in BINOMIAL], boundary="reflect", rows=480, columns=640)
LOADED: dict[Family, dict[str, Design]] = {
    "7-series": {
        "16 taps, 16x16": FIRDesign([1] * 16, data="s16", coefficient="s16", loadable=True),
        "16 taps, 16x16, symmetric": FIRDesign([1] * 16, data="s16", coefficient="s16", loadable=True, symmetry="symmetric"),
        "64 taps, 16x16": FIRDesign([1] * 64, data="s16", coefficient="s16", loadable=True),
        "3x3, u8 by s8": KERNEL,
    },
    "ice40": {
        "8 taps, 16x16": FIRDesign([1] * 8, data="s16", coefficient="s16", loadable=True),
        "16 taps, 8x8": FIRDesign([1] * 16, data="s8", coefficient="s8", loadable=True),
        "3x3, u8 by s8, a pixel in 2 clocks": KERNEL.replace(clocks_per_pixel=2),
    },
}
LINE = KERNEL.replace(switchable=False, clocks_per_pixel=2, columns=2048)
LINES: dict[str, Conv2DDesign] = {
    "7x7 binomial kernel, 640 columns, `reflect`, separable": BLUR,
    'the same with `structure="direct"`': BLUR.replace(structure="direct"),
    "3x3, u8 by s8, loaded, a pixel in 2 clocks, 2048 columns: the most that stay in block RAM": LINE,
    "the same, 2049 columns": LINE.replace(columns=2049),
}
"""Of iCE40."""
SYNTHESIS = {"ice40": "synth_ice40 -device u", "7-series": "synth_xilinx -family xc7 -flatten"}
MULTIPLIERS = {"ice40": "SB_MAC16", "7-series": "DSP48E1"}
HEADINGS: dict[Family, str] = {"7-series": "### Bare cores for 7-series", "ice40": "### Bare cores for iCE40"}
LONG_LINES = "### Lines in memory, iCE40"


def synthesised(text: str, reader: str, family: Family) -> list[dict[str, Any]]:
    """The cells of a circuit whose top module is `top`."""
    with TemporaryDirectory() as temporary:
        directory = Path(temporary)
        (directory / "top").write_text(text)
        run("yosys", ["-q", "-p", f"{reader} top; {SYNTHESIS[family]} -top top; write_json top.json"], directory)
        cells: dict[str, dict[str, Any]] = json.loads((directory / "top.json").read_text())["modules"]["top"]["cells"]
    return list(cells.values())


def netlist(circuit: Any, family: Family) -> list[dict[str, Any]]:
    """The cells of a component."""
    return synthesised(
        rtlil.convert(circuit, name="top", platform=FamilyPlatform(family), emit_src=False), "read_rtlil", family
    )


def cascades(hard: list[dict[str, Any]]) -> int:
    """How many DSP48E1 add what the one before sends them."""
    out = {tuple(cell["connections"]["PCOUT"]) for cell in hard}
    return sum(tuple(cell["connections"]["PCIN"]) in out for cell in hard)


def files(rows: list[str]) -> None:
    """Prints what the generated files of rows of fmax.py take on 7-series; no open tool times them."""
    print("| generated file, 7-series, no timing | DSP48E1 | cascaded | LUT | FF | registers of each DSP48E1 |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        cells = synthesised(generate(DESIGNS[row], "top", "7-series", shell=FULL), "read_verilog", "7-series")
        hard = [cell for cell in cells if cell["type"] == "DSP48E1"]
        used = "; ".join(sorted({registers(cell) for cell in hard}))
        print(as_row([row, str(len(hard)), str(cascades(hard)), *size(cells), used]), flush=True)


def size(cells: list[dict[str, Any]]) -> list[str]:
    """LUT and FF."""
    found = size_of(cell["type"] for cell in cells)
    return [str(found.luts), str(found.flip_flops)]


def registers(block: dict[str, Any]) -> str:
    """The register stages that a multiplier has on."""
    on = {name: int(value, 2) for name, value in block["parameters"].items() if set(value) <= set("01")}
    if block["type"] == "DSP48E1":
        stages = {"A": on["AREG"], "B": on["BREG"], "M": on["MREG"], "P": on["PREG"]}
        if block["parameters"]["USE_DPORT"] == "TRUE":
            stages |= {"D": on["DREG"], "AD": on["ADREG"]}
    else:
        outputs = (on["TOPOUTPUT_SELECT"], on["BOTOUTPUT_SELECT"])
        middle = ["TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"] + ["PIPELINE_16x16_MULT_REG1"] * (not on["MODE_8x8"])
        stages = {
            "A": on["A_REG"],
            "B": on["B_REG"],
            "pipeline": all(on[name] for name in middle),
            "output": outputs == (1, 1) if on["MODE_8x8"] else outputs == (3, 3) and on["PIPELINE_16x16_MULT_REG2"],
        }
    return ", ".join(name for name, there in stages.items() if there) or "none"


def loaded(name: str, design: Design, family: Family) -> str:
    """A core whose coefficients can be loaded."""
    core = create(design, family)
    cells, array = netlist(core, family), netlist(array_block(core.plan.arrays[0]), family)
    hard = [cell for cell in cells if cell["type"] == MULTIPLIERS[family]]
    cascaded = [str(cascades(hard))] if target_of(family).cascade else []
    used = "; ".join(sorted({registers(cell) for cell in hard}))
    luts, flops = size(array)
    return as_row([name, str(len(hard)), *cascaded, *size(cells), f"{luts} LUT, {flops} FF", used])


def lines(name: str, design: Design) -> str:
    """A core with lines in memory."""
    core = create(design, "ice40")
    cells = netlist(core, "ice40")
    count = Counter(cell["type"] for cell in cells)
    rams = [count["SB_RAM40_4K"], count["SB_SPRAM256KA"]]
    return as_row([name, *map(str, (count["SB_MAC16"], *size(cells), *rams, core.latency))])


def cores() -> Iterator[tuple[str, list[str]]]:
    """The tables of bare cores: the heading that each has in docs/performance.md, and its rows."""
    tables = {HEADINGS[family]: (partial(loaded, family=family), designs) for family, designs in LOADED.items()}
    for heading, (row_of, designs) in (tables | {LONG_LINES: (lines, LINES)}).items():
        print(f"\n{heading}\n", flush=True)
        rows = []
        for name, design in designs.items():
            rows.append(row_of(name, design))
            print(rows[-1], flush=True)
        yield heading, rows


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="Hard multipliers in a netlist, and the registers that are on.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(DESIGNS)}; without any, bare cores")
    parser.add_argument("--write", action="store_true", help="put the tables of bare cores into docs/performance.md, too")
    arguments = parser.parse_args()
    check_known(parser, "row", arguments.rows, DESIGNS)
    if arguments.rows:
        files(arguments.rows)
        return
    for heading, rows in cores():
        if arguments.write:
            renew(heading, rows, keys=1)
    print(", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items()))


if __name__ == "__main__":
    main()
