"""The plan of a pipeline: its stages' plans, each a credit domain of its own, joined where a stream has back-pressure."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..designs import Choices, Pipeline
from .composite import CompositePlan
from .lowering import lower
from .pipeline_timing import PipelineTiming, timing_of
from .stages import Stage, cycles_of
from .target import Target

__all__ = ["GATE_LATENCY", "PipelinePlan", "PipelineTiming", "SizeGate", "lower_pipeline"]

GATE_LATENCY = 2
"""Cycles of the gate in front of images."""


@dataclass(frozen=True, slots=True)
class SizeGate(Stage):
    """Holds a frame of another size back until those before have left, and tells each stage its size."""

    name = "size gate"


@dataclass(frozen=True)
class PipelinePlan(CompositePlan):
    """How several cores compute its results, one behind the other."""

    def _told(self) -> Iterable[str]:
        yield from self._told_parts("stage")
        gate = self.cycles_in(SizeGate)
        yield f"{'latency':<14}{self.latency:>6}" + (f", {gate} of it the size gate in front" if gate else "")


def lower_pipeline(design: Pipeline, choices: Choices, target: Target) -> PipelinePlan:
    """The stages' plans; in front of images a gate, as they come in sizes."""
    parts = tuple(lower(stage, target) for stage in design.stages)
    gate: tuple[Stage, ...] = () if design.history is not None else (SizeGate(GATE_LATENCY),)
    stages = (*gate, *(stage for part in parts for stage in part.stages))
    latency = cycles_of(gate) + sum(part.latency for part in parts)
    timing = timing_of(design, choices.clocks, latency, tuple(part.timing for part in parts))
    return PipelinePlan(design, target, stages, timing, parts)
