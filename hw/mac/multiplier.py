"""The multiplier of a lane, in its plain form, or as the primitive of the platform's family."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from amaranth.hdl import Const, Module, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.plan.factors import ConstantFactor, Factor, WiredFactor
from convolver.plan.target import target_of

from ..primitives import dsp48, ecp5, ice40
from ..primitives.families import Family, family_of
from ..stream.data_register import DataRegister
from ..stream.layouts import shape_of

__all__ = ["FixedMultiplier", "Multiplier", "WiredMultiplier", "multiplier_of"]

_MULTIPLY = {"ice40": ice40.multiply, "7-series": dsp48.multiply}


class Multiplier(wiring.Component):
    """Multiplies a sample by a coefficient: ``p = a * b``, exact; latency 2 to 6 clocks, one product a clock, no stall.

    Three clocks are the input, pipeline and output registers that the hard multipliers of ECP5 (MULT18X18D), iCE40
    UltraPlus (SB_MAC16) and 7-series (DSP48E1) have. Wider factors are cut into pieces, each product of two pieces has a
    multiplier, and each level of adding them at their places is a clock more. One clock less where the last register is that
    of the adder behind.

    Without a platform it is plain registers and a ``*``, for simulation and for inference. Of both forms the products are the
    same, clock for clock, from the latency after reset and a coefficient's first load on: a primitive's registers have no
    reset.

    Parameters
    ----------
    a : Format
        Format of the sample.
    factor : Factor
        The coefficient.
    p : Format
        Format of the product; holds every product.
    latency : int
        Clocks from `a` to `p`: `Target.multiplier_latency` of the formats.
    place : Place, optional
        Of what it takes of an ECP5; a `site` if that is one primitive.

    Ports
    -----
    a : In
        The sample.
    b : In
        The coefficient.
    load : In
        Takes `b` into the coefficient register, for the sample of the same clock and all that follow.
    p : Out
        The product, `latency` clocks after its sample.
    """

    def __init__(self, a: Format, factor: Factor, p: Format, latency: int, place: ecp5.Place = ecp5.ANYWHERE) -> None:
        self._place = place
        self._latency = latency
        super().__init__({"a": In(shape_of(a)), "p": Out(shape_of(p)), **self._ports(factor)})

    def _ports(self, factor: Factor) -> dict[str, wiring.Member]:
        """Those of the coefficient."""
        return {"b": In(shape_of(factor.format)), "load": In(1)}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self._primitive(m, family_of(platform)):
            return m
        a = DataRegister(self.a.shape(), name="a_input")
        m.d.sync += a.eq(self.a)
        product = self._product(m, a)
        for index in range(self._latency - 1):
            stage = DataRegister(self.p.shape(), name=f"p_pipeline_{index}")
            m.d.sync += stage.eq(product)
            product = stage
        m.d.comb += self.p.eq(product)
        return m

    def _product(self, m: Module, a: Value) -> Value:
        """The product of a sample that is registered."""
        b = DataRegister(self.b.shape(), name="b_input")
        with m.If(self.load):
            m.d.sync += b.eq(self.b)
        return a * b

    def _loaded(self) -> tuple[Value, Value]:
        """What a primitive takes as the coefficient, and when."""
        return self.b, self.load

    def _primitive(self, m: Module, family: Family | None) -> bool:
        """Makes the family's multiplier, or several, unless inference does as well or the plan leaves them no time."""
        if family is None:
            return False
        b, load = self._loaded()
        one, other = (Format(len(factor), factor.shape().signed) for factor in (self.a, b))
        spare = self._latency - target_of(family).multiplier_latency(one, other)
        if spare < 0:
            return False
        product = self._whole(m, family, b, load, *target_of(family).pieces(one, other))
        for _ in range(spare):
            m.d.sync += (after := DataRegister(self.p.shape(), name="after")).eq(product)
            product = after
        m.d.comb += self.p.eq(product)
        return True

    def _whole(
        self, m: Module, family: Family, b: Value, load: Value, a_pieces: Sequence[range], b_pieces: Sequence[range]
    ) -> Value:
        """The products of all pieces, added at their places."""
        multiply = partial(ecp5.multiply, place=self._place) if family == "ecp5" else _MULTIPLY[family]
        rows = []
        for row, bits in enumerate(a_pieces):
            factor = _piece(self.a, bits)
            terms = []
            for column, others in enumerate(b_pieces):
                other = _piece(b, others)
                product = Signal(Shape(len(factor) + len(other), factor.shape().signed or other.shape().signed))
                name = "primitive" if len(a_pieces) * len(b_pieces) == 1 else f"primitive_{row}_{column}"
                multiply(m, name, factor, other, load, product)
                terms.append((product, others.start))
            rows.append((_summed(m, terms), bits.start))
        return _summed(m, rows)


class FixedMultiplier(Multiplier):
    """Multiplies a sample by a constant: otherwise as `Multiplier`, without ports for the coefficient.

    Parameters
    ----------
    factor : ConstantFactor
    """

    def __init__(self, a: Format, factor: ConstantFactor, p: Format, latency: int, place: ecp5.Place = ecp5.ANYWHERE) -> None:
        self._value = factor.value
        super().__init__(a, factor, p, latency, place)

    def _ports(self, factor: Factor) -> dict[str, wiring.Member]:  # a constant needs none
        return {}

    def _product(self, m: Module, a: Value) -> Value:  # nothing is registered
        return a * self._value

    def _loaded(self) -> tuple[Value, Value]:
        return Const(self._value), Const(1)  # inferred, it would have no register


class WiredMultiplier(FixedMultiplier):
    """Multiplies by 0, a power of two, or the negative of one: wiring and a negation on every platform."""

    def _product(self, m: Module, a: Value) -> Value:  # nothing is registered
        shifted = a.shift_left(max(abs(self._value).bit_length() - 1, 0)) if self._value else Const(0)
        return -shifted if self._value < 0 else shifted

    def _primitive(self, m: Module, family: Family | None) -> bool:  # none on any
        return False


def multiplier_of(a: Format, factor: Factor, p: Format, latency: int, place: ecp5.Place = ecp5.ANYWHERE) -> Multiplier:
    """The multiplier for a factor."""
    multipliers: Mapping[type[Factor], type[Any]] = {
        Factor: Multiplier,
        ConstantFactor: FixedMultiplier,
        WiredFactor: WiredMultiplier,
    }
    return multipliers[type(factor)](a, factor, p, latency, place)


def _piece(factor: Value, bits: range) -> Value:
    """Some bits of a factor: signed if they are the topmost of a signed one."""
    piece = factor[bits.start : bits.stop]
    return piece.as_signed() if factor.shape().signed and bits.stop == len(factor) else piece


def _summed(m: Module, terms: Sequence[tuple[Value, int]]) -> Value:
    """The sum of numbers at the places of these bits, the first of which is 0, in pairs, a clock a level."""
    nodes = list(terms)
    while len(nodes) > 1:
        level = []
        for first in range(0, len(nodes), 2):
            low, place = nodes[first]
            total: Value = low
            if first + 1 < len(nodes):
                high, other = nodes[first + 1]
                total = low + high.shift_left(other - place)
            m.d.sync += (node := DataRegister(total.shape(), name="node")).eq(total)
            level.append((node, place))
        nodes = level
    return nodes[0][0]
