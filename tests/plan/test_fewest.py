"""The fewest numbers that are made beside the constants: compared with all sets that there are, one adder at a time."""

import random
from functools import cache

import pytest

from convolver import load_design
from convolver.plan import fewest
from convolver.plan.constants import DEEPEST, least_adders, made_and_least, made_of_one, odd_part
from convolver.plan.extras import MOST, Extras
from convolver.plan.fewest import Helps, Sets, fewer, proved

from .test_adders import DESIGNS, odd_constants

BITS, MOST_ADDERS = 8, 4


@cache
def next_to(one: int, other: int, bits: int = BITS) -> list[int]:
    """Odd numbers above 1 that an addition of two makes."""
    shifts = range(bits + 2)
    sums = {odd_part((one << up) + sign * (other << down)) for up in shifts for down in shifts for sign in (1, -1)}
    return [number for number in sums if 1 < number < 1 << bits]


@cache
def sets_of(count: int, depth: int) -> dict[frozenset[int], dict[int, int]]:
    """All sets of numbers that so many adders make, each with how deep every number is."""
    if count == 0:
        return {frozenset([1]): {1: 0}}
    found: dict[frozenset[int], dict[int, int]] = {}
    for depths in sets_of(count - 1, depth).values():
        for number, deep in one_more(depths, depth).items():
            known = found.setdefault(frozenset(depths) | {number}, {})
            for each, its in (*depths.items(), (number, deep)):
                known[each] = min(its, known.get(each, its))
    return found


def one_more(depths: dict[int, int], depth: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for one, its in depths.items():
        for other, deep in depths.items():
            if max(its, deep) < depth:
                for number in next_to(one, other):
                    if number not in depths:
                        found[number] = min(1 + max(its, deep), found.get(number, depth))
    return found


def adders_of(constants: frozenset[int], depth: int) -> int | None:
    """The fewest adders that make all constants; none where that are more than `MOST_ADDERS`."""
    for count in range(MOST_ADDERS):
        if any(constants <= made for made in sets_of(count, depth)):
            return count
    nearly = (depths for made, depths in sets_of(MOST_ADDERS - 1, depth).items() if len(constants - made) == 1)
    return MOST_ADDERS if any(constants - depths.keys() <= one_more(depths, depth).keys() for depths in nearly) else None


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_no_fewer_do(depth: int) -> None:
    """Of constants below 256, with no more adders than a search of all sets, and no fewer extras than are told."""
    draw, counts = random.Random(depth), set()
    for size in [1] * 24 + [2] * 24 + [3] * 16:
        constants = frozenset(draw.sample(range(3, 1 << BITS, 2), size))
        found, room = Extras(constants, BITS, depth), MOST_ADDERS + 1 - size
        extras, least = proved(found, range(room), most=10**9)
        wanted = adders_of(constants, depth)
        counts.add((size, wanted))
        if wanted is None:
            assert least == room, sorted(constants)
        else:
            assert (size + len(extras), size + least) == (wanted, wanted), sorted(constants)
            assert found.enough(extras)
    assert {(1, 3), (2, 4)} <= counts


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_no_pair_is_passed_over(depth: int) -> None:
    """Constants for which no extra alone does: each pair that does is one that the search may take, and it finds one."""
    draw, few = random.Random(depth), 0
    for _ in range(12):
        found = Extras(draw.sample(range(3, 256, 2), 3 + (depth > 2)), 8, depth)
        if found.offers(()).missing.all():
            pairs = [(one, other) for one in range(3, 256, 2) for other in completing(found, one)]
            first, helps = found.near(()), Helps(found, ())
            assert all(set(first) & set(pair) for pair in pairs)
            assert all(helps.one_more(number) for pair in pairs for number in pair if number in first)
            assert (Sets(found, 10**9).of(2) is None) == (not pairs)
            few += 0 < len(pairs) < 50
    assert few


@pytest.mark.parametrize(
    ("extras", "pairs"),
    [
        ((33, 1025), [(33, 1025)]),
        ((129, 903), [(903, 903)]),
        ((129, 1023, 4097), [(129, 1023), (1023, 4097), (129, 4097)]),
        ((5, 1285, 255), [(5, 1285), (1285, 255)]),
    ],
)
def test_constants_that_only_some_extras_make(extras: tuple[int, ...], pairs: list[tuple[int, int]]) -> None:
    """By both together, by one alone, by three of which each is made of 1, and by three of which one isn't."""
    for seed in range(4):
        made = {number for one, other in pairs for number in next_to(one, other, 18)} - set(extras)
        found = Extras(random.Random(seed).sample(sorted(made), 9), 18, 4)
        assert found.enough(extras)
        assert Sets(found, 10**9).of(len(extras)) is not None


def completing(found: Extras, one: int) -> list[int]:
    """The numbers with which an extra does."""
    if one in found.constants:
        return []
    offers = found.offers((one,))
    numbers: list[int] = offers.numbers[offers.missing == 0].tolist()
    return numbers


def test_a_proof_that_ends_early_tells_what_it_has() -> None:
    found = Extras([171, 205, 77], BITS, DEEPEST)
    assert proved(found, range(9), most=1) == (tuple(range(9)), 1)
    extras, least = proved(found, range(9))
    assert least == len(extras) > 1


@pytest.mark.parametrize("seed", range(3))
def test_an_offer_is_what_the_number_brings(seed: int) -> None:
    """Within a depth that not all of them keep."""
    constants = {odd_part(number) for number in random.Random(seed).sample(range(3, 256), 9)} - {1}
    found, extras = Extras(constants, 9, 3), (7, 21) if seed else ()
    offers = found.offers(extras)
    assert len(offers.numbers) > 20
    for number, missing, made in zip(offers.numbers.tolist(), offers.missing.tolist(), offers.made.tolist(), strict=True):
        reached = {each for level in found.levels((*extras, number)) for each in level}
        assert missing == len(constants - reached)
        assert made == (number in reached)


def test_what_the_first_search_needs_more_for() -> None:
    """64 taps of 16 bits: 38 adders of the first search, of which two extras less do, and none with three extras."""
    constants = odd_constants(load_design(DESIGNS / "lowpass-64-16.toml").weights)
    assert len(made_of_one(frozenset(constants))) == 36
    assert least_adders(frozenset(constants)) == 34


def test_more_steps_prove_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a plan's steps end too early; what it makes stays what it is, and so does the proof with as few."""
    constants = frozenset([171, 205, 77])
    made_and_least.cache_clear()
    monkeypatch.setattr(fewest, "LONG", 1)
    made = len(made_of_one(constants))
    assert [least_adders(constants, steps) for steps in (None, 1, 10**7)] == [4, 4, 5]
    assert (made, len(made_of_one(constants))) == (5, 5)
    made_and_least.cache_clear()


def test_constants_beyond_a_word_stay_with_the_first_search() -> None:
    many = frozenset(range(3, 2 * MOST + 5, 2))
    assert len(many) > MOST
    assert len(made_of_one(many)) == least_adders(many) == len(many)
    wide = frozenset([0b1011_0110_1001_1011_0100_1101_0010_1101])
    assert least_adders(wide) == least_adders(wide, 10**7) == 1 < len(made_of_one(wide))


def test_two_are_dropped_for_one() -> None:
    """Where the extras that are there are more than it takes."""
    found = Extras([171, 205], BITS, DEEPEST)
    few = fewer(found, (3, 5, 7, 9, 11, 43))
    assert found.enough(few)
    assert len(few) <= 2
