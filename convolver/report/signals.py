"""What the report of any filter of a signal says of its frames."""

from .base import Report

__all__ = ["SignalReport"]


class SignalReport(Report):
    """A report whose frames are signals, of any length."""

    def frame_clocks(self) -> str:
        plan = self.plan
        samples = f"{plan.cycles}N" if plan.cycles > 1 else "N"
        told = f"of N samples takes {samples} {plan.timing.frame_clocks(0):+} clocks, {samples} back to back"
        return told.replace(" +", " + ")
