"""What a core that is made of cores tells of each: which one keeps the others waiting."""

from collections import Counter

from amaranth.sim import Simulator

from convolver import FIRDesign, Fork, MovingMaximumDesign, Pipeline, s8
from convolver.hw.cores.core import create

QUICK = MovingMaximumDesign(2, data=s8)
SLOW = FIRDesign([1, 2, 3, 4], data=s8, output=s8, shift=3, clocks_per_sample=4)
CLOCKS = 100
FULL = 200
"""Clocks after which all that holds results is full."""


def told(design, ready):
    """How often each part is told to wait for what is behind it, and to keep a sample waiting alone."""
    core = create(design)
    waits, stalls = Counter(), Counter()

    async def testbench(ctx):
        ctx.set(core.o.ready, ready)
        ctx.set(core.i.valid, 1)
        ctx.set(core.i.p.first, 1)
        for clock in range(FULL + CLOCKS):
            state = [ctx.get(core.parts[number]) for number in range(len(design.parts))]
            if clock >= FULL:
                waits.update(number for number, one in enumerate(state, 1) if one.waits)
                stalls.update(number for number, one in enumerate(state, 1) if one.holds and not one.waits)
            taken = ctx.get(core.i.ready)
            await ctx.tick()
            if taken:
                ctx.set(core.i.p.first, 0)

    simulator = Simulator(core)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return waits, stalls


def test_the_slow_stage_is_told():
    waits, stalls = told(Pipeline([QUICK, SLOW, QUICK]), ready=1)
    assert max(stalls, key=stalls.get) == 2
    assert stalls[2] > CLOCKS / 2
    assert set(waits) == {1}
    assert waits[1] > CLOCKS / 2


def test_the_slow_branch_is_told():
    """The branch beside it keeps nobody waiting. What is in front of it may in some clocks, as it is full."""
    waits, stalls = told(Fork([QUICK, Pipeline([QUICK, SLOW])], "sum"), ready=1)
    assert stalls[3] > CLOCKS / 2
    assert waits[2] > CLOCKS / 2
    assert not stalls[1]
    assert stalls[2] < CLOCKS / 4


def test_all_wait_for_a_sink_that_takes_nothing():
    waits, stalls = told(Pipeline([QUICK, SLOW, QUICK]), ready=0)
    assert waits == dict.fromkeys((1, 2, 3), CLOCKS)
    assert not stalls
