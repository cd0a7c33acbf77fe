"""Sums with proven ranges: adders, trees of them, and where wide ones are cut."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..counting import counted
from ..errors import DesignError
from ..formats import Format

__all__ = ["Adder", "Range", "add", "check_range", "described", "tree", "wrapped"]

Range = tuple[int, int]
"""The least and the greatest number that can come."""


@dataclass(frozen=True, slots=True)
class Adder:
    """A registered node: the sum of one or two nodes of the level before, within `low` and `high`."""

    inputs: tuple[int, ...]
    low: int
    high: int


def tree(ranges: Sequence[Range], levels: int) -> tuple[tuple[Adder, ...], ...]:
    """The adders that sum numbers of these ranges, in pairs, in so many levels: a number without a partner passes on."""
    found = []
    for _ in range(levels):
        pairs = [tuple(range(first, min(first + 2, len(ranges)))) for first in range(0, len(ranges), 2)]
        level = tuple(Adder(pair, sum(ranges[n][0] for n in pair), sum(ranges[n][1] for n in pair)) for pair in pairs)
        ranges = [(adder.low, adder.high) for adder in level]
        found.append(level)
    return tuple(found)


def add(nodes: Sequence[NDArray[np.object_]], adder: Adder) -> NDArray[np.object_]:
    """What an adder gives, which has to lie in its range."""
    first, *others = (nodes[index] for index in adder.inputs)
    node = sum(others, first)
    check_range(node, adder.low, adder.high)
    return node


def check_range(node: NDArray[np.object_], low: int, high: int) -> None:
    """Raises `DesignError` if a number leaves the range that its width was made for."""
    if np.size(node) and not (low <= int(np.min(node)) and int(np.max(node)) <= high):
        raise DesignError(f"A partial sum must be between {low} and {high}, not {np.max(np.abs(node))}")


def wrapped(numbers: NDArray[np.object_], fmt: Format) -> NDArray[np.object_]:
    """The numbers of a format that have the same lowest bits."""
    found: NDArray[np.object_] = (numbers - fmt.min) % (1 << fmt.width) + fmt.min
    return found


def described(adders: Sequence[Adder]) -> str:
    """How many nodes there are, and of which formats."""
    widths = sorted({str(Format.holding(adder.low, adder.high)) for adder in adders}, key=lambda name: (int(name[1:]), name))
    return f"{counted(len(adders), 'node')} of {', '.join(widths)}"
