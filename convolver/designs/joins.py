"""What becomes of the results of several branches: they stand side by side, or are added, or one is taken from the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np

from ..formats import Format
from .base import Design
from .factors import Factor, Impulse
from .image_response import ImageResponse, added, side_by_side

__all__ = ["JOINS", "Beside", "Join", "joining_of"]

MAX_BRANCHES = 4
"""Branches of the widest fork."""

Join = Literal["sum", "difference", "planes"]

JOINS: tuple[Join, ...] = ("sum", "difference", "planes")
"""What becomes of the branches' results: they are added, the second is taken from the first, or they stand side by side."""

Value = TypeVar("Value")
Results = TypeVar("Results")


class Beside:
    """They stand side by side, as several results for each place."""

    most: ClassVar[int] = MAX_BRANCHES
    """Branches, at most."""

    def needs(self, branch: Design) -> tuple[str, object]:
        """What all branches must have in common, in words, and what this one has."""
        return "give results of the format", branch.output_format

    def joined(
        self,
        results: Sequence[Results],
        beside: Callable[[Sequence[Results]], Value],
        combined: Callable[[Callable[[Any, Any], Any], Sequence[Results]], Value],  # noqa: ARG002  # where they are
    ) -> Value:
        """What is made of the branches' results, or of whatever stands for them.

        Parameters
        ----------
        results : sequence
            Those of each branch.
        beside : callable
            Puts them side by side.
        combined : callable
            Takes an operation on two numbers, and combines them by it, from the first on.
        """
        return beside(results)

    def signs(self, count: int) -> tuple[int, ...]:  # noqa: ARG002  # each is by itself
        """By what the results of so many branches are multiplied that come to one sum."""
        return (1,)

    def factors(self, impulses: Sequence[Impulse], shift: int) -> tuple[Factor, ...]:  # noqa: ARG002  # it is no one filter
        """What the response is a product of, of branches that make these of an impulse, for so many dropped bits."""
        return ()

    def response(self, responses: Sequence[ImageResponse | None]) -> ImageResponse | None:
        """What branches of such responses make of an image."""
        return side_by_side(responses)

    def range(self, lows: Sequence[int], highs: Sequence[int]) -> tuple[int, int]:
        """The least and the greatest result, of those of each branch."""
        return min(lows), max(highs)

    def format(self, branch: Format, reach: tuple[int, int]) -> Format:  # noqa: ARG002  # it is that of each
        """The format of results between two ends, where those of the first branch have one."""
        return branch

    def outputs(self, counts: Sequence[int]) -> int:
        """Results for each place, of so many of each branch."""
        return sum(counts)

    def axes(self, outputs: int, branch: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002  # there are several
        """The axes that so many results of a place have, where those of the first branch have such."""
        return (outputs,)

    def told(self, count: str) -> str:
        """What becomes of so many branches."""
        return f"{count}, side by side as planes"


class Added(Beside):
    """They are added, exactly."""

    word: ClassVar[str] = "sum"
    """What the result is called."""

    def operation(self, one: Any, other: Any) -> Any:
        """What is made of two results."""
        return one + other

    def needs(self, branch: Design) -> tuple[str, object]:
        return "give as many results for each place:", branch.outputs

    def joined(
        self,
        results: Sequence[Results],
        beside: Callable[[Sequence[Results]], Value],  # noqa: ARG002  # where they are
        combined: Callable[[Callable[[Any, Any], Any], Sequence[Results]], Value],
    ) -> Value:
        return combined(self.operation, results)

    def signs(self, count: int) -> tuple[int, ...]:
        return (1,) * count

    def factors(self, impulses: Sequence[Impulse], shift: int) -> tuple[Factor, ...]:
        total = np.zeros(max(len(taps) for taps, _ in impulses), object)
        for sign, (taps, less) in zip(self.signs(len(impulses)), impulses, strict=True):
            total[: len(taps)] += sign * (np.array(taps, object) << (shift - less))
        return (Factor(tuple(int(tap) for tap in total)),)

    def response(self, responses: Sequence[ImageResponse | None]) -> ImageResponse | None:
        return added(responses, self.signs(len(responses)))

    def range(self, lows: Sequence[int], highs: Sequence[int]) -> tuple[int, int]:
        return sum(lows), sum(highs)

    def format(self, branch: Format, reach: tuple[int, int]) -> Format:  # noqa: ARG002  # it is as wide as it must be
        return Format.holding(*reach)

    def outputs(self, counts: Sequence[int]) -> int:
        return counts[0]

    def axes(self, outputs: int, branch: tuple[int, ...]) -> tuple[int, ...]:
        return (outputs,) if branch else ()

    def told(self, count: str) -> str:
        return f"the {self.word} of {count}"


class Subtracted(Added):
    """The second's are taken from the first's, exactly."""

    most: ClassVar[int] = 2
    word: ClassVar[str] = "difference"

    def operation(self, one: Any, other: Any) -> Any:
        return one - other

    def signs(self, count: int) -> tuple[int, ...]:  # noqa: ARG002  # two
        return 1, -1

    def range(self, lows: Sequence[int], highs: Sequence[int]) -> tuple[int, int]:
        return lows[0] - highs[1], highs[0] - lows[1]


_JOININGS: Mapping[Join, Beside] = {"sum": Added(), "difference": Subtracted(), "planes": Beside()}


def joining_of(join: Join) -> Beside:
    """What becomes of the branches' results."""
    return _JOININGS[join]
