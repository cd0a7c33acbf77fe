"""How a reset gets from a pin to the registers."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import AsyncFFSynchronizer
from amaranth.lib.wiring import In, Out

from convolver.clocking import Clocking

__all__ = ["ResetEntry"]


class ResetEntry(wiring.Component):
    """A reset from its pin to the registers, through registers: the pin is as far from them as it likes.

    While `closed` nothing may pass the block's ports; so the block looks as if the reset had reached all of it in one clock.
    `closed` comes a clock behind a synchronous pin, and goes `CLOCKS` behind it; an asynchronous one is synchronised first,
    two clocks more. A reset of one clock does, or of any time where it is asynchronous.

    Parameters
    ----------
    clocking : Clocking
        How the pin is.

    Ports
    -----
    pin : In
    closed : Out
        The block's ports are shut. A register.
    first, second : Out
        Resets of two parts of the block, a clock apart. Registers.
    """

    CLOCKS = 4

    def __init__(self, clocking: Clocking) -> None:
        self._clocking = clocking
        super().__init__({"pin": In(1), "closed": Out(1), "first": Out(1), "second": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        asked, entered = Signal(), Signal()
        m.d.comb += asked.eq(~self.pin if self._clocking.low else self.pin)
        if self._clocking.reset_style == "async":
            at_pin, asked = asked, Signal()
            m.submodules.synchroniser = AsyncFFSynchronizer(at_pin, asked, o_domain="sync")
        m.d.sync += [
            entered.eq(asked),
            self.first.eq(entered),
            self.second.eq(self.first),
            self.closed.eq(asked | entered | self.first | self.second),
        ]
        return m
