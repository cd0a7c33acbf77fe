"""The report of a rate change."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

from ..designs import ResampleDesign
from ..plan.resample import RateTiming
from ..response import group_delay
from .base import Line
from .linear import LinearReport
from .numbers import counted, plain
from .rates import told_frame, told_rate, told_rate_delay

__all__ = ["ResampleReport"]


class ResampleReport(LinearReport):
    """What a rate change costs and does: also its delay in samples and in results, and how much its multipliers have to
    do."""

    design: ResampleDesign

    @property
    def gain(self) -> Fraction:
        """Gain for a constant input, the mean of all phases."""
        return Fraction(sum(self.design.coefficients), self.design.up << self.design.shift)

    @property
    def worst_gain(self) -> Fraction:
        """Greatest gain of any phase for any input."""
        return Fraction(max(sum(map(abs, phase)) for phase in self.design.phases), 1 << self.design.shift)

    @property
    def period_clocks(self) -> int:
        """Clocks of `up` results, without stalls."""
        return cast(RateTiming, self.plan.timing).period

    @property
    def multiplier_use(self) -> Fraction | None:
        """Taps that each lane does in a clock, without stalls; two taps that share a multiplication count as two. None where
        nothing is multiplied."""
        done = self.plan.multiplications * self.period_clocks
        return Fraction(self.design.taps, done) if done else None

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield from super().own_numbers()
        design = self.design
        delay, linear = group_delay(design.coefficients)
        yield "up", design.up
        yield "down", design.down
        yield "clocks_per_sample", plain(Fraction(self.period_clocks, design.down))
        yield "clocks_per_result", plain(Fraction(self.period_clocks, design.up))
        yield "multiplier_use", None if self.multiplier_use is None else float(self.multiplier_use)
        yield "group_delay", None if delay is None else float(delay / design.up)
        yield "linear_phase", linear

    def what(self) -> str:
        design = self.design
        made = f"{counted(design.up, 'result')} for {counted(design.down, 'sample')}"
        return f"rate times {design.rate}, {made}, FIR filter of {counted(design.taps, 'tap')}"

    def values(self) -> Iterator[Line]:
        yield from super().values()
        yield "group delay", told_rate_delay(self.design.coefficients, self.design.rate)

    def _throughput(self) -> str:
        return told_rate(self.design.rate, self.period_clocks)

    def frame_clocks(self) -> str:
        return told_frame(self.plan)

    def cost(self) -> Iterator[Line]:
        yield from super().cost()
        if self.multiplier_use is not None:
            yield "their use", f"{counted(self.multiplier_use, 'tap')} a multiplier a clock, without stalls"
