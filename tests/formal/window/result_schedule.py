"""The specification of the schedules of results."""

from collections.abc import Iterable
from typing import Any

from amaranth.hdl import Assert, Const, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import CICDesign, ResampleDesign
from convolver.hw.window import result_schedule, whole_samples

__all__ = ["ResultScheduleSpec", "WholeSamplesSpec"]


class ResultScheduleSpec(wiring.Component):
    """Each result begins once, in the phase and with the marks that division and remainder give it.

    Sample k and result n of a frame are counted, up to `most`; a frame that is longer isn't followed. Result n is one
    of sample ``n * down // up``, of phase ``n * down % up``; it is its frame's last one if the frame ends before the
    next one's sample. A sample is let in as soon as no result of those before waits, or in the clock in which the last
    of them begins."""

    def __init__(self, design: ResampleDesign | CICDesign, most: int) -> None:
        self._design, self._most = design, most
        names = ("valid", "first", "last", "free", "available")
        super().__init__(dict.fromkeys(names, In(1)))

    def _schedule(self) -> Any:
        """The schedule, of the class that its module has now."""
        return result_schedule.schedule_of(self._design)(self._design)

    def _connect_slot(self, m: Module, dut: Any) -> Value:
        """Connects what it has of slots; when the one before is over."""
        m.d.comb += dut.free.eq(self.free)
        return self.free

    def _may(self, phase: Value) -> Value:
        """Whether a result of that phase has room."""
        return self.available

    def _check_place(self, dut: Any, told: Value, phase: Value) -> Iterable[Assert]:
        """What it says of a result's phase, where it is `told`."""
        yield Assert(~told | (dut.place == phase * self._design.choices.clocks))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        up, down, most = self._design.up, self._design.down, self._most
        m.submodules.dut = dut = self._schedule()
        opened, claim = Signal(), Signal()
        m.d.comb += [
            dut.opens.eq(self.valid & self.first),
            dut.first.eq(self.first),
            dut.last.eq(self.last),
            dut.available.eq(self.available),
            dut.spent.eq(~self.available),
            claim.eq(self.valid & dut.take & (opened | self.first)),
            dut.claim.eq(claim),
        ]
        with m.If(claim):
            m.d.sync += opened.eq(~self.last)

        # The frame so far; and whether nothing but a frame that is longer, or one without an end, was met.
        samples, results = Signal(range(most + 2)), Signal(range(most * up // down + 3))
        ended, followed, any_frame = Signal(), Signal(init=1), Signal()
        newest, phase, next_one = (Signal(range(4 * most * max(up, down))) for _ in range(3))
        m.d.comb += [
            newest.eq(results * down // up),
            phase.eq(results * down % up),
            next_one.eq((results + 1) * down // up),
        ]
        there = any_frame & (newest < samples)
        final = ended & (next_one >= samples)
        waits = there & (final | (next_one <= samples if down > up else 1))
        other = waits & (next_one < samples)  # one more behind it
        begins = waits & self._connect_slot(m, dut) & self._may(phase)
        held = there & ~waits if down > up else Const(0)
        breaks = self.valid & self.first & held
        with m.If(dut.begin):
            m.d.sync += results.eq(results + 1)
        with m.If(claim):
            m.d.sync += [samples.eq(samples + 1), ended.eq(self.last), any_frame.eq(1)]
            with m.If(self.first):
                m.d.sync += [samples.eq(1), results.eq(0)]
        # A result of a frame that another one breaks off isn't told here; those of the frames behind it are.
        with m.If((samples > most) | breaks):
            m.d.sync += followed.eq(0)
        with m.If(claim & self.first & ~breaks):
            m.d.sync += followed.eq(1)
        may = ~waits | (begins & ~other)
        m.d.comb += [
            Assert(~followed | (samples > most) | (dut.begin == begins)),
            Assert(~followed | (samples > most) | (dut.take == (may & ~(held & self.first)))),
            Assert(dut.take == ~dut.refuse),
            *self._check_place(dut, followed & dut.begin & (samples <= most), phase),
            Assert(~(followed & dut.begin & (samples <= most)) | (dut.o_first == (results == 0))),
            Assert(~(followed & dut.begin & (samples <= most)) | (dut.o_last == final)),
            Assert(~(followed & claim & (samples < most)) | (dut.due == _due(self.first, samples, results, up, down))),
        ]
        m.d.comb += [
            Cover(followed & dut.begin & dut.o_last & (results > 1), "a frame's last result"),
            Cover(followed & dut.begin & claim, "a sample behind a result"),
        ]
        return m


class WholeSamplesSpec(ResultScheduleSpec):
    """The same where a sample's results begin together: only the first one waits for room."""

    def _schedule(self) -> Any:
        assert isinstance(self._design, ResampleDesign)
        return whole_samples.WholeSamples(self._design)

    def _may(self, phase: Value) -> Value:
        return self.available | (phase != 0)


def _due(first, samples, results, up, down):  # type: ignore[no-untyped-def]
    """Whether the sample that is taken is a result's newest: the first of a frame, or that of the next result."""
    number = Mux(first, 0, samples)
    return (number * up + down - 1) // down * down // up == number if down > up else 1
