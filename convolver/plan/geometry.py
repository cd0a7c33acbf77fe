"""Where the window of a 2-D core lies in a frame: the lines and columns that the core keeps and waits for, in beats.

The frames are those that the core takes, with all that the host adds to them: their limits are the design's `frame_axes`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, cast

from ..designs import Boundary, Conv2DDesign

__all__ = ["BorderedWindowGeometry", "WindowGeometry", "geometry_of"]


@dataclass(frozen=True)
class WindowGeometry:
    """That of a core whose results are those of the windows inside the frame. A result's own line and column are its window's
    first.

    Parameters
    ----------
    design : Conv2DDesign
    """

    design: Conv2DDesign

    mode: ClassVar[Literal["same", "valid"]] = "valid"
    """By which mode's rule the core makes its results of the frames that it takes."""
    choosing: ClassVar[int] = 0
    """Cycles more in which what enters the window, or stands in it, is chosen."""

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        """Boundaries that the core makes."""
        return tuple(outside.boundary for outside in self.design.border.in_core)

    @property
    def _vertical(self) -> tuple[int, int]:
        return self.design.above, self.design.below

    @property
    def _horizontal(self) -> tuple[int, int]:
        return self.design.left, self.design.right

    def _kept(self, before: int, after: int) -> tuple[int, int]:
        """Lines on either side of a window's centre that the core has at hand."""
        return before, after

    @property
    def above(self) -> int:
        """Rows above a window's centre that the core keeps: the window's, and one more where a reflected border reaches beyond
        them."""
        return self._kept(*self._vertical)[0]

    @property
    def below(self) -> int:
        """Rows below a window's centre that the core keeps; as `above`. With a border, those below a result."""
        return self._kept(*self._vertical)[1]

    @property
    def right(self) -> int:
        """Columns right of a window's centre that the core keeps; as `below`."""
        return self._kept(*self._horizontal)[1]

    @property
    def rows(self) -> int:
        """Rows of the column that comes to the window: those of the line buffer, and the newest."""
        return self.above + self.below + 1

    @property
    def least(self) -> tuple[int, int]:
        """Fewest rows and columns of a frame."""
        rows, columns = self.design.frame_axes
        return rows.least, columns.least

    @property
    def most(self) -> tuple[int, int]:
        """Most rows and columns of a frame."""
        rows, columns = self.design.frame_axes
        return cast(int, rows.most), cast(int, columns.most)  # of an image there are limits

    @property
    def line_beats(self) -> int:
        """Most beats of a line: the words of the line buffer."""
        return self.beats(self.most[1])

    def beats(self, columns: int) -> int:
        """Beats of a line of so many pixels or results."""
        return -(-columns // self.design.pixels_per_clock)

    @property
    def ahead(self) -> int:
        """Beats of a line that the core waits for beyond the one in which a result's own pixel comes."""
        return self.beats(self.design.border.awaited(*self._horizontal))

    @property
    def late(self) -> int:
        """Pixels by which that is more than the window needs."""
        return self.ahead * self.design.pixels_per_clock - self._needed(*self._horizontal)

    def _needed(self, before: int, after: int) -> int:
        """Lines behind a result's own that its window needs."""
        return before + after

    # How results follow on pixels.

    @property
    def lost(self) -> tuple[int, int]:
        """Rows and columns by which a frame of results is smaller than its image."""
        rows, columns = self.design.frame_axes
        return rows.lost, columns.lost

    @property
    def lag(self) -> tuple[int, int]:
        """Whole lines, and beats more, from a pixel to the result of its place, counted as results are."""
        awaited, (rows, columns) = self.design.border.awaited, self.lost
        return awaited(*self._vertical) - rows, self.beats(awaited(*self._horizontal) - columns)

    @property
    def late_results(self) -> int:
        """Pixels by which the beats of a line's results lie behind its own."""
        return self.late

    def overhangs(self, columns: int) -> bool:
        """Whether the last results of a line of so many pixels need a beat more than the line has: the next line's first, or
        one that the core makes up. Never with one pixel a clock; else only where no border is made, as the first result of a
        line is then that of its first whole window, and so the last one need not come with the last beat."""
        pixels = self.design.pixels_per_clock
        return (columns - 1) % pixels + self.late_results >= pixels


class BorderedWindowGeometry(WindowGeometry):
    """That of a core with a border of its own: a result for each pixel, whose own line and column are its window's centre."""

    mode = "same"
    choosing = 1

    def _kept(self, before: int, after: int) -> tuple[int, int]:
        sides = [outside.kept(before, after) for outside in self.design.border.in_core]
        return max(front for front, _ in sides), max(back for _, back in sides)

    def _needed(self, before: int, after: int) -> int:  # noqa: ARG002  # what is in front has come
        return after

    @property
    def late_results(self) -> int:
        return 0  # they begin with the line's


@lru_cache(maxsize=256)
def geometry_of(design: Conv2DDesign) -> WindowGeometry:
    """The geometry of a design's core."""
    return (BorderedWindowGeometry if design.border.in_core else WindowGeometry)(design)
