"""Feeders of an interpolator with mirrored phases. In phases with one tap less, mirrored samples are one age nearer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from amaranth.hdl import Array, Module, Mux, Signal, Value

from convolver.plan import mirrored as stages
from convolver.plan.mirrored import MirroredProduct
from convolver.plan.resample import ResamplePlan

from .delay_line import DelayLine
from .phase_feeder import PhaseLine, PhaseMemory

__all__ = ["MirroredLine", "MirroredMemory"]


class _Mirrors:
    """The ages of an array's mirrored samples.

    Parameters
    ----------
    plan : ResamplePlan
    """

    def __init__(self, plan: ResamplePlan) -> None:
        self.array = array = cast(MirroredProduct, plan.arrays[0])
        self.spans = sorted(set(array.spans), reverse=True)

    def age(self, lane: int, clock: int, span: int) -> int:
        """The age of the mirror of a lane's sample, for a result of `span` samples."""
        return span - 1 - (lane * self.array.cycles + clock)

    def there(self, lane: int, clock: int, span: int) -> bool:
        """Whether that sample has a mirror: the middle one has none, and older samples are mirrors themselves."""
        return self.age(lane, clock, span) > lane * self.array.cycles + clock

    def shorter(self, word: Value) -> Value:
        """Whether the slot with this word of coefficients has fewer samples."""
        words = [span < self.spans[0] for span in self.array.spans for _ in range(self.array.cycles)]
        return Array(map(int, words))[word]


class MirroredLine(PhaseLine):
    """A `PhaseLine` that selects the mirrored samples for each slot."""

    makes = (stages.MirroredLine,)

    def _ages(self) -> Iterable[tuple[int, Value, Sequence[int | None]]]:
        return [(lane, into, ages) for lane, into, ages in super()._ages() if into is self.samples[lane]]

    def _show_mirrors(self, m: Module, line: DelayLine) -> None:
        mirrors = _Mirrors(self._plan)
        # Aligned with the samples, which appear two cycles after `phase`.
        early, shorter = Signal(), Signal()
        m.d.sync += [early.eq(mirrors.shorter(self.phase)), shorter.eq(early)]
        for lane in range(mirrors.array.lanes):
            seen = [line.samples[mirrors.age(lane, 0, span)] if mirrors.there(lane, 0, span) else 0 for span in mirrors.spans]
            m.d.comb += self.mirrors[lane].eq(Mux(shorter, seen[-1], seen[0]) if len(seen) > 1 else seen[0])


class MirroredMemory(PhaseMemory):
    """A `PhaseMemory` whose mirrored samples begin at an age that depends on the slot."""

    makes = (stages.MirroredMemory,)

    def _ages(self) -> Iterable[tuple[int, Value, Sequence[int | None]]]:
        mirrors, clocks = _Mirrors(self._plan), range(self._plan.cycles)
        for lane, into, ages in super()._ages():
            if into is self.samples[lane]:
                yield lane, into, ages
        for lane in range(mirrors.array.lanes):
            if any(len(product.terms) > 1 for product in mirrors.array.lane(lane)):
                yield lane, self.mirrors[lane], [mirrors.age(lane, clock, mirrors.spans[0]) for clock in clocks]

    def _lane_of(self, into: Value) -> int | None:
        """The lane of a mirrored sample's port; None for any other port."""
        return next((lane for lane in range(self._plan.arrays[0].lanes) if into is self.mirrors[lane]), None)

    def _nearer(self, into: Value, place: Value) -> Value | None:
        mirrors = _Mirrors(self._plan)
        return None if self._lane_of(into) is None or len(mirrors.spans) == 1 else mirrors.shorter(place)

    def _there(
        self, m: Module, into: Value, ages: Sequence[int | None], clock: Value, late: Mapping[str, Value]
    ) -> Value | int:
        mirrors, lane = _Mirrors(self._plan), self._lane_of(into)
        if lane is None:
            return super()._there(m, into, ages, clock, late)
        told = [Array(int(mirrors.there(lane, one, span)) for one in range(len(ages)))[clock] for span in mirrors.spans]
        if len(told) == 1:
            return told[0]
        shorter = Signal(name=f"shorter_{lane}")
        with m.If(late["begin"]):
            m.d.sync += shorter.eq(mirrors.shorter(late["place"]))
        return Mux(shorter, told[1], told[0])
