"""The raster: which pixel a step belongs to, which result it completes, and when a frame's end must be driven out."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign

from .marks import ERROR_LAYOUT
from .stream import image_layout, shape_of

__all__ = ["Raster", "step_layout"]


def step_layout(design: Conv2DDesign) -> data.StructLayout:
    """What travels with a step through the feeder.

    column : the step's column, address of the line buffer.
    top, bottom : rows of the frame above and below the result row that this line serves, counted up to the kernel only.
    tail : the step still serves the row before: take border columns on the right.
    load : the first window of a row is complete.
    result : the step completes a result; `first, last, eol` are its marks.
    """
    return data.StructLayout(
        {
            "pixel": shape_of(design.pixel),
            "column": range(design.core_columns),
            "top": range(design.above + 1),
            "bottom": range(design.below + 1),
            "tail": 1,
            "load": 1,
            "result": 1,
            "first": 1,
            "last": 1,
            "eol": 1,
        }
    )


class Raster(wiring.Component):
    """Turns a stream of pixels into steps: one a clock, latency one clock, without a bubble at row ends or between frames of
    one size.

    A frame of `rows` x `columns` takes as many steps. Its end, `below` lines and `right` steps more in ``same`` mode, is
    driven by the next frame if that follows at once and has the same size; else by flush steps, during which a new frame
    waits.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : stream of `image_layout`
        Decides with the marks of the beat it is offered: put a register slice in front. `last` is ignored.
    rows, columns : In
        Size of the frame, while its first pixel is on offer.
    available : In
        A result may be started; no step is made without.
    valid : Out
        A step.
    step : Out
        Its `step_layout`.
    take : Out
        A step that completes a result is made in this clock; `step` shows it in the next.
    open : Out
        A frame is entering or leaving.
    errors : Out
        `size`, `first`, `orphan`, `eol` of `ERROR_LAYOUT`.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(image_layout(design.pixel))),
                "rows": In(16),
                "columns": In(16),
                "available": In(1),
                "valid": Out(1),
                "step": Out(step_layout(design)),
                "take": Out(1),
                "open": Out(1),
                "errors": Out(ERROR_LAYOUT),
            }
        )
        self._design = design

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        above, below, left, right = design.above, design.below, design.left, design.right
        same = design.core_mode == "same"
        has_tail = same and (below > 0 or right > 0)
        head = self.i.payload

        rows, columns = self.rows, self.columns
        size_fits, size_same = Signal(), Signal()
        # The size of the frame that entered last, and so of the one that leaves.
        last_row = Signal(range(max(design.core_rows, 2)))
        last_column = Signal(range(max(design.core_columns, 2)))

        # What the core is at. Entering and leaving overlap when a frame follows at once.
        entering = Signal()  # some pixels of a frame are still to come
        completing = Signal()  # they are made up, as the next frame began too early
        leaving = Signal()  # some results of a frame are still to come, all of its pixels are in
        flushing = Signal()  # steps without a pixel drive them out
        skipping = Signal()  # the beats of a frame that doesn't fit are dropped

        column = Signal(range(design.core_columns))
        line = Signal(range(design.core_rows + below + 1))  # of the frame that entered last; counts on while it leaves
        live = Signal()  # the line serves a result row
        top = Signal(range(above + 1))
        under = Signal(range(max(design.core_rows, 2)))  # rows of the frame below that result row
        row_first = Signal()
        live_before, last_before = Signal(), Signal()  # the same of the line before, for its last results

        m.d.comb += size_fits.eq(
            (rows >= design.core_min_rows)
            & (rows <= design.core_rows)
            & (columns >= design.core_min_columns)
            & (columns <= design.core_columns)
        )
        m.d.comb += size_same.eq((rows == last_row + 1) & (columns == last_column + 1) & (last_row >= below))

        begin, advance, consume, flush = Signal(), Signal(), Signal(), Signal()
        m.d.sync += self.errors.eq(0)
        with m.If(entering & completing):
            m.d.comb += advance.eq(self.available)
        with m.Elif(entering):
            with m.If(self.i.valid & head.first):
                m.d.sync += [completing.eq(1), self.errors.first.eq(1)]
            with m.Elif(self.i.valid & self.available):
                m.d.comb += [advance.eq(1), consume.eq(1)]
                m.d.sync += self.errors.eol.eq(head.eol != (column == last_column))
        with m.Elif(flushing):
            m.d.comb += [advance.eq(self.available), flush.eq(1)]
        with m.Else():
            with m.If(self.i.valid & ~head.first):
                # Outside any frame; the rest of a frame that was dropped has been flagged already.
                m.d.comb += consume.eq(1)
                m.d.sync += self.errors.orphan.eq(~skipping)
            with m.Elif(self.i.valid & ~size_fits):
                m.d.comb += consume.eq(1)
                m.d.sync += [self.errors.size.eq(1), skipping.eq(1)]
            with m.If(self.i.valid & head.first & size_fits & (size_same | ~leaving)):
                with m.If(self.available):
                    m.d.comb += [begin.eq(1), advance.eq(1), consume.eq(1)]
                    # A frame of one column ends its first line with its first pixel.
                    m.d.sync += self.errors.eol.eq(head.eol != (columns == 1))
            with m.Elif(leaving):
                m.d.comb += [advance.eq(self.available), flush.eq(1)]
                m.d.sync += flushing.eq(1)
        m.d.comb += self.i.ready.eq(consume)

        # The step that is made now, if any: `begin` looks ahead of the registers that it sets.
        current_last_row, current_last_column = Signal.like(last_row), Signal.like(last_column)
        current_live, current_under, current_row_first, current_line = Signal(), Signal.like(under), Signal(), Signal.like(line)
        m.d.comb += [
            current_last_row.eq(last_row),
            current_last_column.eq(last_column),
            current_live.eq(live),
            current_under.eq(under),
            current_row_first.eq(row_first),
            current_line.eq(line),
        ]
        with m.If(begin):
            m.d.comb += [current_last_row.eq(rows - 1), current_last_column.eq(columns - 1), current_line.eq(0)]
            m.d.sync += [
                last_row.eq(rows - 1),
                last_column.eq(columns - 1),
                line.eq(0),
                entering.eq(1),
                skipping.eq(0),
            ]
            if below == 0:
                first_row = 0 if same else above
                m.d.comb += [current_live.eq(1), current_under.eq(rows - 1), current_row_first.eq(first_row == 0)]
                m.d.sync += [live.eq(1), under.eq(rows - 1), row_first.eq(first_row == 0), top.eq(0)]

        line_end = Signal()
        m.d.comb += line_end.eq(column == current_last_column)
        frame_end = Signal()
        m.d.comb += frame_end.eq(line_end & (current_line == current_last_row) & (entering | begin))

        # The result that the step completes.
        serves_before = Signal()  # the first steps of a line complete the row before
        result, first, last, eol = Signal(), Signal(), Signal(), Signal()
        bottom = Signal(range(below + 1))
        current_top = Signal.like(top)
        m.d.comb += [
            current_top.eq(top),
            bottom.eq(Mux(current_under > below, below, current_under)),
            serves_before.eq(column < right),
        ]
        if below == 0:
            with m.If(begin):
                m.d.comb += current_top.eq(0)
        if same:
            m.d.comb += [
                result.eq(Mux(serves_before, live_before, current_live)),
                first.eq(current_row_first & (column == right)),
            ]
            if right:
                m.d.comb += [last.eq(last_before & (column == right - 1)), eol.eq(column == right - 1)]
            else:
                m.d.comb += [last.eq((current_under == 0) & line_end), eol.eq(line_end)]
        else:
            m.d.comb += [
                result.eq(current_live & (current_top == above) & (column >= left + right)),
                first.eq(current_row_first & (column == left + right)),
                last.eq((current_under == below) & line_end),
                eol.eq(line_end),
            ]
        m.d.comb += self.take.eq(advance & result)
        m.d.sync += [
            self.valid.eq(advance),
            self.step.pixel.eq(Mux(consume, head.data, 0)),
            self.step.column.eq(column),
            self.step.top.eq(current_top),
            self.step.bottom.eq(bottom),
            self.step.tail.eq(serves_before),
            self.step.load.eq(column == right),
            self.step.result.eq(result),
            self.step.first.eq(first),
            self.step.last.eq(last),
            self.step.eol.eq(eol),
        ]

        with m.If(advance):
            m.d.sync += column.eq(column + 1)
            with m.If(line_end):
                m.d.sync += [
                    column.eq(0),
                    line.eq(current_line + 1),
                    live_before.eq(current_live),
                    last_before.eq(current_live & (current_under == 0)),
                ]
                with m.If(current_live):
                    m.d.sync += [
                        under.eq(current_under - 1),
                        live.eq(current_under != 0),
                        row_first.eq(0 if same else current_top == above - 1),
                    ]
                    with m.If(current_top != above):
                        m.d.sync += top.eq(current_top + 1)
                if below:
                    with m.If(current_line == below - 1):
                        m.d.sync += [
                            live.eq(1),
                            under.eq(current_last_row),
                            top.eq(0),
                            row_first.eq(same or above == 0),
                        ]
            with m.If(frame_end):
                m.d.sync += [entering.eq(0), completing.eq(0)]
                if has_tail:
                    m.d.sync += leaving.eq(1)
                else:
                    m.d.sync += live.eq(0)
            if has_tail:
                with m.If(result & last & ~frame_end):
                    # The next frame may have begun: then nothing of it has been completed yet, and it isn't leaving.
                    m.d.sync += leaving.eq(0)
                    with m.If(flush):
                        m.d.sync += [flushing.eq(0), column.eq(0), live.eq(0), live_before.eq(0), last_before.eq(0)]
        m.d.comb += self.open.eq(entering | leaving | flushing)
        return m
