"""`lower`: the plan of a design of any kind."""

from functools import lru_cache
from typing import overload

from ..designs import Design, LinearDesign, of_kind
from .array_plan import ArrayPlan
from .plan import Plan
from .target import Target, TargetLike, target_of

__all__ = ["PlanLike", "lower"]

PlanLike = TargetLike | Plan
"""What a plan is made for, or that plan."""


@overload
def lower(design: LinearDesign, family: PlanLike = None) -> ArrayPlan: ...


@overload
def lower(design: Design, family: PlanLike = None) -> Plan: ...


def lower(design: Design, family: PlanLike = None) -> Plan:
    """The plan of a design's core for a device family, or a target at some clock; by default for any device. A plan is given
    back as it is: the core of a pipeline has one that its design alone doesn't tell.

    Equal designs get one plan, which is made once, by `lower_KIND` in the kind's file here: of what is computed, of the
    design's `choices`, and of the target.

    Raises
    ------
    DesignError
        If nothing plans designs of this kind, or there is no such family.
    """
    return family if isinstance(family, Plan) else _lower(design, target_of(family))


@lru_cache(maxsize=256)
def _lower(design: Design, target: Target) -> Plan:
    made: Plan = of_kind(type(design), __package__, "lower_{kind}", "to plan")(design, design.choices, target)
    return made
