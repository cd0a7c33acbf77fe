"""Where coefficients come from: they are constants, or sets that are loaded."""

from collections.abc import Iterable, Mapping, Sequence
from math import gcd
from typing import ClassVar, Literal, TypeVar

import numpy as np

from ..errors import DataError
from ..formats import Format
from .combinations import Weights, signed_sums
from .symmetries import NoPairs, symmetry_in
from .words import Symmetry

__all__ = ["LoadedSets", "Source", "source_of"]

T = TypeVar("T")


class Source:
    """Where coefficients come from: here constants."""

    origin: ClassVar[str] = "constant"
    """Where they come from, in a word."""
    registers: ClassVar[tuple[Literal["none", "coefficients"], str]] = "none", "no coefficients"
    """The fewest that a shell may have, and what is loaded through them, in words."""
    shifted: ClassVar[bool] = True
    """Whether numbers can be shifted and added in place of a multiplication by them."""

    def check(self) -> None:
        """Raises `DataError` if they are constant."""
        raise DataError("Coefficients can be loaded only into a design with loadable=True; this one's are constant")

    def check_pairing(self, pairing: NoPairs, form: Format) -> None:
        """Raises `DesignError` if coefficients of a format can't keep what pairs of taps promise."""

    def symmetry(self, coefficients: Sequence[int]) -> Symmetry:
        """The symmetry that is used where none is asked for."""
        return symmetry_in(coefficients)

    def symmetry_of(self, symmetry: object, coefficients: Sequence[int]) -> object:
        """The symmetry that is asked for, or the one that is used where none is."""
        return self.symmetry(coefficients) if symmetry is None else symmetry

    def loaded(self, count: int) -> int:  # noqa: ARG002  # where they can be
        """Coefficients of a set that is loaded, of so many that tell all; 0 where none can be."""
        return 0

    def without_multipliers(self, smaller: str) -> str:
        """How a design fits a device without multipliers, where so much makes it smaller."""
        return smaller

    def sums(self, form: Format, widest: Format) -> Format:  # noqa: ARG002  # where sets are loaded
        """Format of sums that need so many bits, and with any other set no more than the widest."""
        return form

    def where_loaded(self, things: Iterable[T]) -> tuple[T, ...]:  # noqa: ARG002  # nothing is
        """What there is only where sets are loaded."""
        return ()

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


class LoadedSets(Source):
    """Sets that are loaded: any values of their format."""

    origin: ClassVar[str] = "loadable"
    registers: ClassVar[tuple[Literal["none", "coefficients"], str]] = "coefficients", "coefficients"
    shifted: ClassVar[bool] = False

    def check(self) -> None:
        pass

    def check_pairing(self, pairing: NoPairs, form: Format) -> None:
        pairing.check_loaded(form)

    def symmetry(self, coefficients: Sequence[int]) -> Symmetry:  # noqa: ARG002  # others may be loaded
        return "none"

    def loaded(self, count: int) -> int:
        return count

    def without_multipliers(self, smaller: str) -> str:  # noqa: ARG002  # constants need none
        return "use constant coefficients, which need none"

    def sums(self, form: Format, widest: Format) -> Format:  # noqa: ARG002  # others may be loaded
        return widest

    def where_loaded(self, things: Iterable[T]) -> tuple[T, ...]:
        return tuple(things)

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


def source_of(loadable: bool) -> Source:
    """Where coefficients come from."""
    return LoadedSets() if loadable else Source()
