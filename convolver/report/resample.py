"""The report of a rate change."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..designs import ResampleDesign
from ..response import group_delay
from .base import Line
from .linear import LinearReport
from .numbers import counted, number, plain

__all__ = ["ResampleReport"]

FRAME = 1024
"""Samples of the frame that is told as an example."""


@dataclass(frozen=True)
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
        return max(self.design.down, self.design.up * self.plan.cycles)

    @property
    def multiplier_use(self) -> Fraction:
        """Taps that each lane does in a clock, without stalls; two taps that share a multiplication count as two."""
        return Fraction(self.design.taps, self.plan.multiplications * self.period_clocks)

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield from super().own_numbers()
        design = self.design
        delay, linear = group_delay(design.coefficients)
        yield "up", design.up
        yield "down", design.down
        yield "clocks_per_sample", plain(Fraction(self.period_clocks, design.down))
        yield "clocks_per_result", plain(Fraction(self.period_clocks, design.up))
        yield "multiplier_use", float(self.multiplier_use)
        yield "group_delay", None if delay is None else float(delay / design.up)
        yield "linear_phase", linear

    def what(self) -> str:
        design = self.design
        made = f"{counted(design.up, 'result')} for {counted(design.down, 'sample')}"
        return f"rate times {design.rate}, {made}, FIR filter of {counted(design.taps, 'tap')}"

    def values(self) -> Iterator[Line]:
        yield from super().values()
        yield "group delay", self._delay()

    def _delay(self) -> str:
        delay, linear = group_delay(self.design.coefficients)
        if delay is None:
            return "differs by frequency; at frequency zero there is none, as the gain is zero"
        told = f"{counted(delay / self.design.up, 'sample')}, {counted(delay / self.design.down, 'result')}"
        return f"{told}, at every frequency" if linear else f"{told}, at frequency zero; differs by frequency"

    def _throughput(self) -> str:
        design = self.design
        return f"{counted(design.down, 'sample')}, {counted(design.up, 'result')} in {counted(self.period_clocks, 'clock')}"

    def frame_clocks(self) -> str:
        timing, results = self.plan.timing, self.design.rate.results(FRAME)
        clocks = f"{timing.frame_clocks(FRAME)} clocks, {timing.frame_interval(FRAME)} back to back"
        return f"of {FRAME} samples gives {results} results and takes {clocks}"

    def cost(self) -> Iterator[Line]:
        yield from super().cost()
        yield "their use", f"{number(self.multiplier_use)} taps a multiplier a clock, without stalls"
