"""Operations on numbers of more than 64 bits that can't be done limb by limb: products, and shifts by a variable
amount, become sums and choices of such numbers."""

from collections.abc import Sequence

from ..rtl.expressions import Expressions, Node, reachable

__all__ = ["LIMB", "WORD", "simplified"]

WORD, LIMB = 64, 32
"""Bits of a number in a single value; bits of each limb of a wider number."""


def simplified(made: Expressions, roots: Sequence[Node]) -> list[Node]:
    """`roots` without wide products, and without shifts with a wide operand."""
    done: dict[Node, Node] = {}
    for node in reachable(roots):
        args = [done[arg] for arg in node.args]
        unchanged = all(one is other for one, other in zip(args, node.args, strict=True))
        done[node] = _simpler(made, node if unchanged else made.again(node, args))
    return [done[root] for root in roots]


def _simpler(made: Expressions, node: Node) -> Node:
    if node.op == "mul" and node.width > WORD:
        return _product(made, *node.args)
    if node.op in ("shl", "shr", "shr_signed") and max(arg.width for arg in node.args) > WORD:
        return _shifted(made, node)
    return node


def _product(made: Expressions, one: Node, other: Node) -> Node:
    """Schoolbook multiplication, in limbs."""
    width = one.width

    def limbs(node: Node) -> list[Node]:
        return [made.extend(made.slice(node, low, min(LIMB, width - low)), WORD) for low in range(0, width, LIMB)]

    total = made.const(0, width)
    for row, upper in enumerate(limbs(one)):
        for column, lower in enumerate(limbs(other)):
            low = LIMB * (row + column)
            if low < width:
                product = made.extend(made.plain("mul", upper, lower), width - low)
                total = made.plain("add", total, made.concat([product, made.const(0, low)]) if low else product)
    return total


def _shifted(made: Expressions, node: Node) -> Node:
    """One choice for each bit of the amount that is less than the width, and one for all higher bits."""
    value, amount = node.args
    width = value.width
    fill = made.slice(value, width - 1, 1) if node.op == "shr_signed" else made.const(0, 1)
    bit = 0
    while bit < amount.width and 1 << bit < width:
        by = 1 << bit
        filled = made.repeat(fill, by)
        pieces = [made.slice(value, 0, width - by), filled] if node.op == "shl" else [filled, made.slice(value, by, width - by)]
        value = made.mux(made.slice(amount, bit, 1), made.concat(pieces), value)
        bit += 1
    if bit < amount.width:
        value = made.mux(made.any(made.slice(amount, bit, amount.width - bit)), made.repeat(fill, width), value)
    return value
