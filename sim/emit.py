"""Writes a circuit as C++: `struct top` with its state, and `tick<reset>()`, one clock.

A synchronous circuit of one clock is evaluated once a clock. The statements are ordered such that a register is written after
everything that reads it; only registers that read one another in a circle need a next value. Registers that load under one
condition stand in one branch: most conditions hold for long, and what isn't loaded costs nothing.

What changes seldom and costs much is remembered with its operands, and computed again where one of them has changed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from convolver.errors import ToolError

from .circuit import Circuit, Write
from .expressions import Node, reachable
from .remembered import Remembered, remembered
from .rest import Rest, enable, rest
from .steady import Steady, steady
from .wording import WORD, Wording, always, cheap, constant, stored

__all__ = ["emit"]

DEEPEST = 24
"""Operations in one C++ expression, one in another."""


def emit(circuit: Circuit, name: str, rests: bool = False) -> str:
    """The circuit as C++ text: `struct top` in namespace `name`, with ports of CXXRTL's names.

    One that `rests` has a function `clock` besides, which is a clock without reset too: a quick one while nothing but counters
    moves.
    """
    lines = [f"namespace {name} {{", "using namespace twin;", "struct top {"]
    lines += [f"\tvalue<{width}> {port};" for port, width in circuit.inputs.items()]
    lines += [f"\tvalue<{node.width}> {port};" for port, node in circuit.outputs[0].items()]
    resting = rest(circuit) if rests else None
    tick = _Tick(circuit, False)
    tick.tells = resting is not None
    registers = {
        register_name: f"\t{stored(register.width)} {tick.at(register_name)} = {constant(register.initial, register.width)};"
        for register_name, register in circuit.registers.items()
        if register_name not in tick.flags
    }
    if resting is None:
        lines += registers.values()
    else:
        # Those that stand still at rest lie side by side, to be compared at once.
        lines += ["\tu64 first_register = 0;", *(line for at, line in registers.items() if at not in resting.counters)]
        lines += ["\tu64 first_counter = 0;", *(registers[at] for at in resting.counters), "\tu64 registers_end = 0;"]
    for memory_name, memory in circuit.memories.items():
        words = ", ".join(constant(word, memory.width) for word in memory.initial)
        lines.append(f"\t{stored(memory.width)} {memory_name}[{memory.depth}] = {{{words}}};")
    for number, group in enumerate(tick.remembered):
        lines += _again(circuit, number, group, tick.flags)
    lines += tick.control()
    lines += ["", "\ttemplate<bool Reset> void tick() {", "\tif constexpr (!Reset) {"]
    lines += tick.lines()
    lines += ["\t} else {"]
    lines += _Tick(circuit, True, tick.flags).lines()
    lines += ["\t}", "\t}"]
    if rests:
        lines += ["\tvoid clock() { tick<false>(); }"] if resting is None else _clock(circuit, resting, tick.flags)
    lines += ["};", f"}} // namespace {name}", ""]
    return "\n".join(lines)


def _clock(circuit: Circuit, resting: Rest, flags: dict[str, int]) -> list[str]:
    """`clock`, and what it keeps: what no counter moves, and the tests and inputs under which that is so."""
    size = sum(-(-circuit.registers[name].width // WORD) * 8 for name in circuit.registers if name not in resting.counters)
    tests = [resting.tests[low : low + WORD] for low in range(0, len(resting.tests), WORD)]
    ports = circuit.inputs.items()
    lines = ["\tbool resting = false, wrote = false;", f"\tu64 tests_seen[{len(tests) + 1}] = {{}};"]
    lines += [f"\tvalue<{width}> seen_{port};" for port, width in ports]
    lines += [f"\tstd::uint8_t registers_before[{size + 16}], flags_before[{len(flags) + 8}];"]
    lines += _settle(_worded(circuit, flags), resting.still, [port for port, _ in ports])
    lines += _rest(_worded(circuit, flags), resting)

    words = _worded(circuit, flags)
    lines += ["\tvoid clock() {", *_locals(words, resting.tests, ())]
    for place, part in enumerate(tests):
        bits = " | ".join(f"({words.u(node)} << {bit})" for bit, node in enumerate(part))
        lines.append(f"\t\tconst u64 now_{place} = {bits};")
    differ = " | ".join(f"(now_{place} ^ tests_seen[{place}])" for place in range(len(tests))) or "u64(0)"
    same = "".join(f" && seen_{port}.equals({port})" for port, _ in ports)
    lines += [
        f"\t\tif (resting && !({differ}){same} && rest()) return;",
        "\t\tconst std::size_t size = std::size_t((const char *)&first_counter - (const char *)&first_register);",
        "\t\tstd::memcpy(registers_before, &first_register, size);",
    ]
    lines += ["\t\tstd::memcpy(flags_before, flags, sizeof flags);"] if flags else []
    lines += [f"\t\ttests_seen[{place}] = now_{place};" for place in range(len(tests))]
    unchanged = "!std::memcmp(registers_before, &first_register, size)"
    unchanged += " && !std::memcmp(flags_before, flags, sizeof flags)" if flags else ""
    return [*lines, "\t\tresting = wrote = false;", "\t\ttick<false>();", f"\t\tif (!wrote && {unchanged}) settle();", "\t}"]


def _settle(words: Wording, still: Sequence[Node], ports: list[str]) -> list[str]:
    """What no counter moves, and the function that computes it once all has been found at rest."""
    lines = [
        f"\t{words.kind(node) if node.width <= WORD else stored(node.width)} still_{place}{{}};"
        for place, node in enumerate(still)
    ]
    lines += ["\t[[gnu::noinline]] void settle() {", *_locals(words, still, ())]
    lines += [
        f"\t\tstill_{place} = {words.form(node, node) if node.width <= WORD else words.wide(node)};"
        for place, node in enumerate(still)
    ]
    return [*lines, *(f"\t\tseen_{port} = {port};" for port in ports), "\t\tresting = true;", "\t}"]


def _rest(words: Wording, resting: Rest) -> list[str]:
    """The function that lets the counters count, if what they may move stays as it is."""
    words.names = {node: f"still_{place}" for place, node in enumerate(resting.still)}
    results = [*resting.counters.values(), *resting.followers.values(), *resting.guards]
    lines = ["\tbool rest() {", *_locals(words, results, set(words.names))]
    for name, node in resting.followers.items():
        held = words.at(name)
        differs = f"{words.u(node)} != {held}" if node.width <= WORD else f"!{words.wide(node)}.equals({held})"
        lines.append(f"\t\tif ({differs}) return false;")
    lines += [
        f"\t\tif ({words.u(node) if node.width <= WORD else f'!{words.wide(node)}.is_zero()'}) return false;"
        for node in resting.guards
    ]
    lines += [
        f"\t\tconst {stored(node.width)} next_{name} = {words.u(node) if node.width <= WORD else words.wide(node)};"
        for name, node in resting.counters.items()
    ]
    return [*lines, *(f"\t\t{words.at(name)} = next_{name};" for name in resting.counters), "\t\treturn true;", "\t}"]


def _worded(circuit: Circuit, flags: dict[str, int]) -> Wording:
    words = Wording(circuit)
    words.flags = flags
    return words


def _locals(words: Wording, results: Sequence[Node], known: Collection[Node]) -> list[str]:
    """Variables for what `results` use more than once, or that has no place in an expression."""
    chosen = sorted(_chosen(list(results), known), key=lambda node: node.number)
    return ["\t" + words.local(node, f"t{place}") for place, node in enumerate(chosen)]


def _again(circuit: Circuit, number: int, group: Remembered, flags: dict[str, int]) -> list[str]:
    """What is remembered of a group, and the function that computes it again."""
    made, initial = circuit.made, {}
    for node in group.operands:
        register = circuit.registers.get(node.name)
        initial[node] = made.const(register.initial if register else 0, node.width)
    words = Wording(circuit)
    words.flags = flags
    operands = [
        f"\t{stored(node.width)} seen_{number}_{place} = {constant(initial[node].value, node.width)};"
        for place, node in enumerate(group.operands)
    ]
    values = []
    for place, node in enumerate(group.values):
        first = made.replaced([node], initial)[0]
        values.append(f"\t{words.kind(node)} kept_{number}_{place} = {words.form(node, first)};")
    again = [f"\t\tseen_{number}_{place} = {words.u(node)};" for place, node in enumerate(group.operands)]
    for place, node in enumerate(sorted(_chosen(list(group.values)), key=lambda node: node.number)):
        again.append("\t" + words.local(node, f"t{place}"))
    again += [f"\t\tkept_{number}_{place} = {words.form(node, node)};" for place, node in enumerate(group.values)]
    return ["", *operands, *values, f"\t[[gnu::noinline, gnu::cold]] void again_{number}() {{", *again, "\t}"]


def _chosen(roots: list[Node], known: Collection[Node] = (), branches: Collection[Node] = ()) -> set[Node]:
    """Nodes with a variable of their own: those used twice, a memory's words, and some in deep expressions; no `branches`."""
    uses: dict[Node, int] = defaultdict(int)
    nodes = reachable(roots, known)
    for node in nodes:
        if node in known:
            continue
        for arg in node.args:
            uses[arg] += 1
    for root in roots:
        uses[root] += 1
    chosen: set[Node] = set()
    depth: dict[Node, int] = {}
    for node in nodes:
        if node in known:
            depth[node] = 0
            continue
        depth[node] = 1 + max((depth[arg] for arg in node.args), default=0)
        if node in branches:
            continue
        if node.op == "word" or (node.args and (depth[node] > DEEPEST or (uses[node] > 1 and not cheap(node)))):
            chosen.add(node)
            depth[node] = 0
    return chosen


@dataclass
class Statement:
    """A local, values that are remembered, registers (several if they load under one condition), a write, or an output."""

    local: Node | None = None
    group: Remembered | None = None
    steady: Steady | None = None
    loads: list[tuple[str, Node]] = field(default_factory=list)
    write: Write | None = None
    output: tuple[str, Node] | None = None
    locals: set[Node] = field(default_factory=set)
    registers: set[str] = field(default_factory=set)
    memories: set[str] = field(default_factory=set)

    def makes(self) -> tuple[Node, ...]:
        """Nodes that have their values from it."""
        kept = self.group or self.steady
        return kept.values if kept is not None else () if self.local is None else (self.local,)

    def roots(self) -> list[Node]:
        """What it computes."""
        nodes = [node for _, node in self.loads]
        kept = self.group or self.steady
        if kept is not None:
            nodes += kept.operands
        if self.local is not None:
            nodes += self.local.args
        if self.write is not None:
            nodes += [self.write.address, self.write.word, enable(self.write)]
        if self.output is not None:
            nodes.append(self.output[1])
        return nodes


class _Tick(Wording):
    """One of the two ticks, with the reset or without."""

    def __init__(self, circuit: Circuit, reset: bool, flags: dict[str, int] | None = None) -> None:
        super().__init__(circuit)
        self.reset = reset
        self.tells = False  # whether it sets `wrote` where it changes a memory
        self.flags = flags or {}
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
        self.remembered = [] if reset else remembered(circuit, [*loads.values(), *roots])
        for number, group in enumerate(self.remembered):
            self.names |= {node: f"kept_{number}_{place}" for place, node in enumerate(group.values)}
        self.kept = dict(self.names)
        self.steady = None if reset else steady(circuit, roots, loads, set(self.names))
        if self.steady is not None:
            self.names |= {node: f"follows_{place}" for place, node in enumerate(self.steady.values)}
            loads = {name: node for name, node in loads.items() if name not in self.steady.loads}
            compared = [node.name for node in self.steady.operands if node.op == "read" and node.name in self.registers]
            self.flags = {name: place for place, name in enumerate(compared)}
            roots += self.steady.operands
        branches = self._branches(loads, roots)
        roots += loads.values()
        chosen = sorted(_chosen(roots, set(self.names), branches), key=lambda node: node.number)
        self.names |= {node: f"t{number}" for number, node in enumerate(chosen)}
        self.chosen, self.locals = chosen, set(self.names)
        self.late: set[str] = set()
        self.statements = self._statements(loads)
        self.order = self._schedule()

    def _branches(self, loads: dict[str, Node], roots: list[Node]) -> set[Node]:
        """Choices that are branches wherever they are used: a register holds what it has or loads them, and so do others."""
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
            if self._holds(node, old):
                if node.args[0] not in groups:
                    groups[node.args[0]] = Statement()
                    statements.append(groups[node.args[0]])
                groups[node.args[0]].loads.append((name, node))
            else:
                statements.append(Statement(loads=[(name, node)]))
        statements += [Statement(write=write) for write in self.writes]
        statements += [Statement(output=output) for output in self.outputs.items()]
        # Last, so that each is computed where it is first wanted.
        statements += [Statement(group=group) for group in self.remembered]
        statements += [] if self.steady is None else [Statement(steady=self.steady)]
        statements += [Statement(local=node) for node in self.chosen]
        for statement in statements:
            self._reads(statement)
        return statements

    def _holds(self, node: Node, old: Node) -> bool:
        """Whether a register keeps what it holds under some condition."""
        while node.op == "mux" and node not in self.locals:
            if old in node.args[1:]:
                return True
            node = node.args[2] if node.args[2].op == "mux" else node.args[1]
        return False

    def _reads(self, statement: Statement) -> None:
        """Notes what a statement reads itself, not through its locals."""
        if statement.local is not None and statement.local.op == "word":
            statement.memories.add(statement.local.name)
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

    def _schedule(self) -> list[Statement]:
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
                # Writes in their order: the later ones win.
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
                number, rest = stack[-1]
                for other, register in rest:
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
        """Orders what loads under one condition: readers first; in a circle, next values."""
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
                # A circle: one of them is written at the end of the clock.
                ready = [next(iter(left))]
                self.late.add(ready[0])
            # Side by side if they choose alike further in.
            name = next((name for name in ready if self._conditions(loads[name]) == last), ready[0])
            last = self._conditions(loads[name])
            del left[name]
            order.append(name)
            for other in reads[name]:
                waits[other] -= other != name
        statement.loads = [(name, loads[name]) for name in order]

    def _direct(self, node: Node) -> list[Node]:
        """The registers that an expression reads itself."""
        seen: set[Node] = set()
        stack = [node]
        while stack:
            node = stack.pop()
            if node not in seen and node not in self.locals:
                seen.add(node)
                stack.extend(node.args)
        return [node for node in seen if node.op == "read"]

    def lines(self) -> list[str]:
        lines = [f"\t{stored(self.registers[name].width)} next_{name} = {self.at(name)};" for name in sorted(self.late)]
        self.awaited = set(self.locals)
        for statement in self.order:
            if statement.local is not None:
                lines.append(self.local(statement.local, self.names[statement.local]))
            elif statement.group is not None:
                lines.append(self._compare(statement.group))
            elif statement.steady is not None:
                lines += self._compare_flags()
            elif statement.output is not None:
                name, node = statement.output
                lines.append(f"\t{name}.data[0] = {self.u(node)};" if node.width <= WORD else f"\t{name} = {self.wide(node)};")
            elif statement.write is not None:
                lines += self._write(statement.write)
            else:
                lines += self._loads(statement.loads)
                self.overwritten.update(name for name, _ in statement.loads if name not in self.late)
            self.awaited.difference_update(statement.makes())
        self.overwritten.clear()
        lines += [f"\t{self.at(name)} = next_{name};" for name in sorted(self.late)]
        if self.steady is not None:
            lines.append("\tif (__builtin_expect(changed, 0)) follow();")
        return [*lines, "\tstale = true;"] if self.reset else lines

    def _compare(self, group: Remembered) -> str:
        number = self.remembered.index(group)
        changed = " | ".join(f"({self.u(node)} ^ seen_{number}_{place})" for place, node in enumerate(group.operands))
        return f"\tif (__builtin_expect(({changed}) != 0, 0)) again_{number}();"

    def _signs(self) -> list[list[Node]]:
        """What of the control's operands has no place among the flags, in words."""
        assert self.steady is not None
        words: list[list[Node]] = [[]]
        for node in self.steady.operands:
            if node.op != "read" or node.name not in self.flags:
                if sum(other.width for other in words[-1]) + node.width > WORD:
                    words.append([])
                words[-1].append(node)
        return words

    def _compare_flags(self) -> list[str]:
        lines, differ = [], ["u64(stale)"]
        for word, nodes in enumerate(self._signs()):
            places, low = [], 0
            for node in nodes:
                places.append(f"({self.u(node)} << {low})")
                low += node.width
            lines.append(f"\tconst u64 signs_{word} = {' | '.join(places) or 'u64(0)'};")
            differ.append(f"(signs_{word} ^ signs_seen[{word}])")
        differ += [f"(eight(flags + {place}) ^ eight(flags_seen + {place}))" for place in range(0, len(self.flags), 8)]
        told = "".join(f" signs_seen[{word}] = signs_{word};" for word in range(len(lines)))
        lines.append(f"\tconst bool changed = ({' | '.join(differ)}) != 0;")
        return [*lines, f"\tif (__builtin_expect(changed, 0)) {{{told} control(); }}"]

    def control(self) -> list[str]:
        """The flags, what follows from them, and the functions that compute it again and let the flags follow."""
        group = self.steady
        lines = ["", "\tbool stale = true;"]
        if group is None:
            return lines
        size = -(-len(self.flags) // 8) * 8
        initial = ", ".join(constant(self.registers[name].initial, 8) for name in self.flags)
        lines.append(f"\tu64 signs_seen[{len(self._signs())}] = {{}};")
        if size:
            lines.append(f"\tstd::uint8_t flags[{size}] = {{{initial}}}, flags_seen[{size}] = {{}};")
        words = Wording(self.circuit)
        words.names, words.flags = dict(self.kept), self.flags
        lines += [f"\t{words.kind(node)} follows_{place} = 0;" for place, node in enumerate(group.values)]
        lines += [f"\t{stored(self.registers[name].width)} next_{name} = 0;" for name in group.loads]
        lines += ["\t[[gnu::noinline]] void control() {", "\t\tstale = false;"]
        lines += ["\t\tstd::memcpy(flags_seen, flags, sizeof flags);"] if size else []
        results = [*group.values, *group.loads.values()]
        for place, node in enumerate(sorted(_chosen(results, set(self.kept)), key=lambda node: node.number)):
            lines.append("\t" + words.local(node, f"t{place}"))
        lines += [f"\t\tfollows_{place} = {words.form(node, node)};" for place, node in enumerate(group.values)]
        lines += [f"\t\tnext_{name} = {words.u(node)};" for name, node in group.loads.items()]
        lines += ["\t}", "\t[[gnu::noinline]] void follow() {"]
        return [*lines, *(f"\t\t{self.at(name)} = next_{name};" for name in group.loads), "\t}"]

    def _loads(self, loads: list[tuple[str, Node]]) -> list[str]:
        """Assignments: in branches where one saves something, those side by side that choose by the same condition in one."""
        lines: list[str] = []
        at = 0
        while at < len(loads):
            condition = self._condition(loads[at][1])
            end = at + 1
            while condition is not None and end < len(loads) and self._condition(loads[end][1]) is condition:
                end += 1
            part = loads[at:end]
            at = end
            name, node = part[0]
            old = self.made.read(name, self.registers[name].width)
            if node is old:
                continue
            if condition is None or (len(part) == 1 and not self._holds(node, old)):
                target = f"next_{name}" if name in self.late else self.at(name)
                text = self.wide(node) if node.width > WORD else self.d(node) if node.width in (8, 16, 32, 64) else self.u(node)
                lines.append(f"\t{target} = {text};")
                continue
            one, other = (self._loads([(name, node.args[place]) for name, node in part]) for place in (1, 2))
            if one:
                lines += [f"\tif ({self.u(condition)}) {{", *one, *(["\t} else {", *other] if other else []), "\t}"]
            else:
                lines += [f"\tif (!{self.u(condition)}) {{", *other, "\t}"]
        return lines

    def _conditions(self, node: Node) -> list[Node | None]:
        """By which the two sides of a choice choose."""
        return [self._condition(side) for side in node.args[1:]]

    def _condition(self, node: Node) -> Node | None:
        """By which an expression chooses at last."""
        return node.args[0] if node.op == "mux" and node not in self.locals else None

    def _write(self, write: Write) -> list[str]:
        memory = self.circuit.memories[write.memory]
        mask, wide = enable(write), memory.width > WORD
        lines = []
        conditions = []
        if mask is not write.mask:
            conditions.append(self.u(mask))
            mask = self.made.const(-1, memory.width)
        if not always(memory, write.address):
            conditions.append(f"{self.index(memory, write.address)} < {memory.depth}")
        place = f"{write.memory}[{self.index(memory, write.address)}]"
        word = self.wide(write.word) if wide else self.u(write.word)
        if mask.op == "const" and mask.value == (1 << memory.width) - 1:
            lines.append(f"\t\tconst {stored(memory.width)} word = {word};")
        elif wide:
            lines.append(f"\t\tconst {stored(memory.width)} word = {place}.update({word}, {self.wide(mask)});")
        else:
            lines.append(f"\t\tconst u64 mask = {self.u(mask)};")
            lines.append(f"\t\tconst {stored(memory.width)} word = ({place} & ~mask) | ({word} & mask);")
        if self.tells:
            lines.append(f"\t\twrote |= {f'!{place}.equals(word)' if wide else f'{place} != word'};")
        lines.append(f"\t\t{place} = word;")
        return [f"\tif ({' && '.join(conditions) or 'true'}) {{", *lines, "\t}"]
