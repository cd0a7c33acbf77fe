"""The timer of a folded core: it tells when the next slot may begin."""

from functools import singledispatch

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.plan.slots import OneCycle, SeveralCycles, slot_of

__all__ = ["NoTimer", "SlotTimer", "slot_timer"]


class SlotTimer(wiring.Component):
    """Keeps slots apart: at most one in `clocks` cycles.

    Parameters
    ----------
    clocks : int
        Cycles of a slot, 2 or more.

    Ports
    -----
    begin : In
        A slot begins in this cycle; only while `free`.
    free : Out
        A slot may begin. A register.
    free_next : Out
        `free` is high in the next cycle.
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
        """A register of `value`; it is high only in cycles in which a slot may begin."""
        m.d.sync += (register := Signal(name="available")).eq(value & self.free_next)
        return register

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Cycles left of the slot, less 3. Below 0 the next slot may begin: the sign tells it without a comparison.
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
    """The timer of slots of one cycle, which may begin at any time: no hardware."""

    def __init__(self) -> None:
        self.begin = Signal()

    def where_free(self, value: Value) -> Value:
        return value

    def or_busy(self, value: Value) -> Value:
        return value

    def later(self, m: Module, value: Value) -> Value:
        return value


def slot_timer(m: Module, cycles: int) -> SlotTimer | NoTimer:
    """The timer of slots of `cycles` cycles, added to a module."""
    return _timer(slot_of(cycles), m, cycles)


@singledispatch
def _timer(slot: OneCycle, m: Module, cycles: int) -> SlotTimer | NoTimer:  # noqa: ARG001  # by its class
    return NoTimer()


@_timer.register
def _(slot: SeveralCycles, m: Module, cycles: int) -> SlotTimer | NoTimer:  # noqa: ARG001
    m.submodules.timer = timer = SlotTimer(cycles)
    return timer
