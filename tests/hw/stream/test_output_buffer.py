# amaranth: UnusedElaboratable=no
import random

import pytest
from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.hw.stream.compact_buffer import CompactBuffer
from convolver.hw.stream.delay import Delay
from convolver.hw.stream.output_buffer import OutputBuffer
from convolver.sim.bench import run_stream


class Pipeline(wiring.Component):
    """The buffer's customer: a pipeline of `clocks` that can't stall, started only while a credit is there."""

    def __init__(self, clocks: int, depth: int, buffer: type[CompactBuffer | OutputBuffer] = OutputBuffer) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(8))),
                "o": Out(stream.Signature(unsigned(8))),
                "idle": Out(1),
                "overflow": Out(1),
            }
        )
        self.clocks = clocks
        self.depth = depth
        self.buffer = buffer

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = self.buffer(unsigned(8), self.depth)
        m.submodules.valid = valid = Delay(unsigned(1), self.clocks)
        m.submodules.data = data = Delay(unsigned(8), self.clocks)
        m.d.comb += [
            self.i.ready.eq(buffer.available),
            valid.i.eq(self.i.valid & self.i.ready),
            data.i.eq(self.i.payload),
            buffer.claim.eq(valid.i),
            buffer.write.eq(valid.o),
            buffer.data.eq(data.o),
            self.idle.eq(buffer.idle),
            self.overflow.eq(buffer.overflow),
        ]
        wiring.connect(m, buffer.o, wiring.flipped(self.o))
        return m


@pytest.mark.parametrize(("clocks", "depth", "buffer", "latency"), [(6, 14, OutputBuffer, 3), (10, 16, CompactBuffer, 2)])
def test_one_result_a_clock_with_the_stated_latency(clocks, depth, buffer, latency):
    dut = Pipeline(clocks, depth, buffer)
    run = run_stream(dut, list(range(100)), 100)
    assert run.beats == list(range(100))
    assert run.accepted == list(range(100))
    assert run.delivered == [clock + clocks + latency for clock in range(100)]


@pytest.mark.parametrize(
    ("buffer", "depth"), [(OutputBuffer, 3), (OutputBuffer, 4), (OutputBuffer, 8), (CompactBuffer, 4), (CompactBuffer, 8)]
)
@pytest.mark.parametrize(("gap", "stall"), [(0, 0.9), (0.5, 0.5), (0.9, 0), (0, 0)])
def test_nothing_is_lost_and_nothing_overflows(buffer, depth, gap, stall):
    dut = Pipeline(5, depth, buffer)
    beats = [random.Random(depth).randrange(256) for _ in range(150)]
    run = run_stream(dut, beats, 150, seed=depth, gap=gap, stall=stall, watch={"overflow": dut.overflow})
    assert run.beats == beats
    assert run.seen["overflow"] == 0


@pytest.mark.parametrize(("buffer", "depth", "latency"), [(OutputBuffer, 12, 3), (CompactBuffer, 16, 2)])
@pytest.mark.parametrize("queued", [4, 5])
@pytest.mark.parametrize("late", range(26, 32))
def test_no_clock_is_lost_behind_a_stall(buffer, depth, latency, queued, late):
    dut = Pipeline(5, depth, buffer)
    waits = {0: 1, queued: late}

    async def before(ctx, index):
        for _ in range(waits.get(index, 0)):
            await ctx.tick()

    run = run_stream(dut, list(range(queued + 2)), queued + 2, stall=(1, 0, 0), before=before)
    ready = 41  # the first clock without a stall
    for accepted, delivered in zip(run.accepted, run.delivered, strict=True):
        assert delivered == max(ready, accepted + 5 + latency)
        ready = delivered + 1


def test_a_compact_buffer_is_idle_when_all_have_left():
    dut = Pipeline(5, 4, CompactBuffer)
    run = run_stream(dut, [1, 2, 3], 3, settle=10, watch={"idle": dut.idle})
    # Away from the second clock after the first is taken to the second after the last transfer.
    clocks = run.delivered[-1] + 1 + 10
    assert run.seen["idle"] == clocks - (run.delivered[-1] - run.accepted[0])


def test_all_credits_come_home():
    dut = Pipeline(5, 4)
    run = run_stream(dut, [1, 2, 3], 3, settle=10, watch={"idle": dut.idle})
    # Away from the second clock after the first is taken to the second after the last transfer.
    clocks = run.delivered[-1] + 1 + 10
    assert run.seen["idle"] == clocks - (run.delivered[-1] + 2 - (run.accepted[0] + 1))


def test_a_depth_that_never_lends_is_refused():
    with pytest.raises(ValueError, match=r"^Depth must be at least 3, not 2$"):
        OutputBuffer(unsigned(8), 2)


@pytest.mark.parametrize("depth", [2, 6])
def test_a_depth_that_a_compact_buffer_does_not_have(depth):
    with pytest.raises(ValueError, match=rf"^Depth must be a power of two from 4 on, not {depth}$"):
        CompactBuffer(unsigned(8), depth)
