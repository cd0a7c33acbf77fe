"""Magnitudes of sums, and their sum over several kernels, in front of the output stage."""

from amaranth.hdl import Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.plan import stages
from convolver.plan.array_plan import ArrayPlan

from ..stream.data_register import DataRegister
from ..stream.layouts import shape_of

__all__ = ["Magnitude"]


class Magnitude(wiring.Component):
    """Takes the magnitude of each sum; for ``sum_abs`` it also adds all magnitudes. One set of sums a cycle, no stall,
    latency that of the plan's stage: 1 cycle, and 1 more for each level of the tree that adds in pairs. Wires if the
    plan has no such stage.

    Parameters
    ----------
    plan : ArrayPlan

    Ports
    -----
    i_0, i_1, ... : In
        The sum of each of the plan's arrays.
    o_0, o_1, ... : Out
        Input of the output stage, as wide as `design.stage_ranges`; `latency` cycles later.
    """

    makes = (stages.Magnitude, stages.MagnitudeSum)

    def __init__(self, plan: ArrayPlan) -> None:
        design = plan.design
        self._stages = [stage for stage in plan.stages if isinstance(stage, self.makes)]
        self._count = len(plan.arrays)
        self._outputs = [Format.holding(*reach) for reach in design.stage_ranges]
        self.latency = stages.cycles_of(self._stages)
        inputs = {f"i_{n}": In(shape_of(array.accumulator)) for n, array in enumerate(plan.arrays)}
        super().__init__(inputs | {f"o_{n}": Out(shape_of(output)) for n, output in enumerate(self._outputs)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        values = [getattr(self, f"i_{number}") for number in range(self._count)]
        for stage in self._stages:
            values = [_magnitude(m, value, f"magnitude_{number}") for number, value in enumerate(values)]
            for level in range(1, stage.cycles):
                pairs = [values[first : first + 2] for first in range(0, len(values), 2)]
                values = []
                for number, pair in enumerate(pairs):
                    # Magnitudes aren't negative, so no partial sum exceeds the range of the total.
                    node = DataRegister(shape_of(self._outputs[0]), name=f"sum_{level}_{number}")
                    m.d.sync += node.eq(sum(pair[1:], pair[0]))
                    values.append(node)
        m.d.comb += [getattr(self, f"o_{number}").eq(value) for number, value in enumerate(values)]
        return m


def _magnitude(m: Module, value: Value, name: str) -> Value:
    """``abs(value)``, one cycle later. It needs one adder: the negative of a number is its complement plus 1."""
    magnitude = DataRegister(len(value), name=name)  # also holds the magnitude of the most negative sum
    negative = value[-1] if value.shape().signed else 0
    m.d.sync += magnitude.eq(Mux(negative, ~value, value) + negative)
    return magnitude
