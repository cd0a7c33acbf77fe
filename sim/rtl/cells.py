"""Yosys' cells as expressions."""

from .expressions import Expressions, Node
from .refusals import refused

__all__ = ["cell"]


def cell(made: Expressions, name: str, width: int, items: list[Node], place: str) -> Node:
    """The expression of a cell of `width` bits. The suffix of its name tells which operands are signed. Operands are
    extended accordingly, to the width of the result or of the wider operand.

    Raises
    ------
    ToolError
        If the cell isn't supported.
    """
    simple = {"logic_not": True, "reduce_or": False, "reduce_bool": False}
    if name in simple:
        bit = made.any(items[0])
        return made.extend(made.invert(bit) if simple[name] else bit, width)
    if name == "reduce_and":
        return made.extend(made.invert(made.any(made.invert(items[0]))), width)
    if name in ("reduce_xor", "reduce_xnor"):
        bit = made.plain("parity", items[0])
        return made.extend(bit if name == "reduce_xor" else made.invert(bit), width)
    if name in ("logic_and", "logic_or"):
        one, other = made.any(items[0]), made.any(items[1])
        return made.extend(made.both(one, other) if name == "logic_and" else made.either(one, other), width)
    operation, _, suffix = name.rpartition("_")
    signed = suffix.startswith("s")
    if len(items) == 1 and suffix in ("u", "s"):
        item = made.extend(items[0], width, signed)
        if operation == "not":
            return made.invert(item)
        return item if operation == "pos" else made.plain(operation, item)
    if operation in ("shl", "sshl", "shr", "sshr", "shift", "shiftx") and suffix in ("uu", "su"):
        wide = width if operation in ("shl", "sshl") else max(width, items[0].width)
        item = made.extend(items[0], wide, signed)
        kind = (
            "shl"
            if wide == width and operation in ("shl", "sshl")
            else "shr_signed"
            if operation == "sshr" and signed
            else "shr"
        )
        return made.extend(made.plain(kind, item, items[1]), width)
    if suffix not in ("uu", "ss"):
        raise refused(f"the operation {name}", place)
    if operation in ("and", "or", "xor", "xnor", "add", "sub", "mul"):
        one, other = (made.extend(item, width, signed) for item in items)
        if operation in ("and", "or"):
            return made.both(one, other) if operation == "and" else made.either(one, other)
        return made.invert(made.plain("xor", one, other)) if operation == "xnor" else made.plain(operation, one, other)
    both = max(item.width for item in items)
    one, other = (made.extend(item, both, signed) for item in items)
    compared = {
        "eq": lambda: made.equal(one, other),
        "eqx": lambda: made.equal(one, other),
        "ne": lambda: made.invert(made.equal(one, other)),
        "nex": lambda: made.invert(made.equal(one, other)),
        "lt": lambda: made.below(one, other, signed),
        "ge": lambda: made.invert(made.below(one, other, signed)),
        "gt": lambda: made.below(other, one, signed),
        "le": lambda: made.invert(made.below(other, one, signed)),
    }
    if operation not in compared:
        raise refused(f"the operation {operation}", place)
    return made.extend(compared[operation](), width)
