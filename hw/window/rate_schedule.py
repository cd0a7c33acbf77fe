"""The schedule of results for a rate change by a whole number. The number may change between frames."""

from collections.abc import Callable
from typing import Any, ClassVar

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.plan import cic as stages
from convolver.plan.stages import Stage

__all__ = ["Decimation", "Interpolation", "RateSchedule"]


class RateSchedule(wiring.Component):
    """Takes samples, and begins the results that are due: one sample or result a cycle, no bubble between frames.

    Parameters
    ----------
    most : int
        The greatest change of the rate.

    Ports
    -----
    less : In
        The change of the rate, less 1. It is constant from a frame's first sample until its last result has begun.
    opens : In
        A frame's first sample is offered.
    claim, first, last : In
        A sample of a frame is taken; its marks.
    available, spent : In
        There is room for a result; there is none. Both are registers.
    take, refuse : Out
        A sample may be taken; none may be taken. `take` depends on `available`, `refuse` on `spent`.
    due : Out
        With `claim`: the sample is the newest one of a result.
    begin : Out
        The result that is due begins.
    fresh : Out
        With `begin`: the result is the first one of its sample.
    o_first, o_last : Out
        Marks of the result.
    busy : Out
        A result is due, or began in the cycle before.
    """

    goes_with: ClassVar[tuple[type[Stage], ...]]
    """The stage in front of the schedule."""

    @staticmethod
    def summed(samples: Any, front: Callable[[Any], Any], scaled: Callable[[Any, int], Any]) -> Any:
        """The numbers at the change of the rate: the `samples` after the `front` sections, `scaled` ahead of the first
        sum. The number given to `scaled` is 1 if that is after the front, else 0."""
        raise NotImplementedError

    @staticmethod
    def upsampled(number: Value, fresh: Value) -> Value:  # noqa: ARG004  # where there are several results of a sample
        """The input of the sections behind, for one result of a sample with this number."""
        return number

    def __init__(self, most: int) -> None:
        self._most = most
        names = ("opens", "claim", "first", "last", "available", "spent")
        outputs = ("take", "refuse", "due", "begin", "fresh", "o_first", "o_last", "busy")
        ports = dict.fromkeys(names, In(1)) | dict.fromkeys(outputs, Out(1))
        super().__init__(ports | {"less": In(range(most))})


class Interpolation(RateSchedule):
    """Each sample has several results; all of them begin before the next sample is taken."""

    goes_with = (stages.Combs,)

    @staticmethod
    def summed(samples: Any, front: Callable[[Any], Any], scaled: Callable[[Any, int], Any]) -> Any:
        return scaled(front(samples), 1)

    @staticmethod
    def upsampled(number: Value, fresh: Value) -> Value:
        return Mux(fresh, number, 0)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held, begun = Signal(), Signal()  # a sample has results that haven't begun; a result began in the cycle before
        left, ends = Signal(range(self._most)), Signal()  # results after the one that is due; none are left
        final = Signal()  # the sample is its frame's last

        m.d.comb += [
            self.take.eq(~held | (self.available & ends)),
            self.refuse.eq(held & (self.spent | ~ends)),
            self.due.eq(1),
            self.begin.eq(held & self.available),
            self.o_last.eq(final & ends),
            self.busy.eq(held | begun),
        ]
        m.d.sync += begun.eq(self.begin)
        with m.If(self.begin):
            m.d.sync += [left.eq(left - 1), ends.eq(left == 1), held.eq(~ends), self.fresh.eq(0), self.o_first.eq(0)]
        with m.If(self.claim):
            m.d.sync += [
                held.eq(1),
                left.eq(self.less),
                ends.eq(self.less == 0),
                final.eq(self.last),
                self.fresh.eq(1),
                self.o_first.eq(self.first),
            ]
        return m


class Decimation(RateSchedule):
    """A result comes after several samples. It begins once it is known whether it is its frame's last: with the sample
    before the next result's newest one, or with the frame's last.

    One result is held at a time. If its frame has no end, it begins before the next frame's first sample is taken."""

    goes_with = (stages.Integrators,)

    @staticmethod
    def summed(samples: Any, front: Callable[[Any], Any], scaled: Callable[[Any, int], Any]) -> Any:
        return front(scaled(samples, 0))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held, known = Signal(), Signal()  # a result is due; one waits, and whether it is the last is known
        begun = Signal()  # a result began in the cycle before
        left = Signal(range(self._most))  # samples before the next one that completes a result
        none_left, one_left = Signal(), Signal()
        # A frame broke off: its result goes first. `take` doesn't check that the next frame's first sample is there.
        breaks, flush = held & self.first, held & self.opens
        free = ~known | self.available

        m.d.comb += [
            self.take.eq(free & ~breaks),
            self.refuse.eq((known & self.spent) | breaks),
            self.due.eq(self.first | none_left),
            self.begin.eq(known & self.available),
            self.fresh.eq(1),
            self.busy.eq(held | known | begun),
        ]
        # The effects of a claim are computed in parallel with it, as it comes late. Only `known` combines it with more.
        ends = self.last | Mux(self.due, self.less == 0, one_left)
        m.d.sync += [
            begun.eq(self.begin),
            known.eq(~free | flush | (self.claim & ends)),
            held.eq(Mux(self.claim, ~ends, held & ~flush)),
        ]
        with m.If(free):
            m.d.sync += self.o_last.eq(self.last & ~flush)
        with m.If(self.claim):
            m.d.sync += [
                left.eq(Mux(self.due, self.less, left - 1)),
                none_left.eq(Mux(self.due, self.less == 0, one_left)),
                one_left.eq(Mux(self.due, self.less == 1, left == 2)),
                self.o_first.eq(self.first | (self.o_first & ~none_left)),
            ]
        return m
