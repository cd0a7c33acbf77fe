"""The MAC array: every lane of a schedule and the tree that adds them."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.schedule import Schedule

from .multiplier import Multiplier
from .stream import shape_of

__all__ = ["MACArray"]


class MACArray(wiring.Component):
    """Computes the exact dot product of the samples at its positions: one sum a clock, latency 3 + the tree's levels, no stall.

    ``sum = sum(coefficient * sample over the schedule's products)``; each node is as wide as its proven range. It has no
    enable and no valid: what stands beside it for as many clocks (`Delay`) says which sums count.

    Parameters
    ----------
    schedule : Schedule

    Ports
    -----
    samples : In
        An array of one sample a position.
    weights : In
        An array of coefficients in the order of `design.weights`, if they can be loaded.
    load : In
        Takes all `weights` at once, for the samples of the same clock and all that follow.
    sum : Out
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        design = schedule.design
        self.latency = Multiplier.latency + len(schedule.tree)
        ports = {
            "samples": In(data.ArrayLayout(shape_of(design.sample), schedule.positions)),
            "sum": Out(shape_of(self._sum_format)),
        }
        if design.loadable:
            ports |= {
                "weights": In(data.ArrayLayout(shape_of(design.coefficient_format), schedule.positions)),
                "load": In(1),
            }
        super().__init__(ports)

    @property
    def _sum_format(self) -> Format:
        """The accumulator: the tree's root, or the only product."""
        root = self._schedule.tree[-1][0] if self._schedule.tree else self._schedule.products[0]
        return Format.holding(root.low, root.high)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._schedule.design
        nodes = []
        for product in self._schedule.products:
            coefficient = design.coefficient_format if design.loadable else design.weights[product.weight]
            multiplier = Multiplier(design.sample, coefficient, Format.holding(product.low, product.high))
            m.submodules[f"lane_{product.lane}"] = multiplier
            m.d.comb += multiplier.a.eq(self.samples[product.position])
            if design.loadable:
                m.d.comb += [multiplier.b.eq(self.weights[product.weight]), multiplier.load.eq(self.load)]
            nodes.append(multiplier.p)

        for number, level in enumerate(self._schedule.tree, 1):
            sums = []
            for index, adder in enumerate(level):
                node = Signal(shape_of(Format.holding(adder.low, adder.high)), name=f"sum_{number}_{index}")
                m.d.sync += node.eq(sum((nodes[item] for item in adder.inputs[1:]), nodes[adder.inputs[0]]))
                sums.append(node)
            nodes = sums
        m.d.comb += self.sum.eq(nodes[0])
        return m
