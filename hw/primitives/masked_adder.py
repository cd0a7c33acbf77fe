"""A sum or a difference whose second number can be left out: where the family can, a carry chain with nothing in front."""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from . import ecp5
from .families import family_of

__all__ = ["masked_sum"]


def masked_sum(
    m: Module, platform: object, name: str, value: Value, kept: Value, clear: Value, carry: Value | None, *, subtract: bool
) -> Value:
    """``value + kept``, or ``value - kept``, with 0 in place of `kept` where `clear`; as wide as `value`, and its carry on top.

    Parameters
    ----------
    m : Module
    platform : object
    name : str
        Of the submodules, if any.
    value, kept : Value
        Unsigned, of one width.
    clear : Value
    carry : Value, optional
        That of the bits below, of a difference too: it is the sum of `value`, of all bits of `kept` turned over, and of 1.
    subtract : bool
    """
    carry = Const(int(subtract), 1) if carry is None else carry
    if family_of(platform) == "ecp5":
        return ecp5.masked_sum(m, name, value, kept, clear, carry, subtract=subtract)
    kept = Mux(clear, 0, kept)[: len(value)]
    # One addition: the carry comes out of a bit below.
    return (Cat(Const(1, 1), value) + Cat(carry, ~kept if subtract else kept))[1:]
