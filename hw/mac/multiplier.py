"""The multiplier of a lane: a plain form, or the primitive of the platform's family."""

from collections.abc import Sequence
from functools import partial, singledispatch

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
    """Multiplies a sample by a coefficient: ``p = a * b``, exact; latency 2 to 6 cycles, one product a cycle, no stall.

    Three cycles are the input, pipeline and output registers of the hard multipliers of ECP5 (MULT18X18D),
    iCE40 UltraPlus (SB_MAC16) and 7-series (DSP48E1). Wider factors are split into pieces. Each product of two pieces
    has a multiplier, and each level of adders that combines them takes one cycle more. The latency is one cycle less if
    the adder behind provides the last register.

    Without a platform it is registers and a ``*``, for simulation and for inference. Both forms give the same products
    in every cycle, once the latency after reset and the first load of a coefficient have passed: a primitive's
    registers have no reset.

    Parameters
    ----------
    a : Format
        Format of the sample.
    factor : Factor
        The coefficient.
    p : Format
        Format of the product; holds every product.
    latency : int
        Cycles from `a` to `p`: `Target.multiplier_latency` of the formats.
    place : Place, optional
        Resources of an ECP5 that it uses; a `site` if it is one primitive.

    Ports
    -----
    a : In
        The sample.
    b : In
        The coefficient.
    load : In
        Takes `b` into the coefficient register, for the sample of the same cycle and all later ones.
    p : Out
        The product, `latency` cycles after its sample.
    """

    def __init__(self, a: Format, factor: Factor, p: Format, latency: int, place: ecp5.Place = ecp5.ANYWHERE) -> None:
        self._place = place
        self._latency = latency
        super().__init__({"a": In(shape_of(a)), "p": Out(shape_of(p)), **self._ports(factor)})

    def _ports(self, factor: Factor) -> dict[str, wiring.Member]:
        """The ports of the coefficient."""
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
        """The product of a registered sample."""
        b = DataRegister(self.b.shape(), name="b_input")
        with m.If(self.load):
            m.d.sync += b.eq(self.b)
        return a * b

    def _loaded(self) -> tuple[Value, Value]:
        """The coefficient for a primitive, and its load strobe."""
        return self.b, self.load

    def _primitive(self, m: Module, family: Family | None) -> bool:
        """Instantiates the family's multiplier, or several. Returns False if inference does as well, or if the plan's
        latency is too short."""
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
        """The products of all pieces, added at their bit positions."""
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
    """Multiplies a sample by a constant; otherwise as `Multiplier`, without ports for the coefficient.

    Parameters
    ----------
    factor : ConstantFactor
    """

    def __init__(self, a: Format, factor: ConstantFactor, p: Format, latency: int, place: ecp5.Place = ecp5.ANYWHERE) -> None:
        self._value = factor.value
        super().__init__(a, factor, p, latency, place)

    def _ports(self, factor: Factor) -> dict[str, wiring.Member]:  # a constant needs no port
        return {}

    def _product(self, m: Module, a: Value) -> Value:  # no coefficient register
        return a * self._value

    def _loaded(self) -> tuple[Value, Value]:
        return Const(self._value), Const(1)  # inference would leave out the coefficient register


class WiredMultiplier(FixedMultiplier):
    """Multiplies by 0, by a power of two or by the negative of one: wiring and a negation on every platform."""

    def _product(self, m: Module, a: Value) -> Value:  # no coefficient register
        shifted = a.shift_left(max(abs(self._value).bit_length() - 1, 0)) if self._value else Const(0)
        return -shifted if self._value < 0 else shifted

    def _primitive(self, m: Module, family: Family | None) -> bool:  # no platform has one
        return False


def multiplier_of(a: Format, factor: Factor, p: Format, latency: int, place: ecp5.Place = ecp5.ANYWHERE) -> Multiplier:
    """The multiplier for a factor."""
    return _multiplier(factor, a, p, latency, place)


@singledispatch
def _multiplier(factor: Factor, a: Format, p: Format, latency: int, place: ecp5.Place) -> Multiplier:
    return Multiplier(a, factor, p, latency, place)


@_multiplier.register
def _(factor: ConstantFactor, a: Format, p: Format, latency: int, place: ecp5.Place) -> Multiplier:
    return FixedMultiplier(a, factor, p, latency, place)


@_multiplier.register
def _(factor: WiredFactor, a: Format, p: Format, latency: int, place: ecp5.Place) -> Multiplier:
    return WiredMultiplier(a, factor, p, latency, place)


def _piece(factor: Value, bits: range) -> Value:
    """Some bits of a factor; signed if they are the upper bits of a signed factor."""
    piece = factor[bits.start : bits.stop]
    return piece.as_signed() if factor.shape().signed and bits.stop == len(factor) else piece


def _summed(m: Module, terms: Sequence[tuple[Value, int]]) -> Value:
    """The sum of numbers at their bit positions, the first of which is 0. It adds pairs, one cycle a level."""
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
