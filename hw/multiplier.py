"""The multiplier of a lane, in its plain form, or as the primitive of the platform's family."""

from amaranth.hdl import Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.schedule import is_wiring

from . import ecp5, ice40
from .families import Family, family_of
from .stream import shape_of

__all__ = ["Multiplier"]


class Multiplier(wiring.Component):
    """Multiplies a sample by a coefficient: ``p = a * b``, exact; latency 2, 3 or 5 clocks, one product a clock, no stall.

    The three clocks are the input, pipeline and output registers that the hard multipliers of ECP5 (MULT18X18D), iCE40
    UltraPlus (SB_MAC16) and 7-series (DSP48E1) have; two more where a factor is wider than 18 bits and several of them share
    the work, and one less where the last register is that of the adder behind. Without a platform, or on a device of another
    family, it is plain registers and a ``*``, for simulation and for inference. On ECP5 and iCE40 it is the primitive, but on
    ECP5 not of a constant. Of both forms the products are the same, clock for clock, from three clocks after reset and a
    coefficient's first load on: a primitive's registers have no reset.

    Parameters
    ----------
    a : Format
        Format of the sample.
    b : Format or int
        Format of the coefficient, which is then loaded; or the constant coefficient itself.
    p : Format
        Format of the product; holds every product.
    latency : int
        Clocks from `a` to `p`: `multiplier_latency` of the formats.

    Ports
    -----
    a : In
        The sample.
    b : In
        The coefficient, if it can be loaded.
    load : In
        Takes `b` into the coefficient register, for the sample of the same clock and all that follow.
    p : Out
        The product, `latency` clocks after its sample.
    """

    def __init__(self, a: Format, b: Format | int, p: Format, latency: int) -> None:
        self._constant = b if isinstance(b, int) else None
        self._latency = latency
        ports = {"a": In(shape_of(a)), "p": Out(shape_of(p))}
        if isinstance(b, Format):
            ports |= {"b": In(shape_of(b)), "load": In(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self._primitive(m, family_of(platform)):
            return m
        a = Signal.like(self.a, name="a_input")
        m.d.sync += a.eq(self.a)
        if self._constant is None:
            b = Signal.like(self.b, name="b_input")
            with m.If(self.load):
                m.d.sync += b.eq(self.b)
            product = a * b
        else:
            product = a * self._constant
        for index in range(self._latency - 2):
            stage = Signal.like(self.p, name=f"p_pipeline_{index}")
            m.d.sync += stage.eq(product)
            product = stage
        m.d.sync += self.p.eq(product)
        return m

    def _primitive(self, m: Module, family: Family | None) -> bool:
        """Makes the family's multiplier, if it has one of this size that isn't better left to inference."""
        if family not in ("ecp5", "ice40"):
            return False
        hard = ecp5 if family == "ecp5" else ice40
        if self._constant is None:
            b, load = self.b, self.load
        elif family == "ice40" and not is_wiring(self._constant):
            b, load = Const(self._constant), Const(1)  # inferred, it would have no register
        else:
            return False
        if max(len(self.a), len(b)) > hard.MULTIPLIER_WIDTH:
            return False
        hard.multiply(m, "primitive", self.a, b, load, self.p)
        return True
