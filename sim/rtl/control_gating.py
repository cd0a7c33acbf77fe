"""Finds a circuit's control: flags, and logic that depends on flags only.

During a row of an image a hundred flags stay constant, and so does all logic that depends on them, including their own
next values. The tick compares the flags with their last values, several in one word, and computes the control again
only after a change.

Some flags change in every clock: a stream's payload may have any value while `valid` is low, and so may the registers
that it passes through. They don't matter then: `last & write` depends on `last` only while `write` is set. Such
restless bits are compared only under the condition under which they matter; the condition is itself part of the
control.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .circuit import Circuit, Register
from .cpp_expressions import WORD
from .expressions import Expressions, Node, reachable
from .idle_skipping import counts

__all__ = ["WIDEST", "Control", "find_control"]

WIDEST = 2
"""Most bits of a flag; two bits may be the steps of a count."""
LEAST_COST = 40
"""Fewest operations that are worth the comparison."""

_LOGIC = {"and", "or", "xor", "not", "mux", "equal", "below", "any", "add", "sub", "neg", "zext", "sext", "slice", "concat"}
_TESTS = {"any", "equal", "below", "below_signed"}


@dataclass(frozen=True)
class Control:
    """`values`, and the next values of the registers in `loads`, are functions of `operands`: flags, inputs, tests of
    counters.

    They are also functions of `restless` bits, each of which matters only while its condition, one bit, holds.
    """

    operands: tuple[Node, ...]
    values: tuple[Node, ...]
    loads: dict[str, Node]
    restless: dict[Node, Node]


def find_control(circuit: Circuit, roots: list[Node], loads: dict[str, Node], known: set[Node]) -> Control | None:
    """The control in the logic of `roots` and `loads`; None if it is too small. `known` nodes have their values."""
    control = _Sorted(circuit, reachable([*roots, *loads.values()], known), known, loads)
    inside = control.inside
    held = {name: node for name, node in loads.items() if node in inside or control.flag(node)}
    others = [*roots, *(node for name, node in loads.items() if name not in held), *control.restless]
    values: set[Node] = inside & set(others)
    for node in reachable(others, known | inside):
        if node not in inside and node not in known:
            values |= inside & set(node.args)
    operands: set[Node] = set()
    used: set[Node] = set()
    stack = [*values, *held.values()]
    while stack:
        node = stack.pop()
        if node not in used and node.op != "const":
            used.add(node)
            if node in inside:
                stack += node.args
            else:
                operands.add(node)
    if len(used & inside) < LEAST_COST:
        return None
    restless = operands & control.restless
    seen = _conditions(circuit.made, used & inside, restless, [*values, *held.values()])
    # A condition may be a known value that the control itself doesn't read.
    operands |= known.intersection(reachable(seen.values(), known))
    return Control(_ordered(operands - restless), _ordered(values), held, {node: seen[node] for node in _ordered(restless)})


def _ordered(nodes: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: node.number))


class _Sorted:
    """Sorts the nodes of a circuit: control is `inside`, restless bits are `restless`."""

    def __init__(self, circuit: Circuit, nodes: list[Node], known: set[Node], loads: dict[str, Node]) -> None:
        self.registers = circuit.registers
        self.read = {name: circuit.made.read(name, register.width) for name, register in circuit.registers.items()}
        self.known = known
        self.counters = {name for name in circuit.registers if counts(circuit, name)}
        self.payloads = circuit.payloads()
        self.data = _data(circuit)
        # Registers that load something restless: of one or two bits, and delays of such registers.
        self.unruly: set[str] = set()
        while True:
            self.inside: set[Node] = set()
            self.restless: set[Node] = set()
            spoilt: set[Node] = set()
            for node in nodes:
                self._sort(node, spoilt)
            new = {name for name, node in loads.items() if self._loads_any(name, node, self.restless | spoilt)} - self.unruly
            if not new:
                break
            self.unruly |= new

    def _sort(self, node: Node, spoilt: set[Node]) -> None:
        """Sorts a node; its operands are sorted already. A mix of restless bits and control is spoilt for both."""
        if node in self.known or node.width > (WORD if node.op == "concat" else WIDEST):
            return
        if self._restless_leaf(node):
            self.restless.add(node)
            return
        if any(arg in self.data for arg in node.args):
            spoilt.add(node)
            return
        args = [arg for arg in node.args if arg.op != "const"]
        if node.op not in _LOGIC or not args:
            return
        if not all(arg in self.inside or arg in self.restless or arg in spoilt or self.flag(arg) for arg in args):
            return
        bad = [arg for arg in args if arg in self.restless or arg in spoilt]
        if not bad or (len(bad) == 1 and bad[0] in self.restless and _gates(node, bad[0])):
            self.inside.add(node)
        elif any(arg in self.inside or arg in spoilt for arg in args):
            spoilt.add(node)
        else:
            self.restless.add(node)

    def flag(self, node: Node) -> bool:
        """Whether a node may stay constant for long, and isn't a function of others that do."""
        if node.width > WIDEST:
            return False
        if node in self.known:
            return True
        if node.op == "read":
            return node.name not in self.counters and node.name not in self.unruly and node.name not in self.payloads
        if node.op in _TESTS or (node.op == "slice" and node.low + node.width == node.args[0].width):
            reads = [arg for arg in node.args if arg.op != "const"]
            return len(reads) == 1 and reads[0].op == "read" and reads[0].name in self.counters
        return self._part_of_delay(node) and node.args[0].name not in self.unruly

    def _part_of_delay(self, node: Node) -> bool:
        if node.op != "slice" or node.args[0].op != "read" or node.args[0].name not in self.registers:
            return False
        return _delays(self.registers[node.args[0].name], node.args[0], node.width)

    def _restless_leaf(self, node: Node) -> bool:
        if node.width > WIDEST:
            return False
        if node.op == "read":
            return node.name in self.unruly or node.name in self.payloads
        if node.op != "slice" or node.args[0].op != "read":
            return False
        whole = node.args[0]
        return whole.name in self.payloads or whole in self.data or (self._part_of_delay(node) and whole.name in self.unruly)

    def _loads_any(self, name: str, node: Node, restless: Collection[Node]) -> bool:
        """Whether a register loads something restless in every clock, directly or at the input of a delay."""
        if node in restless:
            return True
        return any(arg in restless for arg in node.args[1:]) and _delays(self.registers[name], self.read[name], WIDEST)


def _data(circuit: Circuit) -> set[Node]:
    """Numbers that depend on a stream's payload or on a memory."""
    payloads = circuit.payloads()
    loads = {circuit.made.read(name, register.width): register.following for name, register in circuit.registers.items()}
    order = reachable([*loads.values(), *circuit.visible()])
    data: set[Node] = set()
    found = True
    while found:
        found = False
        for node in order:
            if node.width <= WIDEST or node in data:
                continue
            source = node.op == "word" or (node.op == "read" and (node.name in payloads or loads.get(node) in data))
            if source or any(arg in data for arg in node.args):
                data.add(node)
                found = True
    return data


def _gates(node: Node, operand: Node) -> bool:
    """Whether the other operands can mask changes of one operand."""
    return node.op in ("and", "or") or (node.op == "mux" and node.args[0] is not operand)


def _delays(register: Register, read: Node, width: int) -> bool:
    """Whether a register is a delay of flags."""
    node = register.following
    return (
        node.op == "concat"
        and node.args[0].op == "slice"
        and node.args[0].args[0] is read
        and register.width - node.args[0].width <= width
    )


def _conditions(made: Expressions, inside: set[Node], restless: set[Node], roots: list[Node]) -> dict[Node, Node]:
    """For each restless node, the condition under which the result depends on it."""
    always, never = made.const(1, 1), made.const(0, 1)
    touched: set[Node] = set(restless)
    order = _ordered(inside)
    for node in order:
        if any(arg in touched for arg in node.args):
            touched.add(node)
    seen: dict[Node, Node] = dict.fromkeys(restless, never) | {node: always for node in roots if node in touched}
    for node in reversed(order):
        condition = seen.get(node, never)
        if node not in touched or condition is never:
            continue
        for place, arg in enumerate(node.args):
            if arg in touched:
                passes = _passes(made, node, place, touched)
                seen[arg] = made.either(seen.get(arg, never), made.both(condition, passes))
    return {node: seen[node] for node in restless}


def _passes(made: Expressions, node: Node, place: int, touched: set[Node]) -> Node:
    """The condition under which an operand affects an operation's result; always, where that depends on something
    restless."""
    always = made.const(1, 1)
    if node.op == "mux":
        choice = node.args[0]
        if place == 0 or choice in touched:
            return always
        return choice if place == 1 else made.invert(choice)
    if node.op not in ("and", "or") or node.args[1 - place] in touched:
        return always
    other = node.args[1 - place]
    return made.any(other if node.op == "and" else made.invert(other))
