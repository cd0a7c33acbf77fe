"""What stands between two filters whose beats have other numbers of pixels."""

from dataclasses import dataclass

from .stages import Stage

__all__ = ["Gather", "Spread", "Widths", "widths_between"]


@dataclass(frozen=True, slots=True)
class Widths(Stage):
    """Makes beats of some pixels of beats of others.

    before, behind : pixels in a beat that it takes, and that it gives.
    """

    before: int = 1
    behind: int = 1


@dataclass(frozen=True, slots=True)
class Gather(Widths):
    """Puts several beats of a line into one: a wide one leaves when its last pixel is there."""

    name = "gather"


@dataclass(frozen=True, slots=True)
class Spread(Widths):
    """Gives a wide beat as several."""

    name = "spread"


def widths_between(before: int, behind: int) -> Widths | None:
    """What makes beats of so many pixels of beats of others; nothing where they are as many."""
    if before == behind:
        return None
    return Gather(1, before=before, behind=behind) if before < behind else Spread(2, before=before, behind=behind)
