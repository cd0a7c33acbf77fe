"""How a design shares its multipliers, from the clock that a core runs at and the rate that samples come at."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from typing import Any, TypeVar, cast

from .arguments import positive, shown
from .designs import Design
from .errors import DesignError

__all__ = ["at_rate", "hertz"]

AnyDesign = TypeVar("AnyDesign", bound=Design)

FEW = 17
"""Numbers of clocks below which each is tried."""

MOST_CLOCKS = 1024
"""Clocks of a slot."""

SEVERAL = (1, 2, 4)
"""Samples a clock, where a kind takes several."""

_WRITTEN = re.compile(r"([0-9]*\.?[0-9]+(?:e[0-9]+)?) ?([kKMG]?)(?:Hz)?")
UNITS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def hertz(text: str, name: str = "Frequency") -> float:
    """A frequency as it is written: ``100M``, ``48k``, ``1e6``, ``100 MHz``.

    Raises
    ------
    DesignError
        If it is no positive number with one of these units.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise DesignError(f"{name} must be a number such as 100M, 48k or 1e6, in hertz, not {text!r}")
    return positive(name, float(found[1]) * UNITS[found[2].replace("K", "k")])


def at_rate(design: AnyDesign, *, clock: float, rate: float) -> AnyDesign:
    """The same filter for samples, or pixels, that come at a rate: with as few multipliers, and then as few clocks of
    each, as a core at this clock keeps up with. What it computes stays as it is.

    Parameters
    ----------
    design : Design
    clock : float
        Of the core, in hertz.
    rate : float
        Samples or pixels a second, as they come in.

    Raises
    ------
    DesignError
        If a number isn't positive, or no core of this kind keeps up at that clock.
    """
    if not isinstance(design, Design):
        raise DesignError(f"What is shared must be a design, not {shown(design)}")
    clock, rate = positive("Clock", clock), positive("Rate", rate)
    clocks = Fraction(clock) / Fraction(rate)
    return cast(AnyDesign, _shared(design, clocks))


def _shared(design: Design, clocks: Fraction) -> Any:
    """A design for samples that come every so many clocks."""
    members = [_shared(member, own) for member, own in zip(design.members, design.member_clocks(clocks), strict=True)]
    return design.with_members(members) if members else _at(design, clocks)


def _at(design: Any, clocks: Fraction) -> Any:
    """A single filter for samples that come every so many clocks."""
    slot = clocks / design.rate.behind(1)
    if (least := min(clocks, slot)) < 1:
        return _several(design, least)
    # Imported here: whoever doesn't ask for a plan doesn't wait for it.
    from .plan import lower

    field, most = design.cycles_field, min(int(slot), MOST_CLOCKS)
    if not field:
        return design

    foldings = [design.replace(**{field: 1, "multipliers": None})]
    for count in _counts(len(design.weights), most)[1:]:
        with suppress(DesignError):  # a form that takes one clock
            foldings.append(design.replace(**{field: count, "multipliers": None}))
    # Folding may cost more than it saves: constants that are shifts take no multiplier in one clock.
    return min(foldings, key=lambda folded: lower(folded).multipliers)


def _counts(weights: int, most: int) -> list[int]:
    """Clocks of a slot at which so many weights, or half of them if they are mirrored, take fewer multipliers, from 1 on."""
    terms = (weights, -(-weights // 2))
    found = {-(-count // lanes) for count in terms for lanes in range(1, count + 1)} | set(range(1, FEW))
    return sorted(count for count in found if count <= most)


def _several(design: Any, clocks: Fraction) -> Any:
    """A filter for several samples a clock."""
    least = 1.0
    for count in SEVERAL:
        with suppress(DesignError):  # a kind that has no such field, or a form that takes one a clock
            folded = design.replace(pixels_per_clock=count)
            if count * clocks >= 1:
                return folded
            least = 1 / count
    raise DesignError(
        f"{design.element.capitalize()}s of a {design.kind} design must come at least {least:g} clock{'s' * (least != 1)} "
        f"apart, not {float(clocks):.3g}; take a faster clock or a lower rate"
    )
