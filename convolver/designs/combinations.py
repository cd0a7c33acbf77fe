"""What becomes of several kernels' sums: each is a result, or its magnitude is, or all magnitudes together are one."""

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, TypeVar

from .words import Combination

__all__ = ["EachSum", "combining_of", "signed_sums"]

Value = TypeVar("Value")
Weights = tuple[int, ...]
"""The weights of one sum."""


class EachSum:
    """Each sum is a result."""

    linear: ClassVar[bool] = True
    """Whether results are sums."""

    def results(
        self,
        sums: Sequence[Value],
        magnitude: Callable[[Value], Value],  # noqa: ARG002  # where there are some
        total: Callable[[Sequence[Value]], Value],  # noqa: ARG002
    ) -> Sequence[Value]:
        """What comes to the output stage, of sums or of whatever stands for them.

        Parameters
        ----------
        sums : sequence
            One of each kernel.
        magnitude : callable
            Makes the magnitude of one.
        total : callable
            Adds magnitudes up.
        """
        return sums

    def axes(self, stack: tuple[int, ...]) -> tuple[int, ...]:
        """The axes of results in front of the pixels', of kernels that are listed along these."""
        return stack

    def worst(self, sums: Mapping[str, Weights]) -> Mapping[str, Weights]:
        """The weights of the sums that are the greatest of all numbers, of those of all sums, by their names."""
        return sums


class EachMagnitude(EachSum):
    """Each sum's magnitude is a result."""

    linear: ClassVar[bool] = False

    def results(
        self,
        sums: Sequence[Value],
        magnitude: Callable[[Value], Value],
        total: Callable[[Sequence[Value]], Value],  # noqa: ARG002  # where they are added up
    ) -> Sequence[Value]:
        return [magnitude(value) for value in sums]


class SumOfMagnitudes(EachSum):
    """All sums' magnitudes together are one result."""

    linear: ClassVar[bool] = False

    def results(
        self, sums: Sequence[Value], magnitude: Callable[[Value], Value], total: Callable[[Sequence[Value]], Value]
    ) -> Sequence[Value]:
        return [total([magnitude(value) for value in sums])]

    def axes(self, stack: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002  # one result for all
        return ()

    def worst(self, sums: Mapping[str, Weights]) -> Mapping[str, Weights]:
        return {f"sum with signs {signs}": weights for signs, weights in signed_sums(list(sums.values()))}


def signed_sums(sums: Sequence[Weights]) -> Iterator[tuple[Weights, Weights]]:
    """The weights of all sums added up with some signs, behind these: of all choices of signs but the opposite ones."""
    for signs in itertools.product((1,), *[(1, -1)] * (len(sums) - 1)):
        yield signs, tuple(sum(map(operator.mul, signs, weights)) for weights in zip(*sums, strict=True))


_COMBININGS: Mapping[tuple[Combination, bool], EachSum] = {
    ("none", False): EachSum(),
    ("none", True): EachMagnitude(),
    ("sum_abs", False): SumOfMagnitudes(),
    ("sum_abs", True): SumOfMagnitudes(),
}


def combining_of(combine: Combination, absolute: bool) -> EachSum:
    """What becomes of the sums of several kernels."""
    return _COMBININGS[combine, absolute]
