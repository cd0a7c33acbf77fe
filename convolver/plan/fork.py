"""The plan of a fork: its branches' plans side by side, and behind each a queue as long as the others make it wait."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..designs import Choices, Fork
from .arithmetic import Range
from .array_stages import summed_range
from .bilinear import Term
from .composite import CompositePlan, SilenceGate, lowered, silence_gate
from .marks import marks_of
from .plan import Plan
from .stages import Memory, Numbers, Stage, cycles_of
from .target import Target
from .timing import FrameTiming

__all__ = ["ForkPlan", "ForkTiming", "Join", "Queue", "SizeCheck", "Split", "leads", "lower_fork", "rooms"]

SETTLING = 4
"""Cycles in which a queue says that it is empty, behind the core in front of it."""

CHECK_LATENCY, JOIN_LATENCY = 1, 1
"""Cycles of the size check, and of the join."""

SPARE = 12
"""Places of a queue beyond those that results wait in: as many as are on their way through it, one a cycle."""

SHORT, SHORT_LATENCY, LONG_LATENCY = 64, 3, 7
"""Places of the longest queue that is one output buffer, its cycles, and those of a longer one, in block RAM."""


@dataclass(frozen=True, slots=True)
class SizeCheck(Stage):
    """Lets no branch take a frame of a size that another one doesn't take."""

    name = "size check"

    @property
    def checks_size(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Split(Stage):
    """Hands each beat to all branches."""

    name = "split"


@dataclass(frozen=True, slots=True)
class Queue(Stage):
    """Holds the results of a branch until the other branches have theirs.

    depth : results.
    """

    name = "queue"
    depth: int = 0

    @property
    def long(self) -> bool:
        """Whether it is a memory in front of an output buffer, rather than one of these alone."""
        return self.depth > SHORT


@dataclass(frozen=True, slots=True)
class Join(Stage):
    """Adds the branches' results, takes one from the other, or puts them side by side.

    signs : by what the results of each branch are multiplied in the sum; none where they aren't added.
    """

    name = "join"
    signs: tuple[int, ...] = ()

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple(summed_range(ranges, terms) for terms in self._terms(len(ranges)))

    def run(self, numbers: Numbers) -> Numbers:
        """By all results of the first branch, then those of the next one."""
        nothing = np.zeros(np.shape(numbers[0]), object)
        return [sum((sign * numbers[place] for place, sign in terms), nothing) for terms in self._terms(len(numbers))]

    def _terms(self, count: int) -> list[list[Term]]:
        """What is added for each number that it gives, of so many that come."""
        each = count // len(self.signs)
        return [[*zip(range(first, count, each), self.signs, strict=True)] for first in range(each)]


@dataclass(frozen=True)
class ForkTiming(FrameTiming):
    """How frames follow one another through several branches: as through the slowest. A faster one gets beats with pauses, so
    that its end leaves between two frames, for which all wait; then these are upper bounds.

    Parameters
    ----------
    timings : tuple of FrameTiming
        One for each branch.
    late : tuple of int
        Cycles of what is around each: a gate in front of all, its queue, and the join.
    fast : tuple of bool
        Whether a core of it is faster than the slowest of all.
    """

    timings: tuple[FrameTiming, ...]
    late: tuple[int, ...]
    fast: tuple[bool, ...]

    @property
    def lag(self) -> tuple[int, int]:
        return max(timing.lag for timing in self.timings)

    @property
    def _even(self) -> bool:
        return not any(self.fast)

    @property
    def gapless(self) -> bool:
        return self._even and all(timing.gapless for timing in self.timings)

    @property
    def settling(self) -> int:
        return SETTLING + max(timing.settling for timing in self.timings)

    def beats(self, columns: int) -> int:
        return self.timings[0].beats(columns)

    def frame_interval(self, rows: int, columns: int = 1) -> int:
        waits = [timing.flush_clocks(columns) for timing, fast in zip(self.timings, self.fast, strict=True) if fast]
        return max(timing.frame_interval(rows, columns) for timing in self.timings) + max(waits, default=0)

    def flush_clocks(self, columns: int = 1) -> int:
        ends = [
            timing.flush_clocks(columns) + timing.latency + late for timing, late in zip(self.timings, self.late, strict=True)
        ]
        return max(ends) - self.latency

    def unwanted(self, rows: int, columns: int) -> int:
        return min(timing.unwanted(rows, columns) for timing in self.timings)

    def frame_clocks(self, rows: int, columns: int = 1, frames: int = 1) -> int:
        last = max(self.result_clocks(rows, columns), *(timing.frame_clocks(rows, columns) for timing in self.timings))
        return (frames - 1) * self.frame_interval(rows, columns) + last

    def result_clocks(self, rows: int, columns: int = 1) -> int:
        if not self._even:
            return rows * self.beats(columns) * self.cycles + self.latency + self.flush_clocks(columns)
        return max(timing.result_clocks(rows, columns) + late for timing, late in zip(self.timings, self.late, strict=True))


@dataclass(frozen=True)
class ForkPlan(CompositePlan):
    """How several cores compute its results, side by side.

    Parameters
    ----------
    queues : tuple of Queue or None
        What stands behind each branch; nothing where no other one has its results later.
    """

    design: Fork
    queues: tuple[Queue | None, ...]

    def sizes(self, *size: int | None) -> Iterable[tuple[int | None, ...]]:
        return [size] * len(self.plans)

    def fixed(self, plans: Sequence[Plan]) -> "ForkPlan":
        gate = silence_gate(self.design)
        return _side_by_side(self.design, self.timing.cycles, self.target, gate, tuple(plans))

    def _told(self) -> Iterable[str]:
        yield from self._told_plans("branch")
        gates = {gate.name: self.cycles_in(gate) for gate in (SilenceGate, SizeCheck)}
        yield from (f"{name:<14}{taken:>6}" for name, taken in gates.items() if taken)
        for number, queue in enumerate(self.queues, 1):
            if queue is not None:
                yield f"queue {number:<8}{queue.cycles:>6}, of {queue.depth} places"
        yield f"{'join':<14}{self.cycles_in(Join):>6}"
        yield f"{'latency':<14}{self.latency:>6}"


def leads(plan: Plan, columns: int) -> int:
    """The most beats by which a branch completes a result later than the beat of its place.

    So many results, at most, wait in it for beats of the next frame.
    """
    pixels = plan.design.pixels_per_clock
    beats, down, right = 0, 1, 1
    for core in plan.cores:
        lines, more = core.timing.lag
        beats += lines * down * plan.timing.beats(columns) + math.ceil(more * right * core.design.pixels_per_clock / pixels)
        *rows, width = (axis.stride for axis in core.design.frame_axes)
        down, right = down * (rows[0] if rows else 1), right * width
    return beats


def rooms(held: Sequence[int]) -> list[int]:
    """For how many results each branch needs room, so that no two wait for each other for ever: for as many as any other branch
    holds back.

    A branch that waits for beats has given all results but those. Another one has given a result for each beat at most, also
    if it has driven its frame's end out by itself. So it has given no more than that many results more; its queue isn't full,
    and it takes the beat.
    """
    return [max(one for other, one in enumerate(held) if other != number) for number in range(len(held))]


def lower_fork(design: Fork, choices: Choices, target: Target) -> ForkPlan:
    """The branches' plans, with the queues between them and the join.

    A queue has the greater of two lengths:

    - A branch completes a result later than another one by as many cycles as it `leads` more beats and has more latency. For so
      long the other one's results wait, else clocks are lost. Both grow with the columns of a frame: the widest and the
      narrowest frame tell the most.
    - No two branches wait for each other for ever: see `rooms`.
    """
    gate = (*silence_gate(design), *_size_check(design))
    return _side_by_side(design, choices.clocks, target, gate, lowered(design.branches, target))


def _side_by_side(design: Fork, clocks: int, target: Target, gate: tuple[Stage, ...], plans: tuple[Plan, ...]) -> ForkPlan:
    """The plan of cores behind a gate."""
    width = design.frame_axes[-1]
    led = [[leads(plan, columns) for plan in plans] for columns in (width.least, width.most or width.least)]
    waits = [[lead + plan.latency for lead, plan in zip(each, plans, strict=True)] for each in led]
    longest = [max(max(each) - each[number] for each in waits) for number in range(len(plans))]
    queues = tuple(map(_queue, plans, map(max, longest, rooms(led[-1]))))
    around = cycles_of(gate) + JOIN_LATENCY
    late = tuple((0 if queue is None else queue.cycles) + around for queue in queues)
    # From the beat that completes a result of the latest branch: the others had theirs as much earlier as they lead less.
    latency = max(
        lead - max(each) + plan.latency + more for each in led for lead, plan, more in zip(each, plans, late, strict=True)
    )
    held = [queue for queue in queues if queue is not None]
    join = Join(JOIN_LATENCY, signs=design.joining.signs(len(plans)))
    stages = (*gate, Split(0), *(stage for plan in plans for stage in plan.stages), *held, join)
    pixel_cycles = [[Fraction(core.timing.cycles, core.design.pixels_per_clock) for core in plan.cores] for plan in plans]
    fast = tuple(min(each) < max(map(max, pixel_cycles)) for each in pixel_cycles)
    timing = ForkTiming(clocks, latency, tuple(plan.timing for plan in plans), late, fast)
    return ForkPlan(design, target, stages, timing, plans, queues)


def _size_check(design: Fork) -> tuple[Stage, ...]:
    """What stands in front of branches that don't take the same sizes."""
    limits = {tuple((axis.least, axis.most) for axis in branch.frame_axes if axis.most) for branch in design.branches}
    return (SizeCheck(CHECK_LATENCY),) if len(limits) > 1 else ()


def _queue(plan: Plan, wait: int) -> Queue | None:
    """The queue behind a branch whose results wait for so many cycles."""
    if not wait:
        return None
    design, depth = plan.design, wait + SPARE
    places = plan.copies * design.outputs
    bits = places * design.output_format.width + sum(marks_of(design).values())
    if depth <= SHORT:
        return Queue(SHORT_LATENCY, (Memory("queue", depth, bits, block=False),), depth=depth)
    depth = 1 << (depth - 1).bit_length()
    return Queue(LONG_LATENCY, (Memory("queue", depth, bits),), depth=depth)
