"""A delay for valid bits and marks, in parallel to free-running arithmetic."""

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Delay"]


class Delay(wiring.Component):
    """Delays a value by a fixed number of cycles, without an enable; latency `clocks`, one value a cycle.

    Parameters
    ----------
    shape : ShapeLike
        Shape of the value.
    clocks : int
        0 or more; 0 is a wire.

    Ports
    -----
    i, o : `shape`
        ``o`` is 0 for the first `clocks` cycles after reset.
    """

    def __init__(self, shape: ShapeLike, clocks: int) -> None:
        if clocks < 0:
            raise ValueError(f"Clocks must be at least 0, not {clocks}")
        super().__init__({"i": In(shape), "o": Out(shape)})
        self._shape = shape
        self._clocks = clocks

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value = self.i
        for index in range(self._clocks):
            register = Signal(self._shape, name=f"delay_{index}")
            m.d.sync += register.eq(value)
            value = register
        m.d.comb += self.o.eq(value)
        return m
