"""The output buffer's specification."""

from amaranth.hdl import Assert, Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue

from convolver.hw.stream import output_buffer

__all__ = ["OutputBufferSpec"]


class OutputBufferSpec(wiring.Component):
    """The buffer with its pipeline: a result is started only while `available`, and written `flight` clocks later.

    ``credits + in flight + queued = depth``: `owed` counts what was started and hasn't left. `available` and `idle` follow
    exactly what it was two clocks ago, and the two results that may have been started since find room too. With `sustains`
    the buffer is deep enough for one result a clock: it is never short of credits while `o` is ready.
    """

    def __init__(self, depth: int, flight: int, width: int = 2, sustains: bool = False) -> None:
        super().__init__({"want": In(1), "data": In(width), "ready": In(1), "tag": In(1)})
        self._depth, self._flight, self._width, self._sustains = depth, flight, width, sustains

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = output_buffer.OutputBuffer(self._width, self._depth)
        flying = Signal(self._flight)
        owed, owed_before, owed_then = (Signal(range(2 * self._depth + 2), name=name) for name in ("owed", "before", "then"))
        claim, leaves = Signal(), Signal()
        m.d.comb += [
            claim.eq(self.want & dut.available),
            leaves.eq(dut.o.valid & self.ready),
            dut.claim.eq(claim),
            dut.write.eq(flying[-1]),
            dut.data.eq(self.data),
            dut.o.ready.eq(self.ready),
        ]
        m.d.sync += [
            flying.eq(Cat(claim, flying)),
            owed.eq(owed + claim - leaves),
            owed_before.eq(owed),
            owed_then.eq(owed_before),
        ]
        Queue(
            m,
            enters=dut.write,
            value=self.data,
            valid=dut.o.valid,
            ready=self.ready,
            payload=dut.o.payload,
            depth=self._depth,
            latency=3,
            tag=self.tag,
            streak=3 if self._sustains else 0,
        )
        m.d.comb += [
            Assert(owed <= self._depth),
            Assert(dut.available == (owed_then + 2 < self._depth)),
            Assert(dut.idle == ((owed_then == 0) & (owed_before == 0))),
            Assert(~dut.overflow),
        ]
        if self._sustains:
            stalled = Signal()  # since the last reset
            with m.If(~self.ready):
                m.d.sync += stalled.eq(1)
            m.d.comb += Assert(stalled | dut.available)
        return m
