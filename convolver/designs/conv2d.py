"""2-D convolutions and correlations."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from ..arguments import between, choice, flag, index, is_sequence, items, shown
from ..counting import counted
from ..errors import DataError, DesignError
from ..formats import Format, Overflow, Rounding
from ..quantize import Quantized
from .base import format_of, so_many
from .combinations import Weights
from .geometry import ImageGeometry
from .given import NONE, ONE_BY_ONE, U8, FormatLike, KernelLike, MaybeFormatLike, Step, required
from .image_stacks import by, stack_of_images
from .kernels import MAX_KERNELS, MAX_SIDE, kernels_of, nested
from .linear import LinearDesign
from .rules import Rule, check_rules
from .words import (
    BOUNDARIES,
    COMBINATIONS,
    MODES,
    OPERATIONS,
    STRUCTURES,
    Boundary,
    Combination,
    Kernel,
    Mode,
    Operation,
    Plane,
    Structure,
)

__all__ = ["Conv2DDesign"]

MAX_STRIDE = 64
"""Most rows and columns from one result to the next."""

MAX_PLANES = 4
"""Most planes that go through side by side."""

TRIAL_SIDE = 64
"""Rows and columns, plus the kernel's, of the largest image of a quick test."""

PIXELS_PER_CLOCK = (1, 2, 4)
"""Pixels that a beat may carry."""

_RULES = (
    Rule(
        {"stride": (1, 1), "pixels_per_clock": 1},
        "A stride other than 1x1 must have 1 pixel per clock, not {pixels_per_clock}",
    ),
    Rule({"switchable": False, "mode": "same"}, "A switchable boundary must have mode same, not {mode}"),
)

_SLOT_RULES = tuple(
    Rule(
        {field: 1, "clocks_per_pixel": 1, **limit},
        f"A core of several {things} must have 1 clock per pixel, not {{clocks_per_pixel}}{because}",
    )
    for field, things in (("pixels_per_clock", "pixels per clock"), ("planes", "planes"))
    for limit, because in (({"multipliers": None}, ", which {multipliers} multipliers take"), ({}, ""))
)


@dataclass(frozen=True)
class Conv2DDesign(ImageGeometry, LinearDesign):  # type: ignore[misc]  # output_shape names its two sizes
    """A 2-D convolution (or correlation) of an image with a kernel, or with several in one pass, one pixel a clock, 2 or 4, or
    one in several clocks.

    ``convolve`` flips the kernel in both axes, as `scipy.signal.convolve2d` does; ``correlate`` doesn't, as
    `scipy.signal.correlate2d` doesn't. In ``same`` mode the output has the image's shape and is centred as these two centre
    it, for even sizes too: the window of output (r, c) begins at row ``r - kernel_rows // 2`` under ``convolve`` and at row
    ``r - (kernel_rows - 1) // 2`` under ``correlate``, and likewise in columns. (`scipy.ndimage.correlate` and
    `cv2.filter2D` begin the window of an even size at ``r - kernel_rows // 2``.)

    ``result = overflow(round(value / 2**shift))``, where `value` is a kernel's exact sum; with `absolute` its magnitude; with
    `combine` ``sum_abs`` the sum of all kernels' magnitudes. With a `threshold` the result is ``output.max`` where
    ``round(value / 2**shift) > threshold`` and 0 elsewhere, as `cv2.threshold` with ``THRESH_BINARY`` has it.

    Parameters
    ----------
    kernel : 2-D or 3-D array-like of int
        1x1 to 15x15, even and non-square included; or 1 to 8 of one size, along the first axis. The results of several have
        that axis too. A float raises; see `convolver.quantize`.
    pixel : Format
        Format of the pixels, 1 to 32 bits.
    coefficient, output, shift, rounding, overflow, loadable
        As in `FIRDesign`.
    operation : {"convolve", "correlate"}
        Whether the kernel is flipped.
    combine : {"none", "sum_abs"}
        What becomes of several kernels' sums: each a result of its own, or the sum of their magnitudes one result.
    absolute : bool
        Whether a sum's magnitude takes its place.
    threshold : int, optional
        Makes results binary; a number that results can reach. `output` is then u1 by default.
    mode : {"same", "valid", "full"}
        Size of the output: the image's, only where the kernel lies inside the image, or wherever it touches the image.
    stride : int or (int, int)
        Rows and columns from one result to the next, 1 to 64: the results are those of stride 1 at ``[::stride[0],
        ::stride[1]]``. One integer holds for both.
    boundary : {"constant", "edge", "reflect", "symmetric", "wrap"}
        What stands outside the image, by `numpy.pad`'s names, made in the core. Only for ``wrap``, for ``full``, and for images
        too small for the core (see `frame_axes`) does the host pad.
    fill : int
        The pixel outside the image under ``constant``; fits `pixel`.
    switchable : bool
        Whether boundary and fill can be chosen at run time, for each frame; `boundary` and `fill` are then what holds where
        nothing is said. For ``same`` and kernels of up to 7x7.
    rows, columns : int
        Largest image, 1 to 65535 rows and 1 to 16384 columns. `columns` sets the line buffer's memory.
    clocks_per_pixel : int, optional
        Clocks in which one pixel is computed, 1 to 1024: as many of a kernel's coefficients share a multiplier. By default 1,
        or what `multipliers` asks.
    multipliers : int, optional
        Most multipliers to use, at least one for each kernel: sets `clocks_per_pixel` to the fewest clocks that do with them.
        With 0 constant kernels are shifted and added, in one clock.
    pixels_per_clock : {1, 2, 4}
        Pixels of a line that go in, and results that come out, in one beat; as many times the multipliers. A line's last beat
        has the rest of the line. More than 1 goes with a stride of 1, and a pixel in one clock, only.
    planes : int
        Planes of a picture that go through side by side, 1 to 4: each pixel has a sample of each, as colour has of red, green
        and blue, and so has each result; as many times the multipliers. Images then are (rows, columns, planes). More than 1
        goes with a pixel in one clock only.
    structure : {"auto", "direct"}
        Whether a constant kernel's structure may be used where that takes fewer multipliers: places whose weights are equal but
        for the sign share one, their pixels added up before it; of a separable kernel a column filter and a row filter take the
        kernel's place. Or never.

    Raises
    ------
    DesignError
        If a parameter is out of its range; the message names the rule and the value.
    """

    kind: ClassVar[str] = "conv2d"
    title: ClassVar[str] = "2-D convolution"
    rank: ClassVar[int] = 2
    weights_field: ClassVar[str] = "kernel"
    sample_field: ClassVar[str] = "pixel"
    axes: ClassVar[tuple[str, ...]] = ("rows", "columns")
    frame_marks: ClassVar[tuple[str, ...]] = ("first", "last", "eol")
    element: ClassVar[str] = "pixel"
    cycles_field: ClassVar[str] = "clocks_per_pixel"
    smaller: ClassVar[Mapping[str, str]] = {
        "multiplier": "use a smaller kernel",
        "block RAM": "use fewer columns",
        "single-port RAM": "use fewer columns, or a smaller kernel",
    }

    kernel: KernelLike = required
    pixel: FormatLike = U8
    coefficient: MaybeFormatLike = NONE
    output: MaybeFormatLike = NONE
    shift: int = 0
    rounding: Rounding = "half_up"
    overflow: Overflow = "saturate"
    operation: Operation = "convolve"
    mode: Mode = "same"
    boundary: Boundary = "constant"
    fill: int = 0
    rows: int = 4096
    columns: int = 640
    loadable: bool = False
    switchable: bool = False
    combine: Combination = "none"
    absolute: bool = False
    threshold: int | None = None
    stride: Step = ONE_BY_ONE
    clocks_per_pixel: int | None = None
    multipliers: int | None = None
    pixels_per_clock: int = 1
    planes: int = 1
    structure: Structure = "auto"
    quantized: Quantized | None = dataclasses.field(default=None, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._set("kernel", kernels_of(self.kernel))
        self._set("pixel", format_of("Pixel", self.pixel))
        self._set("combine", choice("Combine", self.combine, COMBINATIONS))
        self._set("absolute", flag("Absolute", self.absolute))
        self._set("operation", choice("Operation", self.operation, OPERATIONS))
        self._set("mode", choice("Mode", self.mode, MODES))
        self._set("boundary", choice("Boundary", self.boundary, BOUNDARIES))
        self._set("structure", choice("Structure", self.structure, STRUCTURES))
        self._set("stride", _stride(self.stride))
        pixels = index(self.pixels_per_clock)
        if pixels not in PIXELS_PER_CLOCK:
            raise DesignError(f"Pixels per clock must be one of 1, 2, 4, not {shown(self.pixels_per_clock)}")
        self._set("pixels_per_clock", pixels)
        self._set("planes", between("Planes", self.planes, 1, MAX_PLANES))
        self._set("rows", between("Rows", self.rows, 1, 65535))
        self._set("columns", between("Columns", self.columns, 1, 16384))
        self._set("fill", between("Fill", self.fill, self.pixel.min, self.pixel.max))
        self._set("switchable", flag("Switchable", self.switchable))
        check_rules(self, _RULES)
        self.border.check(self.kernel_rows, self.kernel_columns)
        self._check_numbers()
        self._set("threshold", self.decision.checked(self.result_range))
        self._choose("Clocks per pixel", (len(self.kernels), MAX_KERNELS * MAX_SIDE**2))
        check_rules(self, _SLOT_RULES)

    @property
    def sample(self) -> Format:
        return self.pixel

    def describe(self) -> str:
        size = f"{self.kernel_rows}x{self.kernel_columns}"
        columns = counted(self.columns, "column")
        return f"{size}, {self.origin} {self.coefficient_format}, {self.pixel} pixels, {columns}, {self.boundary}"

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        """Shape of `kernel`."""
        return np.shape(self.kernel)

    @property
    def kernel_axes(self) -> tuple[int, ...]:
        """The axes of `kernel` in front of a kernel's own: one, if it lists several."""
        return self._shape[:-2]

    @property
    def stacked(self) -> bool:
        """Whether `kernel` has an axis for several kernels."""
        return bool(self.kernel_axes)

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """All kernels; one or more."""
        kernels: tuple[Kernel, ...] = nested(self.weights, (math.prod(self.kernel_axes), *self._shape[-2:]))
        return kernels

    @cached_property
    def weights(self) -> tuple[int, ...]:
        return tuple(np.array(self.kernel, object).flat)

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        stack = stack_of_images(shape, stack)
        sizes, planes = shape[stack : stack + 2], shape[stack + 2 :]
        if any(size < least for size, least in zip(sizes, self.least_shape, strict=True)):
            raise DataError(
                f"In valid mode an image must be at least as large as the kernel, {by(self.least_shape)}, not {by(sizes)}"
            )
        side_by_side = self.sample_axes
        others = planes[: len(planes) - len(side_by_side)]
        if (*others, *side_by_side) != planes:
            raise DataError(f"An image must be (rows, columns, {self.planes}), as the design says, not {by(shape)}")
        own = (slice(None),) * (2 + len(side_by_side))
        before = np.ndindex(shape[:stack])
        return [(*image, *own[:2], *plane, *own[2:]) for image in before for plane in np.ndindex(others)]

    def with_border(self, **asked: object) -> Self:
        self.border.check_choosable()
        try:
            changed = self.replace(**asked)
        except DesignError as error:
            raise DataError(str(error)) from None
        if asked.keys() - changed.border.stated:
            told = f"not {changed.fill} for {changed.boundary}; leave it out"
            raise DataError(f"A fill can be chosen only for the boundary constant, {told}")
        return changed

    @property
    def coefficient_set(self) -> Kernel | tuple[Kernel, ...]:
        return self.kernel

    @property
    def trial_shape(self) -> tuple[int, ...]:
        sides = (self.kernel_rows, self.rows), (self.kernel_columns, self.columns)
        return tuple(
            max(low, min(TRIAL_SIDE + kernel, most)) for low, (kernel, most) in zip(self.least_shape, sides, strict=True)
        )

    def shape_within(self, samples: int) -> tuple[int, ...]:
        return max(self.least_shape[0], min(self.rows, samples // self.columns)), self.columns

    @cached_property
    def sums(self) -> tuple[Weights, ...]:
        sums: tuple[Weights, ...] = nested(self.weights, (len(self.kernels), self.kernel_rows * self.kernel_columns))
        return sums

    def with_weights(self, weights: Sequence[int]) -> Self:
        weights = so_many("Weights", weights, len(self.weights))
        return self.replace(kernel=nested(weights, self._shape))

    @property
    def sample_axes(self) -> tuple[int, ...]:
        return (self.planes,) if self.planes > 1 else ()

    @property
    def result_axes(self) -> tuple[int, ...]:
        return self.combining.axes(self.kernel_axes)

    def worst_kernels(self) -> dict[str, Kernel]:
        names = ("".join(["sum", *(f" of kernel {place}" for place in places)]) for places in np.ndindex(self.kernel_axes))
        worst = self.combining.worst(dict(zip(names, self.sums, strict=True)))
        return {name: nested(weights, (self.kernel_rows, self.kernel_columns)) for name, weights in worst.items()}


def _stride(given: object) -> tuple[int, int]:
    pair = items("Stride", given) if is_sequence(given) else [given, given]
    if len(pair) != 2:
        raise DesignError(f"Stride must be one integer, or two for rows and columns, not {len(pair)}")
    return between("Stride", pair[0], 1, MAX_STRIDE), between("Stride", pair[1], 1, MAX_STRIDE)
