"""A wire that synthesis keeps."""

from amaranth.hdl import Module, Signal, Value

__all__ = ["kept_wire"]


def kept_wire(m: Module, name: str, value: Value) -> Signal:
    """A value on a wire of this name. Synthesis computes it as it stands: what is made of it begins there."""
    wire = Signal(len(value), name=name, attrs={"keep": 1})
    m.d.comb += wire.eq(value)
    return wire
