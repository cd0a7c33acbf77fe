"""Feeders of a FIR's array: its last samples, all in parallel, or a few a cycle read from memories."""

from collections.abc import Iterable, Sequence
from itertools import pairwise, zip_longest

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.plan import stages
from convolver.plan.array import DotProduct

from ..primitives.block_ram import BlockRAM
from ..stream.data_register import DataRegister
from ..stream.layouts import shape_of

__all__ = ["DelayLine", "SampleMemory", "filled_ages"]

STEP = signed(10)
"""Wide enough for every distance between two samples of a slot."""


class DelayLine(wiring.Component):
    """The last samples of a signal, all in parallel: one sample a cycle, latency one cycle. It steps if `valid`.

    Parameters
    ----------
    sample : Format
    positions : int

    Ports
    -----
    valid : In
        Step: `sample` becomes position 0, position k becomes k + 1.
    clear : In
        Only with `valid`: all other positions become 0, so that the sample is the first of a signal. After a reset, the
        clear of the first frame suffices.
    sample : In
    samples : Out
        An array: position k holds the sample of k steps ago.
    """

    makes = (stages.DelayLine,)

    def __init__(self, sample: Format, positions: int) -> None:
        shape = shape_of(sample)
        super().__init__({"valid": In(1), "clear": In(1), "sample": In(shape), "samples": Out(shape).array(positions)})
        self._positions = positions

    def elaborate(self, platform: object) -> Module:
        m = Module()
        samples = [DataRegister(sample.shape(), name=f"sample_{position}") for position, sample in enumerate(self.samples)]
        m.d.comb += [sample.eq(register) for sample, register in zip(self.samples, samples, strict=True)]
        with m.If(self.valid):
            m.d.sync += [register.eq(before) for register, before in zip(samples, [self.sample, *samples[:-1]], strict=True)]
        with m.If(self.clear):
            m.d.sync += [register.eq(0) for register in samples[1:]]
        return m


def filled_ages(ages: Iterable[int | None]) -> list[int]:
    """The ages of a slot's samples, cycle by cycle. A cycle without a sample repeats the age before, so that the
    address steps as evenly as possible."""
    filled: list[int] = []
    for age in ages:
        filled.append(age if age is not None else (filled[-1] if filled else 0))
    return filled


class SampleMemory(wiring.Component):
    """The last samples of a signal in memories: one sample a lane a cycle. Each step starts a slot; its samples appear
    3 cycles after the step.

    Each lane has a memory with the whole history, and a second one for the mirrored samples. A sample is written into
    all of them. Samples from before the signal's first are masked by their age, so that no memory is ever cleared.
    Steps are at least one slot apart.

    Parameters
    ----------
    array : DotProduct
        Systolic, with several phases a slot.

    Ports
    -----
    valid, clear, sample : In
        As in `DelayLine`: a step, and whether its sample is the first of a signal.
    phase : Out
        The phase of the slot, from the cycle after the step.
    samples, mirrors : Out
        An array of one sample a lane, two cycles after `phase`.
    start, end : Out
        With the samples: they are those of the slot's first cycle, of its last.
    """

    makes = (stages.SampleMemory,)

    def __init__(self, array: DotProduct) -> None:
        self._array = array
        shape = shape_of(array.sample)
        super().__init__(
            {
                "valid": In(1),
                "clear": In(1),
                "sample": In(shape),
                "phase": Out(range(array.cycles)),
                "samples": Out(shape).array(array.lanes),
                "mirrors": Out(shape).array(array.lanes),
                "start": Out(1),
                "end": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        array = self._array
        positions = array.positions
        depth = 1 << positions.bit_length()  # more than `positions`: the next step writes while the oldest is read
        write = Signal(range(depth))
        older = Signal(range(positions))  # samples of the signal so far, up to positions - 1
        running, going = Signal(), Signal()  # this cycle belongs to a slot; and isn't its last one
        first, last = Signal(), Signal()

        m.d.comb += [
            first.eq(running & (self.phase == 0)),
            last.eq(running & ~going),
        ]
        m.d.sync += [
            running.eq(self.valid | going),
            going.eq(self.valid | (going & (self.phase != array.cycles - 2))),
        ]
        with m.If(running):
            m.d.sync += self.phase.eq(self.phase + 1)
        with m.If(self.valid):
            m.d.sync += [write.eq(write + 1), self.phase.eq(0)]
            with m.If(self.clear):
                m.d.sync += older.eq(min(1, positions - 1))
            with m.Elif(older != positions - 1):
                m.d.sync += older.eq(older + 1)
        beside = [Signal(2, name="beside_read"), Signal(2, name="beside_samples")]
        m.d.sync += [beside[0][0].eq(first), beside[0][1].eq(last), beside[1].eq(beside[0])]
        m.d.comb += [self.start.eq(beside[1][0]), self.end.eq(beside[1][1])]

        for lane in range(array.lanes):
            # The first samples of the operands, cycle by cycle; then the second ones, if any operand has one.
            terms = zip_longest(*(product.terms for product in array.lane(lane)), fillvalue=(None, 0))
            for name, into, operands in zip(("lane", "mirror"), (self.samples, self.mirrors), terms, strict=False):
                ages = [age for age, _ in operands]
                m.d.comb += into[lane].eq(self._read(m, f"{name}_{lane}", ages, write, older, going, depth))
        return m

    def _read(
        self, m: Module, name: str, ages: Sequence[int | None], write: Signal, older: Signal, advance: Value, depth: int
    ) -> Value:
        """The samples of these ages, cycle by cycle, or 0 for None; two cycles after `phase`."""
        array = self._array
        memory = BlockRAM(shape_of(array.sample), depth)
        m.submodules[name] = memory
        m.d.comb += [memory.write_address.eq(write), memory.write_data.eq(self.sample), memory.write.eq(self.valid)]

        filled = filled_ages(ages)
        filled += filled[-1:] * (array.cycles - len(filled))
        steps = [before - after for before, after in pairwise(filled)]
        # From a slot's last sample to the first one of the next slot, one sample later.
        around = filled[-1] - filled[0] + 1
        even = len(set(steps)) <= 1
        step = Const(steps[0], STEP) if even else Array(Const(value, STEP) for value in (*steps, 0))[self.phase]

        # At the start of a slot, neither depends on the write pointer or on the count: that path would be the slowest.
        address = Signal(range(depth), name=f"{name}_address", init=(-filled[0] - around) % depth)
        spare_shape = signed(array.positions.bit_length() + 2)
        spare = Signal(spare_shape, name=f"{name}_spare")  # below 0: the sample is from before the signal
        spare_next = Signal(spare_shape, name=f"{name}_spare_next", init=-filled[0])
        m.d.sync += spare_next.eq(older - filled[0])
        with m.If(self.valid):
            m.d.sync += [address.eq(address + around), spare.eq(Mux(self.clear, -filled[0], spare_next))]
        with m.Elif(advance):
            m.d.sync += [address.eq(address + step), spare.eq(spare + step)]
        m.d.comb += memory.read_address.eq(address)

        there = Array(int(age is not None) for age in (*ages, *[None] * (array.cycles - len(ages))))
        looked_up, known = Signal(name=f"{name}_looked_up"), Signal(name=f"{name}_known")
        mask = (spare >= 0) if None not in ages else (spare >= 0) & there[self.phase]
        m.d.sync += [looked_up.eq(mask), known.eq(looked_up)]
        return Mux(known, memory.read_data, 0)
