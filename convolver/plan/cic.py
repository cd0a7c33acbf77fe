"""The plan of a CIC filter: sections at the rate of samples, a register between the rates, and sections at that of results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..designs import Choices, CICDesign, Rate
from ..designs.cic_directions import DOWN, Down, Section
from ..designs.rates import SAME
from .arithmetic import Range, wrapped
from .output import BUFFER_LATENCY, credit_latency, output_buffer, rounding
from .pace import Pace
from .plan import Plan
from .resample import RateTiming
from .stages import Accept, Numbers, Stage, cycles_of
from .target import Target

__all__ = ["CICPlan", "Combs", "Half", "Hold", "Integrators", "Scale", "lower_cic"]

SECTION_LATENCY = 1
"""Cycles of an integrator, and of a comb: one addition."""


SCALE_LATENCY = 2
"""Cycles of a shift by any number of bits."""


@dataclass(frozen=True, slots=True)
class Half(Stage):
    """Sections of one kind, at the rate of samples or at that of results.

    sections : those.
    delay : how many numbers back a comb looks.
    bits : from the lowest of any to the highest.
    carry_cuts : where these are cut into segments that are added a cycle apart; nowhere if sums are narrow.
    restored : zeros below what it gives, for bits that sections drop.
    """

    sections: tuple[Section, ...] = ()
    delay: int = 1
    bits: int = 0
    carry_cuts: tuple[int, ...] = ()
    restored: int = 0

    @classmethod
    def of(cls, sections: Sequence[Section], pace: Pace, delay: int = 1, restored: int = 0) -> Self:
        """That of these sections."""
        lowest = accumulate(section.dropped for section in (replace(sections[0], dropped=0), *sections[1:]))
        bits = max(low + section.width for low, section in zip(lowest, sections, strict=True))
        carry_cuts = pace.section_cuts(bits)
        cycles = SECTION_LATENCY * len(sections) + len(carry_cuts)
        return cls(cycles, sections=tuple(sections), delay=delay, bits=bits, carry_cuts=carry_cuts, restored=restored)

    def scaled(self, scale: tuple[Stage, ...]) -> tuple[Stage, ...]:
        """These sections at the rate of samples, and what scales numbers that aren't summed yet."""
        raise NotImplementedError

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        last = self.sections[-1].format
        return ((last.min << self.restored, last.max << self.restored),) * len(ranges)

    def run(self, numbers: Numbers) -> Numbers:
        """What a frame makes, one number after the other along the last axis, behind silence."""
        return [self._run(values) << self.restored for values in numbers]

    def _run(self, values: NDArray[np.object_]) -> NDArray[np.object_]:
        for section in self.sections:
            values = wrapped(self._section(values >> section.dropped), section.format)
        return values

    def _section(self, values: NDArray[np.object_]) -> NDArray[np.object_]:
        """What a section makes, before it is cut to its width."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Integrators(Half):
    """Sums of all that came."""

    name = "integrators"

    def scaled(self, scale: tuple[Stage, ...]) -> tuple[Stage, ...]:
        return *scale, self

    def _section(self, values: NDArray[np.object_]) -> NDArray[np.object_]:
        return np.cumsum(values, axis=-1)


@dataclass(frozen=True, slots=True)
class Combs(Half):
    """Differences of what came and of what came some time before."""

    name = "combs"

    def scaled(self, scale: tuple[Stage, ...]) -> tuple[Stage, ...]:
        return self, *scale

    def _section(self, values: NDArray[np.object_]) -> NDArray[np.object_]:
        before = np.zeros((*values.shape[:-1], self.delay), object)
        differences: NDArray[np.object_] = values - np.concatenate([before, values], axis=-1)[..., : values.shape[-1]]
        return differences


@dataclass(frozen=True, slots=True)
class Scale(Stage):
    """Shifts numbers up by what a loaded rate's shift is less than the design's.

    bits : the most, where a loaded shift is 0.
    shift : the loaded one, or the design's.
    """

    name = "scale"
    bits: int = 0
    shift: int = 0

    def with_weights(self, weights: Sequence[int]) -> Stage:
        return replace(self, shift=int(weights[1]))

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        by = self.bits - self.shift
        return tuple((low << by, high << by) for low, high in ranges)

    def run(self, numbers: Numbers) -> Numbers:
        return [values << self.bits - self.shift for values in numbers]


@dataclass(frozen=True, slots=True)
class Hold(Stage):
    """Keeps a number from the one rate's clock to the other's: of several numbers the first, or in front of zeros.

    rate : Rate
    direction : Down
        Which way the rate changes.
    """

    name = "rate change"
    rate: Rate = SAME
    direction: Down = DOWN

    def with_weights(self, weights: Sequence[int]) -> Stage:
        return replace(self, rate=self.direction.rate(int(weights[0])))

    def run(self, numbers: Numbers) -> Numbers:
        """Those of a frame, one after the other along the last axis."""
        return [self._run(values) for values in numbers]

    def _run(self, values: NDArray[np.object_]) -> NDArray[np.object_]:
        apart = np.zeros((*values.shape[:-1], values.shape[-1] * self.rate.up), object)
        apart[..., :: self.rate.up] = values
        found: NDArray[np.object_] = apart[..., :: self.rate.down]
        return found


@dataclass(frozen=True)
class CICPlan(Plan):
    """How one core decimates or interpolates by additions.

    Parameters
    ----------
    before, behind : Half
        Those of the stages that are at the rate of samples, and at that of results.
    """

    design: CICDesign
    timing: RateTiming
    before: Half
    behind: Half

    def results(self, samples: ArrayLike, weights: Sequence[int] | None = None) -> NDArray[np.object_]:
        """Computes what leaves the core for a frame behind silence, stage by stage.

        Parameters
        ----------
        samples : array-like of int, shape (..., size)
            Those of the frame, the first one first.
        weights : sequence of int, optional
            A loaded rate and its shift; by default the design's own.
        """
        numbers = [np.asarray(samples, dtype=object)]
        for stage in self.stages:
            numbers = (stage if weights is None else stage.with_weights(weights)).run(numbers)
        return wrapped(numbers[0], self.design.output_format)

    @property
    def adder_bits(self) -> int:
        """Bits of all additions and subtractions."""
        return sum(section.width for section in self.design.sections)

    def _told(self) -> Iterable[str]:
        yield from super()._told()
        yield ""
        for section in self.design.sections:
            gone = f", of {section.dropped} bits less than came" if section.dropped else ""
            yield f"{section.role}: {section.width} bits{gone}"


def lower_cic(design: CICDesign, choices: Choices, target: Target) -> CICPlan:
    """Half of the sections, the change of the rate, and the other half."""
    count = design.stages
    halves = [(design.sections[:count], 0), (design.sections[count:], design.pruning[-1])]
    blocks: dict[str, type[Half]] = {"integrator": Integrators, "comb": Combs}
    before, behind = (blocks[half[0].role].of(half, target.pace, design.delay, gone) for half, gone in halves)
    # A rate's numbers are made as large as the greatest one's.
    scale: tuple[Stage, ...] = design.source.where_loaded([Scale(SCALE_LATENCY, bits=design.shift, shift=design.shift)])
    hold = Hold(1, rate=design.rate, direction=design.direction)
    body = (Accept(1), *before.scaled(scale), hold, behind, *rounding(design))
    timing = RateTiming(choices.clocks, cycles_of(body) + BUFFER_LATENCY, design.rate)
    stages = (*body, output_buffer(design, timing.buffer_depth(credit_latency(body))))
    return CICPlan(design, target, stages, timing, before, behind)
