"""Finds what moves in an idle circuit: counters, and what reads them.

Between two bytes of a serial line a whole device stands still, except for the counters of its timers. While no test of a
counter changes, nothing else can change: such a clock only steps the counters.
"""

from dataclasses import dataclass

from .circuit import Circuit, Write
from .expressions import Node, reachable

__all__ = ["Idle", "counts", "enable", "find_idle"]


@dataclass(frozen=True)
class Idle:
    """All but the registers of `counters` have just kept their values, and so it goes on while `tests` are what they were.

    `counters` and `followers` are registers with what they load: those that count, and those that may load a counter's value;
    `guards` enable writes that a counter has a part in. Of what these are made of, `still` is all that no counter moves.
    """

    counters: dict[str, Node]
    followers: dict[str, Node]
    guards: tuple[Node, ...]
    tests: tuple[Node, ...]
    still: tuple[Node, ...]


def find_idle(circuit: Circuit) -> Idle | None:
    """What moves while all else is idle; none if nothing counts, or a counter is seen from outside."""
    loads = {name: register.following for name, register in circuit.registers.items()}
    writes = [(write.address, write.word, enable(write)) for write in circuit.writes[0]]
    outputs = list(circuit.outputs[0].values())
    roots = [*loads.values(), *(node for nodes in writes for node in nodes), *outputs]
    order = reachable(roots)
    counting = _counting(circuit, loads, roots, order)
    moving = {circuit.made.read(name, loads[name].width) for name in counting}
    # Of counters alone; of counters, other than through a test.
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
    # A test within a test is none of its own.
    outer = {arg for node in order if node not in tests for arg in node.args if arg in tests} | (tests & set(roots))
    return Idle(counters, followers, guards, _ordered(outer), _ordered(still))


def _counting(circuit: Circuit, loads: dict[str, Node], roots: list[Node], order: list[Node]) -> set[str]:
    """Registers that may count while all else is idle: those that do so in every clock, and those of which others see no more
    than whether they are, or are below, some constant."""
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
    """Whether a register counts in every clock, but for those that set it to a constant."""
    while node.op == "mux" and any(arg.op == "const" for arg in node.args[1:]):
        node = next((arg for arg in node.args[1:] if arg.op != "const"), node.args[1])
    return leaves[node] == {read}


def enable(write: Write) -> Node:
    """Which bits of a word are written; one bit where it is all of them or none."""
    mask = write.mask
    return mask.args[0] if mask.op == "sext" and mask.args[0].width == 1 else mask


def counts(circuit: Circuit, name: str) -> bool:
    """Whether a register's next value is computed from its own, other than by choice."""
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
