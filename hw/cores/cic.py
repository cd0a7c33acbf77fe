"""The core of a CIC filter."""

from typing import Any, cast

from amaranth.hdl import Cat, Const, Module, Shape, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import CICDesign
from convolver.plan import cic as stages
from convolver.plan.cic import CICPlan
from convolver.plan.lowering import PlanLike, lower
from convolver.plan.shell import shelled
from convolver.plan.stages import Stage
from convolver.shell import FULL, Shell

from ..output.requantiser import Requantiser
from ..stream.delay import Delay
from ..stream.layouts import marks_of, result_layout, shape_of
from ..window.rate_schedule import Decimation, Interpolation, RateSchedule
from ..window.signal_entry import SignalEntry, start_of
from .cic_sections import sections_of
from .core import Core, block_of, core_ports, output_of
from .rate_loading import LOADING, Scale, number_sideband

__all__ = ["CICCore", "Held"]


class Held(wiring.Component):
    """Holds a number until the result that needs it begins; latency one cycle.

    Parameters
    ----------
    shape : Shape

    Ports
    -----
    take : In
        `i` is valid.
    i : In
    o : Out
    """

    makes = (stages.Hold,)

    def __init__(self, shape: Shape) -> None:
        super().__init__({"take": In(1), "i": In(shape), "o": Out(shape)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.If(self.take):
            m.d.sync += self.o.eq(self.i)
        return m


def schedule_of(stage: Stage) -> type[RateSchedule]:
    """The schedule that follows this stage."""
    return next(schedule for schedule in (Decimation, Interpolation) if isinstance(stage, schedule.goes_with))


class CICCore(Core):
    """Decimates or interpolates by integrators and combs: one sample or one result a cycle, whichever is slower; full
    back-pressure, no bubble between frames.

    The results are those of an FIR filter, ``o[n] = overflow(round(sum(coefficients[n * down - k * up] * i[k]) /
    2**shift))``. Each frame starts from silence, or continues the one before, as the design says. A frame's first
    result belongs to its first sample. A result is offered `latency` cycles after the sample that completes it: the
    last sample before the next result's newest one, or the frame's last. Its marks are those of its place in the frame
    of results.

    Parameters
    ----------
    design : CICDesign
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
    coefficients, restart, pending : if the rate is loadable
        See `LoadedRate`.
    silence : In, if the design is continuous
        The next frame starts from silence, as the first one does.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    design: CICDesign
    plan: CICPlan

    def __init__(self, design: CICDesign, family: PlanLike = None, shell: Shell | None = None) -> None:
        self.design = design
        self.plan = cast(CICPlan, shelled(lower(design, family), shell or FULL))
        self._loading = block_of(self.plan, LOADING)(design)
        self._start = start_of(design)
        super().__init__(core_ports(design) | self._loading.ports | self._start.ports)

    def _before(self, m: Module, numbers: Any) -> Any:
        """The sections that run at the rate of samples, with these numbers as input."""
        half = self.plan.before
        sections = sections_of(half)(half, numbers.value.shape())
        m.submodules.before = sections
        wiring.connect(m, numbers, sections.i)
        return sections.o

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan, design = self.plan, self.design
        wide = shape_of(design.accumulator)
        m.submodules.entry = entry = SignalEntry(design)
        m.submodules.schedule = schedule = schedule_of(plan.before)(design.change)
        m.submodules.requantiser = output = Requantiser(plan, design.stage_ranges[0])  # type: ignore[arg-type]  # no array
        m.submodules.buffer = buffer = output_of(plan, result_layout(design))
        waits = self._loading.connect(m, self, entry, schedule)
        samples = number_sideband(shape_of(design.data)).create(path=("samples",))
        late = plan.before.cycles
        numbers = schedule.summed(
            samples,
            lambda given: self._before(m, given),
            lambda given, behind: self._loading.scaled(m, given, wide, late * behind),
        )
        m.submodules.held = held = Held(numbers.value.shape())
        m.submodules.behind = back = sections_of(plan.behind)(plan.behind, numbers.value.shape())
        wiring.connect(m, wiring.flipped(self.i), entry.i)
        wiring.connect(m, buffer.o, wiring.flipped(self.o))
        begins = entry.claim & self.i.payload.first
        silent = self._start.silent(m, self, begins)
        anew = self._start.begun(m, begins, silent)
        m.d.comb += [
            entry.available.eq(schedule.take & ~waits),
            entry.spent.eq(schedule.refuse | waits),
            entry.silent.eq(silent),
            schedule.opens.eq(self.i.valid & self.i.payload.first),
            schedule.claim.eq(entry.claim),
            schedule.first.eq(self.i.payload.first),
            schedule.last.eq(self.i.payload.last),
            schedule.available.eq(buffer.available),
            schedule.spent.eq(buffer.spent),
            buffer.claim.eq(schedule.begin),
            samples.valid.eq(entry.o.valid),
            samples.clear.eq(entry.o.beat.first & anew),
            samples.value.eq(entry.o.beat.data),
            held.i.eq(numbers.value),
        ]
        # The schedule's decisions are delayed as much as the sample in `held` is after its claim.
        ahead = plan.before.cycles + plan.cycles_in(*Scale.makes) + 1
        m.submodules.due = due = Delay(1, ahead - 1)
        newest = Signal()
        names = ("valid", "clear", "fresh", "first", "last")
        m.submodules.begun = begun = Delay(data.StructLayout(dict.fromkeys(names, 1)), ahead)
        m.d.sync += newest.eq(schedule.due)  # counts only if the sample is taken, which is known late
        m.d.comb += [
            due.i.eq(entry.o.valid & newest),
            held.take.eq(due.o),
            begun.i.valid.eq(schedule.begin),
            begun.i.clear.eq(schedule.o_first & anew),
            begun.i.fresh.eq(schedule.fresh),
            begun.i.first.eq(schedule.o_first),
            begun.i.last.eq(schedule.o_last),
            back.i.valid.eq(begun.o.valid),
            back.i.clear.eq(begun.o.clear),
            back.i.value.eq(schedule.upsampled(held.o, begun.o.fresh)),
        ]
        whole = Cat(Const(0, plan.behind.restored), back.o.value)
        m.d.comb += output.i.eq(whole.as_signed() if design.accumulator.signed else whole)
        # The result and its marks are aligned.
        later = plan.behind.cycles + output.latency
        m.submodules.written = written = Delay(1, later)
        m.submodules.marks = marks = Delay(data.StructLayout(marks_of(design)), later)
        m.d.comb += [
            written.i.eq(begun.o.valid),
            marks.i.first.eq(begun.o.first),
            marks.i.last.eq(begun.o.last),
            buffer.write.eq(written.o),
            buffer.data.data.eq(output.o),
            buffer.data.first.eq(marks.o.first),
            buffer.data.last.eq(marks.o.last),
            self.busy.eq(entry.open | schedule.busy | ~buffer.idle),
            self.errors.first.eq(entry.errors.first),
            self.errors.orphan.eq(entry.errors.orphan),
            self.overflow.eq(buffer.overflow),
        ]
        return m
