"""The array of a rate change by constants without multipliers."""

from amaranth.hdl import Array, Module

from convolver.plan import rate_adders as stages

from ..stream.data_register import DataRegister, later
from ..stream.layouts import shape_of
from .adder_graph import AdderGraph

__all__ = ["RateGraph"]


class RateGraph(AdderGraph):
    """An `AdderGraph` of a sum for each phase: picks the one that is due, and holds it from a slot's start to its end.

    No stall; latency that of the array. The sum of a slot is that of the samples with which `start` comes, and is there so many
    clocks behind any later sample of the slot, until the next one starts.

    Ports
    -----
    phase : In
        If there are several: that of the slot's sum, two clocks ahead of its samples.
    """

    makes = (*AdderGraph.makes, stages.PickedSum, stages.HeldSum)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        array, late = self._array, self._array.graph.cycles
        sums = self._sums(m)
        total = sums[0]
        for stage in array.stages:
            match stage:
                case stages.PickedSum():
                    (phase,) = later(m, [self.phase], "phase", late + 2)
                    total = DataRegister(shape_of(array.accumulator), name="picked")
                    m.d.sync += total.eq(Array(sums)[phase])
                    late += stage.cycles
                case stages.HeldSum():
                    (start,) = later(m, [self.start], "start", late)
                    held = DataRegister(shape_of(array.accumulator), name="held")
                    with m.If(start):
                        m.d.sync += held.eq(total)
                    total = held
        m.d.comb += self.sum.eq(total)
        return m
