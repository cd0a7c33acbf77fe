"""Which results of an interpolator with mirrored phases are due: all of a sample, one behind the other."""

from amaranth.hdl import Module, Signal

from .result_schedule import ResultSchedule

__all__ = ["WholeSamples"]


class WholeSamples(ResultSchedule):
    """The results of a sample begin together: the first one where all of them have room, the others in the slots behind it,
    whatever comes. `place` is the first word of a slot's coefficients, slot by slot."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        up = self._design.up
        held, begun = Signal(), Signal()  # a sample has results that haven't begun; one began in the clock before
        slot = Signal(range(up))
        inside, ends = Signal(), Signal()  # a sample's first result has begun; only its last one hasn't
        final = Signal()  # the sample is its frame's last

        m.d.comb += [
            ends.eq(slot == up - 1),
            self.take.eq(~held | (self.free & ends)),
            self.refuse.eq(held & ~(self.free & ends)),
            self.due.eq(1),
            self.begin.eq(held & self.free & (inside | self.available)),
            self.place.eq(self._places(slot)),
            self.o_last.eq(final & ends),
            self.busy.eq(held | begun),
        ]
        m.d.sync += begun.eq(self.begin)
        with m.If(self.begin):
            m.d.sync += [slot.eq(self._following(slot)), self.o_first.eq(0), held.eq(~ends), inside.eq(~ends)]
        with m.If(self.claim):
            m.d.sync += [held.eq(1), final.eq(self.last), self.o_first.eq(self.first)]
        return m
