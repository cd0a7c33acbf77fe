"""What all linear filters have in common: weights, exact sums, one output stage."""

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..arguments import between, choice, flag, shown
from ..errors import DesignError
from ..formats import OVERFLOWS, ROUNDINGS, Format, Overflow, Rounding, round_shift, width_holding
from .base import Design, format_of
from .choices import Choices, settled
from .combinations import EachSum, Weights, combining_of
from .decisions import Levels, decision_of
from .given import MaybeFormatLike
from .sources import Source, source_of
from .words import Combination, Structure

__all__ = ["LinearDesign"]


class LinearDesign(Design):
    """What every linear filter has in common: sample and coefficient formats, one exact sum, one output stage."""

    cycles_field: ClassVar[str] = "clocks_per_sample"

    # The fields that all of them share are declared in each, so that their own come first.
    coefficient: MaybeFormatLike
    output: MaybeFormatLike
    shift: int
    rounding: Rounding
    overflow: Overflow
    loadable: bool
    multipliers: int | None

    # What a signal's filter hasn't got.
    combine: Combination = "none"
    """What becomes of several sums."""
    absolute: bool = False
    """Whether a sum's magnitude takes its place."""
    threshold: int | None = None
    """What makes results binary."""
    structure: Structure = "auto"
    """Whether a constant kernel's structure may be used."""

    @cached_property
    def source(self) -> Source:
        """Where the coefficients come from."""
        return source_of(self.loadable)

    @cached_property
    def combining(self) -> EachSum:
        """What becomes of several sums."""
        return combining_of(self.combine, self.absolute)

    @cached_property
    def decision(self) -> Levels:
        """What becomes of rounded sums."""
        return decision_of(self.threshold)

    def _check_numbers(self) -> None:
        """Checks and completes what all linear filters share."""
        between("Sample width", self.sample.width, 1, 32)
        coefficient = self.coefficient
        if coefficient is None:
            low, high = min(self.weights), max(self.weights)
            between("Coefficient width", width_holding(low, high), 1, 32)  # a Format has 256 at most
            coefficient = Format.holding(low, high)
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

    def _choose(self, name: str, limits: tuple[int, int]) -> None:
        """Checks `multipliers`, between these limits, and the field of the clocks, of this name; and completes the clocks."""
        clocks, multipliers = settled(self, name, getattr(self, self.cycles_field), self.multipliers, limits)
        self._set(self.cycles_field, clocks)
        self._set("multipliers", multipliers)

    @property
    def usual_clocks(self) -> int:
        """Clocks of a slot where none are chosen."""
        return 1

    @property
    def choices(self) -> Choices:
        return Choices(
            getattr(self, self.cycles_field),
            self.multipliers,
            self.pixels_per_clock,
            self.structure,
            self.usual_clocks,
        )

    @property
    def _exact_output(self) -> Format:
        """What `output` is where nothing is said."""
        return self.decision.output(self.result_range)

    @cached_property
    def kernel_ranges(self) -> tuple[tuple[int, int], ...]:
        """`sum_range` of each sum."""
        return tuple(self._reach(weights) for weights in self.sums)

    @property
    def sum_range(self) -> tuple[int, int]:
        """The least and the greatest sum, of any kernel, that any samples can give: with the actual coefficients, or, where
        they can be loaded, with any that fit their format."""
        return _joined(self.kernel_ranges)

    def _reach(self, weights: Sequence[int]) -> tuple[int, int]:
        sample, coefficient = self.sample, self.coefficient_format
        low = high = 0
        for weight in weights:
            values = self.source.values(weight, coefficient)
            products = [value * x for value in values for x in (sample.min, sample.max)]
            low += min(products)
            high += max(products)
        return low, high

    @property
    def accumulator(self) -> Format:
        """The narrowest format that holds every possible sum: nothing overflows inside a core."""
        return Format.holding(*self.sum_range)

    @cached_property
    def stage_ranges(self) -> tuple[tuple[int, int], ...]:
        """The least and the greatest number that comes to the output stage, before the shift; of each output. Magnitudes are
        added up to what one window can give, not to what each kernel can."""
        return tuple(
            self.combining.results(
                self.kernel_ranges, lambda reach: (0, _magnitude(reach)), lambda _ranges: (0, self._greatest_magnitude)
            )
        )

    @property
    def _greatest_magnitude(self) -> int:
        """The greatest sum of all kernels' magnitudes."""
        return max(_magnitude(self._reach(weights)) for weights in self.source.magnitudes(self.sums))

    @property
    def stage_input(self) -> Format:
        """The narrowest format that holds all of `stage_ranges`."""
        return Format.holding(*_joined(self.stage_ranges))

    def _rounded(self, reach: tuple[int, int]) -> tuple[int, int]:
        """A range after the shift and its rounding."""
        low, high = reach
        return round_shift(low, self.shift, self.rounding), round_shift(high, self.shift, self.rounding)

    @property
    def result_range(self) -> tuple[int, int]:
        """`stage_ranges`, all together, after the shift and its rounding, before the overflow rule."""
        return self._rounded(_joined(self.stage_ranges))

    @property
    def output_range(self) -> tuple[int, int]:
        """The least and the greatest result that can leave: `result_range` after the overflow rule, or what a threshold
        gives."""
        form, (low, high) = self.output_format, self.result_range
        if self.overflow == "wrap" and not (low in form and high in form):
            levels = form.min, form.max
        else:
            levels = min(max(low, form.min), form.max), max(min(high, form.max), form.min)
        return self.decision.range(levels, form)

    @property
    def saturated(self) -> tuple[int, ...]:
        rounded = self.result_range
        return self.decision.saturated(rounded, self.output_format) if self.overflow == "saturate" else ()

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

    @property
    def linear(self) -> bool:
        """Whether results are the sums, but for rounding and saturation."""
        return self.combining.linear and self.decision.linear

    @property
    def origin(self) -> str:
        """Where coefficients come from, in a word."""
        return self.source.origin

    @property
    def outputs(self) -> int:
        return len(self.stage_ranges)

    @property
    def results(self) -> str:
        """Format of the results of one place and, where there are several, their number."""
        told = str(self.output_format)
        for count in self.result_axes:
            told = f"{count} of {told} a {self.element}"
        return told

    def check_plotted(self) -> None:
        pass

    def check_loadable(self) -> None:
        self.source.check()

    @property
    def set_size(self) -> int:
        return self.source.loaded(len(self.weights))

    def trial_sets(self, random: np.random.Generator) -> dict[str, tuple[int, ...]]:
        sets = self.source.trial_sets(self.independent(self.weights), self.set_range, random)
        return {name: self.complete(values) for name, values in sets.items()}

    @property
    def sums(self) -> tuple[Weights, ...]:
        """The coefficients of each exact sum."""
        return (self.weights,)

    @property
    def result_bits(self) -> int:
        sums = self.combining.results(self.sums, lambda weights: weights, lambda several: tuple(itertools.chain(*several)))
        return self.decision.bits([self._bits(*one) for one in zip(self.stage_ranges, sums, strict=True)])

    def _bits(self, reach: tuple[int, int], weights: Weights) -> int:
        """Bits that change of the result of a sum between two ends, with these coefficients."""
        output, common = self.output_format, self.source.common(weights)
        low, high = (min(max(end, output.min), output.max) for end in self._rounded(reach))
        zeros = max(0, (common & -common).bit_length() - 1 - self.shift)
        return max(0, Format.holding(low, high).width - zeros) if low < high else 0


def _joined(ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The least and the greatest of several ranges."""
    lows, highs = zip(*ranges, strict=True)
    return min(lows), max(highs)


def _magnitude(reach: tuple[int, int]) -> int:
    """The greatest magnitude in a range that zero is in."""
    low, high = reach
    return max(-low, high)
