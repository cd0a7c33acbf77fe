"""Numbers that are made beside the constants that are wanted, so that each of both is one addition away from two others.

Three odd numbers of which two give the third by an addition and shifts give either of the others so too: shifted, with signs,
they add up to 0. A set of numbers takes one adder each, if such threes reach all of it from 1. What one more number beside them
brings within reach is found for all that there are at once, and exactly.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "WIDEST", "Extras", "Numbers", "Offers", "Words", "bit_of", "divided", "related"]

Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]

MOST, WIDEST = 63, 30
"""Numbers beside 1 that a word has bits for; and bits of numbers whose shifted sums a word holds."""


def related(one: int, others: Numbers, bits: int) -> tuple[Numbers, Numbers]:
    """Odd numbers above 1, of so many bits at most, that are an addition of `one` and another away, and the others' places."""
    shifts = np.arange(1, bits + 1)[:, None]
    shifted, base = others << shifts, np.broadcast_to(one << shifts, (bits, len(others)))
    even = np.stack([others + one, abs(others - one)])
    odd = even // np.maximum(even & -even, 1)
    numbers = np.concatenate([shifted + one, abs(shifted - one), base + others, abs(base - others), odd])
    rows, places = np.nonzero((numbers > 1) & (numbers >> bits == 0))
    return numbers[rows, places], places


def divided(number: int, bits: int) -> Iterator[int]:
    """Odd numbers above 1 that give a number by themselves."""
    for shift in range(1, bits + 1):
        for factor in {(1 << shift) - 1, (1 << shift) + 1} - {1, number}:
            if number % factor == 0:
                yield number // factor


def bit_of(places: Numbers) -> Words:
    """Words with one bit, each of a place."""
    return np.left_shift(np.uint64(1), places.astype(np.uint64))


@dataclass(frozen=True, slots=True)
class Offers:
    """What each of some numbers brings, as one more extra.

    numbers : the numbers, ascending.
    missing : how many constants would still not be within reach.
    made : whether the number itself would be.
    cost : what it took to find, in steps of a number and a member.
    """

    numbers: Numbers
    missing: Numbers
    made: NDArray[np.bool_]
    cost: int


@dataclass(frozen=True, slots=True)
class _Threes:
    """Two members each, by their places, and a number that is an addition away from them."""

    numbers: Numbers
    ones: Numbers
    others: Numbers

    @classmethod
    def of(cls, members: Numbers, first: int, bits: int) -> Self:
        """Of all members from a place on, each with itself and with all before it."""
        found = [related(int(members[place]), members[: place + 1], bits) for place in range(first, len(members))]
        ones = np.repeat(np.arange(first, len(members)), [len(numbers) for numbers, _ in found])
        return cls(np.concatenate([numbers for numbers, _ in found]), ones, np.concatenate([others for _, others in found]))

    def joined(self, other: Self) -> Self:
        """Both."""
        pairs = ((self.numbers, other.numbers), (self.ones, other.ones), (self.others, other.others))
        return type(self)(*map(np.concatenate, pairs))

    def of_those(self, chosen: NDArray[np.bool_]) -> Self:
        """Some of them."""
        return type(self)(self.numbers[chosen], self.ones[chosen], self.others[chosen])


class _Members:
    """1, constants and extras, and what is an addition away from two of them."""

    def __init__(self, numbers: Numbers, threes: _Threes) -> None:
        self.numbers = numbers
        order = np.argsort(numbers, kind="stable")
        places = order[np.minimum(np.searchsorted(numbers[order], threes.numbers), len(numbers) - 1)]
        inside = numbers[places] == threes.numbers
        self.threes, self.inside, self.given = threes.of_those(~inside), threes.of_those(inside), places[inside]

    @cached_property
    def gives(self) -> Words:
        """Which members each two members give."""
        found = np.zeros((len(self.numbers), len(self.numbers)), np.uint64)
        np.bitwise_or.at(found, (self.inside.ones, self.inside.others), bit_of(self.given))
        return found | found.T

    def levels(self, depth: int) -> list[int]:
        """Which are within reach by so many adders behind 1, from none on: words of bits."""
        gives, reached, before = self.gives.tolist(), [1], 0
        for _ in range(depth):
            now = new = reached[-1]
            here = [place for place in range(len(gives)) if now >> place & 1]
            for one in here:
                if not before >> one & 1:
                    for other in here:
                        new |= gives[one][other]
            reached.append(new)
            before = now
        return reached


class Extras:
    """Which numbers, made too, bring all constants within reach.

    Parameters
    ----------
    constants : iterable of int
        Odd numbers above 1; `MOST` at most, with all extras.
    bits : int
        Of any number that is made, at most; up to `WIDEST`.
    depth : int
        Most adders one behind the other.
    """

    def __init__(self, constants: Iterable[int], bits: int, depth: int) -> None:
        self.constants = tuple(sorted(constants))
        self.bits, self.depth = bits, depth
        numbers = np.array([1, *self.constants], np.int64)
        self._base = _Threes.of(numbers, 0, bits)
        self._wanted = np.uint64((1 << len(self.constants) + 1) - 2)

    def levels(self, extras: Sequence[int]) -> list[list[int]]:
        """The constants and extras that are within reach: those behind one adder, behind two, and so on."""
        members = self._members(extras)
        reached, numbers = members.levels(self.depth), members.numbers.tolist()
        fresh = [now & ~before for before, now in pairwise(reached)]
        return [[number for place, number in enumerate(numbers) if level >> place & 1] for level in fresh]

    def enough(self, extras: Sequence[int]) -> bool:
        """Whether all constants are within reach."""
        return set(self.constants) <= {number for level in self.levels(extras) for number in level}

    def near(self, extras: Sequence[int]) -> list[int]:
        """The numbers that could be made next and still be made use of, ascending."""
        members = self._members(extras)
        reached = np.array([members.levels(self.depth - 2)[-1]], np.uint64) >> np.arange(len(members.numbers), dtype=np.uint64)
        here = (reached & np.uint64(1)).astype(bool)
        found: list[int] = np.unique(members.threes.numbers[here[members.threes.ones] & here[members.threes.others]]).tolist()
        return found

    def unrelated(self, extras: Sequence[int]) -> list[int]:
        """The constants that no two others give, within reach or not."""
        members = self._members(extras)
        fair = (members.inside.ones != members.given) & (members.inside.others != members.given)
        given = set(members.given[fair].tolist())
        return [constant for place, constant in enumerate(self.constants, 1) if place not in given]

    def offers(self, extras: Sequence[int]) -> Offers:
        """What each further number brings beside these extras: of those numbers that two give and that give one."""
        members = self._members(extras)
        numbers, columns, counts = np.unique(members.threes.numbers, return_inverse=True, return_counts=True)
        single = self._single(members.numbers.tolist(), numbers)
        useful = counts + (single > 0) >= 2
        kept, columns = useful[columns], (np.cumsum(useful) - 1)[columns]
        threes, columns = members.threes.of_those(kept), columns[kept]
        gains = np.zeros((len(members.numbers), np.count_nonzero(useful)), np.uint64)
        np.bitwise_or.at(gains, (threes.ones, columns), bit_of(threes.others))
        np.bitwise_or.at(gains, (threes.others, columns), bit_of(threes.ones))
        states, made = _reached(members.levels(self.depth), members.gives, gains, single[useful])
        missing = np.bitwise_count(self._wanted & ~states).astype(np.int64)
        return Offers(numbers[useful], missing, made, len(members.threes.numbers) + gains.size // 3)

    def _members(self, extras: Sequence[int]) -> _Members:
        numbers = np.array([1, *self.constants, *extras], np.int64)
        first = len(numbers) - len(extras)
        return _Members(numbers, self._base.joined(_Threes.of(numbers, first, self.bits)) if extras else self._base)

    def _single(self, members: Sequence[int], numbers: Numbers) -> Words:
        """Which members each number gives by itself."""
        found = np.zeros(len(numbers), np.uint64)
        pairs = [(number, place) for place, member in enumerate(members) for number in divided(member, self.bits)]
        if pairs:
            wanted, places = np.array(pairs, np.int64).T
            columns = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
            there = numbers[columns] == wanted
            np.bitwise_or.at(found, columns[there], bit_of(places[there]))
        return found


def _reached(base: Sequence[int], gives: Words, gains: Words, single: Words) -> tuple[Words, NDArray[np.bool_]]:
    """Which members are within reach beside each number, and whether that is itself: an adder deeper in each turn.

    Parameters
    ----------
    base : sequence of int
        Which are within reach without any, in each turn.
    gives : ndarray
        Which members each two members give.
    gains : ndarray
        Which members each member gives with each number; as the three are alike, also with which it gives that.
    single : ndarray
        Which members each number gives by itself.
    """
    tables, zero, one, all_bits = _tables(gives), np.uint64(0), np.uint64(1), np.uint64(255)
    state = np.full(gains.shape[1], base[0], np.uint64)
    fresh, made, used, before = np.zeros_like(state), np.zeros(len(state), bool), np.zeros(len(state), bool), 0
    for now, then in pairwise(base):
        # Until its number is made, a column is as it is without.
        new, found = np.where(made, state, np.uint64(then)), np.zeros(len(state), bool)
        rows = np.flatnonzero(made & ~used)
        new[rows] = np.uint64(then) | single[rows]
        for place in range(len(gives)):
            if now >> place & 1:
                new[rows] |= gains[place, rows]
                if not before >> place & 1:
                    found |= gains[place] & np.uint64(now) != 0
            # Each member meets those that were there when it came; what comes later meets it then.
            if len(late := np.flatnonzero(fresh >> np.uint64(place) & one)):
                here, total = state[late], new[late] | gains[place, late]
                for byte, table in enumerate(tables[place]):
                    total |= table[here >> np.uint64(8 * byte) & all_bits]
                new[late] = total
        fresh, state, used, made, before = np.where(made, new & ~state, zero), new, made, made | found, now
    return state, made


def _tables(gives: Words) -> Words:
    """What each member gives with any set of others, by eight of them at a time."""
    tables = np.zeros((len(gives), -(-len(gives) // 8), 256), np.uint64)
    for place in range(len(gives)):
        byte, bit = divmod(place, 8)
        tables[:, byte, 1 << bit : 2 << bit] = tables[:, byte, : 1 << bit] | gives[:, place, None]
    return tables
