"""Changes of rate by constants without multipliers: a graph of shared adders makes the sums of all phases in every cycle.

The sum of the phase that is due is picked. With more samples than results the samples go on before it is known whether a
result is its frame's last: its sum is held until then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..designs import Rate
from ..designs.rates import SAME
from .adders import AdderGraph, AdderProduct, GraphProduct, summed_each
from .arithmetic import Range
from .array import TapProduct
from .array_stages import OperandSum, Sums
from .mirrored import pairs_of
from .phase_product import PhaseProduct
from .stages import Numbers, Stage

__all__ = ["HeldSum", "PhaseAdders", "PickedSum", "TapAdders"]


@dataclass(frozen=True, slots=True)
class PickedSum(Stage):
    """Picks the sum of the phase that is due.

    due : which.
    """

    name = "phase"
    due: int = 0

    def in_slot(self, slot: int) -> Stage:
        return replace(self, due=slot)

    def run(self, numbers: Numbers) -> Numbers:
        (total,) = numbers[self.due]  # of the slot's one cycle
        return [total]

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        lows, highs = zip(*ranges, strict=True)
        return ((min(lows), max(highs)),)


@dataclass(frozen=True, slots=True)
class HeldSum(Stage):
    """Holds the sum of the samples with which a slot starts, until it ends."""

    name = "held sum"


@dataclass(frozen=True)
class TapAdders(AdderProduct, TapProduct):
    """That of one phase: a signal's taps.

    Parameters
    ----------
    rate : Rate
    """

    rate: Rate = SAME

    @cached_property
    def behind(self) -> tuple[Stage, ...]:
        return (*super().behind, _held(self.rate))


class PhaseAdders(GraphProduct, PhaseProduct):
    """That of several phases, each a sum of the same samples."""

    @cached_property
    def operands(self) -> OperandSum:
        # Each lane has its sample in view in all slots; the first phase has products in all lanes.
        return Sums(0, lanes=tuple(products[:1] for products in self._lanes))

    @cached_property
    def graph(self) -> AdderGraph:
        """The adders; a sum for each phase."""
        sums = [[0] * self.lanes for _ in range(self.rate.up)]
        for product in self.products:
            sums[product.phase][product.lane] = self.weights[product.weight]
        return summed_each(sums, (self.sample.min, self.sample.max), list(self._mirrored()))

    def _mirrored(self) -> Iterator[tuple[int, int, int, int]]:
        """The phases that are each other's mirrors, with their taps and the sign."""
        up, taps, mirror = self.rate.up, len(self.weights), self.weights[::-1]
        for sign in (1, -1):
            if self.weights == tuple(sign * weight for weight in mirror):
                yield from ((one, other, len(range(one, taps, up)), sign) for one, other in pairs_of(up, taps))
                return

    @cached_property
    def behind(self) -> tuple[Stage, ...]:
        return (self.graph, PickedSum(1), _held(self.rate))


def _held(rate: Rate) -> HeldSum:
    """What holds a sum, for no time where no samples follow within its slot."""
    return HeldSum(int(rate.down > rate.up))
