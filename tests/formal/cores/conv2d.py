"""The 2-D core's specification."""

from amaranth.hdl import Array, Assert, Cat, Const, Cover, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.cores.shared import finished, shallow
from formal.window.places import inside

from convolver.designs import Conv2DDesign
from convolver.hw.cores import conv2d
from convolver.hw.stream import layouts
from convolver.plan.geometry import geometry_of
from convolver.shell import FULL, Shell

__all__ = ["Conv2DCoreSpec"]

SETTLING = 3
"""Clocks behind its last result, or behind a beat that it drops, after which a core is no longer busy."""


class Conv2DCoreSpec(wiring.Component):
    """A whole 2-D core: each result of a frame has the right value and the right marks, whatever came before and comes after.

    One frame at a time, chosen by `tag`, is written down as it is accepted, and one of its results, at the free place `row` and
    `column`, is computed from it by looking at every pixel under the kernel: outside the frame it is the fill, the nearest
    pixel, or a mirrored one. Pixels that a frame lacks are 0. The marks are compared for all of its results. While results are
    taken, a beat that is offered doesn't wait for ever: for so many clocks at most it is taken, or a result leaves. A core that
    owes no result is busy for some clocks only, and then it has told all errors, each of them once. In a `shell` of one size
    every frame has the greatest.

    With the buffer's own depth, while no result is stalled: a frame that found the core empty is accepted one pixel a clock,
    and so are those of its size that follow it without a gap. The result is offered `latency` clocks after the pixel that
    completes it.
    """

    def __init__(self, design: Conv2DDesign, depth: int | None = None, shell: Shell = FULL) -> None:
        self._design = design
        self._depth = depth
        self._shell = shell
        self._layout = layouts.beat_layout(design)
        ports = {name: In(1) for name in ("next_valid", "next_regular", "ready", "tag")}
        ports |= {"next_payload": In(self._layout), "fitting": In(1), "most": In(2)}
        sizes = {"rows": In(range(design.frame_axes[0].most + 2)), "columns": In(range(design.frame_axes[1].most + 2))}
        super().__init__(
            {**ports, **sizes, "row": In(range(design.frame_axes[0].most)), "column": In(range(design.frame_axes[1].most))}
        )

    def _patience(self, core: conv2d.Conv2DCore) -> int:
        """Clocks for which a beat waits at most for the next result, or for its turn behind one: those of a result in flight,
        and of the steps that give none, at a frame's start and at its end."""
        columns = self._design.frame_axes[1].most
        below, right_of = self._behind
        return core.latency + below * columns + right_of + core.plan.timing.flush_clocks(columns)

    @property
    def _behind(self) -> tuple[int, int]:
        """Lines and pixels by which the pixel that completes a result is behind the result's place."""
        geometry = geometry_of(self._design)
        if geometry.mode == "same":
            return geometry.below, geometry.right
        return self._design.kernel_rows - 1, self._design.kernel_columns - 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = geometry_of(design).mode == "same"
        core = conv2d.Conv2DCore(design, shell=self._shell)
        if self._depth:
            core.plan = shallow(core.plan, self._depth)
        m.submodules.dut = core
        valid, payload = Signal(), Signal(self._layout)
        # Frames of the least and the greatest sizes are as likely as any others.
        rows, columns = Signal.like(self.rows), Signal.like(self.columns)
        for size, asked, axis, most in zip(
            (rows, columns), (self.rows, self.columns), design.frame_axes, self.most, strict=True
        ):
            asks = Mux(self.fitting, Mux(most, axis.most, axis.least), asked)
            m.d.comb += size.eq(asks if self._shell.resizes else axis.most)
        hold, valid_next, payload_next = Signal(), Signal(), Signal(self._layout)
        given, regular = Signal(self._layout), Signal()  # frames of which all pixels come are as likely as any others
        left = Signal(range(design.frame_axes[0].most * design.frame_axes[1].most + 1))  # pixels of a frame that are to come
        m.d.comb += [
            hold.eq(valid & ~core.i.ready),
            valid_next.eq(hold | self.next_valid | self.next_regular),
            payload_next.eq(Mux(hold, given.as_value(), self.next_payload.as_value())),
            payload.eq(given),
            payload.first.eq(Mux(regular, left == 0, given.first)),
            core.i.valid.eq(valid),
            core.i.payload.eq(payload),
            core.o.ready.eq(self.ready),
        ]
        if self._shell.resizes:
            m.d.comb += [core.rows.eq(rows), core.columns.eq(columns)]
        m.d.sync += [valid.eq(valid_next), given.eq(payload_next), regular.eq(Mux(hold, regular, self.next_regular))]

        # Which pixel of which frame is accepted; the time doesn't matter, only the order.
        most = design.frame_axes[0].most * design.frame_axes[1].most
        accept, fits, begins = Signal(), Signal(), Signal()
        frame_columns, x, y = Signal(4), Signal(4), Signal(4)
        m.d.comb += [
            accept.eq(valid & core.i.ready),
            fits.eq(
                (rows >= design.frame_axes[0].least)
                & (rows <= design.frame_axes[0].most)
                & (columns >= design.frame_axes[1].least)
                & (columns <= design.frame_axes[1].most)
            ),
            begins.eq(accept & payload.first & fits),
        ]
        belongs = begins | accept & ~payload.first & (left != 0)
        now_x, now_y = Mux(begins, 0, x), Mux(begins, 0, y)
        now_columns = Mux(begins, columns, frame_columns)
        with m.If(begins):
            m.d.sync += [frame_columns.eq(columns), left.eq(rows * columns - 1)]
        with m.Elif(accept & payload.first):
            m.d.sync += left.eq(0)
        with m.Elif(belongs):
            m.d.sync += left.eq(left - 1)
        with m.If(belongs):
            m.d.sync += [x.eq(Mux(now_x == now_columns - 1, 0, now_x + 1)), y.eq(now_y + (now_x == now_columns - 1))]

        # What is wrong with beats is told by the time at which the core is empty; a frame that doesn't fit once for all of it.
        skipped = Signal()
        with m.If(accept & payload.first):
            m.d.sync += skipped.eq(~fits)
        wrong = {
            "size": accept & payload.first & ~fits,
            "first": accept & payload.first & (left != 0),
            "orphan": accept & ~payload.first & (left == 0) & ~skipped,
            "eol": belongs & (payload.eol != (now_x == now_columns - 1)),
        }
        for name, happens in wrong.items():
            untold = Signal(4, name=f"untold_{name}")
            m.d.sync += untold.eq(untold + happens - core.errors[name])
            m.d.comb += Assert(core.busy | (untold == core.errors[name]))

        # The results promised and not out; those of the chosen frame are followed.
        height, width = (rows, columns) if same else (rows - design.kernel_rows + 1, columns - design.kernel_columns + 1)
        owed = Signal(range(64 + 4 * most))
        leaves = Signal()
        m.d.comb += leaves.eq(core.o.valid & self.ready)
        m.d.sync += owed.eq(owed + Mux(begins, (height * width)[: len(left)], 0) - leaves)
        chosen, ours, ahead = Signal(), Signal(), Signal.like(owed)
        entering = Signal()  # the chosen frame is the one that enters
        high, wide, in_row, in_column = Signal(4), Signal(4), Signal(4), Signal(4)
        shape = layouts.shape_of(design.pixel)
        pixels = [
            [Signal(shape, name=f"pixel_{r}_{c}") for c in range(design.frame_axes[1].most)]
            for r in range(design.frame_axes[0].most)
        ]
        row, column = Signal(4), Signal(4)
        m.d.comb += ours.eq(chosen & (ahead == 0) & leaves)
        row_end, place_end = Signal(), Signal()
        m.d.comb += [place_end.eq(in_column == wide - 1), row_end.eq(in_row == high - 1)]
        choose = begins & self.tag & ~chosen
        source_rows, source_columns = Signal(4), Signal(4)
        with m.If(choose):
            m.d.sync += [
                chosen.eq(1),
                entering.eq(1),
                ahead.eq(owed - leaves),
                high.eq(height),
                wide.eq(width),
                source_rows.eq(rows),
                source_columns.eq(columns),
                in_row.eq(0),
                in_column.eq(0),
                row.eq(self.row),
                column.eq(self.column),
            ]
            for pixel in (pixel for line in pixels for pixel in line):
                m.d.sync += pixel.eq(0)
            m.d.sync += pixels[0][0].eq(payload.data)
        with m.Elif(chosen):
            with m.If(begins):
                m.d.sync += entering.eq(0)
            with m.If(leaves & (ahead != 0)):
                m.d.sync += ahead.eq(ahead - 1)
            with m.If(entering & belongs & ~begins):
                for r, line in enumerate(pixels):
                    for c, pixel in enumerate(line):
                        with m.If((y == r) & (x == c)):
                            m.d.sync += pixel.eq(payload.data)
            with m.If(ours):
                m.d.sync += [in_column.eq(Mux(place_end, 0, in_column + 1)), in_row.eq(in_row + place_end)]
                with m.If(place_end & row_end):
                    m.d.sync += chosen.eq(0)

        # The chosen result, pixel by pixel under the kernel.
        above, left_of = (design.above, design.left) if same else (0, 0)
        total = Const(0, signed(design.accumulator.width + 4))
        for i in range(design.kernel_rows):
            for j in range(design.kernel_columns):
                weight = design.kernel[-1 - i][-1 - j] if design.operation == "convolve" else design.kernel[i][j]
                place_y, place_x = Signal(signed(6), name=f"y_{i}_{j}"), Signal(signed(6), name=f"x_{i}_{j}")
                m.d.comb += [place_y.eq(row + i - above), place_x.eq(column + j - left_of)]
                near_y, near_x = Signal(signed(6), name=f"near_y_{i}_{j}"), Signal(signed(6), name=f"near_x_{i}_{j}")
                m.d.comb += [
                    near_y.eq(inside(design.boundary, place_y, source_rows)),
                    near_x.eq(inside(design.boundary, place_x, source_columns)),
                ]
                lines = [Array(line)[near_x.as_unsigned()] for line in pixels]
                found = Signal(shape, name=f"found_{i}_{j}")
                m.d.comb += found.eq(Array(lines)[near_y.as_unsigned()])
                if design.boundary == "constant":
                    with m.If((near_y != place_y) | (near_x != place_x)):
                        m.d.comb += found.eq(design.fill)
                partial = Signal(total.shape(), name=f"partial_{i}_{j}")
                m.d.comb += partial.eq(total + found * weight)
                total = partial
        wanted = Signal(layouts.shape_of(design.output_format))
        m.d.comb += wanted.eq(finished(design, total))

        # No beat waits for ever: while results are taken, the next beat is, or a result leaves, within some clocks.
        waits, waited = Signal(), Signal(range(self._patience(core) + 1))
        m.d.comb += waits.eq(valid & ~core.i.ready & self.ready & ~leaves)
        m.d.sync += waited.eq(Mux(waits, waited + 1, 0))

        # Nor is a core busy for ever that owes nothing.
        quiet = Signal(range(SETTLING + 1))
        m.d.sync += quiet.eq(Mux((owed != 0) | accept, 0, quiet + (quiet != SETTLING)))

        output = core.o.payload
        stalled, before = Signal(), Signal.like(output)
        m.d.sync += [stalled.eq(core.o.valid & ~self.ready), before.eq(output)]
        shown = chosen & (ahead == 0) & core.o.valid
        met = shown & (in_row == row) & (in_column == column)
        if not self._depth:
            late, alone = Signal(), Signal()  # a result may have been stalled; the chosen frame found no other
            m.d.sync += late.eq((core.o.valid & ~self.ready) | (late & core.busy))
            with m.If(choose):
                m.d.sync += alone.eq(~core.busy)
            below, right_of = self._behind
            # Frames of one size without a gap between their pixels, from an empty core on: none of them waits.
            smooth, goes_on, frame_rows = Signal(), Signal(), Signal(4)
            with m.If(begins):
                m.d.sync += frame_rows.eq(rows)
            joins = fits & (rows == frame_rows) & (columns == frame_columns) & (rows > below)
            m.d.comb += goes_on.eq(Mux(payload.first, (left == 0) & joins, left != 0))
            m.d.sync += smooth.eq(Mux(core.busy, smooth & accept & goes_on, begins))
            came = Signal(core.latency)
            completes = chosen & entering & alone & belongs & ~begins & (y == row + below) & (x == column + right_of)
            m.d.sync += came.eq(Cat(completes, came))
            m.d.comb += [
                Assert(~(came[-1] & ~late & chosen) | met),
                Assert(~(chosen & entering & alone & ~late & valid & ~payload.first & (left != 0)) | core.i.ready),
                Assert(~(smooth & ~late & valid & goes_on) | core.i.ready),
            ]
        one_row = design.frame_axes[0].most == (1 if same else design.kernel_rows)  # no frame has more results
        m.d.comb += [
            Assert(~stalled | (core.o.valid & (output == before))),
            Assert(~core.overflow),
            Assert(~waits | (waited != self._patience(core))),
            Assert(~core.o.valid | (owed != 0)),
            Assert(core.busy | (owed == 0)),
            Assert(~core.busy | (quiet != SETTLING)),
            Assert(~shown | (output.first == ((in_row == 0) & (in_column == 0)))),
            Assert(~shown | (output.eol == place_end)),
            Assert(~shown | (output.last == (place_end & row_end))),
            Assert(~met | (output.data == wanted)),
            Cover(met & ((row != 0) | one_row) & (column != 0) & (wanted != 0), "a result inside"),
            Cover(ours & place_end & row_end & begins, "one leaves while the next one enters"),
        ]
        return m
