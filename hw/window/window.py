"""The window of a 2-D core: all places of the kernel, with border pixels at places outside the frame."""

from functools import reduce, singledispatch
from operator import or_

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages
from convolver.plan.geometry import BorderedWindowGeometry, WindowGeometry, geometry_of

from ..stream.layouts import marks_of
from ..stream.sideband import Sideband, SidebandDelay, result_sideband
from .border import column_sideband, filled, kept_choice_layout
from .border_sources import choices, left_sources
from .boundaries import boundary_of
from .kept_wire import kept_wire
from .place_format import PlaceFormat

__all__ = ["RowBorder", "Window", "window_of"]

IN_TWO_LEVELS = 4
"""Sources of which synthesis makes two levels of look-up tables by itself. Of more Yosys makes a chain: the pairs are told to
it with `keep`. A 7x7 core, of eight sources, gained 10 MHz on an ECP5-85. Eight bits of eight sources take one LUT4 more, and
on 7-series a third more look-up tables."""


class RowBorder(wiring.Component):
    """Selects the window's rows out of a column. Rows above or below the frame are filled with border pixels. One step
    a cycle, no stall. Latency `clocks`: 1 without a border, 2 with one, to leave a cycle for routing from the block
    RAM.

    Parameters
    ----------
    design : Conv2DDesign
    clocks : int
        Latency in cycles, 1 or more.

    Ports
    -----
    i : In
        Output of the line buffer: the `pixels` of all rows that the core keeps.
    choice : In
        `kept_choice_layout` of that column.
    o : Out
        `column_sideband` of the window's rows.
    """

    makes = (stages.BorderRows,)

    def __init__(self, design: Conv2DDesign, clocks: int) -> None:
        self._design = design
        self._clocks = clocks
        self._form = form = PlaceFormat.of_pixels(design)
        pixels = {"pixels": Out(form.shape).array(geometry_of(design).rows * design.pixels_per_clock)}
        choice = kept_choice_layout(design)
        self._kept = Sideband(choice=Out(choice), **pixels)
        super().__init__({"i": In(Sideband(**pixels)), "choice": In(choice), "o": Out(column_sideband(design, form))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        m.submodules.near = near = SidebandDelay(self._kept, self._clocks - 1)
        m.d.comb += [
            near.i.valid.eq(self.i.valid),
            near.i.choice.eq(self.choice),
            *(to.eq(pixel) for to, pixel in zip(near.i.pixels, self.i.pixels, strict=True)),
        ]
        kept, lanes = near.o, design.pixels_per_clock
        m.d.sync += [
            self.o.valid.eq(kept.valid),
            self.o.choice.eq(kept.choice.column),
            *(to.eq(value) for to, value in zip(self.o.filled, filled(design, self._form, kept.choice.column), strict=True)),
        ]
        fill = boundary_of(design).fill(kept.choice.column.border)
        rows, _ = choices(design)
        geometry = geometry_of(design)
        for row, sources in enumerate(rows):
            for lane in range(lanes):
                column = [kept.pixels[kept_row * lanes + lane] for kept_row in range(geometry.rows)]
                selected = [fill if source is None else column[geometry.above + source] for source in sources]
                masked = _masked(selected, kept.choice.rows[str(row)])
                m.d.sync += self.o.pixels[row * lanes + lane].eq(_any(m, f"{row}_{lane}", masked))
        return m


class Window(wiring.Component):
    """Holds all places of the window at once: one step a cycle, no stall, latency 1 cycle. It steps when the column is
    valid, and holds otherwise.

    With P pixels a beat, P columns enter per step. The window is P - 1 columns wider than the kernel: the window of the
    beat's pixel k begins k columns to the right.

    Parameters
    ----------
    design : Conv2DDesign
    form : PlaceFormat
        Format of a place: a pixel or, for separable kernels, the sums of a column filter.

    Ports
    -----
    i : In
        `column_sideband` of this format.
    places : Out
        An array of kernel_columns + pixels_per_clock - 1 places a row, row by row.
    o : Out
        `result_sideband`, valid with `places`.
    next_first : Out
        The next cycle brings a frame's first result.
    """

    makes = (stages.Window,)

    def __init__(self, design: Conv2DDesign, form: PlaceFormat) -> None:
        self._design = design
        self._rows, self._format = form.rows, form
        self._columns = design.kernel_columns + design.pixels_per_clock - 1
        super().__init__(
            {
                "i": In(column_sideband(design, form)),
                "places": Out(self._format.shape).array(self._rows * self._columns),
                "o": Out(result_sideband(design)),
                "next_first": Out(1),
            }
        )

    def of(self, pixel: int, plane: int, kernel: int) -> list[Value]:
        """The places of one plane in the window of a beat's pixel, row by row, for a kernel."""
        columns = range(pixel, pixel + self._design.kernel_columns)
        values = [self.places[row * self._columns + column] for row in range(self._rows) for column in columns]
        index = kernel % len(self._format.formats)  # pixels are the same for all kernels
        return [self._format.number(value, plane, index) for value in values]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid, choice = self._column(m)
        m.d.sync += self.o.valid.eq(valid & choice.result)
        m.d.sync += [self.o.marks[name].eq(choice[name]) for name in marks_of(self._design)]
        columns, lanes = self._columns, self._design.pixels_per_clock
        for row in range(self._rows):
            places = [self.places[row * columns + column] for column in range(columns)]
            newest = [self.i.pixels[row * lanes + lane] for lane in reversed(range(lanes))]
            following = self._following(m, row, newest, places, choice)
            with m.If(valid):
                m.d.sync += [place.eq(after) for place, after in zip(places, following, strict=True)]
        return m

    def _column(self, m: Module) -> tuple[Value, data.View]:
        """Whether a column enters in this cycle, and its choice."""
        valid, choice = self.i.valid, self.i.choice
        m.d.comb += self.next_first.eq(valid & choice.result & choice.first)
        return valid, choice

    def _following(self, m: Module, row: int, newest: list[Value], places: list[Value], choice: data.View) -> list[Value]:
        """The values at the places of a row after the next step."""
        late, lanes = geometry_of(self._design).late, self._design.pixels_per_clock
        recent = [*newest, *self._chain(m, row, newest, late)]
        return [*places[lanes:], *recent[late : late + lanes][::-1]]

    def _chain(self, m: Module, row: int, newest: list[Value], depth: int) -> list[Signal]:
        """The pixels of one row that came before the step's own, `newest`. Both begin with the rightmost pixel."""
        chain = [Signal(self._format.shape, name=f"chain_{row}_{index}") for index in range(depth)]
        with m.If(self.i.valid):
            m.d.sync += [pixel.eq(before) for pixel, before in zip(chain, [*newest, *chain], strict=False)]
        return chain


class BorderedWindow(Window):
    """A `Window` with border pixels at places left or right of the frame. Latency 2 cycles.

    Columns enter a chain of registers. The column that enters the window is selected from the chain. In the first steps
    of a line these are border columns, which complete the row before. With `load` the window takes the new row's first
    columns at once, with border columns to their left; after that it shifts.
    """

    def _column(self, m: Module) -> tuple[Value, data.View]:
        valid, choice = Signal(), Signal.like(self.i.choice)
        m.d.sync += [
            valid.eq(self.i.valid),
            choice.eq(self.i.choice),
            self.next_first.eq(self.i.valid & self.i.choice.result & self.i.choice.first),
        ]
        return valid, choice

    def _following(self, m: Module, row: int, newest: list[Value], places: list[Value], choice: data.View) -> list[Value]:
        entering, first = self._bordered(m, row, newest)
        shifted = [*places[self._design.pixels_per_clock :], *entering]
        return [Mux(choice.load, load, shift) for load, shift in zip(first, shifted, strict=True)]

    def _bordered(self, m: Module, row: int, newest: list[Value]) -> tuple[list[Value], list[Value]]:
        """For one row: the pixels that enter the window, and the first pixels of a line with border pixels to their
        left. Both are valid one cycle later, together with the chain after the step."""
        design = self._design
        lanes, geometry = design.pixels_per_clock, geometry_of(design)
        begin = (geometry.ahead + 1) * lanes - 1  # of a row's first pixel, when its first window is complete
        _, columns = choices(design)
        reach = max(source for sources in columns for source in sources if source is not None)
        chain = self._chain(m, row, newest, max(begin + 1, reach - lanes + 1))

        # Indexed by how many pixels ago they came.
        choice, recent, boundary = self.i.choice, [*newest, *chain], boundary_of(design, self._format)
        fill = boundary.fill(choice.border_before)
        entering: list[Value] = []
        for lane, sources in enumerate(columns):
            entering.append(Signal(self._format.shape, name=f"entering_{row}_{lane}"))
            selected = [fill if source is None else recent[source] for source in sources]
            masked = _masked(selected, choice.columns[str(lane)])
            if self.i.filled and None in sources:
                masked[sources.index(None)] = self.i.filled[lane]
            m.d.sync += entering[-1].eq(_any(m, f"{row}_{lane}", masked))
        first: list[Value] = []
        for outside in range(design.left, 0, -1):
            left = left_sources(design, outside)
            first.append(boundary.later(m, f"left_{row}_{outside}", choice.border, left, recent, chain))
        first += chain[geometry.late : begin + 1][::-1]
        return entering, first


def window_of(design: Conv2DDesign, form: PlaceFormat) -> Window:
    """The window of a design, of places of this format."""
    return _window(geometry_of(design), form)


@singledispatch
def _window(geometry: WindowGeometry, form: PlaceFormat) -> Window:
    return Window(geometry.design, form)


@_window.register
def _(geometry: BorderedWindowGeometry, form: PlaceFormat) -> Window:
    return BorderedWindow(geometry.design, form)


def _masked(sources: list[Value], chosen: Value) -> list[Value]:
    """Each source where its bit of `chosen` is set, else 0; a single source as it is."""
    if len(sources) == 1:
        return sources
    return [source.as_unsigned() & chosen[number].replicate(len(source)) for number, source in enumerate(sources)]


def _any(m: Module, name: str, masked: list[Value]) -> Value:
    """The source that is chosen. AND-OR gates only: a decoder would delay every bit."""
    if len(masked) <= IN_TWO_LEVELS:
        return reduce(or_, masked)
    starts = range(0, len(masked), 2)
    pairs = [kept_wire(m, f"pair_{name}_{first}", reduce(or_, masked[first : first + 2])) for first in starts]
    return reduce(or_, pairs)
