"""The core of a resampler: a schedule of results and a feeder in front of the array."""

from collections.abc import Mapping
from typing import cast

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring

from convolver.designs import ResampleDesign
from convolver.plan import mirrored
from convolver.plan import phases as stages
from convolver.plan.lowering import PlanLike, lower
from convolver.plan.resample import ResamplePlan
from convolver.plan.shell import shelled
from convolver.plan.stages import BurstBuffer
from convolver.shell import FULL, Shell

from ..stream.delay import Delay
from ..stream.layouts import marks_of, result_layout
from ..stream.placed_skid import PlacedSkidBuffer
from ..stream.skid_buffer import SkidBuffer
from ..stream.slot_timer import slot_timer
from ..window.mirrored_feeder import MirroredLine, MirroredMemory
from ..window.phase_feeder import HeldLine, PhaseLine, PhaseMemory
from ..window.result_schedule import ResultSchedule, schedule_of
from ..window.signal_entry import SignalEntry, start_of
from ..window.whole_samples import WholeSamples
from .array_core import ArrayCore
from .core import Core, Stages, block_of, core_ports
from .loading import loading_of

__all__ = ["ResampleCore"]


def feeders() -> Mapping[Stages, type[PhaseLine | PhaseMemory]]:
    """The feeder of the array, by the plan's stages."""
    return {
        (mirrored.MirroredMemory,): MirroredMemory,
        (mirrored.MirroredLine,): MirroredLine,
        (stages.PhaseMemory,): PhaseMemory,
        (stages.HeldLine,): HeldLine,
        (stages.PhaseLine,): PhaseLine,
    }


def schedules(design: ResampleDesign) -> Mapping[Stages, type[ResultSchedule]]:
    """The schedule of results, by the plan's stages: results of a sample begin together, or one by one."""
    return {(BurstBuffer,): WholeSamples, (): schedule_of(design)}


class ResampleCore(Core):
    """Changes the rate of a signal by ``up / down``: one sample a cycle, or one result in `clocks_per_result` cycles,
    whichever is slower; full back-pressure, no bubble between frames.

    ``o[n] = overflow(round(sum(coefficients[n * down - k * up] * i[k]) / 2**shift))``. Each frame starts from silence,
    or continues the one before, as the design says. A frame's first result belongs to its first sample. A result is
    offered `latency` cycles after the sample that completes it: its newest one or, with more samples than results, the
    last sample before the next result's newest one, or the frame's last. Its marks are those of its place in the frame
    of results.

    Parameters
    ----------
    design : ResampleDesign
    family : {"ecp5", "ice40", "7-series"}, Target or Plan, optional
        Target device family; by default any.
    shell : Shell, optional
        The shell around the core: see `create`.

    Ports
    -----
    i, o : streams of `beat_layout` and `result_layout`
    coefficients, restart, pending : if coefficients are loadable
        See `CoefficientLoader`.
    silence : In, if the design is continuous
        The next frame starts from silence, as the first one does.
    busy : Out
        A frame is in the core: open, or with results that have not left.
    errors : Out
        Strobes of `ERROR_LAYOUT`: `first`, a frame began before the `last` of the one before, whose results then lack
        their `last`; `orphan`, a beat outside any frame was dropped; `coefficients`, a set of a wrong length was
        dropped.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: ResampleDesign
    plan: ResamplePlan

    def __init__(self, design: ResampleDesign, family: PlanLike = None, shell: Shell | None = None) -> None:
        self.design = design
        self.plan = shelled(cast(ResamplePlan, lower(design, family)), shell or FULL)
        self._loading, self._start = loading_of(design), start_of(design)
        super().__init__(core_ports(design) | self._loading.ports | self._start.ports)

    @property
    def slice(self) -> type[SkidBuffer | PlacedSkidBuffer]:
        return block_of(self.plan, schedules(self.design)).slice

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan, design = self.plan, self.design
        m.submodules.entry = entry = SignalEntry(design)
        m.submodules.schedule = schedule = block_of(plan, schedules(design))(design)
        m.submodules.feeder = feeder = block_of(plan, feeders())(plan)
        m.submodules.array = array = ArrayCore(plan, result_layout(design))
        timer = slot_timer(m, plan.cycles)
        wiring.connect(m, wiring.flipped(self.i), entry.i)
        wiring.connect(m, array.o, wiring.flipped(self.o))
        silent = self._start.silent(m, self, entry.claim & self.i.payload.first)
        m.d.comb += [
            entry.available.eq(schedule.take),
            entry.spent.eq(schedule.refuse),
            entry.silent.eq(silent),
            schedule.opens.eq(self.i.valid & self.i.payload.first),
            schedule.claim.eq(entry.claim),
            schedule.first.eq(self.i.payload.first),
            schedule.last.eq(self.i.payload.last),
            schedule.free.eq(timer.where_free(1)),
            schedule.available.eq(array.available),
            schedule.spent.eq(array.spent),
            timer.begin.eq(schedule.begin),
            feeder.claim.eq(entry.claim),
            feeder.first.eq(self._start.silenced(self.i.payload.first, silent)),
            feeder.due.eq(schedule.due),
            feeder.valid.eq(entry.o.valid),
            feeder.clear.eq(entry.o.clear),
            feeder.sample.eq(entry.o.beat.data),
            feeder.begin.eq(schedule.begin),
            feeder.place.eq(schedule.place),
            array.claim.eq(schedule.begin),
            array.i.phase.eq(feeder.phase),
            array.i.start.eq(feeder.start),
            array.i.valid.eq(feeder.end),
            *(into.eq(sample) for into, sample in zip(array.i.samples, feeder.samples, strict=True)),
            *(into.eq(sample) for into, sample in zip(array.i.mirrors, feeder.mirrors, strict=True)),
        ]
        # The slot's marks are delayed as much as its samples.
        marks = Signal(data.StructLayout(marks_of(design)))
        late = plan.cycles_in(*feeder.makes)
        m.submodules.marks = beside = Delay(marks.shape(), late - 1)
        with m.If(schedule.begin):
            m.d.sync += [marks.first.eq(schedule.o_first), marks.last.eq(schedule.o_last)]
        # Coefficients in memories are addressed where a slot begins; those in the lanes change just before its samples.
        m.submodules.swap = swap = Delay(1, late - (3 if plan.coefficients.banks else 1))
        is_open = entry.open | schedule.busy
        m.d.comb += [
            beside.i.eq(marks),
            array.i.marks.eq(beside.o),
            swap.i.eq(schedule.begin & schedule.o_first),
            array.swap.eq(swap.o),
            self.busy.eq(is_open | ~array.idle),
            self.errors.first.eq(entry.errors.first),
            self.errors.orphan.eq(entry.errors.orphan),
            self.overflow.eq(array.overflow),
        ]
        self._loading.connect_core(m, self, array, is_open)
        return m
