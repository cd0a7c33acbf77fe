"""The raster of a core without back-pressure: it takes every beat, and each first beat starts a new frame."""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring

from convolver.designs import Conv2DDesign
from convolver.plan import stages

from ..stream.layouts import marks_of
from .frame_size import FixedSize
from .raster import raster_ports

__all__ = ["FreeRaster"]


class FreeRaster(wiring.Component):
    """Turns every beat of a frame into a step: one step a cycle, latency one cycle, always ready. Ports as `Raster`.

    All frames have one size, and one pixel a beat. Results are those of whole windows (mode ``valid``).
    A first beat always starts a new frame; the frame before gives no further results. Beats after a frame's last one
    are dropped.

    Parameters
    ----------
    design : Conv2DDesign
    size : FixedSize, optional
        That of the frames; by default the most that the core takes.
    """

    makes = (stages.Raster,)

    def __init__(self, design: Conv2DDesign, size: FixedSize | None = None) -> None:
        super().__init__(raster_ports(design))
        self.design = design
        self._size = (size or FixedSize(design)).size

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, step = self.design, self.o.step
        rows, columns = self._size
        high, wide = design.kernel_rows, design.kernel_columns
        beat, starts = self.i.payload, self.i.payload.starts
        inside = Signal()  # a frame has begun, and its last beat hasn't come
        turned = Signal(init=1)  # the next step is the first of a line
        advance, fresh = Signal(), Signal()  # a step is made; it is the first of a line
        m.d.comb += [
            self.i.ready.eq(1),
            advance.eq(starts | (beat.more & inside)),
            fresh.eq(starts | turned),
            self.open.eq(inside),
        ]

        def at(column: int) -> Value:
            """Whether this step is in that column. `step.column` is the column of the step before."""
            return ~fresh & (step.column == column - 1) if column else fresh

        line_end = Signal()
        m.d.comb += line_end.eq(at(columns - 1))
        row = Signal(range(rows))  # row of the next step, unless that step starts a frame
        over = line_end & (row == rows - 1)
        m.d.sync += self.o.valid.eq(advance)
        with m.If(advance):
            m.d.sync += [
                step.column.eq(Mux(fresh, 0, step.column + 1)),
                turned.eq(line_end),
                row.eq(Mux(starts, 0, row + line_end)),
                inside.eq(~over),
            ]

        # Only windows inside the frame count: from the kernel's last row and its last column on.
        live: Value = Const(1)
        if high > 1:
            served = Signal()
            live = served & ~starts
            with m.If(advance):
                m.d.sync += served.eq(live | (line_end & (row == high - 2)))
        reached: Value = Const(1)
        if wide > 1:
            passed = Signal()
            reached = passed & ~fresh
            with m.If(advance):
                m.d.sync += passed.eq(reached | at(wide - 2))
        (down, right), last_row, last_column = design.stride, *self._last_places()
        across = self._every(m, "column", right, fresh, advance & reached)
        along = self._every(m, "row", down, starts, advance & line_end & live)
        result = live & reached & across & along

        given = Signal()  # a result of this frame has been made
        unlike = given & ~starts
        eol = at(last_column)
        marks = {"first": ~unlike, "eol": eol, "last": eol & (row == last_row) & ~starts if rows > 1 else eol}
        with m.If(advance):
            m.d.sync += given.eq(unlike | result)
        m.d.comb += [self.claim.eq(advance & result), self.o.length.eq(columns - 4)]
        m.d.sync += [
            step.pixel.eq(beat.beat.data),
            step.result.eq(result),
            *(step[name].eq(marks[name]) for name in marks_of(design)),
            self.errors.first.eq(starts & inside),
            self.errors.orphan.eq(beat.more & ~inside),
            self.errors.eol.eq(advance & (beat.beat.eol != line_end)),
        ]
        return m

    def _last_places(self) -> tuple[int, int]:
        """Row and column of the beat that completes a frame's last wanted result."""
        design = self.design
        sizes = zip(self._size, (design.kernel_rows, design.kernel_columns), strict=True)
        last_row, last_column = (
            side - 1 + (size - side) // stride * stride for (size, side), stride in zip(sizes, design.stride, strict=True)
        )
        return last_row, last_column

    @staticmethod
    def _every(m: Module, name: str, step: int, anew: Value, counts: Value) -> Value:
        """Whether this place is the first since `anew`, or a multiple of `step` after it; only places that count are
        counted."""
        if step == 1:
            return Const(1)
        place = Signal(range(step), name=f"{name}_place")
        now = Signal(range(step), name=f"{name}_now")
        m.d.comb += now.eq(Mux(anew, 0, place))
        with m.If(counts):
            m.d.sync += place.eq(Mux(now == step - 1, 0, now + 1))
        with m.Elif(anew):
            m.d.sync += place.eq(0)
        return now == 0
