"""A sum or a difference whose second operand can be cleared; a single carry chain, if the family allows it."""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from . import ecp5
from .families import family_of

__all__ = ["masked_sum"]


def masked_sum(
    m: Module, platform: object, name: str, value: Value, kept: Value, clear: Value, carry: Value | None, *, subtract: bool
) -> Value:
    """``value + kept`` or ``value - kept``; `clear` replaces `kept` by 0. As wide as `value`, with the carry on top.

    Parameters
    ----------
    m : Module
    platform : object
    name : str
        Prefix of the submodules' names, if there are any.
    value, kept : Value
        Unsigned, of one width.
    clear : Value
    carry : Value, optional
        Carry from the bits below. A difference is the sum of `value`, the complement of `kept`, and 1, also across
        segments.
    subtract : bool
    """
    carry = Const(int(subtract), 1) if carry is None else carry
    if family_of(platform) == "ecp5":
        return ecp5.masked_sum(m, name, value, kept, clear, carry, subtract=subtract)
    kept = Mux(clear, 0, kept)[: len(value)]
    # A single adder: the carry enters through an additional bit below.
    return (Cat(Const(1, 1), value) + Cat(carry, ~kept if subtract else kept))[1:]
