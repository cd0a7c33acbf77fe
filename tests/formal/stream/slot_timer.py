"""The slot timer's specification."""

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.hw.stream import slot_timer

__all__ = ["SlotTimerSpec"]


class SlotTimerSpec(wiring.Component):
    """A slot may begin as soon as the one before began `clocks` clocks ago, and no sooner."""

    def __init__(self, clocks: int) -> None:
        super().__init__({"begin": In(1)})
        self._clocks = clocks

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = slot_timer.SlotTimer(self._clocks)
        begun = Signal(self._clocks - 1)  # whether a slot began in each of the clocks before, the last one first
        free_next = Signal(init=1)
        m.d.comb += dut.begin.eq(self.begin & dut.free)
        m.d.sync += [begun.eq(Cat(dut.begin, begun)), free_next.eq(dut.free_next)]
        age = Signal(range(self._clocks + 1))  # clocks since a slot began, up to its end; 0 before the first
        m.d.sync += age.eq(Mux(dut.begin, 1, Mux((age == 0) | (age == self._clocks), age, age + 1)))
        m.d.comb += [
            Assert(dut.free == ~begun.any()),
            Assert(dut.free == free_next),
            Cover(dut.begin & (age == self._clocks)),
        ]
        return m
