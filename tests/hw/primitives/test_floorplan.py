"""The places of a long filter's multipliers."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Module

from convolver.boards.toolchain import run
from convolver.designs import FIRDesign
from convolver.formats import s16, s32, u16
from convolver.hw.mac.mac_array import MACArray
from convolver.hw.mac.multiplier import Multiplier
from convolver.hw.primitives.ecp5 import Place, levels_of
from convolver.hw.primitives.families import FamilyPlatform
from convolver.hw.primitives.floorplan import multiplier_sites
from convolver.plan.factors import Factor
from convolver.plan.lowering import lower

LARGEST = FamilyPlatform("ecp5", "LFE5UM5G-85F")


def place(site: str) -> tuple[int, int]:
    match = re.fullmatch(r"X(\d+)/Y(\d+)/MULT18_[0145]", site)
    assert match
    return int(match[1]), int(match[2])


@pytest.mark.parametrize("count", [33, 65, 72, 103, 104, 105, 109, 128, 156])
def test_each_multiplier_is_beside_the_one_before_and_the_last_near_the_first(count: int) -> None:
    sites = multiplier_sites(LARGEST, count)
    assert sites is not None
    assert len(sites) == len(set(sites)) == count
    places = [place(site) for site in sites]
    for (column, row), (next_column, next_row) in pairwise(places):
        assert abs(next_column - column) <= 6
        assert abs(next_row - row) in (0, 24)
    assert abs(places[-1][0] - places[0][0]) <= 16
    assert {row for _, row in places} == ({10, 34} if count <= 104 else {10, 34, 58})


@pytest.mark.parametrize(
    ("platform", "count"),
    [
        (LARGEST, 32),
        (LARGEST, 157),
        (FamilyPlatform("ecp5"), 128),
        (FamilyPlatform("ecp5", "LFE5U-45F"), 72),
        (FamilyPlatform("ice40"), 128),
        (None, 128),
    ],
)
def test_few_or_too_many_multipliers_and_other_devices_have_no_places(platform: object, count: int) -> None:
    assert multiplier_sites(platform, count) is None


def written(design: FIRDesign, platform: FamilyPlatform) -> list[str]:
    array = MACArray(lower(design, "ecp5").arrays[0])
    return re.findall(r'attribute \\BEL "(.*)"', rtlil.convert(array, platform=platform, emit_src=False))


def test_an_array_carries_them_and_only_where_they_are_known() -> None:
    design = FIRDesign([1] * 70, data="s16", coefficient="s16", loadable=True)
    assert sorted(written(design, LARGEST)) == sorted(multiplier_sites(LARGEST, 70) or [])
    assert written(design, FamilyPlatform("ecp5")) == []
    # One multiplier a tap only.
    assert written(FIRDesign([1] * 70, data="s24", coefficient="s16", loadable=True), LARGEST) == []
    assert written(FIRDesign([1] * 70, data="s16", coefficient="s16", loadable=True, clocks_per_sample=7), LARGEST) == []


@pytest.mark.parametrize(("taps", "groups"), [(32, 0), (33, 5), (70, 9)])
def test_each_group_of_a_long_filter_has_its_own_0_and_1(taps: int, groups: int) -> None:
    array = MACArray(lower(FIRDesign([1] * taps, data="s16", coefficient="s16", loadable=True), "ecp5").arrays[0])
    assert rtlil.convert(array, platform=FamilyPlatform("ecp5"), emit_src=False).count("cell \\LUT4 ") == 2 * groups


class Multipliers(Elaboratable):
    """Two groups of two multipliers, the second of an unsigned factor."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for group in range(2):
            place = Place(levels=levels_of(m, f"group_{group}"))
            for lane, b in enumerate((s16, u16)):
                m.submodules[f"group_{group}_lane_{lane}"] = Multiplier(s16, Factor(b), s32, 3, place)
        return m


@pytest.mark.builds
def test_synthesis_leaves_each_multiplier_the_0_and_1_of_its_group(tmp_path: Path) -> None:
    (tmp_path / "top.il").write_text(rtlil.convert(Multipliers(), name="top", platform=LARGEST, ports=[], emit_src=False))
    script = "read_rtlil top.il; hierarchy -top top; setattr -set keep 1 t:MULT18X18D; synth_ecp5 -top top -json top.json"
    run("yosys", ["-q", "-p", script], tmp_path)
    cells = json.loads((tmp_path / "top.json").read_text())["modules"]["top"]["cells"]
    tables = {cell["connections"]["Z"][0]: name for name, cell in cells.items() if cell["type"] == "LUT4"}
    values = {net: int(cells[name]["parameters"]["INIT"], 2) for net, name in tables.items()}
    assert sorted(values.values()) == [0, 0, 0xFFFF, 0xFFFF]
    found = [(name, cell["connections"]) for name, cell in cells.items() if cell["type"] == "MULT18X18D"]
    assert len(found) == 4
    for name, wires in found:
        group = re.match(r"group_\d", name)
        assert group
        driven = {port: wires[port][0] for port in ("RST0", "SOURCEA", "SOURCEB", "SIGNEDA", "SIGNEDB")}
        assert all(tables[net].startswith(group[0]) for net in driven.values())
        signed = 0 if "lane_1" in name else 0xFFFF
        assert [values[net] for net in driven.values()] == [0, 0, 0, 0xFFFF, signed]


@pytest.mark.soak
def test_nextpnr_knows_every_place(tmp_path: Path) -> None:
    """A seeded wrong column makes nextpnr refuse the netlist."""
    m = Module()
    design = FIRDesign([1], data="s16", coefficient="s16", loadable=True)
    for number, site in enumerate(multiplier_sites(LARGEST, 156) or []):
        factor = Factor(design.coefficient_format)
        m.submodules[f"lane_{number}"] = Multiplier(design.sample, factor, design.accumulator, 3, Place(site))
    (tmp_path / "top.il").write_text(rtlil.convert(m, name="top", platform=LARGEST, ports=[], emit_src=False))
    script = "read_rtlil top.il; hierarchy -top top; setattr -set keep 1 t:MULT18X18D; synth_ecp5 -top top -json top.json"
    run("yosys", ["-q", "-p", script], tmp_path)
    text = (tmp_path / "top.json").read_text()
    assert text.count('"BEL"') == 156
    files = ("--json", "top.json", "--write", "placed.json", "--log", "placed.log", "--quiet")
    run("nextpnr-ecp5", ["--um5g-85k", "--package", "CABGA381", "--no-route", *files], tmp_path, logs=["placed.log"])
    assert sorted(re.findall(r'"NEXTPNR_BEL": "(X\d+/Y\d+/MULT18_\d)"', (tmp_path / "placed.json").read_text())) == sorted(
        multiplier_sites(LARGEST, 156) or []
    )
