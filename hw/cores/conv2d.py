"""The 2-D core: raster, line buffer and window in front of the array."""

from itertools import product

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.lowering import lower
from convolver.plan.target import Family

from ..mac.coefficients import coefficient_layout
from ..mac.column_filter import ColumnFilter
from ..mac.operands import Operands, Sums
from ..stream.delay import Delay
from ..stream.layouts import beat_layout, marks_of, result_layout
from ..stream.marks import ERROR_LAYOUT
from ..stream.slot_timer import SlotTimer
from ..window.border import Borders
from ..window.boundaries import boundary_of
from ..window.frame_check import FrameCheck
from ..window.line_buffer import LineBuffer
from ..window.place_format import PlaceFormat
from ..window.raster import Raster
from ..window.window import RowBorder, Window
from .array_core import ArrayCore
from .core import Core

__all__ = ["Conv2DCore"]


class Conv2DCore(Core):
    """Convolves images with a kernel, or with several at once: one beat a clock, of one pixel or several, or one pixel a slot
    (`Plan.cycles`), full back-pressure, no bubble at row ends or between frames of one size.

    The results of beat b of row r are offered `latency` clocks after the acceptance of beat ``b + core_ahead`` of row
    ``r + core_below``, counted on in the next row and the next frame. Behind a frame that no other follows at once the core
    drives the end out by itself, in ``core_below * beats + core_ahead`` slots, during which a new frame waits.

    Parameters
    ----------
    design : Conv2DDesign
        Of its modes and boundaries the core makes `design.core_mode`.
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that it is planned for; by default any.

    Ports
    -----
    i : stream of `beat_layout`
        Pixels, row by row; a beat has `design.pixels_per_clock` of one row, a row's last beat the rest. `last` is ignored: the
        size says where a frame ends. A `keep` that differs is flagged as `eol`, and ignored.
    o : stream of `result_layout`
    rows, columns : In
        Size of the frame, in the clock in which its first pixel is accepted; `core_min_rows` to `core_rows` and so for the
        columns.
    boundary, fill : In, if they can be switched
        As `rows` and `columns`: the frame's boundary, a place in `GATEWARE_BOUNDARIES`, and the pixel of ``constant``.
    coefficients, restart, pending : if they can be loaded
        See `CoefficientBank`.
    busy : Out
        A frame is in the core.
    errors : Out
        Strobes of `ERROR_LAYOUT`; what follows each is in docs/architecture.md.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: Conv2DDesign
    plan: ArrayPlan

    def __init__(self, design: Conv2DDesign, family: Family | None = None) -> None:
        self.design = design
        self.plan = lower(design, family)
        ports = {
            "i": In(stream.Signature(beat_layout(design))),
            "o": Out(stream.Signature(result_layout(design))),
            "rows": In(16),
            "columns": In(16),
            "busy": Out(1),
            "errors": Out(ERROR_LAYOUT),
            "overflow": Out(1),
        }
        ports |= {name: In(shape) for name, shape in boundary_of(design).layout.members.items()}
        if design.loadable:
            ports |= {
                "coefficients": In(stream.Signature(coefficient_layout(design.coefficient_format))),
                "restart": In(1),
                "pending": Out(1),
            }
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self.design
        m.submodules.check = check = FrameCheck(design)
        m.submodules.raster = raster = Raster(design)
        m.submodules.lines = lines = LineBuffer(design, self.plan.line_buffer)
        m.submodules.borders = borders = Borders(design)
        m.submodules.border = border = RowBorder(design)
        # Separable kernels' window is that of their row filters, on the sums of the columns.
        sums = PlaceFormat.of_sums(design, self.plan) if self.plan.column_filters else None
        m.submodules.window = window = Window(design, sums)
        m.submodules.array = array = ArrayCore(self.plan, result_layout(design))

        if self.plan.cycles == 1:
            wiring.connect(m, wiring.flipped(self.i), check.i)
        wiring.connect(m, check.o, raster.i)
        wiring.connect(m, array.o, wiring.flipped(self.o))
        if sums is not None:
            m.submodules.column = column = ColumnFilter(design, self.plan)
            wiring.connect(m, border.o, column.i)
            wiring.connect(m, column.o, window.i)
        else:
            wiring.connect(m, border.o, window.i)
        m.d.comb += [
            check.rows.eq(self.rows),
            check.columns.eq(self.columns),
            raster.available.eq(array.available),
            array.claim.eq(raster.claim),
            lines.valid.eq(raster.valid),
            lines.step.eq(raster.step),
            lines.length.eq(raster.length),
            borders.step.eq(raster.step),
            border.i.valid.eq(lines.o_valid),
            border.i.choice.eq(borders.choice),
            *(pixel.eq(line) for pixel, line in zip(border.i.pixels, lines.pixels, strict=True)),
        ]
        operands, valid, marks = self._operands(m, window)
        if self.plan.cycles > 1:
            self._fold(m, check, array, operands, valid, marks)
        else:
            m.d.comb += [
                array.valid.eq(valid),
                *(array.marks[name].eq(mark) for name, mark in marks.items()),
                *(array.samples[lane].eq(operand) for lane, operand in enumerate(operands)),
            ]
        m.d.comb += [
            self.busy.eq(check.waiting | raster.open | raster.valid | ~array.idle),
            self.overflow.eq(array.overflow),
        ]
        m.d.comb += [getattr(check, name).eq(getattr(self, name)) for name in boundary_of(design).layout.members]
        errors = raster.errors
        m.d.comb += [self.errors[name].eq(errors[name]) for name in ("size", "first", "orphan", "eol")]
        if design.loadable:
            wiring.connect(m, wiring.flipped(self.coefficients), array.coefficients)
            m.d.comb += [
                array.swap.eq(window.next_first),
                array.restart.eq(self.restart),
                array.open.eq(raster.open | raster.valid | check.waiting),
                self.pending.eq(array.pending),
                self.errors.coefficients.eq(array.coefficient_error),
            ]
        return m

    def _operands(self, m: Module, window: Window) -> tuple[list[Value], Value, dict[str, Value]]:
        """What the products take, one sample of a beat behind the other; whether it is that of a result; and its marks."""
        plan = self.plan
        shapes = marks_of(self.design)
        marks: dict[str, Value] = {name: getattr(window, name) for name in shapes}
        operands: list[Value] = []
        several = plan.copies * len(plan.arrays) > 1
        for number, (copy, kernel) in enumerate(product(range(plan.copies), range(len(plan.arrays)))):
            array, places = plan.arrays[kernel], window.of(*divmod(copy, plan.planes), kernel)
            if not plan.sum_levels:
                operands += [places[one.position] for one in array.products]
                continue
            m.submodules[f"sums_{number}" if several else "sums"] = sums = Sums(array, plan.sum_levels)
            m.d.comb += [into.eq(place) for into, place in zip(sums.places, places, strict=True)]
            operands += sums.sums
        if not plan.sum_levels:
            return operands, window.valid, marks
        m.submodules.beside = beside = Delay(data.StructLayout({"valid": 1, **shapes}), plan.sum_levels)
        m.d.comb += [beside.i.valid.eq(window.valid), *(beside.i[name].eq(mark) for name, mark in marks.items())]
        return operands, beside.o.valid, {name: beside.o[name] for name in shapes}

    def _fold(
        self, m: Module, check: FrameCheck, array: ArrayCore, given: list[Value], valid: Value, marks: dict[str, Value]
    ) -> None:
        """One pixel a slot: the window stands for it, and its places come to the lanes one after the other."""
        # No pixel is taken ahead of its slot: the raster has a timer of its own, for pixels that waited, and for a frame's end.
        m.submodules.timer = timer = SlotTimer(self.plan.cycles)
        m.submodules.operands = operands = Operands(self.plan.lane_input, self.plan.coefficients)
        kept = [Signal(array.marks.shape(), name=f"marks_{index}") for index in range(2)]
        with m.If(valid):
            m.d.sync += [kept[0][name].eq(mark) for name, mark in marks.items()]
        m.d.sync += kept[1].eq(kept[0])  # they stand as long as the samples that follow them
        m.d.comb += [
            check.i.valid.eq(self.i.valid & timer.free),
            check.i.payload.eq(self.i.payload),
            self.i.ready.eq(check.i.ready & timer.free),
            timer.begin.eq(self.i.valid & self.i.ready),
            *(operands.operands[number].eq(value) for number, value in enumerate(given)),
            operands.valid.eq(valid),
            *(array.samples[lane].eq(operands.samples[lane]) for lane in range(self.plan.lanes)),
            array.phase.eq(operands.phase),
            array.start.eq(operands.start),
            array.valid.eq(operands.end),
            array.marks.eq(kept[1]),
        ]
