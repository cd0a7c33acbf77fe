"""What is told of multipliers without places, beside docs/performance.md, which has the figures."""

import re
from pathlib import Path

import pytest

from convolver.designs import FIRDesign
from convolver.formats import s16
from convolver.plan.lowering import lower
from convolver.plan.places import MEASURED, without_places

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def long_filter(taps: int, **how) -> FIRDesign:
    return FIRDesign([1] * taps, coefficient=s16, loadable=True, **how)


@pytest.mark.parametrize(
    ("taps", "told"),
    [
        (33, "a filter of 64 multipliers reached 233 MHz without places, and with places 253"),
        (64, "a filter of 64 multipliers reached 233 MHz without places, and with places 253"),
    ],
)
def test_what_a_long_filter_is_told(taps, told):
    assert without_places(lower(long_filter(taps), "ecp5")) == told


def test_longer_ones_are_told_the_longest():
    told = "a filter of 128 multipliers wasn't routed without places, and with places reached 232 MHz"
    assert [without_places(lower(long_filter(taps), "ecp5")) for taps in (65, 130)] == [told] * 2


@pytest.mark.parametrize(("design", "family"), [(long_filter(32), "ecp5"), (long_filter(64), "ice40"), (long_filter(64), None)])
def test_others_are_told_nothing(design, family):
    assert without_places(lower(design, family)) is None


def test_few_multipliers_in_many_clocks_are_told_nothing():
    assert without_places(lower(long_filter(64, multipliers=8), "ecp5")) is None


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
