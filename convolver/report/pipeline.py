"""The report of a pipeline: of each stage a line, and of the whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..designs import Pipeline
from ..plan.pipeline import PipelineTiming
from . import report_of
from .base import Line, Report
from .numbers import counted, times

__all__ = ["PipelineReport"]


@dataclass(frozen=True)
class PipelineReport(Report):
    """What filters cost and do, one behind the other."""

    design: Pipeline

    @property
    def stages(self) -> list[Report]:
        """The reports of the stages."""
        return [report_of(stage, self.family) for stage in self.design.stages]

    @property
    def gaps(self) -> str:  # type: ignore[override]  # of each design others
        return self.stages[0].gaps if self.timing.gapless else "but for what a stage waits between frames"

    @property
    def frame(self) -> tuple[int, ...]:
        """Sizes of the largest frame as the first core sees it, with all that the host adds; none of a signal."""
        return tuple(axis.most for axis in self.design.frame_axes if axis.most is not None)

    @property
    def timing(self) -> PipelineTiming:
        """How frames follow one another."""
        timing = self.plan.timing
        assert isinstance(timing, PipelineTiming)
        return timing

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield "stages", [stage.to_dict() for stage in self.stages]
        plan, frame = self.plan, self.frame
        if frame:
            yield "frame", list(frame)
            yield "frame_clocks", plan.timing.frame_clocks(*frame)
            yield "frame_interval", plan.timing.frame_interval(*frame)
            yield "flush_clocks", plan.timing.flush_clocks(frame[-1])

    def what(self) -> str:
        return counted(len(self.design.stages), "stage") + ", each takes what the one before gives"

    def values(self) -> Iterator[Line]:
        parts = zip(self.stages, self.plan.cores, strict=True)
        for number, (stage, core) in enumerate(parts, 1):
            cost = f"{counted(core.multipliers, 'multiplier')}, {core.memory_bits()} bits of memory"
            yield f"stage {number}", stage.what()
            yield "", f"gives {core.design.output_format}, latency {core.latency}, {cost}"
        for number, part in self.design.loadable_parts.items():
            yield (
                f"sets, stage {number}",
                f"{part.set_size} coefficients, {part.coefficient_format}, at 0x{0x40 * number:02X} on",
            )
        low, high = self.design.output_range
        yield "output", f"{self.design.output_format}, {low} to {high}"

    def frame_clocks(self) -> str:
        timing, frame = self.timing, self.frame
        if not frame:
            samples = times(timing.cycles, "N")
            return f"of N samples takes {samples} + {timing.frame_clocks(0)} clocks, {samples} back to back"
        size = "x".join(map(str, frame))
        alone, interval = timing.frame_clocks(*frame), timing.frame_interval(*frame)
        waits = timing.resize_clocks(frame[-1])
        resized = f"; one of another size behind it waits until that has left, at most {waits} clocks"
        bound = "" if timing.gapless else "at most "
        return f"of {size} takes {alone} clocks alone, {bound}{interval} back to back{resized}"

    def cost(self) -> Iterator[Line]:
        plan = self.plan
        yield "multipliers", f"{plan.multipliers} for {plan.multiplications} products a clock"
