"""The block that computes an array's sum."""

from collections.abc import Callable, Mapping
from typing import Any

from convolver.plan.adders import AdderProduct
from convolver.plan.array import CascadedProduct, DotProduct
from convolver.plan.mirrored import MirroredProduct
from convolver.plan.rate_adders import PhaseAdders, TapAdders

from .adder_graph import AdderGraph
from .cascaded_array import CascadedArray
from .mac_array import MACArray
from .mirrored_array import MirroredArray
from .rate_graph import RateGraph

__all__ = ["array_block"]

BLOCKS: Mapping[type[DotProduct], Callable[[Any], Any]] = {
    PhaseAdders: RateGraph,
    TapAdders: RateGraph,
    AdderProduct: AdderGraph,
    CascadedProduct: CascadedArray,
    MirroredProduct: MirroredArray,
}
"""Blocks for the kinds of array that a plain `MACArray` doesn't compute. A class comes before its base classes."""


def array_block(array: DotProduct) -> Any:
    """The block that computes an array's sum: a `MACArray`, or another one with the same ports."""
    return next((block for kind, block in BLOCKS.items() if isinstance(array, kind)), MACArray)(array)
