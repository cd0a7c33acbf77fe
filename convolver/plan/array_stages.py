"""The stages of an array, from its samples to its sum."""

from collections.abc import Sequence
from dataclasses import replace

from .array import DotProduct
from .slots import slot_of
from .stages import (
    Align,
    GroupChain,
    Multipliers,
    Multiply,
    PreAdd,
    ProductRegisters,
    RoutingRegisters,
    Stage,
    Tree,
    cycles_of,
    multipliers_of,
    needed,
)

__all__ = ["array_latency", "array_stages", "slowest"]


def array_stages(array: DotProduct) -> tuple[Stage, ...]:
    """From the samples to the sum."""
    return needed(
        PreAdd(array.lane_samples - 1),
        RoutingRegisters(array.routing_registers),
        Multiply(array.multiplier_latency, multipliers=_multipliers(array)),
        ProductRegisters(array.product_latency),
        Tree(len(array.trees[0])),
        GroupChain(len(array.chain) + array.routing_registers),
        *slot_of(array.cycles).accumulated,
        Align(len(array.carry_cuts)),
    )


def slowest(arrays: Sequence[DotProduct]) -> tuple[Stage, ...]:
    """The stages of the slowest of several arrays, for which the sums of the others wait; with the multipliers of all."""
    found = [array_stages(array) for array in arrays]
    total = multipliers_of(stage for stages in found for stage in stages)
    return tuple(
        replace(stage, multipliers=total) if isinstance(stage, Multiply) else stage for stage in max(found, key=cycles_of)
    )


def array_latency(array: DotProduct) -> int:
    """Cycles from the samples of a slot's last phase to the sum."""
    return cycles_of(array_stages(array)) - (array.cycles - 1)


def _multipliers(array: DotProduct) -> Multipliers:
    return Multipliers(array.copies * array.lanes, array.multipliers, array.hard_multipliers)
