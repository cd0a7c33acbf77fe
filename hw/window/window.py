"""The window of a 2-D core: its places, with the border's pixels where they lie outside the frame."""

from functools import reduce
from operator import or_

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages

from ..stream.layouts import marks_of
from .border import choices, column_signature, left_sources
from .boundaries import boundary_of
from .place_format import PlaceFormat

__all__ = ["RowBorder", "Window"]


class RowBorder(wiring.Component):
    """Makes a column of the window's rows: where they lie above or below the frame, of the border's pixels. One step a clock,
    no stall; latency 1 clock in ``valid``, 2 clocks with a border: what a block RAM gives has gone a long way already.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : In
        `column_signature` of all rows that the core keeps.
    o : Out
        The same of the window's rows.
    """

    makes = (stages.BorderRows,)

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        super().__init__(
            {"i": In(column_signature(design, design.core_kept)), "o": Out(column_signature(design, design.kernel_rows))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        valid, choice, pixels = self.i.valid, self.i.choice, list(self.i.pixels)
        if design.core_mode == "same":
            valid, choice = Signal(), Signal.like(self.i.choice)
            pixels = [Signal.like(pixel, name=f"kept_{index}") for index, pixel in enumerate(self.i.pixels)]
            m.d.sync += [valid.eq(self.i.valid), choice.eq(self.i.choice)]
            m.d.sync += [kept.eq(pixel) for kept, pixel in zip(pixels, self.i.pixels, strict=True)]
        m.d.sync += [self.o.valid.eq(valid), self.o.choice.eq(choice)]
        if design.core_mode == "valid":
            m.d.sync += [out.eq(pixel) for out, pixel in zip(self.o.pixels, self.i.pixels, strict=True)]
            return m
        lanes = design.pixels_per_clock
        fill = boundary_of(design).fill(choice.border)
        rows, _ = choices(design)
        for row, sources in enumerate(rows):
            for lane in range(lanes):
                selected = [
                    fill if source is None else pixels[(design.core_above + source) * lanes + lane] for source in sources
                ]
                _select(m, self.o.pixels[row * lanes + lane], choice.rows[str(row)], selected)
        return m


class Window(wiring.Component):
    """The window's places, all in view: one step a clock, no stall; steps when the column is valid, holds else. Latency 1 clock
    in ``valid``, 2 clocks with a border.

    With a border columns go through a chain that remembers the last of them. The column that enters the window is chosen out of
    it: for the first steps of a line, the border's, which ends the row before. With `load` the window takes the new row's first
    columns at once, with the border's to their left; after that it shifts.

    Of several pixels a beat as many columns enter, and the window is as wide as all of the beat's windows side by side: that of
    the beat's pixel k begins k columns to the right.

    Parameters
    ----------
    design : Conv2DDesign
    sums : PlaceFormat, optional
        Of separable kernels, what stands in the one row of the window: what their columns make of the pixels.

    Ports
    -----
    i : In
        `column_signature` of the window's rows.
    places : Out
        An array of kernel_columns + pixels_per_clock - 1 places a row, each of a `PlaceFormat`, row by row.
    valid : Out
        `places` are those of a result.
    first, last, eol, keep : Out
        Its marks: those of `marks_of`.
    next_first : Out
        A frame's first result is next, in the next clock.
    """

    makes = (stages.Window,)

    def __init__(self, design: Conv2DDesign, sums: PlaceFormat | None = None) -> None:
        self._design = design
        self._rows, self._format = (design.kernel_rows, PlaceFormat.of_pixels(design)) if sums is None else (1, sums)
        self._columns = design.kernel_columns + design.pixels_per_clock - 1
        self._marks = marks_of(design)
        super().__init__(
            {
                "i": In(column_signature(design, self._rows, sums)),
                "places": Out(self._format.shape).array(self._rows * self._columns),
                **{name: Out(width) for name, width in self._marks.items()},
                "valid": Out(1),
                "next_first": Out(1),
            }
        )

    def of(self, pixel: int, plane: int, kernel: int) -> list[Value]:
        """What of one plane stands at the places of the window of a beat's pixel, row by row, for a kernel."""
        columns = range(pixel, pixel + self._design.kernel_columns)
        values = [self.places[row * self._columns + column] for row in range(self._rows) for column in columns]
        index = kernel if len(self._format.formats) > 1 else 0  # pixels are the same for all kernels
        return [self._format.number(value, plane, index) for value in values]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = design.core_mode == "same"
        valid, choice = self.i.valid, self.i.choice
        if same:
            valid, choice = Signal(), Signal.like(self.i.choice)
            m.d.sync += [valid.eq(self.i.valid), choice.eq(self.i.choice)]
        if same:
            m.d.sync += self.next_first.eq(self.i.valid & self.i.choice.result & self.i.choice.first)
        else:
            m.d.comb += self.next_first.eq(valid & choice.result & choice.first)
        m.d.sync += [
            self.valid.eq(valid & choice.result),
            *(getattr(self, name).eq(choice[name]) for name in self._marks),
        ]
        columns, lanes = self._columns, design.pixels_per_clock
        for row in range(self._rows):
            places = [self.places[row * columns + column] for column in range(columns)]
            newest = [self.i.pixels[row * lanes + lane] for lane in reversed(range(lanes))]
            if same:
                entering, first = self._bordered(m, row, newest)
                with m.If(valid):
                    for place, load, shift in zip(places, first, [*places[lanes:], *entering], strict=True):
                        m.d.sync += place.eq(Mux(choice.load, load, shift))
            else:
                recent = [*newest, *self._chain(m, row, newest, design.core_late)]
                entering = recent[design.core_late : design.core_late + lanes][::-1]
                with m.If(valid):
                    m.d.sync += [place.eq(after) for place, after in zip(places, [*places[lanes:], *entering], strict=True)]
        return m

    def _chain(self, m: Module, row: int, newest: list[Value], depth: int) -> list[Signal]:
        """The last pixels of one row that came before the step's own, `newest`; of either the last to the right first."""
        chain = [Signal(self._format.shape, name=f"chain_{row}_{index}") for index in range(depth)]
        with m.If(self.i.valid):
            m.d.sync += [pixel.eq(before) for pixel, before in zip(chain, [*newest, *chain], strict=False)]
        return chain

    def _bordered(self, m: Module, row: int, newest: list[Value]) -> tuple[list[Value], list[Value]]:
        """Of one row: the pixels that enter the window, and the first ones of a line with the border's to their left; all of
        them beside the chain's state behind the step, a clock later."""
        design = self._design
        lanes = design.pixels_per_clock
        begin = (design.core_ahead + 1) * lanes - 1  # where a row's first pixel is when its first window is complete
        _, columns = choices(design)
        reach = max(source for sources in columns for source in sources if source is not None)
        chain = self._chain(m, row, newest, max(begin + 1, reach - lanes + 1))

        # By how many pixels ago they came.
        choice, recent, boundary = self.i.choice, [*newest, *chain], boundary_of(design, self._format)
        fill = boundary.fill(choice.border_before)
        entering: list[Value] = []
        for lane, sources in enumerate(columns):
            entering.append(Signal(self._format.shape, name=f"entering_{row}_{lane}"))
            selected = [fill if source is None else recent[source] for source in sources]
            _select(m, entering[-1], choice.columns[str(lane)], selected)
        first: list[Value] = []
        for outside in range(design.left, 0, -1):
            left = left_sources(design, outside)
            first.append(boundary.later(m, f"left_{row}_{outside}", choice.border, left, recent, chain))
        first += chain[design.core_late : begin + 1][::-1]
        return entering, first


def _select(m: Module, target: Value, chosen: Value, sources: list[Value]) -> None:
    """``target <= `` the source whose bit of `chosen` is set: ands and ors, without a decoder that every bit would wait for."""
    if len(sources) == 1:
        m.d.sync += target.eq(sources[0])
        return
    bits = [source.as_unsigned() & chosen[number].replicate(len(source)) for number, source in enumerate(sources)]
    m.d.sync += target.eq(reduce(or_, bits))
