"""A board's clocks: the domains that a device runs in, and the PLL that makes them of the board's oscillator.

`sync` is the link's. On ECP5 and 7-series the core has its own, `core`. On iCE40 the UART has, `line`: its PLL gives two
clocks, one half the other, and that fabric is too slow for the whole link at four clocks a bit.
"""

from dataclasses import dataclass
from fractions import Fraction

from .pll import PLL, solve
from .registry import Board

__all__ = ["Clocks", "Domain", "clocks_of"]


@dataclass(frozen=True)
class Domain:
    """A clock domain: its name, and its frequency in Hz."""

    name: str
    hertz: Fraction

    @property
    def clock_hz(self) -> int:
        """The frequency, rounded."""
        return round(self.hertz)


@dataclass(frozen=True)
class Clocks:
    """The domains of a board, and the PLL that makes them.

    Parameters
    ----------
    pll : PLL
    domains : tuple of Domain
        Those that the PLL's outputs drive, in their order.
    link : Domain
        `sync`: one of them, or what the oscillator drives.
    at_pll : bool
        As of `Board`.
    """

    pll: PLL
    domains: tuple[Domain, ...]
    link: Domain
    at_pll: bool = True

    @property
    def all(self) -> tuple[Domain, ...]:
        """Every domain, once."""
        return self.domains if self.link in self.domains else (*self.domains, self.link)

    def get(self, name: str) -> Domain | None:
        """The domain of that name."""
        return next((domain for domain in self.all if domain.name == name), None)

    @property
    def core(self) -> Domain:
        """The domain that the core runs in."""
        return self.get("core") or self.link


def clocks_of(board: Board, core_hz: int | None = None) -> Clocks:
    """The clocks of a board, with its core at `core_hz` or less, by default at the board's own choice.

    Raises
    ------
    BoardError
        If the PLL can't make that clock.
    """
    core_hz = board.core_hz if core_hz is None else core_hz
    if board.family == "ice40":
        pll = solve("ice40", board.clock_hz, (2 * core_hz, core_hz))
        line, link = pll.outputs
        both = (Domain("line", line), Domain("sync", link))
        return Clocks(pll, both, both[1], board.at_pll)
    wanted = (core_hz,) if board.link_hz is None else (core_hz, board.link_hz)
    pll = solve(board.family, board.clock_hz, wanted)
    domains = tuple(Domain(name, hertz) for name, hertz in zip(("core", "sync"), pll.outputs, strict=False))
    return Clocks(pll, domains, domains[1] if len(domains) == 2 else Domain("sync", Fraction(board.clock_hz)))
