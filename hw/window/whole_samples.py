"""The schedule of an interpolator with mirrored phases: all results of a sample are due, one after the other."""

from amaranth.hdl import Module, Signal

from .result_schedule import ResultSchedule

__all__ = ["WholeSamples"]


class WholeSamples(ResultSchedule):
    """All results of a sample begin together: the first when there is room for all of them, the others in the slots
    after it, without another check. `place` is the address of the first coefficients of each slot."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        up = self._design.up
        held, begun = Signal(), Signal()  # a sample has results that haven't begun; a result began in the cycle before
        slot = Signal(range(up))
        inside, ends = Signal(), Signal()  # the sample's first result has begun; only its last one hasn't
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
