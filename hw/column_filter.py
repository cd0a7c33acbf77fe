"""The column filters of separable kernels: one number of each column of the window for each kernel, before it enters."""

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.schedule import Schedule

from .border import choice_layout, column_signature
from .cells import Cells
from .delay import Delay
from .mac_array import MACArray
from .operands import Sums
from .scaled import Scaled

__all__ = ["ColumnFilter"]


class ColumnFilter(wiring.Component):
    """Makes the dot product of each column with each kernel's column: one step a clock, of a column or of several, no stall,
    latency the schedule's stage ``column``.

    What is chosen of columns later, at a row's ends, is chosen of their sums: a border's column is a copy of one of the row's,
    or the fill from top to bottom. Where that is chosen at run time its sums are computed beside those of the columns,
    without a multiplier.

    Parameters
    ----------
    design : Conv2DDesign
        Of separable kernels.
    schedule : Schedule
        Its plan.

    Ports
    -----
    i : In
        `column_signature` of the window's rows.
    o : Out
        The same of the one row of sums.
    """

    def __init__(self, design: Conv2DDesign, schedule: Schedule) -> None:
        assert schedule.columns
        self._design = design
        self._schedule = schedule
        self._sums = Cells.of_sums(schedule)
        inside, outside = column_signature(design, design.kernel_rows), column_signature(design, 1, self._sums)
        super().__init__({"i": In(inside), "o": Out(outside)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, pixels = self._design, Cells.of_pixels(self._design)
        lanes = design.pixels_per_clock
        count = 0
        for lane in range(lanes):
            column, sums = self.i.pixels[lane::lanes], []
            for plane in range(design.planes):
                samples = [pixels.number(pixel, plane) for pixel in column]
                for schedule in self._schedule.columns:
                    sums.append(self._filtered(m, schedule, samples, f"_{count}" if self._several else ""))
                    count += 1
            m.d.comb += self.o.pixels[lane].eq(Cat(sums))

        # Which pixel each row took is done with; a fill is as late as the sums of its column.
        borders = ("border", "border_before") if design.switchable else ()
        layout = choice_layout(design, self._sums)
        beside = {name: field.shape for name, field in layout if name not in borders}
        beside |= {name: layout[name].shape["boundary"].shape for name in borders}
        m.submodules.beside = delay = Delay(data.StructLayout({"valid": 1} | beside), self._schedule.column_latency)
        m.d.comb += [delay.i.valid.eq(self.i.valid), self.o.valid.eq(delay.o.valid)]
        for name in beside:
            come, go = self.i.choice[name], self.o.choice[name]
            if name in borders:
                m.d.comb += go.fill.eq(self._filled(m, name, come.fill))
                come, go = come.boundary, go.boundary
            m.d.comb += [delay.i[name].eq(come), go.eq(delay.o[name])]
        return m

    @property
    def _several(self) -> bool:
        return self._schedule.copies * len(self._schedule.columns) > 1

    def _filled(self, m: Module, name: str, fill: Value) -> Value:
        """The sums of a column that is the fill from top to bottom."""
        sums = []
        for number, column in enumerate(self._schedule.columns):
            form, factor = column.design.accumulator, sum(column.design.weights)
            scaled = Scaled(self._design.pixel, form, factor, self._schedule.column_latency)
            m.submodules[f"{name}_{number}"] = scaled
            m.d.comb += scaled.i.eq(fill)
            sums.append(scaled.o)
        return Cat(sums)

    def _filtered(self, m: Module, schedule: Schedule, samples: list[Value], suffix: str) -> Value:
        """One column's sum for one kernel; what takes fewer clocks than others waits for them."""
        m.submodules[f"sums{suffix}"] = sums = Sums(schedule, schedule.sum_levels)
        m.submodules[f"array{suffix}"] = array = MACArray(schedule)
        m.d.comb += [place.eq(sample) for place, sample in zip(sums.places, samples, strict=True)]
        m.d.comb += [sample.eq(operand) for sample, operand in zip(array.samples, sums.sums, strict=True)]
        early = self._schedule.column_latency - schedule.sum_levels - array.latency
        if not early:
            return array.sum
        m.submodules[f"wait{suffix}"] = wait = Delay(array.sum.shape(), early)
        m.d.comb += wait.i.eq(array.sum)
        return wait.o
