"""The block that moving maxima are made of, clock by clock, against lists."""

import random

import pytest
from amaranth.sim import Simulator

from convolver import Format, MovingMaximumDesign
from convolver.hw.cores.moving_maximum import WindowMaximum

CLOCKS = 300


@pytest.mark.parametrize("distance", [1, 2, 7])
@pytest.mark.parametrize("form", [Format(4, True), Format(6, False), Format(1, True)], ids=str)
def test_the_greater_of_two_steps_comes_two_clocks_later(distance, form):
    design = MovingMaximumDesign(9, data=form, fill=form.max // 2)
    dut = WindowMaximum(design, distance)
    rng = random.Random(f"{distance} {form}")
    seen = []  # of the signal that is under way
    wanted, found = [], []

    async def bench(ctx):
        for clock in range(CLOCKS):
            valid, value = rng.random() < 0.7, rng.randint(form.min, form.max)
            clear = valid and (not seen or rng.random() < 0.1)
            ctx.set(dut.i.valid, valid)
            ctx.set(dut.i.clear, clear)
            ctx.set(dut.i.value, value)
            if clear:
                seen.clear()
            if valid:
                seen.append(value)
                before = seen[-1 - distance] if len(seen) > distance else design.fill
                wanted.append((clock + WindowMaximum.LATENCY, int(clear), max(value, before)))
            if ctx.get(dut.o.valid):
                found.append((clock, ctx.get(dut.o.clear), ctx.get(dut.o.value)))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    assert len(found) > CLOCKS / 2
    assert found == wanted[: len(found)]
    assert len(wanted) - len(found) <= WindowMaximum.LATENCY
