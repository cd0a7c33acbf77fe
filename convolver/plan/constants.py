"""Constants of 1, additions and shifts, which share what they have in common (multiple constant multiplication).

Sources: Y. Voronenko and M. Püschel, "Multiplierless Multiple Constant Multiplication", ACM TALG 3 (2), 2007 (what is a step
away is made; else the number that brings most others a step away); O. Gustafsson, "Lower Bounds for Constant Multiplication
Problems", IEEE TCAS-II 54 (11), 2007 (an adder for each constant at the least). What that finds is the start of a search for
fewer (`fewest`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .extras import MOST, WIDEST, Extras
from .fewest import fewer, proved

__all__ = ["DEEPEST", "Made", "adders_needed", "least_adders", "made_and_least", "made_of_one", "odd_constants", "odd_part"]

DEEPEST = 5
"""Adders on the way from 1 to any constant."""


@dataclass(frozen=True, slots=True)
class Made:
    """An odd number above 1, as the sum of two shifted ones: ``value << down = a * a_factor + b * b_factor``.

    The factors are powers of two with a sign, one of them 1 or -1; both where `down` isn't 0.
    """

    value: int
    a: int
    a_factor: int
    b: int
    b_factor: int
    down: int = 0


def odd_part(number: int) -> int:
    """An integer's magnitude without its factors of two; 0 of 0."""
    number = abs(number)
    return number // (number & -number) if number else 0


class _Search:
    """Numbers that are made, those that are a step away from them, and those that are still wanted.

    Parameters
    ----------
    wanted : set of int
        Odd numbers above 1.
    seed : int
        Of the choices between numbers that help as much; 0 takes the least.
    """

    def __init__(self, wanted: set[int], seed: int = 0) -> None:
        self.steps: list[Made] = []
        self.depth = {1: 0}
        self._wanted = set(wanted)
        self._random = Random(seed) if seed else None  # noqa: S311  # no secret
        self._limit = DEEPEST
        self._bits = max(wanted).bit_length() + 1
        self._near: dict[int, int] = {}
        self._reach(1)

    def run(self) -> Self:
        """Makes all of them, each behind what it is made of."""
        while self._wanted:
            if near := self._wanted & self._near.keys():
                self._make(min(near, key=lambda value: (self._near[value], value)))
            elif helpful := self._helpful():
                self._make(self._chosen(helpful))
            elif simpler := self._simpler():
                # Nothing that is a step away brings another a step away: a digit less, and one less, until something does.
                self._wanted.add(simpler)
            else:
                self._limit += 1
                for value in self.depth:
                    self._reach(value)
        return self

    def _chosen(self, helpful: Counter[int]) -> int:
        """The number that brings most others a step away."""
        order = sorted(helpful, key=lambda value: (-helpful[value], self._near[value], value))
        if self._random is None:
            return order[0]
        most = helpful[order[0]]
        return self._random.choice([value for value in order[:32] if helpful[value] >= most - (most > 2)])

    def _make(self, value: int) -> None:
        self.steps.append(_shallowest(value, self.depth, self._bits))
        self.depth[value] = self._near.pop(value)
        self._wanted.discard(value)
        self._reach(value)

    def _shifted(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers, each shifted by all that keeps it in reach: a row for each, filled with 0."""
        found = numbers[:, None] << np.arange(self._bits + 1)
        return np.where(found >> self._bits + 1, 0, found)

    def _reach(self, new: int) -> None:
        """What is a step away since this number is there."""
        others = np.array(list(self.depth), np.int64)
        deep = np.maximum(np.array(list(self.depth.values())), self.depth[new]) + 1
        here, there = self._shifted(np.array([new], np.int64))[0], self._shifted(others)
        sums = [there + new, abs(there - new), others[:, None] + here, abs(others[:, None] - here)]
        even = np.stack([others + new, abs(others - new)], axis=1)
        sums.append(even // np.maximum(even & -even, 1))
        for found in sums:
            odd = (found & 1 == 1) & (found > 1) & (found >> self._bits == 0)
            depths = np.broadcast_to(deep[:, None], found.shape)[odd]
            for value, depth in zip(found[odd].tolist(), depths.tolist(), strict=True):
                if depth <= self._limit and depth < self._near.get(value, self._limit + 1) and value not in self.depth:
                    self._near[value] = depth

    def _helpful(self) -> Counter[int]:
        """Numbers a step away, each with how many of the wanted would be a step away of it."""
        size = len(self._near)
        near, depths = np.fromiter(self._near, np.int64, size), np.fromiter(self._near.values(), np.int64, size)
        near = np.sort(near[depths < self._limit])
        single = np.array(list(self.depth), np.int64)
        there = self._shifted(single).ravel()
        factors = [factor for shift in range(1, self._bits) for factor in ((1 << shift) - 1, (1 << shift) + 1) if factor > 1]
        count: Counter[int] = Counter()
        for value in self._wanted:
            rests = np.concatenate([abs(value - there), value + there])
            doubled = value << np.arange(1, self._bits)[:, None]
            halves = np.concatenate([abs(doubled - single), doubled + single]).ravel()
            rests = rests[rests > 0]
            divided = np.array([value // factor for factor in factors if value % factor == 0], np.int64)
            steps = np.concatenate([rests // (rests & -rests), halves, divided])
            count.update(set(steps[_among(steps, near)].tolist()))
        return count

    def _simpler(self) -> int:
        """An odd number with a digit less than the simplest of the wanted, of which that is a step away; 0 if all are there."""
        for value in sorted(self._wanted, key=lambda value: (_digits(value), value)):
            top = 1 << value.bit_length()
            rests = [odd_part(rest) for rest in (value - 1, value + 1, value - top, value - top // 2)]
            found = [rest for rest in rests if rest > 1 and rest not in self.depth and rest not in self._wanted]
            if found:
                return min(found, key=lambda rest: (_digits(rest), rest))
        return 0


def _among(numbers: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which numbers are among sorted ones."""
    places = np.searchsorted(known, numbers)
    return known[np.minimum(places, len(known) - 1)] == numbers if len(known) else np.zeros(len(numbers), bool)


def _digits(number: int) -> int:
    """Digits other than 0 of a number, of 1, 0 and -1, at the fewest."""
    return (number ^ 3 * number).bit_count()


TRIES, WORK, WIDE = 24, 60_000, 24
"""Most searches for a set of constants; what all of them may take, by the square of their number and by their bits; and above
how many bits they are a quarter as many, as each takes seconds."""


def made_of_one(constants: frozenset[int]) -> tuple[Made, ...]:
    """How odd numbers above 1 are made of 1, with few additions; in their order."""
    return made_and_least(constants)[0]


def odd_constants(weights: Iterable[int]) -> frozenset[int]:
    """What has to be made of 1: the odd parts of all weights, above 1."""
    return frozenset(map(odd_part, weights)) - {0, 1}


def least_adders(constants: frozenset[int], steps: int | None = None) -> int:
    """With fewer additions these can't be made of 1: not at most `DEEPEST` behind one another, of numbers of one bit more than
    the greatest.

    Parameters
    ----------
    constants : frozenset of int
        Odd numbers above 1.
    steps : int, optional
        What a proof may take; by default what a plan can afford. A million steps are some tenths of a second.
    """
    way, least = made_and_least(constants)
    if steps is None or least == len(way) or not _provable(constants):
        return least
    extras = [step.value for step in way if step.value not in constants]
    return max(least, len(constants) + proved(_numbers(constants), extras, steps)[1])


def _provable(constants: frozenset[int]) -> bool:
    """Whether words hold what a proof needs of them."""
    return len(constants) < MOST and max(constants).bit_length() < WIDEST


def _numbers(constants: frozenset[int]) -> Extras:
    return Extras(constants, max(constants).bit_length() + 1, DEEPEST)


@lru_cache(maxsize=256)
def made_and_least(constants: frozenset[int]) -> tuple[tuple[Made, ...], int]:
    """How odd numbers above 1 are made of 1, and how many additions that takes at the least."""
    if not constants:
        return (), 0
    bits = max(constants).bit_length()
    tries = max(1, min(TRIES, WORK // (len(constants) ** 2 * bits)) // (4 if bits > WIDE else 1))
    found = (_Search(set(constants), seed) for seed in range(tries))
    steps = min((_needed(search.run().steps, constants) for search in found), key=_cost)
    if len(steps) == len(constants) or not _provable(constants):
        return tuple(steps), len(constants)
    numbers = _numbers(constants)
    extras, least = proved(numbers, fewer(numbers, [made.value for made in steps if made.value not in constants]))
    if len(constants) + len(extras) < len(steps):
        steps = _needed(list(_steps(numbers.levels(extras), bits + 1)), constants)
    return tuple(steps), len(constants) + least


def _steps(levels: Iterable[Iterable[int]], bits: int) -> Iterator[Made]:
    """How numbers are made, of which each level is made of those before."""
    depth = {1: 0}
    for level, values in enumerate(levels, 1):
        yield from [_shallowest(value, depth, bits) for value in values]
        depth |= dict.fromkeys(values, level)


def _shallowest(value: int, depth: Mapping[int, int], bits: int) -> Made:
    """How a number is made of those that are there, with the fewest additions behind one another."""
    return min(_ways(value, depth, bits), key=lambda made: max(depth[made.a], depth[made.b]))


def _ways(value: int, there: Collection[int], bits: int) -> Iterator[Made]:
    """How a number is made of those that are there."""
    for one in there:
        for shift in range(bits + 1):
            for factor in (1 << shift, -1 << shift):
                rest = value - one * factor
                if (other := odd_part(rest)) in there:
                    yield Made(value, one, factor, other, rest // other)
                if shift and (other := abs(rest := (value << shift) - (one if factor > 0 else -one))) in there:
                    yield Made(value, one, 1 if factor > 0 else -1, other, rest // other, shift)


def _needed(steps: Sequence[Made], constants: frozenset[int]) -> list[Made]:
    """Those that are made use of, in their order."""
    wanted, found = set(constants), []
    for made in reversed(steps):
        if made.value in wanted:
            wanted |= {made.a, made.b}
            found.append(made)
    return found[::-1]


def _cost(steps: Sequence[Made]) -> tuple[int, int]:
    """Adders, and the most of them one behind the other."""
    depth = {1: 0}
    for made in steps:
        depth[made.value] = max(depth[made.a], depth[made.b]) + 1
    deepest = max(depth.values())
    return len(steps), deepest


def adders_needed(weights: Sequence[int]) -> int:
    """Adders of the graph of a sum of products with these constants."""
    found = [weight for weight in weights if weight]
    return max(len(found) - 1, 0) + len(made_of_one(odd_constants(found)))
