"""The slot of a sample or pixel: all its products in one cycle, or some in each of several."""

from collections.abc import Sequence
from typing import ClassVar

from ..designs import Choices
from ..formats import is_wiring
from .arithmetic import Range
from .array_stages import Accumulate, Slot
from .coefficients import Coefficients, LoadedCoefficients, StoredCoefficients, StoredSets
from .pace import Pace
from .stages import Memory, Serialise, Stage

__all__ = ["SERIALISE_LATENCY", "OneCycle", "SeveralCycles", "Shifted", "slot_for", "slot_of"]


SERIALISE_LATENCY = 2
"""Cycles in which the places of a window are taken over and handed out, in slots of several cycles."""


class OneCycle:
    """A slot of one cycle: each product has a multiplier."""

    constant: ClassVar[type[Coefficients]] = Coefficients
    """Where constants are: in the lanes, or in memories."""
    loaded: ClassVar[type[Coefficients]] = LoadedCoefficients
    """Where sets are that are loaded: in registers, or in memories."""

    @property
    def every(self) -> str:
        """How often one comes."""
        return "a clock"

    def constant_multipliers(self, weights: Sequence[int], copies: int = 1) -> int:
        """Multipliers for products by these constants, of which none is zero, in so many copies: what is only wiring has
        none."""
        return copies * sum(not is_wiring(weight) for weight in weights)

    def any_multipliers(self, count: int, copies: int = 1) -> int:
        """Multipliers for products by so many coefficients of any values."""
        return copies * count

    def serialised(self, memories: tuple[Memory, ...]) -> tuple[Stage, ...]:  # noqa: ARG002  # of longer slots
        """What hands a window's operands out over the slot, with its coefficients' memories."""
        return ()

    def accumulated(self, total: Range) -> tuple[Stage, ...]:
        """What adds up the sums of its cycles, to one of this range."""
        return (Accumulate(0, total=total),)

    def carry_cuts(self, pace: Pace, width: int) -> tuple[int, ...]:
        """Where sums of so many bits are cut, to be added in segments."""
        return pace.carry_cuts(width)


class SeveralCycles(OneCycle):
    """A slot of several cycles: as many products share a multiplier.

    Parameters
    ----------
    cycles : int
    """

    constant, loaded = StoredCoefficients, StoredSets

    def __init__(self, cycles: int) -> None:
        self._cycles = cycles

    @property
    def every(self) -> str:
        return f"in {self._cycles} clocks"

    def constant_multipliers(self, weights: Sequence[int], copies: int = 1) -> int:
        return max(self.any_multipliers(len(weights), copies), 1)

    def any_multipliers(self, count: int, copies: int = 1) -> int:  # noqa: ARG002  # in one copy
        return -(-count // self._cycles)

    def serialised(self, memories: tuple[Memory, ...]) -> tuple[Stage, ...]:
        return (Serialise(SERIALISE_LATENCY, memories),)

    def accumulated(self, total: Range) -> tuple[Stage, ...]:
        return (Slot(self._cycles - 1), Accumulate(1, total=total))

    def carry_cuts(self, pace: Pace, width: int) -> tuple[int, ...]:
        return pace.loop_cuts(width)


class Shifted(OneCycle):
    """A slot of one cycle without a multiplier: constants are shifted and added."""

    def constant_multipliers(self, weights: Sequence[int], copies: int = 1) -> int:  # noqa: ARG002  # of any constants
        return 0


def slot_for(choices: Choices) -> OneCycle:
    """The slot in which a design's products are made."""
    return Shifted() if choices.multipliers == 0 else slot_of(choices.clocks)


def slot_of(cycles: int) -> OneCycle:
    """A slot of so many cycles."""
    return SeveralCycles(cycles) if cycles > 1 else OneCycle()
