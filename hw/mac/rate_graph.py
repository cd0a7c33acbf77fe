"""The array of a rate change by constants, without multipliers."""

from amaranth.hdl import Array, Module

from convolver.plan import rate_adders as stages

from ..stream.data_register import DataRegister, later
from ..stream.layouts import shape_of
from .adder_graph import AdderGraph

__all__ = ["RateGraph"]


class RateGraph(AdderGraph):
    """An `AdderGraph` with one sum for each phase. It selects the one that is due, and holds it for a slot.

    No stall; latency that of the array. The sum of a slot belongs to the samples that come with `start`. It is valid
    that latency after any later sample of the slot, until the next slot starts.

    Ports
    -----
    phase : In
        Only with several phases: the phase of the slot's sum, two cycles ahead of its samples.
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
