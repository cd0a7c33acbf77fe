"""The skid buffer's specification."""

from amaranth.hdl import Assert, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue

from convolver.hw.stream import skid_buffer

__all__ = ["SkidBufferSpec"]


class SkidBufferSpec(wiring.Component):
    """A queue of two beats, one clock; ready whenever it has room, whatever `o.ready` is."""

    def __init__(self, width: int = 2) -> None:
        super().__init__({"valid": In(1), "payload": In(width), "ready": In(1), "tag": In(1)})
        self._width = width

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = skid_buffer.SkidBuffer(self._width)
        m.d.comb += [dut.i.valid.eq(self.valid), dut.i.payload.eq(self.payload), dut.o.ready.eq(self.ready)]
        queue = Queue(
            m,
            enters=self.valid & dut.i.ready,
            value=self.payload,
            valid=dut.o.valid,
            ready=self.ready,
            payload=dut.o.payload,
            depth=2,
            latency=1,
            tag=self.tag,
        )
        m.d.comb += Assert(dut.i.ready == (queue.level < 2))
        return m
