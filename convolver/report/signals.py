"""What the report of any filter of a signal says of its frames."""

from .base import Report
from .numbers import times

__all__ = ["SignalReport"]


class SignalReport(Report):
    """A report whose frames are signals, of any length."""

    def frame_clocks(self) -> str:
        plan = self.plan
        samples = times(plan.cycles, "N")
        told = f"of N samples takes {samples} {plan.timing.frame_clocks(0):+} clocks, {samples} back to back"
        return told.replace(" +", " + ")
