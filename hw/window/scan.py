"""The scan: column and line of the raster's next step, the result that it completes, and that result's marks."""

from dataclasses import dataclass
from functools import singledispatch
from itertools import pairwise
from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from convolver.designs import Conv2DDesign
from convolver.plan.geometry import BorderedWindowGeometry, WindowGeometry, geometry_of

from .beats import beats_of
from .comparison import exceeds
from .frame_size import KeptSize

__all__ = ["Control", "Scan", "scan_of"]


@dataclass(frozen=True)
class Control:
    """The raster's decisions in this cycle, and its state.

    Parameters
    ----------
    idle, leaving : no frame is inside; all pixels of a frame are in, and some of its results are still to come.
    begin, frame_end : a frame's first step is made; its last step with a pixel is made.
    advance : a step is issued.
    flushed : the last step of a frame's end is issued.
    """

    idle: Signal
    begin: Signal
    advance: Signal
    frame_end: Signal
    leaving: Signal
    flushed: Signal


class Scan:
    """The position of the next step. A step is a beat, and columns are counted in beats here.

    Counters of a frame's size count down, and their signs mark the ends, so that no step waits for a comparison.
    Counters that count up stop at the kernel's size. Line counters and the line length are updated one cycle after the
    step, from registered decisions: they are aligned with `Raster.o`. A line's end is looked up from the third step of
    a line or frame on, so a frame must have at least 3 columns.

    Parameters
    ----------
    m : Module
        The raster's.
    design : Conv2DDesign
    checked : View
        Output of the frame check for the offered beat.
    control : Control
    size : KeptSize
        What is known of the frames' size.

    Attributes
    ----------
    result, first, last, eol : Value
        The next step completes a result, or a beat of results; the marks of that result.
    near, line_end, last_line : Value
        The next step is number 0, 1, ... of its line, up to the step that completes the first result of the line's row;
        it is the last of its line; it belongs to the last line of its frame.
    top, bottom, border, border_before : Signal
        Aligned with the step made last, see `step_layout`.
    begun, rows_given, columns_given, short : Signal
        The step made last was a frame's first; the rows and beats of that frame, as in `checked_layout`; the frame has
        no more lines than its end.
    ends : Value
        The next step is the last of a frame's end.
    """

    below: int
    """Lines from a pixel to the row of results that the pixel's line serves."""
    first_line: int
    """The line that serves a frame's first row of results."""
    inside: tuple[int, int]
    """Rows and columns around a result's place, itself included, that lie inside the frame."""
    result: Value
    first: Value
    last: Value
    eol: Value
    ends: Value
    has_end: bool
    """Whether a frame has an end: steps after its pixels."""
    at_once: bool
    """Whether the first step of that end may be its last."""

    def __init__(self, m: Module, design: Conv2DDesign, checked: Any, control: Control, size: KeptSize) -> None:
        self._design, self._geometry, self._control = design, geometry_of(design), control
        advance, flushed = control.advance, control.flushed
        # Steps of a line before the first one that completes a result of the line's row.
        self._before = before = self._geometry.ahead
        self.top, self.bottom = Signal(range(design.above + 1)), Signal(range(self._geometry.below + 1))
        self.short = Signal()
        self.border, self.border_before = Signal.like(checked.border), Signal.like(checked.border)
        line = Signal(range(self.first_line + 1))  # of the frame that entered last; stops at `first_line`

        self.near = [Signal(name=f"near_{step}", init=not step) for step in range(max(before, 1) + 1)]
        first_step, second_step = self.near[:2]
        self.line_end = Signal()
        # From a line's third step on: the steps of the line after the next one, less 1. Below 0, the next line begins.
        # It is loaded from `columns_given`, which changes only in `idle`: a frame that joins has the same size.
        columns_left, columns_given = Signal(len(checked.columns_left)), Signal.like(checked.columns_left)
        size.hold(m, columns_given, checked.columns_left, control.idle)
        fewer = columns_left - 1
        with m.If(advance):
            m.d.sync += [
                columns_left.eq(Mux(second_step, columns_given, fewer)),
                self.line_end.eq(Mux(second_step, columns_given[-1], ~first_step & fewer[-1])),
                first_step.eq(self.line_end | flushed),
                *(after.eq(step & ~flushed) for step, after in pairwise(self.near)),
            ]
        # A synchronous reset: so the look-up table behind the carry chain needs only four inputs.
        with m.If(flushed):
            m.d.sync += self.line_end.eq(0)
        # Lines after this one in the frame that entered last, less 1; that number less 1, in time for the next line.
        lines_left, lines_less = Signal(signed(len(checked.rows_left) + 1)), Signal(signed(len(checked.rows_left) + 1))
        self.last_line = Signal()  # `lines_left` is below 0

        # One cycle later.
        self._turned, self.begun = Signal(), Signal()
        rows_given, short_given = Signal.like(checked.rows_left), Signal()
        self.rows_given, self.columns_given = rows_given, columns_given
        m.d.sync += [
            self._turned.eq(advance & self.line_end),
            self.begun.eq(control.begin),
            lines_less.eq(lines_left - 1),
        ]
        size.hold(m, rows_given, checked.rows_left)
        size.hold(m, short_given, checked.short)
        self.beats = beats_of(design, size)
        self.beats.follow(m, checked, self.begun, self.last_result)
        self._last_row = Signal(range(self.below + 1))  # `bottom` of the entered frame's first row of results
        with m.If(self._turned):
            m.d.sync += [
                lines_left.eq(lines_less),
                self.last_line.eq(lines_less[-1]),
                line.eq(Mux(line == self.first_line, line, line + 1)),
            ]
        with m.If(self.begun):
            m.d.sync += [
                lines_left.eq(rows_given),
                self.last_line.eq(rows_given[-1]),
                line.eq(0),
            ]
        size.hold(m, self.short, short_given, self.begun)
        last_row = Mux(short_given, rows_given[: len(self._last_row)] + 1, self.below)
        size.hold(m, self._last_row, last_row, self.begun)

        self._first_next = line == self.first_line - 1  # the next line is the first that serves results
        self._first_row = Signal(init=self.first_line == 0)
        self.first = self._first_row & self.near[before]
        with m.If(advance & self.line_end):
            m.d.sync += self._first_row.eq(self._first_next_row() if self.first_line else control.frame_end)
        self._results(m, checked)

    @staticmethod
    def is_short(design: Conv2DDesign, rows: Value, /) -> Value:
        """Whether a frame of `rows` rows has no more lines than its end (`WindowGeometry.below`)."""
        raise NotImplementedError

    def last_result(self, last: Value) -> Value:
        """The place in its beat of a line's last result. `last` is the place in its beat of the line's last pixel."""
        raise NotImplementedError

    def _first_next_row(self) -> Value:
        """Whether the next line serves a frame's first row of results. Used only if `first_line` isn't 0."""
        raise NotImplementedError

    def _results(self, m: Module, checked: Any) -> None:
        """Drives `result`, its marks, and `ends`."""
        raise NotImplementedError


class ValidScan(Scan):
    """One result for each window inside the frame. The frame's last pixel completes the last result, except where a
    line's results may overhang (`WindowGeometry.overhangs`): then a frame's end is one step."""

    at_once = True

    def __init__(self, m: Module, design: Conv2DDesign, checked: Any, control: Control, size: KeptSize) -> None:
        self.below, self.first_line = 0, design.kernel_rows - 1
        self.inside = design.kernel_rows, design.kernel_columns
        self.has_end = geometry_of(design).late > 0
        super().__init__(m, design, checked, control, size)

    @staticmethod
    def is_short(_design: Conv2DDesign, _rows: Value, /) -> Value:
        return Const(0)

    def last_result(self, last: Value) -> Value:
        return (last + self._geometry.late)[: len(last)]

    def _first_next_row(self) -> Value:
        return self._first_next & ~self._control.frame_end

    def _results(self, m: Module, checked: Any) -> None:
        late, before = self._geometry.late, self._before
        advance, flushed, frame_end = self._control.advance, self._control.flushed, self._control.frame_end
        live = Signal(init=not self.first_line)
        if self.first_line:
            with m.If(advance & self.line_end):
                m.d.sync += live.eq((live | self._first_next) & ~frame_end)
        self.result: Value = live
        if before:
            reached = Signal()  # the next step's window lies inside its line
            with m.If(advance):
                m.d.sync += reached.eq((reached | self.near[before - 1]) & ~(self.line_end | flushed))
            self.result = live & reached
        self.last, self.eol = self.last_line & self.line_end, self.line_end
        self.ends = Const(0)
        if late:
            # The step after a line's end, and after a frame's end: a line's last results come with it if they overhang.
            due, behind, overhangs = Signal(), Signal(), self.beats.overhangs(m, self.begun, late)
            with m.If(advance):
                m.d.sync += [due.eq(live & self.line_end), behind.eq(frame_end)]
            self.result |= due & overhangs
            self.last, self.eol = Mux(overhangs, behind, self.last), Mux(overhangs, due, self.eol)
            self.ends = behind


class SameScan(Scan):
    """One result for each pixel, `WindowGeometry.below` lines and `right` columns after it. The first steps of a line
    complete the row before. From a frame's first result on, every step completes a result, until a flush ends."""

    inside = 1, 1

    def __init__(self, m: Module, design: Conv2DDesign, checked: Any, control: Control, size: KeptSize) -> None:
        geometry = geometry_of(design)
        self.below = self.first_line = geometry.below
        self.has_end = geometry.below > 0 or geometry.ahead > 0
        self.at_once = geometry.below == 0 and geometry.ahead == 1
        super().__init__(m, design, checked, control, size)

    @staticmethod
    def is_short(design: Conv2DDesign, rows: Value, /) -> Value:
        return ~exceeds(rows, geometry_of(design).below)

    def last_result(self, last: Value) -> Value:
        return last

    def _first_next_row(self) -> Value:
        return self._first_next

    def _results(self, m: Module, checked: Any) -> None:
        below, before, near = self.below, self._before, self.near
        advance, flushed = self._control.advance, self._control.flushed
        live = Signal(init=not below)  # this line serves a row of results
        last_row_now = live & (self.bottom == 0) if below else self.last_line
        last_before = Signal()  # the line before served a frame's last row
        self.result = Signal(init=not below and not before)
        # Known one step ahead, as a frame's end decides the next state. A combinational `last`
        # counts only together with `result`.
        self.last = Signal() if before else last_row_now & self.line_end
        self.eol = near[before - 1] if before else self.line_end
        self.ends = self.last if before else self.result & self.last
        line_end = advance & self.line_end
        with m.If(line_end):
            m.d.sync += last_before.eq(last_row_now)
        if before:
            with m.If(advance):
                m.d.sync += self.last.eq(
                    self.line_end & last_row_now if before == 1 else near[before - 2] & last_before & self.result
                )
            with m.If(advance & self._first_row & near[before - 1]):
                m.d.sync += self.result.eq(1)
        elif below:
            with m.If(line_end & self._first_next):
                m.d.sync += self.result.eq(1)
        if before or below:
            with m.If(flushed):
                m.d.sync += self.result.eq(0)
        self._rows(m, live, last_row_now)
        self._borders(m, checked)

    def _rows(self, m: Module, live: Signal, last_row_now: Value) -> None:
        """One cycle after the step: the frame's rows above and below the row that this line serves."""
        was_flushed = Signal()
        m.d.sync += was_flushed.eq(self._control.flushed)
        with m.If(self._turned):
            m.d.sync += self.top.eq(Mux(self.top == self._design.above, self.top, self.top + 1))
            if not self.below:
                with m.If(self._first_row):
                    m.d.sync += self.top.eq(0)
            else:
                m.d.sync += live.eq(live & ~last_row_now)
                # Once all lines of a frame are in, each row has one row fewer below it than the row before.
                with m.If(self._control.leaving):
                    m.d.sync += self.bottom.eq(self.bottom - 1)
                with m.If(self._first_next):
                    m.d.sync += [live.eq(1), self.top.eq(0), self.bottom.eq(self._last_row)]
        if self.below:
            with m.If(was_flushed):
                m.d.sync += live.eq(0)

    def _borders(self, m: Module, checked: Any) -> None:
        """Delays the chosen border by the lines between a pixel and its row of results."""
        given, entered = Signal.like(self.border), Signal.like(self.border)
        m.d.sync += given.eq(checked.border)
        with m.If(self._turned):
            m.d.sync += self.border_before.eq(self.border)
        with m.If(self.begun):
            m.d.sync += (entered if self.below else self.border).eq(given)
        if self.below:
            with m.If(self._turned & self._first_next):
                m.d.sync += self.border.eq(entered)


def scan_of(design: Conv2DDesign) -> type[Scan]:
    """The scan of a design's frames."""
    return _scan(geometry_of(design))


@singledispatch
def _scan(geometry: WindowGeometry) -> type[Scan]:  # noqa: ARG001  # by its class
    return ValidScan


@_scan.register
def _(geometry: BorderedWindowGeometry) -> type[Scan]:  # noqa: ARG001
    return SameScan
