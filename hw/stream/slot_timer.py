"""The timer of a folded core: when the next slot may begin."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["NoTimer", "SlotTimer", "slot_timer"]


class SlotTimer(wiring.Component):
    """Keeps slots apart: one in `clocks` clocks.

    Parameters
    ----------
    clocks : int
        Clocks a slot, 2 or more.

    Ports
    -----
    begin : In
        A slot begins in this clock; only while `free`.
    free : Out
        One may begin. A register.
    free_next : Out
        `free` is high in the next clock.
    """

    def __init__(self, clocks: int) -> None:
        if clocks < 2:
            raise ValueError(f"Clocks must be at least 2, not {clocks}")
        super().__init__({"begin": In(1), "free": Out(1, init=1), "free_next": Out(1)})
        self._clocks = clocks

    def where_free(self, value: Value) -> Value:
        """`value`, and a slot may begin."""
        return value & self.free

    def or_busy(self, value: Value) -> Value:
        """`value`, or no slot may begin."""
        return value | ~self.free

    def later(self, m: Module, value: Value) -> Value:
        """A register of `value`, and a slot may begin in the clock that it shows."""
        m.d.sync += (register := Signal(name="available")).eq(value & self.free_next)
        return register

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Clocks of the slot that are left, less 3: below 0 the next may begin, and the sign says so without a comparison.
        left = Signal(range(-1, self._clocks - 2), init=-1)
        over = left[-1]
        m.d.comb += self.free_next.eq(~self.begin & over)
        m.d.sync += self.free.eq(self.free_next)
        with m.If(self.begin):
            m.d.sync += left.eq(self._clocks - 3)
        with m.Elif(~over):
            m.d.sync += left.eq(left - 1)
        return m


class NoTimer:
    """The timer of slots of one clock, which may begin at any time: nothing at all."""

    def __init__(self) -> None:
        self.begin = Signal()

    def where_free(self, value: Value) -> Value:
        return value

    def or_busy(self, value: Value) -> Value:
        return value

    def later(self, m: Module, value: Value) -> Value:
        return value


def slot_timer(m: Module, cycles: int) -> SlotTimer | NoTimer:
    """The timer of slots of so many clocks, in a module."""
    if cycles == 1:
        return NoTimer()
    m.submodules.timer = timer = SlotTimer(cycles)
    return timer
