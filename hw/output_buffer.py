"""The buffer behind a pipeline that can't stall, and the credits that keep it from overflowing."""

from amaranth.hdl import Module, Shape, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

__all__ = ["OutputBuffer"]


class OutputBuffer(wiring.Component):
    """Queues results, and lends credits for those still to come: one a clock, latency 2 clocks from `write` to `o`, never
    overflows.

    ``credits + in flight + queued = depth`` in every clock: take one credit for each result that is started, and only while
    `available`; a transfer at `o` gives it back.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a result.
    depth : int
        Credits, 1 or more. For one result a clock at least the clocks from `take` to `o`, + 2.

    Ports
    -----
    take : In
        A result was started; only while `available`.
    available : Out
        A credit is left. A register: no path leads here from `o.ready`.
    home : Out
        All credits are here: nothing is in flight, nothing is queued.
    write : In
        `data` is a result.
    data : In
    o : stream of `shape`
    overflow : Out
        A result found no room, sticky. Can't happen while the rule above is kept.
    """

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        if depth < 1:
            raise ValueError(f"Depth must be at least 1, not {depth}")
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
        left = Signal.like(credit)

        m.d.comb += [
            queue.w_en.eq(self.write),
            queue.w_data.eq(self.data),
            self.o.valid.eq(queue.r_rdy),
            self.o.payload.eq(queue.r_data),
            queue.r_en.eq(self.o.ready),
            left.eq(credit + (self.o.valid & self.o.ready) - self.take),
        ]
        m.d.sync += [
            credit.eq(left),
            self.available.eq(left != 0),
            self.home.eq(left == self.depth),
        ]
        with m.If(self.write & ~queue.w_rdy):
            m.d.sync += self.overflow.eq(1)
        return m
