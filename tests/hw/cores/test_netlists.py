"""Multipliers in the netlist of every family: as many as plan and report say.

Whole emitted blocks' cores, synthesised by Yosys. A few small ones; the rest are soak.
"""

import json
import random
from pathlib import Path

import pytest
from amaranth.back import rtlil

from convolver import Conv2DDesign, FIRDesign
from convolver.boards.toolchain import run
from convolver.hw.cores.core import create
from convolver.hw.primitives.families import FamilyPlatform
from convolver.plan import FAMILIES, Family, lower
from convolver.report import report_of

HARD = {"ecp5": "MULT18X18D", "ice40": "SB_MAC16", "7-series": "DSP48E1"}
SYNTHESIS = {"ecp5": "synth_ecp5", "ice40": "synth_ice40 -device u -dsp", "7-series": "synth_xilinx -family xc7 -flatten"}
STOP = {"ecp5": "map_ram", "ice40": "map_ram", "7-series": "map_memory"}
"""The step of synthesis behind the one that maps multipliers: what follows is logic and memory."""

Design = FIRDesign | Conv2DDesign

SOBEL = [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]]
DESIGNS: dict[str, Design] = {
    "Sobel's pair": Conv2DDesign(SOBEL, columns=32, combine="sum_abs"),
    "constants": FIRDesign([-1, 3, 0, -8, 300, -300, 7], data="s16"),
    "loadable": FIRDesign([1, 2, 3], data="s16", coefficient="s16", loadable=True),
}
MORE: dict[str, Design] = {
    "Gaussian": Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], columns=32, boundary="edge"),
    "Laplacian": Conv2DDesign([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], columns=32, boundary="reflect"),
    "Scharr": Conv2DDesign([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]], columns=32),
    "separable": Conv2DDesign([[a * b for a in (1, 4, 6, 4, 1)] for b in (3, 5, -7)], columns=32),
    "loadable 3x3": Conv2DDesign([[1] * 3] * 3, coefficient="s8", columns=32, loadable=True),
    "several pixels": Conv2DDesign([[1, 5, 3]] * 2, columns=32, pixels_per_clock=2),
    "folded kernel": Conv2DDesign([[1, 5, 3]] * 2, columns=32, coefficient="s9", loadable=True, clocks_per_pixel=3),
    "folded constants": FIRDesign(range(3, 20), data="s16", clocks_per_sample=4),
    "symmetric": FIRDesign([5, -70, 900, -70, 5], data="s16"),
    "wide": FIRDesign([3, 2**25 + 1, -5], data="s24"),
    "wide and loadable": FIRDesign([1, 2], data="s24", coefficient="s24", loadable=True),
    "narrow": FIRDesign([3, 5, -7, 9], data="u4"),
    "long": FIRDesign([3] * 40, data="s12", coefficient="s12", loadable=True),
}


def multipliers(folder: Path, design: Design, family: Family) -> int:
    """In the netlist, as Yosys makes it of the family's core."""
    core = create(design, family)
    (folder / "top.il").write_text(rtlil.convert(core, name="top", platform=FamilyPlatform(family), emit_src=False))
    script = f"read_rtlil top.il; {SYNTHESIS[family]} -top top -run begin:{STOP[family]}; tee -q -o stat.json stat -json"
    run("yosys", ["-q", "-p", script], folder)
    counts = json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]
    assert not counts.get("$mul")
    return int(counts.get(HARD[family], 0))


def check(folder: Path, design: Design, family: Family) -> None:
    found = multipliers(folder, design, family)
    assert found == lower(design, family).hard_multipliers == report_of(design, family).to_dict()["hard_multipliers"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", DESIGNS)
def test_as_many_as_plan_and_report_say(tmp_path: Path, name: str, family: Family) -> None:
    check(tmp_path, DESIGNS[name], family)


def test_sobels_pair_has_none() -> None:
    assert [lower(DESIGNS["Sobel's pair"], family).hard_multipliers for family in FAMILIES] == [0, 0, 0]


@pytest.mark.soak
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", MORE)
def test_more(tmp_path: Path, name: str, family: Family) -> None:
    check(tmp_path, MORE[name], family)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_random_constants(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    top = 2 ** rng.randint(2, 20)
    taps = [rng.choice([rng.randint(-top, top), 0, 1, -1, 2, -4, top]) for _ in range(rng.randint(1, 12))]
    design = FIRDesign(taps, data=f"{rng.choice('us')}{rng.randint(2, 24)}")
    for family in FAMILIES:
        check(tmp_path, design, family)
