"""The raster: which pixel a step belongs to, which result it completes, and when a frame's end must be driven out."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import GATEWARE_BOUNDARIES, Conv2DDesign

from .marks import ERROR_LAYOUT
from .stream import image_layout, shape_of

__all__ = ["Raster", "border_layout", "step_layout"]


def border_layout(design: Conv2DDesign) -> data.StructLayout:
    """What stands outside a frame, where it is chosen at run time: a place in `GATEWARE_BOUNDARIES`, and the pixel that
    ``constant`` puts there."""
    return data.StructLayout({"boundary": range(len(GATEWARE_BOUNDARIES)), "fill": shape_of(design.pixel)})


def step_layout(design: Conv2DDesign) -> data.StructLayout:
    """What travels with a step through the feeder.

    column : the step's column, address of the line buffer.
    top, bottom : rows of the frame above and below the result row that this line serves, counted up to the kernel only.
    border, border_before : of the result row that this line serves, and of the one before; where they are chosen at run time.
    result : the step completes a result; `first, last, eol` are its marks.
    """
    fields: dict[str, object] = {
        "pixel": shape_of(design.pixel),
        "column": range(design.core_columns),
        "top": range(design.above + 1),
        "bottom": range(design.core_below + 1),
    }
    if design.switched:
        fields |= {"border": border_layout(design), "border_before": border_layout(design)}
    return data.StructLayout(fields | {"result": 1, "first": 1, "last": 1, "eol": 1})


class Raster(wiring.Component):
    """Turns a stream of pixels into steps: one a clock, latency one clock, without a bubble at row ends or between frames of
    one size.

    A frame of `rows` x `columns` takes as many steps. Its end, `core_below` lines and `core_right` steps more in ``same`` mode,
    is driven by the next frame if that follows at once, has the same size and more than `core_below` rows; else by flush
    steps, during which a new frame waits.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : stream of `image_layout`
        Decides with the marks of the beat it is offered: put a register slice in front. `last` is ignored.
    rows, columns : In
        Size of the frame, while its first pixel is on offer.
    border : In
        With the first pixel: the frame's `border_layout`, where it is chosen at run time.
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
        ports = {
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
        if design.switched:
            ports["border"] = In(border_layout(design))
        super().__init__(ports)
        self.design = design

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self.design
        has_tail = design.core_mode == "same" and (design.core_below > 0 or design.core_right > 0)
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
        m.d.comb += [
            begins.eq(outside & has & head.first & self.fits & (~leaving | self.repeats)),
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
        place = _Place(m, self, begin, advance, frame_end, leaving, flush & ends)
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
            # A frame that is shorter than its end leaves before another may begin: three would be inside at once.
            short = Signal()
            with m.If(begin):
                m.d.sync += short.eq(self.rows <= design.core_below)
            m.d.comb += ends.eq(place.result & place.last)
            m.d.sync += [
                leaving.eq((leaving & ~(advance & ends)) | (advance & frame_end)),
                flushing.eq((flush & ~(advance & ends)) | (advance & frame_end & short)),
            ]

        m.d.comb += self.take.eq(advance & place.result)
        with m.If(advance):
            m.d.sync += self.step.column.eq(Mux(place.column == 0, 0, self.step.column + 1))
        m.d.sync += [
            self.valid.eq(advance),
            self.step.pixel.eq(Mux(completing, 0, head.data)),
            self.step.top.eq(place.top),
            self.step.bottom.eq(place.bottom),
            self.step.result.eq(place.result),
            self.step.first.eq(place.first),
            self.step.last.eq(place.last),
            self.step.eol.eq(place.eol),
        ]
        if place.border is not None:
            m.d.sync += [self.step.border.eq(place.border), self.step.border_before.eq(place.border_before)]
        return m


class _Place:
    """Where the next step is: its column and line, the result that it completes, and that result's marks.

    Everything about a line is decided at the end of the line before. Counters of a frame's size count down, and the ends are
    their signs, so that no step waits for a comparison; counters up are no longer than the kernel. A frame has at least 3
    columns: its first step never ends a line.
    """

    def __init__(
        self, m: Module, raster: Raster, begin: Signal, advance: Signal, frame_end: Signal, leaving: Signal, flushed: Value
    ) -> None:
        design = raster.design
        below = design.core_below
        # Steps of a line before the first that completes a result of this line's row.
        self.before = design.core_right if design.core_mode == "same" else design.kernel_columns - 1
        self.column = Signal(range(self.before + 2))  # counted up to before + 1 only
        self.top = Signal(range(design.above + 1))
        self.bottom = Signal(range(below + 1))
        self.border: Any = None
        self.border_before: Any = None
        self.tail, self.load = self.column < self.before, self.column == self.before
        # Of the frame that entered last; counts on while it leaves, up to the first line that completes results.
        first_line = below if design.core_mode == "same" else design.kernel_rows - 1
        line = Signal(range(first_line + 1))
        last_row = Signal(range(below + 1))  # of that frame, counted as `bottom` is
        first_row = Signal(init=not below if design.core_mode == "same" else design.kernel_rows == 1)

        # Steps of the line behind the next one, less one; lines of the frame that entered last behind this one, less one.
        columns_left, lines_left = Signal(signed(len(raster.columns) + 1)), Signal(signed(len(raster.rows) + 1))
        columns_before = Signal(len(raster.columns))
        self.line_end, self.last_line = columns_left[-1], lines_left[-1]
        line_end = advance & self.line_end
        with m.If(advance):
            turn = self.line_end | flushed
            m.d.sync += [
                self.column.eq(Mux(turn, 0, Mux(self.column == self.before + 1, self.column, self.column + 1))),
                columns_left.eq(Mux(turn, columns_before, columns_left - 1)),
            ]
        with m.If(line_end):
            m.d.sync += [line.eq(Mux(line == first_line, line, line + 1)), lines_left.eq(lines_left - 1)]
        with m.If(begin):
            m.d.sync += [
                columns_left.eq(raster.columns - 3),
                columns_before.eq(raster.columns - 2),
                lines_left.eq(raster.rows - 2),
                line.eq(0),
                last_row.eq(Mux(raster.rows <= below, raster.rows - 1, below)),
            ]
        if design.core_mode == "valid":
            self._valid(m, design, line, line_end, frame_end, first_row)
        else:
            self._same(m, raster, line, last_row, begin, line_end, frame_end, leaving, flushed & advance, first_row)

    def _valid(
        self, m: Module, design: Conv2DDesign, line: Signal, line_end: Value, frame_end: Signal, first_row: Signal
    ) -> None:
        """A result wherever the window lies inside the frame; the frame's last pixel completes the last one."""
        before = design.kernel_rows - 2  # the line before the first that completes results
        live = Signal(init=design.kernel_rows == 1)
        self.result = live & ~self.tail
        self.first = first_row & self.load
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
        raster: Raster,
        line: Signal,
        last_row: Signal,
        begin: Signal,
        line_end: Value,
        frame_end: Signal,
        leaving: Signal,
        flushed: Value,
        first_row: Signal,
    ) -> None:
        """A result `core_below` lines and `core_right` columns behind each pixel: the first steps of a line complete the row
        before."""
        design = raster.design
        above, below, before = design.above, design.core_below, self.before
        live = Signal(init=not below)  # the line serves a result row
        last_row_now = self.last_line if not below else live & (self.bottom == 0)
        live_before, last_before = Signal(), Signal()  # the same of the line before, for its last results
        self.result = Mux(self.tail, live_before, live) if before else live
        self.first = first_row & self.load
        self.last = last_before & (self.column == before - 1) if before else last_row_now & self.line_end
        self.eol = self.column == before - 1 if before else self.line_end
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
                    m.d.sync += [live.eq(1), first_row.eq(1), self.top.eq(0), self.bottom.eq(last_row)]
        with m.If(flushed):
            m.d.sync += [live.eq(not below), live_before.eq(0), last_before.eq(0)]
        if design.switched:
            self._borders(m, raster, line == below - 1 if below else None, begin, line_end)

    def _borders(self, m: Module, raster: Raster, first_next: Value | None, begin: Signal, line_end: Value) -> None:
        """The border goes with the rows of results, as many lines behind the pixels; `first_next` says that the next line
        serves a frame's first row, None that a frame's first line does."""
        layout = border_layout(raster.design)
        self.border, self.border_before, begun = Signal(layout), Signal(layout), Signal(layout)
        with m.If(line_end):
            m.d.sync += self.border_before.eq(self.border)
        with m.If(begin):
            m.d.sync += (self.border if first_next is None else begun).eq(raster.border)
        if first_next is not None:
            with m.If(line_end & first_next):
                m.d.sync += self.border.eq(begun)
