"""What the report of any filter of a signal says of its frames."""

from collections.abc import Sequence

from ..response import group_delay
from .base import Report
from .numbers import counted, times

__all__ = ["SignalReport", "told_delay"]


class SignalReport(Report):
    """A report whose frames are signals, of any length."""

    def frame_clocks(self) -> str:
        plan = self.plan
        samples = times(plan.cycles, "N")
        told = f"of N samples takes {samples} {plan.timing.frame_clocks(0):+} clocks, {samples} back to back"
        return told.replace(" +", " + ")


def told_delay(coefficients: Sequence[int]) -> str:
    """By how much a filter of these taps delays a signal."""
    delay, linear = group_delay(coefficients)
    if delay is None:
        return "differs by frequency; at frequency zero there is none, as the gain is zero"
    samples = counted(delay, "sample")
    return f"{samples} at every frequency" if linear else f"{samples} at frequency zero; differs by frequency"
