"""The frame check of a 2-D core: it samples each frame's size, and decides whether the core takes the frame."""

from typing import ClassVar, Self, cast

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.geometry import geometry_of

from ..stream.data_register import DataRegister
from ..stream.layouts import beat_layout
from ..stream.skid_buffer import SkidBuffer
from .beats import beats_of
from .boundaries import boundary_of
from .comparison import equal, exceeds
from .scan import scan_of

__all__ = ["FrameCheck", "checked_layout"]


def checked_layout(design: Conv2DDesign) -> data.StructLayout:
    """A beat with the checked size of its frame.

    rows_left, columns_left : with a frame's first pixel: its rows less 2; the beats of its lines less 4.
    short : with a frame's first pixel: the frame has no more lines than its end, see `Scan.is_short`.
    border : with a frame's first pixel: its chosen border, see `boundary_of`.
    starts : valid, and the first pixel of a frame that the core takes.
    joins : `starts`, directly after a beat of a frame of the same size.
    more : valid, and not a first pixel.
    refused : valid, and not `starts`.
    remainder; whole, part : with several pixels a beat only: with a frame's first beat; with each beat. See `beats_of`.
    """
    geometry = geometry_of(design)
    fields: dict[str, object] = {
        "beat": beat_layout(design),
        "rows_left": range(-1, geometry.most[0] - 1),
        "columns_left": range(-1, geometry.line_beats - 3),
        "short": 1,
        "border": boundary_of(design).layout,
        "starts": 1,
        "joins": 1,
        "more": 1,
        "refused": 1,
    }
    beats = beats_of(design)
    return data.StructLayout(fields | beats.of_frame | beats.of_beat)


HALVES = 2
"""Parts of a size comparison: each is registered, and they are combined one cycle later."""


class FrameCheck(wiring.Component):
    """Samples a frame's size with its first pixel, and compares it with the sizes that the core takes and with the size
    before: one beat a cycle, latency 2 cycles, full back-pressure.

    The size travels with its pixel, so the ports may change to the next frame's size while the pixel waits.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : stream of `beat_layout`
    rows, columns, boundary, fill : In
        See `Conv2DCore`.
    o : stream of `checked_layout`
    waiting : Out
        A beat is inside.
    """

    makes = (stages.Accept,)

    sizes: ClassVar[dict[str, wiring.Member]] = {"rows": In(16), "columns": In(16)}
    """Ports of a frame's size."""

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        ports = {
            "i": In(stream.Signature(beat_layout(design))),
            **self.sizes,
            "o": Out(stream.Signature(checked_layout(design))),
            "waiting": Out(1),
        }
        self._border = boundary_of(design).layout
        super().__init__(ports | {name: In(shape) for name, shape in self._border.members.items()})

    @classmethod
    def of(cls, plan: ArrayPlan) -> Self:
        """That of a plan's core."""
        return cls(cast(Conv2DDesign, plan.design))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        # Comparisons are computed in front of the first register, and combined in front of the slice behind it. The
        # first register holds one beat. It takes the next beat unless register and slice are full.
        layout, beats = checked_layout(design), beats_of(design)
        said, kept = ("rows_left", "columns_left", "short", "border", *beats.of_frame), beats.of_beat
        frame = {name: layout[name].shape for name in said}
        (least_rows, least_columns), (most_rows, most_columns) = geometry_of(design).least, geometry_of(design).most
        size = {"rows": range(most_rows + 1), "columns": range(most_columns + 1)}
        checks = {"fits": 2, "short": 1, "rows_repeat": HALVES, "columns_repeat": HALVES} | kept
        sampled = data.StructLayout({"beat": layout["beat"].shape} | size | {"border": self._border} | checks)
        given, first = Signal(sampled), DataRegister(sampled)
        there, opens = Signal(), Signal()  # the first register holds a beat; it is a first pixel
        # The slice holds only the marks, which the raster uses in the same cycle. All other fields are written to two
        # places in turn, and read from there.
        marks = data.StructLayout({"first": 1, "eol": 1, "starts": 1, "joins": 1, "more": 1, "refused": 1} | kept)
        m.submodules.second = second = SkidBuffer(marks)
        moved = Signal()  # the first register's beat moves on
        full = Signal()  # the first register, the slice and `o` each hold a beat
        m.d.comb += [
            self.i.ready.eq(~full),
            moved.eq(there & second.i.ready),
            given.rows.eq(self.rows),
            given.columns.eq(self.columns),
        ]
        m.d.sync += full.eq(~self.o.ready & (full | (self.i.valid & self.o.valid & (~second.i.ready | there))))
        with m.If(~full):
            m.d.sync += [there.eq(self.i.valid), opens.eq(self.i.valid & self.i.p.first), first.eq(given)]
        wide = data.StructLayout({"data": layout["beat"].shape["data"].shape} | frame)
        places = [Signal(wide, name=f"place_{index}") for index in range(2)]
        put, get, now = Signal(), Signal(), Signal(wide)
        beyond = first.columns - (1 + 3 * beats.pixels)  # upper bits: beats of a line less 4; lower bits: `remainder`
        found: dict[str, Value] = {
            "data": Value.cast(first.beat.data),
            "rows_left": first.rows - 2,
            "columns_left": beyond >> (beats.pixels - 1).bit_length(),
            "short": first.short,
            "remainder": beyond,
            "border": Value.cast(first.border),
        }
        for index, place in enumerate(places):
            with m.If(moved & (put == index)):
                m.d.sync += [Value.cast(place[name]).eq(found[name]) for name in wide.members]
        m.d.sync += [put.eq(put ^ moved), get.eq(get ^ (self.o.valid & self.o.ready))]
        m.d.comb += now.eq(Mux(get, places[1], places[0]))

        m.d.comb += [
            given.beat.eq(self.i.payload),
            given.short.eq(scan_of(design).is_short(design, self.rows[: len(first.rows)])),
        ]
        beats.check(m, self.i, self.columns, given)
        sizes = (
            (self.rows, first.rows, given.rows_repeat, least_rows, most_rows),
            (self.columns, first.columns, given.columns_repeat, least_columns, most_columns),
        )
        for number, (asked, sampled_size, repeats, least, most) in enumerate(sizes):
            # Only the bits of the largest size are compared: sizes that fit differ in these bits.
            now_kept, before = asked[: len(sampled_size)], DataRegister(len(sampled_size), name=f"before_{number}")
            # One cycle late if two first pixels follow each other: no frame joins one that was cut that early.
            with m.If(opens):
                m.d.sync += before.eq(sampled_size)
            m.d.comb += [
                given.fits[number].eq(~exceeds(asked, most) & exceeds(now_kept, least - 1)),
                *(
                    half.eq(equal(m, f"alike_{number}_{index}", before[index::HALVES], now_kept[index::HALVES]))
                    for index, half in enumerate(repeats)
                ),
            ]
        begun, fitted = Signal(), Signal()  # the beat before began a frame that the core takes; it continued one
        starts = opens & first.fits.all()
        with m.If(moved):
            m.d.sync += [begun.eq(starts), fitted.eq(~opens & (begun | fitted))]
        m.d.comb += [
            second.i.valid.eq(there),
            second.i.p.first.eq(opens),
            second.i.p.eol.eq(first.beat.eol),
            # These are low without a beat, also behind the slice.
            second.i.p.starts.eq(starts),
            second.i.p.joins.eq(starts & fitted & first.rows_repeat.all() & first.columns_repeat.all()),
            second.i.p.more.eq(there & ~opens),
            second.i.p.refused.eq(there & ~starts),
            self.o.valid.eq(second.o.valid),
            second.o.ready.eq(self.o.ready),
            self.o.p.beat.data.eq(now.data),
            *(self.o.p[name].eq(now[name]) for name in said),
            *(self.o.p.beat[name].eq(second.o.p[name]) for name in ("first", "eol")),
            *(self.o.p[name].eq(second.o.p[name]) for name in ("starts", "joins", "more", "refused", *kept)),
            *(second.i.p[name].eq(first[name]) for name in kept),
            self.waiting.eq(there | second.o.valid),
        ]
        m.d.comb += [given.border[name].eq(getattr(self, name)) for name in self._border.members]
        return m
