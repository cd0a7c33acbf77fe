"""Copies one stream to several."""

from amaranth.hdl import Cat, Module, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.plan import fork

__all__ = ["Split"]


class Split(wiring.Component):
    """Copies each beat to several streams: one beat a cycle, latency 0, full back-pressure.

    Each stream takes a beat when it is ready, even if others aren't, and then waits for them: none is more than one
    beat ahead of another. A `ready` may depend on its own stream's beat within the cycle, but nothing at `i` on any `ready`.

    Parameters
    ----------
    shape : ShapeLike
        Shape of the payload.
    count : int
        Number of streams at `o`.

    Ports
    -----
    i : stream of `shape`
    o : array of streams of `shape`
    """

    makes = (fork.Split,)

    def __init__(self, shape: ShapeLike, count: int) -> None:
        beats = stream.Signature(shape)
        super().__init__({"i": In(beats), "o": Out(beats).array(count)})
        self._count = count

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ends = [self.o[number] for number in range(self._count)]
        taken = Signal(self._count)  # the streams that have taken this beat already
        takes = [taken[number] | end.ready for number, end in enumerate(ends)]
        m.d.comb += self.i.ready.eq(Cat(takes).all())
        for number, end in enumerate(ends):
            m.d.comb += [end.valid.eq(self.i.valid & ~taken[number]), end.payload.eq(self.i.payload)]
        with m.If(self.i.valid):
            m.d.sync += taken.eq(Cat(takes) & ~self.i.ready.replicate(self._count))
        return m
