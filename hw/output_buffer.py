"""The buffer behind a pipeline that can't stall, and the credits that keep it from overflowing."""

from amaranth.hdl import Module, Mux, ShapeLike, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["SMALLEST_BUFFER", "OutputBuffer"]

SMALLEST_BUFFER = 3
"""Credits of the smallest buffer: one to take, and two that may have been taken already, unknown as yet."""


class OutputBuffer(wiring.Component):
    """Queues results, and lends credits for those still to come: one a clock, latency 2 clocks from `write` to `o`, never
    overflows.

    Take one credit for each result that is started, and only while `available`; a transfer at `o` gives it back. Takes and
    returns are counted through registers, so that no path leads from a handshake through the counter: `available` knows of
    what happened three clocks ago, and keeps two credits in reserve for what it doesn't know yet.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a result.
    depth : int
        Credits, 3 or more. For one result a clock at least the clocks from `take` to `o`, + 6.

    Ports
    -----
    take : In
        A result was started; only while `available`.
    available : Out
        A credit is left. A register.
    home : Out
        All credits are here: nothing is in flight, nothing is queued. A register, two clocks behind.
    write : In
        `data` is a result.
    data : In
    o : stream of `shape`
    overflow : Out
        A result found no room, sticky. Can't happen while the rule above is kept.
    """

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        if depth < SMALLEST_BUFFER:
            raise ValueError(f"Depth must be at least {SMALLEST_BUFFER}, not {depth}")
        super().__init__(
            {
                "take": In(1),
                "available": Out(1, init=1),
                "home": Out(1, init=1),
                "write": In(1),
                "data": In(shape),
                "o": Out(stream.Signature(shape)),
                "overflow": Out(1),
            }
        )
        self.depth = depth
        self._shape = shape

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=self._shape, depth=self.depth, init=[])
        put, get = memory.write_port(), memory.read_port()
        waiting = Signal()  # results in the memory; the port's register holds one more
        read = Signal()
        # All counts run a clock behind, by a register that says which way: no handshake reaches a carry chain.
        level, moved = Signal(range(self.depth + 1)), Signal(signed(2))
        credit, lent = Signal(range(self.depth + 1), init=self.depth), Signal(signed(2))
        more = Signal()  # at least two results in the memory

        m.d.comb += [
            # Whatever comes is written, and kept if it is a result: its place is free, as one result at least is in the
            # port's register by the time that all others wait here. No enable has to reach the memory.
            put.en.eq(1),
            put.data.eq(self.data),
            read.eq(waiting & (~self.o.valid | self.o.ready)),
            get.en.eq(read),
            self.o.payload.eq(get.data),
        ]
        with m.If(self.write):
            m.d.sync += put.addr.eq(_after(put.addr, self.depth))
        with m.If(read):
            m.d.sync += get.addr.eq(_after(get.addr, self.depth))
        with m.If(read | self.o.ready):
            m.d.sync += self.o.valid.eq(read)
        m.d.comb += more.eq((level > 2) | ((level == 2) & ~moved[1]) | ((level == 1) & (moved == 1)))
        m.d.sync += [
            moved.eq(self.write - read),
            level.eq(level + moved),
            waiting.eq(self.write | more | (waiting & ~read)),
            lent.eq(self.take - (self.o.valid & self.o.ready)),
            credit.eq(credit - lent),
            self.available.eq(credit >= SMALLEST_BUFFER),
            self.home.eq((credit == self.depth) & (lent != 1)),
        ]
        with m.If(level == self.depth):
            m.d.sync += self.overflow.eq(1)
        return m


def _after(pointer: Value, depth: int) -> Value:
    """The next place of a ring."""
    return pointer + 1 if depth & (depth - 1) == 0 else Mux(pointer == depth - 1, 0, pointer + 1)
