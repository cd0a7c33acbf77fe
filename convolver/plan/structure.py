"""What the structure of coefficients saves: which share a multiplier, and whether a column and a row make a kernel."""

import math
from collections.abc import Iterable, Mapping, Sequence

from ..designs import LinearDesign, Structure
from ..formats import Format
from .arithmetic import Range
from .coefficients import Coefficients
from .slots import OneCycle

__all__ = ["Direct", "Factors", "factors_of", "reach_of", "structure_of"]

WIDEST_COLUMN = 16
"""Bits of the widest sums of a column that a row filter takes: more would take several hard multipliers each somewhere."""

Weights = Sequence[int]
Factors = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
"""Column and row of each of several kernels."""


class Direct:
    """Constants, each product with a multiplier of its own."""

    def coefficients(self, slot: OneCycle, form: Format, weights: Weights) -> Coefficients:
        """Coefficients of that format, where slots like this have them."""
        return slot.constant(form, tuple(weights))

    def multipliers(self, weights: Weights, slot: OneCycle, copies: int = 1) -> int:
        """Multipliers of a sum with these coefficients, in slots like this."""
        return slot.constant_multipliers(self.products(weights), copies)

    def products(self, weights: Weights) -> Weights:
        """The constants by which something is multiplied."""
        return [weight for weight in weights if weight]

    def sharing(self, count: int) -> int:  # noqa: ARG002  # where equal ones share
        """The most of so many coefficients that share a multiplier."""
        return 1

    def separations(self, kernels: Sequence[Sequence[Weights]], sample: Format) -> tuple[Factors, ...]:  # noqa: ARG002
        """Ways in which a column filter and a row filter take each kernel's place: one or none."""
        return ()


class Shared(Direct):
    """Constants whose structure is used: equal ones share a multiplier, kernels may be columns times rows."""

    def products(self, weights: Weights) -> Weights:
        return sorted({abs(weight) for weight in weights if weight})

    def sharing(self, count: int) -> int:
        return count

    def separations(self, kernels: Sequence[Sequence[Weights]], sample: Format) -> tuple[Factors, ...]:
        found = []
        for kernel in kernels:
            pair = factors_of(kernel)
            flat = min(len(kernel), len(kernel[0])) == 1
            if flat or pair is None or Format.holding(*reach_of(pair[0], sample)).width > WIDEST_COLUMN:
                return ()
            found.append(pair)
        return (tuple(found),)


class Loaded(Direct):
    """Coefficients of any values: sets that are loaded."""

    def coefficients(self, slot: OneCycle, form: Format, weights: Weights) -> Coefficients:
        return slot.loaded(form, tuple(weights))

    def multipliers(self, weights: Weights, slot: OneCycle, copies: int = 1) -> int:
        return slot.any_multipliers(len(weights), copies)


_STRUCTURES: Mapping[tuple[bool, Structure], Direct] = {
    (False, "auto"): Shared(),
    (False, "direct"): Direct(),
    (True, "auto"): Loaded(),
    (True, "direct"): Loaded(),
}


def structure_of(design: LinearDesign) -> Direct:
    """What may be used of a design's coefficients."""
    return _STRUCTURES[design.loadable, design.choices.structure]


def factors_of(kernel: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """A column and a row of integers whose products are the kernel's weights, if there are any; no number divides the row."""
    first = next((line for line in kernel if any(line)), None)
    if first is None:
        return None
    common = math.gcd(*first)
    row = tuple(weight // common for weight in first)
    lead = next(place for place, weight in enumerate(row) if weight)
    column = tuple(line[lead] // row[lead] for line in kernel)
    if any(tuple(times * weight for weight in row) != tuple(line) for times, line in zip(column, kernel, strict=True)):
        return None
    return column, row


def reach_of(weights: Iterable[int], sample: Format) -> Range:
    """The least and the greatest sum of samples times these constants."""
    ends = [sorted((weight * sample.min, weight * sample.max)) for weight in weights]
    return sum(low for low, _ in ends), sum(high for _, high in ends)
