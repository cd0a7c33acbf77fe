"""The phases of a filter that changes the rate: one for all results, or several in turn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .symmetries import Tap

__all__ = ["OnePhase", "SeveralPhases", "phasing_of"]


@dataclass(frozen=True, slots=True)
class OnePhase:
    """All results meet the same coefficients."""

    def mirrored(self, coefficients: Sequence[int]) -> Sequence[int]:
        """The coefficients of which mirrored ones share a multiplication."""
        return coefficients

    def terms(self, taps: Iterable[Tap], multiplied: Callable[[int], bool]) -> tuple[Tap, ...]:
        """The taps for which there are products, of those that tell all; `multiplied` says of one whether it isn't always 0."""
        return tuple(term for term in taps if multiplied(term[0]))

    def depth(self, terms: int, taps: int) -> int:  # noqa: ARG002  # of all taps together
        """Products of a result, where so many taps tell all, and a phase has at most so many."""
        return terms

    def named(self, phase: int) -> str:  # noqa: ARG002  # there is one
        """What the sum of a phase is called."""
        return "sum"


@dataclass(frozen=True, slots=True)
class SeveralPhases(OnePhase):
    """Results meet the coefficients of one phase after the other."""

    def mirrored(self, coefficients: Sequence[int]) -> Sequence[int]:  # noqa: ARG002  # those of mirrored phases do
        return ()

    def terms(self, taps: Iterable[Tap], multiplied: Callable[[int], bool]) -> tuple[Tap, ...]:  # noqa: ARG002  # in another phase
        return tuple(taps)

    def depth(self, terms: int, taps: int) -> int:  # noqa: ARG002  # of its own phase
        return taps

    def named(self, phase: int) -> str:
        return f"sum of phase {phase}"


def phasing_of(up: int) -> OnePhase:
    """The phases of a filter that gives `up` results in a period."""
    return OnePhase() if up == 1 else SeveralPhases()
