"""Where a kernel's window lies in an image: sizes of frames, borders and results, and the windows that need the most bits."""

import itertools
import operator
from collections.abc import Sequence
from typing import Any, Literal

from ..arguments import integer
from ..errors import DesignError
from .axes import FrameAxis
from .words import GATEWARE_BOUNDARIES, Boundary, Combination, Kernel, Mode, Operation

__all__ = ["ImageGeometry"]

LINE_TURNAROUND = 3
"""Beats that a line must have for its line buffer: clocks from the read of a word to the read that may see its new value."""


class ImageGeometry:
    """The geometry of a 2-D design, from its kernels' size, its mode, boundary and stride.

    A core counts frames with all that the host adds to them; what begins with `core_` is about these.
    """

    # Fields of the design.
    mode: Mode
    boundary: Boundary
    operation: Operation
    combine: Combination
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

    @property
    def above(self) -> int:
        """Rows of the window above its centre."""
        return (self.kernel_rows - (self.operation == "correlate")) // 2

    @property
    def below(self) -> int:
        """Rows of the window below its centre."""
        return self.kernel_rows - 1 - self.above

    @property
    def left(self) -> int:
        """Columns of the window left of its centre."""
        return (self.kernel_columns - (self.operation == "correlate")) // 2

    @property
    def right(self) -> int:
        """Columns of the window right of its centre."""
        return self.kernel_columns - 1 - self.left

    @property
    def core_mode(self) -> Literal["same", "valid"]:
        """What the gateware does: ``same`` with its own borders, or ``valid`` over an image that the host has padded."""
        return "same" if self.mode == "same" and (self.switchable or self.boundary in GATEWARE_BOUNDARIES) else "valid"

    @property
    def core_boundaries(self) -> tuple[Boundary, ...]:
        """Boundaries that the core makes: none in ``valid``, all of them where they can be switched."""
        if self.core_mode == "valid":
            return ()
        return GATEWARE_BOUNDARIES if self.switchable else (self.boundary,)

    @property
    def core_above(self) -> int:
        """Rows above a result that the core keeps: the window's, and one more where a reflected border reaches beyond them."""
        return max(self.above, self.below) if "reflect" in self.core_boundaries else self.above

    @property
    def core_below(self) -> int:
        """Rows below a result that the core waits for: the window's, and one more where a reflected border reaches beyond
        them."""
        return max(self.above, self.below) if "reflect" in self.core_boundaries else self.below

    @property
    def core_kept(self) -> int:
        """Rows of the column that comes to the window: those of the line buffer, and the newest."""
        return self.core_above + self.core_below + 1

    @property
    def core_right(self) -> int:
        """Columns right of a result that the core waits for; as `core_below`."""
        return max(self.left, self.right) if "reflect" in self.core_boundaries else self.right

    @property
    def core_beats(self) -> int:
        """Most beats of a line."""
        return self.beats(self.core_columns)

    @property
    def core_ahead(self) -> int:
        """Beats of a line that the core waits for beyond the one in which a result's own pixel comes, in ``valid`` its window's
        first pixel."""
        return self.beats(self.core_right if self.core_mode == "same" else self.kernel_columns - 1)

    @property
    def core_late(self) -> int:
        """Pixels by which that is more than the window needs."""
        reach = self.right if self.core_mode == "same" else self.kernel_columns - 1
        return self.core_ahead * self.pixels_per_clock - reach

    def beats(self, columns: int) -> int:
        """Beats of a line of so many pixels or results."""
        return -(-columns // self.pixels_per_clock)

    def overhangs(self, columns: int) -> bool:
        """Whether the last results of a line of so many pixels need a beat more than the line has: the next line's first, or
        one that the core makes up. Never with one pixel a clock; else in ``valid`` only, where the first result of a line is
        that of its first whole window, and so the last one need not come with the last beat."""
        pixels = self.pixels_per_clock
        return self.core_mode == "valid" and (columns - 1) % pixels + self.core_late >= pixels

    @property
    def spacing(self) -> str:
        """Which places have results, in words; nothing where all have."""
        return ", stride {}x{}".format(*self.stride) if self.stride != (1, 1) else ""

    @property
    def host_pads(self) -> bool:
        """Whether the host pads every image before the core sees it."""
        return self.core_mode == "valid" and self.mode != "valid"

    @property
    def host_margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows above and below, columns left and right, that a window needs around an image when the host pads."""
        if self.mode == "full":
            return (self.kernel_rows - 1,) * 2, (self.kernel_columns - 1,) * 2
        return (self.above, self.below), (self.left, self.right)

    @property
    def core_min_rows(self) -> int:
        """Fewest rows of a frame that the core takes; the host pads a smaller one.

        ``constant`` and ``edge`` do with one; a mirrored border must find all its rows in the frame."""
        if self.core_mode == "valid":
            return self.kernel_rows
        reach = max(self.above, self.below)
        if "reflect" in self.core_boundaries:
            return reach + 1
        return max(reach, 1) if "symmetric" in self.core_boundaries else 1

    @property
    def core_min_columns(self) -> int:
        """Fewest columns of a frame that the core takes; the host pads a narrower one."""
        window = self.kernel_columns if self.core_mode == "valid" else self.core_right + 1
        # The first beat of results lies inside the line, and the line has as many beats as it must have.
        return max(window + self.pixels_per_clock - 1, (LINE_TURNAROUND - 1) * self.pixels_per_clock + 1)

    @property
    def core_rows(self) -> int:
        """Most rows of a frame that the core counts, the host's padding included."""
        return self._most(self.rows, self.host_margins[0], self.core_min_rows, self.kernel_rows, self.stride[0])

    @property
    def core_columns(self) -> int:
        """Most columns of a frame that the core's line buffer holds, the host's padding included."""
        return self._most(self.columns, self.host_margins[1], self.core_min_columns, self.kernel_columns, self.stride[1])

    def _most(self, size: int, margins: tuple[int, int], least: int, kernel: int, stride: int) -> int:
        margin = sum(margins) if self.host_pads or self.switchable else 0
        # Where a core that makes borders itself gets an image with one, that begins up to a stride earlier.
        early = stride - 1 if self.switchable else 0
        return max(size + margin + early, least + kernel - 1 + stride - 1)

    @property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        """See `Design.frame_axes`."""
        windows = (self.above, self.below), (self.left, self.right)
        least, most = (self.core_min_rows, self.core_min_columns), (self.core_rows, self.core_columns)
        padded = self.host_pads or (self.mode == "same" and self.boundary == "wrap")
        sides = zip(windows, self.stride, least, most, self.host_margins, strict=True)
        return tuple(
            FrameAxis(window, stride, low, high, self.core_mode == "same", padded, margins, self.boundary)
            for window, stride, low, high, margins in sides
        )

    def core_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of the results that the core gives for a frame of that size."""
        if self.core_mode == "valid":
            rows, columns = rows - self.kernel_rows + 1, columns - self.kernel_columns + 1
        return -(-rows // self.stride[0]), -(-columns // self.stride[1])

    def output_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of the result for an image of `rows` x `columns`; zero or negative where none is left."""
        rows, columns = integer("Rows", rows, DesignError), integer("Columns", columns, DesignError)
        grow = {"full": 1, "same": 0, "valid": -1}[self.mode]
        rows, columns = rows + grow * (self.kernel_rows - 1), columns + grow * (self.kernel_columns - 1)
        return -(-rows // self.stride[0]), -(-columns // self.stride[1])

    def worst_windows(self) -> dict[str, Any]:
        kernels = {"sum": self.kernels[0]}
        if len(self.kernels) > 1:
            kernels = {f"sum of kernel {number}": kernel for number, kernel in enumerate(self.kernels)}
        if len(self.kernels) > 1 and self.combine == "sum_abs":  # the greatest is that of some choice of signs
            choices = [(1, *signs) for signs in itertools.product((1, -1), repeat=len(self.kernels) - 1)]
            kernels = {f"sum with signs {signs}": self._signed_sum(signs) for signs in choices}
        # The first of the results whose window lies inside the image gets a whole tile.
        outside = {"full": (self.kernel_rows - 1, self.kernel_columns - 1), "same": (self.above, self.left)}
        before = outside.get(self.mode, (0, 0))
        moved = [-side % stride for side, stride in zip(before, self.stride, strict=True)]
        return {name: self._as_window(kernel, *moved) for name, kernel in kernels.items()}

    def _signed_sum(self, signs: Sequence[int]) -> Kernel:
        """The kernel that all kernels with these signs add up to."""
        lines = zip(*self.kernels, strict=True)
        return tuple(tuple(sum(map(operator.mul, signs, weights)) for weights in zip(*line, strict=True)) for line in lines)

    def _as_window(self, kernel: Kernel, rows: int, columns: int) -> Kernel:
        """The kernel as it meets the pixels, moved down and to the right, around its ends."""
        turned = tuple(line[::-1] for line in kernel[::-1]) if self.operation == "convolve" else kernel
        down = turned[len(turned) - rows % len(turned) :] + turned[: len(turned) - rows % len(turned)]
        return tuple(line[len(line) - columns % len(line) :] + line[: len(line) - columns % len(line)] for line in down)
