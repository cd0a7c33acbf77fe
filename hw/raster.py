"""The raster: which pixel a step belongs to, which result it completes, and when a frame's end must be driven out."""

from amaranth.hdl import Module, Mux, Signal, Value
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
    driven by the next frame if that follows at once, has the same size and more than `below` rows; else by flush steps,
    during which a new frame waits.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : stream of `image_layout`
        Decides with the marks of the beat it is offered: put a register slice in front. `last` is ignored.
    rows, columns : In
        Size of the frame, while its first pixel is on offer.
    fits, repeats : In
        With the first pixel: the size is one that the core takes; it is the size of the frame that began before.
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
                "rows": In(range(design.core_rows + 1)),
                "columns": In(range(design.core_columns + 1)),
                "fits": In(1),
                "repeats": In(1),
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
        right = design.right
        same = design.core_mode == "same"
        has_tail = same and (design.below > 0 or right > 0)
        head, has = self.i.payload, self.i.valid

        # What the core is at. Entering and leaving overlap when a frame follows at once.
        entering = Signal()  # some pixels of a frame are still to come
        completing = Signal()  # they are made up, as the next frame began too early
        leaving = Signal()  # some results of a frame are still to come, all of its pixels are in
        flushing = Signal()  # steps without a pixel drive them out
        skipping = Signal()  # the beats of a frame that doesn't fit are dropped

        # What happens in this clock, each of it from registers alone.
        begins, begin, drop, cut, take_pixel, complete, flush = (
            Signal(name=name) for name in ("begins", "begin", "drop", "cut", "take_pixel", "complete", "flush")
        )
        advance, consume, ends, frame_end = (Signal(name=name) for name in ("advance", "consume", "ends", "frame_end"))
        outside = ~entering & ~flushing
        follows = Signal()  # a frame may begin while the one before is leaving, if it repeats its size
        m.d.comb += [
            begins.eq(outside & has & head.first & self.fits & (~leaving | (self.repeats & follows))),
            drop.eq(outside & has & ~(head.first & self.fits)),
            cut.eq(entering & ~completing & has & head.first),
            take_pixel.eq(entering & ~completing & has & ~head.first),
            complete.eq(entering & completing),
            flush.eq(flushing | (leaving & ~entering & ~begins)),
            begin.eq(begins & self.available),
            advance.eq(self.available & (begins | take_pixel | complete | flush)),
            consume.eq(drop | (self.available & (begins | take_pixel))),
            self.i.ready.eq(consume),
            self.open.eq(entering | leaving | flushing),
        ]
        place = _Place(m, design, begin, advance, frame_end, leaving, flush & ends, self.rows, self.columns)
        m.d.comb += frame_end.eq(place.line_end & place.last_line & entering)
        m.d.sync += [
            entering.eq((entering | begin) & ~(advance & frame_end)),
            completing.eq((completing | cut) & ~(advance & frame_end)),
            skipping.eq((skipping | (drop & head.first)) & ~begin),
            self.errors.size.eq(drop & head.first),
            self.errors.orphan.eq(drop & ~head.first & ~skipping),
            self.errors.first.eq(cut),
            self.errors.eol.eq(self.available & (begins | take_pixel) & (head.eol != place.line_end)),
        ]
        if has_tail:
            m.d.comb += ends.eq(place.result & place.last)
            m.d.sync += [
                leaving.eq((leaving & ~(advance & ends)) | (advance & frame_end)),
                flushing.eq(flush & ~(advance & ends)),
            ]
            with m.If(begin):
                m.d.sync += follows.eq(self.rows > design.below)

        m.d.comb += self.take.eq(advance & place.result)
        m.d.sync += [
            self.valid.eq(advance),
            self.step.pixel.eq(Mux(consume, head.data, 0)),
            self.step.column.eq(place.column),
            self.step.top.eq(place.top),
            self.step.bottom.eq(place.bottom),
            self.step.tail.eq(place.tail),
            self.step.load.eq(place.load),
            self.step.result.eq(place.result),
            self.step.first.eq(place.first),
            self.step.last.eq(place.last),
            self.step.eol.eq(place.eol),
        ]
        return m


class _Place:
    """Where the next step is: its column and line, the result that it completes, and that result's marks.

    Everything about a line is decided at the end of the line before, and the end of a line one column ahead, so that no step
    waits for a comparison of counters. A frame has at least 3 columns: its first step never ends a line.
    """

    def __init__(
        self,
        m: Module,
        design: Conv2DDesign,
        begin: Signal,
        advance: Signal,
        frame_end: Signal,
        leaving: Signal,
        flushed: Value,
        rows: Value,
        columns: Value,
    ) -> None:
        right = design.right
        self.column = Signal(range(design.core_columns))
        self.line_end = Signal()
        self.last_line = Signal()  # of the frame that entered last
        self.top = Signal(range(design.above + 1))
        self.bottom = Signal(range(design.below + 1))
        self.tail, self.load = self.column < right, self.column == right
        line = Signal(range(design.core_rows + design.below + 1))  # of the frame that entered last; counts on while it leaves
        last_row, next_to_last = Signal(range(max(design.core_rows, 2))), Signal(range(max(design.core_columns, 2)))
        first_row = Signal(init=not design.below if design.core_mode == "same" else design.kernel_rows == 1)
        self._columns(m, begin, advance, flushed, next_to_last, columns)
        with m.If(begin):
            m.d.sync += [last_row.eq(rows - 1), line.eq(0), self.last_line.eq(rows == 1)]
        with m.If(advance & self.line_end):
            m.d.sync += [line.eq(line + 1), self.last_line.eq(line + 1 == last_row)]
        line_end = advance & self.line_end
        if design.core_mode == "valid":
            self._valid(m, design, line, line_end, frame_end, first_row)
        else:
            self._same(m, design, line, last_row, line_end, frame_end, leaving, flushed & advance, first_row)

    def _columns(self, m: Module, begin: Signal, advance: Signal, flushed: Value, next_to_last: Signal, columns: Value) -> None:
        with m.If(advance):
            m.d.sync += [
                self.column.eq(Mux(self.line_end | flushed, 0, self.column + 1)),
                self.line_end.eq((self.column == next_to_last) & ~self.line_end & ~flushed & ~begin),
            ]
        with m.If(begin):
            m.d.sync += next_to_last.eq(columns - 2)

    def _valid(
        self, m: Module, design: Conv2DDesign, line: Signal, line_end: Value, frame_end: Signal, first_row: Signal
    ) -> None:
        """A result wherever the window lies inside the frame; the frame's last pixel completes the last one."""
        before = design.kernel_rows - 2  # the line before the first that completes results
        live = Signal(init=design.kernel_rows == 1)
        inside = design.kernel_columns - 1
        self.result = live & (self.column >= inside)
        self.first = first_row & (self.column == inside)
        self.last = self.last_line & self.line_end
        self.eol = self.line_end
        with m.If(line_end):
            if before < 0:
                m.d.sync += first_row.eq(frame_end)
            else:
                m.d.sync += [live.eq((live | (line == before)) & ~frame_end), first_row.eq((line == before) & ~frame_end)]

    def _same(
        self,
        m: Module,
        design: Conv2DDesign,
        line: Signal,
        last_row: Signal,
        line_end: Value,
        frame_end: Signal,
        leaving: Signal,
        flushed: Value,
        first_row: Signal,
    ) -> None:
        """A result `below` lines and `right` columns behind each pixel: the first steps of a line complete the row before."""
        above, below, right = design.above, design.below, design.right
        live = Signal(init=not below)  # the line serves a result row
        last_row_now = self.last_line if not below else live & (self.bottom == 0)
        live_before, last_before = Signal(), Signal()  # the same of the line before, for its last results
        self.result = Mux(self.tail, live_before, live) if right else live
        self.first = first_row & self.load
        self.last = last_before & (self.column == right - 1) if right else last_row_now & self.line_end
        self.eol = self.column == right - 1 if right else self.line_end
        top_next = Mux(self.top == above, above, self.top + 1)

        with m.If(line_end):
            m.d.sync += [live_before.eq(live), last_before.eq(live & last_row_now)]
            if not below:
                m.d.sync += [first_row.eq(frame_end), self.top.eq(Mux(frame_end, 0, top_next))]
            else:
                m.d.sync += [first_row.eq(0), self.top.eq(top_next), live.eq(live & ~last_row_now)]
                # A row whose frame has all its lines in has one row fewer below it than the row before.
                with m.If(frame_end | leaving):
                    m.d.sync += self.bottom.eq(self.bottom - 1)
                with m.If(line == below - 1):
                    few = last_row < below  # only a frame that is shorter than its flush
                    m.d.sync += [live.eq(1), first_row.eq(1), self.top.eq(0), self.bottom.eq(Mux(few, last_row, below))]
        with m.If(flushed):
            m.d.sync += [live.eq(not below), live_before.eq(0), last_before.eq(0)]
