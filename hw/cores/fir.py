"""The FIR core: a delay line, or memories of samples, in front of the array."""

from collections.abc import Callable

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import FIRDesign
from convolver.plan import stages
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.lowering import PlanLike, lower
from convolver.plan.shell import shelled
from convolver.shell import FULL, Shell

from ..stream.data_register import DataRegister
from ..stream.delay import Delay
from ..stream.layouts import result_layout
from ..stream.slot_timer import slot_timer
from ..window.delay_line import DelayLine, SampleMemory
from ..window.signal_entry import SignalEntry, signal_sideband, start_of
from .array_core import ArrayCore, operand_sideband
from .core import Core, Stages, block_of, core_ports
from .loading import loading_of

__all__ = ["FIRCore"]


class LineFeeder(wiring.Component):
    """One sample a cycle: all samples in parallel. Each group of lanes gets them one cycle after the group before.

    Parameters
    ----------
    plan : ArrayPlan

    Ports
    -----
    i : In
        `signal_sideband`.
    o : Out
        `operand_sideband`, a cycle later.
    """

    def __init__(self, plan: ArrayPlan) -> None:
        self._plan = plan
        super().__init__({"i": In(signal_sideband(plan.design)), "o": Out(operand_sideband(plan))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        array = self._plan.arrays[0]
        valid, clear, sample = self.i.valid, self.i.clear, self.i.beat.data
        lines: list[DelayLine] = []
        samples: list[Signal] = []
        # All mirrored samples come from the first section, and are delayed until their group's cycle.
        reach = max((position for product in array.products for position, _ in product.terms[1:]), default=-1)
        for number, section in enumerate(array.sections):
            # One position more than the lanes need: the next section takes it as its first sample, one cycle later.
            more = number < len(array.sections) - 1
            length = max(len(section) + more, 0 if lines else reach + 1)
            m.submodules[f"line_{number}"] = line = DelayLine(self._plan.design.sample, length)
            lines.append(line)
            m.d.comb += [line.valid.eq(valid), line.clear.eq(clear), line.sample.eq(sample)]
            samples += [line.samples[position] for position in range(len(section))]
            if more:
                later = [DataRegister(name=f"{name}_{number + 1}") for name in ("valid", "clear")]
                m.d.sync += [later[0].eq(valid), later[1].eq(clear)]
                (valid, clear), sample = later, line.samples[len(section)]
        m.d.sync += [
            self.o.valid.eq(self.i.valid),
            self.o.marks.first.eq(self.i.beat.first),
            self.o.marks.last.eq(self.i.beat.last),
        ]
        for product in array.products:
            m.d.comb += self.o.samples[product.lane].eq(samples[product.position])
        for late, group in enumerate(array.groups):
            for product in array.products[group.start : group.stop]:
                for position, _ in product.terms[1:]:
                    mirror = lines[0].samples[position]
                    for clock in range(late):
                        # No reset, so that synthesis can make a shift register in LUTs.
                        after = DataRegister(mirror.shape(), name=f"mirror_{product.lane}_{clock}")
                        m.d.sync += after.eq(mirror)
                        mirror = after
                    m.d.comb += self.o.mirrors[product.lane].eq(mirror)
        return m


class MemoryFeeder(wiring.Component):
    """One sample a slot: a slot of several cycles follows each sample. Ports are those of `LineFeeder`."""

    def __init__(self, plan: ArrayPlan) -> None:
        self._plan = plan
        super().__init__({"i": In(signal_sideband(plan.design)), "o": Out(operand_sideband(plan))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = SampleMemory(self._plan.arrays[0])
        m.d.comb += [
            memory.valid.eq(self.i.valid),
            memory.clear.eq(self.i.clear),
            memory.sample.eq(self.i.beat.data),
            *(sample.eq(read) for sample, read in zip(self.o.samples, memory.samples, strict=True)),
            *(mirror.eq(read) for mirror, read in zip(self.o.mirrors, memory.mirrors, strict=True)),
            self.o.phase.eq(memory.phase),
            self.o.start.eq(memory.start),
            self.o.valid.eq(memory.end),
        ]
        # The slot's marks, as far behind its cycles as its samples are.
        marks = DataRegister(self.o.marks.shape())
        m.submodules.marks = beside = Delay(marks.shape(), 2)
        with m.If(self.i.valid):
            m.d.sync += [marks.first.eq(self.i.beat.first), marks.last.eq(self.i.beat.last)]
        m.d.comb += [beside.i.eq(marks), self.o.marks.eq(beside.o)]
        return m


FEEDERS: dict[Stages, Callable[[ArrayPlan], wiring.Component]] = {
    (stages.SampleMemory,): MemoryFeeder,
    (stages.DelayLine,): LineFeeder,
}
"""The feeder of the array, by the plan's stages."""


class FIRCore(Core):
    """Filters a signal: one sample a cycle, latency `latency` cycles, full back-pressure, no bubble between frames.

    ``o[n] = overflow(round(sum(coefficients[k] * i[n - k]) / 2**shift))``. Each frame starts from silence, or continues
    the one before, as the design says. Marks pass through with their sample.

    Parameters
    ----------
    design : FIRDesign
    family : {"ecp5", "ice40", "7-series"}, Target or Plan, optional
        Target device family; by default any.
    shell : Shell, optional
        The shell around the core: see `create`.

    Ports
    -----
    i, o : streams of `beat_layout` and `result_layout`
    coefficients, restart, pending : if coefficients are loadable
        See `CoefficientBank`.
    silence : In, if the design is continuous
        The next frame starts from silence.
    busy : Out
        A frame is in the core: open, or with results that have not left.
    errors : Out
        Strobes of `ERROR_LAYOUT`: `first`, a frame began before the `last` of the one before, whose results then lack
        their `last`; `orphan`, a beat outside any frame was dropped; `coefficients`, a set of a wrong length was
        dropped.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: FIRDesign
    plan: ArrayPlan

    def __init__(self, design: FIRDesign, family: PlanLike = None, shell: Shell | None = None) -> None:
        self.design = design
        self.plan = shelled(lower(design, family), shell or FULL)
        self._loading, self._start = loading_of(design), start_of(design)
        super().__init__(core_ports(design) | self._loading.ports | self._start.ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan, design = self.plan, self.design
        m.submodules.entry = entry = SignalEntry(design)
        m.submodules.feeder = feeder = block_of(plan, FEEDERS)(plan)
        m.submodules.array = array = ArrayCore(plan, result_layout(design))
        # A sample is accepted once the slot before is over, or in its last cycle.
        timer = slot_timer(m, plan.cycles)
        wiring.connect(m, wiring.flipped(self.i), entry.i)
        wiring.connect(m, entry.o, feeder.i)
        wiring.connect(m, feeder.o, array.i)
        wiring.connect(m, array.o, wiring.flipped(self.o))
        m.d.comb += [
            entry.available.eq(timer.where_free(array.available)),
            entry.spent.eq(timer.or_busy(array.spent)),
            entry.silent.eq(self._start.silent(m, self, entry.claim & self.i.payload.first)),
            timer.begin.eq(entry.claim),
            array.claim.eq(entry.claim),
            array.swap.eq(entry.o.valid & (entry.o.beat.first | (design.swap == "sample"))),
            self.busy.eq(entry.open | ~array.idle),
            self.errors.first.eq(entry.errors.first),
            self.errors.orphan.eq(entry.errors.orphan),
            self.overflow.eq(array.overflow),
        ]
        self._loading.connect_core(m, self, array, entry.open)
        return m
