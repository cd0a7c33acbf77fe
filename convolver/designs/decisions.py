"""What becomes of rounded sums: levels, or, with a threshold, one of two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from ..arguments import between
from ..formats import Format, u1

__all__ = ["Levels", "decision_of"]

Range = tuple[int, int]
Value = TypeVar("Value")


class Levels:
    """Results are rounded sums, made to fit the output format."""

    linear: ClassVar[bool] = True
    """Whether they are."""

    def checked(self, rounded: Range) -> int | None:  # noqa: ARG002  # where there is a threshold
        """The threshold, if there is one.

        Raises
        ------
        DesignError
            If no rounded sum reaches it.
        """
        return None

    def output(self, rounded: Range) -> Format:
        """The narrowest format of results."""
        return Format.holding(*rounded)

    def range(self, levels: Range, form: Format) -> Range:  # noqa: ARG002  # where there are others
        """The least and the greatest result that can leave, of those that levels in the output format would have."""
        return levels

    def saturated(self, rounded: Range, form: Format) -> tuple[int, ...]:
        """The ends of the output format that rounded sums go beyond, where they are saturated."""
        low, high = rounded
        return tuple(end for end, exceeded in ((form.min, low < form.min), (form.max, high > form.max)) if exceeded)

    def bits(self, widths: Sequence[int]) -> int:
        """Bits that change, of so many of each level."""
        return sum(widths)

    def results(
        self,
        rounded: Value,
        fitted: Callable[[Value], Value],
        compared: Callable[[Value, int], Value],  # noqa: ARG002  # with a threshold
    ) -> Value:
        """What becomes of rounded sums, or of whatever stands for them.

        Parameters
        ----------
        rounded
            Stands for them.
        fitted : callable
            Makes them fit the output format.
        compared : callable
            Compares them with a threshold.
        """
        return fitted(rounded)


@dataclass(frozen=True, slots=True)
class Binary(Levels):
    """Results are the greatest number of the output format where the rounded sum exceeds a threshold, 0 elsewhere."""

    threshold: int
    linear: ClassVar[bool] = False

    def checked(self, rounded: Range) -> int | None:
        return between("Threshold", self.threshold, *rounded)

    def output(self, rounded: Range) -> Format:  # noqa: ARG002  # 0 and 1
        return u1

    def range(self, levels: Range, form: Format) -> Range:  # noqa: ARG002  # two of the format
        return 0, form.max

    def saturated(self, rounded: Range, form: Format) -> tuple[int, ...]:  # noqa: ARG002  # they are compared
        return ()

    def bits(self, widths: Sequence[int]) -> int:
        return len(widths)

    def results(
        self,
        rounded: Value,
        fitted: Callable[[Value], Value],  # noqa: ARG002  # two levels fit
        compared: Callable[[Value, int], Value],
    ) -> Value:
        return compared(rounded, self.threshold)


def decision_of(threshold: int | None) -> Levels:
    """What becomes of rounded sums."""
    return Levels() if threshold is None else Binary(threshold)
