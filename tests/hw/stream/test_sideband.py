"""Sidebands: delayed as a whole, clock by clock; and that of a core's results."""

import random

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import Out
from amaranth.sim import Simulator

from convolver import Conv2DDesign, FIRDesign
from convolver.hw.stream.sideband import Sideband, SidebandDelay, result_sideband

CLOCKS = 60


@pytest.mark.parametrize("clocks", [0, 1, 3])
def test_all_fields_are_as_late_as_valid(clocks):
    m = Module()
    m.submodules.dut = dut = SidebandDelay(Sideband(marks=Out(3), values=Out(4).array(2)), clocks)
    m.d.sync += Signal().eq(1)  # of no clocks there is no register
    rng = random.Random(clocks)
    given, found = [(0, 0, 0, 0)] * clocks, []

    async def bench(ctx):
        for _ in range(CLOCKS):
            given.append((rng.randrange(2), rng.randrange(8), rng.randrange(16), rng.randrange(16)))
            for signal, value in zip((dut.i.valid, dut.i.marks, *dut.i.values), given[-1], strict=True):
                ctx.set(signal, value)
            found.append(tuple(ctx.get(signal) for signal in (dut.o.valid, dut.o.marks, *dut.o.values)))
            await ctx.tick()

    simulator = Simulator(m)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    assert found == given[:CLOCKS]


def test_the_marks_of_results():
    image = Conv2DDesign([[1, 2], [3, 4]])
    assert list(result_sideband(FIRDesign([1, 2])).members["marks"].shape.members) == ["first", "last"]
    assert list(result_sideband(image).members["marks"].shape.members) == ["first", "last", "eol"]
    wide = image.replace(pixels_per_clock=4)
    assert list(result_sideband(wide).members["marks"].shape.members) == ["first", "last", "eol", "keep"]
