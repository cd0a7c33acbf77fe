"""The report of several filters as one design: of each a line, and of the whole."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from ..designs.composite import Composite
from ..designs.image_stacks import by
from ..plan.composite import CompositePlan
from ..shell import Shell
from .base import Line, Report, reported
from .numbers import counted, times
from .whole import whole_lines, whole_numbers

__all__ = ["CompositeReport"]


class CompositeReport(Report):
    """What several filters cost and do."""

    design: Composite
    plan: CompositePlan

    @cached_property
    def members(self) -> list[Report]:
        """The reports of the filters that it lists."""
        return [reported(plan, Shell().of(plan.design), self.clock) for plan in self.plan.plans]

    @property
    def gaps(self) -> str:  # type: ignore[override]  # of each design others
        return self.plan.timing.gaps.told(self.members[0].gaps, f"a {self.design.stages_field}")

    @property
    def frame(self) -> tuple[int, ...]:
        """Sizes of the largest frame as the first core sees it, with all that the host adds; none of a signal."""
        return tuple(axis.most for axis in self.design.frame_axes if axis.most is not None)

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield self.design.listed_as, [member.to_dict() for member in self.members]
        yield from whole_numbers(self.design)
        timing, frame = self.plan.timing, self.frame
        if frame:
            yield "frame", list(frame)
            yield "least_image", list(self.design.least_shape)
            yield "frame_clocks", timing.frame_clocks(*frame)
            yield "frame_interval", timing.frame_interval(*frame)
            yield "flush_clocks", timing.flush_clocks(frame[-1])

    def values(self) -> Iterator[Line]:
        for number, (member, plan) in enumerate(zip(self.members, self.plan.plans, strict=True), 1):
            cost = f"{counted(plan.multipliers, 'multiplier')}, {plan.memory_bits()} bits of memory"
            yield f"{self.design.stages_field} {number}", member.what()
            yield "", f"gives {plan.design.output_format}, latency {plan.latency}, {cost}"
            yield from (("", told) for told in self.behind(number))
        for number, one in self.design.loadable_parts.items():
            yield f"sets, stage {number}", f"{one.set_size} coefficients, {one.coefficient_format}, at 0x{0x40 * number:02X} on"
        yield from whole_lines(self.design)
        if self.frame:
            yield (
                "images",
                f"of {by(self.design.least_shape)} or more; larger ones than {by(self.frame)} are cut",
            )
        low, high = self.design.output_range
        yield "output", f"{self.design.output_format}, {low} to {high}"

    def behind(self, number: int) -> Iterable[str]:  # noqa: ARG002  # where there is something
        """What else there is to tell of one of them."""
        return ()

    def frame_clocks(self) -> str:
        timing, frame = self.plan.timing, self.frame
        if not frame:
            samples = times(timing.cycles, "N")
            return f"of N samples takes {samples} + {timing.frame_clocks(0)} clocks, {samples} back to back"
        alone, interval = timing.frame_clocks(*frame), timing.frame_interval(*frame)
        return f"of {by(frame)} takes {alone} clocks alone, {timing.gaps.bound}{interval} back to back"

    def cost(self) -> Iterator[Line]:
        yield "multipliers", f"{self.plan.multipliers} for {counted(self.plan.multiplications, 'product')} a clock"
