"""Which block computes an array's sum."""

from collections.abc import Callable, Mapping
from typing import Any

from convolver.plan.adders import AdderProduct
from convolver.plan.array import DotProduct
from convolver.plan.mirrored import MirroredProduct

from .adder_graph import AdderGraph
from .mac_array import MACArray
from .mirrored_array import MirroredArray

__all__ = ["array_block"]

BLOCKS: Mapping[type[DotProduct], Callable[[Any], Any]] = {AdderProduct: AdderGraph, MirroredProduct: MirroredArray}
"""What computes the sums of arrays that no `MACArray` computes."""


def array_block(array: DotProduct) -> Any:
    """What computes an array's sum: a `MACArray`, or a block with the same ports."""
    return next((block for kind, block in BLOCKS.items() if isinstance(array, kind)), MACArray)(array)
