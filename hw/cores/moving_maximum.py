"""The core of a moving maximum, and the block that it is made of."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import MovingMaximumDesign
from convolver.plan.lowering import lower
from convolver.plan.moving_maximum import WINDOW_LATENCY
from convolver.plan.moving_maximum import WindowMaximum as WindowMaximumStage
from convolver.plan.target import Family

from ..stream.data_register import DataRegister
from ..stream.delay import Delay
from ..stream.layouts import beat_layout, result_layout, shape_of
from ..stream.marks import ERROR_LAYOUT
from ..stream.output_buffer import OutputBuffer
from ..window.signal_entry import SignalEntry
from .core import Core

__all__ = ["MovingMaximumCore", "WindowMaximum"]


class WindowMaximum(wiring.Component):
    """The greater of a value and of the one some steps before it: one a clock, latency two clocks (`LATENCY`), no stall.

    The values are maxima of windows; so are the results, of windows that are longer by the distance.

    Parameters
    ----------
    design : MovingMaximumDesign
        Gives the format of the values, and what stands before a signal.
    distance : int
        Steps between the two, 1 or more.

    Ports
    -----
    valid : In
        A step: `value` is the next one.
    clear : In
        With `valid`, and never without: the value is the first of a signal. Nothing else is needed after a reset.
    value : In
    o_valid, o_clear, o_value : Out
        The same of the results.
    """

    makes = (WindowMaximumStage,)

    LATENCY = WINDOW_LATENCY

    def __init__(self, design: MovingMaximumDesign, distance: int) -> None:
        shape = shape_of(design.data)
        super().__init__(
            {
                "valid": In(1),
                "clear": In(1),
                "value": In(shape),
                "o_valid": Out(1),
                "o_clear": Out(1),
                "o_value": Out(shape),
            }
        )
        self._shape = shape
        self._fill = design.fill
        self._distance = distance

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = [DataRegister(self._shape, name=f"line_{age}") for age in range(self._distance + 1)]
        stepped, cleared = Signal(), Signal()  # beside the line
        newer, older = DataRegister(self._shape), DataRegister(self._shape)
        newer_wins = DataRegister()

        with m.If(self.valid):
            m.d.sync += [register.eq(before) for register, before in zip(line, [self.value, *line[:-1]], strict=True)]
        with m.If(self.clear):
            m.d.sync += [register.eq(self._fill) for register in line[1:]]
        # A comparison is a carry chain: what it decides is done behind a register, in front of the next line's.
        m.d.sync += [
            stepped.eq(self.valid),
            cleared.eq(self.clear),
            newer.eq(line[0]),
            older.eq(line[-1]),
            newer_wins.eq(line[0] > line[-1]),
            self.o_valid.eq(stepped),
            self.o_clear.eq(cleared),
        ]
        m.d.comb += self.o_value.eq(Mux(newer_wins, newer, older))
        return m


class MovingMaximumCore(Core):
    """Gives the greatest of a signal's last samples: one sample a clock, latency `latency` clocks, full back-pressure, no
    bubble between frames.

    ``o[n] = max(i[n - k] for k in range(size))``; before each frame's first sample stands the design's `fill`. Marks pass
    through with their sample.

    Parameters
    ----------
    design : MovingMaximumDesign
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that it is planned for; by default any.

    Ports
    -----
    i, o : streams of `beat_layout` and `result_layout`
    busy : Out
        A frame is in the core: open, or with results that have not left.
    errors : Out
        Strobes of `ERROR_LAYOUT`: `first`, a frame began before the `last` of the one before (whose results then lack it);
        `orphan`, a beat outside any frame was dropped.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: MovingMaximumDesign

    def __init__(self, design: MovingMaximumDesign, family: Family | None = None) -> None:
        self.design = design
        self.plan = lower(design, family)
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(design))),
                "o": Out(stream.Signature(result_layout(design))),
                "busy": Out(1),
                "errors": Out(ERROR_LAYOUT),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.entry = entry = SignalEntry(self.design)
        m.submodules.buffer = buffer = OutputBuffer(result_layout(self.design), self.plan.buffer_depth)
        wiring.connect(m, wiring.flipped(self.i), entry.i)
        wiring.connect(m, buffer.o, wiring.flipped(self.o))

        valid, clear, value = entry.step, entry.clear, entry.beat.data
        stages = [stage for stage in self.plan.stages if isinstance(stage, WindowMaximumStage)]
        for number, stage in enumerate(stages):
            m.submodules[f"window_{number}"] = window = WindowMaximum(self.design, stage.distance)
            m.d.comb += [window.valid.eq(valid), window.clear.eq(clear), window.value.eq(value)]
            valid, clear, value = window.o_valid, window.o_clear, window.o_value
        marks = data.StructLayout({"first": 1, "last": 1})
        m.submodules.beside = beside = Delay(marks, self.plan.cycles_in(WindowMaximumStage))
        m.d.comb += [
            entry.available.eq(buffer.available),
            entry.spent.eq(buffer.spent),
            entry.silent.eq(1),
            beside.i.first.eq(entry.beat.first),
            beside.i.last.eq(entry.beat.last),
            buffer.claim.eq(entry.claim),
            buffer.write.eq(valid),
            buffer.data.data.eq(value),
            buffer.data.first.eq(beside.o.first),
            buffer.data.last.eq(beside.o.last),
            self.busy.eq(entry.open | ~buffer.idle),
            self.errors.first.eq(entry.errors.first),
            self.errors.orphan.eq(entry.errors.orphan),
            self.overflow.eq(buffer.overflow),
        ]
        return m
