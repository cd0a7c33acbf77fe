"""The words that designs are written with: borders, modes, operations."""

from typing import Literal, get_args

__all__ = [
    "BOUNDARIES",
    "COMBINATIONS",
    "GATEWARE_BOUNDARIES",
    "MODES",
    "OPERATIONS",
    "STRUCTURES",
    "SWAPS",
    "SYMMETRIES",
    "Boundary",
    "Combination",
    "Kernel",
    "Mode",
    "Operation",
    "Plane",
    "Structure",
    "Swap",
    "Symmetry",
]

Boundary = Literal["constant", "edge", "reflect", "symmetric", "wrap"]
Mode = Literal["full", "same", "valid"]
Operation = Literal["convolve", "correlate"]
Symmetry = Literal["none", "symmetric", "antisymmetric"]
Swap = Literal["frame", "sample"]
Combination = Literal["none", "sum_abs"]
Structure = Literal["auto", "direct"]
Kernel = tuple[tuple[int, ...], ...]
Plane = tuple[int | slice, ...]
"""The index of one frame in an array, with ``slice(None)`` for each of the frame's own axes."""

BOUNDARIES: tuple[Boundary, ...] = get_args(Boundary)
MODES: tuple[Mode, ...] = get_args(Mode)
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
SYMMETRIES: tuple[Symmetry, ...] = get_args(Symmetry)
SWAPS: tuple[Swap, ...] = get_args(Swap)
COMBINATIONS: tuple[Combination, ...] = get_args(Combination)
STRUCTURES: tuple[Structure, ...] = get_args(Structure)
GATEWARE_BOUNDARIES: tuple[Boundary, ...] = ("constant", "edge", "reflect", "symmetric")
"""Boundaries that the core makes itself in ``same`` mode; for ``wrap`` the host pads."""
