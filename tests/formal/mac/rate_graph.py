"""The specification of the array of a rate change by constants without multipliers."""

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.mac.later_sum import compare_later

from convolver.designs import ResampleDesign
from convolver.hw.mac import array_ports, rate_graph
from convolver.hw.stream import layouts
from convolver.plan.lowering import lower

__all__ = ["RateGraphSpec"]


class RateGraphSpec(wiring.Component):
    """The sum of the products by a phase's coefficients, one after the other in one wide number, as many clocks later as the
    array says: of the samples in each clock, or of those with which the slot started.

    Parameters
    ----------
    design : ResampleDesign
        Of constants without multipliers.
    """

    def __init__(self, design: ResampleDesign) -> None:
        self._design = design
        (self._array,) = lower(design).arrays
        samples = In(layouts.shape_of(design.data)).array(self._array.lanes)
        super().__init__({"samples": samples, "phase": In(range(design.up)), "start": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, array = self._design, self._array
        m.submodules.dut = dut = rate_graph.RateGraph(array)
        m.d.comb += [
            dut.start.eq(self.start),
            *(dut.samples[lane].eq(self.samples[lane]) for lane in range(array.lanes)),
            *(getattr(dut, name).eq(self.phase) for name in array_ports.taken_along(array)),
        ]
        phases, known = [Value.cast(self.phase)], [Value.cast(1)]
        for clock in range(2):
            phase, old = Signal.like(self.phase, name=f"phase_{clock}"), Signal(name=f"known_{clock}")
            m.d.sync += [phase.eq(phases[-1]), old.eq(known[-1])]
            phases.append(phase)
            known.append(old)
        wide = signed(design.accumulator.width + 4)
        total: Value = Const(0, wide)
        for lane in range(array.lanes):
            # A lane has the sample of one age, and so one coefficient of each phase.
            age = array.lane(lane)[0].position
            taps = [age * design.up + phase for phase in range(design.up)]
            factors = [design.coefficients[tap] if tap < design.taps else 0 for tap in taps]
            partial = Signal(wide, name=f"partial_{lane}")
            factor = Array(Const(factor, signed(design.coefficient_format.width + 1)) for factor in factors)[phases[-1]]
            m.d.comb += partial.eq(total + self.samples[lane] * factor)
            total = partial
        right = known[-1]
        if design.down > design.up:
            started, kept = Signal(), Signal(wide)
            right, total = Mux(self.start, right, started), Mux(self.start, total, kept)
            m.d.sync += [started.eq(right), kept.eq(total)]
        compare_later(m, dut, total, right, wide, design.sum_range)
        return m
