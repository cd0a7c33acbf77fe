"""Parts of a register bank: comparisons, counters and multiplexers in steps of a few bits, one cycle each."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value

from ..stream.data_register import DataRegister

__all__ = ["COUNTER_PART", "below", "chosen", "counter", "held_by"]

COUNTER_PART = 16
"""Bits of a counter that are counted in one cycle; the upper bits follow two cycles later."""

TABLE = 6
"""Address bits that are looked up in one cycle."""

PIECE = 8
"""Bits of a written value that are compared in one cycle."""


def held_by(m: Module, name: str, given: Value, shape: Shape) -> Value:
    """Whether a register of this shape can hold the written value, two's complement if signed; 2 cycles later."""
    above = given[shape.width - shape.signed :]
    if not len(above):
        return Const(1)
    pieces = [above[start : start + PIECE] for start in range(0, len(above), PIECE)]
    kinds = [[~piece.any() for piece in pieces]]
    if shape.signed:
        kinds.append([piece.all() for piece in pieces])
    fits = DataRegister(name=f"fits_{name.lower()}")
    alike = []
    for number, kind in enumerate(kinds):
        m.d.sync += (same := DataRegister(len(kind), name=f"alike_{name.lower()}_{number}")).eq(Cat(kind))
        alike.append(same.all())
    m.d.sync += fits.eq(Cat(alike).any())
    return fits


def below(m: Module, number: Value, bound: int) -> Value:
    """Whether a number is less than a constant, one cycle later. From tables: a comparison would be a carry chain."""
    high, low = divmod(bound, 1 << TABLE)
    less, equal, lower_less = DataRegister(), DataRegister(), DataRegister()
    m.d.sync += [
        less.eq(Const((1 << high) - 1, 1 << len(number) - TABLE).bit_select(number[TABLE:], 1)),
        equal.eq(number[TABLE:] == high),
        lower_less.eq(Const((1 << low) - 1, 1 << TABLE).bit_select(number[:TABLE], 1)),
    ]
    return less | (equal & lower_less)


def counter(m: Module, name: str, step: Value) -> Value:
    """A count of 32 bits. The upper part is two cycles later than the lower one: it counts when the top bit of the
    lower falls."""
    low, high = Signal(COUNTER_PART, name=f"{name}_low"), Signal(32 - COUNTER_PART, name=f"{name}_high")
    before, carry = Signal(name=f"{name}_before"), Signal(name=f"{name}_carry")
    m.d.sync += [low.eq(low + step), before.eq(low[-1]), carry.eq(before & ~low[-1]), high.eq(high + carry)]
    return Cat(low, high)


def chosen(m: Module, choices: Sequence[tuple[Value, Value]]) -> Value:
    """The chosen value, extended to 32 bits, 2 cycles later; 0 if none is chosen. All constants together are one
    choice."""
    fixed = [(hit, value.value) for hit, value in choices if isinstance(value, Const)]
    terms = [Cat(Cat(hit for hit, value in fixed if value >> bit & 1).any() for bit in range(32))]
    moving = [(hit, value) for hit, value in choices if not isinstance(value, Const)]
    for first in range(0, len(moving), 2):
        pair = [hit.replicate(32) & _extended(value) for hit, value in moving[first : first + 2]]
        terms.append(pair[0] | pair[-1])
    nodes = [DataRegister(32, name=f"read_{number}") for number in range(len(terms))]
    m.d.sync += [node.eq(term) for node, term in zip(nodes, terms, strict=True)]
    m.d.sync += (found := DataRegister(32, name="read")).eq(reduce(or_, nodes))
    return found


def _extended(value: Value) -> Value:
    """A number, extended to 32 bits."""
    sign = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, sign.replicate(32 - len(value)))
