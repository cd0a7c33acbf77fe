"""The raster: which pixel a step belongs to, which result it completes, and when a frame's end must be driven out."""

from itertools import pairwise

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages

from ..stream.layouts import beat_layout, marks_of
from ..stream.marks import ERROR_LAYOUT
from ..stream.slot_timer import SlotTimer
from .boundaries import boundary_of
from .stride import Stride

__all__ = ["Raster", "step_layout"]


def step_layout(design: Conv2DDesign) -> data.StructLayout:
    """What travels with a step through the feeder.

    pixel : the step's, or all of its beat's.
    column : the step's column, in beats: address of the line buffer.
    near : a bit for each of a line's first steps, up to the one numbered core_ahead: the step's is set.
    top, bottom : rows of the frame above and below the result row that this line serves, counted up to the kernel only.
    border, border_before : what is chosen for the result row that this line serves, and for the one before: see `boundary_of`.
    remainder, ends : pixels of a line's last beat, less one; and the step is such a beat's; of several pixels a beat.
    result : the step completes a result that is wanted, or a beat of them; its marks are those of `marks_of`.
    """
    pixels = design.pixels_per_clock
    border = boundary_of(design).layout
    fields: dict[str, object] = {
        "pixel": beat_layout(design)["data"].shape,
        "column": range(design.core_beats),
        "near": design.core_ahead + 1,
        "top": range(design.above + 1),
        "bottom": range(design.core_below + 1),
        "border": border,
        "border_before": border,
    }
    if pixels > 1:
        fields |= {"remainder": range(pixels), "ends": 1}
    return data.StructLayout(fields | {"result": 1} | marks_of(design))


class Raster(wiring.Component):
    """Turns a stream of beats, of a pixel each or of several, into steps: one a slot, latency one clock, without a bubble at
    row ends or between frames of one size.

    A frame takes as many steps as it has beats. Its end, `core_below` lines and `core_ahead` steps more in ``same`` mode,
    is driven by the next frame if that follows at once, has the same size and more than `core_below` rows; else by flush
    steps, during which a new frame waits. In ``valid`` mode there is no end but where a line's results may overhang
    (`Conv2DDesign.overhangs`): then it is one step.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : stream of `beat_layout`
        Decides with the marks of the beat it is offered: put a register slice in front. `last` and `keep` are ignored.
    rows_left, columns_left : In
        Size of the frame, while its first pixel is on offer: its rows less 2, and its beats a line less 4.
    short : In
        With them: there are no more rows than `core_below`, of ``same``.
    remainder : In
        With them: the pixels of a line's last beat, less one; of several pixels a beat.
    whole, part : In
        The beat on offer has all pixels, it has those of a line's last beat; of several pixels a beat.
    border : In
        With the first pixel: what is chosen for the frame, see `boundary_of`.
    starts, joins, more : In
        A beat is on offer, and it is the first pixel of a frame that the core takes; and the frame has the size of the one
        before; or it isn't a first pixel.
    available : In
        A result may be started; no step is made without.
    valid : Out
        A step.
    step : Out
        Its `step_layout`.
    length : Out
        Beside a step, the beats of its line, less 4. It changes with the first step of a frame that found the core idle.
    claim : Out
        A step that completes a result is made in this clock; `step` shows it in the next.
    open : Out
        A frame is entering or leaving.
    errors : Out
        `size`, `first`, `orphan`, `eol` of `ERROR_LAYOUT`.
    """

    makes = (stages.Raster,)

    def __init__(self, design: Conv2DDesign) -> None:
        ports = {
            "i": In(stream.Signature(beat_layout(design))),
            "rows_left": In(range(-1, design.core_rows - 1)),
            "columns_left": In(range(-1, design.core_beats - 3)),
            "short": In(1),
            "starts": In(1),
            "joins": In(1),
            "more": In(1),
            "border": In(boundary_of(design).layout),
            "available": In(1),
            "valid": Out(1),
            "step": Out(step_layout(design)),
            "length": Out(range(-1, design.core_beats - 3)),
            "claim": Out(1),
            "open": Out(1),
            "errors": Out(ERROR_LAYOUT),
        }
        if design.pixels_per_clock > 1:
            ports |= {"remainder": In(range(design.pixels_per_clock)), "whole": In(1), "part": In(1)}
        super().__init__(ports)
        self.design = design

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self.design
        same, several = design.core_mode == "same", design.pixels_per_clock > 1
        # A step may be made, and, where another frame may follow, that isn't to be decided yet.
        available: Value = self.available
        waits: Value = self.joins
        if design.slot > 1:
            m.submodules.timer = timer = SlotTimer(design.slot)
            available = Signal()
            waits = self.joins | ~timer.free
            m.d.sync += available.eq(self.available & timer.free_next)
        has_tail = design.core_below > 0 or design.core_ahead > 0 if same else design.core_late > 0
        head, has = self.i.payload, self.i.valid

        # What the core is at, one of these. `entering` and `completing` a frame, another may still be leaving.
        idle = Signal(init=1)  # no frame is inside
        entering = Signal()  # the frame's pixels are taken
        completing = Signal()  # they are made up, as the next frame began too early
        ending = Signal()  # the last one was taken in the clock before: another frame may follow
        flushing = Signal()  # none did: steps without a pixel drive the results out
        leaving = Signal()  # some results of a frame are still to come, all of its pixels are in
        skipping = Signal()  # the beats of a frame that doesn't fit are dropped

        # What happens in this clock, each of it from registers alone, and most by a single look-up.
        enters, begin, drop, cut, advance, consume = (
            Signal(name=name) for name in ("enters", "begin", "drop", "cut", "advance", "consume")
        )
        frame_end, ends, flushed = (Signal(name=name) for name in ("frame_end", "ends", "flushed"))
        m.d.comb += [
            enters.eq((idle & self.starts) | (ending & self.joins)),
            begin.eq(available & enters),
            drop.eq((idle | ending) & has & ~self.starts),
            cut.eq(entering & has & head.first),
            # Whatever it is at but these two, a step is made without a look at the pixels.
            advance.eq(available & ~((idle & ~self.starts) | (entering & ~self.more))),
            consume.eq(drop | (available & (enters | (entering & self.more)))),
            self.i.ready.eq(consume),
            self.open.eq(~idle),
        ]
        if design.slot > 1:
            m.d.comb += timer.begin.eq(advance)
        scan = _Scan(m, self, idle, begin, advance, frame_end, leaving, flushed)
        frame_last, stays = scan.line_end & scan.last_line, entering & ~(has & head.first)
        m.d.comb += frame_end.eq(available & frame_last & ((entering & self.more) | completing))
        m.d.sync += [
            entering.eq(Mux(available, enters | (stays & ~(self.more & frame_last)), stays)),
            completing.eq((completing | cut) & ~frame_end),
            skipping.eq((skipping | (drop & head.first)) & ~scan.begun),
            self.errors.size.eq(drop & head.first),
            self.errors.orphan.eq(drop & ~head.first & ~skipping),
            self.errors.first.eq(cut),
        ]
        wrong: Value = head.eol != scan.line_end
        if several:
            wrong |= ~Mux(scan.line_end, self.part, self.whole)
        m.d.sync += self.errors.eol.eq((begin | (available & entering & self.more)) & wrong)
        if has_tail:
            # No step of `ending` is the frame's last, unless its end is one step long.
            at_once = not same or (design.core_below == 0 and design.core_ahead == 1)
            m.d.comb += [
                ends.eq(scan.ends if same else scan.behind),
                flushed.eq(available & ends & ((flushing | (ending & ~waits)) if at_once else flushing)),
            ]
            m.d.sync += [
                idle.eq((idle & ~(available & self.starts)) | flushed),
                # A frame that is shorter than its end leaves before another may begin: three would be inside at once.
                ending.eq((frame_end & ~scan.short) | (ending & waits & ~available)),
                flushing.eq((frame_end & scan.short) | ((flushing | (ending & ~waits)) & ~flushed)),
                leaving.eq((leaving & ~(advance & ends)) | frame_end),
            ]
        else:
            m.d.sync += idle.eq((idle & ~(available & self.starts)) | frame_end)

        marks: list[Value] = [scan.first, scan.last, scan.eol]
        wanted: Value = scan.result
        if design.stride != (1, 1):
            m.submodules.stride = stride = Stride(design)
            m.d.comb += [
                stride.result.eq(advance & scan.result),
                *(getattr(stride, name).eq(mark) for name, mark in zip(("first", "last", "eol"), marks, strict=True)),
                stride.sized.eq(scan.begun),
                stride.rows_left.eq(scan.rows_given),
                stride.columns_left.eq(scan.columns_given),
                *(self.step[name].eq(getattr(stride, f"o_{name}")) for name in ("first", "last", "eol")),
            ]
            wanted = scan.result & stride.wanted
        else:
            m.d.sync += [self.step[name].eq(mark) for name, mark in zip(("first", "last", "eol"), marks, strict=True)]
        if several:
            # What is left of the frame before, and the frame that enters meanwhile, have lines of one length.
            m.d.sync += [self.step.ends.eq(scan.line_end), self.step.keep.eq(Mux(scan.eol, scan.part, ~0))]
            m.d.comb += self.step.remainder.eq(scan.remainder)
        m.d.comb += self.claim.eq(advance & wanted)
        with m.If(advance):
            m.d.sync += self.step.column.eq(Mux(scan.near[0], 0, self.step.column + 1))
        m.d.sync += [
            self.valid.eq(advance),
            self.step.pixel.eq(Mux(completing, 0, Value.cast(head.data))),
            self.step.result.eq(wanted),
            self.step.near.eq(Cat(scan.near[: design.core_ahead + 1])),
        ]
        m.d.comb += [self.step.top.eq(scan.top), self.step.bottom.eq(scan.bottom), self.length.eq(scan.columns_given)]
        m.d.comb += [self.step.border.eq(scan.border), self.step.border_before.eq(scan.border_before)]
        return m


class _Scan:
    """Where the next step is: its column and line, the result that it completes, and that result's marks. A step is a beat, and
    so are all columns here.

    Counters of a frame's size count down, and the ends are their signs, so that no step waits for a comparison; what is counted
    up ends at the kernel's size. Whatever counts lines moves a clock behind the steps, by registers that say what the step was:
    it stands beside `Raster.step`, and is asked for a line's end at the earliest at the third step of a line, or of a frame. So
    a frame must have at least 3 columns. What is known of the length of lines stands there likewise.
    """

    def __init__(
        self,
        m: Module,
        raster: Raster,
        idle: Signal,
        begin: Signal,
        advance: Signal,
        frame_end: Signal,
        leaving: Signal,
        flushed: Value,
    ) -> None:
        design = raster.design
        same = design.core_mode == "same"
        below = design.core_below if same else 0
        # Steps of a line before the first that completes a result of this line's row.
        before = design.core_ahead
        self.top, self.bottom = Signal(range(design.above + 1)), Signal(range(design.core_below + 1))
        self.short = Signal()  # the frame that entered last has no more lines than the next one needs to drive its end out
        # The line that serves a frame's first row of results; of the frame that entered last, while it leaves too.
        first_line = below if same else design.kernel_rows - 1
        line = Signal(range(first_line + 1))

        # The next step is a line's first, second, ... up to that which completes the first result of the line's row; its last.
        self.near = [Signal(name=f"near_{step}", init=not step) for step in range(max(before, 1) + 1)]
        first_step, second_step = self.near[:2]
        self.line_end = Signal()
        self.border, self.border_before = Signal.like(raster.border), Signal.like(raster.border)
        # From a line's third step on, the steps of the line behind the next one, less one; below 0 it goes on from the top. It
        # comes from the size that a frame out of `idle` may bring, and that one of the same size leaves as it is.
        columns_left, columns_given = Signal(len(raster.columns_left)), Signal.like(raster.columns_left)
        with m.If(idle):
            m.d.sync += columns_given.eq(raster.columns_left)
        fewer = columns_left - 1
        with m.If(advance):
            m.d.sync += [
                columns_left.eq(Mux(second_step, columns_given, fewer)),
                self.line_end.eq(((second_step & columns_given[-1]) | (~(first_step | second_step) & fewer[-1])) & ~flushed),
                first_step.eq(self.line_end | flushed),
                *(after.eq(step & ~flushed) for step, after in pairwise(self.near)),
            ]
        # Of the frame that entered last, the lines behind this one, less one; that less one is known in time for the next line.
        lines_left, lines_less = Signal(signed(len(raster.rows_left) + 1)), Signal(signed(len(raster.rows_left) + 1))
        self.last_line = Signal()  # below 0

        # A clock later.
        turned, begun, was_flushed = Signal(), Signal(), Signal()
        rows_given, short_given = Signal.like(raster.rows_left), Signal()
        self.begun, self.rows_given, self.columns_given = begun, rows_given, columns_given
        m.d.sync += [
            turned.eq(advance & self.line_end),
            begun.eq(begin),
            was_flushed.eq(flushed),
            rows_given.eq(raster.rows_left),
            short_given.eq(raster.short),
            lines_less.eq(lines_left - 1),
        ]
        if design.pixels_per_clock > 1:
            self._lengths(m, raster, begun)
        last_row = Signal(range(below + 1))  # of the frame that entered last, counted as `bottom` is
        with m.If(turned):
            m.d.sync += [
                lines_left.eq(lines_less),
                self.last_line.eq(lines_less[-1]),
                line.eq(Mux(line == first_line, line, line + 1)),
            ]
        with m.If(begun):
            m.d.sync += [
                lines_left.eq(rows_given),
                self.last_line.eq(rows_given[-1]),
                line.eq(0),
                self.short.eq(short_given),
                last_row.eq(Mux(short_given, rows_given[: len(last_row)] + 1, below)),
            ]

        first_next = line == first_line - 1  # the next line is the first that serves results
        self.first_row = Signal(init=first_line == 0)
        self.first = self.first_row & self.near[before]
        with m.If(advance & self.line_end):
            if not first_line:
                m.d.sync += self.first_row.eq(frame_end)
            else:
                m.d.sync += self.first_row.eq(first_next if same else first_next & ~frame_end)
        if same:
            self._borders(m, raster, below, turned, begun, first_next)
            self._same(m, design, before, advance, flushed, turned, was_flushed, leaving, first_next, last_row)
            return

        # `valid`: a result wherever the window lies inside the frame; the frame's last pixel completes the last one.
        live = Signal(init=not first_line)
        if first_line:
            with m.If(advance & self.line_end):
                m.d.sync += live.eq((live | first_next) & ~frame_end)
        self.result: Value = live
        if before:
            reached = Signal()  # the next step's window lies inside its line
            with m.If(advance):
                m.d.sync += reached.eq((reached | self.near[before - 1]) & ~(self.line_end | flushed))
            self.result = live & reached
        self.last, self.eol = self.last_line & self.line_end, self.line_end
        if design.core_late:
            # The step behind a line's end, and behind a frame's: some lines' last results come with it.
            due, self.behind = Signal(), Signal()
            with m.If(advance):
                m.d.sync += [due.eq(live & self.line_end), self.behind.eq(frame_end)]
            self.result |= due & self.overhangs
            self.last, self.eol = Mux(self.overhangs, self.behind, self.last), Mux(self.overhangs, due, self.eol)

    def _lengths(self, m: Module, raster: Raster, begun: Signal) -> None:
        """Of several pixels a beat, those in the last beat of a line, and in that of a line of results."""
        pixels, late = raster.design.pixels_per_clock, raster.design.core_late
        given, self.remainder = Signal(range(pixels)), Signal(range(pixels))
        self.part, self.overhangs = Signal(pixels), Signal()
        m.d.sync += given.eq(raster.remainder)
        with m.If(begun):
            last = given if raster.design.core_mode == "same" else (given + late)[: len(given)]
            m.d.sync += [self.remainder.eq(given), self.overhangs.eq(given + late >= pixels)]
            m.d.sync += [bit.eq(last >= place) for place, bit in enumerate(self.part)]

    def _same(
        self,
        m: Module,
        design: Conv2DDesign,
        before: int,
        advance: Signal,
        flushed: Value,
        turned: Signal,
        was_flushed: Signal,
        leaving: Signal,
        first_next: Value,
        last_row: Signal,
    ) -> None:
        """A result `core_below` lines and `core_right` columns behind each pixel: the first steps of a line complete the row
        before. From a frame's first result on every step completes one, until a flush ends."""
        below = design.core_below
        live = Signal(init=not below)  # this line serves a row of results
        last_row_now = live & (self.bottom == 0) if below else self.last_line
        last_before = Signal()  # the line before served a frame's last row
        self.result = Signal(init=not below and not before)
        # Known a step ahead, as the end of a frame decides what comes next; beside `result` only, but where it is a register.
        self.last = Signal() if before else last_row_now & self.line_end
        self.eol = self.near[before - 1] if before else self.line_end

        self.ends = self.last if before else self.result & self.last
        line_end = advance & self.line_end
        with m.If(line_end):
            m.d.sync += last_before.eq(last_row_now)
        if before:
            with m.If(advance):
                m.d.sync += self.last.eq(
                    self.line_end & last_row_now if before == 1 else self.near[before - 2] & last_before & self.result
                )
            with m.If(advance & self.first_row & self.near[before - 1]):
                m.d.sync += self.result.eq(1)
        elif below:
            with m.If(line_end & first_next):
                m.d.sync += self.result.eq(1)
        if before or below:
            with m.If(flushed):
                m.d.sync += self.result.eq(0)

        # A clock later: the rows that the frame has on either side of the one that this line serves.
        with m.If(turned):
            m.d.sync += self.top.eq(Mux(self.top == design.above, self.top, self.top + 1))
            if not below:
                with m.If(self.first_row):
                    m.d.sync += self.top.eq(0)
            else:
                m.d.sync += live.eq(live & ~last_row_now)
                # A row whose frame has all its lines in has one row fewer below it than the row before.
                with m.If(leaving):
                    m.d.sync += self.bottom.eq(self.bottom - 1)
                with m.If(first_next):
                    m.d.sync += [live.eq(1), self.top.eq(0), self.bottom.eq(last_row)]
        if below:
            with m.If(was_flushed):
                m.d.sync += live.eq(0)

    def _borders(self, m: Module, raster: Raster, below: int, turned: Signal, begun: Signal, first_next: Value) -> None:
        """The border goes with the rows of results, as many lines behind the pixels."""
        given, entered = Signal.like(self.border), Signal.like(self.border)
        m.d.sync += given.eq(raster.border)
        with m.If(turned):
            m.d.sync += self.border_before.eq(self.border)
        with m.If(begun):
            m.d.sync += (entered if below else self.border).eq(given)
        if below:
            with m.If(turned & first_next):
                m.d.sync += self.border.eq(entered)
