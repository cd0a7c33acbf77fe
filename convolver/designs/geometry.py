"""Where a kernel's window lies in an image: sizes of frames, borders and results, and the windows that need the most bits."""

from functools import cached_property
from typing import Any, Literal

from ..arguments import integer
from ..errors import DesignError
from .axes import FrameAxis
from .borders import NoBorder, border_of
from .core_borders import WholeWindows
from .orientation import Orientation, orientation_of
from .words import Boundary, Kernel, Mode, Operation

__all__ = ["ImageGeometry"]

LINE_TURNAROUND = 3
"""Beats that a line must have for its line buffer: clocks from the read of a word to the read that may see its new value."""


class ImageGeometry:
    """The geometry of a 2-D design, from its kernels' size, its border, operation and stride.

    A core counts frames with all that the host adds to them; what begins with `core_` is about these.
    """

    # Fields of the design.
    mode: Mode
    boundary: Boundary
    fill: int
    operation: Operation
    switchable: bool
    stride: tuple[int, int]
    pixels_per_clock: int
    rows: int
    columns: int

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """All kernels; one or more."""
        raise NotImplementedError

    @property
    def kernel_rows(self) -> int:
        """Rows of the kernel."""
        return len(self.kernels[0])

    @property
    def kernel_columns(self) -> int:
        """Columns of the kernel."""
        return len(self.kernels[0][0])

    @cached_property
    def border(self) -> NoBorder:
        """What stands outside a frame, and whether that is chosen at run time."""
        return border_of(self.mode, self.boundary, self.fill, switchable=self.switchable)

    @cached_property
    def orientation(self) -> Orientation:
        """How a kernel meets the pixels."""
        return orientation_of(self.operation)

    @property
    def _core(self) -> WholeWindows:
        """What the core makes of a frame's ends."""
        return self.border.core

    @cached_property
    def _sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows above and below the window's centre, columns left and right of it."""
        return self.orientation.window(self.kernel_rows), self.orientation.window(self.kernel_columns)

    @property
    def above(self) -> int:
        """Rows of the window above its centre."""
        return self._sides[0][0]

    @property
    def below(self) -> int:
        """Rows of the window below its centre."""
        return self._sides[0][1]

    @property
    def left(self) -> int:
        """Columns of the window left of its centre."""
        return self._sides[1][0]

    @property
    def right(self) -> int:
        """Columns of the window right of its centre."""
        return self._sides[1][1]

    @property
    def core_mode(self) -> Literal["same", "valid"]:
        """What the gateware does: ``same`` with its own borders, or ``valid`` over an image that the host has padded."""
        return self._core.mode

    @property
    def core_boundaries(self) -> tuple[Boundary, ...]:
        """Boundaries that the core makes: none in ``valid``, all of them where they can be switched."""
        return self._core.boundaries

    @property
    def core_above(self) -> int:
        """Rows above a result that the core keeps: the window's, and one more where a reflected border reaches beyond them."""
        return self._core.kept(*self._sides[0])[0]

    @property
    def core_below(self) -> int:
        """Rows below a result that the core waits for: the window's, and one more where a reflected border reaches beyond
        them."""
        return self._core.kept(*self._sides[0])[1]

    @property
    def core_kept(self) -> int:
        """Rows of the column that comes to the window: those of the line buffer, and the newest."""
        return self.core_above + self.core_below + 1

    @property
    def core_right(self) -> int:
        """Columns right of a result that the core waits for; as `core_below`."""
        return self._core.kept(*self._sides[1])[1]

    @property
    def core_beats(self) -> int:
        """Most beats of a line."""
        return self.beats(self.core_columns)

    @property
    def core_ahead(self) -> int:
        """Beats of a line that the core waits for beyond the one in which a result's own pixel comes, in ``valid`` its window's
        first pixel."""
        return self.beats(self._core.awaited(*self._sides[1]))

    @property
    def core_late(self) -> int:
        """Pixels by which that is more than the window needs."""
        return self.core_ahead * self.pixels_per_clock - self._core.reach(*self._sides[1])

    def beats(self, columns: int) -> int:
        """Beats of a line of so many pixels or results."""
        return -(-columns // self.pixels_per_clock)

    def overhangs(self, columns: int) -> bool:
        """Whether the last results of a line of so many pixels need a beat more than the line has: the next line's first, or
        one that the core makes up. Never with one pixel a clock; else in ``valid`` only, where the first result of a line is
        that of its first whole window, and so the last one need not come with the last beat."""
        pixels = self.pixels_per_clock
        return (columns - 1) % pixels + self._core.moved(self.core_late) >= pixels

    @property
    def spacing(self) -> str:
        """Which places have results, in words; nothing where all have."""
        return ", stride {}x{}".format(*self.stride) if self.stride != (1, 1) else ""

    @property
    def host_margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows above and below, columns left and right, that results reach outside an image; the host pads these, if any."""
        rows, columns = self._sides
        return self.border.margins(*rows), self.border.margins(*columns)

    @property
    def core_min_rows(self) -> int:
        """Fewest rows of a frame that the core takes; the host pads a smaller one.

        ``constant`` and ``edge`` do with one; a mirrored border must find all its rows in the frame."""
        return self._core.least(*self._sides[0])

    @property
    def core_min_columns(self) -> int:
        """Fewest columns of a frame that the core takes; the host pads a narrower one."""
        window, pixels = self._core.awaited(*self._sides[1]) + 1, self.pixels_per_clock
        # The first beat of results lies inside the line, and the line has as many beats as it must have.
        return max(window + pixels - 1, (LINE_TURNAROUND - 1) * pixels + 1)

    @property
    def core_rows(self) -> int:
        """Most rows of a frame that the core counts, the host's padding included."""
        return self._most(self.rows, self._sides[0], self.core_min_rows, self.stride[0])

    @property
    def core_columns(self) -> int:
        """Most columns of a frame that the core's line buffer holds, the host's padding included."""
        return self._most(self.columns, self._sides[1], self.core_min_columns, self.stride[1])

    def _most(self, size: int, sides: tuple[int, int], least: int, stride: int) -> int:
        return max(size + self.border.room(*sides, stride), least + sum(sides) + stride - 1)

    @property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        """See `Design.frame_axes`."""
        least, most = (self.core_min_rows, self.core_min_columns), (self.core_rows, self.core_columns)
        lines = zip(self._sides, self.stride, least, most, self.host_margins, strict=True)
        return tuple(
            self.border.axis(window, stride, low, high, self.boundary, margins) for window, stride, low, high, margins in lines
        )

    def _reduced(self, sizes: tuple[int, int], lost: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of results of which so many would be lost with a stride of 1."""
        rows, columns = (-((less - size) // stride) for size, less, stride in zip(sizes, lost, self.stride, strict=True))
        return rows, columns

    def core_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of the results that the core gives for a frame of that size."""
        above_below, left_right = self._sides
        return self._reduced((rows, columns), (self._core.lost(*above_below), self._core.lost(*left_right)))

    def output_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of the result for an image of `rows` x `columns`; zero or negative where none is left."""
        sizes = integer("Rows", rows, DesignError), integer("Columns", columns, DesignError)
        lost = [sum(side) - sum(margin) for side, margin in zip(self._sides, self.host_margins, strict=True)]
        return self._reduced(sizes, (lost[0], lost[1]))

    @property
    def least_shape(self) -> tuple[int, ...]:
        """Shape of the smallest frame that gives a result."""
        sides = zip(self._sides, self.host_margins, strict=True)
        return tuple(max(sum(side) - sum(margin) + 1, 1) for side, margin in sides)

    def worst_windows(self) -> dict[str, Any]:
        """See `Design.worst_windows`."""
        # The first of the results whose window lies inside the image gets a whole tile.
        moved = [-before % stride for (before, _), stride in zip(self.host_margins, self.stride, strict=True)]
        return {name: self._as_window(kernel, *moved) for name, kernel in self.worst_kernels().items()}

    def worst_kernels(self) -> dict[str, Kernel]:
        """The kernels whose sums are the greatest numbers of all, by a name for each."""
        raise NotImplementedError

    def _as_window(self, kernel: Kernel, rows: int, columns: int) -> Kernel:
        """The kernel as it meets the pixels, moved down and to the right, around its ends."""
        turned = self.orientation.turned(kernel)
        down = turned[len(turned) - rows % len(turned) :] + turned[: len(turned) - rows % len(turned)]
        return tuple(line[len(line) - columns % len(line) :] + line[: len(line) - columns % len(line)] for line in down)
