"""A line buffer's words in memories with a single port."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..primitives.single_port_ram import SinglePortRAM

__all__ = ["LineRing"]


class LineRing(wiring.Component):
    """Reads, for each step, the word written one line earlier: one step a cycle, latency 2 cycles, no stall.

    The words form a ring over two banks: even steps use one bank, odd steps the other. In a line of C beats, each step
    reads the word of the step C earlier. Successive steps therefore alternate between the banks, for every C. The word
    to write arrives 2 cycles after its step. If its bank is being read in that cycle, the write waits one cycle; a read
    in the next cycle uses the other bank.

    When `length` changes, two successive reads may use the same bank. A word of the last two steps may then be lost.

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
        With `read`: the beats of the step's line, less 4. Takes effect with the next step.
    read_data : Out
        The word of the step `length` + 4 earlier, two cycles after `read`; held until the next word. Undefined for one
        line of steps after a change of `length`.
    write_data : In
        The word of this step, in the cycle of its `read_data`.
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

        # The address that this step reads, and the count of earlier steps, less 3: the next address is one line below
        # it.
        place, count = Signal(bits), Signal(bits, init=(1 << bits) - 3)
        with m.If(self.read):
            m.d.sync += [count.eq(count + 1), place.eq(count - self.length)]
        here = [self.read & (place[0] == bank) for bank in range(2)]

        # One cycle later the bank outputs the word; the cycle after brings the word to write. Writes alternate between
        # banks.
        shows, shown, comes, turn = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [shows.eq(self.read), shown.eq(place[0]), comes.eq(shows), turn.eq(turn ^ comes)]
        with m.If(shows):
            m.d.sync += self.read_data.eq(Mux(shown, banks[1].read_data, banks[0].read_data))
        waiting = Signal.like(self.write_data)
        m.d.sync += waiting.eq(self.write_data)

        # Each bank's write address is held one cycle longer than its turn, for a write that waits.
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
