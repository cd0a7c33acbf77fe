"""The specification of the window, with the borders in front of it."""

from amaranth.hdl import Array, Assert, Cat, Cover, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from formal.window.places import inside

from convolver.designs import Conv2DDesign, boundary_code
from convolver.hw.stream.layouts import shape_of
from convolver.hw.window import border, window
from convolver.hw.window.place_format import PlaceFormat
from convolver.hw.window.raster import step_layout
from convolver.plan import lower
from convolver.plan.geometry import geometry_of
from convolver.plan.stages import BorderRows

__all__ = ["Feeder", "WindowSpec"]


class Feeder(wiring.Component):
    """Borders, row border and window, wired as in the core."""

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        kept = geometry_of(design).rows
        super().__init__(
            {
                "step": In(step_layout(design)),
                "valid": In(1),
                "pixels": In(shape_of(design.pixel)).array(kept),
                "places": Out(shape_of(design.pixel)).array(design.kernel_rows * design.kernel_columns),
                **{name: Out(1) for name in ("o_valid", "first", "last", "eol", "next_first")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        m.submodules.borders = borders = border.Borders(design)
        m.submodules.border = rows = window.RowBorder(design, lower(design).cycles_in(BorderRows))
        m.submodules.window = places = window.window_of(design, PlaceFormat.of_pixels(design))
        wiring.connect(m, rows.o, places.i)
        m.d.comb += [
            borders.i.step.eq(self.step),
            rows.i.valid.eq(self.valid),
            rows.choice.eq(borders.choice),
            *(into.eq(pixel) for into, pixel in zip(rows.i.pixels, self.pixels, strict=True)),
            *(out.eq(place) for out, place in zip(self.places, places.places, strict=True)),
            self.o_valid.eq(places.o.valid),
            self.next_first.eq(places.next_first),
            *(getattr(self, name).eq(places.o.marks[name]) for name in ("first", "last", "eol")),
        ]
        return m


class WindowSpec(wiring.Component):
    """The window of each result, pixel by pixel, from the columns as they came: where it lies outside its row or above or below
    its frame, the border's pixels by numpy.pad's rule.

    Lines of any allowed length follow each other, each with a row of its own. Six clocks lie between a step and its window,
    four in ``valid``; columns come two clocks behind their step. One row of the window, freely chosen, is followed. Where the
    border is chosen at run time, it is the design's own, with a fill of its own for each line.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        step = step_layout(design)
        kept = geometry_of(design).rows
        ports = {name: In(1) for name in ("valid", "ends", "result", "first", "last", "eol")}
        rows = {f"rows_{name}": In(step[field].shape) for name, field in (("above", "top"), ("below", "bottom"))}
        super().__init__(
            {
                **ports,
                **rows,
                "pixels": In(shape_of(design.pixel)).array(kept),
                "chosen": In(range(design.kernel_rows)),
                "fill": In(shape_of(design.pixel)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = geometry_of(design).mode == "same"
        before = geometry_of(design).right if same else design.kernel_columns - 1
        left, above, below = (design.left, design.above, geometry_of(design).below) if same else (0, 0, 0)
        m.submodules.dut = dut = Feeder(design)
        begun, chosen = Signal(), Signal.like(self.chosen)
        with m.If(~begun):
            m.d.sync += [begun.eq(1), chosen.eq(Mux(self.chosen < design.kernel_rows, self.chosen, 0))]

        # The place of a step in its line, the length of the line before (0 if there is none), and the line's row.
        column, length = Signal(range(design.frame_axes[1].most)), Signal(range(design.frame_axes[1].most + 1))
        top, bottom = Signal.like(self.rows_above), Signal.like(self.rows_below)
        line_top, line_bottom = Signal.like(top), Signal.like(bottom)
        ends, valid, result = Signal(), Signal(), Signal()
        line_fill, fill, fill_before = (Signal(shape_of(design.pixel), name=name) for name in ("line_fill", "fill", "before"))
        m.d.comb += [
            valid.eq(self.valid & begun),
            ends.eq((column == design.frame_axes[1].most - 1) | (self.ends & (column >= design.frame_axes[1].least - 1))),
            result.eq(self.result & ((column >= before) | ((length != 0) & same))),
            line_top.eq(Mux(column == 0, Mux(self.rows_above > above, above, self.rows_above), top)),
            line_bottom.eq(Mux(column == 0, Mux(self.rows_below > below, below, self.rows_below), bottom)),
            line_fill.eq(Mux(column == 0, self.fill, fill) if design.switchable else design.fill),
            dut.step.column.eq(column),
            *(dut.step.near[step].eq(column == step) for step in range(geometry_of(design).ahead + 1)),
            dut.step.top.eq(line_top),
            dut.step.bottom.eq(line_bottom),
            dut.step.result.eq(result),
            *(dut.step[name].eq(getattr(self, name)) for name in ("first", "last", "eol")),
        ]
        self._border(m, dut.step.border, line_fill)
        self._border(m, dut.step.border_before, fill_before)
        with m.If(valid):
            m.d.sync += [column.eq(Mux(ends, 0, column + 1)), top.eq(line_top), bottom.eq(line_bottom), fill.eq(line_fill)]
            with m.If(ends):
                m.d.sync += [length.eq(column + 1), fill_before.eq(line_fill)]

        # Two clocks later the column is there.
        fills = [line_fill, fill_before]
        now = [valid, column, length, line_top, line_bottom, *fills, result & valid, self.first, self.last, self.eol]
        for clock in range(2):
            later = [Signal(len(Value.cast(value)), name=f"now_{clock}_{index}") for index, value in enumerate(now)]
            m.d.sync += [register.eq(value) for register, value in zip(later, now, strict=True)]
            now = later
        valid_now, column_now, length_now, top_now, bottom_now, fill_now, before_now, result_now, *marks_now = now
        m.d.comb += [dut.valid.eq(valid_now), *(to.eq(pixel) for to, pixel in zip(dut.pixels, self.pixels, strict=True))]

        # The chosen row's pixel of that column.
        offset, source = Signal(signed(6)), Signal(signed(6))
        newest = Signal(shape_of(design.pixel))
        m.d.comb += [
            offset.eq(chosen - above),
            source.eq(inside(design.boundary, offset + top_now, top_now + bottom_now + 1) - top_now if same else offset),
            newest.eq(Array(self.pixels)[(source + (geometry_of(design).above if same else 0)).as_unsigned()]),
        ]
        if same and design.boundary == "constant":
            with m.If((offset < -top_now) | (offset > bottom_now)):
                m.d.comb += newest.eq(fill_now)
        depth = before + left + design.kernel_columns
        history = [Signal.like(newest, name=f"history_{age}") for age in range(1, depth)]
        with m.If(valid_now):
            m.d.sync += [old.eq(new) for old, new in zip(history, [newest, *history], strict=False)]

        # The row of pixels that the result's window shows, by their place in its line.
        tail = column_now < before
        place, size = Signal(signed(8)), Signal(signed(8))
        m.d.comb += [
            place.eq(column_now - before + Mux(tail, length_now, 0)),
            size.eq(Mux(tail, length_now, design.frame_axes[1].most)),
        ]
        wanted: list[Value] = []
        for index in range(design.kernel_columns):
            at, found, age = (Signal(signed(8), name=f"{name}_{index}") for name in ("at", "found", "age"))
            pixel = Signal.like(newest, name=f"pixel_{index}")
            m.d.comb += [
                at.eq(place + index - left),
                found.eq(inside(design.boundary, at, size) if same else at),
                age.eq(column_now + Mux(tail, length_now, 0) - found),
                pixel.eq(Array([newest, *history])[age.as_unsigned()]),
            ]
            if same and design.boundary == "constant":
                with m.If((at < 0) | (at >= size)):
                    m.d.comb += pixel.eq(Mux(tail, before_now, fill_now))
            wanted.append(pixel)

        then = [result_now, *marks_now, *wanted]
        soon = result_now
        for clock in range(4 if same else 2):
            later = [Signal(len(Value.cast(value)), name=f"then_{clock}_{index}") for index, value in enumerate(then)]
            m.d.sync += [register.eq(value) for register, value in zip(later, then, strict=True)]
            soon = then[0] & then[1]
            then = later
        shown, first, last, eol, *wanted = then
        row = Array(
            Cat(*(dut.places[r * design.kernel_columns + c] for c in range(design.kernel_columns)))
            for r in range(design.kernel_rows)
        )[chosen]
        m.d.comb += [
            Assert(dut.o_valid == shown),
            Assert(dut.next_first == soon),
            Assert(~shown | (Cat(dut.first, dut.last, dut.eol) == Cat(first, last, eol))),
            Assert(~shown | (row == Cat(*wanted))),
            Cover(shown & (wanted[0] != wanted[-1]) if len(wanted) > 1 else shown & (wanted[0] != 0)),
            Cover(shown & first & last & eol),
        ]
        return m

    def _border(self, m: Module, border: data.View, fill: Value) -> None:
        """Drives a step's border, if that is chosen at run time: the design's own, with this fill."""
        if self._design.switchable:
            m.d.comb += [border.boundary.eq(boundary_code(self._design.boundary)), border.fill.eq(fill)]
