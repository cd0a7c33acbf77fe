"""The output of a core without back-pressure: results leave as soon as they are computed."""

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import wiring

from .output_buffer import buffer_ports

__all__ = ["DirectOutput"]


class DirectOutput(wiring.Component):
    """Passes results on: one a cycle, latency 0; `o.ready` is ignored. Ports are those of `OutputBuffer`.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a result.
    most : int
        Most results that may be in flight, 1 or more.

    Ports
    -----
    claim : In
        A result was started.
    available, spent : Out
        1 and 0: there is always room.
    idle : Out
        Nothing is in flight. A register.
    write : In
        `data` is a result.
    data : In
    o : stream of `shape`
    overflow : Out
        0.
    """

    def __init__(self, shape: ShapeLike, most: int) -> None:
        super().__init__(buffer_ports(shape))
        self._most = most

    def elaborate(self, platform: object) -> Module:
        m = Module()
        flying = Signal(range(self._most + 1))
        following = flying + self.claim - self.write
        m.d.sync += [flying.eq(following), self.idle.eq((flying == 0) & ~self.claim)]
        m.d.comb += [
            self.available.eq(1),
            self.o.valid.eq(self.write),
            self.o.payload.eq(self.data),
        ]
        return m
