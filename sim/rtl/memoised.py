"""Finds expressions that are worth memoising: costly ones with few operands that seldom change.

Gateware computes in every clock even values that change once a frame or once a row. The tick compares the operands with
their last values instead, and computes the value again only when an operand has changed.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .circuit import Circuit
from .expressions import Node, reachable

__all__ = ["MemoisedGroup", "memoised_groups"]

WORD = 64
MOST_OPERANDS = 3
LEAST_COST = 5
"""Fewest operations of a value that are worth its load."""

LEAST_OF_GROUP = 12
"""Fewest operations of a group that are worth the comparison of its operands."""

_FREE = {"const", "read", "zext", "not"}
_UNFIT = {"mul", "word"}
"""Operations on a filter's data, which always change; and memories, whose words may change at a constant address."""


@dataclass(frozen=True)
class MemoisedGroup:
    """Values that are functions of the same operands: registers and inputs."""

    operands: tuple[Node, ...]
    values: tuple[Node, ...]


def memoised_groups(circuit: Circuit, roots: list[Node]) -> list[MemoisedGroup]:
    """The largest expressions in the logic of `roots` that are worth memoising."""
    slow = _slow(circuit)
    nodes = reachable(roots)
    cones: dict[Node, frozenset[Node] | None] = {}
    fit: set[Node] = set()
    for node in nodes:
        cones[node] = cone = _cone(node, cones, slow)
        if cone and node.args and _cost([node]) >= LEAST_COST:
            fit.add(node)
    largest = fit & set(roots)
    for node in nodes:
        if node not in fit:
            largest |= fit & set(node.args)
    groups: dict[frozenset[Node], list[Node]] = defaultdict(list)
    for node in sorted(largest, key=lambda node: node.number):
        cone = cones[node]
        assert cone
        groups[cone].append(node)
    found = [MemoisedGroup(tuple(sorted(cone, key=lambda node: node.number)), tuple(values)) for cone, values in groups.items()]
    return [group for group in found if _cost(group.values) >= LEAST_OF_GROUP]


def _cost(nodes: Iterable[Node]) -> int:
    return sum(node.op not in _FREE for node in reachable(nodes))


def _cone(node: Node, cones: dict[Node, frozenset[Node] | None], slow: set[Node]) -> frozenset[Node] | None:
    """The operands of a node, registers and inputs; None if the node can't be memoised."""
    if node.width > WORD or node.op in _UNFIT:
        return None
    if node.op == "read":
        return frozenset([node]) if node in slow else None
    operands: frozenset[Node] = frozenset()
    for arg in node.args:
        cone = cones[arg]
        if cone is None:
            return None
        operands |= cone
    return operands if len(operands) <= MOST_OPERANDS else None


def _slow(circuit: Circuit) -> set[Node]:
    """Nodes that may stay constant for many clocks: inputs other than payloads; registers that hold their value under
    some condition; registers that depend on these only, without multipliers or memories."""
    made = circuit.made
    slow = {made.read(name, width) for name, width in circuit.inputs.items() if name not in circuit.payloads()}
    leaves: dict[Node, set[Node]] = {}
    for name, register in circuit.registers.items():
        node = made.read(name, register.width)
        nodes = reachable([register.following])
        if all(inner.op not in _UNFIT for inner in nodes):
            leaves[node] = {leaf for leaf in nodes if leaf.op == "read"}
            if node in leaves[node]:
                slow.add(node)
    found = True
    while found:
        new = {node for node, inner in leaves.items() if node not in slow and inner <= slow}
        slow |= new
        found = bool(new)
    return slow
