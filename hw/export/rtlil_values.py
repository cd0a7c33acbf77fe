"""Values in Amaranth's RTLIL: which bits are made of which others, and their text when some are left out."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

__all__ = ["CONSTANT", "Bits", "Left", "Need", "Read", "Value", "Wire", "aligned", "crossed", "cut", "outside"]

_WIDTH = re.compile(r"(?<=WIDTH )\d+\n")
_VALUE = re.compile(r"(?<=_VALUE )\d+'(?P<digits>[01x-]+)\n")

Wire = tuple[str, str]
"""A module, and a wire or a memory in it; of a constant neither."""

CONSTANT: Wire = ("", "")


def outside(wire: Wire) -> Wire:
    """A module's output, as it is read outside of the module."""
    return (wire[0], f"{wire[1]} outside")


@dataclass(frozen=True)
class Bits:
    """Adjacent bits of a wire, or the digits of a constant."""

    wire: Wire
    low: int
    width: int
    digits: str = ""

    @property
    def mask(self) -> int:
        """They, among those of their wire."""
        return ((1 << self.width) - 1) << self.low

    def part(self, start: int, width: int) -> "Bits":
        """Some of them."""
        end = len(self.digits) - start
        return Bits(self.wire, self.low + start, width, self.digits[end - width : end] if self.digits else "")

    def runs(self, there: int) -> Iterator[tuple[bool, int, int]]:
        """As runs, if these bits of the wire are there: whether they are, the first of them and how many."""
        if (found := there & self.mask) in {0, self.mask}:
            yield bool(found), 0, self.width
            return
        for stands, places in groupby(range(self.width), lambda place: there >> (self.low + place) & 1):
            first, *others = places
            yield bool(stands), first, 1 + len(others)

    def __str__(self) -> str:
        return f"{self.width}'{self.digits}" if self.digits else f"{self.wire[1]} [{self.low + self.width - 1}:{self.low}]"


Value = list[Bits]
"""The lowest first."""

Read = Callable[[str], Value]
"""Reads a value's text."""


@dataclass(frozen=True)
class Need:
    """What is made of what: bit for bit, or each of all."""

    made: Bits
    of: Bits
    bitwise: bool

    def asked(self, needed: int) -> int:
        """Which bits of the source's wire are needed, if these are of that which is made."""
        if self.bitwise:
            return (needed & self.made.mask) >> self.made.low << self.of.low
        return self.of.mask if needed & self.made.mask else 0


def cut(value: Value, start: int, width: int) -> Value:
    """Adjacent bits of a value, as many as it has of them."""
    found: Value = []
    for bits in value:
        if start < bits.width and width:
            found.append(part := bits.part(start, min(width, bits.width - start)))
            width -= part.width
        start = max(start - bits.width, 0)
    return found


def aligned(made: Value, of: Value) -> Iterator[Need]:
    """A value that is another one of its width."""
    left, right = made[::-1], of[::-1]
    while left and right:
        one, other = left.pop(), right.pop()
        width = min(one.width, other.width)
        yield Need(one.part(0, width), other.part(0, width), bitwise=True)
        for rest, whole in ((left, one), (right, other)):
            if whole.width > width:
                rest.append(whole.part(width, whole.width - width))


def crossed(made: Value, of: Value) -> Iterator[Need]:
    """A value that takes all of others."""
    return (Need(one, other, bitwise=False) for one in made for other in of)


@dataclass(frozen=True)
class Left:
    """What is left of a circuit: the bits that are needed, and those that something drives."""

    live: Mapping[Wire, int]
    there: Mapping[Wire, int]

    def needs(self, value: Value) -> bool:
        """Whether one of these is needed."""
        return any(self.live[bits.wire] & bits.mask for bits in value)

    def of(self, value: Value) -> Value:
        """Those of them that are needed."""
        return [bits.part(start, width) for bits in value for lives, start, width in bits.runs(self.live[bits.wire]) if lives]

    def paired(self, place: Value, value: Value) -> Iterator[tuple[Bits, Bits]]:
        """What is there of a place, each with its part of the place's value."""
        return _paired(place, value, self.there)

    def asked(self, place: Value, value: Value) -> Value:
        """The parts of a value that belong to what is needed of a place."""
        return [of for _, of in _paired(place, value, self.live)]

    def named(self, place: Value, value: Value) -> Value:
        """The bits of a place that get a value which is there, or a constant one, if it is but a name for that."""
        return [
            need.made.part(start, width)
            for need in aligned(place, value)
            if need.made.wire[1].startswith("\\") and not self.live[need.made.wire]
            for stands, start, width in need.of.runs(-1 if need.of.digits else self.there[need.of.wire])
            if stands
        ]

    def value(self, told: str, read: Read) -> str:
        """A value's text, with zeros for what isn't there."""
        value = read(told)
        return told if all(map(self._unmoved, value)) else self.told(value)

    def part(self, place: Value, told: str, read: Read) -> str:
        """The text of a place's value, for what is there of the place; empty if nothing is."""
        if all(not bits.mask & ~self.there[bits.wire] for bits in place):
            return self.value(told, read)
        return self.told([of for _, of in self.paired(place, read(told))])

    def narrowed(self, text: str, place: Value) -> str:
        """A cell's text, with the parameters for what is there of a place."""
        text = _WIDTH.sub(f"{sum(bits.width for bits, _ in self.paired(place, place))}\n", text)
        return _VALUE.sub(lambda found: f"{self.constant(place, found['digits'])}\n", text)

    def constant(self, place: Value, digits: str) -> str:
        """The text of a constant, which has a word or several of a place's width, for what is there of the place."""
        width = sum(bits.width for bits in place)
        words = (Bits(CONSTANT, 0, width, digits[start : start + width]) for start in range(0, len(digits), width))
        left = "".join(of.digits for word in words for _, of in [*self.paired(place, [word])][::-1])
        return f"{len(left)}'{left}"

    def told(self, value: Value) -> str:
        """A value's text, in the places that are left, with zeros for what isn't there."""
        parts = [str(part) for bits in value for part in self._parts(bits)][::-1]
        return parts[0] if len(parts) == 1 else f"{{ {' '.join(parts)} }}" if parts else ""

    def _unmoved(self, bits: Bits) -> bool:
        """Whether these have the places in their wire that they had: all up to the last of them are there."""
        return bool(bits.digits) or not ((1 << bits.low + bits.width) - 1) & ~self.there[bits.wire]

    def _parts(self, bits: Bits) -> Iterator[Bits]:
        """Bits in the places of those that are there, with zeros for others."""
        if bits.digits:
            yield bits
            return
        there = self.there[bits.wire]
        for stands, start, width in bits.runs(there):
            low = (there & ((1 << bits.low + start) - 1)).bit_count()
            yield Bits(bits.wire, low, width) if stands else Bits(CONSTANT, 0, width, "0" * width)


def _paired(place: Value, value: Value, masks: Mapping[Wire, int]) -> Iterator[tuple[Bits, Bits]]:
    """What is in these masks of a place, each with its part of a value."""
    for need in aligned(place, value):
        for stands, start, width in need.made.runs(masks[need.made.wire]):
            if stands:
                yield need.made.part(start, width), need.of.part(start, width)
