"""Clocks and resets that a block for other people's systems may have."""

from dataclasses import dataclass
from typing import Literal

from .errors import DesignError

__all__ = ["AxiClock", "Clocking", "Reset", "ResetStyle"]

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
