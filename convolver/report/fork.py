"""The report of a fork: of each branch a line, and of the whole."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..designs import Fork
from ..plan.fork import ForkPlan
from .composite import CompositeReport

__all__ = ["ForkReport"]


class ForkReport(CompositeReport):
    """What filters cost and do, side by side."""

    design: Fork
    plan: ForkPlan

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield from super().own_numbers()
        yield "queue_bits", self.plan.memory_bits("queue")

    def what(self) -> str:
        return self.design.joining.told(f"{len(self.design.branches)} branches")

    def behind(self, number: int) -> Iterable[str]:
        queue = self.plan.queues[number - 1]
        return () if queue is None else (f"its results wait in a queue of {queue.depth}",)
