"""The specification of the schedules of rates that change by a whole number."""

from collections.abc import Iterable
from typing import Any

from amaranth.hdl import Assert, Const, Module, Value
from formal.window.result_schedule import ResultScheduleSpec

from convolver.hw.window import rate_schedule

__all__ = ["RateScheduleSpec"]


class RateScheduleSpec(ResultScheduleSpec):
    """As that of all schedules of results; each takes one clock, and where there are several of a sample, its first is told."""

    def _schedule(self) -> Any:
        schedule = rate_schedule.Interpolation if self._design.up > 1 else rate_schedule.Decimation
        return schedule(self._design.up * self._design.down)

    def _connect_slot(self, m: Module, dut: Any) -> Value:
        m.d.comb += dut.less.eq(self._design.up * self._design.down - 1)
        return Const(1)

    def _check_place(self, dut: Any, told: Value, phase: Value) -> Iterable[Assert]:
        yield Assert(~told | (dut.fresh == (phase == 0)))
