from fractions import Fraction
from math import floor

import numpy as np
import pytest
from amaranth.hdl import Module, Shape, Signal
from amaranth.sim import Simulator

import convolver
from convolver.formats import OVERFLOWS, ROUNDINGS, Format
from convolver.hw.output.requantiser import Requantiser, saturated
from convolver.plan.lowering import lower
from convolver.plan.stages import Saturate


def rounded(value: Fraction, rounding: str) -> int:
    """The third formulation: exact rationals, by each rounding's definition."""
    below = floor(value)
    distance = value - below
    if rounding == "floor":
        return below
    if rounding == "toward_zero":
        return below if value >= 0 else -floor(-value)
    if distance != Fraction(1, 2):
        return below if distance < Fraction(1, 2) else below + 1
    return {
        "half_up": below + 1,
        "half_even": below + below % 2,
        "half_away": below + 1 if value > 0 else below,
    }[rounding]


def overflowed(value: int, output: Format, overflow: str) -> int:
    if overflow == "saturate":
        return min(max(value, output.min), output.max)
    return (value - output.min) % (1 << output.width) + output.min


def outputs(requantiser: Requantiser, values) -> list[int]:
    """What comes out for `values` at one a clock, read exactly `latency` clocks after each."""
    got = []

    async def bench(ctx):
        for clock in range(len(values) + requantiser.latency):
            if clock < len(values):
                ctx.set(requantiser.i, values[clock])
            if clock >= requantiser.latency:
                await ctx.delay(1e-9)
                got.append(ctx.get(requantiser.o))
            await ctx.tick()

    m = Module()
    m.submodules.requantiser = requantiser
    m.d.sync += Signal().eq(0)  # a stage without registers has no clock of its own
    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return got


@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(
    ("weight", "data", "shift", "output"),
    [
        (1, "s8", 3, "s4"),
        (1, "s8", 3, "u3"),
        (-1, "s8", 1, "s5"),
        (1, "u8", 4, "u4"),
        (1, "u8", 4, "s4"),
        (-3, "u7", 5, "s3"),
        (1, "s8", 0, "s6"),
        (1, "s8", 8, "s8"),
        (1, "s8", 7, "s2"),
        (1, "u8", 8, "u1"),
    ],
)
def test_every_sum_is_rounded_and_limited_exactly(weight, data, shift, output, rounding, overflow):
    design = convolver.FIRDesign([weight], data=data, shift=shift, output=output, rounding=rounding, overflow=overflow)
    low, high = design.sum_range
    values = list(range(low, high + 1))
    expected = [overflowed(rounded(Fraction(value, 1 << shift), rounding), design.output_format, overflow) for value in values]
    assert outputs(Requantiser(lower(design)), values) == expected


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(("pixel", "shift", "threshold"), [("s6", 0, -7), ("s6", 2, 3), ("s6", 3, -4), ("u6", 1, 0)])
def test_a_threshold_is_compared_with_the_rounded_sum(pixel, shift, threshold, rounding):
    design = convolver.Conv2DDesign(
        [[3]], pixel=pixel, shift=shift, rounding=rounding, threshold=threshold, output="s5", overflow="wrap"
    )
    low, high = design.sum_range
    values = list(range(low, high + 1))
    expected = [15 if rounded(Fraction(value, 1 << shift), rounding) > threshold else 0 for value in values]
    assert {0, 15} == set(expected)
    assert outputs(Requantiser(lower(design)), values) == expected


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("pixel", ["s3", "u3"])
@pytest.mark.parametrize("shift", [2, 3, 4, 5, 9])
def test_a_shift_beyond_the_sums_of_one_kernel_among_several(shift, pixel, rounding):
    """As it found it, the output stage took bit `shift` - 1 of a sum that had fewer, and no core was made."""
    design = convolver.Conv2DDesign([[[1]], [[100]]], pixel=pixel, shift=shift, rounding=rounding, output="s9")
    reach = design.stage_ranges[0]
    values = list(range(reach[0], reach[1] + 1))
    assert len(values) == 8
    assert outputs(Requantiser(lower(design), reach), values) == [
        rounded(Fraction(value, 1 << shift), rounding) for value in values
    ]


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_default_output_holds_every_result(rounding):
    design = convolver.FIRDesign([7, -3], data="s6", shift=2, rounding=rounding)
    values = list(range(design.sum_range[0], design.sum_range[1] + 1))
    got = outputs(Requantiser(lower(design)), values)
    assert got == [rounded(Fraction(value, 4), rounding) for value in values]
    assert (min(got), max(got)) == design.result_range
    assert lower(design).find(Saturate) is None


def test_wide_sums_round_exactly():
    design = convolver.FIRDesign([2**31 - 1, -(2**31)], data="s32", shift=33, rounding="half_even", output="s20")
    rng = np.random.default_rng(11)
    low, high = design.sum_range
    values = [
        low,
        low + 1,
        -1,
        0,
        1,
        high,
        1 << 32,
        3 << 32,
        -1 << 32,
        *(int(v) for v in rng.integers(low // 2, high // 2, 200)),
    ]
    expected = [
        overflowed(rounded(Fraction(value, 1 << 33), "half_even"), design.output_format, "saturate") for value in values
    ]
    assert outputs(Requantiser(lower(design)), values) == expected


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("output", [Format(width, signed) for width in range(1, 7) for signed in (False, True)], ids=str)
def test_every_number_of_every_width_is_saturated(signed, output):
    """Wider and narrower than the output, of either sign."""
    for width in range(1, 8):
        number, found = Signal(Shape(width, signed)), Signal(Shape(output.width, output.signed))
        m = Module()
        m.d.comb += found.eq(saturated(number, output))
        every = Format(width, signed)

        async def bench(ctx, number=number, found=found, every=every):
            for value in range(every.min, every.max + 1):
                ctx.set(number, value)
                assert ctx.get(found) == min(max(value, output.min), output.max), value

        simulator = Simulator(m)
        simulator.add_testbench(bench)
        simulator.run()
