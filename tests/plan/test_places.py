"""What is told of multipliers without places, beside docs/performance.md, which has the figures."""

import re
from pathlib import Path

import pytest

from convolver.designs import FIRDesign, Fork
from convolver.formats import s16, s24
from convolver.plan import lower
from convolver.plan.array import wants_places
from convolver.plan.places import MEASURED, only_die, reached_by

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def long_filter(taps: int, **how) -> FIRDesign:
    return FIRDesign([1] * taps, coefficient=s16, loadable=True, **how)


@pytest.mark.parametrize("taps", [33, 64, 72])
def test_what_several_dies_have_room_for_has_places_on_demand(taps):
    plan = lower(long_filter(taps), "ecp5")
    assert only_die(plan) is None
    assert reached_by(plan) == [
        "The file doesn't have the multipliers' places on an LFE5U-85F; with --device LFE5U-85F it does.",
        "On one of grade 6 a filter of 64 multipliers reached 237 MHz without places, and with places 255 (nextpnr).",
    ]


@pytest.mark.parametrize("taps", [73, 128, 156])
def test_what_only_the_largest_die_has_room_for_always_has_places(taps):
    plan = lower(long_filter(taps), "ecp5")
    assert only_die(plan) == "LFE5U-85F"
    told, reached = reached_by(plan)
    assert told == "Of ECP5 only 85F devices have so many: the file has the multipliers' places on those."
    assert reached == "On one of grade 6 a filter of 128 multipliers reached 230 MHz with them (nextpnr)."


def test_no_device_has_room_for_more():
    plan = lower(long_filter(157), "ecp5")
    assert only_die(plan) is None
    assert reached_by(plan) == ["No ECP5 has so many: the largest has 156."]


@pytest.mark.parametrize(("design", "family"), [(long_filter(32), "ecp5"), (long_filter(64), "ice40"), (long_filter(64), None)])
def test_others_are_told_nothing(design, family):
    assert reached_by(lower(design, family)) == []


def test_few_multipliers_in_many_clocks_are_told_nothing():
    assert reached_by(lower(long_filter(64, multipliers=8), "ecp5")) == []


@pytest.mark.parametrize("reached", MEASURED, ids=lambda reached: str(reached.multipliers))
def test_the_figures_are_those_of_the_page(reached):
    """The rows of docs/performance.md: design, form, median and seeds. A median of one seed is none."""
    rows = re.findall(
        rf"^\| fir-{reached.multipliers} \| with (registers|places) \| \*\*(\d+)\*\* \(\d+ \d+ \d+\)",
        PAGE.read_text(),
        re.MULTILINE,
    )
    figures = {form: int(megahertz) for form, megahertz in rows}
    assert len(figures) == len(rows)
    assert figures.get("registers") == reached.without
    assert figures.get("places") == reached.placed


@pytest.mark.parametrize(("taps", "data", "wanted"), [(32, s16, False), (33, s16, True), (33, s24, False)])
def test_which_arrays_want_places(taps, data, wanted):
    """33 are scattered over a device, 32 aren't; two multipliers a tap have no places."""
    (array,) = lower(long_filter(taps, data=data), "ecp5").filters
    assert wants_places(array) is wanted


def test_of_two_long_filters_none_wants_places():
    plan = lower(Fork([long_filter(33), long_filter(33)], "sum"), "ecp5")
    assert [wants_places(array) for array in plan.filters] == [False, False]
