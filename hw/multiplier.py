"""The multiplier of a lane, in its plain form."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.schedule import MULTIPLIER_LATENCY

from .stream import shape_of

__all__ = ["Multiplier"]


class Multiplier(wiring.Component):
    """Multiplies a sample by a coefficient: ``p = a * b``, exact; latency 3 clocks, one product a clock, no stall.

    The three clocks are the input, pipeline and output registers that the hard multipliers of ECP5 (MULT18X18D), iCE40
    UltraPlus (SB_MAC16) and 7-series (DSP48E1) have. This is the form without a primitive, for simulation and for any device.

    Parameters
    ----------
    a : Format
        Format of the sample.
    b : Format or int
        Format of the coefficient, which is then loaded; or the constant coefficient itself.
    p : Format
        Format of the product; holds every product.

    Ports
    -----
    a : In
        The sample.
    b : In
        The coefficient, if it can be loaded.
    load : In
        Takes `b` into the coefficient register, for the sample of the same clock and all that follow.
    p : Out
        The product, three clocks after its sample.
    """

    latency = MULTIPLIER_LATENCY

    def __init__(self, a: Format, b: Format | int, p: Format) -> None:
        self._constant = b if isinstance(b, int) else None
        ports = {"a": In(shape_of(a)), "p": Out(shape_of(p))}
        if isinstance(b, Format):
            ports |= {"b": In(shape_of(b)), "load": In(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a = Signal.like(self.a, name="a_input")
        product = Signal.like(self.p, name="p_pipeline")

        m.d.sync += a.eq(self.a)
        if self._constant is None:
            b = Signal.like(self.b, name="b_input")
            with m.If(self.load):
                m.d.sync += b.eq(self.b)
            m.d.sync += product.eq(a * b)
        else:
            m.d.sync += product.eq(a * self._constant)
        m.d.sync += self.p.eq(product)
        return m
