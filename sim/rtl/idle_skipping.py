"""Finds what changes in an idle circuit: counters, and logic that reads them.

Between two bytes of a serial line a device stays constant, except for its timers' counters. While no test of a counter
changes, nothing else can change: such a clock steps only the counters.
"""

from dataclasses import dataclass

from .circuit import Circuit, Write
from .expressions import Node, reachable

__all__ = ["Idle", "counts", "enable", "find_idle"]


@dataclass(frozen=True)
class Idle:
    """A state in which all registers but `counters` keep their values. It lasts as long as `tests` don't change.

    `counters` and `followers` are registers with their next values: those that count, and those that may load a
    counter's value. `guards` enable writes that depend on a counter. `still` are the subexpressions of these that don't
    depend on counters.
    """

    counters: dict[str, Node]
    followers: dict[str, Node]
    guards: tuple[Node, ...]
    tests: tuple[Node, ...]
    still: tuple[Node, ...]


def find_idle(circuit: Circuit) -> Idle | None:
    """What changes while everything else is idle; None if nothing counts, or if a counter reaches an output."""
    loads = {name: register.following for name, register in circuit.registers.items()}
    writes = [(write.address, write.word, enable(write)) for write in circuit.writes[0]]
    outputs = list(circuit.outputs[0].values())
    roots = [*loads.values(), *(node for nodes in writes for node in nodes), *outputs]
    order = reachable(roots)
    counting = _counting(circuit, loads, roots, order)
    moving = {circuit.made.read(name, loads[name].width) for name in counting}
    # `pure` nodes depend on counters only; `moved` nodes on counters, except through a test.
    pure: set[Node] = set()
    moved: set[Node] = set()
    tests: set[Node] = set()
    for node in order:
        operands = [arg for arg in node.args if arg.op != "const"]
        if node in moving or (operands and node.op != "word" and all(arg in pure for arg in operands)):
            pure.add(node)
        if node in pure and node.width == 1:
            tests.add(node)
        elif node in moving or any(arg in moved for arg in node.args):
            moved.add(node)
    if not counting or any(node in moved for node in outputs):
        return None
    counters = {name: node for name, node in loads.items() if name in counting}
    followers = {name: node for name, node in loads.items() if name not in counting and node in moved}
    guards = tuple(nodes[-1] for nodes in writes if any(node in moved for node in nodes))
    results = [*counters.values(), *followers.values(), *guards]
    still = {node for node in results if node not in moved}
    still |= {arg for node in reachable(results, set(order) - moved) if node in moved for arg in node.args if arg not in moved}
    still = {node for node in still if node.op not in ("const", "read") and node not in tests}
    # Tests inside other tests aren't listed.
    outer = {arg for node in order if node not in tests for arg in node.args if arg in tests} | (tests & set(roots))
    return Idle(counters, followers, guards, _ordered(outer), _ordered(still))


def _counting(circuit: Circuit, loads: dict[str, Node], roots: list[Node], order: list[Node]) -> set[str]:
    """Registers that may count while everything else is idle. They count in every clock, or other logic only compares
    them with constants."""
    reads = {
        circuit.made.read(name, node.width): name for name, node in loads.items() if node.width > 1 and counts(circuit, name)
    }
    leaves: dict[Node, frozenset[Node]] = {}
    seen: dict[Node, frozenset[Node]] = {}
    none: frozenset[Node] = frozenset()
    for node in order:
        leaves[node] = (
            none.union(*(leaves[arg] for arg in node.args)) if node.args else frozenset(() if node.op == "const" else [node])
        )
        if node in reads:
            seen[node] = frozenset([node])
        elif node.width == 1 and len(leaves[node]) == 1:
            seen[node] = none
        else:
            seen[node] = none.union(*(seen[arg] for arg in node.args))
    owners = {node: name for name, node in loads.items()}
    outside = none.union(*({read for read in seen[root] if owners.get(root) != reads[read]} for root in roots))
    return {name for read, name in reads.items() if read not in outside or _runs(loads[name], read, leaves)}


def _runs(node: Node, read: Node, leaves: dict[Node, frozenset[Node]]) -> bool:
    """Whether a register counts in every clock, except when it is set to a constant."""
    while node.op == "mux" and any(arg.op == "const" for arg in node.args[1:]):
        node = next((arg for arg in node.args[1:] if arg.op != "const"), node.args[1])
    return leaves[node] == {read}


def enable(write: Write) -> Node:
    """The bits of a word that are written; a single bit if it is all of them or none."""
    mask = write.mask
    return mask.args[0] if mask.op == "sext" and mask.args[0].width == 1 else mask


def counts(circuit: Circuit, name: str) -> bool:
    """Whether a register's next value is computed from its own, not only selected."""
    register = circuit.registers[name]
    read = circuit.made.read(name, register.width)
    stack, seen = [register.following], set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.op in ("add", "sub", "xor", "neg") and read in reachable([node]):
            return True
        stack += node.args
    return False


def _ordered(nodes: set[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: node.number))
