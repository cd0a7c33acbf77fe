"""Structure of constant kernels: which places share a multiplier, and whether a column and a row make the whole."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .formats import is_wiring

__all__ = ["Slot", "Term", "factors_of", "multipliers_of", "shared", "slot_of"]

Term = tuple[int, int]
"""A place of a window, and the sign with which its pixel is added up."""


def shared(weights: Sequence[int], most: int) -> list[tuple[Term, ...]]:
    """The places whose weights are equal but for the sign, in sums of at most `most`: what one multiplication by the weight of
    a sum's first place serves. In the order of the first places; a place of weight 0 is in none."""
    alike: dict[int, list[int]] = {}
    for place, weight in enumerate(weights):
        if weight:
            alike.setdefault(abs(weight), []).append(place)
    pieces = [places[start : start + most] for places in alike.values() for start in range(0, len(places), most)]
    return [tuple((place, 1 if weights[place] == weights[piece[0]] else -1) for place in piece) for piece in sorted(pieces)]


@dataclass(frozen=True, slots=True)
class OneClock:
    """All products in one clock, a multiplier each; and all of that in so many copies."""

    copies: int

    def of_constants(self, weights: Sequence[int]) -> int:
        """Multipliers for products by these constants, of which none is zero: what is only wiring has none."""
        return self.copies * sum(not is_wiring(weight) for weight in weights)

    def of_any(self, count: int) -> int:
        """Multipliers for products by so many coefficients of any values."""
        return self.copies * count


@dataclass(frozen=True, slots=True)
class SeveralClocks:
    """A multiplier for as many products as there are clocks, whatever they are; in one copy."""

    clocks: int

    def of_constants(self, weights: Sequence[int]) -> int:
        """See `OneClock.of_constants`; there is one at least."""
        return max(self.of_any(len(weights)), 1)

    def of_any(self, count: int) -> int:
        """See `OneClock.of_any`."""
        return -(-count // self.clocks)


Slot = OneClock | SeveralClocks


def slot_of(clocks: int, copies: int = 1) -> Slot:
    """How products share multipliers in so many clocks."""
    return OneClock(copies) if clocks == 1 else SeveralClocks(clocks)


def multipliers_of(weights: Sequence[int], clocks: int) -> int:
    """Multipliers for products by these constants: one for as many as there are clocks, if none is zero. In one clock what is
    only wiring has none."""
    return slot_of(clocks).of_constants(weights)


def factors_of(kernel: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """A column and a row of integers whose products are the kernel's weights, if there are any; no number divides the row."""
    first = next((line for line in kernel if any(line)), None)
    if first is None:
        return None
    common = math.gcd(*first)
    row = tuple(weight // common for weight in first)
    lead = next(place for place, weight in enumerate(row) if weight)
    column = tuple(line[lead] // row[lead] for line in kernel)
    exact = all(tuple(times * weight for weight in row) == tuple(line) for times, line in zip(column, kernel, strict=True))
    return (column, row) if exact else None
