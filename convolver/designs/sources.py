"""Where coefficients come from, and what may be made of them: constants, or sets that are loaded."""

from collections.abc import Iterable, Mapping, Sequence
from math import gcd
from typing import ClassVar

import numpy as np

from ..errors import DataError
from ..formats import Format
from ..structure import Slot, factors_of
from .combinations import Weights, signed_sums
from .symmetries import NoPairs, symmetry_in
from .words import Structure, Symmetry

__all__ = ["Factors", "Source", "reach_of", "source_of"]

WIDEST_COLUMN = 16
"""Bits of the widest sums of a column that a row filter takes: more would take several hard multipliers each somewhere."""

Factors = tuple[tuple[Weights, Weights], ...]
"""Column and row of each of several kernels."""


class Source:
    """Where coefficients come from: here constants, each product with a multiplier of its own."""

    origin: ClassVar[str] = "constant"
    """Where they come from, in a word."""

    def check(self) -> None:
        """Raises `DataError` if they are constant."""
        raise DataError("Coefficients can be loaded only into a design with loadable=True; this one's are constant")

    def check_pairing(self, pairing: NoPairs, form: Format) -> None:
        """Raises `DesignError` if coefficients of a format can't keep what pairs of taps promise."""

    def symmetry(self, coefficients: Sequence[int]) -> Symmetry:
        """The symmetry that is used where none is asked for."""
        return symmetry_in(coefficients)

    def loaded(self, count: int) -> int:  # noqa: ARG002  # where they can be
        """Coefficients of a set that is loaded, of so many that tell all; 0 where none can be."""
        return 0

    def trial_sets(
        self,
        own: Sequence[int],  # noqa: ARG002  # where they can be loaded
        limits: tuple[int, int],  # noqa: ARG002
        random: np.random.Generator,  # noqa: ARG002
    ) -> Mapping[str, Sequence[int]]:
        """The sets of a quick test, by a name for each, of as many coefficients as the design's own, between two limits."""
        return {}

    def values(self, weight: int, form: Format) -> tuple[int, ...]:  # noqa: ARG002  # where it may be another
        """The extremes of what stands in this coefficient's place, in that format."""
        return (weight,)

    def multiplied(self, weight: int) -> bool:
        """Whether there is a product by this coefficient."""
        return weight != 0

    def common(self, weights: Iterable[int]) -> int:
        """A number that divides all coefficients; 0 if they are all zero."""
        return gcd(*weights)

    def magnitudes(self, sums: Sequence[Weights]) -> Iterable[Weights]:
        """Weights of which some sum is the greatest, or the least, that all sums' magnitudes together can be."""
        return (weights for _, weights in signed_sums(sums))

    def multipliers(self, weights: Sequence[int], slot: Slot) -> int:
        """Multipliers of a sum with these coefficients."""
        return slot.of_constants(self.products(weights))

    def products(self, weights: Iterable[int]) -> list[int]:
        """The constants by which something is multiplied."""
        return [weight for weight in weights if weight]

    def sharing(self, count: int) -> int:  # noqa: ARG002  # where equal ones share
        """The most of so many coefficients that share a multiplier."""
        return 1

    def separations(self, kernels: Sequence[Sequence[Weights]], sample: Format) -> tuple[Factors, ...]:  # noqa: ARG002
        """Ways in which a column filter and a row filter take each kernel's place: one or none."""
        return ()


class SharedConstants(Source):
    """Constant coefficients whose structure is used: equal ones share a multiplier, kernels may be columns times rows."""

    def products(self, weights: Iterable[int]) -> list[int]:
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


class LoadedSets(Source):
    """Sets that are loaded: any values of their format."""

    origin: ClassVar[str] = "loadable"

    def check(self) -> None:
        pass

    def check_pairing(self, pairing: NoPairs, form: Format) -> None:
        pairing.check_loaded(form)

    def symmetry(self, coefficients: Sequence[int]) -> Symmetry:  # noqa: ARG002  # others may be loaded
        return "none"

    def loaded(self, count: int) -> int:
        return count

    def trial_sets(
        self, own: Sequence[int], limits: tuple[int, int], random: np.random.Generator
    ) -> Mapping[str, Sequence[int]]:
        (low, high), count = limits, len(own)
        return {
            "all coefficients at the minimum": [low] * count,
            "all coefficients at the maximum": [high] * count,
            "random coefficients": [int(value) for value in random.integers(low, high + 1, count)],
            "its own coefficients again": own,
        }

    def values(self, weight: int, form: Format) -> tuple[int, ...]:  # noqa: ARG002  # another may be loaded
        return form.min, form.max

    def multiplied(self, weight: int) -> bool:  # noqa: ARG002  # another may be loaded
        return True

    def common(self, weights: Iterable[int]) -> int:  # noqa: ARG002  # others may be loaded
        return 1

    def magnitudes(self, sums: Sequence[Weights]) -> Iterable[Weights]:
        # All kernels may be the same one.
        return [tuple(weight for weights in sums for weight in weights)]

    def multipliers(self, weights: Sequence[int], slot: Slot) -> int:
        return slot.of_any(len(weights))


def reach_of(weights: Iterable[int], sample: Format) -> tuple[int, int]:
    """The least and the greatest sum of samples times these constants."""
    ends = [sorted((weight * sample.min, weight * sample.max)) for weight in weights]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


_SOURCES: Mapping[tuple[bool, Structure], Source] = {
    (False, "auto"): SharedConstants(),
    (False, "direct"): Source(),
    (True, "auto"): LoadedSets(),
    (True, "direct"): LoadedSets(),
}


def source_of(loadable: bool, structure: Structure) -> Source:
    """Where coefficients come from, and whether the structure of constants may be used."""
    return _SOURCES[loadable, structure]
