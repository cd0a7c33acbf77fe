"""The large single-port RAM of iCE40 UltraPlus."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from . import ice40
from .families import family_of

__all__ = ["SinglePortRAM"]


class SinglePortRAM(wiring.Component):
    """A memory of `depth` words with one address: one write or one read a cycle, latency 1 cycle from `address` to
    `read_data`.

    The content after power-up is undefined; so is `read_data` after a cycle with a write.

    Parameters
    ----------
    width : int
        Bits of a word.
    depth : int
        At most 16384 on the device.

    Ports
    -----
    address : In
    write, write_data : In
        A word is written instead of read.
    read_data : Out
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__({"address": In(range(depth)), "write": In(1), "write_data": In(width), "read_data": Out(width)})
        self._width = width
        self._depth = depth

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if family_of(platform) == "ice40":
            ice40.remember(m, self.address, self.write, self.write_data, self.read_data)
            return m
        m.submodules.memory = memory = Memory(shape=self._width, depth=self._depth, init=[])
        read, write = memory.read_port(), memory.write_port()
        m.d.comb += [
            read.addr.eq(self.address),
            read.en.eq(~self.write),
            self.read_data.eq(read.data),
            write.addr.eq(self.address),
            write.en.eq(self.write),
            write.data.eq(self.write_data),
        ]
        return m
