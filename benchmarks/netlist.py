"""What the hard multipliers of iCE40 UltraPlus and 7-series do in a netlist: how many, with which registers on.

    python benchmarks/netlist.py                  # cores
    python benchmarks/netlist.py fir-16 sobel ... # what `convolver generate --family 7-series` writes for rows of fmax.py

Loadable coefficients, the whole core, synthesised by Yosys and not placed; besides, the MAC array synthesised by itself. The
marks: 8 taps of 16x16 bits on 8 SB_MAC16 and 16 of 8x8 on 8; 16 taps on 16 DSP48E1 in one cascade, 8 if they are symmetric, the
array in 60 LUT; 3x3 pixels on 9 DSP48E1, and on 5 SB_MAC16 at one pixel in two clocks; all registers on.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from amaranth.back import rtlil
from fmax import ROWS as DESIGNS

from convolver import Conv2DDesign, FIRDesign
from convolver.boards.cell_counts import size_of
from convolver.boards.toolchain import run, versions
from convolver.designs import Design
from convolver.hw.cores.core import create
from convolver.hw.export.verilog import generate
from convolver.hw.mac.mac_array import MACArray
from convolver.hw.primitives.families import FamilyPlatform
from convolver.plan import Family
from convolver.shell import FULL

KERNEL = Conv2DDesign([[1] * 3] * 3, coefficient="s8", loadable=True, switchable=True, boundary="edge", rows=480, columns=640)
ROWS: tuple[tuple[str, Design, Family], ...] = (
    ("8 taps, 16x16", FIRDesign([1] * 8, data="s16", coefficient="s16", loadable=True), "ice40"),
    ("16 taps, 8x8", FIRDesign([1] * 16, data="s8", coefficient="s8", loadable=True), "ice40"),
    ("16 taps, 16x16", FIRDesign([1] * 16, data="s16", coefficient="s16", loadable=True), "7-series"),
    (
        "16 taps, symmetric",
        FIRDesign([1] * 16, data="s16", coefficient="s16", loadable=True, symmetry="symmetric"),
        "7-series",
    ),
    ("64 taps, 16x16", FIRDesign([1] * 64, data="s16", coefficient="s16", loadable=True), "7-series"),
    ("3x3, u8 by s8", KERNEL, "7-series"),
    ("3x3, a pixel in 2 clocks", KERNEL.replace(clocks_per_pixel=2), "ice40"),
)
SYNTHESIS = {"ice40": "synth_ice40 -device u", "7-series": "synth_xilinx -family xc7 -flatten"}
MULTIPLIERS = {"ice40": "SB_MAC16", "7-series": "DSP48E1"}


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
        luts, flops = size(cells).split()
        print(f"| {row} | {len(hard)} | {cascades(hard)} | {luts} | {flops} | {used} |", flush=True)


def size(cells: list[dict[str, Any]]) -> str:
    """LUT and FF."""
    found = size_of(cell["type"] for cell in cells)
    return f"{found.luts:>5} {found.flip_flops:>5}"


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


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="Hard multipliers in a netlist, and the registers that are on.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(DESIGNS)}; without any, the table of cores")
    rows = parser.parse_args().rows
    for row in rows:
        if row not in DESIGNS:
            parser.error(f"a row must be one of {', '.join(DESIGNS)}, not {row!r}")
    if rows:
        files(rows)
        return
    print(
        f"{'':<26}{'multipliers':>20}{'cascades':>10}   {'LUT    FF':<13}{'array: LUT    FF':<19}registers of each multiplier"
    )
    for name, design, family in ROWS:
        core = create(design, family)
        cells, array = netlist(core, family), netlist(MACArray(core.plan.arrays[0]), family)
        hard = [cell for cell in cells if cell["type"] == MULTIPLIERS[family]]
        cascaded = cascades(hard) if family == "7-series" else 0
        used = "; ".join(sorted({registers(cell) for cell in hard}))
        count = f"{len(hard)} {MULTIPLIERS[family]}"
        print(f"{f'{family}, {name}':<26}{count:>20}{cascaded:>10}   {size(cells)}  {size(array):>16}   {used}")
    print(", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items()))


if __name__ == "__main__":
    main()
