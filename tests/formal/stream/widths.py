"""The specification of what makes wide beats of narrow ones, and narrow ones of wide."""

from amaranth.hdl import Array, Assert, Cat, Const, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Conv2DDesign
from convolver.formats import Format
from convolver.hw.stream import layouts, widths
from convolver.plan.widths import widths_between

__all__ = ["WidthsSpec"]


class WidthsSpec(wiring.Component):
    """Every pixel comes out, in order, with its line's end; beats are whole but at a line's end; what is offered stays.

    Lines may have any lengths. One pixel, chosen by the free inputs `tag` and `place`, is followed. No more pixels are inside
    than three wide beats have.
    """

    def __init__(self, before: int, behind: int) -> None:
        self._pixels = before, behind
        designs = [Conv2DDesign([[1]], pixel=Format(1, True), pixels_per_clock=pixels) for pixels in (before, behind)]
        self._layouts = [layouts.beat_layout(design) for design in designs]
        free = {"valid": 1, "data": before, "fewer": range(before), "place": range(before)}
        free |= dict.fromkeys(("first", "last", "eol", "ready", "tag"), 1)
        super().__init__({name: In(shape) for name, shape in free.items()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        before, behind = self._pixels
        stage = widths_between(before, behind)
        assert stage is not None
        m.submodules.dut = dut = widths.converter_of(stage, *self._layouts)
        pixels = Signal(range(before + 1))  # of a beat that comes
        m.d.comb += [
            dut.i.valid.eq(self.valid),
            Value.cast(dut.i.p.data).eq(self.data),
            dut.i.p.first.eq(self.first),
            dut.i.p.last.eq(self.last & self.eol),
            dut.i.p.eol.eq(self.eol),
            dut.o.ready.eq(self.ready),
            pixels.eq(before - Mux(self.eol, self.fewer, 0)),
        ]
        if before > 1:
            m.d.comb += dut.i.p.keep.eq(Cat(pixels > place for place in range(before)))
        given = dut.o.p.keep if behind > 1 else Const(1)
        count = Signal(range(behind + 1))
        m.d.comb += count.eq(sum(given[place] for place in range(behind)))
        enters, leaves, level = self.valid & dut.i.ready, dut.o.valid & self.ready, Signal(6)
        stalled, offered = Signal(), Signal.like(dut.o.payload)
        m.d.sync += [
            level.eq(level + Mux(enters, pixels, 0) - Mux(leaves, count, 0)),
            stalled.eq(dut.o.valid & ~self.ready),
            offered.eq(dut.o.payload),
        ]
        # The one that is followed, with the marks of its beat; `final`, the last one of its line.
        chosen, ahead = Signal(), Signal(6)
        value, first, last, final, done, waited = Signal(), Signal(), Signal(), Signal(), Signal(), Signal()
        with m.If(enters & self.tag & ~chosen & (self.place < pixels)):
            m.d.sync += [
                chosen.eq(1),
                ahead.eq(level - Mux(leaves, count, 0) + self.place),
                value.eq(self.data.bit_select(self.place, 1)),
                first.eq(self.first & (self.place == 0)),
                last.eq(self.last),
                final.eq(self.eol & (self.place == pixels - 1)),
                waited.eq(level != 0),
            ]
        now, at = Signal(), Signal(range(behind))
        m.d.comb += [now.eq(chosen & dut.o.valid & (ahead < count)), at.eq(ahead)]
        with m.If(chosen & leaves):
            m.d.sync += ahead.eq(ahead - count)
            with m.If(now):
                m.d.sync += [chosen.eq(0), done.eq(waited & final)]
        found = Array(Value.cast(dut.o.p.data)[place] for place in range(behind))[at]
        streak = Signal(3)
        moves = enters if before < behind else leaves
        m.d.sync += streak.eq(Mux(moves, Mux(streak == 7, 7, streak + 1), 0))
        m.d.comb += [
            Assert(~stalled | (dut.o.valid & (dut.o.payload == offered))),
            Assert(~dut.o.valid | ((count != 0) & (level >= count))),
            Assert(~dut.o.valid | (given == (1 << count) - 1)),
            Assert(~dut.o.valid | dut.o.p.eol | (count == behind)),
            Assert(level <= 3 * max(before, behind)),
            Assert(dut.busy | (level == 0)),
            Assert(~now | (found == value)),
            Assert(~(now & (at == 0)) | (dut.o.p.first == first)),
            # A line's last pixel is its beat's last one; no other one says that it ends here.
            Assert(~(now & final) | (dut.o.p.eol & (at == count - 1) & (dut.o.p.last == last))),
            Assert(~(now & ~final) | (at != count - 1) | (~dut.o.p.eol & ~dut.o.p.last)),
            Cover(done, "the chosen pixel ended its line, behind others"),
            Cover(streak == 7, "a beat a clock"),
        ]
        return m
