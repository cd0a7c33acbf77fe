"""The window of a 2-D core: its places, with the border's pixels where they lie outside the frame."""

from functools import reduce
from operator import or_

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import GATEWARE_BOUNDARIES, Conv2DDesign
from convolver.schedule import Schedule

from .border import Source, choices, column_signature, left_sources
from .stream import shape_of

__all__ = ["RowBorder", "Window"]


class RowBorder(wiring.Component):
    """Makes a column of the window's rows: where they lie above or below the frame, of the border's pixels. One step a clock,
    latency 1 clock, no stall.

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

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        kept = Schedule(design).line_buffer_rows + 1
        super().__init__({"i": In(column_signature(design, kept)), "o": Out(column_signature(design, design.kernel_rows))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        m.d.sync += [self.o.valid.eq(self.i.valid), self.o.choice.eq(self.i.choice)]
        if design.core_mode == "valid":
            m.d.sync += [out.eq(pixel) for out, pixel in zip(self.o.pixels, self.i.pixels, strict=True)]
            return m
        fill = self.i.choice.border.fill if design.switchable else Const(design.fill, shape_of(design.pixel))
        rows, _ = choices(design)
        for row, sources in enumerate(rows):
            taken = [fill if source is None else self.i.pixels[design.core_above + source] for source in sources]
            _take(m, self.o.pixels[row], self.i.choice.rows[str(row)], taken)
        return m


class Window(wiring.Component):
    """The window's places, all in view: one step a clock, no stall; steps when the column is valid, holds else. Latency 1 clock
    in ``valid``, 2 clocks with a border.

    With a border columns go through a chain that remembers the last of them. The column that enters the window is chosen out of
    it: for the first steps of a line, the border's, which ends the row before. With `load` the window takes the new row's first
    columns at once, with the border's to their left; after that it shifts.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : In
        `column_signature` of the window's rows.
    places : Out
        An array of kernel_rows x kernel_columns pixels, row by row.
    valid : Out
        `places` are those of a result.
    first, last, eol : Out
        Its marks.
    next_first : Out
        A frame's first result is next, in the next clock.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        super().__init__(
            {
                "i": In(column_signature(design, design.kernel_rows)),
                "places": Out(shape_of(design.pixel)).array(design.kernel_rows * design.kernel_columns),
                **{name: Out(1) for name in ("valid", "first", "last", "eol", "next_first")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = design.core_mode == "same"
        valid, choice = self.i.valid, self.i.choice
        if same:
            valid, choice = Signal(), Signal.like(self.i.choice)
            m.d.sync += [valid.eq(self.i.valid), choice.eq(self.i.choice)]
        m.d.comb += self.next_first.eq(valid & choice.result & choice.first)
        m.d.sync += [
            self.valid.eq(valid & choice.result),
            *(getattr(self, name).eq(choice[name]) for name in ("first", "last", "eol")),
        ]
        columns = design.kernel_columns
        for row, newest in enumerate(self.i.pixels):
            places = [self.places[row * columns + column] for column in range(columns)]
            if same:
                entering, first = self._columns(m, row, newest)
                with m.If(valid):
                    for place, load, shift in zip(places, first, [*places[1:], entering], strict=True):
                        m.d.sync += place.eq(Mux(choice.load, load, shift))
            else:
                with m.If(valid):
                    m.d.sync += [place.eq(after) for place, after in zip(places, [*places[1:], newest], strict=True)]
        return m

    def _columns(self, m: Module, row: int, newest: Value) -> tuple[Value, list[Value]]:
        """Of one row: the pixel that enters the window, and the first ones of a line with the border's to their left; all of
        them beside the chain's state behind the step, a clock later."""
        design = self._design
        shape = shape_of(design.pixel)
        _, sources = choices(design)
        depth = max(design.core_right + 1, *(source for source in sources if source is not None))
        chain = [Signal(shape, name=f"chain_{row}_{index}") for index in range(depth)]
        with m.If(self.i.valid):
            m.d.sync += [pixel.eq(before) for pixel, before in zip(chain, [newest, *chain], strict=False)]

        def taken(source: Source, border: str) -> Value:
            """What came `source` steps ago, or the fill."""
            if source is not None:
                return [newest, *chain][source]
            return self.i.choice[border].fill if design.switchable else Const(design.fill, shape)

        entering = Signal(shape, name=f"entering_{row}")
        _take(m, entering, self.i.choice.column, [taken(source, "border_before") for source in sources])
        first: list[Value] = []
        for outside in range(design.left, 0, -1):
            found = left_sources(design, outside)
            if design.switchable:
                pixel = Signal(shape, name=f"left_{row}_{outside}")
                with m.Switch(self.i.choice.border.boundary):
                    for boundary, source in found.items():
                        with m.Case(GATEWARE_BOUNDARIES.index(boundary)):
                            m.d.sync += pixel.eq(taken(source, "border"))
                first.append(pixel)
            else:
                source = found[design.boundary]
                first.append(taken(None, "") if source is None else chain[source])
        first += chain[design.core_right - design.right : design.core_right + 1][::-1]
        return entering, first


def _take(m: Module, target: Signal, chosen: Value, sources: list[Value]) -> None:
    """``target <= `` the source whose bit of `chosen` is set: ands and ors, without a decoder that every bit would wait for."""
    if len(sources) == 1:
        m.d.sync += target.eq(sources[0])
        return
    bits = [source.as_unsigned() & chosen[number].replicate(len(source)) for number, source in enumerate(sources)]
    m.d.sync += target.eq(reduce(or_, bits))
