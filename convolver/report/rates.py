"""What the report of any change of a signal's rate says of its frames and its delay."""

from collections.abc import Sequence
from fractions import Fraction

from ..designs import Rate
from ..plan import Plan
from ..response import group_delay
from .numbers import counted

__all__ = ["FRAME", "told_delays", "told_frame", "told_rate", "told_rate_delay"]

FRAME = 1024
"""Samples of the frame that is told as an example."""


def told_rate(rate: Rate, clocks: int | Fraction) -> str:
    """Samples and results in so many clocks."""
    return f"{counted(rate.down, 'sample')}, {counted(rate.up, 'result')} in {counted(clocks, 'clock')}"


def told_frame(plan: Plan) -> str:
    """What a frame gives, and what it takes."""
    timing, (results,) = plan.timing, plan.design.frame_results(FRAME)
    bound = timing.bound
    clocks = f"{bound}{timing.frame_clocks(FRAME)} clocks, {bound}{timing.frame_interval(FRAME)} back to back"
    return f"of {FRAME} samples gives {results} results and takes {clocks}"


def told_rate_delay(coefficients: Sequence[int], rate: Rate) -> str:
    """By how much a filter of these taps, at the rate of samples times `up`, delays a signal."""
    return told_delays(*group_delay(coefficients), rate)


def told_delays(delay: Fraction | None, linear: bool, rate: Rate) -> str:
    """A delay in samples and in results."""
    if delay is None:
        return "differs by frequency; at frequency zero there is none, as the gain is zero"
    told = f"{counted(delay / rate.up, 'sample')}, {counted(Fraction(delay) / rate.down, 'result')}"
    return f"{told}, at every frequency" if linear else f"{told}, at frequency zero; differs by frequency"
