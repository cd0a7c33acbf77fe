"""The column filter of a separable kernel: one number of each column of the window, before it enters."""

from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.schedule import Schedule

from .border import choice_layout, column_signature
from .delay import Delay
from .mac_array import MACArray
from .operands import Sums

__all__ = ["ColumnFilter"]


class ColumnFilter(wiring.Component):
    """Makes the dot product of each column with the kernel's column: one step a clock, no stall, latency the schedule's stage
    ``column``.

    What is chosen of columns later, at a row's ends, is chosen of their sums: a border's column is a copy of one of the row's,
    or the fill from top to bottom.

    Parameters
    ----------
    design : Conv2DDesign
        Of a separable kernel.
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
        assert schedule.column is not None
        assert isinstance(schedule.row.design, Conv2DDesign)
        self._design = design
        self._schedule = schedule.column
        self._row = schedule.row.design
        super().__init__({"i": In(column_signature(design, design.kernel_rows)), "o": Out(column_signature(self._row, 1))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        schedule = self._schedule
        # Which pixel each row took is done with.
        names = [name for name, _ in choice_layout(self._row) if name != "rows"]
        layout = data.StructLayout({"valid": 1} | {name: choice_layout(self._row)[name].shape for name in names})
        m.submodules.sums = sums = Sums(schedule)
        m.submodules.array = array = MACArray(schedule)
        m.submodules.beside = beside = Delay(layout, schedule.sum_levels + array.latency)
        m.d.comb += [
            *(place.eq(pixel) for place, pixel in zip(sums.places, self.i.pixels, strict=True)),
            *(sample.eq(operand) for sample, operand in zip(array.samples, sums.sums, strict=True)),
            self.o.pixels[0].eq(array.sum),
            beside.i.valid.eq(self.i.valid),
            self.o.valid.eq(beside.o.valid),
        ]
        for name in names:
            m.d.comb += [beside.i[name].eq(self.i.choice[name]), self.o.choice[name].eq(beside.o[name])]
        return m
