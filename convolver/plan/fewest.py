"""The fewest extras that bring all constants within reach: searched for, and where that can be afforded, proved.

All limits are counts of steps, so that the same constants always give the same.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from .extras import MOST, Extras, Numbers, Words, bit_of, divided, related

__all__ = ["Helps", "Sets", "fewer", "proved"]

BROAD, NARROW, PROOF, LONG, FEW = 16_000_000, 3_000_000, 2_000_000, 8_000_000, 10
"""Steps that a search for few may take, one for fewer, a proof, and one of so few constants that it mostly ends."""

LEAST_WIDE, MOST_WIDE, LOOK = 2, 48, 400
"""Sets of extras that are followed at once; steps of a look at a number."""


def fewer(found: Extras, extras: Sequence[int]) -> tuple[int, ...]:
    """Fewer extras that do, or these if none are found.

    Parameters
    ----------
    found : Extras
    extras : sequence of int
        Some that do.
    """
    room = MOST - len(found.constants)
    few = _followed(found, min(len(extras) - 1, room)) or tuple(extras)
    return _without_two(found, few) if len(few) <= room else few


def _followed(found: Extras, most: int) -> tuple[int, ...]:
    """Extras, one by one: the sets that bring most constants within reach are followed. None if it takes more than `most`."""
    sets, left = [tuple[int, ...]()], BROAD
    for levels in range(most, 0, -1):
        missing: dict[tuple[int, ...], int] = {}
        cost = 0
        for extras in sets:
            offers = found.offers(extras)
            if not offers.missing.all():
                return (*extras, int(offers.numbers[offers.missing.argmin()]))
            cost += offers.cost
            columns = np.flatnonzero(offers.made)
            for column in columns[np.argsort(offers.missing[columns], kind="stable")][: 2 * MOST_WIDE].tolist():
                missing.setdefault(tuple(sorted((*extras, int(offers.numbers[column])))), int(offers.missing[column]))
        left -= cost
        wide = min(max(left * len(sets) // (cost * levels), LEAST_WIDE), MOST_WIDE)
        sets = sorted(missing, key=lambda extras: (missing[extras], extras))[:wide]
    return ()


def _without_two(found: Extras, extras: tuple[int, ...]) -> tuple[int, ...]:
    """One extra in the place of any two, as long as there is one that does."""
    left = NARROW
    while left > 0:
        for two in combinations(range(len(extras)), 2):
            rest = tuple(extra for place, extra in enumerate(extras) if place not in two)
            offers = found.offers(rest)
            left -= offers.cost
            if left <= 0:
                break
            if not offers.missing.all():
                extras = (*rest, int(offers.numbers[offers.missing.argmin()]))
                break
        else:
            break
    return extras


def proved(found: Extras, extras: Sequence[int], most: int | None = None) -> tuple[tuple[int, ...], int]:
    """The fewest extras, as far as so many steps prove.

    Parameters
    ----------
    found : Extras
    extras : sequence of int
        Some that do.
    most : int, optional
        By default as many as a plan can afford.

    Returns
    -------
    extras : tuple of int
        Those that do: fewer if there are.
    least : int
        Fewer than so many don't.
    """
    search, least = Sets(found, most or (LONG if len(found.constants) <= FEW else PROOF)), 0
    for count in range(min(len(extras), MOST - len(found.constants) + 1)):
        if (fewest := search.of(count)) is not None:
            return fewest, count
        if search.left <= 0:
            break
        least = count + 1
    return tuple(extras), least


class Sets:
    """All sets of extras, each in an order in which they can be made, but for what a set of the same numbers was tried with.

    Parameters
    ----------
    found : Extras
    left : int
        Steps that are left. With none it ends, and nothing is known.
    """

    def __init__(self, found: Extras, left: int) -> None:
        self.left = left
        self._found = found

    def of(self, count: int, extras: tuple[int, ...] = (), tried: frozenset[int] = frozenset()) -> tuple[int, ...] | None:
        """Extras that do: these, and so many that were not tried."""
        if count == 0:
            return extras if self._found.enough(extras) else None
        if count == 1:
            offers = self._found.offers(extras)
            self.left -= offers.cost
            return None if offers.missing.all() else (*extras, int(offers.numbers[offers.missing.argmin()]))
        for number in self._next(count, extras, tried):
            if self.left <= 0:
                break
            if more := self.of(count - 1, (*extras, number), tried):
                return more
            tried |= {number}
        return None

    def _next(self, count: int, extras: tuple[int, ...], tried: frozenset[int]) -> Iterator[int]:
        """What may be the next of so many; of the last two, only what leaves constants that one number can be related to."""
        helps = Helps(self._found, extras) if count == 2 else None
        for number in self._found.near(extras):
            if number not in tried:
                self.left -= LOOK
                if helps is None or helps.one_more(number):
                    yield number


class Helps:
    """To which constants a number has to be related, as no two others give them, and to which it is."""

    def __init__(self, found: Extras, extras: tuple[int, ...]) -> None:
        self._bits = found.bits
        self._constants = np.array(found.unrelated(extras), np.int64)
        members = np.array([1, *found.constants, *extras], np.int64)
        numbers, words = [np.zeros(1, np.int64)], [np.zeros(1, np.uint64)]
        for place, constant in enumerate(self._constants.tolist()):
            others, _ = related(constant, members[members != constant], found.bits)
            numbers += [others, np.fromiter(divided(constant, found.bits), np.int64)]
            words.append(np.full(len(numbers[-1]) + len(numbers[-2]), 1 << place, np.uint64))
        self._numbers, columns = np.unique(np.concatenate(numbers), return_inverse=True)
        self._words = np.zeros(len(self._numbers), np.uint64)
        np.bitwise_or.at(self._words, columns, np.concatenate(words))
        self._kinds, self._enough = np.unique(self._words), dict[int, bool]()

    def one_more(self, number: int) -> bool:
        """Whether one number more can be related to all constants to which this one isn't."""
        rest = (1 << len(self._constants)) - 1 & ~int(self._of(np.array([number]))[0])
        if rest not in self._enough:
            self._enough[rest] = bool((~self._kinds & np.uint64(rest) == 0).any())
        return self._enough[rest] or self._with(number, rest)

    def _of(self, numbers: Numbers) -> Words:
        """To which constants numbers are related by themselves or by a member."""
        places = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        found: Words = self._words[places] * (self._numbers[places] == numbers)
        return found

    def _with(self, number: int, rest: int) -> bool:
        """The same, where this number may help that one."""
        places = np.flatnonzero(np.uint64(rest) >> np.arange(len(self._constants), dtype=np.uint64) & np.uint64(1))
        numbers, which = related(number, self._constants[places], self._bits)
        others, columns = np.unique(numbers, return_inverse=True)
        words = self._of(others)
        np.bitwise_or.at(words, columns, bit_of(places[which]))
        return bool((~words & np.uint64(rest) == 0).any())
