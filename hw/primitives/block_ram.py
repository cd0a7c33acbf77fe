"""Block RAM with its output register: one write port, one read port, latency two cycles."""

from collections.abc import Mapping, Sequence

from amaranth.hdl import Module, ShapeLike, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from . import ecp5
from .families import family_of

__all__ = ["BlockRAM", "LogicROM"]


class BlockRAM(wiring.Component):
    """A memory of `depth` words: one write and one read a cycle, latency 2 cycles from `read_address` to `read_data`.

    The second cycle is the output register of the block RAM, without which it is slow. Don't read a word in the cycle
    in which it is written: the result is undefined on devices.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a word.
    depth : int
    init : sequence of int
        The first words after power-up; the others are 0. A reset doesn't restore them.
    attrs : mapping, optional
        Attributes for a synthesiser that infers the memory.

    Ports
    -----
    read_address : In
    read_data : Out
    write, write_address, write_data : In
    """

    def __init__(self, shape: ShapeLike, depth: int, init: Sequence[int] = (), attrs: Mapping[str, str] | None = None) -> None:
        super().__init__(
            {
                "read_address": In(range(depth)),
                "read_data": Out(shape),
                "write": In(1),
                "write_address": In(range(depth)),
                "write_data": In(shape),
            }
        )
        self._shape = shape
        self._depth = depth
        self._init = list(init)
        self._attrs = dict(attrs or {})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if family_of(platform) == "ecp5":
            word = Signal(len(Value.cast(self.write_data)))
            m.d.comb += self.read_data.eq(word)
            ecp5.remember(
                m, self._depth, self._init, self.read_address, word, self.write, self.write_address, Value.cast(self.write_data)
            )
            return m
        # Otherwise Yosys adds logic that gives the old word if it is read and written in one cycle; no device does.
        attrs = {"no_rw_check": 1} | self._attrs
        m.submodules.memory = memory = Memory(shape=self._shape, depth=self._depth, init=self._init, attrs=attrs)
        read, write = memory.read_port(), memory.write_port()
        m.d.comb += [
            read.addr.eq(self.read_address),
            write.en.eq(self.write),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
        ]
        m.d.sync += self.read_data.eq(read.data)
        return m


class LogicROM(wiring.Component):
    """Constants in look-up tables: one word a cycle, latency 2 cycles from `read_address` to `read_data`, as a
    `BlockRAM`.

    For ECP5, whose block RAM limits the clock frequency more than all other blocks.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a word.
    words : sequence of int

    Ports
    -----
    read_address : In
    read_data : Out
    """

    def __init__(self, shape: ShapeLike, words: Sequence[int]) -> None:
        super().__init__({"read_address": In(range(len(words))), "read_data": Out(shape)})
        self._shape = shape
        self._words = list(words)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=self._shape, depth=len(self._words), init=self._words, attrs={"rom_style": "logic"}
        )
        read = memory.read_port()
        m.d.comb += read.addr.eq(self.read_address)
        m.d.sync += self.read_data.eq(read.data)
        return m
