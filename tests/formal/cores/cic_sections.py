"""The specification of integrators and combs whose sums are added in segments."""

from collections.abc import Sequence
from dataclasses import replace

from amaranth.hdl import Assert, Const, Cover, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs.cic_directions import Section
from convolver.hw.cores import cic_sections
from convolver.plan import cic as stages
from convolver.plan.pace import FULL_SPEED

__all__ = ["SectionsSpec"]


class SectionsSpec(wiring.Component):
    """What sections give that add whole numbers, from a `clear` on, as many clocks later as there are segments but the first.

    Sums are cut where `cuts` says, however narrow they are.
    """

    def __init__(self, sections: Sequence[Section], before: int, cuts: tuple[int, ...], delay: int = 1) -> None:
        self._sections, self._cuts, self._delay = sections, cuts, delay
        super().__init__({"valid": In(1), "clear": In(1), "value": In(signed(before))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sections, cuts = self._sections, self._cuts
        kinds: dict[str, type[stages.Half]] = {"integrator": stages.Integrators, "comb": stages.Combs}
        planned = kinds[sections[0].role].of(sections, FULL_SPEED, self._delay)
        half = replace(planned, cycles=len(sections) + len(cuts), carry_cuts=cuts)
        dut = cic_sections.sections_of(half)(half, self.value.shape())
        m.submodules.dut = dut
        m.d.comb += [dut.i.valid.eq(self.valid), dut.i.clear.eq(self.clear), dut.i.value.eq(self.value)]
        valid, clear, value, known = Value.cast(self.valid), Value.cast(self.clear), Value.cast(self.value), Signal()
        begun: Value = Signal(name="begun")  # a frame has begun since the reset
        m.d.comb += begun.eq(known | (valid & clear))
        m.d.sync += known.eq(begun)
        for place, section in enumerate(sections):
            shape = signed(section.width) if section.signed else unsigned(section.width)
            result = Signal(shape, name=f"whole_{place}", reset_less=True)
            came = value >> section.dropped
            line = [Signal(shape, name=f"line_{place}_{age}", reset_less=True) for age in range(self._delay)]
            with m.If(valid):
                if section.role == "integrator":
                    m.d.sync += result.eq(came + Mux(clear, 0, result))
                else:
                    m.d.sync += [result.eq(came - Mux(clear, 0, line[-1])), line[0].eq(came)]
                    m.d.sync += [older.eq(Mux(clear, 0, newer)) for older, newer in zip(line[1:], line, strict=False)]
            valid, clear, begun = self._later(m, f"marks_{place}", valid, clear, begun)
            value = result
        for number in range(len(cuts)):
            late = Signal(value.shape(), name=f"late_{number}", reset_less=True)
            m.d.sync += late.eq(value)
            value = late
            valid, clear, begun = self._later(m, f"late_marks_{number}", valid, clear, begun)
        top = 1 << sections[-1].width - 1
        m.d.comb += [
            Assert(dut.o.valid == valid),
            Assert(dut.o.clear == clear),
            Assert(~(valid & begun) | (dut.o.value == value)),
            Cover(valid & ~clear & (dut.o.value.as_unsigned() == top)),
            Cover(valid & clear & (dut.o.value == Const(1))),
        ]
        return m

    def _later(self, m: Module, name: str, *marks: Value) -> list[Value]:
        """Marks a clock later."""
        registers = [Signal(name=f"{name}_{number}") for number in range(len(marks))]
        m.d.sync += [register.eq(mark) for register, mark in zip(registers, marks, strict=True)]
        return list(registers)
