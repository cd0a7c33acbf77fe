"""The core of a moving maximum, and its block."""

from typing import cast

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import MovingMaximumDesign
from convolver.plan.lowering import PlanLike, lower
from convolver.plan.moving_maximum import WINDOW_LATENCY, MovingMaximumPlan
from convolver.plan.moving_maximum import WindowMaximum as WindowMaximumStage
from convolver.plan.shell import shelled
from convolver.shell import FULL, Shell

from ..stream.data_register import DataRegister
from ..stream.delay import Delay
from ..stream.layouts import marks_of, result_layout, shape_of
from ..stream.sideband import Sideband
from ..window.signal_entry import SignalEntry
from .core import Core, core_ports, output_of

__all__ = ["MovingMaximumCore", "WindowMaximum"]


def value_sideband(design: MovingMaximumDesign) -> Sideband:
    """The maxima of windows: a `value` for each step. `clear` marks a signal's first step; it needs `valid`. After a
    reset, the `clear` of the first frame suffices."""
    return Sideband(clear=Out(1), value=Out(shape_of(design.data)))


class WindowMaximum(wiring.Component):
    """The greater of a value and the value some steps before it: one a cycle, latency two cycles (`LATENCY`), no stall.

    The values are maxima of windows. So are the results: their windows are longer by the distance.

    Parameters
    ----------
    design : MovingMaximumDesign
        Gives the format of the values, and the value before a signal.
    distance : int
        Steps between the two, 1 or more.

    Ports
    -----
    i, o : `value_sideband`
    """

    makes = (WindowMaximumStage,)

    LATENCY = WINDOW_LATENCY

    def __init__(self, design: MovingMaximumDesign, distance: int) -> None:
        shape = shape_of(design.data)
        super().__init__({"i": In(value_sideband(design)), "o": Out(value_sideband(design))})
        self._shape = shape
        self._fill = design.fill
        self._distance = distance

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = [DataRegister(self._shape, name=f"line_{age}") for age in range(self._distance + 1)]
        stepped, cleared = Signal(), Signal()  # aligned with the line
        newer, older = DataRegister(self._shape), DataRegister(self._shape)
        newer_wins = DataRegister()

        with m.If(self.i.valid):
            m.d.sync += [register.eq(before) for register, before in zip(line, [self.i.value, *line[:-1]], strict=True)]
        with m.If(self.i.clear):
            m.d.sync += [register.eq(self._fill) for register in line[1:]]
        # The comparison, a carry chain, ends in a register; its result is used in front of the next register.
        m.d.sync += [
            stepped.eq(self.i.valid),
            cleared.eq(self.i.clear),
            newer.eq(line[0]),
            older.eq(line[-1]),
            newer_wins.eq(line[0] > line[-1]),
            self.o.valid.eq(stepped),
            self.o.clear.eq(cleared),
        ]
        m.d.comb += self.o.value.eq(Mux(newer_wins, newer, older))
        return m


class MovingMaximumCore(Core):
    """Gives the greatest of a signal's last samples: one sample a cycle, latency `latency` cycles, full back-pressure,
    no bubble between frames.

    ``o[n] = max(i[n - k] for k in range(size))``; samples before a frame's first count as the design's `fill`. Marks
    pass through with their sample.

    Parameters
    ----------
    design : MovingMaximumDesign
    family : {"ecp5", "ice40", "7-series"}, Target or Plan, optional
        Target device family; by default any.
    shell : Shell, optional
        The shell around the core: see `create`.

    Ports
    -----
    i, o : streams of `beat_layout` and `result_layout`
    busy : Out
        A frame is in the core: open, or with results that have not left.
    errors : Out
        Strobes of `ERROR_LAYOUT`: `first`, a frame began before the `last` of the one before, whose results then lack
        their `last`; `orphan`, a beat outside any frame was dropped.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: MovingMaximumDesign
    plan: MovingMaximumPlan

    def __init__(self, design: MovingMaximumDesign, family: PlanLike = None, shell: Shell | None = None) -> None:
        self.design = design
        self.plan = cast(MovingMaximumPlan, shelled(lower(design, family), shell or FULL))
        super().__init__(core_ports(design))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.entry = entry = SignalEntry(self.design)
        m.submodules.buffer = buffer = output_of(self.plan, result_layout(self.design))
        wiring.connect(m, wiring.flipped(self.i), entry.i)
        wiring.connect(m, buffer.o, wiring.flipped(self.o))

        values = value_sideband(self.design).create()
        m.d.comb += [
            values.valid.eq(entry.o.valid),
            values.clear.eq(entry.o.clear),
            values.value.eq(entry.o.beat.data),
        ]
        for number, stage in enumerate(self.plan.windows):
            m.submodules[f"window_{number}"] = window = WindowMaximum(self.design, stage.distance)
            wiring.connect(m, values, window.i)
            values = window.o
        m.submodules.beside = beside = Delay(data.StructLayout(marks_of(self.design)), self.plan.cycles_in(WindowMaximumStage))
        m.d.comb += [
            entry.available.eq(buffer.available),
            entry.spent.eq(buffer.spent),
            entry.silent.eq(1),
            beside.i.first.eq(entry.o.beat.first),
            beside.i.last.eq(entry.o.beat.last),
            buffer.claim.eq(entry.claim),
            buffer.write.eq(values.valid),
            buffer.data.data.eq(values.value),
            buffer.data.first.eq(beside.o.first),
            buffer.data.last.eq(beside.o.last),
            self.busy.eq(entry.open | ~buffer.idle),
            self.errors.first.eq(entry.errors.first),
            self.errors.orphan.eq(entry.errors.orphan),
            self.overflow.eq(buffer.overflow),
        ]
        return m
