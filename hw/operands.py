"""What feeds a folded 2-D array: the places of a window, a few in each clock of a slot."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.schedule import Schedule

from .stream import shape_of

__all__ = ["Operands"]


class Operands(wiring.Component):
    """Gives each lane its places of a window, one a clock: a slot follows each window, its first places come 2 clocks behind.

    A lane's places are taken over together and leave one after the other, the next one a register away, whatever the clocks a
    slot. Windows are at least a slot apart, and stand for it.

    Parameters
    ----------
    schedule : Schedule
        Of a 2-D design with several clocks a slot.

    Ports
    -----
    places : In
        An array of the window's pixels.
    valid : In
        They are those of another result.
    clock : Out
        The clock of the slot, from `valid` on.
    samples : Out
        An array of one place a lane, two clocks behind `clock`; in clocks in which a lane has none its last one.
    start, end : Out
        Beside the samples: they are those of the slot's first clock, of its last.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        shape = shape_of(schedule.design.sample)
        super().__init__(
            {
                "places": In(shape).array(schedule.positions),
                "valid": In(1),
                "clock": Out(range(schedule.clocks)),
                "samples": Out(shape).array(schedule.lanes),
                "start": Out(1),
                "end": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        schedule = self._schedule
        last = self.clock == schedule.clocks - 1
        load, ends = Signal(), Signal()
        with m.If(self.valid | (self.clock != 0)):
            m.d.sync += self.clock.eq(Mux(last, 0, self.clock + 1))
        m.d.sync += [load.eq(self.valid), self.start.eq(load), ends.eq(last), self.end.eq(ends)]
        for lane in range(schedule.lanes):
            places = [self.places[product.position] for product in schedule.lane(lane)]
            after = None
            for index, place in reversed(list(enumerate(places))):
                register = Signal.like(place, name=f"place_{lane}_{index}") if index else self.samples[lane]
                with m.If(load):
                    m.d.sync += register.eq(place)
                if after is not None:
                    with m.Else():
                        m.d.sync += register.eq(after)
                after = register
        return m
