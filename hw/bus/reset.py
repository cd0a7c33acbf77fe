"""The path of a reset from its pin to the registers."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import AsyncFFSynchronizer
from amaranth.lib.wiring import In, Out

from convolver.clocking import Clocking

__all__ = ["ResetEntry"]


class ResetEntry(wiring.Component):
    """A reset from its pin to the registers, through registers, so the pin may be far away.

    While `closed`, nothing passes the block's ports, so the block looks as if the reset reached all of it in one clock.
    `closed` rises one clock after a synchronous pin, and falls `CLOCKS` clocks after it. An asynchronous pin is
    synchronised first, which takes two clocks more. A synchronous reset needs one clock; an asynchronous one may have
    any length.

    Parameters
    ----------
    clocking : Clocking
        Polarity and style of the pin.

    Ports
    -----
    pin : In
    closed : Out
        The block's ports are closed. A register.
    first, second : Out
        Resets of two parts of the block, one clock apart. Registers.
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
