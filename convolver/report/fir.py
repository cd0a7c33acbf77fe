"""The report of a FIR filter."""

from collections.abc import Iterator
from typing import Any

from ..designs import FIRDesign
from ..response import group_delay
from .base import Line
from .linear import LinearReport
from .numbers import counted
from .signals import SignalReport, told_delay

__all__ = ["FIRReport"]


class FIRReport(SignalReport, LinearReport):
    """What a FIR filter costs and does: also its group delay and, where it was designed for something, what it reaches."""

    design: FIRDesign

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield from super().own_numbers()
        delay, linear = group_delay(self.design.coefficients)
        yield "group_delay", None if delay is None else float(delay)
        yield "linear_phase", linear
        if self.design.specified is not None:
            yield "ripple_db", self.design.specified.ripple_db
            yield "attenuation_db", self.design.specified.attenuation_db

    def what(self) -> str:
        return f"FIR filter of {counted(self.design.taps, 'tap')}"

    def values(self) -> Iterator[Line]:
        yield from super().values()
        yield from self._specified()
        yield "group delay", told_delay(self.design.coefficients)

    def _specified(self) -> Iterator[Line]:
        """What the filter was designed for and reaches, where that is known."""
        found = self.design.specified
        if found is None:
            return
        low, high = found.passband_gain
        ripple = f"gain {low:.6g} to {high:.6g}, ripple {found.ripple_db:.3g} dB{_asked(found.asked_ripple_db)}"
        yield "made as", f"{found.kind}, {found.bands()}, at {found.fs:g} samples a second{found.idle_taps()}"
        yield "passband", f"{ripple}; {found.ideal_ripple_db:.3g} dB before quantisation"
        if found.attenuation_db is not None and found.ideal_attenuation_db is not None:
            reached = f"attenuation {found.attenuation_db:.2f} dB{_asked(found.asked_attenuation_db)}"
            yield "stopband", f"{reached}; {found.ideal_attenuation_db:.2f} dB before quantisation"


def _asked(value: float | None) -> str:
    return "" if value is None else f", {value:g} asked"
