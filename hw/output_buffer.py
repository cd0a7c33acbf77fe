"""The buffer behind a pipeline that can't stall, and the credits that keep it from overflowing."""

from amaranth.hdl import Module, Shape, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
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
        # The queue's own output register holds one more, so its memory is `depth` words.
        m.submodules.queue = queue = SyncFIFOBuffered(width=Shape.cast(self._shape).width, depth=self.depth + 1)
        credit = Signal(range(self.depth + 1), init=self.depth)
        taken, given = Signal(), Signal()

        m.d.comb += [
            queue.w_en.eq(self.write),
            queue.w_data.eq(self.data),
            self.o.valid.eq(queue.r_rdy),
            self.o.payload.eq(queue.r_data),
            queue.r_en.eq(self.o.ready),
        ]
        m.d.sync += [
            taken.eq(self.take),
            given.eq(self.o.valid & self.o.ready),
            credit.eq(credit + given - taken),
            self.available.eq(credit >= SMALLEST_BUFFER),
            self.home.eq((credit == self.depth) & ~taken),
        ]
        with m.If(self.write & ~queue.w_rdy):
            m.d.sync += self.overflow.eq(1)
        return m
