"""Feeders of a resampler's array: its last samples, all in parallel, or a few a cycle read from memories."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, zip_longest

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.plan import phases as stages
from convolver.plan.resample import ResamplePlan

from ..primitives.block_ram import BlockRAM
from ..stream.data_register import DataRegister
from ..stream.delay import Delay
from ..stream.layouts import shape_of
from .comparison import exceeds
from .delay_line import DelayLine, filled_ages

__all__ = ["HeldLine", "PhaseLine", "PhaseMemory"]

STEP = signed(13)
"""Wide enough for every distance between two samples of a slot."""


class _Feeder(wiring.Component):
    """Ports of all feeders of a resampler.

    Parameters
    ----------
    plan : ResamplePlan

    Ports
    -----
    claim, first, due : In
        A sample is taken; it is a frame's first; it is the newest of a result.
    valid, clear, sample : In
        The sample, one cycle after `claim`; whether it is a frame's first.
    begin, place : In
        A result begins, whose newest sample was the last one with `due`; the address of its first coefficients. One
        slot at a time.
    phase : Out
        Addresses of the result's coefficients, one a cycle of the slot. The first appears one to three cycles after
        `begin`.
    samples, mirrors : Out
        An array of one sample a lane, two cycles after `phase`.
    start, end : Out
        With the samples: they are those of the slot's first cycle, of its last.
    """

    def __init__(self, plan: ResamplePlan) -> None:
        self._plan = plan
        array = plan.arrays[0]
        shape = shape_of(plan.design.sample)
        inputs = dict.fromkeys(("claim", "first", "due", "valid", "clear", "begin"), In(1))
        words = range(plan.coefficients.cycles)
        super().__init__(
            {
                **inputs,
                "sample": In(shape),
                "place": In(words),
                "phase": Out(words),
                "samples": Out(shape).array(array.lanes),
                "mirrors": Out(shape).array(array.lanes),
                "start": Out(1),
                "end": Out(1),
            }
        )

    def _ages(self) -> Iterable[tuple[int, Value, Sequence[int | None]]]:
        """For each lane, and for its mirrored samples if it has any: the lane, the port, and the ages that the port
        gets, cycle by cycle."""
        array = self._plan.arrays[0]
        for lane in range(array.lanes):
            clocks = {product.phase % array.cycles: product.terms for product in array.lane(lane)}
            terms = [clocks.get(clock, ()) for clock in range(array.cycles)]
            for into, operands in zip((self.samples, self.mirrors), zip_longest(*terms), strict=False):
                yield lane, into[lane], [None if operand is None else operand[0] for operand in operands]


class PhaseLine(_Feeder):
    """All samples in parallel, for results of one cycle each."""

    makes = (stages.PhaseLine,)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # The samples are delayed until their results' coefficients arrive.
        m.submodules.line = line = DelayLine(self._plan.design.sample, self._plan.design.history + 1)
        for name, value in (("valid", self.valid), ("clear", self.clear), ("sample", self.sample)):
            m.submodules[name] = wait = Delay(value.shape(), 2)
            m.d.comb += [wait.i.eq(value), getattr(line, name).eq(wait.o)]
        m.submodules.end = end = Delay(1, 3)
        m.d.comb += [end.i.eq(self.begin), self.end.eq(end.o), self.start.eq(self._started(m, end.o))]
        m.d.sync += self.phase.eq(self.place)
        for _, into, (age,) in self._ages():
            m.d.comb += into.eq(line.samples[age])
        self._show_mirrors(m, line)
        return m

    def _started(self, m: Module, end: Value) -> Value:
        """Whether the samples in view are those of a slot's first cycle, which is also its last."""
        return end

    def _show_mirrors(self, m: Module, line: DelayLine) -> None:
        """Connects the mirrored samples, if phases have any."""


class HeldLine(PhaseLine):
    """A `PhaseLine` whose samples move on before their result begins. A slot starts with its newest sample, and ends
    when its result begins. The samples in view at that time are ignored."""

    makes = (stages.HeldLine,)

    def _started(self, m: Module, end: Value) -> Value:
        m.submodules.start = start = Delay(1, 4)
        m.d.comb += start.i.eq(self.claim & self.due)
        return start.o


class PhaseMemory(_Feeder):
    """Samples in memories: a memory a lane with the whole history, and a second one for the lane's mirrored samples.

    A sample is written into all of them. Samples from before the frame's first are masked by their age, so that no
    memory is ever cleared."""

    makes = (stages.PhaseMemory,)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self._plan
        cycles = plan.cycles
        stage = plan.stage(stages.PhaseMemory)
        words, oldest = stage.words, stage.oldest
        # All inputs are registered first: a schedule's decisions come late, and have a large fan-out.
        late = {}
        for name in ("claim", "first", "due", "valid", "sample", "begin", "place"):
            late[name] = Signal.like(getattr(self, name), name=f"late_{name}")
            m.d.sync += late[name].eq(getattr(self, name))
        # Address of the newest sample, and of a result's newest. For each: samples of the frame before it, up to
        # `oldest`.
        written, base = Signal(range(words)), Signal(range(words))
        older, before = Signal(range(oldest + 1)), Signal(range(oldest + 1))
        aged, whole = Signal(), Signal()  # there are `oldest` or more: the count is ignored
        # The cycle of a slot, the cycles left in it, and whether a slot is running.
        clock, left, running = Signal(range(cycles)), Signal(range(cycles)), Signal()
        phase = Signal.like(self.phase)

        word, behind, ages_now = Signal.like(written), Signal.like(older), Signal()
        m.d.comb += [
            word.eq(written + 1),
            behind.eq(Mux(late["first"], 0, older + 1)),
            ages_now.eq(~late["first"] & (aged | (older == oldest - 1))),
        ]
        with m.If(late["claim"]):
            m.d.sync += [written.eq(word), older.eq(behind), aged.eq(ages_now)]
            with m.If(late["due"]):
                m.d.sync += [base.eq(word), before.eq(behind), whole.eq(ages_now)]
        m.d.sync += running.eq(late["begin"] | (running & (left != 0)))
        with m.If(running):
            m.d.sync += [clock.eq(clock + 1), left.eq(left - 1), phase.eq(phase + 1)]
        with m.If(late["begin"]):
            m.d.sync += [clock.eq(0), left.eq(cycles - 1), phase.eq(late["place"])]
        m.d.sync += self.phase.eq(phase)
        m.submodules.beside = beside = Delay(data.StructLayout({"start": 1, "end": 1}), 3)
        m.d.comb += [
            beside.i.start.eq(running & (clock == 0)),
            beside.i.end.eq(running & (left == 0)),
            self.start.eq(beside.o.start),
            self.end.eq(beside.o.end),
        ]
        # A slot's newest sample: its address, and the number of samples of the frame before it.
        newest = base, Mux(whole, oldest, before)
        walks: dict[tuple[object, ...], tuple[Signal, Signal]] = {}
        for number, (lane, into, ages) in enumerate(self._ages()):
            name = f"lane_{lane}" if into is self.samples[lane] else f"mirror_{number}"
            m.submodules[name] = memory = BlockRAM(shape_of(plan.design.sample), words)
            m.d.comb += [memory.write_address.eq(written), memory.write_data.eq(late["sample"]), memory.write.eq(late["valid"])]
            # Cycles without a sample give 0: an unpaired tap has no second sample.
            filled = filled_ages(ages)
            steps = tuple(newer - older_one for newer, older_one in pairwise(filled))
            nearer = self._nearer(into, late["place"])
            key = (steps, nearer is None)
            if key not in walks:
                walks[key] = self._walk(m, name, steps, clock, (late["begin"], *newest, 0 if nearer is None else nearer))
            place, reach = walks[key]
            youngest = filled[0]
            address = DataRegister(range(words), name=f"{name}_address")
            m.d.sync += address.eq(place - youngest)
            # A sample from before the frame counts as 0.
            there = ~reach[-1] & (exceeds(reach[:-1], youngest - 1) if youngest else 1)
            m.submodules[f"{name}_known"] = known = Delay(1, 3)
            m.d.comb += known.i.eq(there & self._there(m, into, ages, clock, late))
            m.d.comb += [memory.read_address.eq(address), into.eq(Mux(known.o, memory.read_data, 0))]
        return m

    def _walk(
        self, m: Module, name: str, steps: Sequence[int], clock: Value, begin: tuple[Value, Value, Value, Value | int]
    ) -> tuple[Signal, Signal]:
        """Counters for the address and the age of a slot's samples, shared by all lanes with equal steps. They start
        from the newest sample's address, and from the number of samples before it. `begin` holds the strobe, both start
        values, and the offset of nearer samples."""
        begins, base, before, nearer = begin
        place = Signal.like(base, name=f"{name}_place")
        reach = Signal(signed(self._plan.stage(stages.PhaseMemory).oldest.bit_length() + 2), name=f"{name}_reach")
        step: Value = Const(steps[0] if steps else 0, STEP)
        if len(set(steps)) > 1:
            step = Array(Const(one, STEP) for one in (*steps, 0))[clock]
        with m.If(begins):
            m.d.sync += [place.eq(base + nearer), reach.eq(before + nearer)]
        with m.Else():
            m.d.sync += [place.eq(place + step), reach.eq(reach + step)]
        return place, reach

    def _nearer(self, into: Value, place: Value) -> Value | None:
        """Whether the samples of the slot that begins at a place are one age nearer; None if they never are."""
        return None

    def _there(
        self, m: Module, into: Value, ages: Sequence[int | None], clock: Value, late: Mapping[str, Value]
    ) -> Value | int:
        """Whether a slot has a sample in this cycle."""
        return Array(int(age is not None) for age in ages)[clock] if None in ages else 1
