"""Whether a core has room on a device, by its plan, long before the tools would find out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from ..designs import Design
from ..designs.choices import shifted
from ..errors import DesignError
from ..shell import FULL, Shell
from .block_rams import block_rams, core_memories
from .choices import folded, in_shifts
from .fpgas import FPGA
from .lowering import lower
from .plan import Plan
from .shell import shelled
from .target import Family, Target

__all__ = ["DEEPEST_BLOCK", "Use", "check_fpga", "check_lines", "core_needs", "fpga_needs", "in_adders", "what_would_fit"]

DEEPEST_BLOCK = 16384
"""Words of the deepest memory that ECP5's block RAMs are instantiated for, side by side."""


@dataclass(frozen=True)
class Use:
    """How much of one kind of resource is used."""

    what: str
    used: float
    available: int

    @property
    def fits(self) -> bool:
        """Whether there is as much."""
        return self.used <= self.available

    def __str__(self) -> str:
        share = f" ({100 * self.used / self.available:.0f} %)" if self.available else ""
        return f"{self.what} {self.used:g} of {self.available}{share}"


Needs = tuple[Use, ...]


def core_needs(
    plan: Plan, family: Family, multipliers: int, block_ram_count: int, single_port_rams: int, around: float = 0
) -> Needs:
    """What a core needs at the least, of a device that has so many: multipliers, block RAMs and, if any, single-port RAMs.

    Small memories may become look-up tables, and count nothing. `around` is block RAMs of what stands around the core.
    """
    blocks = around + sum(block_rams(family, memory) for memory in core_memories(plan))
    rams = plan.single_port_rams
    return (
        Use("multiplier", plan.hard_multipliers, multipliers),
        Use("block RAM", blocks, block_ram_count),
        *([Use("single-port RAM", rams, single_port_rams)] if rams else []),
    )


def fpga_needs(fpga: FPGA, plan: Plan, shell: Shell = FULL) -> Needs:
    """What a design's emitted Verilog needs of an FPGA at the least: multipliers and memories of the core in its shell."""
    return core_needs(shelled(plan, shell), fpga.family, fpga.multipliers, fpga.block_rams, fpga.single_port_rams)


def in_adders(plan: Plan, available: int) -> Plan:
    """The plan as a device takes it that has so many multipliers: the design's constants shifted and added where it needs more.

    Of several filters those do that free most multipliers, until the others find enough. Where those aren't enough in which
    nothing was chosen of how they compute, they also may whose clocks alone were chosen, such as the slower stages of a chain:
    of both those whose adders take the fewest flip-flops in all. Otherwise, or where nothing can be shifted, it is the plan
    itself: a filter alone may take more clocks. Where there are no multipliers at all, clocks that were chosen for sharing them
    don't count.
    """
    excess = plan.hard_multipliers - available
    if excess <= 0:
        return plan
    is_left = attrgetter("choices.are_open" if available else "choices.are_clocks")
    found = _shifted(plan.design, plan.target, excess, is_left)
    return lower(_cheapest(plan.design, plan.target, excess) if found == plan.design else found, plan.target)


def _cheapest(design: Design, target: Target, excess: int) -> Design:
    """With those of its filters shifted and added that free enough multipliers for the fewest flip-flops; as it is where none
    do."""
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}  # by the multipliers that are free: flip-flops, and the filters
    added = {}
    for number, part in enumerate(design.parts, 1):
        if not part.choices.are_clocks or not (freed := _multipliers(part, target)):
            continue
        added[number] = shifted(part)
        plan = lower(added[number], target)
        taken = sum(array.flip_flops for array in plan.filters)
        for already, (before, numbers) in [*best.items()]:
            free = min(already + freed - plan.hard_multipliers, excess)
            best[free] = min(best.get(free, (sys.maxsize, ())), (before + taken, (*numbers, number)))
    for number in best.get(excess, (0, ()))[1]:
        design = design.with_part(number, added[number])
    return design


def _shifted(design: Design, target: Target, excess: int, is_left: Callable[[Design], bool]) -> Design:
    members = list(design.members)
    if not members:
        return shifted(design) if is_left(design) else design
    freed = [_multipliers(member, target) for member in members]
    for place in sorted(range(len(members)), key=lambda place: -freed[place]):
        members[place] = _shifted(members[place], target, excess, is_left)
        excess -= freed[place] - _multipliers(members[place], target)
        if excess <= 0:
            return design.with_members(members)
    return design


def _multipliers(design: Design, target: Target) -> int:
    return lower(design, target).hard_multipliers


def check_lines(plan: Plan, what: str, error: type[Exception] = DesignError) -> None:
    """Refuses lines that no memory of `what`'s family holds."""
    deepest = max(memory.words for memory in core_memories(plan))
    if plan.target.family == "ecp5" and deepest > DEEPEST_BLOCK:
        raise error(
            f"A line of a design for {what} must have at most {DEEPEST_BLOCK} pixels, border included, not {deepest}; "
            "use fewer columns"
        )


def check_fpga(fpga: FPGA, plan: Plan, shell: Shell = FULL) -> None:
    """Refuses a design, by its plan, whose core in a shell an FPGA has no room for, and says what would fit.

    Raises
    ------
    DesignError
        Naming the limit, the need, and the fewest clocks a sample or a pixel that would do.
    """
    check_lines(plan, fpga.name)
    lacking = next((use for use in fpga_needs(fpga, plan, shell) if not use.fits), None)
    if lacking is not None:
        around = shell if shell.waits else FULL  # clocks that are shared need back-pressure
        hint = what_would_fit(plan, lacking, partial(fpga_needs, fpga, shell=around))
        raise DesignError(
            f"A design for {fpga.name} must need at most {lacking.available} {lacking.what}s, not {lacking.used:g}; {hint}"
        )


def what_would_fit(plan: Plan, use: Use, needs: Callable[[Plan], Needs], closely: Callable[[Plan], Needs] | None = None) -> str:
    """The fewest clocks a sample or a pixel with which a design would fit; where multipliers lack, whether it does without, or
    could if it loaded no coefficients; else how to make it smaller.

    `needs` says what a plan's core needs; `closely`, which takes longer, is asked of those that fit by it.
    """
    design = plan.design
    for change, other in (*folded(design), *([in_shifts(design)] if use.what == "multiplier" else [])):
        changed = lower(other, plan.target)
        found = needs(changed)
        if all(one.fits for one in found) and closely is not None:
            found = closely(changed)
        if all(one.fits for one in found):
            return f"{change} needs {found[0].used:g} multipliers and {found[1].used:g} block RAMs"
    smaller = design.smaller[use.what]
    if use.what == "multiplier" and not use.available:
        return design.source.without_multipliers(smaller)
    return smaller
