"""Where a kernel's window lies in an image: sizes of frames, borders and results, and the windows that need the most bits."""

from functools import cached_property
from typing import Any

import numpy as np

from ..arguments import integer
from ..errors import DesignError
from .axes import FrameAxis
from .borders import NoBorder, border_of
from .given import Step
from .image_response import ImageResponse
from .orientation import Orientation, orientation_of
from .spacings import EveryPlace, spacing_of
from .words import Boundary, Kernel, Mode, Operation

__all__ = ["ImageGeometry"]

LINE_TURNAROUND = 3
"""Beats that a line must have for its line buffer: clocks from the read of a word to the read that may see its new value."""


class ImageGeometry:
    """The geometry of a 2-D design, from its kernels' size, its border, operation and stride: what of an image has results, and
    which frames the core takes."""

    # Fields of the design.
    mode: Mode
    boundary: Boundary
    fill: int
    operation: Operation
    switchable: bool
    stride: Step
    pixels_per_clock: int
    rows: int
    columns: int
    shift: int
    linear: bool

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

    @cached_property
    def spacing(self) -> EveryPlace:
        """Which places have results."""
        return spacing_of(self.stride)

    @property
    def host_margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows above and below, columns left and right, that results reach outside an image; the host pads these, if any."""
        rows, columns = self._sides
        return self.border.margins(*rows), self.border.margins(*columns)

    @cached_property
    def image_response(self) -> ImageResponse:
        """See `Responding.image_response`."""
        windows = [np.array(self.orientation.turned(kernel), object) for kernel in self.kernels]
        (above, _), (left, _) = self.host_margins
        return ImageResponse(windows, (-above, -left), self.stride, self.shift, self.operation, self.linear)

    @cached_property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        """See `Design.frame_axes`. Host and core agree on these, so they are the description's."""
        border, pixels = self.border, self.pixels_per_clock
        # The first beat of results lies inside the line, and the line has as many beats as it must have.
        shortest = max(border.awaited(*self._sides[1]) + pixels, (LINE_TURNAROUND - 1) * pixels + 1)
        least, most = (border.least(*self._sides[0]), shortest), (self.rows, self.columns)
        lines = zip(self._sides, self.stride, least, most, self.host_margins, strict=True)
        return tuple(
            border.axis(window, stride, low, self._most(size, window, low, stride), self.boundary, margins)
            for window, stride, low, size, margins in lines
        )

    def _most(self, size: int, sides: tuple[int, int], least: int, stride: int) -> int:
        """The most lines of a frame: those of the largest image with all that the host adds, or of the smallest one."""
        return max(size + self.border.room(*sides, stride), least + sum(sides) + stride - 1)

    def _reduced(self, sizes: tuple[int, int], lost: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of results of which so many would be lost with a stride of 1."""
        rows, columns = (-((less - size) // stride) for size, less, stride in zip(sizes, lost, self.stride, strict=True))
        return rows, columns

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
