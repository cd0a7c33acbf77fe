"""The output buffers' specifications."""

from typing import Any, ClassVar

from amaranth.hdl import Assert, Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue

from convolver.hw.stream import burst_buffer, compact_buffer, output_buffer
from convolver.plan import stages

__all__ = ["BurstBufferSpec", "CompactBufferSpec", "OutputBufferSpec"]


class OutputBufferSpec(wiring.Component):
    """The buffer with its pipeline: a result is started only while `available`, and written `flight` clocks later.

    ``credits + in flight + queued = depth``: `owed` counts what was started and hasn't left. `available` and `idle` follow
    exactly what it was two clocks ago, and the two results that may have been started since find room too. With `sustains`
    the buffer is deep enough for one result a clock: it is never short of credits while `o` is ready.
    """

    latency: ClassVar[int] = 3
    room: ClassVar[int] = 0
    """Results beyond its depth that it holds."""
    reserve: ClassVar[int] = 2
    """Credits that it keeps back."""

    def __init__(self, depth: int, flight: int, width: int = 2, sustains: bool = False) -> None:
        super().__init__({"want": In(1), "data": In(width), "ready": In(1), "tag": In(1)})
        self._depth, self._flight, self._width, self._sustains = depth, flight, width, sustains

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self._made()
        flying = Signal(self._flight)
        owed = Signal(range(2 * self._depth + 2))
        claim, leaves = Signal(), Signal()
        m.d.comb += [
            claim.eq(self.want & self._may(m, dut, claim)),
            leaves.eq(dut.o.valid & self.ready),
            dut.claim.eq(claim),
            dut.write.eq(flying[-1]),
            dut.data.eq(self.data),
            dut.o.ready.eq(self.ready),
        ]
        m.d.sync += [flying.eq(Cat(claim, flying)), owed.eq(owed + claim - leaves)]
        Queue(
            m,
            enters=dut.write,
            value=self.data,
            valid=dut.o.valid,
            ready=self.ready,
            payload=dut.o.payload,
            depth=self._depth + self.room,
            latency=self.latency,
            tag=self.tag,
            streak=self.latency if self._sustains else 0,
        )
        m.d.comb += [Assert(owed <= self._depth + self.room), Assert(dut.spent == ~dut.available), Assert(~dut.overflow)]
        self._counted(m, dut, owed)
        if self._sustains:
            stalled = Signal()  # since the last reset
            with m.If(~self.ready):
                m.d.sync += stalled.eq(1)
            m.d.comb += Assert(stalled | dut.available)
        return m

    def _made(self) -> output_buffer.OutputBuffer | compact_buffer.CompactBuffer:
        return output_buffer.OutputBuffer(self._width, self._depth)

    def _may(self, m: Module, dut: Any, claim: Signal) -> Value:
        """Whether a result may be started."""
        return Value.cast(dut.available)

    def _counted(self, m: Module, dut: Any, owed: Signal) -> None:
        """What its registers say of the results that were started and haven't left."""
        owed_before, owed_then = (Signal(owed.shape(), name=name) for name in ("before", "then"))
        m.d.sync += [owed_before.eq(owed), owed_then.eq(owed_before)]
        m.d.comb += [
            Assert(dut.available == (owed_then + self.reserve < self._depth)),
            Assert(dut.idle == ((owed_then == 0) & (owed_before == 0))),
        ]


class BurstBufferSpec(OutputBufferSpec):
    """The same for pairs of results: the second one of each is started whether the buffer is `available` then or not."""

    stage = stages.BurstBuffer(OutputBufferSpec.latency, together=2)
    reserve = stage.enough - 1

    def _made(self) -> burst_buffer.BurstBuffer:
        return burst_buffer.BurstBuffer(self._width, self._depth, self.stage.enough)

    def _may(self, m: Module, dut: Any, claim: Signal) -> Value:
        begun = Signal()
        with m.If(claim):
            m.d.sync += begun.eq(~begun)
        return dut.available | begun


class CompactBufferSpec(OutputBufferSpec):
    """The same of the compact one, in which a result on offer needs no credit: `available` follows exactly what was owed
    besides it two clocks ago."""

    latency = 2
    room = 1

    def _made(self) -> compact_buffer.CompactBuffer:
        return compact_buffer.CompactBuffer(self._width, self._depth)

    def _counted(self, m: Module, dut: Any, owed: Signal) -> None:
        kept, then, quiet = Signal(owed.shape()), Signal(owed.shape()), Signal(init=1)
        m.d.sync += [kept.eq(owed - dut.o.valid), then.eq(kept), quiet.eq(owed == 0)]
        m.d.comb += [Assert(dut.available == (then + 2 < self._depth)), Assert(dut.idle == quiet)]
