"""What many multipliers reach on an ECP5 with places and without: figures of benchmarks/fmax.py, from docs/performance.md."""

from dataclasses import dataclass

from .array import DotProduct
from .pace import FULL_SPEED
from .plan import Plan

__all__ = ["FLOORPLANNED", "MEASURED", "Reached", "wants_places", "without_places"]

FLOORPLANNED = 32
"""Multipliers up to which nextpnr finds good places by itself."""


@dataclass(frozen=True)
class Reached:
    """The clock that a FIR filter of so many taps reached as a generated file: on an LFE5U-85F of grade 6, by nextpnr's figure,
    the median of three seeds, in MHz; None where it wasn't routed in 13 minutes."""

    multipliers: int
    without: int | None
    placed: int


MEASURED = (Reached(64, 233, 253), Reached(128, None, 232))


def wants_places(array: DotProduct) -> bool:
    """Whether an array's multipliers lie all over an ECP5, each lane's in one."""
    return array.placed_lanes > FLOORPLANNED and array.hard_multipliers == array.lanes


def without_places(plan: Plan) -> str | None:
    """What to expect of a plan for ECP5 whose multipliers have no places; None where places don't matter."""
    counts = [array.placed_lanes for array in plan.filters if wants_places(array)]
    if plan.target.family != "ecp5" or plan.target.pace != FULL_SPEED or not counts:
        return None
    most = max(counts)
    like = next((one for one in MEASURED if one.multipliers >= most), MEASURED[-1])
    named = f"a filter of {like.multipliers} multipliers"
    if like.without is None:
        return f"{named} wasn't routed without places, and with places reached {like.placed} MHz"
    return f"{named} reached {like.without} MHz without places, and with places {like.placed}"
