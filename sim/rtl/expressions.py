"""Expressions of a circuit: a graph in which equal expressions are one node. It is simplified as it is built.

A node's value is a number of `width` bits. Operands are as wide as their operation. Extensions are separate nodes, so a
sign is stated only where it matters. Every node knows its range, unsigned and signed, so that no mask is written for
bits that are always 0.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

__all__ = ["Expressions", "Node", "reachable"]


class Node:
    """An operation on nodes. Only `Expressions` makes nodes; `number` increases from operands to results.

    `place` is what the operation needs in addition to its operands: a constant's value, the name of a register, port or
    memory, a slice's lowest bit. `unsigned` and `signed` are the least and the greatest value in either reading.
    """

    __slots__ = ("args", "number", "op", "place", "signed", "unsigned", "width")

    def __init__(self, number: int, op: str, width: int, args: "tuple[Node, ...]", place: int | str | None) -> None:
        self.number = number
        self.op = op
        self.width = width
        self.args = args
        self.place = place
        self.unsigned, self.signed = _ranges(self)

    @property
    def value(self) -> int:
        """The value of a constant."""
        assert isinstance(self.place, int)
        return self.place

    @property
    def name(self) -> str:
        """The name of the register, port or memory that a leaf reads."""
        assert isinstance(self.place, str)
        return self.place

    @property
    def low(self) -> int:
        """The lowest bit of a slice."""
        assert isinstance(self.place, int)
        return self.place


def reachable(roots: Iterable[Node], known: Collection[Node] = ()) -> list[Node]:
    """`roots` and everything they depend on, operands first; the operands of `known` nodes are left out."""
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            if node not in known:
                stack.extend(node.args)
    return sorted(seen, key=lambda node: node.number)


def with_sign(value: int, width: int) -> int:
    """A number of `width` bits, read as two's complement."""
    return value - (1 << width) if value >> (width - 1) & 1 else value


def mathematical(op: str, ranges: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The range of a sum, difference or product of numbers with these ranges; None for other operations."""
    if op == "add":
        return ranges[0][0] + ranges[1][0], ranges[0][1] + ranges[1][1]
    if op == "sub":
        return ranges[0][0] - ranges[1][1], ranges[0][1] - ranges[1][0]
    if op == "neg":
        return -ranges[0][1], -ranges[0][0]
    if op == "mul":
        corners = [one * other for one in ranges[0] for other in ranges[1]]
        return min(corners), max(corners)
    return None


def _ranges(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    width, args = node.width, node.args
    top = (1 << width) - 1
    full = (0, top), (-(1 << (width - 1)), top >> 1)
    unsigned, signed = full
    if node.op == "const":
        unsigned = node.value, node.value
    elif node.op == "zext":
        unsigned = args[0].unsigned
    elif node.op == "sext":
        signed = args[0].signed
    elif node.op == "slice" and node.low == 0 and args[0].unsigned[1] <= top:
        unsigned = args[0].unsigned
    elif node.op == "mux":
        unsigned = min(args[1].unsigned[0], args[2].unsigned[0]), max(args[1].unsigned[1], args[2].unsigned[1])
        signed = min(args[1].signed[0], args[2].signed[0]), max(args[1].signed[1], args[2].signed[1])
    elif node.op == "and":
        unsigned = 0, min(args[0].unsigned[1], args[1].unsigned[1])
    elif node.op in ("or", "xor"):
        bits = max(args[0].unsigned[1], args[1].unsigned[1]).bit_length()
        unsigned = 0, (1 << bits) - 1
    elif node.op == "concat" and args[0].unsigned[1] == 0:
        unsigned = 0, (1 << (width - args[0].width)) - 1
    else:
        exact = mathematical(node.op, [arg.unsigned for arg in args])
        if exact is not None and exact[0] >= 0 and exact[1] <= top:
            unsigned = exact
        exact = mathematical(node.op, [arg.signed for arg in args])
        if exact is not None and exact[0] >= full[1][0] and exact[1] <= full[1][1]:
            signed = exact
    if unsigned[1] <= full[1][1] and signed == full[1]:
        signed = unsigned
    elif signed[0] >= 0 and unsigned == full[0]:
        unsigned = signed
    elif signed[1] < 0 and unsigned == full[0]:
        unsigned = signed[0] + top + 1, signed[1] + top + 1
    elif unsigned[0] > full[1][1] and signed == full[1]:
        signed = unsigned[0] - top - 1, unsigned[1] - top - 1
    return unsigned, signed


_FOLD: Mapping[str, Callable[[list[int], list[int]], int]] = {
    # Arguments: the operands' values and widths. The result is cut to its width.
    "not": lambda values, _: ~values[0],
    "neg": lambda values, _: -values[0],
    "and": lambda values, _: values[0] & values[1],
    "or": lambda values, _: values[0] | values[1],
    "xor": lambda values, _: values[0] ^ values[1],
    "add": lambda values, _: values[0] + values[1],
    "sub": lambda values, _: values[0] - values[1],
    "mul": lambda values, _: values[0] * values[1],
    "zext": lambda values, _: values[0],
    "sext": lambda values, widths: with_sign(values[0], widths[0]),
    "any": lambda values, _: values[0] != 0,
    "parity": lambda values, _: values[0].bit_count() & 1,
    "equal": lambda values, _: values[0] == values[1],
    "below": lambda values, _: values[0] < values[1],
    "below_signed": lambda values, widths: with_sign(values[0], widths[0]) < with_sign(values[1], widths[1]),
    "shl": lambda values, widths: values[0] << min(values[1], widths[0]),
    "shr": lambda values, widths: values[0] >> min(values[1], widths[0]),
    "shr_signed": lambda values, widths: with_sign(values[0], widths[0]) >> min(values[1], widths[0]),
    "mux": lambda values, _: values[1] if values[0] else values[2],
}


def _in_pieces(node: Node) -> bool:
    """Whether pieces of a node cost no more than the whole."""
    stack = [node]
    while stack:
        node = stack.pop()
        if node.op == "mux":
            stack += node.args[1:]
        elif node.op not in ("const", "concat", "slice", "zext"):
            return False
    return True


class Expressions:
    """Makes nodes, each one only once. The methods are the operations; each returns the simplest equivalent node."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], Node] = {}

    def _node(self, op: str, width: int, args: tuple[Node, ...] = (), place: int | str | None = None) -> Node:
        key = (op, width, args, place)
        node = self._nodes.get(key)
        if node is None:
            if op in _FOLD and all(arg.op == "const" for arg in args):
                value = _FOLD[op]([arg.value for arg in args], [arg.width for arg in args])
                node = self.const(value, width)
            else:
                node = Node(len(self._nodes), op, width, args, place)
            self._nodes[key] = node
        return node

    def const(self, value: int, width: int) -> Node:
        return self._node("const", width, place=int(value) & (1 << width) - 1)

    def read(self, name: str, width: int) -> Node:
        """The value of a register or an input."""
        return self._node("read", width, place=name)

    def word(self, memory: str, width: int, address: Node) -> Node:
        """A memory's word; zero beyond its depth."""
        return self._node("word", width, (address,), memory)

    def slice(self, node: Node, low: int, width: int) -> Node:
        """`width` bits from bit `low` on."""
        if width == node.width:
            return node
        if node.op == "const":
            return self.const(node.value >> low, width)
        if node.op == "slice":
            return self.slice(node.args[0], node.low + low, width)
        if node.op == "concat":
            pieces = []
            for part in reversed(node.args):
                first, last = max(low, 0), min(low + width, part.width)
                if first < last:
                    pieces.append(self.slice(part, first, last - first))
                low -= part.width
            return self.concat(pieces[::-1])
        if node.op in ("zext", "sext"):
            inner = node.args[0]
            if low + width <= inner.width:
                return self.slice(inner, low, width)
            if low == 0:
                return self._node(node.op, width, (inner,))
            if node.op == "zext" and low >= inner.width:
                return self.const(0, width)
        if node.op == "mux" and _in_pieces(node):
            return self.mux(node.args[0], self.slice(node.args[1], low, width), self.slice(node.args[2], low, width))
        return self._node("slice", width, (node,), low)

    def concat(self, pieces: list[Node]) -> Node:
        """Parts side by side, the highest first."""
        flat: list[Node] = []
        for part in (inner for outer in pieces for inner in (outer.args if outer.op == "concat" else (outer,))):
            last = flat[-1] if flat else None
            if last is not None and last.op == part.op == "const":
                flat[-1] = self.const(last.value << part.width | part.value, last.width + part.width)
            elif (
                last is not None
                and last.op == part.op == "slice"
                and last.args == part.args
                and last.low == part.low + part.width
            ):
                flat[-1] = self.slice(last.args[0], part.low, last.width + part.width)
            else:
                flat.append(part)
        width = sum(part.width for part in flat)
        if len(flat) == 1:
            return flat[0]
        if flat[0].op == "const" and flat[0].value == 0:
            return self.extend(self.concat(flat[1:]), width)
        return self._node("concat", width, tuple(flat))

    def repeat(self, node: Node, count: int) -> Node:
        if node.width == 1:
            return self.extend(node, count, signed=True)
        return self.concat([node] * count)

    def extend(self, node: Node, width: int, signed: bool = False) -> Node:
        """A node in `width` bits: cut, or extended by zeros or by the sign."""
        if width <= node.width:
            return self.slice(node, 0, width)
        if node.op == "zext" or (signed and node.op == "sext"):
            return self._node(node.op, width, (node.args[0],))
        return self._node("sext" if signed else "zext", width, (node,))

    def mux(self, condition: Node, one: Node, other: Node) -> Node:
        """`one` if the condition, one bit, holds, else `other`."""
        if condition.op == "const":
            return one if condition.value else other
        if condition.op == "not":
            return self.mux(condition.args[0], other, one)
        if one.op == "mux" and one.args[0] is condition:
            one = one.args[1]
        if other.op == "mux" and other.args[0] is condition:
            other = other.args[2]
        if one is other:
            return one
        if one.width == 1 and "mux" not in (one.op, other.op):  # these become branches
            if one.op == "const":
                return self.either(condition, other) if one.value else self.both(self.invert(condition), other)
            if other.op == "const":
                return self.either(self.invert(condition), one) if other.value else self.both(condition, one)
        return self._node("mux", one.width, (condition, one, other))

    def invert(self, node: Node) -> Node:
        if node.op == "not":
            return node.args[0]
        return self._node("not", node.width, (node,))

    def both(self, one: Node, other: Node) -> Node:
        return self._bitwise("and", one, other)

    def either(self, one: Node, other: Node) -> Node:
        return self._bitwise("or", one, other)

    def _bitwise(self, op: str, one: Node, other: Node) -> Node:
        if one is other:
            return one
        if one.op == "const":
            one, other = other, one
        if other.op == "const":
            ones = (1 << other.width) - 1
            if other.value == (ones if op == "and" else 0):
                return one
            if other.value == (0 if op == "and" else ones):
                return other
        return self._node(op, one.width, (one, other))

    def any(self, node: Node) -> Node:
        """Whether any bit is set."""
        while node.op in ("zext", "sext"):
            node = node.args[0]
        return node if node.width == 1 else self._node("any", 1, (node,))

    def equal(self, one: Node, other: Node) -> Node:
        if one.op == "const":
            one, other = other, one
        if other.op == "const":
            if other.value == 0:
                return self.invert(self.any(one))
            if not one.unsigned[0] <= other.value <= one.unsigned[1]:
                return self.const(0, 1)
            if one.width == 1:
                return one
            if one.op == "zext":
                return self.equal(one.args[0], self.const(other.value, one.args[0].width))
        elif one.op == other.op == "zext":
            width = max(one.args[0].width, other.args[0].width)
            one, other = self.extend(one.args[0], width), self.extend(other.args[0], width)
        if one is other:
            return self.const(1, 1)
        return self._node("equal", 1, (one, other))

    def below(self, one: Node, other: Node, signed: bool = False) -> Node:
        least, greatest = (one.signed, other.signed) if signed else (one.unsigned, other.unsigned)
        if least[1] < greatest[0]:
            return self.const(1, 1)
        if least[0] >= greatest[1]:
            return self.const(0, 1)
        if not signed and other.op == "const" and other.value == 1:
            return self.invert(self.any(one))
        return self._node("below_signed" if signed else "below", 1, (one, other))

    def plain(self, op: str, *args: Node) -> Node:
        """`neg`, `xor`, `add`, `sub`, `mul`, `parity`, or a shift by the second operand: `shl`, `shr`, `shr_signed`."""
        if op in ("add", "mul", "xor") and args[0].op == "const":
            args = (args[1], args[0])
        if op in ("add", "sub", "xor", "shl", "shr", "shr_signed") and args[1].op == "const" and args[1].value == 0:
            return args[0]
        if op == "mul" and args[1].op == "const" and args[1].value == 1:
            return args[0]
        return self._node(op, 1 if op == "parity" else args[0].width, tuple(args))

    def again(self, node: Node, args: list[Node]) -> Node:
        """The operation of `node` on other operands with the same widths."""
        op = node.op
        if not args:
            return node
        if op == "slice":
            return self.slice(args[0], node.low, node.width)
        if op == "concat":
            return self.concat(args)
        if op in ("zext", "sext"):
            return self.extend(args[0], node.width, op == "sext")
        if op == "word":
            return self.word(node.name, node.width, args[0])
        if op in ("below", "below_signed"):
            return self.below(args[0], args[1], op == "below_signed")
        unary = {"not": self.invert, "any": self.any}
        if op in unary:
            return unary[op](args[0])
        binary = {"and": self.both, "or": self.either, "equal": self.equal}
        if op in binary:
            return binary[op](args[0], args[1])
        return self.mux(*args) if op == "mux" else self.plain(op, *args)

    def replaced(self, roots: Collection[Node], leaves: Mapping[Node, Node]) -> list[Node]:
        """`roots`, with `leaves` replaced by other nodes."""
        done: dict[Node, Node] = {}
        for node in reachable(roots):
            if node in leaves:
                done[node] = leaves[node]
            else:
                args = [done[arg] for arg in node.args]
                done[node] = node if all(map(lambda one, other: one is other, args, node.args)) else self.again(node, args)
        return [done[root] for root in roots]
