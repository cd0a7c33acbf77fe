"""How an array's sums are added: whole, or in segments, one cycle apart."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed

from convolver.formats import Format
from convolver.plan.arithmetic import Adder
from convolver.plan.array import DotProduct
from convolver.plan.array_stages import Accumulate

from ..stream.data_register import DataRegister, later
from ..stream.layouts import shape_of

__all__ = ["SummedInSegments", "SummedWhole", "Term", "holding"]

Term = tuple[Any, int]
"""A term and its sign, 1 or -1. The term is a number or, where sums are added in segments, the list of its segments."""


class SummedWhole:
    """Sums that are added in one cycle.

    Parameters
    ----------
    m : Module
        Takes the adders.
    array : DotProduct
    """

    def __init__(self, m: Module, array: DotProduct) -> None:
        self._m = m

    def entered(self, products: Sequence[Term], clocks: int) -> list[Term]:
        """The products, delayed by `clocks` registers in fabric: a hard multiplier is far from the adders."""
        values = later(self._m, [product for product, _ in products], "product", clocks)
        return [(value, sign) for value, (_, sign) in zip(values, products, strict=True)]

    def add(self, terms: Sequence[Term], adder: Adder, name: str) -> Term:
        """The sum of one or two terms; latency one cycle."""
        (first, *others), sign = _ordered(terms)
        node = DataRegister(shape_of(holding(adder.low, adder.high, sign)), name=name)
        added = first[0]
        for other, alike in others:
            added = added + other if alike else added - other
        self._m.d.sync += node.eq(added)
        return node, sign

    def accumulated(self, total: Any, start: Value, stage: Accumulate) -> Any:
        """The running sum of a slot's totals; `start` marks the first. Latency one cycle."""
        accumulator = DataRegister(shape_of(Format.holding(*stage.total)))
        self._m.d.sync += accumulator.eq(Mux(start, 0, accumulator) + total)
        return accumulator

    def aligned(self, total: Any) -> Value:
        """A total as one number."""
        return Value.cast(total)


class SummedInSegments(SummedWhole):
    """Sums that are added in segments, each one cycle after the segment below. Only the topmost segment is signed."""

    def __init__(self, m: Module, array: DotProduct) -> None:
        super().__init__(m, array)
        self._lowest = (0, *array.carry_cuts)
        self._last = len(array.carry_cuts)

    def _register(self, place: int, width: int, name: str) -> Signal:
        """A register for segment `place` of a signed number of `width` bits."""
        lowest = self._lowest
        if place == self._last:
            return DataRegister(signed(max(width - lowest[-1], 1)), name=f"{name}_{place}")
        return DataRegister(lowest[place + 1] - lowest[place], name=f"{name}_{place}")

    def entered(self, products: Sequence[Term], clocks: int) -> list[Term]:
        nodes: list[Term] = []
        for lane, (product, sign) in enumerate(super().entered(products, clocks - 1)):
            segments: list[Value] = []
            for place, cut in enumerate(self._lowest):
                segment = product >> cut
                # The last of the registers, and one more for each cycle by which the segment is later than the lowest.
                for clock in range(place + 1):
                    self._m.d.sync += (after := self._register(place, len(product) + 1, f"segment_{lane}_{clock}")).eq(segment)
                    segment = after
                segments.append(segment)
            nodes.append((segments, sign))
        return nodes

    def add(self, terms: Sequence[Term], adder: Adder, name: str) -> Term:
        ordered, sign = _ordered(terms)
        wide = holding(adder.low, adder.high, sign)
        # Subtraction adds the complement of all bits, and 1.
        total, carry = [], None if all(alike for _, alike in ordered) else Const(1, 1)
        for place, segments in enumerate(zip(*(term for term, _ in ordered), strict=True)):
            node = self._register(place, wide.width + (not wide.signed), name)
            either = [segment if alike else _turned(segment) for segment, (_, alike) in zip(segments, ordered, strict=True)]
            carry = self._added(node, either, carry, place < self._last)
            total.append(node)
        return total, sign

    def accumulated(self, total: Any, start: Value, stage: Accumulate) -> Any:
        wide = Format.holding(*stage.total)
        sums, carry = [], None
        for place, segment in enumerate(total):
            node = self._register(place, wide.width + (not wide.signed), "accumulator")
            carry = self._added(node, [Mux(start, 0, node), segment], carry, place < self._last)
            sums.append(node)
            self._m.d.sync += (late := DataRegister(name=f"start_of_{place}")).eq(start)
            start = late
        return sums

    def aligned(self, total: Any) -> Value:
        whole: list[Value] = []
        for place, segment in enumerate(total):
            whole += later(self._m, [segment], f"sum_{place}", self._last - place)
        return Cat(whole).as_signed()

    def _added(self, node: Signal, terms: Sequence[Value], carry: Value | None, carries: bool) -> Signal | None:
        """Adds one segment of one or two numbers and the carry of the segment below, if there is one. Returns its own
        carry if it `carries`."""
        if len(terms) == 1:
            self._m.d.sync += node.eq(terms[0])
            return None
        total = terms[0] + terms[1]
        if carry is not None:
            # A single adder: the carry enters through an additional bit below.
            one, other = (Cat(bit, term) for bit, term in zip((Const(1, 1), carry), terms, strict=True))
            total = (one + other if carries else one.as_signed() + other.as_signed()) >> 1
        if not carries:
            self._m.d.sync += node.eq(total)
            return None
        out = DataRegister(name=f"{node.name}_carry")
        self._m.d.sync += Cat(node, out).eq(total)
        return out


def holding(low: int, high: int, sign: int) -> Format:
    """The format for a number of this range, or for its negative."""
    return Format.holding(low, high) if sign > 0 else Format.holding(-high, -low)


def _ordered(terms: Sequence[Term]) -> tuple[list[tuple[Any, bool]], int]:
    """The terms, beginning with a positive one if there is any, each with a flag: added to the first, or subtracted
    from it. Also the sign of the first term, which is that of the sum."""
    ordered = sorted(terms, key=lambda term: -term[1])
    sign = ordered[0][1]
    return [(value, own == sign) for value, own in ordered], sign


def _turned(segment: Value) -> Value:
    """The complement of all bits, in the same shape."""
    return (~segment).as_signed() if segment.shape().signed else (~segment)[: len(segment)]
