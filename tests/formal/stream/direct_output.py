"""The specification of an output without a buffer."""

from amaranth.hdl import Assert, Cat, Cover, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.hw.stream import direct_output

__all__ = ["DirectOutputSpec"]


class DirectOutputSpec(wiring.Component):
    """Results leave as they come, `flight` clocks behind their claim, ready or not; `idle` follows exactly what was in flight a
    clock ago, a claim of then included."""

    def __init__(self, flight: int, width: int = 2) -> None:
        super().__init__({"want": In(1), "data": In(width), "ready": In(1)})
        self._flight, self._width = flight, width

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = direct_output.DirectOutput(self._width, self._flight)
        flying, nothing = Signal(self._flight), Signal(init=1)
        m.d.comb += [
            dut.claim.eq(self.want),
            dut.write.eq(flying[-1]),
            dut.data.eq(self.data),
            dut.o.ready.eq(self.ready),
        ]
        m.d.sync += [flying.eq(Cat(self.want, flying)), nothing.eq((flying == 0) & ~self.want)]
        m.d.comb += [
            Assert(dut.o.valid == flying[-1]),
            Assert(~dut.o.valid | (dut.o.payload == self.data)),
            Assert(dut.available & ~dut.spent & ~dut.overflow),
            Assert(dut.idle == nothing),
            Cover(flying.all() & ~self.ready, "full"),
            Cover(nothing & self.want, "begun"),
        ]
        return m
