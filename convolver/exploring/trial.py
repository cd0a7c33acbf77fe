"""What a point came to: its clock, its size, what share of a device that is; and which points no other one beats."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..plan import lower
from ..report.numbers import counted
from .space import Point

if TYPE_CHECKING:
    from ..boards.cell_counts import Size
    from ..boards.registry import Board
    from ..designs import Design

__all__ = ["Exploration", "Run", "Trial"]

LONG_FRAME = 1 << 16
"""Samples of a signal over which a rate is taken."""


@dataclass(frozen=True, slots=True)
class Run:
    """A placement: its seed, the clock that nextpnr found, in Hz, and the slowest path."""

    seed: int
    hertz: float
    path: str


@dataclass
class Trial:
    """A point, and what it came to.

    Parameters
    ----------
    point : Point
    board : Board
        Whose device it was built for.
    size : Size
        What the circuit takes, without what was around it.
    limit : float, optional
        The clock that the device's blocks allow, in Hz.
    runs : list of Run
        One for each seed.
    refused : str
        Why the device has no room for it; empty if it has.
    """

    point: Point
    board: Board
    size: Size
    limit: float | None
    runs: list[Run] = field(default_factory=list)
    refused: str = ""

    @property
    def design(self) -> Design:
        """The design that was built."""
        return self.point.design

    @property
    def reported(self) -> float | None:
        """nextpnr's clock in Hz, the median over the seeds."""
        return statistics.median(run.hertz for run in self.runs) if self.runs else None

    @property
    def hertz(self) -> float | None:
        """What can be relied on: the lesser of that and the device's limit."""
        return None if self.reported is None else min(self.reported, self.limit or math.inf)

    @cached_property
    def samples_a_clock(self) -> float:
        """Samples or pixels that come in each clock, over frames back to back."""
        frame = tuple(axis.most for axis in self.design.frame_axes if axis.most is not None) or (LONG_FRAME,)
        interval: int = lower(self.design, self.board.target).timing.frame_interval(*frame)
        return math.prod(frame) / interval

    @property
    def rate(self) -> float | None:
        """Samples or pixels a second."""
        return None if self.hertz is None else self.hertz * self.samples_a_clock

    @cached_property
    def shares(self) -> dict[str, float]:
        """How much of each of the device's resources it takes, 0 to 1."""
        size, board = self.size, self.board
        used = {
            "LUT": (size.luts, board.luts),
            "FF": (size.flip_flops, board.flip_flops),
            "multiplier": (size.multipliers, board.multipliers),
            "block RAM": (size.block_rams, board.block_rams),
        }
        return {what: (count / of if of else math.inf * bool(count) if count else 0.0) for what, (count, of) in used.items()}

    @property
    def scarcest(self) -> str:
        """The resource of which it takes the largest share."""
        return max(self.shares, key=self.shares.__getitem__)

    @property
    def cost(self) -> float:
        """That share."""
        return self.shares[self.scarcest]

    @property
    def order(self) -> tuple[float, float]:
        """What comes first is cheaper: by the largest share, then by all of them."""
        return self.cost, sum(self.shares.values())

    @property
    def error(self) -> float:
        """Greatest error of a coefficient that was quantised; 0 where none was."""
        return self.design.quantized.error if self.design.quantized is not None else 0.0

    @property
    def fits(self) -> bool:
        """Whether the device has room for it."""
        return not self.refused and self.cost <= 1

    def meets(self, hertz: float) -> bool:
        """Whether it can be relied on at a clock."""
        return self.fits and self.hertz is not None and self.hertz >= hertz

    def beats(self, other: Trial) -> bool:
        """Whether it is better in something, rate, cost or coefficients, and worse in nothing."""
        mine, theirs = ((-(one.rate or 0), one.cost, sum(one.shares.values()), one.error) for one in (self, other))
        return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "varied": dict(self.point.varied),
            "design": self.design.to_dict(),
            "aim": self.point.aim,
            "seeds": {str(run.seed): run.hertz for run in self.runs},
            "reported": self.reported,
            "limit": self.limit,
            "clock": self.hertz,
            "samples_a_clock": self.samples_a_clock,
            "rate": self.rate,
            "lut": self.size.luts,
            "ff": self.size.flip_flops,
            "multipliers": self.size.multipliers,
            "block_rams": self.size.block_rams,
            "shares": self.shares,
            "cost": self.cost,
            "coefficient_error": self.error,
            "slowest_paths": {str(run.seed): run.path for run in self.runs},
            "refused": self.refused,
        }


@dataclass(frozen=True)
class Exploration:
    """What a search found.

    Parameters
    ----------
    board : Board
        Whose device the points were built for.
    trials : sequence of Trial
    versions : mapping
        The tools' packages.
    built : int
        How many tools were run; what else is told comes from the cache.
    notes : sequence of str
        Points that couldn't be made or built, and why.
    """

    board: Board
    trials: Sequence[Trial]
    versions: Mapping[str, str]
    built: int
    notes: Sequence[str] = ()

    @property
    def front(self) -> list[Trial]:
        """The points that no other one beats, the cheapest first."""
        room = [trial for trial in self.trials if trial.fits]
        best = [trial for trial in room if not any(other.beats(trial) for other in room)]
        return sorted(best, key=lambda trial: trial.order)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        front = self.front
        return {
            "board": self.board.name,
            "device": self.board.device,
            "versions": dict(self.versions),
            "built": self.built,
            "points": [trial.to_dict() | {"front": trial in front} for trial in self.trials],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        front = self.front
        rows: list[tuple[str, ...]] = [
            ("", "point", "MHz (seeds)", "to rely on", "M/s", "LUT", "FF", "mult.", "RAM", "of the device")
        ]
        rows += [("*" if trial in front else "", *_cells(trial)) for trial in sorted(self.trials, key=lambda one: one.order)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        left = 2  # columns of words
        lines = [
            "  ".join(
                cell.ljust(width) if place < left else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, *self._legend()])

    def _legend(self) -> Iterator[str]:
        element = self.trials[0].design.element if self.trials else "sample"
        yield "* no other point is as cheap and as fast."
        yield f"M/s: million {element}s a second, of the core by itself, on {self.board.device}."
        tools = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        yield f"{counted(len(self.trials), 'point')}, {counted(self.built, 'run')} of {tools}; the rest was kept from before."

    def plot(self, path: str | PathLike[str]) -> None:
        """Draws the points and the front into a picture; its ending says which kind.

        Raises
        ------
        BoardError
            If nothing was timed.
        ToolError
            If matplotlib isn't installed.
        FileError
            If the file can't be written.
        """
        from ..plots.explored import plot

        plot(self, Path(path))


def _cells(trial: Trial) -> list[str]:
    size = trial.size
    seeds = " ".join(f"{run.hertz / 1e6:.0f}" for run in trial.runs)
    clock = "no room" if trial.refused else f"{trial.reported / 1e6:.0f} ({seeds})" if trial.reported else ""
    return [
        str(trial.point),
        clock,
        f"{trial.hertz / 1e6:.0f}" if trial.hertz else "",
        f"{trial.rate / 1e6:.3g}" if trial.rate else "",
        str(size.luts),
        str(size.flip_flops),
        str(size.multipliers),
        f"{size.block_rams:g}",
        f"{100 * trial.cost:.2g} % {trial.scarcest}",
    ]
