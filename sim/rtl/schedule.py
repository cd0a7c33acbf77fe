"""Decides what a tick computes, and in which order: a register is written after all its readers.

Only registers that depend on one another in a loop need a separate next value. Registers that load under the same
condition share a branch: most conditions hold for long, and a branch that isn't taken costs nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from convolver.errors import ToolError

from .circuit import Circuit, Write
from .control_gating import Control, find_control
from .cpp_expressions import cheap
from .expressions import Node, reachable
from .idle_skipping import enable
from .memoised import MemoisedGroup, memoised_groups

__all__ = ["Schedule", "Statement", "chosen"]

DEEPEST = 24
"""Most nested operations in one C++ expression."""


def chosen(roots: list[Node], known: Collection[Node] = (), branches: Collection[Node] = ()) -> set[Node]:
    """Nodes with their own variable: those used twice, words of memories, and some inside deep expressions; no
    `branches`."""
    uses: dict[Node, int] = defaultdict(int)
    nodes = reachable(roots, known)
    for node in nodes:
        if node in known:
            continue
        for arg in node.args:
            uses[arg] += 1
    for root in roots:
        uses[root] += 1
    found: set[Node] = set()
    depth: dict[Node, int] = {}
    for node in nodes:
        if node in known:
            depth[node] = 0
            continue
        depth[node] = 1 + max((depth[arg] for arg in node.args), default=0)
        if node in branches:
            continue
        if node.op == "word" or (node.args and (depth[node] > DEEPEST or (uses[node] > 1 and not cheap(node)))):
            found.add(node)
            depth[node] = 0
    return found


@dataclass
class Statement:
    """A statement: a local, memoised values, registers (several if they load under one condition), a write, or an
    output."""

    local: Node | None = None
    group: MemoisedGroup | None = None
    control: Control | None = None
    loads: list[tuple[str, Node]] = field(default_factory=list)
    write: Write | None = None
    output: tuple[str, Node] | None = None
    locals: set[Node] = field(default_factory=set)
    registers: set[str] = field(default_factory=set)
    memories: set[str] = field(default_factory=set)

    def makes(self) -> tuple[Node, ...]:
        """Nodes that this statement computes."""
        kept = self.group or self.control
        return kept.values if kept is not None else () if self.local is None else (self.local,)

    def roots(self) -> list[Node]:
        """Expressions that this statement evaluates."""
        nodes = [node for _, node in self.loads]
        kept = self.group or self.control
        if kept is not None:
            nodes += kept.operands
        if self.control is not None:
            nodes += self.control.restless
        if self.local is not None:
            nodes += self.local.args
        if self.write is not None:
            nodes += [self.write.address, self.write.word, enable(self.write)]
        if self.output is not None:
            nodes.append(self.output[1])
        return nodes


class Schedule:
    """The statements of one of the two ticks, with or without reset, in `order`.

    `names` are variables of nodes; those in `kept` hold memoised values. `flags` are registers with places in an array
    of bytes, which are compared eight at a time. `late` are registers that are written at the end of the clock.
    """

    def __init__(self, circuit: Circuit, reset: bool, flags: dict[str, int] | None = None) -> None:
        self.reset = reset
        self.flags = flags or {}
        self.names: dict[Node, str] = {}
        self.registers = circuit.registers
        self.made = circuit.made
        self.writes = [write for write in circuit.writes[reset] if write.mask.unsigned[1]]
        self.outputs = circuit.outputs[reset]
        self.following = {name: register.reset if reset else register.following for name, register in self.registers.items()}
        loads = {
            name: node for name, node in self.following.items() if node is not self.made.read(name, self.registers[name].width)
        }
        roots = [
            *self.outputs.values(),
            *(part for write in self.writes for part in (write.address, write.word, enable(write))),
        ]
        self.memoised = [] if reset else memoised_groups(circuit, [*loads.values(), *roots])
        for number, group in enumerate(self.memoised):
            self.names |= {node: f"kept_{number}_{place}" for place, node in enumerate(group.values)}
        self.kept = dict(self.names)
        self.control = None if reset else find_control(circuit, roots, loads, set(self.names))
        if self.control is not None:
            self.names |= {node: f"follows_{place}" for place, node in enumerate(self.control.values)}
            loads = {name: node for name, node in loads.items() if name not in self.control.loads}
            compared = [node.name for node in self.control.operands if node.op == "read" and node.name in self.registers]
            self.flags = {name: place for place, name in enumerate(compared)}
            roots += [*self.control.operands, *self.control.restless]
        branches = self._branches(loads, roots)
        roots += loads.values()
        self.variables = sorted(chosen(roots, set(self.names), branches), key=lambda node: node.number)
        self.names |= {node: f"t{number}" for number, node in enumerate(self.variables)}
        self.locals = set(self.names)
        self.late: set[str] = set()
        self.statements = self._statements(loads)
        self.order = self._ordered()

    def _branches(self, loads: dict[str, Node], roots: list[Node]) -> set[Node]:
        """Choices that are written as branches: they are used only where a register holds its value or loads them."""
        holding = {
            node
            for name, node in loads.items()
            if node.op == "mux" and self.made.read(name, self.registers[name].width) in node.args[1:]
        }
        elsewhere = set(roots)
        for node in reachable([*roots, *loads.values()], set(self.names)):
            elsewhere.update(node.args[:1] if node in holding else node.args)
        return holding - elsewhere

    def _statements(self, loads: dict[str, Node]) -> list[Statement]:
        groups: dict[Node, Statement] = {}
        statements: list[Statement] = []
        for name, node in loads.items():
            old = self.made.read(name, self.registers[name].width)
            if self.holds(node, old):
                if node.args[0] not in groups:
                    groups[node.args[0]] = Statement()
                    statements.append(groups[node.args[0]])
                groups[node.args[0]].loads.append((name, node))
            else:
                statements.append(Statement(loads=[(name, node)]))
        statements += [Statement(write=write) for write in self.writes]
        statements += [Statement(output=output) for output in self.outputs.items()]
        # Last: so each is computed just before its first use.
        statements += [Statement(group=group) for group in self.memoised]
        statements += [] if self.control is None else [Statement(control=self.control)]
        statements += [Statement(local=node) for node in self.variables]
        for statement in statements:
            self._reads(statement)
        return statements

    def holds(self, node: Node, old: Node) -> bool:
        """Whether a register holds its value under some condition."""
        while node.op == "mux" and node not in self.locals:
            if old in node.args[1:]:
                return True
            node = node.args[2] if node.args[2].op == "mux" else node.args[1]
        return False

    def _reads(self, statement: Statement) -> None:
        """Records what a statement reads directly, not through its locals."""
        if statement.local is not None and statement.local.op == "word":
            statement.memories.add(statement.local.name)
        if statement.control is not None:
            # The control is a function: it doesn't use the tick's locals, and reads the registers again.
            operands = [*statement.control.operands, *statement.control.restless]
            statement.registers |= {leaf.name for leaf in reachable(operands, self.kept) if leaf.op == "read"}
        seen: set[Node] = set()
        stack = statement.roots()
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in self.locals:
                statement.locals.add(node)
            elif node.op == "read":
                statement.registers.add(node.name)
            else:
                stack.extend(node.args)

    def _ordered(self) -> list[Statement]:
        statements = self.statements
        for statement in statements:
            self._sort(statement)
        producer = {node: number for number, statement in enumerate(statements) for node in statement.makes()}
        readers: dict[str, list[int]] = defaultdict(list)
        memory_readers: dict[str, list[int]] = defaultdict(list)
        for number, statement in enumerate(statements):
            for name in statement.registers:
                readers[name].append(number)
            for name in statement.memories:
                memory_readers[name].append(number)

        def before(number: int) -> Iterator[tuple[int, str]]:
            statement = statements[number]
            for node in sorted(statement.locals, key=lambda node: node.number):
                yield producer[node], ""
            if statement.write is not None:
                for reader in memory_readers[statement.write.memory]:
                    yield reader, ""
                # Writes keep their order: later ones have priority.
                if number and statements[number - 1].write is not None:
                    yield number - 1, ""
            for name, _ in statement.loads:
                for reader in readers[name]:
                    if name in self.late:
                        break
                    yield reader, name

        order: list[Statement] = []
        state = [0] * len(statements)  # 0 new, 1 begun, 2 placed
        for root in range(len(statements)):
            if state[root]:
                continue
            state[root] = 1
            stack = [(root, before(root))]
            while stack:
                number, remaining = stack[-1]
                for other, register in remaining:
                    if state[other] == 0:
                        state[other] = 1
                        stack.append((other, before(other)))
                        break
                    if state[other] == 1 and other != number:
                        if not register:
                            raise ToolError("The twin can't order a design's statements")
                        self.late.add(register)
                else:
                    stack.pop()
                    state[number] = 2
                    order.append(statements[number])
        return order

    def _sort(self, statement: Statement) -> None:
        """Orders the registers that load under one condition: readers first; a loop needs a next value."""
        loads = dict(statement.loads)
        if len(loads) < 2:
            return
        reads = {name: {leaf.name for leaf in self._direct(node)} & loads.keys() for name, node in loads.items()}
        readers: dict[str, list[str]] = defaultdict(list)
        for name, others in reads.items():
            for other in others:
                if other != name:
                    readers[other].append(name)
        waits = {name: sum(name in reads[reader] and reader != name for reader in readers[name]) for name in loads}
        order: list[str] = []
        left = dict.fromkeys(loads)
        last: list[Node | None] = []
        while left:
            ready = [name for name in left if not waits[name]]
            if not ready:
                # A loop: one of its registers is written at the end of the clock.
                ready = [next(iter(left))]
                self.late.add(ready[0])
            # Registers with equal inner conditions become neighbours.
            name = next((name for name in ready if self._conditions(loads[name]) == last), ready[0])
            last = self._conditions(loads[name])
            del left[name]
            order.append(name)
            for other in reads[name]:
                waits[other] -= other != name
        statement.loads = [(name, loads[name]) for name in order]

    def _direct(self, node: Node) -> list[Node]:
        """The registers that an expression reads directly."""
        seen: set[Node] = set()
        stack = [node]
        while stack:
            node = stack.pop()
            if node not in seen and node not in self.locals:
                seen.add(node)
                stack.extend(node.args)
        return [node for node in seen if node.op == "read"]

    def _conditions(self, node: Node) -> list[Node | None]:
        """The conditions of the two sides of a choice."""
        return [self.condition(side) for side in node.args[1:]]

    def condition(self, node: Node) -> Node | None:
        """The outermost condition of an expression."""
        return node.args[0] if node.op == "mux" and node not in self.locals else None
