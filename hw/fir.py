"""The FIR core: a delay line in front of the array."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import FIRDesign
from convolver.schedule import Schedule

from .array_core import ArrayCore
from .coefficients import coefficient_layout
from .marks import ERROR_LAYOUT
from .stream import frame_layout, shape_of

__all__ = ["DelayLine", "FIRCore"]


class DelayLine(wiring.Component):
    """The last samples of a signal, all in view: steps when `valid`, one sample a clock; position 0 appears one clock later.

    Parameters
    ----------
    schedule : Schedule

    Ports
    -----
    valid : In
        Step: `sample` becomes position 0, position k becomes k + 1.
    clear : In
        With `valid`: all other positions become 0, so that the sample is the first of a signal.
    sample : In
    samples : Out
        An array: position k is the sample of k steps ago.
    """

    def __init__(self, schedule: Schedule) -> None:
        shape = shape_of(schedule.design.sample)
        super().__init__(
            {"valid": In(1), "clear": In(1), "sample": In(shape), "samples": Out(data.ArrayLayout(shape, schedule.positions))}
        )
        self._positions = schedule.positions

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.If(self.valid):
            m.d.sync += self.samples[0].eq(self.sample)
            for position in range(1, self._positions):
                m.d.sync += self.samples[position].eq(self.samples[position - 1])
            with m.If(self.clear):
                for position in range(1, self._positions):
                    m.d.sync += self.samples[position].eq(0)
        return m


class FIRCore(wiring.Component):
    """Filters a signal: one sample a clock, latency `latency` clocks, full back-pressure, no bubble between frames.

    ``o[n] = overflow(round(sum(coefficients[k] * i[n - k]) / 2**shift))``; each frame starts from silence. Marks pass through
    with their sample.

    Parameters
    ----------
    design : FIRDesign

    Ports
    -----
    i, o : streams of `frame_layout`
    coefficients, restart, pending : if they can be loaded
        See `CoefficientBank`.
    busy : Out
        A frame is in the core: open, or with results that have not left.
    errors : Out
        Strobes of `ERROR_LAYOUT`: `first`, a frame began before the `last` of the one before (whose results then lack it);
        `orphan`, a beat outside any frame was dropped; `coefficients`, a set of a wrong length was dropped.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    def __init__(self, design: FIRDesign) -> None:
        self.design = design
        self.schedule = Schedule(design)
        ports = {
            "i": In(stream.Signature(frame_layout(design.data))),
            "o": Out(stream.Signature(frame_layout(design.output_format))),
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
        """Clocks from the acceptance of a sample to the offer of its result, without stalls."""
        return self.schedule.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.line = line = DelayLine(self.schedule)
        m.submodules.array = array = ArrayCore(self.schedule, frame_layout(self.design.output_format))
        accept = self.i.valid & self.i.ready
        opened = Signal()  # a frame has begun and not ended
        keep = Signal()
        step = Signal()
        beat = Signal(frame_layout(self.design.data))

        m.d.comb += [
            self.i.ready.eq(array.available),
            keep.eq(accept & (opened | self.i.payload.first)),
            array.take.eq(keep),
        ]
        with m.If(keep):
            m.d.sync += opened.eq(~self.i.payload.last)
        m.d.sync += [
            step.eq(keep),
            beat.eq(self.i.payload),
            self.errors.first.eq(accept & self.i.payload.first & opened),
            self.errors.orphan.eq(accept & ~keep),
        ]

        m.d.comb += [
            line.valid.eq(step),
            line.clear.eq(beat.first),
            line.sample.eq(beat.data),
        ]
        m.d.sync += [array.valid.eq(step), array.marks.first.eq(beat.first), array.marks.last.eq(beat.last)]
        m.d.comb += [
            array.samples.eq(line.samples),
            self.busy.eq(opened | ~array.home),
            self.overflow.eq(array.overflow),
        ]
        wiring.connect(m, array.o, wiring.flipped(self.o))
        if self.design.loadable:
            wiring.connect(m, wiring.flipped(self.coefficients), array.coefficients)
            m.d.comb += [
                array.restart.eq(self.restart),
                array.open.eq(opened),
                self.pending.eq(array.pending),
                self.errors.coefficients.eq(array.coefficient_error),
            ]
        return m
