"""Descriptions of convolutions: `FIRDesign` and `Conv2DDesign`.

A design is frozen, checked once when it is made, and free of any hardware. The golden model, the gateware, the report and
the host all read it; as JSON it is stored in the bitstream, so that a host learns from a board what is on it.
"""

import dataclasses
import itertools
import json
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Self, get_args

from .arguments import any_masked, between, choice, flag, index, integers, is_sequence, items, masked, shown
from .errors import DesignError
from .formats import OVERFLOWS, ROUNDINGS, Format, Overflow, Rounding, round_shift, s16, u1, u8
from .quantize import Quantized
from .specification import KINDS, FromSpecification
from .specified import Specified
from .structure import factors_of, multipliers_of

__all__ = [
    "BOUNDARIES",
    "COMBINATIONS",
    "GATEWARE_BOUNDARIES",
    "MAX_KERNELS",
    "MODES",
    "OPERATIONS",
    "STRUCTURES",
    "SWAPS",
    "SYMMETRIES",
    "Boundary",
    "Combination",
    "Conv2DDesign",
    "Design",
    "FIRDesign",
    "Kernel",
    "Mode",
    "Operation",
    "Structure",
    "Swap",
    "Symmetry",
    "design_class",
    "design_from_dict",
    "design_from_json",
]

Boundary = Literal["constant", "edge", "reflect", "symmetric", "wrap"]
Mode = Literal["full", "same", "valid"]
Operation = Literal["convolve", "correlate"]
Symmetry = Literal["none", "symmetric", "antisymmetric"]
Swap = Literal["frame", "sample"]
Combination = Literal["none", "sum_abs"]
Structure = Literal["auto", "direct"]
Kernel = tuple[tuple[int, ...], ...]
BOUNDARIES: tuple[Boundary, ...] = get_args(Boundary)
MODES: tuple[Mode, ...] = get_args(Mode)
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
SYMMETRIES: tuple[Symmetry, ...] = get_args(Symmetry)
SWAPS: tuple[Swap, ...] = get_args(Swap)
COMBINATIONS: tuple[Combination, ...] = get_args(Combination)
STRUCTURES: tuple[Structure, ...] = get_args(Structure)
GATEWARE_BOUNDARIES: tuple[Boundary, ...] = ("constant", "edge", "reflect", "symmetric")
"""Boundaries that the core makes itself in ``same`` mode; for ``wrap`` the host pads."""

SCHEMA = 1
"""Version of the JSON form; raised when a field changes its meaning."""

SWITCHABLE_SIDE = 7
"""Most rows and columns of a kernel whose boundary is chosen at run time."""

MAX_KERNELS = 8
"""Most kernels that one window serves."""

MAX_STRIDE = 64
"""Most rows and columns from one result to the next."""

MAX_SIDE = 15
"""Most rows and columns of a kernel."""

WIDEST_COLUMN = 16
"""Bits of the widest sums of a column that a row filter takes: more would take several hard multipliers each somewhere."""

LINE_TURNAROUND = 3
"""Beats that a line must have for its line buffer: clocks from the read of a word to the read that may see its new value."""

MAX_PLANES = 4
"""Most planes that go through side by side."""

TRIAL_SAMPLES = 1000
"""Samples of the longest signal of a quick test."""

TRIAL_SIDE = 64
"""Rows and columns, plus the kernel's, of the largest image of a quick test."""

PIXELS_PER_CLOCK = (1, 2, 4)
"""Pixels that a beat may carry."""


def _format(name: str, value: object) -> Format:
    if isinstance(value, str):
        return Format.parse(value)
    if not isinstance(value, Format):
        raise DesignError(f"{name} must be a Format such as convolver.u8, or its name, not {shown(value)}")
    return value


class Design:
    """What every linear filter has in common: sample and coefficient formats, one exact sum, one output stage."""

    kind: ClassVar[str]
    rank: ClassVar[int]
    """Axes of what it filters: 1 of a signal, 2 of an image."""
    weights_field: ClassVar[str]
    """The field that lists the weights."""
    sample_field: ClassVar[str]
    """The field that says what a sample is."""
    axes: ClassVar[tuple[str, ...]] = ("length",)
    """The axes of a frame, the slowest first, by the names of the registers that hold their sizes."""
    element: ClassVar[str] = "sample"
    """What goes in, one after the other."""
    cycles_field: ClassVar[str] = "clocks_per_sample"
    """The field that says in how many clocks one of them is computed."""
    smaller: ClassVar[Mapping[str, str]]
    """How a design gets smaller, by the resource that a device has too little of."""

    @property
    def sample(self) -> Format:
        """Format of one input sample or pixel."""
        raise NotImplementedError

    @property
    def weights(self) -> tuple[int, ...]:
        """The coefficients in the order in which the design lists them, row by row."""
        raise NotImplementedError

    # The fields that all designs share are declared in each, so that their own come first.
    coefficient: Format | None
    output: Format | None
    shift: int
    rounding: Rounding
    overflow: Overflow
    loadable: bool
    quantized: Quantized | None
    """What the weights lost where a design file's real taps were quantised; a note, as `FIRDesign.specified` is."""

    # One of each, but in a design that has a field for it.
    pixels_per_clock: int = 1
    """Pixels, or samples of a signal, in a beat."""
    planes: int = 1
    """Samples of a pixel, side by side."""
    combine: Combination = "none"
    """What becomes of several sums."""
    absolute: bool = False
    """Whether a sum's magnitude takes its place."""
    threshold: int | None = None
    """What makes results binary."""
    continuous: bool = False
    """Whether a frame goes on where the one before ended."""
    switchable: bool = False
    """Whether boundary and fill can be chosen for each frame."""

    def _set(self, name: str, value: object) -> None:
        """Completes a field; they are frozen once the design is made."""
        object.__setattr__(self, name, value)

    def _check_numbers(self) -> None:
        """Checks and completes what all designs share."""
        between("Sample width", self.sample.width, 1, 32)
        coefficient = self.coefficient
        if coefficient is None:
            coefficient = Format.holding(min(self.weights), max(self.weights))
        else:
            coefficient = _format("Coefficient", coefficient)
        between("Coefficient width", coefficient.width, 1, 32)
        for weight in self.weights:
            if weight not in coefficient:
                limits = f"{coefficient.min} and {coefficient.max} to fit {coefficient}"
                raise DesignError(f"Coefficients must be between {limits}, not {shown(weight)}")
        self._set("coefficient", coefficient)
        if self.quantized is not None and self.quantized.coefficients != self.weights:
            self._set("quantized", None)  # a copy with other coefficients
        self._set("rounding", choice("Rounding", self.rounding, ROUNDINGS))
        self._set("overflow", choice("Overflow", self.overflow, OVERFLOWS))
        self._set("loadable", flag("Loadable", self.loadable))
        self._set("shift", between("Shift", self.shift, 0, self.stage_input.width))
        output = self._exact_output if self.output is None else _format("Output", self.output)
        self._set("output", output)

    @property
    def _exact_output(self) -> Format:
        """What `output` is where nothing is said."""
        return Format.holding(*self.result_range)

    @property
    def outputs(self) -> int:
        """Results for each place; they leave together."""
        return 1

    @property
    def result_axes(self) -> tuple[int, ...]:
        """The axes that results have in front of the samples' own: one of `outputs`, where the design asks for it."""
        return ()

    @property
    def result_bytes(self) -> int:
        """Bytes of the results of one place: all `outputs` of all `planes`, each in whole bytes."""
        return self.planes * self.outputs * self.output_format.bytes

    @cached_property
    def sum_range(self) -> tuple[int, int]:
        """The least and the greatest sum that any samples can give: with the actual coefficients, or, where they
        can be loaded, with any that fit their format."""
        return self._reach(self.weights)

    @property
    def slot(self) -> int:
        """Clocks in which a sample or a pixel is computed."""
        raise NotImplementedError

    def _reach(self, weights: Sequence[int]) -> tuple[int, int]:
        sample, coefficient = self.sample, self.coefficient_format
        low = high = 0
        for weight in weights:
            reach = (coefficient.min, coefficient.max) if self.loadable else (weight,)
            products = [c * x for c in reach for x in (sample.min, sample.max)]
            low += min(products)
            high += max(products)
        return low, high

    @property
    def accumulator(self) -> Format:
        """The narrowest format that holds every possible sum: nothing overflows inside a core."""
        return Format.holding(*self.sum_range)

    @property
    def stage_ranges(self) -> tuple[tuple[int, int], ...]:
        """The least and the greatest number that comes to the output stage, before the shift; of each output."""
        return (self.sum_range,)

    @property
    def stage_input(self) -> Format:
        """The narrowest format that holds all of `stage_ranges`."""
        lows, highs = zip(*self.stage_ranges, strict=True)
        return Format.holding(min(lows), max(highs))

    @property
    def result_range(self) -> tuple[int, int]:
        """`stage_ranges`, all together, after the shift and its rounding, before the overflow rule."""
        lows, highs = zip(*self.stage_ranges, strict=True)
        low, high = min(lows), max(highs)
        return round_shift(low, self.shift, self.rounding), round_shift(high, self.shift, self.rounding)

    @property
    def output_range(self) -> tuple[int, int]:
        """The least and the greatest result that can leave: `result_range` after the overflow rule."""
        form, (low, high) = self.output_format, self.result_range
        if self.overflow == "wrap" and not (low in form and high in form):
            return form.min, form.max
        return min(max(low, form.min), form.max), max(min(high, form.max), form.min)

    @property
    def coefficient_format(self) -> Format:
        """`coefficient`, which is never None once the design is made."""
        assert self.coefficient is not None
        return self.coefficient

    @property
    def output_format(self) -> Format:
        """`output`, which is never None once the design is made."""
        assert self.output is not None
        return self.output

    def describe(self) -> str:
        """The design in a few words."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The design as plain values, as they stand in its JSON or TOML file."""
        plain: dict[str, Any] = {"kind": self.kind, "schema": SCHEMA}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            if not field.compare:
                continue
            value = getattr(self, field.name)
            plain[field.name] = str(value) if isinstance(value, Format) else _listed(value)
        return plain

    def to_json(self) -> str:
        """The design on one line; equal designs give equal text."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    def to_toml(self) -> str:
        """The design as a TOML file for people."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in self.to_dict().items() if value is not None]
        return "\n".join(lines) + "\n"

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked again."""
        known = [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]  # every subclass is a dataclass
        for key in changes:
            if key not in known:
                raise DesignError(f"Unknown field {shown(key)}; known are {', '.join(known)}")
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]  # every subclass is a dataclass

    @property
    def sums(self) -> tuple[tuple[int, ...], ...]:
        """The coefficients of each exact sum."""
        return (self.weights,)

    @property
    def coefficient_set(self) -> Any:
        """The coefficients as they are given and loaded: nested as the design has them."""
        raise NotImplementedError

    @property
    def set_range(self) -> tuple[int, int]:
        """The least and the greatest coefficient of which a whole set may consist."""
        return self.coefficient_format.min, self.coefficient_format.max

    def complete(self, independent: Sequence[int]) -> tuple[int, ...]:
        """The whole set of coefficients of those that a core is loaded with."""
        return tuple(independent)

    @property
    def border(self) -> dict[str, Any]:
        """What a device is told of a frame's border, where that is chosen at run time."""
        return {}

    @property
    def least_shape(self) -> tuple[int, ...]:
        """Shape of the smallest frame, or of one plane of it, that gives a result."""
        raise NotImplementedError

    @property
    def trial_shape(self) -> tuple[int, ...]:
        """Shape of the largest frame of a quick test."""
        raise NotImplementedError

    def shape_within(self, samples: int) -> tuple[int, ...]:
        """Shape of a frame of about so many samples, as wide as the design takes."""
        raise NotImplementedError

    def worst_windows(self) -> dict[str, Any]:
        """Arrays of weights, by a name for each: a frame that meets one of them with the extremes of the samples, wherever a
        window of results begins, gives the greatest and the least numbers that the core ever has."""
        raise NotImplementedError

    @property
    def set_size(self) -> int:
        """Coefficients of a set that is loaded; 0 where they are constant."""
        return len(self.weights) if self.loadable else 0

    def with_weights(self, weights: Sequence[int]) -> Self:
        """A copy with other coefficients, in the order of `weights`."""
        raise NotImplementedError


def _mirrors(coefficients: Sequence[int], symmetry: Symmetry) -> int | None:
    """The first tap that breaks a symmetry; None if none does."""
    sign = {"none": 0, "symmetric": 1, "antisymmetric": -1}[symmetry]
    pairs = enumerate(zip(coefficients, reversed(coefficients), strict=True))
    return next((tap for tap, (one, other) in pairs if sign and one != sign * other), None)


def _asymmetric(coefficients: Sequence[int], symmetry: Symmetry, tap: int) -> str:
    mirror = len(coefficients) - 1 - tap
    if tap == mirror:  # its own negative
        return f"Coefficients must be {symmetry}: the middle one, tap {tap}, must be 0, not {coefficients[tap]}"
    sign = "" if symmetry == "symmetric" else "minus "
    return (
        f"Coefficients must be {symmetry}: tap {tap} must be {sign}tap {mirror}, "
        f"not {coefficients[tap]} against {coefficients[mirror]}"
    )


def _clocks(name: str, given: object, multipliers: int | None, lanes: Callable[[int], int]) -> int:
    """The clocks of a slot: as given, or the fewest that do with so many multipliers; `lanes` says how many each needs."""
    needed = 1
    if multipliers is not None:
        needed = next(clocks for clocks in itertools.count(1) if lanes(clocks) <= multipliers)
    clocks = between(name, needed if given is None else given, 1, 1024)
    if clocks < needed:
        raise DesignError(f"{name} must be at least {needed} for {multipliers} multipliers, not {clocks}")
    return clocks


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True)
class FIRDesign(FromSpecification, Design):
    """A causal FIR filter over a signal, one sample a clock.

    ``y[n] = overflow(round(sum(coefficients[k] * x[n - k] for k in range(taps)) / 2**shift))``: `scipy.signal.lfilter(
    coefficients, 1, x)`, then the output stage. Before a frame's first sample ``x[n] = 0``, or, if `continuous`, stand the
    samples of the frame before.

    Parameters
    ----------
    coefficients : sequence of int
        1 to 256 taps; the impulse response. A float raises; see `convolver.quantize`.
    data : Format
        Format of the samples, 1 to 32 bits.
    coefficient : Format, optional
        Format of the coefficients, 1 to 32 bits; by default the narrowest that holds them.
    output : Format, optional
        Format of the results; by default the narrowest that holds every possible one.
    shift : int
        Bits dropped from the exact sum, 0 to the accumulator's width.
    rounding : {"floor", "half_up", "half_even", "half_away", "toward_zero"}
        How the dropped bits round.
    overflow : {"saturate", "wrap"}
        What becomes of a result outside `output`.
    loadable : bool
        Whether the coefficients can be replaced at run time; `coefficients` are then those after reset.
    symmetry : {"none", "symmetric", "antisymmetric"}, optional
        ``coefficients[k]`` equals plus or minus ``coefficients[taps - 1 - k]``: half the multipliers. Found by itself in
        constant coefficients; a promise where they can be loaded, kept by every set.
    clocks_per_sample : int, optional
        Clocks in which one sample is computed, 1 to 1024: as many taps share a multiplier. By default 1, or what
        `multipliers` asks.
    multipliers : int, optional
        Most multipliers to use, 1 or more: sets `clocks_per_sample` to the fewest clocks that do with them.
    continuous : bool
        Whether a frame goes on where the one before ended, as `scipy.signal.lfilter` does with ``zi``: a stream cut into
        frames gives the results of the whole. The first one after reset starts from silence.
    swap : {"frame", "sample"}
        What the first sample is that a loaded set is used for: a frame's first, or, for streams without frames, the next.
    specified : Specified, optional
        What the coefficients were made for and what they reach, where a method such as `lowpass` made them. A note for people:
        no part of the comparison of designs, nor of their JSON and TOML.

    Raises
    ------
    DesignError
        If a parameter is out of its range; the message names the rule and the value.
    """

    kind: ClassVar[str] = "fir"
    rank: ClassVar[int] = 1
    weights_field: ClassVar[str] = "coefficients"
    sample_field: ClassVar[str] = "data"
    smaller: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("multiplier", "block RAM", "single-port RAM"), "use fewer taps or narrower numbers"
    )

    coefficients: tuple[int, ...]
    data: Format = s16
    coefficient: Format | None = None
    output: Format | None = None
    shift: int = 0
    rounding: Rounding = "half_up"
    overflow: Overflow = "saturate"
    loadable: bool = False
    symmetry: Symmetry | None = None
    clocks_per_sample: int | None = None
    multipliers: int | None = None
    continuous: bool = False
    swap: Swap = "frame"
    specified: Specified | None = dataclasses.field(default=None, kw_only=True, repr=False, compare=False)
    quantized: Quantized | None = dataclasses.field(default=None, kw_only=True, repr=False, compare=False)

    @classmethod
    def _of(cls, specified: Specified, fields: Mapping[str, Any]) -> Self:
        if taken := {"coefficients", "shift"} & fields.keys():
            raise DesignError(f"A filter from a specification has its own {sorted(taken)[0]}; leave it out")
        known = [field.name for field in dataclasses.fields(cls) if field.compare]
        for key in fields:
            if key not in known:
                raise DesignError(f"Unknown field {shown(key)}; known are {', '.join(known)}")
        return cls(specified.coefficients, coefficient=specified.format, shift=specified.shift, specified=specified, **fields)

    def __post_init__(self) -> None:
        coefficients = integers("Coefficients", self.coefficients)
        if not 1 <= len(coefficients) <= 256:
            raise DesignError(f"A FIR filter must have 1 to 256 taps, not {len(coefficients)}")
        self._set("coefficients", coefficients)
        noted = self.specified
        if noted is not None and (noted.coefficients, noted.shift) != (coefficients, self.shift):
            self._set("specified", None)  # a copy with other coefficients, or another gain
        self._set("data", _format("Data", self.data))
        self._check_numbers()
        self._check_symmetry()
        self._check_folding()
        self._set("continuous", flag("Continuous", self.continuous))
        self._set("swap", choice("Swap", self.swap, SWAPS))
        if self.swap == "sample" and not self.loadable:
            raise DesignError("Swap at the next sample needs loadable coefficients; this design's are constant")

    def _check_symmetry(self) -> None:
        if self.symmetry is None:
            # One tap, and nothing but zeros, have nothing to share.
            worth = not self.loadable and self.taps > 1 and any(self.coefficients)
            found = (kind for kind in SYMMETRIES[1:] if worth and _mirrors(self.coefficients, kind) is None)
            self._set("symmetry", next(found, "none"))
            return
        self._set("symmetry", choice("Symmetry", self.symmetry, SYMMETRIES))
        if self.symmetry != "none" and self.taps < 2:
            raise DesignError(f"A symmetry must have 2 taps or more to share, not {self.taps}")
        if (broken := _mirrors(self.coefficients, self.symmetry)) is not None:
            raise DesignError(_asymmetric(self.coefficients, self.symmetry, broken))
        if self.loadable and self.symmetry == "antisymmetric" and not self.coefficient_format.signed:
            raise DesignError(f"Antisymmetric coefficients must have a signed format, not {self.coefficient_format}")

    def _check_folding(self) -> None:
        if self.multipliers is not None:
            self._set("multipliers", between("Multipliers", self.multipliers, 1, 256))
        clocks = _clocks(
            "Clocks per sample", self.clocks_per_sample, self.multipliers, lambda clocks: -(-len(self.terms) // clocks)
        )
        self._set("clocks_per_sample", clocks)

    @cached_property
    def terms(self) -> tuple[tuple[int, int | None], ...]:
        """The products of one sample: a tap, and the tap that shares its coefficient, if any. Constant zeros have none."""
        paired = self.symmetry != "none"
        last = self.taps - 1
        middle = (self.taps + 1) // 2 if paired else self.taps
        terms = [(tap, last - tap if paired and tap != last - tap else None) for tap in range(middle)]
        if self.symmetry == "antisymmetric" and self.taps % 2:
            terms.pop()  # the middle tap is its own negative: zero
        return tuple(term for term in terms if self.loadable or self.coefficients[term[0]])

    def independent(self, coefficients: Sequence[int]) -> tuple[int, ...]:
        """Of a whole set, the coefficients that the core is loaded with: the first of each pair, where the design promises
        pairs.

        Raises
        ------
        DesignError
            If the set breaks the design's symmetry.
        """
        assert self.symmetry is not None
        if (broken := _mirrors(coefficients, self.symmetry)) is not None:
            raise DesignError(_asymmetric(coefficients, self.symmetry, broken))
        return tuple(coefficients[tap] for tap, _ in self.terms)

    def complete(self, independent: Sequence[int]) -> tuple[int, ...]:
        """The whole set that `independent` takes apart."""
        whole = [0] * self.taps
        for (tap, mirror), value in zip(self.terms, independent, strict=True):
            whole[tap] = value
            if mirror is not None:
                whole[mirror] = -value if self.symmetry == "antisymmetric" else value
        return tuple(whole)

    @property
    def slot(self) -> int:
        """`clocks_per_sample`, which is never None once the design is made."""
        assert self.clocks_per_sample is not None
        return self.clocks_per_sample

    @property
    def sample(self) -> Format:
        return self.data

    def describe(self) -> str:
        constant = "loadable" if self.loadable else "constant"
        return f"{self.taps} taps, {constant} {self.coefficient_format}, {self.data} samples"

    @property
    def weights(self) -> tuple[int, ...]:
        return self.coefficients

    def with_weights(self, weights: Sequence[int]) -> Self:
        return self.replace(coefficients=tuple(weights))

    @property
    def coefficient_set(self) -> tuple[int, ...]:
        return self.coefficients

    @property
    def set_range(self) -> tuple[int, int]:
        low, high = self.coefficient_format.min, self.coefficient_format.max
        # Of antisymmetric taps the other half has the negative values.
        return (max(low, -high) if self.symmetry == "antisymmetric" else low), high

    @property
    def least_shape(self) -> tuple[int, ...]:
        return (1,)

    @property
    def trial_shape(self) -> tuple[int, ...]:
        return (TRIAL_SAMPLES,)

    def shape_within(self, samples: int) -> tuple[int, ...]:
        return (samples,)

    def worst_windows(self) -> dict[str, Any]:
        return {"sum": self.coefficients[::-1]}

    @property
    def set_size(self) -> int:
        return len(self.terms) if self.loadable else 0

    @property
    def taps(self) -> int:
        """Number of coefficients."""
        return len(self.coefficients)


@dataclass(frozen=True)
class Conv2DDesign(Design):
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
        self._set("kernel", _kernels(self.kernel))
        sides = self.kernel_rows, self.kernel_columns
        self._set("pixel", _format("Pixel", self.pixel))
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
        if self.switchable and max(sides) > SWITCHABLE_SIDE:
            most = f"{SWITCHABLE_SIDE} rows and columns"
            raise DesignError(f"A kernel with a switchable boundary must have at most {most}, not {sides[0]}x{sides[1]}")
        self._check_numbers()
        if self.threshold is not None:
            self._set("threshold", between("Threshold", self.threshold, *self.result_range))
        if self.multipliers is not None:
            multipliers = between("Multipliers", self.multipliers, len(self.kernels), MAX_KERNELS * MAX_SIDE**2)
            self._set("multipliers", multipliers)
        clocks = _clocks("Clocks per pixel", self.clocks_per_pixel, self.multipliers, self._multipliers)
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
        constant = "loadable" if self.loadable else "constant"
        return f"{size}, {constant} {self.coefficient_format}, {self.pixel} pixels, {self.columns} columns, {self.boundary}"

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

    @property
    def border(self) -> dict[str, Any]:
        # A fill is only for the boundary constant.
        return {"boundary": self.boundary} | ({"fill": self.fill} if self.boundary == "constant" else {})

    @property
    def coefficient_set(self) -> Kernel | tuple[Kernel, ...]:
        return self.kernel

    @property
    def least_shape(self) -> tuple[int, ...]:
        return (self.kernel_rows, self.kernel_columns) if self.mode == "valid" else (1, 1)

    @property
    def trial_shape(self) -> tuple[int, ...]:
        sides = (self.kernel_rows, self.rows), (self.kernel_columns, self.columns)
        return tuple(
            max(low, min(TRIAL_SIDE + kernel, most)) for low, (kernel, most) in zip(self.least_shape, sides, strict=True)
        )

    def shape_within(self, samples: int) -> tuple[int, ...]:
        return max(self.least_shape[0], min(self.rows, samples // self.columns)), self.columns

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

    @property
    def sums(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(weight for line in kernel for weight in line) for kernel in self.kernels)

    def with_weights(self, weights: Sequence[int]) -> Self:
        columns, rows = self.kernel_columns, self.kernel_rows
        lines = [tuple(weights[start : start + columns]) for start in range(0, len(weights), columns)]
        kernels = tuple(tuple(lines[start : start + rows]) for start in range(0, len(lines), rows))
        return self.replace(kernel=kernels if self.stacked else kernels[0])

    @property
    def outputs(self) -> int:
        return len(self.kernels) if self.combine == "none" else 1

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

    @property
    def output_range(self) -> tuple[int, int]:
        """See `Design.output_range`; a threshold gives zero and the greatest of the format."""
        return (0, self.output_format.max) if self.threshold is not None else super().output_range

    @property
    def _exact_output(self) -> Format:
        return u1 if self.threshold is not None else super()._exact_output

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

    def core_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of the results that the core gives for a frame of that size."""
        if self.core_mode == "valid":
            rows, columns = rows - self.kernel_rows + 1, columns - self.kernel_columns + 1
        return -(-rows // self.stride[0]), -(-columns // self.stride[1])

    def output_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of the result for an image of `rows` x `columns`; zero or negative where none is left."""
        grow = {"full": 1, "same": 0, "valid": -1}[self.mode]
        rows, columns = rows + grow * (self.kernel_rows - 1), columns + grow * (self.kernel_columns - 1)
        return -(-rows // self.stride[0]), -(-columns // self.stride[1])


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


def _kernels(given: object) -> Kernel | tuple[Kernel, ...]:
    """One kernel, or all of a stack of them, whatever the caller gave."""
    if not is_sequence(given):
        raise DesignError(f"Kernel must be a 2-D array of integers, not {shown(given)}")
    if any_masked(given):
        raise DesignError(masked("Kernel"))
    lines: list[Any] = items("Kernel", given)
    if lines and all(is_sequence(line) for line in lines):
        lines = [items("Kernel", line) for line in lines]
        if any(is_sequence(item) for line in lines for item in line):
            if not 1 <= len(lines) <= MAX_KERNELS:
                raise DesignError(f"A stack must have 1 to {MAX_KERNELS} kernels, not {len(lines)}")
            kernels = tuple(_kernel(items("Kernel", kernel) if is_sequence(kernel) else [kernel]) for kernel in lines)
            sizes = [f"{len(kernel)}x{len(kernel[0])}" for kernel in kernels]
            if len(set(sizes)) > 1:
                raise DesignError(f"Kernels of a stack must have one size, not {', '.join(sizes)}")
            return kernels
    return _kernel(lines)


def _kernel(lines: Sequence[Any]) -> Kernel:
    if any(not is_sequence(line) for line in lines):
        raise DesignError("Kernel must be a 2-D array of integers, not a 1-D one; write [[1, 2, 1]] for a single row")
    kernel = tuple(integers("Kernel", line) for line in lines)
    if len({len(line) for line in kernel}) > 1:
        raise DesignError(f"Kernel must have rows of one length, not {', '.join(str(len(line)) for line in kernel)}")
    sides = (len(kernel), len(kernel[0]) if kernel else 0)
    if not all(1 <= side <= MAX_SIDE for side in sides):
        raise DesignError(f"A kernel must have 1 to {MAX_SIDE} rows and columns, not {sides[0]}x{sides[1]}")
    return kernel


_KINDS: dict[str, type[FIRDesign] | type[Conv2DDesign]] = {"fir": FIRDesign, "conv2d": Conv2DDesign}


def design_class(plain: Mapping[str, Any]) -> type[FIRDesign] | type[Conv2DDesign]:
    """The class of the design that plain values describe; `DesignError` if they name no kind."""
    return _KINDS[choice("Kind", plain.get("kind"), list(_KINDS))]


def design_from_dict(plain: Mapping[str, Any]) -> FIRDesign | Conv2DDesign:
    """Makes a design of plain values, such as `Design.to_dict` gives.

    Raises
    ------
    DesignError
        If a key isn't known or missing, or a value is out of its range.
    """
    if not isinstance(plain, Mapping):
        raise DesignError(f"A design must be a table of fields, not {shown(plain)}")
    cls = design_class(plain)
    fields = dict(plain)
    kind = fields.pop("kind")
    schema = fields.pop("schema", SCHEMA)
    if index(schema) != SCHEMA:
        raise DesignError(f"Schema must be {SCHEMA}, not {shown(schema)}: the design was written by another version")
    known = [field.name for field in dataclasses.fields(cls) if field.compare]
    for key in fields:
        if key not in known and not (kind == "fir" and key in KINDS):
            raise DesignError(f"Unknown key {shown(key)} in a {kind} design; known are {', '.join(known)}")
    if any(key in fields for key in KINDS):
        return FIRDesign.from_tables(fields)
    if cls.weights_field not in fields:
        raise DesignError(f"A {kind} design must have {cls.weights_field!r}")
    return cls(**fields)


def design_from_json(text: str) -> FIRDesign | Conv2DDesign:
    """Makes a design of the text that `Design.to_json` gave."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DesignError(f"A design must be JSON: {error}") from None
    if not isinstance(plain, dict):
        raise DesignError(f"A design must be a JSON object, not {type(plain).__name__}")
    return design_from_dict(plain)
