"""What is chosen so that a core takes fewer multipliers: how many clocks a slot must have, or may."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from ..designs import Choices, Design, LinearDesign
from ..designs.choices import shifted
from ..errors import DesignError

__all__ = ["fewest_clocks", "folded", "in_shifts", "weighed"]


def fewest_clocks(multipliers: Callable[[int], int], most: int) -> int:
    """The fewest clocks of a slot in which so many multipliers do.

    Parameters
    ----------
    multipliers : callable
        How many so many clocks take: at last no more than `most`.
    most : int
    """
    return next(clocks for clocks in itertools.count(1) if multipliers(clocks) <= most)


def weighed(design: LinearDesign, choices: Choices, multipliers: Callable[[], int]) -> Choices:
    """The choices, with what they leave open: constants that take no multiplier anyway are shifted and added in one graph,
    which shares what they have in common.

    Parameters
    ----------
    design : LinearDesign
    choices : Choices
    multipliers : callable
        How many they take where each product has one.
    """
    free = choices.are_open and design.source.shifted and multipliers() == 0
    return replace(choices, multipliers=0) if free else choices


def folded(design: Design) -> Iterator[tuple[str, Design]]:
    """The same design in fewer and fewer pixels a clock, then plane by plane, then in more and more clocks, each with what was
    changed: as far as that saves multipliers."""
    most = design.pixels_per_clock
    fewer = [{"pixels_per_clock": most >> halvings} for halvings in range(1, most.bit_length())]
    fewer += [{**(fewer[-1] if fewer else {}), "planes": 1}] * min(design.planes - 1, 1)
    slowest = fewer[-1] if fewer else {}
    for changes in (*fewer, *({**slowest, design.cycles_field: clocks} for clocks in range(1, len(design.weights) + 1))):
        told = ", ".join(f"{field}={value}" for field, value in changes.items())
        with suppress(DesignError):  # a form that takes one clock
            yield told, design.replace(**changes, multipliers=None)


def in_shifts(design: Design) -> tuple[str, Design]:
    """The same design with all constants shifted and added, in the usual clocks, with what was changed; as it is where none can
    be."""
    if design.members:
        return "multipliers=0 without clocks in its stages", design.with_members(
            [in_shifts(member)[1] for member in design.members]
        )
    return f"multipliers=0 without {design.cycles_field}", shifted(design)
