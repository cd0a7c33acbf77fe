"""Yosys' cells as expressions, for all values of small operands: what its manual says of each, even if Amaranth makes none."""

import itertools

import pytest

from convolver.sim.rtl.cells import cell
from convolver.sim.rtl.expressions import Expressions, reachable

from .graphs import computed, signed

A, B = 3, 2
BINARY = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "xnor": lambda a, b: ~(a ^ b),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "eq": lambda a, b: a == b,
    "eqx": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "nex": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
UNARY = {"not": lambda a: ~a, "pos": lambda a: a, "neg": lambda a: -a}
PLAIN = {
    "logic_not": lambda a, _: not a,
    "logic_and": lambda a, b: bool(a and b),
    "logic_or": lambda a, b: bool(a or b),
    "reduce_or": lambda a, _: a != 0,
    "reduce_bool": lambda a, _: a != 0,
    "reduce_and": lambda a, _: a == (1 << A) - 1,
    "reduce_xor": lambda a, _: a.bit_count() % 2,
    "reduce_xnor": lambda a, _: 1 - a.bit_count() % 2,
}
SHIFTS = ("shl", "sshl", "shr", "sshr", "shift", "shiftx")


def shifted(name, sign, a, b, width):
    """The operand is extended to the result's width or its own; what comes in from above is zero, or the sign of `sshr`."""
    number = signed(a, A) if sign else a
    if name in ("shl", "sshl"):
        return number << b
    return number >> b if name == "sshr" and sign else (number & (1 << max(A, width)) - 1) >> b


def cells():
    """Each cell's name, how many operands it has, and its value by these and its width."""
    yield from (
        (name, 2 if name in ("logic_and", "logic_or") else 1, lambda a, b, _, of=of: of(a, b)) for name, of in PLAIN.items()
    )
    for name, of in UNARY.items():
        yield f"{name}_u", 1, lambda a, b, _, of=of: of(a)
        yield f"{name}_s", 1, lambda a, b, _, of=of: of(signed(a, A))
    for name, of in BINARY.items():
        yield f"{name}_uu", 2, lambda a, b, _, of=of: of(a, b)
        yield f"{name}_ss", 2, lambda a, b, _, of=of: of(signed(a, A), signed(b, B))
    for name in SHIFTS:
        yield f"{name}_uu", 2, lambda a, b, width, name=name: shifted(name, False, a, b, width)
        yield f"{name}_su", 2, lambda a, b, width, name=name: shifted(name, True, a, b, width)


@pytest.mark.parametrize("width", [1, 2, 3, 6])
def test_a_cell_gives_what_yosys_manual_says(width):
    for name, operands, value in cells():
        made = Expressions()
        a, b = made.read("a", A), made.read("b", B)
        node = cell(made, name, width, [a, b][:operands], "")
        assert node.width == width, name
        for one, other in itertools.product(range(1 << A), range(1 << B)):
            seen = computed(reachable([node]), {"a": one, "b": other})[node]
            assert seen == int(value(one, other, width)) & (1 << width) - 1, (name, one, other)
