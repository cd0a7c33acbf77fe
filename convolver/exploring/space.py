"""The points of a search: a design with each of the values that are varied, and with each folding."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..arguments import shown
from ..designs import Design
from ..errors import DesignError
from ..folding import at_rate

__all__ = ["Changed", "Point", "algorithms", "foldings", "points", "values_of"]

Changed = Callable[[Mapping[str, Any]], Design]
"""The design with some fields changed."""

AIM = 300e6
"""What nextpnr aims at where no clock is asked for, in Hz: more than any core reaches."""

SLOTS = (*range(1, 17), 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""Clocks of a sample that are tried; which design does with them, `at_rate` says."""

SAMPLES = (Fraction(1, 4), Fraction(1, 2))
"""Clocks of a sample where several come in one."""

MOST = 500
"""Points of a search."""


@dataclass(frozen=True)
class Point:
    """A design to build, what makes it another one than the others, and the clock that nextpnr aims at, in Hz."""

    design: Design
    varied: Mapping[str, str]
    aim: float = AIM

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.varied.items()) or "as given"


def values_of(text: str) -> tuple[str, list[Any]]:
    """A field and its values, of a text such as ``multipliers=1,4,none``.

    Raises
    ------
    DesignError
        If it isn't written so.
    """
    name, sign, listed = text.partition("=")
    values = [value.strip() for value in listed.split(",")]
    if not sign or not name.strip() or not all(values):
        raise DesignError(f"What is varied must be as multipliers=1,4,16, not {text!r}")
    return name.strip(), [_value(value) for value in values]


def _value(text: str) -> Any:
    if text.lower() == "none":
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:  # a word
        return text


def points(
    changed: Changed, vary: Mapping[str, Sequence[Any]], aims: Sequence[float], rate: float | None
) -> tuple[list[Point], list[str]]:
    """All points, each design once, and what couldn't be made.

    Without anything that is varied, and without a rate, these are all foldings, and shifts in multipliers' places.

    Raises
    ------
    DesignError
        If there are none, or too many.
    """
    found: dict[tuple[Design, float], Point] = {}
    refused: dict[str, list[str]] = {}
    for values in itertools.product(*vary.values()):
        change = dict(zip(vary, values, strict=True))
        told = {name: "none" if value is None else str(value) for name, value in change.items()}
        try:
            for design, aim, more in _of(changed(change), bool(vary), aims, rate):
                found.setdefault((design, aim), Point(design, told | more, aim))
        except DesignError as error:
            where = ", ".join(f"{name} {value}" for name, value in told.items())
            refused.setdefault(str(error), []).append(where or "the design")
        if len(found) > MOST:
            raise DesignError(f"A search must have at most {MOST} points, not more; vary less")
    if refused and not found:
        raise DesignError(next(iter(refused)))
    return list(found.values()), [_left_out(where, why) for why, where in refused.items()]


def _left_out(where: Sequence[str], why: str) -> str:
    """A line for points that couldn't be made for one reason."""
    more = f" and {len(where) - 1} more" if len(where) > 1 else ""
    return f"{where[0]}{more} left out: {why}"


def _of(
    design: Design, varied: bool, aims: Sequence[float], rate: float | None
) -> Iterator[tuple[Design, float, dict[str, str]]]:
    """A design at each clock: folded for the rate, if there is one; without either, in all foldings."""
    if rate is not None:
        for clock in aims:
            folded = at_rate(design, clock=clock, rate=rate)
            yield folded, clock, {"clock": f"{clock / 1e6:g} MHz"} | difference(design, folded)
    elif aims:
        for clock in aims:
            yield design, clock, {"clock": f"{clock / 1e6:g} MHz"}
    elif varied:
        yield design, AIM, {}
    else:
        for folded in foldings(design, SLOTS):
            for other in algorithms(folded):
                yield other, AIM, difference(design, other)


def foldings(design: Design, slots: Sequence[Fraction | int]) -> Iterator[Design]:
    """A design for samples that come every so many clocks, each folding once."""
    seen = set()
    for slot in slots:
        with suppress(DesignError):  # no core of this kind takes several a clock
            folded = at_rate(design, clock=float(slot), rate=1.0)
            if folded not in seen:
                seen.add(folded)
                yield folded


def algorithms(design: Design) -> Iterator[Design]:
    """A design as it is, and with constants shifted and added, where that is another one."""
    yield design
    with suppress(DesignError):  # coefficients that are loaded, or several clocks
        yield design.replace(multipliers=0)


def difference(one: Design, other: Design) -> dict[str, str]:
    """The fields in which two designs for one filter differ, as they are shown."""
    return dict(_differing("", one.to_dict(), other.to_dict()))


def _differing(name: str, one: Any, other: Any) -> Iterator[tuple[str, str]]:
    if one == other:
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in {**one, **other}:
            yield from _differing(f"{name}.{key}" if name else key, one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and all(isinstance(item, Mapping) for item in (*one, *other)):
        for number, pair in enumerate(zip(one, other, strict=True), 1):
            yield from _differing(f"{name} {number}", *pair)
    else:
        yield name, "none" if other is None else shown(other).strip("'")
