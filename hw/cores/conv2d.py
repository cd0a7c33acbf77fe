"""The 2-D core: raster, line buffer and window in front of the array."""

from collections.abc import Callable
from itertools import product
from typing import cast

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.column_filter import ColumnFilter as ColumnStage
from convolver.plan.lowering import PlanLike, lower
from convolver.plan.shell import shelled
from convolver.shell import FULL, Shell

from ..mac.column_filter import ColumnFilter, NoColumnFilter, SlotColumnFilter
from ..mac.operands import Operands, Sums
from ..stream.layouts import result_layout, shape_of
from ..stream.sideband import SidebandDelay, result_sideband
from ..stream.slot_timer import slot_timer
from ..window.border import Borders
from ..window.boundaries import boundary_of
from ..window.fixed_check import FixedCheck
from ..window.frame_check import FrameCheck
from ..window.frame_size import FixedSize, KeptSize
from ..window.free_raster import FreeRaster
from ..window.line_buffer import LineBuffer
from ..window.raster import Raster
from ..window.window import RowBorder, Window, window_of
from .array_core import ArrayCore, operand_sideband
from .core import Core, Stages, block_of, core_ports
from .loading import loading_of

__all__ = ["Conv2DCore"]


class WindowFeeder(wiring.Component):
    """Feeds a window in one cycle: all its operands go to the lanes at once. Wires, latency 0.

    Parameters
    ----------
    plan : ArrayPlan

    Ports
    -----
    operands : In
        An array of the products' operands, one sample of a beat after the other.
    i : In
        `result_sideband` of these operands.
    o : Out
        `operand_sideband`.
    """

    def __init__(self, plan: ArrayPlan) -> None:
        self._plan = plan
        operands = In(shape_of(plan.lane_input)).array(plan.copies * len(plan.coefficients.products))
        super().__init__({"operands": operands, "i": In(result_sideband(plan.design)), "o": Out(operand_sideband(plan))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [
            self.o.valid.eq(self.i.valid),
            self.o.marks.eq(self.i.marks),
            *(sample.eq(operand) for sample, operand in zip(self.o.samples, self.operands, strict=False)),
        ]
        return m


class SlotFeeder(WindowFeeder):
    """Feeds a window during a slot: its operands go to the lanes one after the other. Otherwise as `WindowFeeder`."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.operands = operands = Operands(self._plan.lane_input, self._plan.coefficients)
        kept = [Signal(self.i.marks.shape(), name=f"marks_{index}") for index in range(2)]
        with m.If(self.i.valid):
            m.d.sync += kept[0].eq(self.i.marks)
        m.d.sync += kept[1].eq(kept[0])  # the marks are held as long as the samples that follow them
        m.d.comb += [
            operands.valid.eq(self.i.valid),
            *(into.eq(operand) for into, operand in zip(operands.operands, self.operands, strict=True)),
            *(sample.eq(operand) for sample, operand in zip(self.o.samples, operands.samples, strict=True)),
            self.o.phase.eq(operands.phase),
            self.o.start.eq(operands.start),
            self.o.valid.eq(operands.end),
            self.o.marks.eq(kept[1]),
        ]
        return m


FEEDERS: dict[Stages, type[WindowFeeder]] = {(stages.Serialise,): SlotFeeder, (): WindowFeeder}
"""The feeder of the arrays, by the plan's stages."""

COLUMN_FILTERS: dict[Stages, type[ColumnFilter | NoColumnFilter]] = {
    (ColumnStage, stages.Serialise): SlotColumnFilter,
    (ColumnStage,): ColumnFilter,
    (): NoColumnFilter,
}
"""The block in front of the window, by the plan's stages."""


CHECKS: dict[Stages, type[FrameCheck | FixedCheck]] = {(stages.FixedFrame,): FixedCheck, (): FrameCheck}
"""The block in front of the raster, by the plan's stages."""

SIZES: dict[Stages, Callable[[ArrayPlan], KeptSize]] = {
    (stages.FixedFrame,): lambda plan: FixedSize(cast(Conv2DDesign, plan.design), plan.stage(stages.FixedFrame).size),
    (): lambda _plan: KeptSize(),
}
"""What is known of the frames' size, by the plan's stages."""

RASTERS: dict[Stages, Callable[..., Raster | FreeRaster]] = {(stages.OutputBuffer,): Raster, (): FreeRaster}
"""The raster, by the plan's stages."""


class Conv2DCore(Core):
    """Convolves images with a kernel, or with several at once: one beat a cycle, of one pixel or several, or one pixel
    a slot (`Plan.cycles`). Full back-pressure, no bubble at row ends or between frames of one size.

    The results of beat b of row r are offered `latency` cycles after the acceptance of beat ``b + ahead`` of row
    ``r + below``, counted on in the next row and the next frame. If no frame follows at once, the core drives the
    frame's end out by itself, in ``below * beats + ahead`` slots; a new frame waits meanwhile.

    Parameters
    ----------
    design : Conv2DDesign
        The core makes `WindowGeometry.mode` and `boundaries` of the design's modes and boundaries.
    family : {"ecp5", "ice40", "7-series"}, Target or Plan, optional
        Target device family; by default any.
    shell : Shell, optional
        The shell around the core: see `create`.

    Ports
    -----
    i : stream of `beat_layout`
        Pixels, row by row. A beat has `design.pixels_per_clock` pixels of one row; the row's last beat has the
        remaining pixels. `last` is ignored: the size tells where a frame ends. A wrong `keep` is flagged as `eol`, and
        ignored.
    o : stream of `result_layout`
    rows, columns : In, unless all frames have one size
        Size of the frame, in the cycle in which its first pixel is accepted; within the limits of `design.frame_axes`.
    boundary, fill : In, if the border is switchable
        As `rows` and `columns`: the frame's boundary, an index of `GATEWARE_BOUNDARIES`, and the pixel of ``constant``.
    coefficients, restart, pending : if coefficients are loadable
        See `CoefficientBank`.
    busy : Out
        A frame is in the core.
    errors : Out
        Strobes of `ERROR_LAYOUT`; docs/registers.md describes the effect of each.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: Conv2DDesign
    plan: ArrayPlan

    def __init__(self, design: Conv2DDesign, family: PlanLike = None, shell: Shell | None = None) -> None:
        self.design = design
        self.plan = shelled(lower(design, family), shell or FULL)
        ports = core_ports(design, block_of(self.plan, CHECKS).sizes)
        self._border = boundary_of(design).layout.members
        ports |= {name: In(shape) for name, shape in self._border.items()}
        self._loading = loading_of(design)
        super().__init__(ports | self._loading.ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, plan = self.design, self.plan
        m.submodules.check = check = block_of(plan, CHECKS).of(plan)
        m.submodules.raster = raster = block_of(plan, RASTERS)(design, block_of(plan, SIZES)(plan))
        m.submodules.lines = lines = LineBuffer(design, plan.stage(stages.LineBuffer))
        m.submodules.borders = borders = Borders(design)
        m.submodules.border = border = RowBorder(design, plan.cycles_in(stages.BorderRows))
        m.submodules.column = column = block_of(plan, COLUMN_FILTERS)(design, plan)
        m.submodules.window = window = window_of(design, column.form)
        m.submodules.feeder = feeder = block_of(plan, FEEDERS)(plan)
        m.submodules.array = array = ArrayCore(plan, result_layout(design))

        # No pixel is taken ahead of its slot. The raster has its own timer, for waiting pixels and a frame's end.
        timer = slot_timer(m, plan.cycles)
        m.d.comb += [
            check.i.valid.eq(timer.where_free(self.i.valid)),
            check.i.payload.eq(self.i.payload),
            self.i.ready.eq(timer.where_free(check.i.ready)),
            timer.begin.eq(self.i.valid & self.i.ready),
            *(getattr(check, name).eq(getattr(self, name)) for name in (*check.sizes, *self._border)),
        ]
        wiring.connect(m, check.o, raster.i)
        wiring.connect(m, raster.o, lines.i)
        wiring.connect(m, raster.o, borders.i)
        wiring.connect(m, lines.o, border.i)
        wiring.connect(m, border.o, column.i)
        wiring.connect(m, column.o, window.i)
        self._connect_operands(m, window, feeder)
        wiring.connect(m, feeder.o, array.i)
        wiring.connect(m, array.o, wiring.flipped(self.o))
        is_open = raster.open | raster.o.valid | check.waiting
        self._loading.connect_core(m, self, array, is_open)
        m.d.comb += [
            raster.available.eq(array.available),
            array.claim.eq(raster.claim),
            array.swap.eq(window.next_first),
            border.choice.eq(borders.choice),
            self.busy.eq(check.waiting | raster.open | raster.o.valid | ~array.idle),
            self.overflow.eq(array.overflow),
            *(self.errors[name].eq(raster.errors[name]) for name in ("size", "first", "orphan", "eol")),
        ]
        return m

    def _connect_operands(self, m: Module, window: Window, feeder: WindowFeeder) -> None:
        """Connects the places of the window, or sums of places, to the products: one sample of a beat after the
        other."""
        plan = self.plan
        operands: list[Value] = []
        for number, (copy, kernel) in enumerate(product(range(plan.copies), range(len(plan.arrays)))):
            m.submodules[f"sums_{number}"] = sums = Sums(plan.arrays[kernel], plan.sum_levels)
            places = window.of(*divmod(copy, plan.planes), kernel)
            m.d.comb += [into.eq(place) for into, place in zip(sums.places, places, strict=True)]
            operands += sums.sums
        m.submodules.beside = beside = SidebandDelay(result_sideband(self.design), plan.sum_levels)
        wiring.connect(m, window.o, beside.i)
        wiring.connect(m, beside.o, feeder.i)
        m.d.comb += [into.eq(operand) for into, operand in zip(feeder.operands, operands, strict=True)]
