"""The plan of a design that is made of others: theirs, each a credit domain of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Self

from ..designs import Design
from ..designs.continuity import Continued, Separate
from ..shell import Shell
from .array import DotProduct, wants_places
from .lowering import lower
from .plan import InShell, Plan, Size
from .stages import Stage
from .target import Target

__all__ = ["CompositePlan", "SilenceGate", "lowered", "silence_gate"]

SILENCE_LATENCY = 1
"""Cycles of the gate in front of signals that go on."""


@dataclass(frozen=True, slots=True)
class SilenceGate(Stage):
    """Holds a frame that starts from silence back until those before have left, and tells all cores."""

    name = "silence gate"


def silence_gate(design: Design) -> tuple[Stage, ...]:
    """What stands in front of filters that go on from frame to frame; nothing in front of others."""
    return _gate(design.continuity)


@singledispatch
def _gate(continuity: Separate) -> tuple[Stage, ...]:
    del continuity
    return ()


@_gate.register
def _(continuity: Continued) -> tuple[Stage, ...]:
    del continuity
    return (SilenceGate(SILENCE_LATENCY),)


def lowered(designs: Sequence[Design], target: Target) -> tuple[Plan, ...]:
    """The plans of designs that share a device. The places of its multipliers are for one long filter: if there are several,
    none takes any."""
    plans = tuple(lower(design, target) for design in designs)
    if sum(wants_places(array) for plan in plans for array in plan.filters) > 1:
        return lowered(designs, replace(target, places=False))
    return plans


@dataclass(frozen=True)
class CompositePlan(Plan):
    """How several cores compute its results.

    Parameters
    ----------
    plans : tuple of Plan
        One for each design of the list.
    """

    plans: tuple[Plan, ...]

    @property
    def latency(self) -> int:
        return self.timing.latency

    @property
    def cores(self) -> tuple[Plan, ...]:
        return tuple(core for plan in self.plans for core in plan.cores)

    @property
    def filters(self) -> tuple[DotProduct, ...]:
        return tuple(one for plan in self.plans for one in plan.filters)

    def sizes(self, *size: int | None) -> Iterable[Size]:
        """The sizes of the frames that come to each of `plans`, by that of the whole; none along axes of any length."""
        raise NotImplementedError

    def fixed(self, plans: Sequence[Plan]) -> Self:
        """The same with other plans for the same designs, where all frames have one size, and the same border."""
        raise NotImplementedError

    def in_shell(self, shell: Shell, size: Size, core: InShell) -> Plan:
        # A border that registers tell comes with the first beat of its frame, as sizes do: that takes the cores of any size.
        if shell.has_all_registers and self.design.switchable_parts:
            return self
        parts = zip(self.plans, self.sizes(*size), strict=True)
        return self.fixed([part.in_shell(shell, own, core) for part, own in parts])

    def _told_plans(self, name: str) -> Iterable[str]:
        """The explanation of each plan."""
        for number, plan in enumerate(self.plans, 1):
            yield f"{name} {number}: {plan.design.describe()}"
            yield ""
            yield from (f"    {line}".rstrip() for line in plan.explain().splitlines())
            yield ""
