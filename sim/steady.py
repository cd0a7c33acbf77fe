"""Finds a circuit's control: flags, and what follows from flags alone.

While a picture's row goes by, a hundred flags stay what they are, and so does all that follows from them, the flags' own next
values included. The tick compares them with what they were, many in one word, and computes again only after a change.
"""

from dataclasses import dataclass

from .circuit import Circuit, Register
from .expressions import Node, reachable
from .rest import counts

__all__ = ["WIDEST", "Steady", "steady"]

WIDEST = 2
"""Bits of a flag; two are the steps of a count."""
LEAST_COST = 40
"""Operations that outweigh the comparison."""

_LOGIC = {"and", "or", "xor", "not", "mux", "equal", "below", "any", "add", "sub", "neg", "zext", "sext", "slice", "concat"}
_TESTS = {"any", "equal", "below", "below_signed"}


@dataclass(frozen=True)
class Steady:
    """`values` and what the registers of `loads` load are functions of `operands`: flags, inputs, and tests of counters."""

    operands: tuple[Node, ...]
    values: tuple[Node, ...]
    loads: dict[str, Node]


def steady(circuit: Circuit, roots: list[Node], loads: dict[str, Node], known: set[Node]) -> Steady | None:
    """The control of all that `roots` and `loads` are made of; none if there is too little. `known` nodes have their values."""
    counters = {name for name in circuit.registers if counts(circuit, name)}
    nodes = reachable([*roots, *loads.values()], known)
    inside: set[Node] = set()
    operands: set[Node] = set()
    for node in nodes:
        if node not in known and node.op in _LOGIC and (node.width <= WIDEST or node.op == "concat"):
            args = [arg for arg in node.args if arg.op != "const"]
            if args and all(arg in inside or _flag(circuit, arg, counters, known) for arg in args):
                inside.add(node)
    held = {name: node for name, node in loads.items() if node in inside or _flag(circuit, node, counters, known)}
    rest = [*roots, *(node for name, node in loads.items() if name not in held)]
    values: set[Node] = inside & set(rest)
    for node in reachable(rest, known | inside):
        if node not in inside and node not in known:
            values |= inside & set(node.args)
    seen: set[Node] = set()
    stack = [*values, *held.values()]
    cost = 0
    while stack:
        node = stack.pop()
        if node not in seen and node.op != "const":
            seen.add(node)
            if node in inside:
                cost += 1
                stack += node.args
            else:
                operands.add(node)
    if cost < LEAST_COST:
        return None
    return Steady(_ordered(operands), _ordered(values), held)


def _ordered(nodes: set[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: node.number))


def _flag(circuit: Circuit, node: Node, counters: set[str], known: set[Node]) -> bool:
    """Whether a node may stand still for long, and is no function of others that do."""
    if node.width > WIDEST:
        return False
    if node in known:
        return True
    if node.op == "read":
        return node.name not in counters
    if node.op in _TESTS or (node.op == "slice" and node.low + node.width == node.args[0].width):
        reads = [arg for arg in node.args if arg.op != "const"]
        return len(reads) == 1 and reads[0].op == "read" and reads[0].name in counters
    if node.op == "slice" and node.args[0].op == "read" and node.args[0].name in circuit.registers:
        return _delays(circuit.registers[node.args[0].name], node.args[0], node.width)
    return False


def _delays(register: Register, read: Node, width: int) -> bool:
    """Whether a register is a delay of flags."""
    node = register.following
    return (
        node.op == "concat"
        and node.args[0].op == "slice"
        and node.args[0].args[0] is read
        and register.width - node.args[0].width <= width
    )
