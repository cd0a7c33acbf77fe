"""The end of every pipeline: output stage and output buffer."""

from collections.abc import Iterable
from dataclasses import replace

from ..designs import Design, LinearDesign
from .marks import marks_of
from .stages import BurstBuffer, CompactBuffer, Memory, OutputBuffer, Round, Saturate, Shift, Stage, Threshold
from .timing import FrameTiming

__all__ = [
    "BUFFER_LATENCY",
    "COMPACT_LATENCY",
    "CREDIT_LATENCY",
    "burst_buffer",
    "compact_buffer",
    "compact_depth",
    "credit_latency",
    "output_buffer",
    "rounding",
]

CREDIT_LATENCY = 5
"""Cycles from the transfer of a result to the use of its credit, where who takes it looks at the credits themselves."""

BUFFER_LATENCY = 3
"""Cycles from the write of a result into the output buffer to its offer."""

COMPACT_CREDIT_LATENCY = 2
"""`CREDIT_LATENCY` of the compact buffer."""

COMPACT_LATENCY = 2
"""`BUFFER_LATENCY` of the compact buffer."""


def rounding(design: LinearDesign) -> tuple[Stage, ...]:
    """Shift, rounding, and overflow or threshold: of binary results nothing is saturated."""
    rounded: Stage = Shift(0, shift=design.shift)
    if design.shift and design.rounding != "floor":
        rounded = Round(2, shift=design.shift, rounding=design.rounding)
    above = design.output_format.max

    def compared(stages: tuple[Stage, ...], level: int) -> tuple[Stage, ...]:
        return (*stages, Threshold(1, level=level, above=above))

    return design.decision.results((rounded,), lambda stages: (*stages, *_fitted(design)), compared)


def _fitted(design: LinearDesign) -> tuple[Stage, ...]:
    """What holds results inside the output format, if any can lie outside."""
    low, high = design.result_range
    output = design.output_format
    if design.overflow == "saturate" and not (low in output and high in output):
        return (Saturate(1, low=output.min, high=output.max),)
    return ()


def credit_latency(stages: Iterable[Stage]) -> int:
    """Cycles from the transfer of a result to the use of its credit, with such stages in front of the output buffer."""
    return CREDIT_LATENCY + sum(stage.credit_latency for stage in stages)


def output_buffer(design: Design, depth: int) -> OutputBuffer:
    """The output buffer for results of a beat and their marks; in two banks."""
    memory = Memory("output buffer", depth // 2, _bits(design), block=False)
    return OutputBuffer(BUFFER_LATENCY, (memory, memory), depth)


def burst_buffer(design: Design, depth: int, together: int) -> OutputBuffer:
    """That for results of which so many begin together, and `depth` are in flight; as ever where each begins by itself."""
    if together == 1:
        return output_buffer(design, depth)
    buffer = BurstBuffer(BUFFER_LATENCY, together=together)
    depth = 2 * max(depth, buffer.enough)
    return replace(buffer, memories=output_buffer(design, depth).memories, depth=depth)


def compact_depth(timing: FrameTiming, stages: Iterable[Stage]) -> int:
    """Results that the compact output buffer holds, with such stages in front of it."""
    waiting = COMPACT_CREDIT_LATENCY + sum(stage.credit_latency for stage in stages)
    return max(timing.buffer_depth(waiting), 4)


def compact_buffer(design: Design, depth: int) -> CompactBuffer:
    """The output buffer in one memory."""
    return CompactBuffer(COMPACT_LATENCY, (Memory("output buffer", depth, _bits(design), block=False),), depth)


def _bits(design: Design) -> int:
    """Of a beat's results and their marks."""
    results = design.pixels_per_clock * design.planes * design.outputs
    return results * design.output_format.width + sum(marks_of(design).values())
