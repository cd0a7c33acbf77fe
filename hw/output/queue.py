"""Queues of results, for a fork's branches that are earlier than others."""

from amaranth.hdl import Module, Mux, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.plan import fork

from ..primitives.block_ram import BlockRAM
from ..stream.delay import Delay
from ..stream.output_buffer import OutputBuffer

__all__ = ["LongQueue", "ShortQueue", "queue_of"]

WINDOW = 16
"""Credits of the output buffer behind a memory: enough for one word a cycle, including the read latency."""

UNKNOWN = 4
"""Most words that may have come since the last count."""


class ShortQueue(wiring.Component):
    """A queue in an output buffer: one beat a cycle, latency 3 cycles, full back-pressure, no path from `o.ready` to
    `i.ready`.

    It takes a beat while the buffer has a credit, so it holds two beats less than `depth`.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
        Places of the buffer, 9 or more.

    Ports
    -----
    i, o : stream of `shape`
    idle : Out
        The queue is empty. A register, two cycles late.
    overflow : Out
        Can't happen.
    """

    makes = (fork.Queue,)

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        beats = stream.Signature(shape)
        super().__init__({"i": In(beats), "o": Out(beats), "idle": Out(1), "overflow": Out(1)})
        self._shape = shape
        self._depth = depth

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = OutputBuffer(self._shape, self._depth)
        wiring.connect(m, buffer.o, wiring.flipped(self.o))
        m.d.comb += [
            self.i.ready.eq(buffer.available),
            buffer.claim.eq(self.i.valid & self.i.ready),
            buffer.write.eq(buffer.claim),
            buffer.data.eq(self.i.payload),
            self.idle.eq(buffer.idle),
            self.overflow.eq(buffer.overflow),
        ]
        return m


class LongQueue(wiring.Component):
    """A queue in block RAM, in front of an output buffer: one beat a cycle, latency 7 cycles, full back-pressure, no
    path from `o.ready` to `i.ready`.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
        Words of the memory, a power of two. The queue takes at least `depth` - 4 beats, and those in the output buffer.
    window : int
        Credits of the output buffer.

    Ports
    -----
    i, o, idle, overflow
        See `ShortQueue`.
    """

    makes = (fork.Queue,)

    def __init__(self, shape: ShapeLike, depth: int, window: int = WINDOW) -> None:
        beats = stream.Signature(shape)
        super().__init__({"i": In(beats), "o": Out(beats), "idle": Out(1), "overflow": Out(1)})
        self._shape = shape
        self._depth = depth
        self._window = window

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = BlockRAM(self._shape, self._depth)
        m.submodules.buffer = buffer = OutputBuffer(self._shape, self._window)
        m.submodules.comes = comes = Delay(1, 2)  # aligned with the word that is read
        wiring.connect(m, buffer.o, wiring.flipped(self.o))

        # Addresses are compared instead of counting words: the next write, the current read, the read after it.
        put, get, following = Signal(range(self._depth)), Signal(range(self._depth)), Signal(range(self._depth), init=1)
        there, reads, enters = Signal(), Signal(), Signal()  # there: a word is waiting at `get`
        m.d.comb += [
            enters.eq(self.i.valid & self.i.ready),
            reads.eq(there & buffer.available),
            memory.write.eq(enters),
            memory.write_address.eq(put),
            memory.write_data.eq(self.i.payload),
            memory.read_address.eq(get),
            comes.i.eq(reads),
            buffer.claim.eq(reads),
            buffer.write.eq(comes.o),
            buffer.data.eq(memory.read_data),
        ]
        m.d.sync += there.eq(Mux(reads, put != following, put != get))
        with m.If(enters):
            m.d.sync += put.eq(put + 1)
        with m.If(reads):
            m.d.sync += [get.eq(following), following.eq(following + 1)]

        # The number of words is one cycle late: it is counted from registers of arrivals and departures.
        level, entered, read = Signal(range(self._depth + 1)), Signal(), Signal()
        m.d.sync += [
            entered.eq(enters),
            read.eq(reads),
            level.eq(level + entered - read),
            # Ready while there is room for `UNKNOWN` more words.
            self.i.ready.eq(~(level[(UNKNOWN - 1).bit_length() : -1].all() | level[-1])),
            self.idle.eq((level == 0) & ~entered & buffer.idle),
        ]
        with m.If(level == self._depth):
            m.d.sync += self.overflow.eq(1)
        with m.If(buffer.overflow):
            m.d.sync += self.overflow.eq(1)
        return m


def queue_of(shape: ShapeLike, queue: fork.Queue) -> ShortQueue | LongQueue:
    """The queue of a plan."""
    return (LongQueue if queue.long else ShortQueue)(shape, queue.depth)
