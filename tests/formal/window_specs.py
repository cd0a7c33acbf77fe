"""Specifications of what stands between the raster and the array of a 2-D core."""

from amaranth.hdl import Array, Assert, Cat, Const, Cover, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.hw.stream.layouts import shape_of
from convolver.hw.window import border, line_buffer, line_ring, window
from convolver.hw.window.place_format import PlaceFormat
from convolver.hw.window.raster import step_layout
from convolver.plan import lower
from convolver.plan.stages import BorderRows

__all__ = ["LineBufferSpec", "LineRingSpec", "WindowSpec"]


class LineBufferSpec(wiring.Component):
    """Two clocks behind each step: its pixel, and those of the last steps in the same column since the last reset.

    One column, freely chosen, is followed. The same column doesn't come again within 2 clocks, as lines are no shorter.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        columns = range(design.core_columns)
        super().__init__({"valid": In(1), "pixel": In(shape_of(design.pixel)), "column": In(columns), "chosen": In(columns)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        m.submodules.dut = dut = line_buffer.LineBuffer(design, lower(design).line_buffer)
        lines = len(dut.o.pixels) - 1
        begun, chosen, column = Signal(), Signal.like(self.chosen), Signal.like(self.column)
        with m.If(~begun):
            m.d.sync += [begun.eq(1), chosen.eq(self.chosen)]
        recent = [(Signal(name=f"valid_{age}"), Signal.like(self.column, name=f"column_{age}")) for age in (1, 2)]
        again = Const(0)
        for valid_before, column_before in recent:
            again |= valid_before & (column_before == column)
        valid = Signal()
        m.d.comb += [
            column.eq(Mux(self.column < design.core_columns, self.column, 0)),
            valid.eq(self.valid & begun & ~again),
            dut.i.valid.eq(valid),
            dut.i.step.column.eq(column),
            dut.i.step.pixel.eq(self.pixel),
        ]
        before: tuple[Value, Value] = (valid, column)
        for registers in recent:
            m.d.sync += [register.eq(value) for register, value in zip(registers, before, strict=True)]
            before = registers

        # The pixels of the chosen column, the newest first, and how many of them there are since the reset.
        ours, known = Signal(), Signal(range(lines + 2))
        history = [Signal.like(self.pixel, name=f"pixel_{age}") for age in range(lines)]
        m.d.comb += ours.eq(valid & (column == chosen))
        with m.If(ours):
            m.d.sync += [old.eq(new) for old, new in zip(history, [self.pixel, *history], strict=False)]
            with m.If(known <= lines):
                m.d.sync += known.eq(known + 1)
        wanted: list[Value] = [self.pixel, *history]
        there: list[Value] = [ours & (known >= age) for age in range(lines + 1)]
        passed: Value = valid
        for clock in range(2):
            later = [Signal.like(self.pixel, name=f"wanted_{clock}_{age}") for age in range(lines + 1)]
            old = [Signal(name=f"there_{clock}_{age}") for age in range(lines + 1)]
            passed_later = Signal(name=f"passed_{clock}")
            m.d.sync += [one.eq(other) for one, other in zip([*later, *old], [*wanted, *there], strict=True)]
            m.d.sync += passed_later.eq(passed)
            wanted, there, passed = list(later), list(old), passed_later
        m.d.comb += Assert(dut.o.valid == passed)
        for age in range(lines + 1):
            m.d.comb += Assert(~there[age] | (dut.o.pixels[lines - age] == wanted[age]))
        m.d.comb += Cover(there[-1] & (wanted[-1] != 0) & (wanted[0] == 0) & (chosen != 0))
        return m


class LineRingSpec(wiring.Component):
    """Two clocks behind each step: the word that came two clocks behind the step that is a line's beats before it, unless lines
    of another length began in between. It stands until the next one.

    Lines change their length with any step. One step at a time, chosen by `tag`, is followed to the one that reads its word.
    """

    def __init__(self, width: int, beats: int) -> None:
        self._width = width
        self._beats = beats
        length = range(-1, beats - 3)
        super().__init__({"step": In(1), "change": In(1), "length": In(length), "word": In(width), "tag": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = line_ring.LineRing(self._width, self._beats)
        # The beats of a line, less 4, and beside a step those of its own.
        before, now = Signal.like(self.length), Signal.like(self.length)
        fits = (self.length >= -1) & (self.length <= self._beats - 4)
        m.d.comb += now.eq(Mux(self.change, Mux(fits, self.length, 0), before))
        with m.If(self.step):
            m.d.sync += before.eq(now)
        m.d.comb += [
            dut.read.eq(self.step),
            dut.length.eq(Mux(self.step, now, self.length)),
            dut.write_data.eq(self.word),
        ]

        # The chosen step's word, and the steps before the one that reads it.
        chosen, left, word = Signal(), Signal(range(self._beats)), Signal(self._width)
        chooses, reads = Signal(), Signal()
        m.d.comb += [
            reads.eq(self.step & chosen & (now == before) & (left == 0)),
            chooses.eq(self.step & self.tag & (~chosen | reads)),
        ]
        with m.If(self.step):
            m.d.sync += [left.eq(left - 1), chosen.eq(chosen & (now == before) & ~reads)]
        with m.If(chooses):
            m.d.sync += [chosen.eq(1), left.eq(now + 3)]
        recent = [Signal(4, name=f"recent_{age}") for age in range(2)]
        m.d.sync += [recent[0].eq(Cat(self.step, chooses, reads, now[0])), recent[1].eq(recent[0])]
        stepped, chose, came, odd = recent[1]
        with m.If(chose):
            m.d.sync += word.eq(self.word)
        known, shown = Signal(), Signal(self._width)
        m.d.sync += [known.eq(1), shown.eq(dut.read_data)]
        m.d.comb += [
            Assert(~came | (dut.read_data == word)),
            Assert(stepped | ~known | (dut.read_data == shown)),
            Cover(came & (word != 0) & odd, "odd lines"),
            Cover(came & (word != 0) & ~odd, "even lines"),
        ]
        return m


class Feeder(wiring.Component):
    """Borders, row border and window, wired as in the core."""

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        kept = design.core_kept
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
    four in ``valid``; columns come two clocks behind their step. One row of the window, freely chosen, is followed.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        step = step_layout(design)
        kept = design.core_kept
        ports = {name: In(1) for name in ("valid", "ends", "result", "first", "last", "eol")}
        rows = {f"rows_{name}": In(step[field].shape) for name, field in (("above", "top"), ("below", "bottom"))}
        super().__init__(
            {
                **ports,
                **rows,
                "pixels": In(shape_of(design.pixel)).array(kept),
                "chosen": In(range(design.kernel_rows)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = design.core_mode == "same"
        before = design.core_right if same else design.kernel_columns - 1
        left, above, below = (design.left, design.above, design.core_below) if same else (0, 0, 0)
        m.submodules.dut = dut = Feeder(design)
        begun, chosen = Signal(), Signal.like(self.chosen)
        with m.If(~begun):
            m.d.sync += [begun.eq(1), chosen.eq(Mux(self.chosen < design.kernel_rows, self.chosen, 0))]

        # The place of a step in its line, the length of the line before (0 if there is none), and the line's row.
        column, length = Signal(range(design.core_columns)), Signal(range(design.core_columns + 1))
        top, bottom = Signal.like(self.rows_above), Signal.like(self.rows_below)
        line_top, line_bottom = Signal.like(top), Signal.like(bottom)
        ends, valid, result = Signal(), Signal(), Signal()
        m.d.comb += [
            valid.eq(self.valid & begun),
            ends.eq((column == design.core_columns - 1) | (self.ends & (column >= design.core_min_columns - 1))),
            result.eq(self.result & ((column >= before) | ((length != 0) & same))),
            line_top.eq(Mux(column == 0, Mux(self.rows_above > above, above, self.rows_above), top)),
            line_bottom.eq(Mux(column == 0, Mux(self.rows_below > below, below, self.rows_below), bottom)),
            dut.step.column.eq(column),
            *(dut.step.near[step].eq(column == step) for step in range(design.core_ahead + 1)),
            dut.step.top.eq(line_top),
            dut.step.bottom.eq(line_bottom),
            dut.step.result.eq(result),
            *(dut.step[name].eq(getattr(self, name)) for name in ("first", "last", "eol")),
        ]
        with m.If(valid):
            m.d.sync += [column.eq(Mux(ends, 0, column + 1)), top.eq(line_top), bottom.eq(line_bottom)]
            with m.If(ends):
                m.d.sync += length.eq(column + 1)

        # Two clocks later the column is there.
        now = [valid, column, length, line_top, line_bottom, result & valid, self.first, self.last, self.eol]
        for clock in range(2):
            later = [Signal(len(Value.cast(value)), name=f"now_{clock}_{index}") for index, value in enumerate(now)]
            m.d.sync += [register.eq(value) for register, value in zip(later, now, strict=True)]
            now = later
        valid_now, column_now, length_now, top_now, bottom_now, result_now, *marks_now = now
        m.d.comb += [dut.valid.eq(valid_now), *(to.eq(pixel) for to, pixel in zip(dut.pixels, self.pixels, strict=True))]

        # The chosen row's pixel of that column.
        offset, source = Signal(signed(6)), Signal(signed(6))
        newest = Signal(shape_of(design.pixel))
        m.d.comb += [
            offset.eq(chosen - above),
            source.eq(_inside(design.boundary, offset + top_now, top_now + bottom_now + 1) - top_now if same else offset),
            newest.eq(Array(self.pixels)[(source + (design.core_above if same else 0)).as_unsigned()]),
        ]
        if same and design.boundary == "constant":
            with m.If((offset < -top_now) | (offset > bottom_now)):
                m.d.comb += newest.eq(design.fill)
        depth = before + left + design.kernel_columns
        history = [Signal.like(newest, name=f"history_{age}") for age in range(1, depth)]
        with m.If(valid_now):
            m.d.sync += [old.eq(new) for old, new in zip(history, [newest, *history], strict=False)]

        # The row of pixels that the result's window shows, by their place in its line.
        tail = column_now < before
        place, size = Signal(signed(8)), Signal(signed(8))
        m.d.comb += [
            place.eq(column_now - before + Mux(tail, length_now, 0)),
            size.eq(Mux(tail, length_now, design.core_columns)),
        ]
        wanted: list[Value] = []
        for index in range(design.kernel_columns):
            at, found, age = (Signal(signed(8), name=f"{name}_{index}") for name in ("at", "found", "age"))
            pixel = Signal.like(newest, name=f"pixel_{index}")
            m.d.comb += [
                at.eq(place + index - left),
                found.eq(_inside(design.boundary, at, size) if same else at),
                age.eq(column_now + Mux(tail, length_now, 0) - found),
                pixel.eq(Array([newest, *history])[age.as_unsigned()]),
            ]
            if same and design.boundary == "constant":
                with m.If((at < 0) | (at >= size)):
                    m.d.comb += pixel.eq(design.fill)
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


def _inside(boundary: str, place: Value, size: Value) -> Value:
    """The place in a line of `size` pixels of the one that stands at `place`; for the fill, any."""
    if boundary == "reflect":
        return Mux(place < 0, -place, Mux(place >= size, 2 * size - 2 - place, place))
    if boundary == "symmetric":
        return Mux(place < 0, -1 - place, Mux(place >= size, 2 * size - 1 - place, place))
    return Mux(place < 0, 0, Mux(place >= size, size - 1, place))
