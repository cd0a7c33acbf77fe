"""2-D convolutions and correlations."""

import dataclasses
import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

from ..arguments import between, choice, flag, index, is_sequence, items, shown
from ..errors import DataError, DesignError
from ..formats import Format, Overflow, Rounding, u1, u8
from ..quantize import Quantized
from ..structure import factors_of, multipliers_of
from .base import format_of, so_many
from .geometry import ImageGeometry
from .image_stacks import by, stack_of_images
from .kernels import MAX_KERNELS, MAX_SIDE, kernels_of
from .linear import LinearDesign, slot_clocks
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

WIDEST_COLUMN = 16
"""Bits of the widest sums of a column that a row filter takes: more would take several hard multipliers each somewhere."""

MAX_PLANES = 4
"""Most planes that go through side by side."""

TRIAL_SIDE = 64
"""Rows and columns, plus the kernel's, of the largest image of a quick test."""

PIXELS_PER_CLOCK = (1, 2, 4)
"""Pixels that a beat may carry."""


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
        too small for the core (see `core_min_rows` and `core_min_columns`) does the host pad.
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
    element: ClassVar[str] = "pixel"
    cycles_field: ClassVar[str] = "clocks_per_pixel"
    smaller: ClassVar[Mapping[str, str]] = {
        "multiplier": "use a smaller kernel",
        "block RAM": "use fewer columns",
        "single-port RAM": "use a smaller kernel",
    }

    kernel: Kernel | tuple[Kernel, ...]
    pixel: Format = u8
    coefficient: Format | None = None
    output: Format | None = None
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
    stride: tuple[int, int] = (1, 1)
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
        if pixels > 1 and self.stride != (1, 1):
            raise DesignError(f"A stride other than 1x1 must have 1 pixel per clock, not {pixels}")
        self._set("planes", between("Planes", self.planes, 1, MAX_PLANES))
        self._set("rows", between("Rows", self.rows, 1, 65535))
        self._set("columns", between("Columns", self.columns, 1, 16384))
        self._set("fill", between("Fill", self.fill, self.pixel.min, self.pixel.max))
        self._set("switchable", flag("Switchable", self.switchable))
        if self.switchable and self.mode != "same":
            raise DesignError(f"A switchable boundary must have mode same, not {self.mode}")
        self.border.check(self.kernel_rows, self.kernel_columns)
        self._check_numbers()
        if self.threshold is not None:
            self._set("threshold", between("Threshold", self.threshold, *self.result_range))
        if self.multipliers is not None:
            multipliers = between("Multipliers", self.multipliers, len(self.kernels), MAX_KERNELS * MAX_SIDE**2)
            self._set("multipliers", multipliers)
        clocks = slot_clocks("Clocks per pixel", self.clocks_per_pixel, self.multipliers, self._multipliers)
        self._set("clocks_per_pixel", clocks)
        if pixels > 1 and clocks > 1:
            raise DesignError(f"A core of several pixels per clock must have 1 clock per pixel, not {clocks}")
        if self.planes > 1 and clocks > 1:
            raise DesignError(f"A core of several planes must have 1 clock per pixel, not {clocks}")

    def _multipliers(self, clocks: int) -> int:
        """Multipliers that do in so many clocks a pixel; several pixels or planes have one clock only."""
        copies = self.pixels_per_clock * self.planes if clocks == 1 else 1
        if self.loadable:
            return copies * len(self.kernels) * -(-self.kernel_rows * self.kernel_columns // clocks)
        kernels = [[abs(weight) for line in kernel for weight in line if weight] for kernel in self.kernels]
        if self.structure == "auto":
            kernels = [sorted(set(kernel)) for kernel in kernels]
        products = sum(multipliers_of(kernel, clocks) for kernel in kernels)
        if self._factors is not None:
            products = min(products, sum(_distinct_multipliers(factor, clocks) for pair in self._factors for factor in pair))
        return copies * products

    @cached_property
    def _factors(self) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] | None:
        """Column and row of each kernel, if all are separable and the core could go this way."""
        flat = min(self.kernel_rows, self.kernel_columns) == 1
        if self.structure == "direct" or self.loadable or flat:
            return None
        found = []
        for kernel in self.kernels:
            pair = factors_of(kernel)
            if pair is None or Format.holding(*_reach_of(pair[0], self.pixel)).width > WIDEST_COLUMN:
                return None
            found.append(pair)
        return tuple(found)

    @cached_property
    def factors(self) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] | None:
        """Column and row of each kernel, if all are separable and that takes fewer multipliers."""
        if self._factors is None:
            return None
        whole = sum(_distinct_multipliers(kernel, self.slot) for kernel in self.sums)
        apart = sum(_distinct_multipliers(factor, self.slot) for pair in self._factors for factor in pair)
        return self._factors if apart < whole else None

    @property
    def slot(self) -> int:
        """`clocks_per_pixel`, which is never None once the design is made."""
        assert self.clocks_per_pixel is not None
        return self.clocks_per_pixel

    @property
    def sample(self) -> Format:
        return self.pixel

    def describe(self) -> str:
        size = f"{self.kernel_rows}x{self.kernel_columns}"
        return f"{size}, {self.origin} {self.coefficient_format}, {self.pixel} pixels, {self.columns} columns, {self.boundary}"

    @property
    def stacked(self) -> bool:
        """Whether `kernel` has an axis for several kernels."""
        return isinstance(self.kernel[0][0], tuple)

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """All kernels; one or more."""
        return self.kernel if self.stacked else (self.kernel,)  # type: ignore[return-value]  # as `stacked` says

    @property
    def weights(self) -> tuple[int, ...]:
        return tuple(weight for kernel in self.kernels for line in kernel for weight in line)

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        stack = stack_of_images(shape, stack)
        sizes = shape[stack : stack + 2]
        if any(size < least for size, least in zip(sizes, self.least_shape, strict=True)):
            raise DataError(
                f"In valid mode an image must be at least as large as the kernel, {by(self.least_shape)}, not {by(sizes)}"
            )
        planes: list[Plane] = [(slice(None), slice(None))]
        if self.planes > 1:
            if len(shape) - stack != 3 or shape[-1] != self.planes:
                raise DataError(f"An image must be (rows, columns, {self.planes}), as the design says, not {by(shape)}")
            planes = [(slice(None), slice(None), slice(None))]
        elif len(shape) - stack == 3:
            planes = [(*plane, number) for plane in planes for number in range(shape[-1])]
        return [(number, *plane) for number in range(shape[0]) for plane in planes] if stack else planes

    def with_border(self, **asked: object) -> Self:
        if not self.border.choices:
            raise DataError(f"A boundary can be chosen only of a design with switchable=True; this one's is {self.boundary}")
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

    @property
    def sums(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(weight for line in kernel for weight in line) for kernel in self.kernels)

    def with_weights(self, weights: Sequence[int]) -> Self:
        columns, rows = self.kernel_columns, self.kernel_rows
        weights = so_many("Weights", weights, len(self.weights))
        lines = [tuple(weights[start : start + columns]) for start in range(0, len(weights), columns)]
        kernels = tuple(tuple(lines[start : start + rows]) for start in range(0, len(lines), rows))
        return self.replace(kernel=kernels if self.stacked else kernels[0])

    @property
    def outputs(self) -> int:
        return len(self.kernels) if self.combine == "none" else 1

    @property
    def results(self) -> str:
        return f"{self.outputs} of {self.output_format} a pixel" if self.outputs > 1 else super().results

    @property
    def sample_axes(self) -> tuple[int, ...]:
        return (self.planes,) if self.planes > 1 else ()

    @property
    def result_axes(self) -> tuple[int, ...]:
        return (self.outputs,) if self.stacked and self.combine == "none" else ()

    @cached_property
    def kernel_ranges(self) -> tuple[tuple[int, int], ...]:
        """`sum_range` of each kernel."""
        return tuple(self._reach([weight for line in kernel for weight in line]) for kernel in self.kernels)

    @cached_property
    def sum_range(self) -> tuple[int, int]:
        """The least and the greatest sum of any of the kernels; see `Design.sum_range`."""
        return min(low for low, _ in self.kernel_ranges), max(high for _, high in self.kernel_ranges)

    @cached_property
    def stage_ranges(self) -> tuple[tuple[int, int], ...]:
        """See `Design.stage_ranges`. Magnitudes are added up to what one window can give, not to what each kernel can."""
        if self.combine == "sum_abs":
            return ((0, self._greatest_magnitude),)
        if self.absolute:
            return tuple((0, max(-low, high)) for low, high in self.kernel_ranges)
        return self.kernel_ranges

    @property
    def _greatest_magnitude(self) -> int:
        """The greatest sum of all kernels' magnitudes: that of some choice of signs."""
        if self.loadable:  # all kernels may be the same one
            return len(self.kernels) * max(-self.sum_range[0], self.sum_range[1])
        places = list(zip(*([weight for line in kernel for weight in line] for kernel in self.kernels), strict=True))
        greatest = 0
        for signs in itertools.product((1, -1), repeat=len(self.kernels) - 1):
            low, high = self._reach([sum(map(operator.mul, (1, *signs), weights)) for weights in places])
            greatest = max(greatest, -low, high)
        return greatest

    def worst_kernels(self) -> dict[str, Kernel]:
        if len(self.kernels) > 1 and self.combine == "sum_abs":  # the greatest is that of some choice of signs
            choices = [(1, *signs) for signs in itertools.product((1, -1), repeat=len(self.kernels) - 1)]
            return {f"sum with signs {signs}": self._signed_sum(signs) for signs in choices}
        if len(self.kernels) > 1:
            return {f"sum of kernel {number}": kernel for number, kernel in enumerate(self.kernels)}
        return {"sum": self.kernels[0]}

    def _signed_sum(self, signs: Sequence[int]) -> Kernel:
        """The kernel that all kernels with these signs add up to."""
        lines = zip(*self.kernels, strict=True)
        return tuple(tuple(sum(map(operator.mul, signs, weights)) for weights in zip(*line, strict=True)) for line in lines)

    @property
    def output_range(self) -> tuple[int, int]:
        """See `Design.output_range`; a threshold gives zero and the greatest of the format."""
        return (0, self.output_format.max) if self.threshold is not None else super().output_range

    @property
    def _exact_output(self) -> Format:
        return u1 if self.threshold is not None else super()._exact_output


def _reach_of(weights: Iterable[int], sample: Format) -> tuple[int, int]:
    """The least and the greatest sum of samples times these constants."""
    ends = [sorted((weight * sample.min, weight * sample.max)) for weight in weights]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _distinct_multipliers(weights: Iterable[int], clocks: int) -> int:
    """Multipliers of products by these constants, in so many clocks, if equal ones share theirs."""
    return multipliers_of(sorted({abs(weight) for weight in weights if weight}), clocks)


def _stride(given: object) -> tuple[int, int]:
    pair = items("Stride", given) if is_sequence(given) else [given, given]
    if len(pair) != 2:
        raise DesignError(f"Stride must be one integer, or two for rows and columns, not {len(pair)}")
    return between("Stride", pair[0], 1, MAX_STRIDE), between("Stride", pair[1], 1, MAX_STRIDE)
