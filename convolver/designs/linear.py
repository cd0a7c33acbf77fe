"""What all linear filters have in common: weights, exact sums, one output stage."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from math import gcd
from typing import ClassVar, Self

import numpy as np

from ..arguments import between, choice, flag, shown
from ..errors import DesignError
from ..formats import OVERFLOWS, ROUNDINGS, Format, Overflow, Rounding, round_shift
from .base import Design, format_of
from .words import Combination

__all__ = ["LinearDesign", "slot_clocks"]


class LinearDesign(Design):
    """What every linear filter has in common: sample and coefficient formats, one exact sum, one output stage."""

    cycles_field: ClassVar[str] = "clocks_per_sample"
    """The field that says in how many clocks a sample or a pixel is computed."""

    # The fields that all of them share are declared in each, so that their own come first.
    coefficient: Format | None
    output: Format | None
    shift: int
    rounding: Rounding
    overflow: Overflow
    loadable: bool

    # What a signal's filter hasn't got.
    combine: Combination = "none"
    """What becomes of several sums."""
    absolute: bool = False
    """Whether a sum's magnitude takes its place."""
    threshold: int | None = None
    """What makes results binary."""

    def _check_numbers(self) -> None:
        """Checks and completes what all linear filters share."""
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

    @cached_property
    def sum_range(self) -> tuple[int, int]:
        """The least and the greatest sum that any samples can give: with the actual coefficients, or, where they
        can be loaded, with any that fit their format."""
        return self._reach(self.weights)

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

    @property
    def origin(self) -> str:
        """Where coefficients come from, in a word."""
        return "loadable" if self.loadable else "constant"

    @property
    def results(self) -> str:
        """Format of the results of one place and, where there are several, their number."""
        return str(self.output_format)

    def check_loadable(self) -> None:
        if not self.loadable:
            super().check_loadable()

    def trial_sets(self, random: np.random.Generator) -> dict[str, tuple[int, ...]]:
        if not self.loadable:
            return {}
        (low, high), count = self.set_range, self.set_size
        return {
            "all coefficients at the minimum": self.complete([low] * count),
            "all coefficients at the maximum": self.complete([high] * count),
            "random coefficients": self.complete([int(value) for value in random.integers(low, high + 1, count)]),
            "its own coefficients again": self.weights,
        }

    @property
    def sums(self) -> tuple[tuple[int, ...], ...]:
        """The coefficients of each exact sum."""
        return (self.weights,)

    @property
    def result_bits(self) -> int:
        if self.threshold is not None:
            return self.outputs
        sums = self.sums if len(self.stage_ranges) > 1 else (self.weights,)
        output, total = self.output_format, 0
        for reach, weights in zip(self.stage_ranges, sums, strict=True):
            shifted = (round_shift(end, self.shift, self.rounding) for end in reach)
            low, high = (min(max(end, output.min), output.max) for end in shifted)
            common = 0 if self.loadable else gcd(*weights)
            zeros = max(0, (common & -common).bit_length() - 1 - self.shift)
            total += max(0, Format.holding(low, high).width - zeros) if low < high else 0
        return total

    def folded(self) -> Iterator[tuple[str, Self]]:
        for cycles in range(1, len(self.weights) + 1):
            yield f"{self.cycles_field}={cycles}", self.replace(**{self.cycles_field: cycles, "multipliers": None})


def slot_clocks(name: str, given: object, multipliers: int | None, lanes: Callable[[int], int]) -> int:
    """The clocks of a slot: as given, or the fewest that do with so many multipliers; `lanes` says how many each needs."""
    needed = 1
    if multipliers is not None:
        needed = next(clocks for clocks in itertools.count(1) if lanes(clocks) <= multipliers)
    clocks = between(name, needed if given is None else given, 1, 1024)
    if clocks < needed:
        raise DesignError(f"{name} must be at least {needed} for {multipliers} multipliers, not {clocks}")
    return clocks
