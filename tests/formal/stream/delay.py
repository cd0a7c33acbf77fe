"""The delay's specification."""

from amaranth.hdl import Assert, Cat, Cover, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.hw.stream import delay

__all__ = ["DelaySpec"]


class DelaySpec(wiring.Component):
    """The input of `clocks` clocks ago; 0 before."""

    def __init__(self, clocks: int, width: int = 2) -> None:
        super().__init__({"i": In(width)})
        self._clocks, self._width = clocks, width

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = delay.Delay(self._width, self._clocks)
        history = Signal(self._width * self._clocks)
        m.d.comb += dut.i.eq(self.i)
        m.d.sync += history.eq(Cat(self.i, history))
        m.d.comb += [
            Assert(dut.o == Cat(self.i, history)[self._width * self._clocks :]),
            Cover((dut.o == (1 << self._width) - 1) & (self.i == 0)),
        ]
        return m
