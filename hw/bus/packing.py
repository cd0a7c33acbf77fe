"""Samples and results as bytes: little-endian two's complement, sign-extended to whole bytes."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convolver.designs import Design

from ..stream.layouts import beat_layout, framed, result_layout
from ..stream.skid_buffer import SkidBuffer
from .registers import frame_members

__all__ = ["ResultPacker", "SampleUnpacker", "padded"]


def padded(results: Any, design: Design) -> Value:
    """The `data` of `result_layout` as a word: several results, each sign-extended to whole bytes, the first lowest. A
    single result isn't extended here."""
    count, number = design.pixels_per_clock * design.planes * design.outputs, design.output_format
    if count == 1:
        return Value.cast(results)
    width = 8 * number.bytes
    zero = Const(0, Shape(width, number.signed))  # of the results' signedness: `|` extends them to its width
    lanes = (Value.cast(results).word_select(lane, number.width) for lane in range(count))
    return Cat(((lane.as_signed() if number.signed else lane) | zero)[:width] for lane in lanes)


class SampleUnpacker(wiring.Component):
    """Builds samples from bytes, and counts them to mark frames: one byte a cycle, latency one cycle from a sample's
    last byte.

    Bits above the sample's width are ignored. The ports must show the size of a frame one cycle before its first
    sample, and until that sample is taken. With several pixels a beat it collects them into a beat, fewer at the end of
    a line; with several planes it collects all samples of a pixel. The bytes are the same in all cases.

    Parameters
    ----------
    design : Design
        The format of a sample, and the core's marks.

    Ports
    -----
    i : bytes.
    rows, columns, length : size of the next frame, by `design.axes`; 0 stands for 2 to the power of the port's width.
    o : samples, in the format of the core's input.
    empty : no complete beat waits; an incomplete one may.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._layout = beat_layout(design)
        sizes = {name: In(member.shape, init=member.init) for name, member in frame_members(design).items()}
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                **sizes,
                "o": Out(stream.Signature(self._layout)),
                "empty": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.skid = skid = SkidBuffer(self._layout)
        beat = skid.i.p
        taken = Signal()  # a sample is complete, and taken

        # A beat is complete with its last byte, which needs room in the skid buffer; earlier bytes don't.
        planes, width = self.design.planes, self.design.sample.width
        each = self.design.sample.bytes
        count = planes * each  # bytes of a pixel, which is called a sample here
        sample, final, whole = Signal(planes * width), Signal(), Signal()
        m.d.comb += [
            skid.i.valid.eq(self.i.valid & whole),
            self.i.ready.eq(skid.i.ready | ~whole),
            taken.eq(self.i.valid & final & self.i.ready),
        ]
        word = Signal(8 * count)
        m.d.comb += sample.eq(Cat(word.word_select(plane, 8 * each)[:width] for plane in range(planes)))
        if count == 1:
            m.d.comb += [word.eq(self.i.payload), final.eq(1)]
        else:
            before = Signal(8 * (count - 1))
            place = Signal(range(count))
            m.d.comb += [final.eq(place == count - 1), word.eq(Cat(before, self.i.payload))]
            with m.If(self.i.valid & self.i.ready):
                m.d.sync += [before.eq(Cat(before[8:], self.i.payload)), place.eq(Mux(final, 0, place + 1))]

        # Signals of their own instead of fields of `beat`: a struct that reads itself looks like a loop to a simulator.
        first, last = Signal(init=1), Signal()
        m.d.comb += beat.last.eq(last)
        counters = [self._counter(m, name, first) for name in self.design.axes]
        _, line_end = counters[-1]
        # The fastest axis counts samples. A slower axis counts when all faster ones end.
        counts: Value = taken
        for place, end in reversed(counters):
            with m.If(counts):
                m.d.sync += place.eq(Mux(end, 0, place + 1))
            counts = counts & end
        m.d.comb += last.eq(Cat(end for _, end in counters).all())
        if "eol" in self._layout.members:
            m.d.comb += beat.eol.eq(line_end)
        with m.If(taken):
            m.d.sync += first.eq(last)
        if "keep" in self._layout.members:
            self._gather(m, beat, sample, final, line_end, last, taken, whole)
        else:
            m.d.comb += [Value.cast(beat.data).eq(sample), beat.first.eq(first), whole.eq(final)]

        connect(m, skid.o, flipped(self.o))
        m.d.comb += self.empty.eq(~skid.o.valid)
        return m

    def _counter(self, m: Module, name: str, first: Signal) -> tuple[Signal, Value]:
        """A counter as wide as a size, and whether it has reached the end. The size is sampled with a frame's first
        sample."""
        size = getattr(self, name)
        width = len(size)
        count = Signal(width, name=f"{name}_before")
        end = Signal(width, name=f"{name}_end", init=(size.init - 1) % (1 << width))
        with m.If(first):
            m.d.sync += end.eq(size - 1)
        return count, count == end

    def _gather(
        self, m: Module, beat: Any, sample: Value, final: Value, eol: Value, last: Value, taken: Value, whole: Signal
    ) -> None:
        """Puts the pixels of a beat side by side: earlier ones from registers, the last one from the input."""
        pixels, width = self.design.pixels_per_clock, len(sample)
        lane, first = Signal(range(pixels)), Signal(init=1)  # of the beat
        m.d.comb += [whole.eq(final & ((lane == pixels - 1) | eol)), beat.first.eq(first)]
        with m.If(taken):
            m.d.sync += lane.eq(Mux(whole, 0, lane + 1))
            with m.If(whole):
                m.d.sync += first.eq(last)
        for place in range(pixels):
            kept = Signal(width, name=f"kept_{place}")
            with m.If(lane == place):
                m.d.sync += kept.eq(sample)
            m.d.comb += [
                Value.cast(beat.data).word_select(place, width).eq(Mux(lane == place, sample, kept)),
                beat.keep[place].eq(lane >= place),
            ]


class ResultPacker(wiring.Component):
    """Turns results into bytes: one byte a cycle, latency 2 cycles, `last` on the last byte of a frame's last result.
    With several pixels a beat, only pixels with their `keep` bit set become bytes.

    Parameters
    ----------
    design : Design
        The format of a result, and the core's marks.

    Ports
    -----
    i : results, in the format of the core's output.
    o : bytes.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._layout = result_layout(design)
        super().__init__({"i": In(stream.Signature(self._layout)), "o": Out(stream.Signature(framed))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.skid = skid = SkidBuffer(self._layout)
        connect(m, flipped(self.i), skid.i)

        pixels, each = self.design.pixels_per_clock, self.design.result_bytes
        count = pixels * each
        there: Value = Const(count)
        if "keep" in self._layout.members:
            there = sum((Mux(keep, each, 0) for keep in skid.o.p.keep), Const(0))
        word = Signal(8 * count)
        left = Signal(range(count + 1))
        last = Signal()
        m.d.comb += [
            self.o.valid.eq(left != 0),
            self.o.p.data.eq(word[:8]),
            self.o.p.last.eq(last & (left == 1)),
        ]
        with m.If((left == 0) | ((left == 1) & self.o.ready)):
            m.d.comb += skid.o.ready.eq(1)
            m.d.sync += [
                word.eq(padded(skid.o.p.data, self.design)),
                last.eq(skid.o.p.last),
                left.eq(Mux(skid.o.valid, there, 0)),
            ]
        with m.Elif(self.o.ready):
            m.d.sync += [word.eq(word >> 8), left.eq(left - 1)]

        return m
