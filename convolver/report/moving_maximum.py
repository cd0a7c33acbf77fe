"""The report of a moving maximum."""

from collections.abc import Iterator
from typing import Any

from ..designs import MovingMaximumDesign
from ..plan.moving_maximum import MovingMaximumPlan
from .base import Line
from .signals import SignalReport

__all__ = ["MovingMaximumReport"]


class MovingMaximumReport(SignalReport):
    """What a moving maximum costs and does."""

    design: MovingMaximumDesign
    plan: MovingMaximumPlan

    @property
    def distances(self) -> list[int]:
        """Samples that each comparison's delay line holds back."""
        return [stage.distance for stage in self.plan.windows]

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield "comparators", len(self.distances)
        yield "delayed_samples", sum(self.distances)

    def what(self) -> str:
        size = self.design.size
        return f"moving maximum of {size} sample{'s' * (size > 1)}, {self.design.fill} before a frame"

    def values(self) -> Iterator[Line]:
        yield "output", f"{self.design.output_format}, each one of the samples"
        ahead = (self.design.size - 1) / 2
        yield "delay", f"{ahead:g} sample{'s' * (ahead != 1)} to the middle of the window"

    def cost(self) -> Iterator[Line]:
        told = " + ".join(map(str, self.distances))
        delays = f", behind delays of {told} sample{'s' * (told != '1')}" if self.distances else ""
        yield "comparators", f"{len(self.distances)} of {self.design.data.width} bits{delays}"
        yield "multipliers", "none"
