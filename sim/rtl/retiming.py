"""Moves registers forward through logic, without a visible effect: a pipelined sum becomes one sum and a delay.

A free-running register that only free-running registers read can be removed. Its readers take the expression that it
would have held, and hold it one clock longer. At power-on and after reset they hold the expression's value for the
initial values of the removed registers. So every output is the same in every clock. Registers without a reset simply
keep running. A delay of several clocks becomes a shift of one word.
"""

from collections import Counter

from .circuit import Circuit, Register
from .control_gating import WIDEST
from .expressions import Expressions, Node, reachable
from .idle_skipping import counts
from .split_registers import split

__all__ = ["retime"]

WORD = 64
LEAST = 4
"""Fewest stages of a delay for which shifting a word is cheaper than moving registers."""


def retime(circuit: Circuit) -> None:
    """Changes the circuit's registers; its outputs stay the same in every clock."""
    _prune(circuit)
    split(circuit)
    _prune(circuit)
    _absorb(circuit)
    _prune(circuit)
    _shift(circuit)


def _leaves(nodes: list[Node]) -> set[Node]:
    return {node for node in reachable(nodes) if node.op in ("read", "word")}


def _prune(circuit: Circuit) -> None:
    """Removes registers on which nothing visible depends."""
    live: set[str] = set()
    todo = [node.name for node in _leaves(circuit.visible()) if node.op == "read"]
    while todo:
        name = todo.pop()
        if name in live or name not in circuit.registers:
            continue
        live.add(name)
        register = circuit.registers[name]
        todo += [node.name for node in _leaves([register.following, register.reset]) if node.op == "read"]
    circuit.registers = {name: register for name, register in circuit.registers.items() if name in live}


def _absorb(circuit: Circuit) -> None:
    made, registers = circuit.made, circuit.registers
    held = {made.read(name, register.width): name for name, register in registers.items()}
    leaves = {name: _leaves([register.following, register.reset]) for name, register in registers.items()}
    # Free-running registers: functions of registers only, or constant after reset.
    free = {node for node, name in held.items() if leaves[name] and all(leaf in held for leaf in leaves[name])}
    absorbed = _acyclic(free - _leaves(circuit.visible()), {node: leaves[held[node]] for node in free})
    while True:
        # A reader of one of them must read only such registers.
        spoilt: set[Node] = set()
        for inner in leaves.values():
            if not inner <= absorbed:
                spoilt |= inner & absorbed
        if not spoilt:
            break
        absorbed -= spoilt
    following = {node: registers[held[node]].following for node in absorbed}
    reset = {node: registers[held[node]].reset for node in absorbed}
    initial = {node: made.const(registers[held[node]].initial, node.width) for node in absorbed}
    known: dict[Node, Node] = {}
    stages: dict[tuple[Node, Node, int], Node] = {}

    def later(expression: Node) -> Node:
        """An expression's value, in registers where it reads absorbed ones alone. Where it reads others, too, its parts
        of absorbed ones are in registers, if these are fewer."""
        inner = _leaves([expression])
        if not inner <= absorbed:
            parts = _parts(expression, absorbed)
            if len(parts) >= len(inner & absorbed):
                return expression
            return made.replaced([expression], {part: later(part) for part in parts})[0]
        if not inner:
            return expression
        if expression not in known:
            first = made.replaced([expression], initial)[0].value
            after, then = (later(made.replaced([expression], values)[0]) for values in (following, reset))
            key = after, then, first
            if key not in stages:
                name = f"stage_{len(stages)}"
                stages[key] = made.read(name, expression.width)
                registers[name] = Register(expression.width, first, after, then)
            known[expression] = stages[key]
        return known[expression]

    for node, name in held.items():
        if node not in absorbed:
            register = registers[name]
            register.following, register.reset = later(register.following), later(register.reset)


def _parts(expression: Node, leaves: set[Node]) -> list[Node]:
    """The largest parts of an expression that read only `leaves`, and constants; not extended."""
    within = set(leaves)
    for node in reachable([expression]):
        if node.args and all(arg in within or arg.op == "const" for arg in node.args):
            within.add(node)
    parts = (node for node in reachable([expression], within) if node in within)
    return list({node.args[0] if node.op in ("zext", "sext") else node: None for node in parts})


def _acyclic(nodes: set[Node], leaves: dict[Node, set[Node]]) -> set[Node]:
    """Nodes that are neither in a loop nor between two loops: those that can be removed from either end."""
    sources = {node: leaves[node] & nodes for node in nodes}
    readers: dict[Node, set[Node]] = {node: set() for node in nodes}
    for node, inner in sources.items():
        for leaf in inner:
            readers[leaf].add(node)
    done: set[Node] = set()
    for behind, ahead in ((sources, readers), (readers, sources)):
        left = {node: len(behind[node] - done) for node in nodes - done}
        ready = [node for node, count in left.items() if not count]
        while ready:
            node = ready.pop()
            done.add(node)
            for other in ahead[node] & left.keys():
                left[other] -= 1
                if not left[other]:
                    ready.append(other)
    return done


def _shift(circuit: Circuit) -> None:
    """Packs delays, chains of registers that each load the one before, into words."""
    made, registers = circuit.made, circuit.registers
    behind: dict[str, str] = {}
    taken: set[str] = set()
    for name, register in registers.items():
        node = register.following
        if node.op != "read" or node.name == name or node.name not in registers or node.name in behind:
            continue
        if register.reset.op == "const" or register.reset is node:
            behind[node.name] = name
            taken.add(name)
    replaced: dict[Node, Node] = {}
    seen = _seen(circuit)
    for start in [name for name in registers if name not in taken and name in behind]:
        chain = [start]
        while chain[-1] in behind:
            chain.append(behind[chain[-1]])
        if registers[start].width <= WIDEST and seen[start] > 1 and not counts(circuit, start):
            # A flag with other readers is compared separately.
            del chain[0]
        width = registers[start].width
        most = WORD // width
        for first in range(0, len(chain), max(most, 1)):
            part = chain[first : first + most]
            if len(part) >= LEAST:
                _packed(made, registers, part, replaced)
    circuit.replace(replaced)


def _seen(circuit: Circuit) -> Counter[str]:
    """For each register, the number of other registers, outputs and writes that depend on it."""
    seen = Counter(leaf.name for node in circuit.visible() for leaf in _leaves([node]))
    for name, register in circuit.registers.items():
        seen.update({leaf.name for leaf in _leaves([register.following])} - {name})
    return seen


def _packed(made: Expressions, registers: dict[str, Register], chain: list[str], replaced: dict[Node, Node]) -> None:
    """Packs the stages of a delay into a word, the newest lowest."""
    width = registers[chain[0]].width
    total = width * len(chain)
    word = made.read(f"delay_{len(replaced)}", total)
    initial, resets = 0, []
    source = registers[chain[0]].following
    for place, name in enumerate(chain):
        register = registers.pop(name)
        initial |= register.initial << width * place
        resets.append(register.reset)
        replaced[made.read(name, width)] = made.slice(word, width * place, width)
    following = made.concat([made.slice(word, 0, total - width), source])
    registers[word.name] = Register(total, initial, following, made.concat(resets[::-1]))
