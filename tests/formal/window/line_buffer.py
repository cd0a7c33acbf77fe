"""The line buffer's specification."""

from amaranth.hdl import Assert, Const, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Conv2DDesign
from convolver.hw.stream.layouts import shape_of
from convolver.hw.window import line_buffer
from convolver.plan import lower, stages

__all__ = ["LineBufferSpec"]


class LineBufferSpec(wiring.Component):
    """Two clocks behind each step: its pixel, and those of the last steps in the same column since the last reset.

    One column, freely chosen, is followed. The same column doesn't come again within 2 clocks, as lines are no shorter.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        columns = range(design.frame_axes[1].most)
        super().__init__({"valid": In(1), "pixel": In(shape_of(design.pixel)), "column": In(columns), "chosen": In(columns)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        m.submodules.dut = dut = line_buffer.LineBuffer(design, lower(design).stage(stages.LineBuffer))
        lines = len(dut.o.pixels) - 1
        begun, chosen, column = Signal(), Signal.like(self.chosen), Signal.like(self.column)
        with m.If(~begun):
            m.d.sync += [begun.eq(1), chosen.eq(self.chosen)]
        recent = [(Signal(name=f"valid_{age}"), Signal.like(self.column, name=f"column_{age}")) for age in (1, 2)]
        again = Const(0)
        for valid_before, column_before in recent:
            again |= valid_before & (column_before == column)
        valid = Signal()
        m.d.comb += [
            column.eq(Mux(self.column < design.frame_axes[1].most, self.column, 0)),
            valid.eq(self.valid & begun & ~again),
            dut.i.valid.eq(valid),
            dut.i.step.column.eq(column),
            dut.i.step.pixel.eq(self.pixel),
        ]
        before: tuple[Value, Value] = (valid, column)
        for registers in recent:
            m.d.sync += [register.eq(value) for register, value in zip(registers, before, strict=True)]
            before = registers

        # The pixels of the chosen column, the newest first, and how many of them there are since the reset.
        ours, known = Signal(), Signal(range(lines + 2))
        history = [Signal.like(self.pixel, name=f"pixel_{age}") for age in range(lines)]
        m.d.comb += ours.eq(valid & (column == chosen))
        with m.If(ours):
            m.d.sync += [old.eq(new) for old, new in zip(history, [self.pixel, *history], strict=False)]
            with m.If(known <= lines):
                m.d.sync += known.eq(known + 1)
        wanted: list[Value] = [self.pixel, *history]
        there: list[Value] = [ours & (known >= age) for age in range(lines + 1)]
        passed: Value = valid
        for clock in range(2):
            later = [Signal.like(self.pixel, name=f"wanted_{clock}_{age}") for age in range(lines + 1)]
            old = [Signal(name=f"there_{clock}_{age}") for age in range(lines + 1)]
            passed_later = Signal(name=f"passed_{clock}")
            m.d.sync += [one.eq(other) for one, other in zip([*later, *old], [*wanted, *there], strict=True)]
            m.d.sync += passed_later.eq(passed)
            wanted, there, passed = list(later), list(old), passed_later
        m.d.comb += Assert(dut.o.valid == passed)
        for age in range(lines + 1):
            m.d.comb += Assert(~there[age] | (dut.o.pixels[lines - age] == wanted[age]))
        m.d.comb += Cover(there[-1] & (wanted[-1] != 0) & (wanted[0] == 0) & (chosen != 0))
        return m
