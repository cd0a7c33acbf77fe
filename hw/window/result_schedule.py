"""The schedule of a resampler's results: which are due, and when each begins."""

from collections.abc import Sequence
from typing import ClassVar

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import ResampleDesign

from ..stream.placed_skid import PlacedSkidBuffer
from ..stream.skid_buffer import SkidBuffer

__all__ = ["FewerResults", "MoreResults", "ResultSchedule", "schedule_of"]


class ResultSchedule(wiring.Component):
    """Takes samples, and begins the results that are due: one sample or result a cycle, no bubble between frames.

    Result n of a frame begins in phase ``n * down % up``; its newest sample is number ``n * down // up``. All counts
    are looked up by the phase, so no divider is needed.

    Parameters
    ----------
    design : ResampleDesign

    Ports
    -----
    opens : In
        A frame's first sample is offered.
    claim, first, last : In
        A sample of a frame is taken; its marks.
    free : In
        The slot before is over, or in its last cycle.
    available, spent : In
        There is room for a result; there is none. Both are registers.
    take, refuse : Out
        A sample may be taken; none may be taken. `take` depends on `available`, `refuse` on `spent`.
    due : Out
        With `claim`: the sample is the newest one of a result.
    begin : Out
        The result that is due begins.
    place : Out
        With `begin`: address of the result's first coefficients: its phase times the cycles of a slot.
    o_first, o_last : Out
        Marks of the result.
    busy : Out
        A result is due, or began in the cycle before.
    """

    slice: ClassVar[type[SkidBuffer | PlacedSkidBuffer]] = SkidBuffer
    """The register slice that may stand in front of a core with this schedule."""

    def __init__(self, design: ResampleDesign) -> None:
        self._design = design
        names = ("opens", "claim", "first", "last", "free", "available", "spent")
        outputs = ("take", "refuse", "due", "begin", "o_first", "o_last", "busy")
        ports = dict.fromkeys(names, In(1)) | dict.fromkeys(outputs, Out(1))
        super().__init__(ports | {"place": Out(range(design.up * design.choices.clocks))})

    def _told(self, values: Sequence[int], phase: Value) -> Value:
        """A number that is looked up by the phase."""
        return Array(Const(value, range(max(*values, 1) + 1)) for value in values)[phase]

    def _following(self, phase: Value) -> Value:
        """The phase of the result after one of this phase."""
        up, down = self._design.up, self._design.down
        return self._told([(one + down) % up for one in range(up)], phase)

    def _places(self, phase: Value) -> Value:
        return self._told([one * self._design.choices.clocks for one in range(self._design.up)], phase)


class MoreResults(ResultSchedule):
    """Each sample is the newest one of one or several results; all of them begin before the next sample is taken."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        up, down = self._design.up, self._design.down
        held, begun = Signal(), Signal()  # a sample has results that haven't begun; a result began in the cycle before
        phase = Signal(range(up))
        final = Signal()  # the sample is its frame's last
        ends = self._told([int(one + down >= up) for one in range(up)], phase)

        m.d.comb += [
            self.take.eq(~held | (self.free & self.available & ends)),
            self.refuse.eq(held & (~self.free | self.spent | ~ends)),
            self.due.eq(1),
            self.begin.eq(held & self.free & self.available),
            self.place.eq(self._places(phase)),
            self.o_last.eq(final & ends),
            self.busy.eq(held | begun),
        ]
        m.d.sync += begun.eq(self.begin)
        with m.If(self.begin):
            m.d.sync += [phase.eq(self._following(phase)), self.o_first.eq(0), held.eq(~ends)]
        with m.If(self.claim):
            m.d.sync += [held.eq(1), final.eq(self.last)]
            with m.If(self.first):
                m.d.sync += [phase.eq(0), self.o_first.eq(1)]
        return m


class FewerResults(ResultSchedule):
    """A result comes after several samples. It begins once it is known whether it is its frame's last: with the sample
    before the next result's newest one, or with the frame's last.

    One result is held at a time. If its frame has no end, it begins before the next frame's first sample is taken."""

    slice = PlacedSkidBuffer  # `refuse` is a function of many signals

    def elaborate(self, platform: object) -> Module:
        m = Module()
        up, down = self._design.up, self._design.down
        held, known = Signal(), Signal()  # a result is due; one waits, and whether it is the last is known
        begun = Signal()  # a result began in the cycle before
        left = Signal(range(down // up + 1))  # samples before the next one that completes a result
        none_left, one_left = Signal(), Signal()
        phase, following = Signal(range(up)), Signal(range(up))  # of the result that is due; of the next result
        room, full = Signal(), Signal()
        # A frame broke off: its result goes first. `take` doesn't check that the next frame's first sample is there.
        breaks, flush = held & self.first, held & self.opens
        may = ~known | room

        m.d.comb += [
            room.eq(self.free & self.available),
            full.eq(~self.free | self.spent),
            self.take.eq(may & ~breaks),
            self.refuse.eq((known & full) | breaks),
            self.due.eq(self.first | none_left),
            self.begin.eq(known & room),
            self.place.eq(self._places(phase)),
            self.busy.eq(held | known | begun),
        ]
        # The effects of a claim are computed in parallel with it, as it comes late. Only `known` combines it with more.
        now = Mux(self.first, 0, following)
        # Samples between the newest samples of two successive results.
        between = [(one + down) // up - 1 for one in range(up)]
        none, one = (self._told([int(gap == count) for gap in between], now) for count in (0, 1))
        ends = self.last | Mux(self.due, none, one_left)
        m.d.sync += [
            begun.eq(self.begin),
            known.eq(~may | flush | (self.claim & ends)),
            held.eq(Mux(self.claim, ~ends, held & ~flush)),
        ]
        with m.If(may):
            m.d.sync += self.o_last.eq(self.last & ~flush)
        with m.If(self.claim):
            m.d.sync += [
                left.eq(Mux(self.due, self._told(between, now), left - 1)),
                none_left.eq(Mux(self.due, none, one_left)),
                one_left.eq(Mux(self.due, one, left == 2)),
                self.o_first.eq(self.first | (self.o_first & ~none_left)),
                phase.eq(Mux(self.due, now, phase)),
                following.eq(Mux(self.due, self._following(now), following)),
            ]
        return m


def schedule_of(design: ResampleDesign) -> type[ResultSchedule]:
    """The schedule of a design whose results begin one by one."""
    return FewerResults if design.down > design.up else MoreResults
