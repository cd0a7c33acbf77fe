"""How frames follow one another through a core, in cycles, without stalls."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from .geometry import WindowGeometry

__all__ = ["FrameTiming", "RasterTiming", "SignalTiming"]


@dataclass(frozen=True, slots=True)
class NoGaps:
    """Frames of one size that come back to back do so inside too."""

    bound: ClassVar[str] = ""
    """What stands in front of the cycles of such frames in a sentence."""

    def told(self, usual: str, what: str) -> str:  # noqa: ARG002  # nothing waits
        """How such frames follow one another, where what could wait is called so."""
        return usual


@dataclass(frozen=True, slots=True)
class Gaps(NoGaps):
    """Something waits between two frames."""

    bound: ClassVar[str] = "at most "

    def told(self, usual: str, what: str) -> str:  # noqa: ARG002  # something waits
        return f"but for what {what} waits between frames"


@dataclass(frozen=True)
class FrameTiming:
    """What signals and images have in common.

    Parameters
    ----------
    cycles : int
        Cycles of a slot.
    latency : int
        From a beat to the result that it completes.
    """

    cycles: int
    latency: int

    @property
    def lag(self) -> tuple[int, int]:
        """Whole lines, and beats more, from a pixel to the result of its place."""
        return 0, 0

    @property
    def gapless(self) -> bool:
        """Whether frames of one size that come back to back do so inside too."""
        return True

    @property
    def gaps(self) -> NoGaps:
        """What there is between such frames."""
        return NoGaps() if self.gapless else Gaps()

    @property
    def exact(self) -> bool:
        """Whether the cycles of frames are exact; else they are the most that there can be."""
        return True

    bound: ClassVar[str] = ""
    """What stands in front of the cycles of frames in a sentence."""

    @property
    def settling(self) -> int:
        """Cycles for which a core still says that it is busy when all results have left."""
        return 0

    def beats(self, columns: int) -> int:
        """Beats of a line."""
        return columns

    @property
    def clocks_a_sample(self) -> Fraction:
        """Cycles of a sample, on average."""
        return Fraction(self.cycles)

    @property
    def beat_cycles(self) -> int:
        """Most cycles from one beat to the next."""
        return self.cycles

    def schedule(self, beats: int) -> tuple[list[int], list[int]]:
        """Of a signal's frame of so many beats, without stalls, the cycles in which each is accepted, and each result
        offered; the first is accepted in cycle 0."""
        accepts = [beat * self.cycles for beat in range(beats)]
        return accepts, [accept + self.latency for accept in accepts]

    def frame_interval(self, rows: int, columns: int = 1) -> int:
        """Cycles from one frame to the next of the same size, where they come back to back. A signal's samples are its rows.
        An image of no more than `lag` lines waits until the one before has left."""
        lines, _ = self.lag
        return rows * self.beats(columns) * self.cycles + (self.flush_clocks(columns) if rows <= lines else 0)

    def flush_clocks(self, columns: int = 1) -> int:
        """Cycles in which a frame's end leaves when no other of its size pushes it. One of another size waits for so long, one
        that comes meanwhile for what is left of it."""
        lines, more = self.lag
        return (lines * self.beats(columns) + more) * self.cycles

    def unwanted(self, rows: int, columns: int) -> int:  # noqa: ARG002  # images have some
        """Beats of results behind the last one that is wanted."""
        return 0

    def frame_clocks(self, rows: int, columns: int = 1, frames: int = 1) -> int:
        """Cycles from the first beat of `frames` frames back to back to their last result, or last beat if that is later, both
        included.

        With a stride the last result is that of a place before the last one, by as many lines and columns as none is wanted
        of; then the core goes on to the frame's end, with `frame_interval` as ever.
        """
        last = self._last_beat(rows, columns) + max(self._behind(rows, columns), 0)
        return (frames - 1) * self.frame_interval(rows, columns) + last

    def result_clocks(self, rows: int, columns: int = 1) -> int:
        """Cycles from the first beat of a frame alone to its last result, both included. Here it isn't before the last beat."""
        return self.frame_clocks(rows, columns)

    def _last_beat(self, rows: int, columns: int) -> int:
        """Cycles from the first beat of a frame to its last one, both included."""
        return (rows * self.beats(columns) - 1) * self.cycles + 1

    def _behind(self, rows: int, columns: int) -> int:
        """Cycles from the last beat to the last result; below 0 where that comes first."""
        return self.flush_clocks(columns) - self.unwanted(rows, columns) * self.cycles + self.latency

    def buffer_depth(self, credit_latency: int) -> int:
        """Results that an output buffer must hold for one result a slot: the credits in flight, two more, to a power of two."""
        return 1 << math.ceil(math.log2(math.ceil((self.latency + credit_latency) / self.cycles) + 2))


@dataclass(frozen=True)
class SignalTiming(FrameTiming):
    """Of a signal: its end leaves by itself."""


@dataclass(frozen=True)
class RasterTiming(FrameTiming):
    """Of an image.

    Parameters
    ----------
    geometry : WindowGeometry
    """

    geometry: WindowGeometry

    @property
    def lag(self) -> tuple[int, int]:
        return self.geometry.lag

    def beats(self, columns: int) -> int:
        return self.geometry.beats(columns)

    def unwanted(self, rows: int, columns: int) -> int:
        sizes = zip((rows, columns), self.geometry.lost, self.geometry.design.stride, strict=True)
        lines, places = ((size - side - 1) % stride for size, side, stride in sizes)
        return lines * columns + places - self.geometry.overhangs(columns)

    def result_clocks(self, rows: int, columns: int = 1) -> int:
        return self._last_beat(rows, columns) + self._behind(rows, columns)
