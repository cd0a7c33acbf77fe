"""nextpnr's reports, real ones cut short, and what the device's limits make of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from convolver import ToolError, boards
from convolver.boards.resources import device_use, synthesis_use
from convolver.boards.timing import Cell, Clock, Limit, by_domain, cells, clocks, critical_path, domain_clocks, limits

DATA = Path(__file__).parent / "data"
MAC_REGISTERS = ("A_REG", "B_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG")


def report(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text())


def lowest(family: str, *netlist: Cell) -> Limit:
    return limits(family, "6", list(netlist))[0]


def mult18(*registers: str) -> Cell:
    return Cell("MULT18X18D", {f"REG_{name}_CLK": "CLK0" for name in registers})


def mac16(*registers: str, **selects: int) -> Cell:
    ones = dict.fromkeys(registers, "1")
    return Cell("SB_MAC16", ones | {name: f"{value:b}" for name, value in selects.items()})


def test_report_of_an_ice40() -> None:
    (clock,) = clocks(report("icebreaker-echo"), 12e6, limits("ice40", "", []))
    assert clock.name == "clk"
    assert clock.reported == pytest.approx(76.64e6, rel=1e-4)
    assert clock.hertz == clock.reported
    assert clock.needed == pytest.approx(12e6, rel=1e-5)
    assert clock.met


def test_report_of_an_ecp5_is_not_met_at_its_target() -> None:
    (clock,) = clocks(report("ecp5-tree-16"), 25e6, limits("ecp5", "6", [mult18("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")]))
    assert clock.reported == pytest.approx(237.87e6, rel=1e-4)
    assert clock.needed == 300e6
    assert not clock.met
    assert clock.limit is not None
    assert clock.limit.what == "clock tree"


def test_a_limit_below_the_report_counts() -> None:
    clock = Clock("clk", 60e6, 76e6, Limit(50e6, "SB_MAC16 without all registers", "data sheet"))
    assert clock.hertz == 50e6
    assert not clock.met
    assert str(clock) == "50.0 MHz (needed 60.0 MHz; nextpnr 76.0 MHz, SB_MAC16 without all registers 50.0 MHz (data sheet))"


def test_a_limit_above_the_report_does_not() -> None:
    clock = Clock("clk", 60e6, 76e6, Limit(130e6, "SB_MAC16", "data sheet"))
    assert clock.hertz == 76e6
    assert clock.met


def test_what_is_quoted_from_memory_says_so() -> None:
    assert "unverified" in lowest("ecp5").source
    assert "unverified" in lowest("ice40", mac16(*MAC_REGISTERS)).source


@pytest.mark.parametrize(
    ("registers", "hertz"),
    [
        ((), 257e6),  # timed by nextpnr from pin to pin: only the clock tree limits
        (("INPUTA", "INPUTB"), 257e6),
        (("OUTPUT",), 257e6),
        (("INPUTA", "INPUTB", "PIPELINE", "OUTPUT"), 257e6),  # 381 MHz is beyond the clock tree
    ],
)
def test_multiplier_that_the_clock_tree_limits(registers: tuple[str, ...], hertz: float) -> None:
    assert lowest("ecp5", mult18(*registers)).hertz == hertz


def test_multiplier_limits_by_its_registers() -> None:
    found = {
        limit.what: limit.hertz for limit in limits("ecp5", "6", [mult18("INPUTA", "OUTPUT"), mult18("INPUTA", "PIPELINE")])
    }
    assert found["MULT18X18D without pipeline register"] == 259e6
    assert found["MULT18X18D with pipeline register"] == 381e6
    (fast,) = [limit.hertz for limit in limits("ecp5", "8", [mult18("INPUTB", "OUTPUT")]) if "MULT18" in limit.what]
    assert fast == 328e6


def test_adders_in_dsp_blocks_count_for_nothing() -> None:
    assert lowest("ecp5", Cell("ALU54B", {})).hertz == 0


@pytest.mark.parametrize(
    ("modes", "megahertz"),
    [
        ({}, 211.95),
        ({"WRITEMODE_A": "NORMAL", "WRITEMODE_B": "WRITETHROUGH"}, 211.95),
        ({"WRITEMODE_B": "READBEFOREWRITE"}, 154.56),
    ],
)
def test_block_ram_limits_the_clock_by_its_shortest_pulse(modes: dict[str, str], megahertz: float) -> None:
    assert lowest("ecp5", Cell("DP16KD", modes)).hertz / 1e6 == pytest.approx(megahertz, abs=0.01)


@pytest.mark.parametrize(
    ("cell", "hertz"),
    [
        (mac16(), 50e6),
        (mac16("A_REG", "B_REG"), 50e6),
        (mac16(*MAC_REGISTERS, TOPOUTPUT_SELECT=3), 50e6),
        (mac16(*MAC_REGISTERS, BOTADDSUB_LOWERINPUT=2), 50e6),
        (mac16(*MAC_REGISTERS, TOPOUTPUT_SELECT=2), 130e6),
        (mac16(*MAC_REGISTERS, "PIPELINE_16x16_MULT_REG1", TOPOUTPUT_SELECT=3), 130e6),
        (Cell("SB_RAM40_4K", {}), 150e6),
        (Cell("SB_LUT4", {}), 185e6),
    ],
)
def test_ice40_limits(cell: Cell, hertz: float) -> None:
    assert lowest("ice40", cell).hertz == hertz


def test_the_lowest_limit_of_all_blocks_counts_once() -> None:
    found = limits("ice40", "", [mac16(), mac16(), Cell("SB_RAM40_4K", {})])
    assert [limit.hertz for limit in found] == [50e6, 150e6, 185e6]


def test_a_report_without_a_clock_is_no_report() -> None:
    with pytest.raises(ToolError, match=r"^nextpnr's report must name a clock, and names none: nothing was timed$"):
        clocks({"fmax": {}}, 12e6, [])


def test_critical_path_is_the_slowest_between_registers() -> None:
    told = report("icebreaker-echo")
    # A path from a pin is no register's, however slow it is.
    assert told["critical_paths"][1]["from"] == "<async>"
    told["critical_paths"][1]["path"][0]["delay"] = 99.0
    assert critical_path(told).startswith("device.r.bit_SB_DFFESR_Q_D_SB_LUT4_O_LC -> ")
    assert ": 13.05 ns, 4.77 in 3 cells, 8.27 in nets, the longest 2.95" in critical_path(told)
    assert critical_path({}) == "no path from register to register"


def test_critical_path_within_one_domain() -> None:
    def path(one: str, other: str, delay: float) -> dict[str, Any]:
        ends = {"from": {"cell": "a"}, "to": {"cell": f"b_{delay:g}", "port": "M"}}
        parts = [{"type": "clk-to-q", "delay": 0.5, **ends}, {"type": "routing", "delay": delay, **ends}]
        return {"from": f"posedge {one}", "to": f"posedge {other}", "path": parts}

    clk, core = "$glbnet$clk", "$glbnet$clocks.core_clk"
    told = {"critical_paths": [path(clk, clk, 9.0), path(core, core, 4.0), path(clk, core, 12.0)]}
    assert critical_path(told, "core").startswith("a -> b_4.M: 4.50 ns")
    assert critical_path(told, "sync").startswith("a -> b_9.M: 9.50 ns")
    assert critical_path(told).startswith("a -> b_12.M")
    assert critical_path(told, "line") == "no path from register to register"


def test_a_clock_is_found_by_any_of_its_nets_names() -> None:
    """One that comes over a pin has the name of the pin's buffer, as nextpnr may call it."""
    pin = "$glbnet$device.i"
    ends = {"from": {"cell": "a"}, "to": {"cell": "b", "port": "M"}}
    part = {"type": "routing", "delay": 9.0, **ends}
    paths = [
        {"from": f"posedge {one}", "to": f"posedge {other}", "path": [part]} for one, other in ((pin, pin), ("<async>", pin))
    ]
    told = {"fmax": {pin: {"achieved": 82.1, "constraint": 74.3}, "clk": {"achieved": 75.3, "constraint": 25.0}}}
    told |= {"critical_paths": paths}
    own, both = frozenset({"device.i", "device.pixel_clk", "device.far.pixel_clk"}), frozenset({"clk"})
    netlist = [Cell("TRELLIS_FF", {}, own), Cell("DP16KD", {}, own | both), Cell("TRELLIS_FF", {}, both), Cell("LUT4", {})]
    wanted = {"pixel": 74.25e6, "sync": 25e6}
    found = by_domain(told, wanted, netlist)
    assert [clock.name for clock in domain_clocks(found, wanted, "ecp5", "6", netlist)] == ["sync", "pixel"]
    assert critical_path(found, "pixel").startswith("a -> b.M: 9.00 ns")
    with pytest.raises(ToolError, match=r"^A clock in nextpnr's report must be one of pixel, sync, not \$glbnet\$device.i$"):
        domain_clocks(by_domain(told, wanted, [Cell("TRELLIS_FF", {}, both)]), wanted, "ecp5", "6", netlist)


def test_use_of_an_ice40_counts_luts_and_flip_flops_from_the_netlist() -> None:
    netlist = [
        Cell("SB_LUT4", {}),
        Cell("SB_LUT4", {}),
        Cell("SB_DFF", {}),
        Cell("SB_DFFESR", {}),
        Cell("SB_DFFE", {}),
        Cell("SB_CARRY", {}),
    ]
    use = {
        one.what: (one.used, one.available) for one in device_use(boards.get("icebreaker"), report("icebreaker-echo"), netlist)
    }
    assert use == {
        "logic cell": (82, 5280),
        "LUT": (2, 5280),
        "FF": (3, 5280),
        "multiplier": (0, 8),
        "block RAM": (0, 30),
        "single-port RAM": (0, 4),
    }


def test_use_of_an_ecp5() -> None:
    use = {one.what: (one.used, one.available) for one in device_use(boards.get("ulx3s-85f"), report("ecp5-tree-16"), [])}
    assert use == {"LUT": (614, 83640), "FF": (1638, 83640), "multiplier": (16, 156), "block RAM": (0, 208)}


def test_use_of_a_7_series_counts_half_block_rams() -> None:
    types = ["LUT1", "LUT6", "INV", "RAM64M", "SRL16E", "FDRE", "FDSE", "DSP48E1", "RAMB18E1", "RAMB36E1", "CARRY4", "IBUF"]
    use = {one.what: one.used for one in synthesis_use(boards.get("arty-a7-35"), [Cell(name, {}) for name in types])}
    assert use == {"LUT": 8, "FF": 2, "multiplier": 1, "block RAM": 1.5}


def test_netlist_has_one_top() -> None:
    module = {"attributes": {"top": "1"}, "cells": {"a": {"type": "SB_LUT4", "parameters": {"LUT_INIT": "1010"}}}}
    other = {"attributes": {}, "cells": {"b": {"type": "SB_DFF", "parameters": {}}}}
    (cell,) = cells({"modules": {"top": module, "model": other}})
    assert (cell.type, cell.number("LUT_INIT"), cell.number("ABSENT")) == ("SB_LUT4", 10, 0)
    with pytest.raises(ToolError, match=r"^A netlist must have one top module, not 0$"):
        cells({"modules": {"model": other}})
