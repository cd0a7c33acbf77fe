"""Multiplication by a constant, without a multiplier."""

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format

from ..stream.layouts import shape_of

__all__ = ["ConstantMultiplier"]


class ConstantMultiplier(wiring.Component):
    """Multiplies by a constant with shifts and additions: one number a cycle, latency `clocks`, no stall.

    The constant is written in canonical signed digits: the fewest digits 1 and -1, no two of them adjacent. A tree adds
    the shifted numbers in pairs. If pairs need more levels than there are cycles, it adds three or more at a time.

    Parameters
    ----------
    number, product : Format
        Formats of the operand and of the product.
    factor : int
    clocks : int
        Latency in cycles, 1 or more.

    Ports
    -----
    i : In
    o : Out
        ``factor * i``, `clocks` cycles later.
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
    """A number's canonical signed digits: places and signs of the fewest powers of two that add up to it."""
    found, place = [], 0
    while factor:
        if factor % 2:
            digit = 2 - factor % 4  # 1, or -1 if the next place would be 1 too
            found.append((place, digit))
            factor -= digit
        factor //= 2
        place += 1
    return found
