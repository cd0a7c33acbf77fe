"""The plan of a pipeline: its stages' plans, each a credit domain of its own, joined where a stream has back-pressure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from ..counting import counted
from ..designs import Choices, Pipeline
from .composite import CompositePlan, SilenceGate, lowered, silence_gate
from .pipeline_timing import PipelineTiming, timing_of
from .plan import Plan
from .stages import Stage, cycles_of
from .target import Target
from .widths import Widths, widths_between

__all__ = ["GATE_LATENCY", "PipelinePlan", "PipelineTiming", "SizeGate", "lower_pipeline"]

GATE_LATENCY = 3
"""Cycles of the gate in front of images."""


@dataclass(frozen=True, slots=True)
class SizeGate(Stage):
    """Holds a frame of another size back until those before have left, and tells each stage its size."""

    name = "size gate"

    @property
    def checks_size(self) -> bool:
        return True


GATES = (SizeGate, SilenceGate)
"""What may stand in front of all stages."""


@dataclass(frozen=True)
class PipelinePlan(CompositePlan):
    """How several cores compute its results, one behind the other.

    Parameters
    ----------
    converters : tuple of Widths or None
        What stands behind each core; nothing where the next one's beats are as wide.
    """

    design: Pipeline
    converters: tuple[Widths | None, ...]

    def sizes(self, *size: int | None) -> Iterable[tuple[int | None, ...]]:
        for stage in self.design.members:
            yield size
            size = size if None in size else stage.frame_results(*cast(tuple[int, ...], size))

    def fixed(self, plans: Sequence[Plan]) -> "PipelinePlan":
        gate = silence_gate(self.design)
        return _in_series(self.design, self.timing.cycles, self.target, gate, tuple(plans))

    def _told(self) -> Iterable[str]:
        yield from self._told_plans("stage")
        for number, converter in enumerate(self.converters, 1):
            if converter is not None:
                what = f"{converter.before} into {counted(converter.behind, 'pixel')} a beat"
                yield f"{converter.name + ' ' + str(number):<14}{converter.cycles:>6}, {what}"
        gates = [f", {gate.cycles} of it the {gate.name} in front" for gate in self.stages if isinstance(gate, GATES)]
        yield f"{'latency':<14}{self.latency:>6}{''.join(gates)}"


def _size_gate(design: Pipeline) -> tuple[Stage, ...]:
    """What stands in front of frames whose sizes have limits."""
    limits = {axis.most for axis in design.frame_axes} - {None}
    return (SizeGate(GATE_LATENCY),) if limits else ()


def lower_pipeline(design: Pipeline, choices: Choices, target: Target) -> PipelinePlan:
    """The stages' plans; in front of images a gate, as they come in sizes; between beats of other widths a converter."""
    gate = (*silence_gate(design), *_size_gate(design))
    return _in_series(design, choices.clocks, target, gate, lowered(design.stages, target))


def _in_series(design: Pipeline, clocks: int, target: Target, gate: tuple[Stage, ...], plans: tuple[Plan, ...]) -> PipelinePlan:
    """The plan of cores behind a gate."""
    pixels = [stage.pixels_per_clock for stage in (*design.stages, design)]
    converters = tuple(map(widths_between, pixels, pixels[1:]))
    joints = [converter for converter in converters if converter is not None]
    stages = (*gate, *(stage for plan in plans for stage in plan.stages), *joints)
    latency = cycles_of(gate) + cycles_of(joints) + sum(plan.latency for plan in plans)
    timing = timing_of(design, clocks, latency, tuple(plan.timing for plan in plans))
    return PipelinePlan(design, target, stages, timing, plans, converters)
