"""Converters between streams of images with different numbers of pixels in a beat."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.plan import widths

from .skid_buffer import SkidBuffer

__all__ = ["Gather", "Spread", "converter_of"]


class _Converter(wiring.Component):
    """Ports of both converters.

    Parameters
    ----------
    taken, given : StructLayout
            Payloads of `i` and `o`: `data` with the pixels side by side, the leftmost lowest; `first`, `last`, `eol`;
            with several pixels also `keep`.
        pixels_taken, pixels_given : int
            Pixels in a beat of `i`, of `o`.

    Ports
    -----
    i, o : streams of these
    busy : Out
        A beat is inside.
    """

    def __init__(self, taken: data.StructLayout, given: data.StructLayout, pixels_taken: int, pixels_given: int) -> None:
        members = {"i": In(stream.Signature(taken)), "o": Out(stream.Signature(given)), "busy": Out(1)}
        super().__init__(members)
        self._taken, self._given = taken, given
        self._narrow, self._wide = sorted((pixels_taken, pixels_given))


class Gather(_Converter):
    """Packs several beats into a wide one: takes one beat a cycle, latency one cycle from the last of them, full
    back-pressure, no path from `o.ready` to `i.ready`.

    A line's last beat leaves with the pixels that remain.
    """

    makes = (widths.Gather,)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.slice = full = SkidBuffer(self._given)
        wiring.connect(m, full.o, wiring.flipped(self.o))
        narrow, beats = self._narrow, self._wide // self._narrow
        one, beat = Value.cast(self.i.p.data).as_unsigned(), self.i.payload
        keeps = beat.keep if narrow > 1 else Const(1)
        place, kept = Signal(range(beats)), [Signal(len(one), name=f"kept_{number}") for number in range(beats - 1)]
        began, ends, takes = Signal(), Signal(), Signal()
        m.d.comb += [ends.eq(beat.eol | (place == beats - 1)), takes.eq(self.i.valid & self.i.ready)]
        with m.If(takes):
            m.d.sync += place.eq(Mux(ends, 0, place + 1))
            with m.If(place == 0):
                m.d.sync += began.eq(beat.first)
        for number, register in enumerate(kept):
            with m.If(place == number):  # overwritten until a beat is taken
                m.d.sync += register.eq(one)
        whole = Const((1 << narrow) - 1, narrow)
        there = [Mux(place > number, whole, Mux(place == number, keeps, 0)) for number in range(beats)]
        m.d.comb += [
            self.i.ready.eq(full.i.ready),
            full.i.valid.eq(self.i.valid & ends),
            Value.cast(full.i.p.data).eq(Cat(*(Mux(place > number, old, one) for number, old in enumerate(kept)), one)),
            full.i.p.keep.eq(Cat(there)),
            full.i.p.first.eq(Mux(place == 0, beat.first, began)),
            full.i.p.last.eq(beat.last),
            full.i.p.eol.eq(beat.eol),
            self.busy.eq(full.o.valid | (place != 0)),
        ]
        return m


class Spread(_Converter):
    """Splits a wide beat into several: gives one beat a cycle, latency two cycles to the first of them, full
    back-pressure, no path from `o.ready` to `i.ready`.

    A wide beat gives only as many beats as its valid pixels need.
    """

    makes = (widths.Spread,)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.slice = waiting = SkidBuffer(self._taken)
        wiring.connect(m, wiring.flipped(self.i), waiting.i)
        narrow, each = self._narrow, len(Value.cast(self.o.p.data))
        beat, there = Signal(self._taken), Signal()
        pixels, moves, more = Value.cast(beat.data), Signal(), Signal()
        m.d.comb += [
            more.eq(there & beat.keep[narrow]),
            moves.eq(self.o.ready | ~there),
            waiting.o.ready.eq(moves & ~more),
            self.o.valid.eq(there),
            Value.cast(self.o.p.data).eq(pixels[:each]),
            self.o.p.first.eq(beat.first),
            self.o.p.last.eq(beat.last & ~more),
            self.o.p.eol.eq(beat.eol & ~more),
            self.busy.eq(there | waiting.o.valid),
        ]
        if narrow > 1:
            m.d.comb += self.o.p.keep.eq(beat.keep[:narrow])
        with m.If(moves & more):
            m.d.sync += [pixels.eq(pixels >> each), beat.keep.eq(beat.keep >> narrow), beat.first.eq(0)]
        with m.Elif(moves):
            m.d.sync += [beat.eq(waiting.o.payload), there.eq(waiting.o.valid)]
        return m


def converter_of(stage: widths.Widths, taken: data.StructLayout, given: data.StructLayout) -> Gather | Spread:
    """The converter of a plan's stage, between streams with these payloads."""
    blocks: dict[type[widths.Widths], type[Gather | Spread]] = {
        made: block for block in (Gather, Spread) for made in block.makes
    }
    return blocks[type(stage)](taken, given, stage.before, stage.behind)
