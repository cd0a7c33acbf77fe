"""A register slice for a stream."""

from amaranth.hdl import Module, Mux, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SkidBuffer"]


class SkidBuffer(wiring.Component):
    """A register slice: cuts every combinational path between its two sides.

    One beat a cycle, latency one cycle, full back-pressure; holds two beats, so that `i.ready` is a register.

    Parameters
    ----------
    shape : ShapeLike
        Shape of the payload.

    Ports
    -----
    i, o : stream of `shape`
    """

    def __init__(self, shape: ShapeLike) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})
        self._shape = shape

    def elaborate(self, platform: object) -> Module:
        m = Module()
        skid = Signal(self._shape)
        full = Signal()  # `skid` holds a beat that arrived while `o` was stalled
        moves = Signal()

        m.d.comb += [self.i.ready.eq(~full), moves.eq(self.o.ready | ~self.o.valid)]
        with m.If(moves):
            m.d.sync += [
                self.o.valid.eq(full | self.i.valid),
                self.o.payload.eq(Mux(full, skid, self.i.payload)),
            ]
        # `skid` counts only while `full`: so its enable doesn't depend on `o`.
        with m.If(~full):
            m.d.sync += skid.eq(self.i.payload)
        # Equal to ``(full | i.valid) & ~moves``, as `o` holds a beat while `full`. Without `moves`, which may be placed
        # far away.
        m.d.sync += full.eq(~self.o.ready & (full | (self.i.valid & self.o.valid)))
        return m
