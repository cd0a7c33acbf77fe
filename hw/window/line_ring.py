"""A line buffer's words in memories with a single port."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..primitives.single_port_ram import SinglePortRAM

__all__ = ["LineRing"]


class LineRing(wiring.Component):
    """Gives each step the word that was written a line before: one step a clock, latency 2 clocks, no stall.

    The words of all steps lie one behind the other in a ring, those of even steps in one bank, those of odd ones in another. A
    step of a line of C beats reads what the step C before it has written, so whatever C is, successive steps read the banks by
    turns. A word comes 2 clocks behind its step. Where its bank is being read then, it waits for a clock: the next read, if
    there is one at once, is of the other bank.

    Only where `length` changes two successive reads may be of one bank. A word of up to two steps before may then be lost.

    Parameters
    ----------
    width : int
        Bits of a word.
    beats : int
        Most beats of a line, 3 or more.

    Ports
    -----
    read : In
        A step.
    length : In
        Beside it, the beats of its line, less 4. It counts from the next step on.
    read_data : Out
        The word of the step `length` + 4 before this one, two clocks after it; stands until the next one. Not defined for the
        first steps behind a change of `length`, as many as the line has beats.
    write_data : In
        Beside `read_data`: the word of this step.
    """

    def __init__(self, width: int, beats: int) -> None:
        super().__init__({"read": In(1), "length": In(range(-1, beats - 3)), "read_data": Out(width), "write_data": In(width)})
        self._width = width
        self._beats = beats

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = (self._beats - 1).bit_length()
        banks = [SinglePortRAM(self._width, 1 << bits - 1) for _ in range(2)]
        m.submodules.even, m.submodules.odd = banks

        # The place that this step reads; and the steps before it, less 3, from which the next one's place is a line back.
        place, count = Signal(bits), Signal(bits, init=(1 << bits) - 3)
        with m.If(self.read):
            m.d.sync += [count.eq(count + 1), place.eq(count - self.length)]
        here = [self.read & (place[0] == bank) for bank in range(2)]

        # A clock later its bank shows the word, another one later its own word comes, and is the next of its turn.
        shows, shown, comes, turn = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [shows.eq(self.read), shown.eq(place[0]), comes.eq(shows), turn.eq(turn ^ comes)]
        with m.If(shows):
            m.d.sync += self.read_data.eq(Mux(shown, banks[1].read_data, banks[0].read_data))
        waiting = Signal.like(self.write_data)
        m.d.sync += waiting.eq(self.write_data)

        # The address of each bank's next word stands a clock longer than the word's turn.
        addresses = [Signal(bits - 1, name=f"address_{bank}") for bank in range(2)]
        with m.If(comes & turn):
            m.d.sync += addresses[0].eq(addresses[0] + 1)
        with m.If(comes & ~turn):
            m.d.sync += addresses[1].eq(addresses[0])

        for bank, ram in enumerate(banks):
            mine, waits = Signal(name=f"mine_{bank}"), Signal(name=f"waits_{bank}")
            m.d.comb += [
                mine.eq(comes & (turn == bank)),
                ram.address.eq(Mux(here[bank], place[1:], addresses[bank])),
                ram.write.eq((mine | waits) & ~here[bank]),
                ram.write_data.eq(Mux(waits, waiting, self.write_data)),
            ]
            m.d.sync += waits.eq(mine & here[bank])
        return m
