"""The FIR core: a delay line, or memories of samples, in front of the array."""

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import FIRDesign
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.lowering import lower
from convolver.plan.target import Family

from ..mac.coefficients import coefficient_layout
from ..stream.data_register import DataRegister
from ..stream.delay import Delay
from ..stream.layouts import beat_layout, result_layout
from ..stream.marks import ERROR_LAYOUT
from ..stream.slot_timer import SlotTimer
from ..window.delay_line import DelayLine, SampleMemory
from ..window.signal_entry import SignalEntry
from .array_core import ArrayCore
from .core import Core

__all__ = ["FIRCore"]


class FIRCore(Core):
    """Filters a signal: one sample a clock, latency `latency` clocks, full back-pressure, no bubble between frames.

    ``o[n] = overflow(round(sum(coefficients[k] * i[n - k]) / 2**shift))``; each frame starts from silence, or goes on where the
    one before ended, as the design says. Marks pass through with their sample.

    Parameters
    ----------
    design : FIRDesign
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that it is planned for; by default any.

    Ports
    -----
    i, o : streams of `beat_layout` and `result_layout`
    coefficients, restart, pending : if they can be loaded
        See `CoefficientBank`.
    silence : In, if the design is continuous
        The next frame starts from silence.
    busy : Out
        A frame is in the core: open, or with results that have not left.
    errors : Out
        Strobes of `ERROR_LAYOUT`: `first`, a frame began before the `last` of the one before (whose results then lack it);
        `orphan`, a beat outside any frame was dropped; `coefficients`, a set of a wrong length was dropped.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: FIRDesign
    plan: ArrayPlan

    def __init__(self, design: FIRDesign, family: Family | None = None) -> None:
        self.design = design
        self.plan = lower(design, family)
        ports = {
            "i": In(stream.Signature(beat_layout(design))),
            "o": Out(stream.Signature(result_layout(design))),
            "busy": Out(1),
            "errors": Out(ERROR_LAYOUT),
            "overflow": Out(1),
        }
        if design.loadable:
            ports |= {
                "coefficients": In(stream.Signature(coefficient_layout(design.coefficient_format))),
                "restart": In(1),
                "pending": Out(1),
            }
        if design.continuous:
            ports["silence"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.array = array = ArrayCore(self.plan, result_layout(self.design))
        m.submodules.entry = entry = SignalEntry(self.design)
        wiring.connect(m, wiring.flipped(self.i), entry.i)
        step, beat = entry.step, entry.beat
        m.d.comb += [
            entry.silent.eq(self._silent(m, entry.claim)),
            array.claim.eq(entry.claim),
            self.errors.first.eq(entry.errors.first),
            self.errors.orphan.eq(entry.errors.orphan),
        ]
        if self.plan.cycles > 1:
            self._feed_memory(m, array, entry)
        else:
            self._feed_line(m, array, entry)
        if self.design.loadable or self.plan.cycles > 1:
            m.d.comb += array.swap.eq(step & (beat.first | (self.design.swap == "sample")))
        m.d.comb += [
            self.busy.eq(entry.open | ~array.idle),
            self.overflow.eq(array.overflow),
        ]
        wiring.connect(m, array.o, wiring.flipped(self.o))
        if self.design.loadable:
            wiring.connect(m, wiring.flipped(self.coefficients), array.coefficients)
            m.d.comb += [
                array.restart.eq(self.restart),
                array.open.eq(entry.open),
                self.pending.eq(array.pending),
                self.errors.coefficients.eq(array.coefficient_error),
            ]
        return m

    def _silent(self, m: Module, claim: Value) -> Value:
        """Whether a frame that begins now starts from silence."""
        if not self.design.continuous:
            return Const(1)
        silent = Signal(init=1)
        with m.If(claim & self.i.payload.first):
            m.d.sync += silent.eq(0)
        with m.If(self.silence):
            m.d.sync += silent.eq(1)
        return silent

    def _feed_line(self, m: Module, array: ArrayCore, entry: SignalEntry) -> None:
        """One sample a clock: all delays are in view, those of each group of lanes a clock later than the group's before."""
        plan = self.plan.arrays[0]
        m.d.comb += [entry.available.eq(array.available), entry.spent.eq(array.spent)]
        valid, clear, sample = entry.step, entry.clear, entry.beat.data
        samples: list[Signal] = []
        for number, section in enumerate(plan.sections):
            # One position more than the lanes look at: what the next section, a clock later, takes as its first. Mirrored
            # samples come all from the first section, and wait as long as their group is late.
            more = number < len(plan.sections) - 1
            length = plan.positions if number == 0 and plan.pre_added else len(section) + more
            m.submodules[f"line_{number}"] = line = DelayLine(self.design.sample, length)
            if number == 0:
                whole = line
            m.d.comb += [line.valid.eq(valid), line.clear.eq(clear), line.sample.eq(sample)]
            samples += [line.samples[position] for position in range(len(section))]
            if more:
                later = [DataRegister(name=f"{name}_{number + 1}") for name in ("valid", "clear")]
                m.d.sync += [later[0].eq(valid), later[1].eq(clear)]
                (valid, clear), sample = later, line.samples[len(section)]
        m.d.sync += [
            array.valid.eq(entry.step),
            array.marks.first.eq(entry.beat.first),
            array.marks.last.eq(entry.beat.last),
        ]
        for product in plan.products:
            m.d.comb += array.samples[product.lane].eq(samples[product.position])
        for late, group in enumerate(plan.groups):
            for product in plan.products[group.start : group.stop]:
                if len(product.terms) == 1:
                    continue
                mirror = whole.samples[product.terms[1][0]]
                for clock in range(late):
                    # Without a reset, so that a shift register in LUTs can be made of it.
                    after = DataRegister(mirror.shape(), name=f"mirror_{product.lane}_{clock}")
                    m.d.sync += after.eq(mirror)
                    mirror = after
                m.d.comb += array.mirrors[product.lane].eq(mirror)

    def _feed_memory(self, m: Module, array: ArrayCore, entry: SignalEntry) -> None:
        """One sample a slot: a sample is accepted when the slot before is in its last clock, or over."""
        m.submodules.memory = memory = SampleMemory(self.plan.arrays[0])
        m.submodules.timer = timer = SlotTimer(self.plan.cycles)
        m.d.comb += [
            entry.available.eq(array.available & timer.free),
            entry.spent.eq(array.spent | ~timer.free),
            timer.begin.eq(entry.claim),
            memory.valid.eq(entry.step),
            memory.clear.eq(entry.clear),
            memory.sample.eq(entry.beat.data),
            *(array.samples[lane].eq(memory.samples[lane]) for lane in range(self.plan.lanes)),
            array.phase.eq(memory.phase),
            array.start.eq(memory.start),
            array.valid.eq(memory.end),
        ]
        if self.plan.pre_added:
            m.d.comb += [array.mirrors[lane].eq(memory.mirrors[lane]) for lane in range(self.plan.lanes)]
        # The slot's marks, as far behind its clocks as its samples are.
        marks = Signal(array.marks.shape())
        m.submodules.marks = beside = Delay(array.marks.shape(), 2)
        with m.If(entry.step):
            m.d.sync += [marks.first.eq(entry.beat.first), marks.last.eq(entry.beat.last)]
        m.d.comb += [beside.i.eq(marks), array.marks.eq(beside.o)]
