"""Writes a circuit as C++: `struct top` with its state, and `tick<reset>()`, one clock.

A synchronous circuit of one clock is evaluated once a clock. The statements are ordered such that a register is written after
everything that reads it; only registers that read one another in a circle need a next value. Registers that load under one
condition stand in one branch: most conditions hold for long, and what isn't loaded costs nothing.

A number of up to 64 bits is a machine word, a wider one a `value<>`. A word has three forms: `u`, the bits from its width up
zero; `s`, extended by its sign; `d`, those bits anything. Each operation asks its operands for what it needs: masks are few.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from convolver.errors import ToolError

from .circuit import Circuit, Memory, Write
from .expressions import Node, mathematical, reachable

__all__ = ["emit"]

WORD = 64
DEEPEST = 24
"""Operations in one C++ expression, one in another."""


def emit(circuit: Circuit, name: str) -> str:
    """The circuit as C++ text: `struct top` in namespace `name`, with ports of CXXRTL's names."""
    lines = [f"namespace {name} {{", "using namespace twin;", "struct top {"]
    lines += [f"\tvalue<{width}> {port};" for port, width in circuit.inputs.items()]
    lines += [f"\tvalue<{node.width}> {port};" for port, node in circuit.outputs[0].items()]
    lines += [
        f"\t{_stored(register.width)} r_{register_name} = {_constant(register.initial, register.width)};"
        for register_name, register in circuit.registers.items()
    ]
    for memory_name, memory in circuit.memories.items():
        words = ", ".join(_constant(word, memory.width) for word in memory.initial)
        lines.append(f"\t{_stored(memory.width)} {memory_name}[{memory.depth}] = {{{words}}};")
    lines += ["", "\ttemplate<bool Reset> void tick() {", "\tif constexpr (!Reset) {"]
    lines += _Tick(circuit, False).lines()
    lines += ["\t} else {"]
    lines += _Tick(circuit, True).lines()
    lines += ["\t}", "\t}", "};", f"}} // namespace {name}", ""]
    return "\n".join(lines)


def _stored(width: int) -> str:
    for bits in (8, 16, 32, 64):
        if width <= bits:
            return f"std::uint{bits}_t"
    return f"value<{width}>"


def _constant(value: int, width: int) -> str:
    if width <= WORD:
        return f"{value}u" if value >> 32 == 0 else f"{value}ull"
    pieces = ", ".join(f"{value >> low & 0xFFFFFFFF:#x}u" for low in range(0, width, 32))
    return f"value<{width}>{{{pieces}}}"


@dataclass
class Statement:
    """A local, registers (several if they load under one condition), a memory's write, or an output."""

    local: Node | None = None
    loads: list[tuple[str, Node]] = field(default_factory=list)
    write: Write | None = None
    output: tuple[str, Node] | None = None
    locals: set[Node] = field(default_factory=set)
    registers: set[str] = field(default_factory=set)
    memories: set[str] = field(default_factory=set)

    def roots(self) -> list[Node]:
        """What it computes."""
        nodes = [node for _, node in self.loads]
        if self.local is not None:
            nodes += self.local.args
        if self.write is not None:
            nodes += [self.write.address, self.write.word, self.write.mask]
        if self.output is not None:
            nodes.append(self.output[1])
        return nodes


class _Tick:
    """One of the two ticks, with the reset or without."""

    def __init__(self, circuit: Circuit, reset: bool) -> None:
        self.circuit = circuit
        self.registers = circuit.registers
        self.made = circuit.made
        self.writes = [write for write in circuit.writes[reset] if write.mask.unsigned[1]]
        self.outputs = circuit.outputs[reset]
        self.following = {name: register.reset if reset else register.following for name, register in self.registers.items()}
        loads = {
            name: node for name, node in self.following.items() if node is not self.made.read(name, self.registers[name].width)
        }
        self.locals = self._chosen(loads)
        self.names = {node: f"t{number}" for number, node in enumerate(sorted(self.locals, key=lambda node: node.number))}
        self.late: set[str] = set()
        self.statements = self._statements(loads)
        self.order = self._schedule()

    def _chosen(self, loads: dict[str, Node]) -> set[Node]:
        """Nodes with a variable of their own: those used twice, a memory's words, and some in deep expressions."""
        uses: dict[Node, int] = defaultdict(int)
        roots = [*loads.values(), *self.outputs.values()]
        roots += [part for write in self.writes for part in (write.address, write.word, write.mask)]
        nodes = reachable(roots)
        for node in nodes:
            for arg in node.args:
                uses[arg] += 1
        for root in roots:
            uses[root] += 1
        chosen: set[Node] = set()
        depth: dict[Node, int] = {}
        for node in nodes:
            depth[node] = 1 + max((depth[arg] for arg in node.args), default=0)
            if node.op == "word" or (node.args and (depth[node] > DEEPEST or (uses[node] > 1 and not _cheap(node)))):
                chosen.add(node)
                depth[node] = 0
        return chosen

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
        statements += [Statement(local=node) for node in sorted(self.locals, key=lambda node: node.number)]
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
        producer = {statement.local: number for number, statement in enumerate(statements) if statement.local is not None}
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
        lines = [f"\t{_stored(self.registers[name].width)} next_{name} = r_{name};" for name in sorted(self.late)]
        for statement in self.order:
            if statement.local is not None:
                lines.append(self._local(statement.local))
            elif statement.output is not None:
                name, node = statement.output
                lines.append(f"\t{name}.data[0] = {self.u(node)};" if node.width <= WORD else f"\t{name} = {self.wide(node)};")
            elif statement.write is not None:
                lines += self._write(statement.write)
            else:
                lines += self._loads(statement.loads)
        return [*lines, *(f"\tr_{name} = next_{name};" for name in sorted(self.late))]

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
                target = f"next_{name}" if name in self.late else f"r_{name}"
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

    def _local(self, node: Node) -> str:
        name = self.names[node]
        if node.op == "word":
            memory = self.circuit.memories[node.name]
            kind = f"const value<{node.width}>" if node.width > WORD else "const u64"
            zero = f"value<{node.width}>()" if node.width > WORD else "u64(0)"
            word = f"{node.name}[t]" if node.width > WORD else f"u64({node.name}[t])"
            index = self._index(memory, node.args[0])
            if _always(memory, node.args[0]):
                return f"\t{kind} {name} = {node.name}[{index}];"
            return f"\t{kind} {name} = [&] {{ const size_t t = {index}; return t < {memory.depth} ? {word} : {zero}; }}();"
        if node.width > WORD:
            return f"\tconst value<{node.width}> {name} = {self._wide(node)};"
        if self._signed_local(node):
            return f"\tconst i64 {name} = {self._s(node)};"
        return f"\tconst u64 {name} = {self._u(node)};"

    @staticmethod
    def _signed_local(node: Node) -> bool:
        """Whether a local is kept extended by its sign, because that is what it is without a mask."""
        return _exact(node, True) and not _exact(node, False)

    def _index(self, memory: Memory, address: Node) -> str:
        """A word's place; `depth` or more where there is none."""
        if address.width <= WORD:
            return self.u(address)
        whole = self.wide(address)
        return f"({whole}.zcast<64>().zcast<{address.width}>().equals({whole}) ? {whole}.low() : {memory.depth}u)"

    def _write(self, write: Write) -> list[str]:
        memory = self.circuit.memories[write.memory]
        mask, wide = write.mask, memory.width > WORD
        lines = []
        conditions = []
        if mask.op == "sext" and mask.args[0].width == 1:
            conditions.append(self.u(mask.args[0]))
            mask = self.made.const(-1, memory.width)
        if not _always(memory, write.address):
            conditions.append(f"{self._index(memory, write.address)} < {memory.depth}")
        place = f"{write.memory}[{self._index(memory, write.address)}]"
        word = self.wide(write.word) if wide else self.u(write.word)
        if mask.op == "const" and mask.value == (1 << memory.width) - 1:
            lines.append(f"\t\t{place} = {word};")
        elif wide:
            lines.append(f"\t\t{place} = {place}.update({word}, {self.wide(mask)});")
        else:
            lines.append(f"\t\t{{ const u64 mask = {self.u(mask)}; {place} = ({place} & ~mask) | ({word} & mask); }}")
        return [f"\tif ({' && '.join(conditions) or 'true'}) {{", *lines, "\t}"]

    # The three forms of a narrow node.

    def u(self, node: Node) -> str:
        if node in self.names:
            name = self.names[node]
            return f"(u64({name}) & {_ones(node.width)})" if self._signed_local(node) else name
        return self._u(node)

    def s(self, node: Node) -> str:
        if node in self.names and self._signed_local(node):
            return self.names[node]
        if node in self.names:
            return f"i64({self.u(node)})" if node.unsigned == node.signed else _extended(self.u(node), node.width)
        return self._s(node)

    def d(self, node: Node) -> str:
        if node in self.names:
            return f"u64({self.names[node]})"
        return self._d(node)

    def _u(self, node: Node) -> str:
        op, args, width = node.op, node.args, node.width
        if op == "const":
            return f"u64({_constant(node.value, width)})"
        if op == "read":
            return f"{node.name}.low()" if node.name in self.circuit.inputs else f"u64(r_{node.name})"
        if op in ("not", "any", "equal", "below", "below_signed", "parity") and width == 1:
            return self._bit(node)
        if op == "zext":
            return self.u(args[0])
        if op == "mux":
            return f"({self.u(args[0])} ? {self.u(args[1])} : {self.u(args[2])})"
        if op in ("and", "or", "xor"):
            return f"({self.u(args[0])} {_SIGNS[op]} {self.u(args[1])})"
        if op == "shr":
            if args[1].op == "const":
                return f"({self.u(args[0])} >> {args[1].value})" if args[1].value < WORD else "u64(0)"
            return _shifted(self.u(args[0]), ">>", args[1], self.amount(args[1]))
        if op == "concat":
            return self._concat(node, node.args[0], self.u)
        if op == "slice":
            inner = args[0]
            if inner.width > WORD:
                return f"{self.wide(inner)}.template cut<{node.low + width - 1}, {node.low}>().low()"
            if node.low + width == inner.width or inner.unsigned[1] >> node.low + width == 0:
                return f"({self.u(inner)} >> {node.low})" if node.low else self.u(inner)
        elif op in ("add", "sub", "mul", "neg"):
            if (form := _form(node, False)) == "u":
                return self._arithmetic(node, self.u)
            if form == "s":
                return f"u64({self._arithmetic(node, self.s)})"
        elif op == "sext" and args[0].signed[0] >= 0:
            return f"u64({self.s(args[0])})"
        return f"({self._d(node)} & {_ones(width)})" if width < WORD else self._d(node)

    def _s(self, node: Node) -> str:
        if node.op == "const":
            value = node.value - (1 << node.width) if node.value >> node.width - 1 else node.value
            return f"i64({value}ll)" if value > -(1 << 63) else "i64(u64(1) << 63)"
        if node.op == "sext":
            return self.s(node.args[0])
        if node.op == "mux":
            return f"({self.u(node.args[0])} ? {self.s(node.args[1])} : {self.s(node.args[2])})"
        if node.op in ("add", "sub", "mul", "neg") and (form := _form(node, True)):
            return self._arithmetic(node, self.s) if form == "s" else f"i64({self._arithmetic(node, self.u)})"
        if node.op == "shr_signed":
            count = "63" if node.args[1].op == "const" and node.args[1].value > 63 else self.amount(node.args[1])
            limited = count if node.args[1].unsigned[1] < WORD else f"({count} > 63 ? 63 : {count})"
            return f"({self.s(node.args[0])} >> {limited})"
        if node.unsigned == node.signed:
            return f"i64({self._u(node)})"
        if node.width in (8, 16, 32, 64):
            return f"i64(std::int{node.width}_t({self._d(node)}))"
        return _extended(self._d(node), node.width)

    def _d(self, node: Node) -> str:
        op, args = node.op, node.args
        if op in ("add", "sub", "mul", "neg"):
            return self._arithmetic(node, self.d)
        if op in ("and", "or", "xor"):
            return f"({self.d(args[0])} {_SIGNS[op]} {self.d(args[1])})"
        if op == "not" and node.width > 1:
            return f"(~{self.d(args[0])})"
        if op == "mux":
            return f"({self.u(args[0])} ? {self.d(args[1])} : {self.d(args[2])})"
        if op in ("sext", "shr_signed"):
            return f"u64({self.s(args[0]) if op == 'sext' else self._s(node)})"
        if op == "concat":
            return self._concat(node, node.args[0], self.d)
        if op == "slice" and args[0].width <= WORD:
            return f"({self.u(args[0])} >> {node.low})" if node.low else self.d(args[0])
        if op == "shl":
            return _shifted(self.d(args[0]), "<<", args[1], self.amount(args[1]))
        return self._u(node)

    def amount(self, node: Node) -> str:
        """A shift's amount; of a wide one, 64 stands for all that is more."""
        if node.width <= WORD:
            return self.u(node)
        return f"{self.wide(node)}.at_most_64()"

    def _bit(self, node: Node) -> str:
        op, args = node.op, node.args
        wide = any(arg.width > WORD for arg in args)
        if op == "not":
            inner = args[0]
            if inner not in self.names and inner.op == "any":
                return (
                    f"u64({self.wide(inner.args[0])}.is_zero())"
                    if inner.args[0].width > WORD
                    else f"u64({self.u(inner.args[0])} == 0)"
                )
            if inner not in self.names and inner.op == "equal" and all(arg.width <= WORD for arg in inner.args):
                return f"u64({self.u(inner.args[0])} != {self.u(inner.args[1])})"
            return f"({self.u(inner)} ^ 1u)"
        if op == "any":
            return f"u64(!{self.wide(args[0])}.is_zero())" if wide else f"u64({self.u(args[0])} != 0)"
        if op == "parity":
            return f"u64(parity({self.wide(args[0])}))" if wide else f"u64(__builtin_parityll({self.u(args[0])}))"
        if wide:
            method = {"equal": "equals", "below": "below_unsigned", "below_signed": "below_signed"}[op]
            return f"u64({self.wide(args[0])}.{method}({self.wide(args[1])}))"
        if op == "equal":
            return f"u64({self.u(args[0])} == {self.u(args[1])})"
        if op == "below":
            return f"u64({self.u(args[0])} < {self.u(args[1])})"
        return f"u64({self.s(args[0])} < {self.s(args[1])})"

    def _arithmetic(self, node: Node, form: object) -> str:
        assert callable(form)
        if node.op == "neg":
            return f"(-{form(node.args[0])})"
        return f"({form(node.args[0])} {_SIGNS[node.op]} {form(node.args[1])})"

    def _concat(self, node: Node, top: Node, form: object) -> str:
        """The highest part may have anything above it where the whole may."""
        assert callable(form)
        low, pieces = node.width, []
        for part in node.args:
            low -= part.width
            text = form(part) if part is top else self.u(part)
            pieces.append(f"({text} << {low})" if low else text)
        return f"({' | '.join(pieces)})"

    # Wide nodes.

    def wide(self, node: Node) -> str:
        """Any node as a `value<>`."""
        if node.width <= WORD:
            return f"value<{node.width}>::of({self.u(node)})"
        return self.names.get(node) or self._wide(node)

    def _wide(self, node: Node) -> str:
        op, args, width = node.op, node.args, node.width
        if op == "const":
            return _constant(node.value, width)
        if op == "read":
            return node.name if node.name in self.circuit.inputs else f"r_{node.name}"
        if op in ("zext", "sext"):
            return f"{self.wide(args[0])}.template {op[0]}cast<{width}>()"
        if op == "mux":
            return f"({self.u(args[0])} ? {self.wide(args[1])} : {self.wide(args[2])})"
        if op == "slice":
            return f"{self.wide(args[0])}.template cut<{node.low + width - 1}, {node.low}>()"
        if op == "concat":
            return self.wide(args[0]) + "".join(f".concat({self.wide(part)})" for part in args[1:])
        if op in ("shl", "shr", "shr_signed"):
            method = "shl" if op == "shl" else f"template shr<{'true' if op == 'shr_signed' else 'false'}>"
            return f"{self.wide(args[0])}.{method}({self.wide(args[1])})"
        method = {"and": "bit_and", "or": "bit_or", "xor": "bit_xor", "not": "bit_not"}.get(op, op)
        return f"{self.wide(args[0])}.{method}({', '.join(self.wide(arg) for arg in args[1:])})"


_SIGNS = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}


def _cheap(node: Node) -> bool:
    """Cheaper to do again than to keep: a part of what a register holds."""
    if node.op in ("zext", "slice"):
        return node.args[0].op in ("const", "read") and node.width <= WORD and node.args[0].width <= WORD
    return node.op == "not" and node.width == 1 and node.args[0].op == "read"


def _form(node: Node, signed: bool) -> str:
    """The form of the operands in which an arithmetic node comes out right without a mask, if there is one: `u` or `s`."""
    top = 1 << node.width
    low, high = (-(top >> 1), (top >> 1) - 1) if signed else (0, top - 1)
    for form in "su" if signed else "us":
        exact = mathematical(node.op, [arg.unsigned if form == "u" else arg.signed for arg in node.args])
        if exact is not None and exact[0] >= low and exact[1] <= high:
            return form
    return ""


def _exact(node: Node, signed: bool) -> bool:
    """Whether a form costs nothing."""
    if node.op in ("add", "sub", "mul", "neg"):
        return bool(_form(node, signed))
    if node.op == "sext":
        return signed
    return node.op == "shr_signed" if signed else node.op not in ("shr_signed", "shl")


def _always(memory: Memory, address: Node) -> bool:
    """Whether every address has a word."""
    return address.width <= WORD and address.unsigned[1] < memory.depth


def _ones(width: int) -> str:
    return _constant((1 << width) - 1, width)


def _extended(text: str, width: int) -> str:
    if width == WORD:
        return f"i64({text})"
    return f"(i64(u64({text}) << {WORD - width}) >> {WORD - width})"


def _shifted(text: str, sign: str, by: Node, amount: str) -> str:
    if by.unsigned[1] < WORD:
        return f"({text} {sign} {amount})"
    return f"({amount} < 64 ? {text} {sign} {amount} : u64(0))"
