"""The plan of a CIC filter: sections at the rate of samples, a register between the rates, and sections at that of results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Self

from ..designs import Choices, CICDesign
from ..designs.cic import Section
from .output import BUFFER_LATENCY, credit_latency, output_buffer, rounding
from .pace import Pace
from .plan import Plan
from .resample import RateTiming
from .stages import Accept, Stage, cycles_of
from .target import Target

__all__ = ["CICPlan", "Combs", "Half", "Hold", "Integrators", "Scale", "lower_cic"]

SECTION_LATENCY = 1
"""Cycles of an integrator, and of a comb: one addition."""


SCALE_LATENCY = 2
"""Cycles of a shift by any number of bits."""


@dataclass(frozen=True, slots=True)
class Half(Stage):
    """Sections of one kind, at the rate of samples or at that of results.

    widths : bits of each.
    bits : from the lowest of any to the highest.
    carry_cuts : where these are cut into parts that are added a cycle apart; nowhere if sums are narrow.
    """

    widths: tuple[int, ...] = ()
    bits: int = 0
    carry_cuts: tuple[int, ...] = ()

    @classmethod
    def of(cls, sections: Sequence[Section], pace: Pace) -> Self:
        """That of these sections."""
        lowest = accumulate(section.dropped for section in (replace(sections[0], dropped=0), *sections[1:]))
        bits = max(low + section.width for low, section in zip(lowest, sections, strict=True))
        carry_cuts = pace.section_cuts(bits)
        widths = tuple(section.width for section in sections)
        return cls(SECTION_LATENCY * len(sections) + len(carry_cuts), widths=widths, bits=bits, carry_cuts=carry_cuts)


@dataclass(frozen=True, slots=True)
class Integrators(Half):
    """Sums of all that came."""

    name = "integrators"


@dataclass(frozen=True, slots=True)
class Combs(Half):
    """Differences of what came and of what came some time before."""

    name = "combs"


@dataclass(frozen=True, slots=True)
class Scale(Stage):
    """Shifts numbers up by what a loaded rate's shift is less than the design's.

    bits : the most.
    """

    name = "scale"
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Hold(Stage):
    """Keeps a number from the one rate's clock to the other's."""

    name = "rate change"


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
    halves = [design.sections[:count], design.sections[count:]]
    blocks: dict[str, type[Half]] = {"integrator": Integrators, "comb": Combs}
    before, behind = (blocks[half[0].role].of(half, target.pace) for half in halves)
    # A rate's numbers are made as large as the greatest one's where they aren't summed yet.
    scale: tuple[Stage, ...] = (Scale(SCALE_LATENCY, bits=design.shift),) if design.set_size else ()
    front = (before, *scale) if design.up > 1 else (*scale, before)
    body = (Accept(1), *front, Hold(1), behind, *rounding(design))
    timing = RateTiming(choices.clocks, cycles_of(body) + BUFFER_LATENCY, design.rate)
    stages = (*body, output_buffer(design, timing.buffer_depth(credit_latency(body))))
    return CICPlan(design, target, stages, timing, before, behind)
