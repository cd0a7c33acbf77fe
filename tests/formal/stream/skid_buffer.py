"""The skid buffer's specification."""

from typing import Any

from amaranth.hdl import Assert, Module, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue

from convolver.hw.stream import placed_skid, skid_buffer

__all__ = ["PlacedSkidBufferSpec", "SkidBufferSpec"]


class SkidBufferSpec(wiring.Component):
    """A queue of two beats, one clock; ready whenever it has room, whatever `o.ready` is."""

    def __init__(self, width: int = 2) -> None:
        super().__init__({"valid": In(1), "payload": In(width), "ready": In(1), "tag": In(1)})
        self._width = width

    def _buffer(self) -> Any:
        return skid_buffer.SkidBuffer(self._width)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self._buffer()
        m.d.comb += [dut.i.valid.eq(self.valid), Value.cast(dut.i.payload).eq(self.payload), dut.o.ready.eq(self.ready)]
        queue = Queue(
            m,
            enters=self.valid & dut.i.ready,
            value=self.payload,
            valid=dut.o.valid,
            ready=self.ready,
            payload=Value.cast(dut.o.payload),
            depth=2,
            latency=1,
            tag=self.tag,
        )
        m.d.comb += Assert(dut.i.ready == (queue.level < 2))
        return m


class PlacedSkidBufferSpec(SkidBufferSpec):
    """The same of the slice whose data stands in places: the payload is two marks, and the rest."""

    def _buffer(self) -> Any:
        return placed_skid.PlacedSkidBuffer(data.StructLayout({"data": self._width - 2, "first": 1, "last": 1}))
