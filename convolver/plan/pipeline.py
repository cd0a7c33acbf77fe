"""The plan of a pipeline: its stages' plans, each a credit domain of its own, joined where a stream has back-pressure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..designs import Choices, Pipeline
from .composite import CompositePlan
from .lowering import lower
from .stages import Stage, cycles_of
from .target import Target
from .timing import FrameTiming

__all__ = ["GATE_LATENCY", "PipelinePlan", "PipelineTiming", "SizeGate", "lower_pipeline"]

GATE_LATENCY = 1
"""Cycles of the gate in front of images."""

GATE_WAIT = 5
"""Cycles in which the gate sees that nothing is inside, and hands over a frame's size."""

BORDER_CYCLES, STRIDE_CYCLES = 1, 18
"""Cycles in which a stage's size is found behind one that takes a border off, and behind one with a stride."""


@dataclass(frozen=True, slots=True)
class SizeGate(Stage):
    """Holds a frame of another size back until those before have left, and tells each stage its size."""

    name = "size gate"


@dataclass(frozen=True)
class PipelineTiming(FrameTiming):
    """How frames follow one another through several cores: exact where all of them take the same cycles, and each gives as much
    as it takes; else upper bounds.

    A stage that gives less than it takes, in mode ``valid`` or with a stride, leaves a gap between frames. The next stage's end
    leaves in it, and the frame behind may have to wait for what is left of that.

    Parameters
    ----------
    design : Pipeline
    parts : tuple of FrameTiming
        Of each core.
    """

    design: Pipeline
    parts: tuple[FrameTiming, ...]

    @property
    def lag(self) -> tuple[int, int]:
        lags = [part.lag for part in self.parts]
        return sum(lines for lines, _ in lags), sum(more for _, more in lags)

    @property
    def settling(self) -> int:
        # Of a core in front, what the ones behind it take covers it.
        behind = [sum(part.latency for part in self.parts[number:]) for number in range(1, len(self.parts) + 1)]
        return max(0, *(part.settling - later for part, later in zip(self.parts, behind, strict=True)))

    def beats(self, columns: int) -> int:
        return self.parts[0].beats(columns)

    def _sizes(self, rows: int, columns: int) -> Iterable[tuple[FrameTiming, int, int]]:
        """Each core's timing, and the frames that come to it."""
        sizes: Sequence[int] = (rows, columns)[: self.design.rank]
        for stage, part in zip(self.design.stages, self.parts, strict=True):
            high, wide = (*sizes, columns)[:2]
            yield part, high, wide
            sizes = stage.frame_results(*sizes)

    @property
    def gapless(self) -> bool:
        axes = [axis for stage in self.design.stages[:-1] for axis in stage.frame_axes]
        alike = all((axis.lost, axis.stride) == (0, 1) for axis in axes)
        return alike and all(part.gapless for part in self.parts)

    def frame_interval(self, rows: int, columns: int = 1) -> int:
        sizes = list(self._sizes(rows, columns))
        waits = 0 if self.gapless else sum(part.flush_clocks(wide) for part, _, wide in sizes[1:])
        return max(part.frame_interval(high, wide) for part, high, wide in sizes) + waits

    def flush_clocks(self, columns: int = 1) -> int:
        tall = 1 << 16  # the rows have no part in it
        return sum(part.flush_clocks(wide) for part, _, wide in self._sizes(tall, columns))

    def resize_clocks(self, columns: int) -> int:
        """Cycles for which a frame of another size waits behind one, at most: until that has left and all sizes are found."""
        steps = (
            max(BORDER_CYCLES * (axis.lost > 0) + STRIDE_CYCLES * (axis.stride > 1) for axis in stage.frame_axes)
            for stage in self.design.stages[:-1]
        )
        return self.flush_clocks(columns) + self.latency + self.settling + GATE_WAIT + sum(steps)

    def frame_clocks(self, rows: int, columns: int = 1, frames: int = 1) -> int:
        end = (rows * self.beats(columns) - 1) * self.cycles + 1
        behind = self.latency + sum(
            part.flush_clocks(wide) - part.unwanted(high, wide) * part.cycles for part, high, wide in self._sizes(rows, columns)
        )
        return (frames - 1) * self.frame_interval(rows, columns) + end + max(behind, 0)


@dataclass(frozen=True)
class PipelinePlan(CompositePlan):
    """How several cores compute its results, one behind the other."""

    def _told(self) -> Iterable[str]:
        yield from self._told_parts("stage")
        gate = self.cycles_in(SizeGate)
        yield f"{'latency':<14}{self.latency:>6}" + (f", {gate} of it the size gate in front" if gate else "")


def lower_pipeline(design: Pipeline, choices: Choices, target: Target) -> PipelinePlan:
    """The stages' plans; in front of images a gate, as they come in sizes."""
    parts = tuple(lower(stage, target.family) for stage in design.stages)
    gate: tuple[Stage, ...] = () if design.history is not None else (SizeGate(GATE_LATENCY),)
    stages = (*gate, *(stage for part in parts for stage in part.stages))
    latency = cycles_of(gate) + sum(part.latency for part in parts)
    timing = PipelineTiming(choices.clocks, latency, design, tuple(part.timing for part in parts))
    return PipelinePlan(design, target, stages, timing, parts)
