"""The requantiser's specification."""

from amaranth.hdl import Assert, Const, Cover, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Design
from convolver.hw.output import requantiser
from convolver.hw.stream import layouts
from convolver.plan.lowering import lower

__all__ = ["RequantiserSpec"]


class RequantiserSpec(wiring.Component):
    """The rounded quotient by its definition: the neighbours of ``i / 2**shift`` and the distances to them, then the
    overflow rule.

    All inputs in the range that the design says, one in each clock.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._plan = lower(design)
        width = design.accumulator.width
        super().__init__({"i": In(signed(width) if design.accumulator.signed else width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        m.submodules.dut = dut = requantiser.Requantiser(self._plan)
        low, high = design.sum_range
        value = Signal.like(self.i)
        m.d.comb += [value.eq(Mux((self.i >= low) & (self.i <= high), self.i, low)), dut.i.eq(value)]

        wide = signed(design.accumulator.width + 2)
        one = 1 << design.shift
        below, exact = Signal(wide), Signal(wide)
        distance = Signal(design.shift + 1)  # from the neighbour below, in units of 2**-shift
        # Cutting off the low bits, then asking for the rest by subtraction.
        m.d.comb += [below.eq(value // one), distance.eq(value - below * one)]
        nearer_above, tie = Signal(), Signal()
        m.d.comb += [nearer_above.eq(distance > one - distance), tie.eq(distance == one - distance)]
        above = (below + 1)[: len(below)].as_signed()
        match design.rounding:
            case "floor":
                rounded = below
            case "half_up":
                rounded = Mux(nearer_above | tie, above, below)
            case "half_even":
                rounded = Mux(nearer_above | tie & below[0], above, below)
            case "half_away":
                rounded = Mux(nearer_above | tie & (value > 0), above, below)
            case "toward_zero":
                rounded = Mux((value < 0) & (distance != 0), above, below)
        output = design.output_format
        m.d.comb += exact.eq(rounded)
        wanted = Signal(layouts.shape_of(output))
        m.d.comb += wanted.eq(exact)
        if design.overflow == "saturate":
            with m.If(exact > output.max):
                m.d.comb += wanted.eq(output.max)
            with m.Elif(exact < output.min):
                m.d.comb += wanted.eq(output.min)

        delayed, age = [wanted], [Const(1)]
        for clock in range(dut.latency):
            later = Signal.like(wanted, name=f"wanted_{clock}")
            old = Signal(name=f"age_{clock}")
            m.d.sync += [later.eq(delayed[-1]), old.eq(age[-1])]
            delayed.append(later)
            age.append(old)
        m.d.comb += Assert(~age[-1] | (dut.o == delayed[-1]))
        for name, reached in {
            "tie": tie & (value != 0),
            "up": exact == above,
            "down": exact == below,
            "clipped": wanted != exact,
            "lowest": value == low,
        }.items():
            possible = {
                "tie": design.shift > 0,
                "up": design.rounding != "floor",
                "clipped": not all(end in output for end in design.result_range),
            }.get(name, True)
            if possible:
                m.d.comb += Cover(reached, name)
        return m
