"""A number times a constant, without a multiplier."""

import itertools

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.sim import Simulator

from convolver import Format
from convolver.hw.mac.constant_multiplier import ConstantMultiplier, digits_of


@pytest.mark.parametrize("clocks", [1, 2, 3, 4])
@pytest.mark.parametrize("factor", [0, 1, -1, 64, 3, -7, 341, 43691, -43691])
@pytest.mark.parametrize("number", ["u1", "s1", "u8", "s8"])
def test_products_come_a_clock_after_the_other(number, factor, clocks):
    number = Format.parse(number)
    reach = [factor * number.min, factor * number.max]
    multiplier = ConstantMultiplier(number, Format.holding(min(reach), max(reach)), factor, clocks)
    assert "$mul" not in rtlil.convert(multiplier)
    values = [number.min, number.max, *np.random.default_rng(1).integers(number.min, number.max, 20, endpoint=True).tolist()]
    found = []

    async def bench(ctx):
        for value in values + [0] * clocks:
            ctx.set(multiplier.i, value)
            await ctx.tick()
            found.append(ctx.get(multiplier.o))

    simulator = Simulator(multiplier)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert found[clocks - 1 : -1] == [factor * value for value in values]


def test_digits_are_no_neighbours_and_add_up():
    for factor in [*range(-300, 300), 43691, -(2**31), 2**32 - 1]:
        digits = digits_of(factor)
        assert sum(digit << place for place, digit in digits) == factor
        assert {digit for _, digit in digits} <= {1, -1}
        places = [place for place, _ in digits]
        assert all(after - before > 1 for before, after in itertools.pairwise(places))
