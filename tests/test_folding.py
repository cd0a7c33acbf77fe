"""A clock and a rate pick how multipliers are shared: the core keeps up, and takes fewer of them."""

from fractions import Fraction

import pytest

import convolver
from convolver import Conv2DDesign, DesignError, FIRDesign, Fork, MovingMaximumDesign, Pipeline, ResampleDesign, at_rate, s8
from convolver.folding import hertz
from convolver.plan import lower

TAPS = FIRDesign([3, -5, 7, 11, -13, 17, 19, 23, 29, 31, 37], data=s8)
KERNEL = Conv2DDesign([[3, 5, 7], [11, 13, 17], [19, 23, 29]], rows=64, columns=64)


@pytest.mark.parametrize(
    ("text", "found"),
    [("100M", 1e8), ("48k", 48e3), ("48 kHz", 48e3), ("1e6", 1e6), ("12.5MHz", 12.5e6), ("2G", 2e9), (".5k", 500)],
)
def test_a_frequency_as_it_is_written(text, found):
    assert hertz(text) == found


@pytest.mark.parametrize("text", ["", "M", "-1", "1m", "nan", "inf", "1 0", "1MM", "0x1"])
def test_what_is_no_frequency(text):
    with pytest.raises(DesignError) as error:
        hertz(text, "Clock")
    assert str(error.value) == f"Clock must be a number such as 100M, 48k or 1e6, in hertz, not {text!r}"


@pytest.mark.parametrize("design", [TAPS, KERNEL, FIRDesign(TAPS.coefficients, multipliers=2), KERNEL.replace(boundary="edge")])
@pytest.mark.parametrize("clocks", [1, 2.5, 3, 7, 100])
def test_the_core_keeps_up_and_no_other_number_of_clocks_takes_fewer_multipliers(design, clocks):
    found = at_rate(design, clock=clocks * 1e6, rate=1e6)
    assert found.choices.clocks <= clocks
    free = design.replace(multipliers=None, **{design.cycles_field: 1})
    costs = [lower(free.replace(**{design.cycles_field: count})).multipliers for count in range(1, min(int(clocks), 16) + 1)]
    assert lower(found).multipliers == min(costs)
    assert found.choices.clocks == costs.index(min(costs)) + 1
    assert found.replace(**{design.cycles_field: 1}) == free


def test_constants_without_multipliers_stay_in_one_clock():
    ones = FIRDesign([1] * 8)
    assert at_rate(ones, clock=100, rate=1) == ones


def test_faster_than_the_clock_is_several_pixels_a_clock():
    assert [at_rate(KERNEL, clock=100e6, rate=rate).pixels_per_clock for rate in (100e6, 101e6, 200e6, 399e6)] == [1, 2, 2, 4]


@pytest.mark.parametrize(
    ("design", "rate", "message"),
    [
        (TAPS, 101, "Samples of a fir design must come at least 1 clock apart, not 0.99; take a faster clock or a lower rate"),
        (
            KERNEL,
            500,
            "Pixels of a conv2d design must come at least 0.25 clocks apart, not 0.2; take a faster clock or a lower rate",
        ),
        (
            KERNEL.replace(stride=2),
            150,
            "Pixels of a conv2d design must come at least 1 clock apart, not 0.667; take a faster clock or a lower rate",
        ),
        (
            ResampleDesign([1, 2, 3], up=3),
            50,
            "Samples of a resample design must come at least 1 clock apart, not 0.667; take a faster clock or a lower rate",
        ),
        (TAPS, 0, "Rate must be a positive number, not 0"),
    ],
)
def test_too_fast(design, rate, message):
    with pytest.raises(DesignError) as error:
        at_rate(design, clock=100, rate=rate)
    assert str(error.value) == message


def test_a_change_of_rate_has_the_clocks_of_its_results():
    """A decimator's results come seldom, those of an interpolator often."""
    taps = [3, -5, 7, 11, -13, 17, 19, 23, 29, 31, 37, 41]
    slow = at_rate(ResampleDesign(taps, down=4), clock=30e6, rate=10e6)
    assert (slow.choices.clocks, lower(slow).multipliers) == (12, 1)
    fast = at_rate(ResampleDesign(taps, up=4), clock=8e6, rate=1e6)
    assert (fast.choices.clocks, lower(fast).multipliers) == (2, 2)


def test_each_filter_of_several_is_shared():
    pipeline = at_rate(Pipeline([TAPS, MovingMaximumDesign(3)]), clock=100, rate=1)
    assert [stage.choices.clocks for stage in pipeline.stages] == [11, 1]
    fork = at_rate(Fork([TAPS, TAPS], join="sum"), clock=100, rate=1)
    assert [branch.choices.clocks for branch in fork.branches] == [11, 11]


def test_stages_behind_a_change_of_rate_have_the_clocks_of_its_results():
    """A quarter of the samples come to the second filter."""
    pipeline = at_rate(
        Pipeline([ResampleDesign([3, 5, 7, 11], down=4, output="s16"), FIRDesign([3, 5, 7, 9])]), clock=1, rate=1
    )
    assert [stage.choices.clocks for stage in pipeline.stages] == [4, 4]


def test_results_stay_as_they_are():
    import numpy as np

    from convolver.sim import golden

    samples = np.random.default_rng(1).integers(-128, 128, 50)
    folded = at_rate(TAPS, clock=5, rate=Fraction(1))
    assert np.array_equal(golden.run(folded, samples), golden.run(TAPS, samples))
    assert convolver.at_rate is at_rate
