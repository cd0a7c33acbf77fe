"""A comparison without a carry chain."""

from amaranth.hdl import Cat, Const, Module, Value

from .kept_wire import kept_wire

__all__ = ["equal", "exceeds"]


def exceeds(value: Value, bound: int) -> Value:
    """``value > bound`` as a tree of gates, without the carry chain of a comparison with a constant."""

    def compare(low: int, high: int) -> tuple[Value, Value]:
        """Whether these bits are greater, and whether they are equal."""
        if high - low == 1:
            bit = value[low]
            return (Const(0, 1), bit) if bound >> low & 1 else (bit, ~bit)
        middle = (low + high) // 2
        (less_greater, less_equal), (more_greater, more_equal) = compare(low, middle), compare(middle, high)
        return more_greater | (more_equal & less_greater), more_equal & less_equal

    return compare(0, len(value))[0]


def equal(m: Module, name: str, one: Value, other: Value) -> Value:
    """``one == other``, in two levels of look-up tables up to eight bits: two bits each, which synthesis keeps."""
    starts = range(0, len(one), 2)
    return Cat(kept_wire(m, f"{name}_{low}", one[low : low + 2] == other[low : low + 2]) for low in starts).all()
