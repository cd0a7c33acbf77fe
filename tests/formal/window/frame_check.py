"""The frame check's specification."""

from typing import Any

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue

from convolver.designs import Conv2DDesign
from convolver.hw.stream import layouts
from convolver.hw.window import frame_check
from convolver.hw.window.boundaries import boundary_of
from convolver.plan.geometry import geometry_of

__all__ = ["FrameCheckSpec"]

MARKS = ("starts", "joins", "more", "refused")


class FrameCheckSpec(wiring.Component):
    """A queue of three beats, two clocks, ready whenever it has room. Each beat comes out with what it is, and a first pixel
    that is taken with the size and the border that its frame was given.

    A frame joins the one before if it has the same size, and the beat before its first pixel was another one of a frame that
    was taken. `RasterSpec` says the same of what comes to it, so that both together hold for a core. Of one pixel a beat.

    Sizes have up to 16 bits. Small ones, those of the least and the greatest frames, and ones that differ from these in a
    single bit are as likely as any others.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        self._border = boundary_of(design).layout
        ports = {name: In(1) for name in ("valid", "ready", "tag", "fitting", "small")}
        ports |= {"payload": In(layouts.beat_layout(design)), "most": In(2), "rows": In(16), "columns": In(16)}
        ports |= {"turned": In(2), "bit": In(4)}
        super().__init__(ports | {name: In(shape) for name, shape in self._border.members.items()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        axes = design.frame_axes
        m.submodules.dut = dut = frame_check.FrameCheck(design)
        asked = []
        for number, (axis, free, port) in enumerate(zip(axes, (self.rows, self.columns), (dut.rows, dut.columns), strict=True)):
            few, turned = free[: (axis.most + 1).bit_length()], Mux(self.turned[number], 1 << self.bit, 0)
            size = Mux(self.fitting, Mux(self.most[number], axis.most, axis.least), Mux(self.small, few, free))
            m.d.comb += port.eq(size ^ turned)
            asked.append(port)
        rows, columns = asked
        m.d.comb += [
            dut.i.valid.eq(self.valid),
            dut.i.payload.eq(self.payload),
            dut.o.ready.eq(self.ready),
            *(getattr(dut, name).eq(getattr(self, name)) for name in self._border.members),
        ]
        first = self.payload.first
        enters, fits = Signal(), Signal()
        m.d.comb += [
            enters.eq(self.valid & dut.i.ready),
            fits.eq((rows >= axes[0].least) & (rows <= axes[0].most) & (columns >= axes[1].least) & (columns <= axes[1].most)),
        ]
        # Of what went in before: the size of the last frame, and whether it was taken; and whether a pixel of it followed.
        last_rows, last_columns, taken, goes_on = Signal(16), Signal(16), Signal(), Signal()
        with m.If(enters):
            m.d.sync += goes_on.eq(~first)
            with m.If(first):
                m.d.sync += [last_rows.eq(rows), last_columns.eq(columns), taken.eq(fits)]

        wanted = Signal(frame_check.checked_layout(design))
        m.d.comb += [
            wanted.beat.data.eq(self.payload.data),
            wanted.beat.first.eq(first),
            wanted.beat.eol.eq(self.payload.eol),
            wanted.rows_left.eq(rows - 2),
            wanted.columns_left.eq(columns - 4),
            wanted.short.eq(rows <= geometry_of(design).below if geometry_of(design).mode == "same" else 0),
            *(wanted.border[name].eq(getattr(self, name)) for name in self._border.members),
            wanted.starts.eq(first & fits),
            wanted.joins.eq(first & fits & goes_on & taken & (rows == last_rows) & (columns == last_columns)),
            wanted.more.eq(~first),
            wanted.refused.eq(~(first & fits)),
        ]
        queue = Queue(
            m,
            enters=enters,
            value=_said(wanted),
            valid=dut.o.valid,
            ready=self.ready,
            payload=_said(dut.o.payload),
            depth=3,
            latency=2,
            tag=self.tag,
        )
        followed = Signal()
        m.d.sync += followed.eq(enters & wanted.joins)
        m.d.comb += [
            Assert(dut.i.ready == (queue.level < 3)),
            Assert(dut.waiting == (queue.level != 0)),
            # The raster decides by these alone, whether there is a beat or not.
            *(Assert(~dut.o.p[name] | dut.o.valid) for name in MARKS),
            Cover(followed & (dut.o.p.starts & ~dut.o.p.joins), "a frame joins while another size waits in front"),
        ]
        return m


def _said(checked: Any) -> Value:
    """What is said of a beat: the size and the border only of a frame that is taken."""
    frame = Cat(Value.cast(checked[name]) for name in ("rows_left", "columns_left", "short", "border"))
    beat = [checked.beat[name] for name in ("data", "first", "eol")]
    return Cat(*map(Value.cast, beat), *(checked[name] for name in MARKS), Mux(checked.starts, frame, 0))
