"""An output buffer in few look-up tables: one memory, and no register slice behind it."""

from amaranth.hdl import Module, ShapeLike, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.memory import Memory

from convolver.plan import stages

from .output_buffer import buffer_ports, three_or_more

__all__ = ["CompactBuffer"]


class CompactBuffer(wiring.Component):
    """Queues results, and lends credits for results to come: one result a cycle, latency 2 cycles from `write` to `o`,
    never overflows. Ports are those of `OutputBuffer`.

    The payload of `o` is the register behind the memory's read port, so a result needs no register of its own and no
    multiplexer. `o.ready` drives that register's enable, where `OutputBuffer` has registers in between. `available` is
    three cycles late, and keeps two credits in reserve.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a result.
    depth : int
        Credits, a power of two, 4 or more. For one result a cycle: the cycles from `claim` to `o`, plus 4, or more.

    Ports
    -----
    claim, available, spent, idle, write, data, o, overflow
        See `OutputBuffer`.
    """

    makes = (stages.CompactBuffer,)

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        if depth < 4 or depth & (depth - 1):  # the smallest depth that leaves two credits beside the reserve
            raise ValueError(f"Depth must be a power of two from 4 on, not {depth}")
        super().__init__(buffer_ports(shape))
        self.depth = depth
        self._shape = shape

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # A word that is read while it is written is never taken: the memory was empty. So read-write checks are off.
        m.submodules.memory = memory = Memory(shape=self._shape, depth=self.depth, init=[], attrs={"no_rw_check": 1})
        put, get = memory.write_port(), memory.read_port()
        # Next address of each side, with one bit more than an address, which tells full from empty.
        places = range(2 * self.depth)
        written, taken, after = Signal(places), Signal(places), Signal(places, init=1)
        there = Signal()  # the memory holds a result
        moves, read = Signal(), Signal()
        credit, change = Signal(range(self.depth + 1), init=self.depth), Signal(signed(2))
        some = three_or_more(credit)  # one credit, and two that may have been claimed since
        m.d.comb += [
            put.en.eq(self.write),
            put.addr.eq(written[:-1]),
            put.data.eq(self.data),
            moves.eq(self.o.ready | ~self.o.valid),
            read.eq(there & moves),
            get.en.eq(moves),
            get.addr.eq(taken[:-1]),
            self.o.payload.eq(get.data),
        ]
        with m.If(moves):
            m.d.sync += self.o.valid.eq(there)
        with m.If(read):
            m.d.sync += [taken.eq(after), after.eq(after + 1)]
        with m.If(self.write):
            m.d.sync += written.eq(written + 1)
        m.d.sync += [
            there.eq(self.write | (there & (~read | (written != after)))),
            change.eq(read - self.claim),
            credit.eq(credit + change),
            self.available.eq(some),
            self.spent.eq(~some),
            self.idle.eq(credit[-1] & ~change[-1] & ~self.o.valid),
        ]
        with m.If(self.write & (written[:-1] == taken[:-1]) & there):
            m.d.sync += self.overflow.eq(1)
        return m
