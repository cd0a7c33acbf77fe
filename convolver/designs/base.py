"""What all designs have in common, and what each kind answers for itself."""

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from ..arguments import between, choice, flag, integers, shown
from ..errors import DataError, DesignError
from ..formats import OVERFLOWS, ROUNDINGS, Format, Overflow, Rounding, round_shift
from ..quantize import Quantized
from .axes import FrameAxis
from .words import Boundary, Combination, Plane

__all__ = ["SCHEMA", "Design", "format_of", "slot_clocks", "so_many"]

SCHEMA = 1
"""Version of the JSON form; raised when a field changes its meaning."""


def format_of(name: str, value: object) -> Format:
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
    title: ClassVar[str]
    """What it is called in a sentence."""
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
    boundary: Boundary = "constant"
    """What stands outside a frame."""
    fill: int = 0
    """The sample outside a frame under ``constant``."""
    history: ClassVar[int | None] = None
    """Samples that a result needs in front of its own, where one signal may come in pieces; None where nothing does."""

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
            coefficient = format_of("Coefficient", coefficient)
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
        output = self._exact_output if self.output is None else format_of("Output", self.output)
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

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Makes a design of the fields of its file.

        Raises
        ------
        DesignError
            If one isn't known or missing, or a value is out of its range.
        """
        cls._check_keys(fields)
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every subclass is a dataclass
            if field.default is dataclasses.MISSING and field.name not in fields:
                raise DesignError(f"A {cls.kind} design must have {field.name!r}")
        return cls(**fields)

    @classmethod
    def _check_keys(cls, fields: Iterable[str]) -> None:
        known = [field.name for field in dataclasses.fields(cls) if field.compare]  # type: ignore[arg-type]  # as above
        for key in fields:
            if key not in known:
                raise DesignError(f"Unknown key {shown(key)} in a {cls.kind} design; known are {', '.join(known)}")

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
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        """The axes of a frame, the slowest first."""
        raise NotImplementedError

    def output_shape(self, *sizes: int) -> tuple[int, ...]:
        """Shape of the results of a frame of these sizes; zero or negative where none is left."""
        raise NotImplementedError

    def core_shape(self, *sizes: int) -> tuple[int, ...]:
        """Shape of the results that the core gives for a frame of these sizes, with all that the host adds to it."""
        return sizes

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        """Where the signals or images of an array of this shape are, by the index of each.

        Parameters
        ----------
        shape : tuple of int
        stack : bool or None
            Whether the first axis counts signals or images; None where the shape has to tell.

        Raises
        ------
        DataError
            If it has none that the design takes.
        """
        raise NotImplementedError

    def with_border(self, boundary: object, fill: object) -> Self:  # noqa: ARG002  # where there is a border to choose
        """The design with the border of one frame; None leaves what it has.

        Raises
        ------
        DataError
            If none can be chosen, or the design has no such border.
        """
        raise DataError(f"A {self.title} has no boundary to choose")

    def independent(self, coefficients: Sequence[int]) -> tuple[int, ...]:
        """Of a whole set, the coefficients that the core is loaded with."""
        return tuple(coefficients)

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


def so_many(name: str, values: object, count: int) -> tuple[int, ...]:
    """A row of so many integers."""
    found = integers(name, values)
    if len(found) != count:
        raise DesignError(f"{name} must be {count} integers, not {len(found)}")
    return found


def slot_clocks(name: str, given: object, multipliers: int | None, lanes: Callable[[int], int]) -> int:
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
