# amaranth: UnusedElaboratable=no
"""A core is busy from its frame's first beat until the last result has left, without a gap."""

import pytest
from amaranth.sim import Simulator

from convolver import Conv2DDesign, FIRDesign
from convolver.hw.cores.core import create

DESIGNS = {
    "fir": FIRDesign([1, 2]),
    "folded": FIRDesign([1, 2, 3], clocks_per_sample=3),
    "same": Conv2DDesign([[1]], rows=1, columns=3),
    "valid": Conv2DDesign([[1] * 3] * 3, rows=3, columns=3, mode="valid"),
    "slow": Conv2DDesign([[1] * 3] * 3, rows=3, columns=3, mode="valid", clocks_per_pixel=4),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_busy_from_the_first_beat_to_the_last_result_of_the_smallest_frame(name):
    core = create(DESIGNS[name])
    count, shape = {"fir": (1, None), "folded": (1, None), "same": (3, (1, 3)), "valid": (9, (3, 3)), "slow": (9, (3, 3))}[name]
    inside = []  # busy, in each clock between the first transfer in and the last one out

    async def bench(ctx):
        if shape:
            ctx.set(core.rows, shape[0])
            ctx.set(core.columns, shape[1])
        ctx.set(core.o.ready, 1)
        sent, done = 0, False
        for _ in range(100):
            ctx.set(core.i.valid, sent < count)
            ctx.set(core.i.p.first, sent == 0)
            ctx.set(core.i.p.last, sent == count - 1)
            if sent:
                inside.append(ctx.get(core.busy))
            sent += ctx.get(core.i.valid) & ctx.get(core.i.ready)
            done = ctx.get(core.o.valid) and ctx.get(core.o.p.last)
            await ctx.tick()
            if done:
                break
        assert done
        for _ in range(4):
            await ctx.tick()
        assert not ctx.get(core.busy)

    simulator = Simulator(core)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    assert len(inside) >= 8
    assert all(inside)
