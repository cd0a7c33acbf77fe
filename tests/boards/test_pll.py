"""The solver of PLL settings: within the limits, never above what is wanted, and as near as an exhaustive search finds."""

import random
from fractions import Fraction
from itertools import product

import pytest

from convolver import BoardError
from convolver.boards.pll import LIMITS, PLL, solve

CASES = {
    "ulx3s": ("ecp5", 25_000_000, (100_000_000,)),
    "ecpix5": ("ecp5", 25_000_000, (140_000_000, 60_000_000)),
    "odd": ("ecp5", 25_000_000, (133_700_000,)),
    "icebreaker": ("ice40", 12_000_000, (48_000_000, 24_000_000)),
    "ice40, odd": ("ice40", 12_000_000, (51_300_000, 25_650_000)),
    "arty": ("7-series", 100_000_000, (150_000_000,)),
    "arty, odd pair": ("7-series", 100_000_000, (187_000_000, 60_000_000)),
}


@pytest.mark.parametrize("name", CASES)
def test_settings_are_within_the_limits(name):
    family, input_hz, wanted = CASES[name]
    pll, limits = solve(family, input_hz, wanted), LIMITS[family]
    assert limits.detector[0] <= pll.detector <= limits.detector[1]
    assert limits.oscillator[0] <= pll.oscillator <= limits.oscillator[1]
    assert pll.oscillator == Fraction(input_hz * pll.feedback, pll.reference)
    for got, asked, divider in zip(pll.outputs, wanted, pll.dividers, strict=True):
        assert got == pll.oscillator / divider
        assert limits.output[0] <= got <= limits.output[1]
        assert asked * Fraction(9, 10) <= got <= asked
    if family == "ecp5":  # the feedback comes from the first output
        assert pll.feedback % pll.dividers[0] == 0
        assert 1 <= pll.feedback // pll.dividers[0] <= 128
    if family == "ice40":
        assert pll.dividers[0] in (2, 4, 8, 16, 32, 64)
        assert pll.dividers[1] == 2 * pll.dividers[0]


@pytest.mark.parametrize("name", CASES)
def test_nothing_nearer_exists(name):
    """Every setting by brute force, over dividers rather than over frequencies."""
    family, input_hz, wanted = CASES[name]
    limits = LIMITS[family]
    nearest = None
    for reference in range(limits.reference[0], limits.reference[1] + 1):
        if not limits.detector[0] <= input_hz / reference <= limits.detector[1]:
            continue
        for divider in (2, 4, 8, 16, 32, 64) if family == "ice40" else range(limits.divider[0], limits.divider[1] + 1):
            factors = range(divider, 128 * divider + 1, divider) if family == "ecp5" else range(*limits.feedback)
            for feedback in factors:
                oscillator = Fraction(input_hz * feedback, reference)
                if not limits.oscillator[0] <= oscillator <= limits.oscillator[1] or oscillator / divider > wanted[0]:
                    continue
                others = (2 * divider,) if family == "ice40" else (-(-oscillator // hertz) for hertz in wanted[1:])
                dividers = (divider, *others)[: len(wanted)]
                outputs = [oscillator / one for one in dividers]
                if any(not limits.output[0] <= one <= limits.output[1] for one in outputs):
                    continue
                missed = sum(1 - got / asked for got, asked in zip(outputs, wanted, strict=True))
                nearest = missed if nearest is None else min(nearest, missed)
    found = solve(family, input_hz, wanted)
    assert sum(1 - got / asked for got, asked in zip(found.outputs, wanted, strict=True)) == nearest


def test_exact_settings():
    assert solve("ecp5", 25_000_000, (100_000_000,)).outputs == (100_000_000,)
    assert solve("ice40", 12_000_000, (48_000_000, 24_000_000)) == PLL("ice40", 12_000_000, 1, 64, (16, 32))
    assert solve("7-series", 100_000_000, (150_000_000,)).outputs == (150_000_000,)


def test_random_wishes_are_met_or_refused():
    rng = random.Random(1)
    met = 0
    for family, _ in product(LIMITS, range(12)):
        input_hz, wanted = rng.randrange(12_000_000, 130_000_000), rng.randrange(20_000_000, 300_000_000)
        try:
            (got,) = solve(family, input_hz, (wanted,)).outputs
        except BoardError:
            continue
        met += 1
        assert wanted * Fraction(9, 10) <= got <= wanted
    assert met >= 30


@pytest.mark.parametrize(
    ("family", "input_hz", "wanted", "says"),
    [
        ("ecp5", 25_000_000, (500_000_000,), "of 25 MHz, within a tenth, not 500 MHz"),
        ("ecp5", 25_000_000, (1_000_000,), "of 25 MHz, within a tenth, not 1 MHz"),
        ("ecp5", 5_000_000, (100_000_000,), "of 5 MHz, within a tenth, not 100 MHz"),
        ("ice40", 12_000_000, (48_000_000, 30_000_000), "of 12 MHz, within a tenth, not 48 and 30 MHz"),
        ("7-series", 100_000_000, (100_000_000,) * 3, "of 100 MHz, within a tenth, not 100 and 100 and 100 MHz"),
    ],
)
def test_what_no_pll_makes(family, input_hz, wanted, says):
    with pytest.raises(BoardError, match=f"^A clock must be one that the PLL makes {says}$"):
        solve(family, input_hz, wanted)
