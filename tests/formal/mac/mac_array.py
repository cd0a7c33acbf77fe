"""The MAC array's specification."""

from dataclasses import fields

from amaranth.hdl import Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.mac.later_sum import compare_later

from convolver.designs import Design
from convolver.hw.mac import array_block
from convolver.hw.stream import layouts
from convolver.plan.array import DotProduct
from convolver.plan.lowering import lower

__all__ = ["MACArraySpec"]


def _array_of(design: Design, cuts: tuple[int, ...]) -> DotProduct:
    """The array of a design with one, whose sums are added in segments that `cuts` says, though they are narrow."""
    (array,) = lower(design).arrays
    cut = type("Cut", (type(array),), {"carry_cuts": cuts} if cuts else {})
    return cut(**{field.name: getattr(array, field.name) for field in fields(array)})


class MACArraySpec(wiring.Component):
    """The sum of the products, one after the other in one wide number, as many clocks later as the array says.

    Loaded coefficients are taken for the operands of the clock in which `load` is high. In a slot of several clocks the
    products of all its clocks are added; slots follow each other at once or, by the free input `pause`, later. With `cuts`
    sums are added in segments that begin there, however narrow they are. Of constants without multipliers it is that of a graph
    of adders.
    """

    def __init__(self, design: Design, cuts: tuple[int, ...] = ()) -> None:
        self._design = design
        self._array = array = _array_of(design, cuts)
        if array.pre_added or (array.cycles > 1 and not design.loadable):
            raise ValueError("A pre-adder's operands, and constants that change with the clock, are not free inputs")
        ports = {"samples": In(layouts.shape_of(array.operand)).array(array.lanes)}
        if design.loadable:
            ports["coefficients"] = In(layouts.shape_of(design.coefficient_format)).array(array.lanes)
            ports["load" if array.cycles == 1 else "pause"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, array = self._design, self._array
        lanes = range(array.lanes)
        m.submodules.dut = dut = array_block.array_block(array)
        m.d.comb += [dut.samples[lane].eq(self.samples[lane]) for lane in lanes]
        known = Const(1)
        if not design.loadable:
            factors = [Const(design.weights[array.lane(lane)[0].weight]) for lane in lanes]
        elif array.cycles > 1:
            factors = [self.coefficients[lane] for lane in lanes]
            m.d.comb += [dut.load.eq(1), *(dut.coefficients[lane].eq(factors[lane]) for lane in lanes)]
        else:
            # The coefficients of this clock: those that are being loaded, or the last that were.
            loaded, factors = Signal(), []
            for lane in lanes:
                factor = Signal(layouts.shape_of(design.coefficient_format), name=f"factor_{lane}")
                kept = Signal.like(factor, name=f"kept_{lane}")
                m.d.comb += [dut.coefficients[lane].eq(self.coefficients[lane])]
                m.d.comb += factor.eq(Mux(self.load, self.coefficients[lane], kept))
                m.d.sync += kept.eq(factor)
                factors.append(factor)
            m.d.comb += dut.load.eq(self.load)
            m.d.sync += loaded.eq(loaded | self.load)
            known = loaded | self.load
        wide = signed(design.accumulator.width + 4)
        total = Const(0, wide)
        for lane, factor in enumerate(factors):
            partial = Signal(wide, name=f"partial_{lane}")
            m.d.comb += partial.eq(total + self.samples[lane] * factor)
            total = partial
        if array.cycles > 1:
            phase = Signal(range(array.cycles))
            m.d.comb += dut.start.eq(phase == 0)
            with m.If((phase != 0) | ~self.pause):
                m.d.sync += phase.eq(Mux(phase == array.cycles - 1, 0, phase + 1))
            known = phase == array.cycles - 1
            clocks = [total]
            for clock in range(array.cycles - 1):
                before = Signal(wide, name=f"before_{clock}")
                m.d.sync += before.eq(clocks[-1])
                clocks.append(before)
            total = sum(clocks[1:], clocks[0])[: len(clocks[0])].as_signed()
        compare_later(m, dut, total, known, wide, design.sum_range)
        return m
