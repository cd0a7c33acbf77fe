"""The line ring's specification."""

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.hw.window import line_ring

__all__ = ["LineRingSpec"]


class LineRingSpec(wiring.Component):
    """Two clocks behind each step: the word that came two clocks behind the step that is a line's beats before it, unless lines
    of another length began in between. It stands until the next one.

    Lines change their length with any step. One step at a time, chosen by `tag`, is followed to the one that reads its word.
    """

    def __init__(self, width: int, beats: int) -> None:
        self._width = width
        self._beats = beats
        length = range(-1, beats - 3)
        super().__init__({"step": In(1), "change": In(1), "length": In(length), "word": In(width), "tag": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = line_ring.LineRing(self._width, self._beats)
        # The beats of a line, less 4, and beside a step those of its own.
        before, now = Signal.like(self.length), Signal.like(self.length)
        fits = (self.length >= -1) & (self.length <= self._beats - 4)
        m.d.comb += now.eq(Mux(self.change, Mux(fits, self.length, 0), before))
        with m.If(self.step):
            m.d.sync += before.eq(now)
        m.d.comb += [
            dut.read.eq(self.step),
            dut.length.eq(Mux(self.step, now, self.length)),
            dut.write_data.eq(self.word),
        ]

        # The chosen step's word, and the steps before the one that reads it.
        chosen, left, word = Signal(), Signal(range(self._beats)), Signal(self._width)
        chooses, reads = Signal(), Signal()
        m.d.comb += [
            reads.eq(self.step & chosen & (now == before) & (left == 0)),
            chooses.eq(self.step & self.tag & (~chosen | reads)),
        ]
        with m.If(self.step):
            m.d.sync += [left.eq(left - 1), chosen.eq(chosen & (now == before) & ~reads)]
        with m.If(chooses):
            m.d.sync += [chosen.eq(1), left.eq(now + 3)]
        recent = [Signal(4, name=f"recent_{age}") for age in range(2)]
        m.d.sync += [recent[0].eq(Cat(self.step, chooses, reads, now[0])), recent[1].eq(recent[0])]
        stepped, chose, came, odd = recent[1]
        with m.If(chose):
            m.d.sync += word.eq(self.word)
        known, shown = Signal(), Signal(self._width)
        m.d.sync += [known.eq(1), shown.eq(dut.read_data)]
        m.d.comb += [
            Assert(~came | (dut.read_data == word)),
            Assert(stepped | ~known | (dut.read_data == shown)),
            Cover(came & (word != 0) & odd, "odd lines"),
            Cover(came & (word != 0) & ~odd, "even lines"),
        ]
        return m
