"""The raster's specification."""

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Conv2DDesign
from convolver.hw.stream import layouts
from convolver.hw.stream.marks import ERROR_LAYOUT
from convolver.hw.window import fixed_check, frame_size, raster
from convolver.plan.geometry import geometry_of

__all__ = ["RasterSpec"]


class RasterSpec(wiring.Component):
    """The raster: a frame of R x C pixels gives R x C results (those of ``valid`` fewer), in order, marked by their place.

    Frames are counted as they begin; the results of one, chosen by `tag`, are followed one by one. Bounded liveness: while
    results
    may start and pixels come, there is progress within `patience` clocks, and without pixels a frame's end still leaves.
    With `fixed` all frames have the largest size, come through the check of such, and nothing of it is kept.
    """

    def __init__(self, design: Conv2DDesign, *, fixed: bool = False) -> None:
        self._fixed = fixed
        self._design = design
        self._layout = layouts.beat_layout(design)
        ports = {name: In(1) for name in ("next_valid", "next_regular", "available", "tag")}
        ports |= {"next_payload": In(self._layout), "fitting": In(1), "most": In(2)}
        sizes = {
            "next_rows": In(range(design.frame_axes[0].most + 2)),
            "next_columns": In(range(design.frame_axes[1].most + 2)),
        }
        super().__init__(ports | sizes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = geometry_of(design).mode == "same"
        below, right = (geometry_of(design).below, geometry_of(design).right) if same else (0, 0)
        above, low = (design.above, below) if same else (0, 0)
        # Of the first pixel that completes a result.
        start_row, start_column = (below, right) if same else (design.kernel_rows - 1, design.kernel_columns - 1)
        m.submodules.dut = dut = raster.Raster(design, frame_size.FixedSize(design) if self._fixed else None)
        fits = Signal()
        # A source that keeps to the stream's rule; the size comes with the beat. Frames of the least and the greatest size,
        # and those of which all pixels come, are as likely as any others.
        valid, payload, rows, columns = Signal(), Signal(self._layout), Signal(4), Signal(4)
        given, regular = Signal(self._layout), Signal()
        size = Cat(rows, columns)
        hold, valid_next, payload_next = Signal(), Signal(), Signal(self._layout)
        m.d.comb += [
            hold.eq(valid & ~dut.i.ready),
            valid_next.eq(hold | self.next_valid | self.next_regular),
            payload_next.eq(Mux(hold, given.as_value(), self.next_payload.as_value())),
            dut.available.eq(self.available),
        ]
        # The size of the first pixel that was accepted last, whether it fits, and whether another pixel followed: what the core
        # keeps in front of the raster. What it says of a beat is what `FrameCheckSpec` asserts.
        begun, begun_fits, goes_on = Signal(8), Signal(), Signal()
        starts = valid & payload.first & fits
        if self._fixed:
            m.submodules.check = check = fixed_check.FixedCheck(design)
            wiring.connect(m, check.o, dut.i)
            m.d.comb += [check.i.valid.eq(valid), check.i.payload.eq(payload)]
        else:
            m.d.comb += [
                dut.i.valid.eq(valid),
                dut.i.p.beat.eq(payload),
                dut.i.p.rows_left.eq(rows - 2),
                dut.i.p.short.eq(rows <= below),
                dut.i.p.columns_left.eq(columns - 4),
                dut.i.p.starts.eq(starts),
                dut.i.p.joins.eq(starts & (size == begun) & begun_fits & goes_on),
                dut.i.p.more.eq(valid & ~payload.first),
                dut.i.p.refused.eq(valid & ~starts),
            ]
        with m.If(valid & dut.i.ready):
            m.d.sync += goes_on.eq(~payload.first)
            with m.If(payload.first):
                m.d.sync += [begun.eq(size), begun_fits.eq(fits)]
        m.d.sync += [valid.eq(valid_next), given.eq(payload_next), regular.eq(Mux(hold, regular, self.next_regular))]
        asked = (rows, self.next_rows), (columns, self.next_columns)
        for (sized, next_size), axis, most in zip(asked, design.frame_axes, self.most, strict=True):
            if self._fixed:
                m.d.comb += sized.eq(axis.most)
            else:
                with m.If(~hold):
                    m.d.sync += sized.eq(Mux(self.fitting, Mux(most, axis.most, axis.least), next_size))
        first = payload.first
        m.d.comb += fits.eq(
            (rows >= design.frame_axes[0].least)
            & (rows <= design.frame_axes[0].most)
            & (columns >= design.frame_axes[1].least)
            & (columns <= design.frame_axes[1].most)
        )

        # The frame that enters: how many of its pixels are still to come, and whether the core makes them up.
        most = design.frame_axes[0].most * design.frame_axes[1].most
        area = Signal(range(most + 1))
        m.d.comb += area.eq(Mux(fits, rows * columns, 0))
        left = Signal(range(most + 1))
        m.d.comb += [payload.eq(given), payload.first.eq(Mux(regular, left == 0, given.first))]
        made_up, dropping = Signal(), Signal()
        accept, begins, enters = Signal(), Signal(), Signal()
        m.d.comb += [
            accept.eq(valid & dut.i.ready),
            begins.eq(accept & first & fits & (left == 0)),
            enters.eq(begins | (left != 0) & (made_up | accept)),
        ]
        column, last_column = Signal(4), Signal(4)
        with m.If(begins):
            m.d.sync += [left.eq(area - 1), last_column.eq(columns - 1), column.eq(Mux(columns == 1, 0, 1)), dropping.eq(0)]
        with m.Elif(left != 0):
            with m.If(made_up):
                # One pixel made up for each clock in which results may start.
                with m.If(self.available):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 1):
                        m.d.sync += made_up.eq(0)
            with m.Elif(valid & first):
                m.d.sync += made_up.eq(1)
            with m.Elif(accept):
                m.d.sync += [left.eq(left - 1), column.eq(Mux(column == last_column, 0, column + 1))]
        wrong_size = accept & first & ~fits & (left == 0)
        with m.If(wrong_size):
            m.d.sync += dropping.eq(1)

        errors = Signal(ERROR_LAYOUT)
        eol_wanted = Mux(begins, columns == 1, column == last_column)
        m.d.sync += [
            errors.size.eq(wrong_size),
            errors.first.eq((left != 0) & ~made_up & valid & first),
            errors.orphan.eq(accept & ~first & (left == 0) & ~dropping),
            errors.eol.eq((begins | (left != 0) & ~made_up & accept) & (payload.eol != eol_wanted)),
        ]
        m.d.comb += [Assert(dut.errors[name] == errors[name]) for name in ("size", "first", "orphan", "eol")]

        # Results promised and not yet started; at most three frames are inside, the chosen one among them.
        high, wide = (rows, columns) if same else (rows - design.kernel_rows + 1, columns - design.kernel_columns + 1)
        promise = Signal(range(most + 1))
        owed = Signal(range(4 * most))
        m.d.comb += promise.eq(Mux(begins, (high * wide)[: len(promise)], 0))
        m.d.sync += owed.eq(owed + promise - dut.claim)
        chosen, done, ahead = Signal(), Signal(), Signal.like(owed)
        row, place = Signal(4), Signal(4)
        chosen_rows, chosen_columns = Signal(4), Signal(4)
        ours = Signal()
        choose = begins & self.tag & ~chosen
        with m.If(choose):
            m.d.sync += [
                chosen.eq(1),
                ahead.eq(owed - dut.claim),
                chosen_rows.eq(high),
                chosen_columns.eq(wide),
                row.eq(0),
                place.eq(0),
            ]
        # A frame of one pixel may complete its only result as it begins.
        at_once = Signal()
        m.d.comb += [at_once.eq(choose & dut.claim & (owed == 0)), ours.eq(at_once | chosen & (ahead == 0) & dut.claim)]
        with m.If(at_once):
            m.d.sync += ahead.eq(0)
        with m.If(chosen & dut.claim & (ahead != 0)):
            m.d.sync += ahead.eq(ahead - 1)
        rows_now, columns_now = Mux(chosen, chosen_rows, high), Mux(chosen, chosen_columns, wide)
        row_now, place_now = Mux(chosen, row, 0), Mux(chosen, place, 0)
        wanted = Signal(3)
        ours_before, took = Signal(), Signal()
        row_end = place_now == columns_now - 1
        frame_end = row_end & (row_now == rows_now - 1)
        m.d.sync += [
            ours_before.eq(ours),
            took.eq(dut.claim),
            wanted.eq(Cat((row_now == 0) & (place_now == 0), frame_end, row_end)),
        ]
        with m.If(ours):
            m.d.sync += [place.eq(Mux(row_end, 0, place_now + 1)), row.eq(row_now + row_end)]
            with m.If(frame_end):
                m.d.sync += [chosen.eq(0), done.eq(1)]
        step = dut.o.step
        m.d.comb += [
            Assert((owed != 0) | (promise != 0) | ~dut.claim),
            Assert(took == (dut.o.valid & step.result)),
            Assert(~ours_before | (Cat(step.first, step.last, step.eol) == wanted)),
            Assert(dut.open == (left != 0) | (owed != 0)) if same else Assert(dut.open == (left != 0)),
            Assert(dut.i.ready | valid),  # where there is no beat, the slice in front moves, too
            # No pixel of a frame waits: not in a row, not at its end, not between frames of one size.
            Assert(~(valid & self.available & ~first & (left != 0) & ~made_up) | dut.i.ready),
            Assert(~dut.claim | self.available),
        ]
        # Each step stands where its pixel is, and has so many rows above and below its own; a step of the chosen frame that
        # has a pixel completes the result `below` lines and `right` columns before.
        x, y, rows_of, columns_of = Signal(4), Signal(4), Signal(4), Signal(4)
        stepping, follows = Signal(), Signal()  # a pixel of the frame makes a step; the frame is the chosen one
        x_now, y_now = Mux(begins, 0, x), Mux(begins, 0, y)
        rows_in, columns_in = Mux(begins, rows, rows_of), Mux(begins, columns, columns_of)
        m.d.comb += stepping.eq(begins | (left != 0) & (made_up & self.available | ~made_up & accept))
        with m.If(begins):
            m.d.sync += [rows_of.eq(rows), columns_of.eq(columns), follows.eq(choose)]
        with m.If(stepping):
            line_ends = x_now == columns_in - 1
            m.d.sync += [x.eq(Mux(line_ends, 0, x_now + 1)), y.eq(y_now + line_ends)]
        stepped, serves, pixel = Signal(), Signal(), Signal.like(payload.data)
        wanted_column, wanted_top, wanted_bottom = Signal(4), Signal(4), Signal(4)
        wanted_length = Signal.like(dut.o.length)
        rows_before, rows_behind = y_now - low, rows_in - 1 - y_now + low
        m.d.sync += [
            stepped.eq(stepping),
            serves.eq(y_now >= low),
            wanted_column.eq(x_now),
            wanted_length.eq(columns_in - 4),
            wanted_top.eq(Mux(rows_before > above, above, rows_before)),
            wanted_bottom.eq(Mux(rows_behind > low, low, rows_behind)),
            pixel.eq(Mux(made_up & ~begins, 0, payload.data)),
        ]
        whole = Mux(begins, choose, follows & chosen) & (y_now >= start_row) & (x_now >= start_column)
        m.d.comb += [
            Assert(~stepped | (dut.o.valid & (step.column == wanted_column) & (step.pixel == pixel))),
            Assert(~dut.o.valid | (dut.o.length == wanted_length)),
            *(
                Assert(~stepped | (step.near[place] == (wanted_column == place)))
                for place in range(geometry_of(design).ahead + 1)
            ),
            Assert(~(stepping & whole) | (ours & (row_now == y_now - start_row) & (place_now == x_now - start_column))),
        ]
        if same:
            m.d.comb += Assert(~(stepped & serves) | ((step.top == wanted_top) & (step.bottom == wanted_bottom)))
            # Behind the frame's last pixel, too: the line of a result, or, at its row's end, of the next row.
            at_end = place_now + right >= columns_now
            row_served = row_now + at_end
            ours_top, ours_bottom, ours_served = Signal(4), Signal(4), Signal()
            rows_after = rows_now - 1 - row_served
            m.d.sync += [
                ours_served.eq(ours & (row_served < rows_now)),
                ours_top.eq(Mux(row_served > above, above, row_served)),
                ours_bottom.eq(Mux(rows_after > low, low, rows_after)),
            ]
            m.d.comb += Assert(~ours_served | ((step.top == ours_top) & (step.bottom == ours_bottom)))

        # The next frame, if it has the same size and follows at once, waits for nothing.
        ended, ended_size = Signal(), Signal(8)
        m.d.sync += ended.eq(enters & ~made_up & ((left == 1) | begins & (area == 1)))
        with m.If(begins):
            m.d.sync += ended_size.eq(size)
        high_enough = ended_size[:4] > below
        m.d.comb += Assert(~(ended & valid & first & fits & (size == ended_size) & high_enough & self.available) | dut.i.ready)

        # Progress: clocks in which it could have moved on, and didn't.
        patience = most + below * design.frame_axes[1].most + right + 3
        waits, rests = Signal(range(patience + 2)), Signal(range(patience + 2))
        with m.If(dut.i.ready | ~valid):
            m.d.sync += waits.eq(0)
        with m.Elif(self.available & (waits <= patience)):
            m.d.sync += waits.eq(waits + 1)
        with m.If(dut.claim | (owed == 0)):
            m.d.sync += rests.eq(0)
        with m.Elif(self.available & ((left == 0) | made_up | valid) & (rests <= patience)):
            m.d.sync += rests.eq(rests + 1)
        m.d.comb += [Assert(waits <= patience), Assert(rests <= patience)]

        covers = {
            "frame": done
            & ((chosen_rows > 1) | (design.frame_axes[0].most == 1))
            & ((chosen_columns > 1) | (design.frame_axes[1].most == 1)),
            "back to back": ended & begins,
            "flushed and begun": done & begins & (owed == 0),
            "made up": made_up & (left == 2),
            "largest": begins & (area == most),
        }
        if not self._fixed:
            covers["dropped"] = dropping & begins
        m.d.comb += [Cover(reached, name) for name, reached in covers.items()]
        return m
