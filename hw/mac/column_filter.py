"""Column filters of separable kernels: each column becomes one number a kernel, before it enters the window."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan.array import DotProduct
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.column_filter import ColumnFilter as ColumnStage
from convolver.plan.slots import SERIALISE_LATENCY

from ..stream.delay import Delay
from ..window.border import column_sideband, filled
from ..window.place_format import PlaceFormat
from .adder_graph import AdderGraph
from .array_block import array_block
from .coefficients import CoefficientMemory
from .constant_multiplier import ConstantMultiplier
from .mac_array import MACArray
from .operands import Operands, Sums

__all__ = ["ColumnFilter", "NoColumnFilter", "SlotColumnFilter"]


class NoColumnFilter(wiring.Component):
    """Wires, for kernels that aren't separable: columns enter the window unchanged. Ports are those of
    `ColumnFilter`."""

    def __init__(self, design: Conv2DDesign, plan: ArrayPlan) -> None:
        self.form = PlaceFormat.of_pixels(design)
        column = column_sideband(design, self.form)
        super().__init__({"i": In(column), "o": Out(column)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        return m


class ColumnFilter(wiring.Component):
    """Computes the dot product of each column with each kernel's column: one step a cycle, of one column or several, no
    stall; latency that of the plan's stage ``column``.

    At a row's ends, the window selects among sums instead of columns: a border column is a copy of a column of the row,
    or the fill from top to bottom. If the fill is chosen at run time, its sums are computed in parallel to those of the
    columns, without a multiplier.

    Parameters
    ----------
    design : Conv2DDesign
        With separable kernels.
    plan : ArrayPlan
        The design's plan.

    Ports
    -----
    i : In
        `column_sideband` of the window's rows.
    o : Out
        `column_sideband` of one row of sums.
    """

    makes = (ColumnStage,)

    _standing = 0
    """Cycles by which a column's operands are later than its sideband."""

    def __init__(self, design: Conv2DDesign, plan: ArrayPlan) -> None:
        self._design = design
        self._plan = plan
        self._latency = plan.cycles_in(ColumnStage)
        self._slot = 0  # cycles from a column's arrival to the last operands of its slot
        self.form = PlaceFormat.of_sums(design, plan)
        inside = column_sideband(design, PlaceFormat.of_pixels(design))
        super().__init__({"i": In(inside), "o": Out(column_sideband(design, self.form))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, plan, pixels = self._design, self._plan, PlaceFormat.of_pixels(self._design)
        lanes, several = design.pixels_per_clock, plan.copies * len(plan.column_filters) > 1
        count = 0
        for lane in range(lanes):
            column, sums = self.i.pixels[lane::lanes], []
            for plane in range(design.planes):
                samples = [pixels.number(pixel, plane) for pixel in column]
                for one in plan.column_filters:
                    sums.append(self._filtered(m, one, samples, f"_{count}" if several else ""))
                    count += 1
            m.d.comb += self.o.pixels[lane].eq(Cat(sums))

        valid, choice = self._passed(m)
        left = self._latency - self._slot
        m.d.comb += self.o.valid.eq(self._later(m, "valid", valid, left))
        # The sums of a fill are delayed as much as the sums of its column.
        borders = ("border", "border_before")
        chosen = {"boundary": self._later, "fill": self._filled}
        for name in borders:
            come, go = choice[name], self.o.choice[name]
            for field in go.shape().members:
                m.d.comb += go[field].eq(chosen[field](m, f"{name}_{field}", come[field], left))
        for name in [name for name in self.o.choice.shape().members if name not in borders]:
            m.d.comb += Value.cast(self.o.choice[name]).eq(self._later(m, name, Value.cast(choice[name]), left))
        m.d.comb += [to.eq(value) for to, value in zip(self.o.filled, filled(design, self.form, self.o.choice), strict=True)]
        return m

    def _filtered(self, m: Module, column: DotProduct, samples: list[Value], suffix: str) -> Value:
        """One column's sum for one kernel, delayed to the latency of the slowest."""
        m.submodules[f"sums{suffix}"] = sums = Sums(column, column.sum_levels + self._standing)
        m.submodules[f"array{suffix}"] = array = array_block(column)
        m.d.comb += [place.eq(sample) for place, sample in zip(sums.places, samples, strict=True)]
        operands = self._fed(m, column, array, list(sums.sums), suffix)
        m.d.comb += [sample.eq(operand) for sample, operand in zip(array.samples, operands, strict=True)]
        return self._later(m, f"wait{suffix}", array.sum, self._latency - column.sum_levels - self._slot - array.latency)

    def _passed(self, m: Module) -> tuple[Value, data.View]:
        """The sideband that is delayed with a column's sums: it belongs to the cycle of the column's last operands."""
        return self.i.valid, self.i.choice

    def _fed(
        self, m: Module, column: DotProduct, array: MACArray | AdderGraph, operands: list[Value], suffix: str
    ) -> list[Value]:
        """The inputs of the lanes of a column's array, from its operands."""
        return operands

    def _filled(self, m: Module, name: str, fill: Value, clocks: int) -> Value:
        """The sums of a column that consists of the fill."""
        sums = []
        for number, column in enumerate(self._plan.column_filters):
            multiplier = ConstantMultiplier(self._design.pixel, column.accumulator, sum(column.weights), clocks)
            m.submodules[f"{name}_{number}"] = multiplier
            m.d.comb += multiplier.i.eq(fill)
            sums.append(multiplier.o)
        return Cat(sums)

    @staticmethod
    def _later(m: Module, name: str, value: Value, clocks: int) -> Value:
        m.submodules[name] = delay = Delay(value.shape(), clocks)
        m.d.comb += delay.i.eq(value)
        return delay.o


class SlotColumnFilter(ColumnFilter):
    """A `ColumnFilter` for slots of several cycles: the lanes get the operands of each column one after the other."""

    # `Operands` samples its inputs one cycle after `valid`; a column, unlike a window, isn't held that long.
    _standing = 1

    def __init__(self, design: Conv2DDesign, plan: ArrayPlan) -> None:
        super().__init__(design, plan)
        self._slot = SERIALISE_LATENCY + plan.cycles - 1

    def _passed(self, m: Module) -> tuple[Value, data.View]:
        # The choice is held with the operands of its column, and passed on with the last of them.
        taken, choice = Signal.like(self.i.choice), Signal.like(self.i.choice)
        with m.If(self.i.valid):
            m.d.sync += taken.eq(self.i.choice)
        m.d.sync += choice.eq(taken)
        return self._later(m, "passed", self.i.valid, self._slot), choice

    def _fed(
        self, m: Module, column: DotProduct, array: MACArray | AdderGraph, operands: list[Value], suffix: str
    ) -> list[Value]:
        m.submodules[f"operands{suffix}"] = folded = Operands(column.lane_input, column.store)
        m.submodules[f"bank{suffix}"] = bank = CoefficientMemory(column.store)
        m.d.comb += [
            *(operand.eq(value) for operand, value in zip(folded.operands, operands, strict=True)),
            folded.valid.eq(self._later(m, f"begin{suffix}", self.i.valid, column.sum_levels)),
            bank.phase.eq(folded.phase),
            array.start.eq(folded.start),
            array.load.eq(bank.load),
            *(array.coefficients[lane].eq(bank.coefficients[lane]) for lane in range(column.lanes)),
        ]
        return list(folded.samples)
