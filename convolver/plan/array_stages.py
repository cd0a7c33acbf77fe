"""The stages of an array, from its samples to its sum."""

from collections.abc import Sequence

from .array import DotProduct
from .stages import (
    Accumulate,
    Align,
    GroupChain,
    Multiply,
    PreAdd,
    ProductRegisters,
    RoutingRegisters,
    Slot,
    Stage,
    Tree,
    cycles_of,
)

__all__ = ["array_latency", "array_stages", "slowest"]


def array_stages(array: DotProduct) -> tuple[Stage, ...]:
    """From the samples to the sum."""
    folded = array.cycles > 1
    stages = (
        PreAdd(int(array.pre_added)),
        RoutingRegisters(array.routing_registers),
        Multiply(array.multiplier_latency),
        ProductRegisters(array.product_latency),
        Tree(len(array.trees[0])),
        GroupChain(len(array.chain) + array.routing_registers),
        Slot(array.cycles - 1),
        Accumulate(int(folded)),
        Align(len(array.carry_cuts)),
    )
    return tuple(stage for stage in stages if stage.cycles)


def slowest(arrays: Sequence[DotProduct]) -> tuple[Stage, ...]:
    """The stages of the slowest of several arrays, for which the sums of the others wait."""
    return max((array_stages(array) for array in arrays), key=cycles_of)


def array_latency(array: DotProduct) -> int:
    """Cycles from the samples of a slot's last phase to the sum."""
    return cycles_of(stage for stage in array_stages(array) if not isinstance(stage, Slot))
