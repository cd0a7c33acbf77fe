"""A sum of products with constants, computed by a graph of shared adders."""

from amaranth.hdl import Cat, Const, Module, Shape, Value
from amaranth.lib import wiring

from convolver.formats import Format
from convolver.plan import adders
from convolver.plan.adders import GraphProduct, Node
from convolver.plan.stages import Stage

from ..stream.data_register import DataRegister, later
from ..stream.layouts import shape_of
from .array_ports import array_ports

__all__ = ["AdderGraph"]


class AdderGraph(wiring.Component):
    """Computes the exact sum of a window's samples, each times its constant, by shifts and additions. One window a
    cycle, no stall, latency `GraphProduct.graph.cycles`. Ports are those of `MACArray`.

    Each adder has a register. An operand that is ready before the other one is delayed by further registers. There is
    no enable and no valid bit: a `Delay` of equal latency carries the valid bit.

    Parameters
    ----------
    array : GraphProduct
    """

    makes: tuple[type[Stage], ...] = (adders.AdderGraph,)

    def __init__(self, array: GraphProduct) -> None:
        self._array = array
        self.latency = array.latency
        super().__init__(array_ports(array))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        (total,) = self._sums(m)
        m.d.comb += self.sum.eq(total)
        return m

    def _sums(self, m: Module) -> list[Value]:
        """All sums of the graph, aligned in one cycle."""
        array, graph = self._array, self._array.graph
        values: list[Value] = [self.samples[lane] for lane in range(array.lanes)]
        times = [0] * array.lanes
        waiting: dict[tuple[int, int], Value] = {}  # delayed values, by source and cycles of delay

        def late(source: int, wait: int) -> Value:
            """A value, delayed by `wait` cycles. All users of a delayed value share its registers."""
            if wait == 0:
                return values[source]
            if (source, wait) not in waiting:
                (waiting[source, wait],) = later(m, [late(source, wait - 1)], f"late_{source}_{wait}")
            return waiting[source, wait]

        for number, node in enumerate(graph.nodes):
            terms = [late(source, node.time - 1 - times[source]) for source in node.inputs]
            register = DataRegister(shape_of(Format.holding(node.low, node.high)), name=f"node_{number}")
            m.d.sync += register.eq(_added(node, terms))
            values.append(register)
            times.append(node.time)
        sums: list[Value] = []
        for root in graph.roots:
            total = Const(0) if root.source is None else late(root.source, graph.cycles - times[root.source])
            sums.append(total.shift_left(root.shift) if root.shift >= 0 else total.shift_right(-root.shift))
        return sums


def _added(node: Node, terms: list[Value]) -> Value:
    """The output of a node. Bits below the shift bypass the adder, unless the unshifted term is subtracted."""
    low, *others = terms
    if not others:
        return -low
    (high,), shift = others, node.shift
    if node.signs[0] < 0:
        return high.shift_left(shift) - low
    if low.shape().width <= shift:  # at least one bit must remain for the adder
        low = low + Const(0, Shape(shift + 1, low.shape().signed))
    above = low.shift_right(shift)
    total = above + high if node.signs[1] > 0 else above - high
    whole = Cat(low[:shift], total)
    return whole.as_signed() if total.shape().signed else whole
