"""Clocks and resets of a block for other people's systems: what its pins are, and how a reset gets to its registers."""

from dataclasses import dataclass
from typing import Literal

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import AsyncFFSynchronizer
from amaranth.lib.wiring import In, Out

from convolver.errors import DesignError

__all__ = ["AxiClock", "Clocking", "Reset", "ResetEntry", "ResetStyle"]

AxiClock = Literal["shared", "own"]
Reset = Literal["active-low", "active-high"]
ResetStyle = Literal["sync", "async"]


@dataclass(frozen=True, slots=True)
class Clocking:
    """Which clocks and resets a block has.

    Parameters
    ----------
    axi_clock : {"shared", "own"}
        The registers' bus runs at the streams' clock, or at one of its own, of any frequency and phase.
    reset : {"active-low", "active-high"}
    reset_style : {"sync", "async"}
        Whether a reset keeps the clock's setup and hold times at the pin, or may come and go at any time.

    Raises
    ------
    DesignError
        If a word is none of these.
    """

    axi_clock: AxiClock = "shared"
    reset: Reset = "active-low"
    reset_style: ResetStyle = "sync"

    def __post_init__(self) -> None:
        for what, word, known in (
            ("AXI clock", self.axi_clock, ("shared", "own")),
            ("Reset", self.reset, ("active-low", "active-high")),
            ("Reset style", self.reset_style, ("sync", "async")),
        ):
            if word not in known:
                raise DesignError(f"{what} must be {' or '.join(known)}, not {word!r}")

    @property
    def own(self) -> bool:
        """Whether the registers' bus has a clock of its own."""
        return self.axi_clock == "own"

    @property
    def low(self) -> bool:
        """Whether resets are active low."""
        return self.reset == "active-low"

    @property
    def reset_pin(self) -> str:
        """Name of the streams' reset."""
        return "aresetn" if self.low else "areset"


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
