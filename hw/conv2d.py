"""The 2-D core: raster, line buffer and window in front of the array."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.schedule import Schedule

from .array_core import ArrayCore
from .border import Borders
from .coefficients import coefficient_layout
from .line_buffer import LineBuffer
from .marks import ERROR_LAYOUT
from .raster import Raster
from .stream import SkidBuffer, image_layout
from .window import RowBorder, Window

__all__ = ["Conv2DCore"]


class Conv2DCore(wiring.Component):
    """Convolves images with a kernel: one pixel a clock, full back-pressure, no bubble at row ends or between frames of one
    size.

    Result (r, c) is offered `latency` clocks after the acceptance of pixel (r + below, c + right), counted on in the next row
    and the next frame. Behind a frame that no other follows at once the core drives the end out by itself, in ``below *
    columns + right`` clocks, during which a new frame waits.

    Parameters
    ----------
    design : Conv2DDesign
        Of its modes and boundaries the core makes `design.core_mode`.

    Ports
    -----
    i : stream of `image_layout`
        Pixels, row by row. `last` is ignored: the size says where a frame ends.
    o : stream of `image_layout`
    rows, columns : In
        Size of the frame, in the clock in which its first pixel is accepted; `core_min_rows` to `core_rows` and so for the
        columns.
    coefficients, restart, pending : if they can be loaded
        See `CoefficientBank`.
    busy : Out
        A frame is in the core.
    errors : Out
        Strobes of `ERROR_LAYOUT`; what follows each is in docs/architecture.md.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self.design = design
        self.schedule = Schedule(design)
        ports = {
            "i": In(stream.Signature(image_layout(design.pixel))),
            "o": Out(stream.Signature(image_layout(design.output_format))),
            "rows": In(16),
            "columns": In(16),
            "busy": Out(1),
            "errors": Out(ERROR_LAYOUT),
            "overflow": Out(1),
        }
        if design.loadable:
            ports |= {
                "coefficients": In(stream.Signature(coefficient_layout(design))),
                "restart": In(1),
                "pending": Out(1),
            }
        super().__init__(ports)

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of the pixel that completes a result to its offer, without stalls."""
        return self.schedule.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self.design
        # A frame's size goes the way of its pixels: its first one may wait here while the ports show the next frame's.
        size = data.StructLayout({"rows": range(design.core_rows + 1), "columns": range(design.core_columns + 1)})
        sized = data.StructLayout({"beat": image_layout(design.pixel), "size": size, "fits": 1, "repeats": 1})
        m.submodules.skid = skid = SkidBuffer(sized)
        m.submodules.raster = raster = Raster(design)
        m.submodules.lines = lines = LineBuffer(design)
        m.submodules.borders = borders = Borders(design)
        m.submodules.border = border = RowBorder(design)
        m.submodules.window = window = Window(design)
        m.submodules.array = array = ArrayCore(self.schedule, image_layout(design.output_format))

        # What the raster asks of a size is found here, where a register follows. `begun` is the size of the frame whose first
        # pixel was accepted last, if that fits.
        now, begun, begun_fits = Signal(size), Signal(size), Signal()
        m.d.comb += [
            now.rows.eq(self.rows),
            now.columns.eq(self.columns),
            skid.i.p.size.eq(now),
            skid.i.p.fits.eq(
                (self.rows >= design.core_min_rows)
                & (self.rows <= design.core_rows)
                & (self.columns >= design.core_min_columns)
                & (self.columns <= design.core_columns)
            ),
            skid.i.p.repeats.eq((now.rows == begun.rows) & (now.columns == begun.columns) & begun_fits),
        ]
        with m.If(self.i.valid & self.i.ready & self.i.p.first):
            m.d.sync += [begun.eq(now), begun_fits.eq(skid.i.p.fits)]

        wiring.connect(m, array.o, wiring.flipped(self.o))
        wiring.connect(m, border.o, window.i)
        m.d.comb += [
            skid.i.valid.eq(self.i.valid),
            skid.i.p.beat.eq(self.i.payload),
            self.i.ready.eq(skid.i.ready),
            raster.i.valid.eq(skid.o.valid),
            raster.i.payload.eq(skid.o.p.beat),
            raster.rows.eq(skid.o.p.size.rows),
            raster.columns.eq(skid.o.p.size.columns),
            raster.fits.eq(skid.o.p.fits),
            raster.repeats.eq(skid.o.p.repeats),
            skid.o.ready.eq(raster.i.ready),
            raster.available.eq(array.available),
            array.take.eq(raster.take),
            lines.valid.eq(raster.valid),
            lines.step.eq(raster.step),
            borders.step.eq(raster.step),
            border.i.valid.eq(lines.o_valid),
            border.i.choice.eq(borders.choice),
            *(pixel.eq(line) for pixel, line in zip(border.i.pixels, lines.pixels, strict=True)),
            *(array.samples[product.lane].eq(window.places[product.position]) for product in self.schedule.products),
            array.valid.eq(window.valid),
            *(array.marks[name].eq(getattr(window, name)) for name in ("first", "last", "eol")),
            self.busy.eq(skid.o.valid | raster.open | raster.valid | ~array.home),
            self.overflow.eq(array.overflow),
        ]
        errors = raster.errors
        m.d.comb += [self.errors[name].eq(errors[name]) for name in ("size", "first", "orphan", "eol")]
        if design.loadable:
            wiring.connect(m, wiring.flipped(self.coefficients), array.coefficients)
            m.d.comb += [
                array.swap.eq(window.next_first),
                array.restart.eq(self.restart),
                array.open.eq(raster.open | raster.valid | skid.o.valid),
                self.pending.eq(array.pending),
                self.errors.coefficients.eq(array.coefficient_error),
            ]
        return m
