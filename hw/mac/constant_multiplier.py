"""A number times a constant, without a multiplier."""

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format

from ..stream.layouts import shape_of

__all__ = ["ConstantMultiplier"]


class ConstantMultiplier(wiring.Component):
    """Multiplies by a constant with shifts and additions alone: one number a clock, latency `clocks`, no stall.

    The constant is written with the fewest digits of 1 and -1, which no two neighbours are; a tree adds the shifted numbers, in
    pairs, or, if that takes more levels than there are clocks, in threes or more.

    Parameters
    ----------
    number, product : Format
        Of what is multiplied, and of what that gives.
    factor : int
    clocks : int
        1 or more.

    Ports
    -----
    i : In
    o : Out
        ``factor * i``, `clocks` later.
    """

    def __init__(self, number: Format, product: Format, factor: int, clocks: int) -> None:
        self._factor = factor
        self._clocks = clocks
        super().__init__({"i": In(shape_of(number)), "o": Out(shape_of(product))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        nodes: list[Value] = [(self.i if digit > 0 else -self.i) << place for place, digit in digits_of(self._factor)]
        nodes = nodes or [Const(0)]
        fanin = next(fanin for fanin in range(2, len(nodes) + 2) if fanin**self._clocks >= len(nodes))
        for level in range(self._clocks):
            sums = [sum(nodes[first + 1 : first + fanin], nodes[first]) for first in range(0, len(nodes), fanin)]
            nodes = []
            for index, value in enumerate(sums):
                node = Signal(value.shape(), name=f"sum_{level}_{index}")
                m.d.sync += node.eq(value)
                nodes.append(node)
        m.d.comb += self.o.eq(nodes[0])
        return m


def digits_of(factor: int) -> list[tuple[int, int]]:
    """The places and signs of the powers of two that add up to a number, as few as there can be."""
    found, place = [], 0
    while factor:
        if factor % 2:
            digit = 2 - factor % 4  # 1, or -1 where the next place would be 1 too
            found.append((place, digit))
            factor -= digit
        factor //= 2
        place += 1
    return found
