"""A synchronous circuit of one clock: registers, memories and outputs as expressions. `parse` reads one from CXXRTL's text.

CXXRTL gives every register a present and a next value, and every wire a variable. Here a wire is gone: what reads it has its
expression.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from convolver.errors import ToolError

from .expressions import Expressions, Node, reachable

__all__ = ["Circuit", "Memory", "Register", "Write", "parse"]


@dataclass
class Register:
    """`initial` at power-on; then, each clock, `reset` while the circuit's reset is held and `following` while it isn't."""

    width: int
    initial: int
    following: Node
    reset: Node


@dataclass
class Memory:
    """Words of `width` bits; `initial` are the first of them at power-on, the others are zero."""

    width: int
    depth: int
    initial: list[int] = field(default_factory=list)


@dataclass
class Write:
    """A memory's port: the word's bits under `mask` are written each clock. Of two to one memory the later one wins."""

    memory: str
    address: Node
    word: Node
    mask: Node


@dataclass
class Circuit:
    """`outputs` has each output's expression; `writes` and `outputs` twice: without the reset and with it."""

    made: Expressions
    inputs: dict[str, int]
    registers: dict[str, Register]
    memories: dict[str, Memory]
    outputs: tuple[dict[str, Node], dict[str, Node]]
    writes: tuple[list[Write], list[Write]]

    def payloads(self) -> set[str]:
        """Inputs that are streams' payloads, by Amaranth's names: they may be anything while their `valid` isn't held."""
        return {name for name in self.inputs if name.endswith("____payload")}

    def roots(self) -> list[Node]:
        """All that is computed."""
        nodes = [node for register in self.registers.values() for node in (register.following, register.reset)]
        return nodes + self.visible()

    def visible(self) -> list[Node]:
        """What is computed for others than registers."""
        nodes = [node for outputs in self.outputs for node in outputs.values()]
        return nodes + [part for writes in self.writes for write in writes for part in (write.address, write.word, write.mask)]

    def replace(self, leaves: dict[Node, Node]) -> None:
        """Puts other nodes in the place of `leaves`, everywhere."""
        new = iter(self.made.replaced(self.roots(), leaves))
        for register in self.registers.values():
            register.following, register.reset = next(new), next(new)
        for outputs in self.outputs:
            for name in outputs:
                outputs[name] = next(new)
        for writes in self.writes:
            for write in writes:
                write.address, write.word, write.mask = next(new), next(new), next(new)


_MEMBER = re.compile(r"(wire|value)<(\d+)> (\w+)(?: \{([^;]*)\})?;")
_MEMORY = re.compile(r"memory<(\d+)> (\w+) \{ (\d+)u \};")
_LOCAL = re.compile(r"value<(\d+)> (\w+);")
_INITIAL = re.compile(r"\t(\w+) = (?:wire|value)<\d+>\{([^}]*)\};")
_TABLE = re.compile(r"\tstatic const value<\d+> mem_init_\d+\[\d+\] \{([^;]*)\};\n\tstd::copy\([^;]*?&(\w+)\.data\[0\]\);\n")
_CONST = re.compile(r"value<(\d+)>\s*\{([^}]*)\}")
_TARGET = re.compile(r"(\w+)(\.next)?(?:\.slice<(\d+)(?:,(\d+))?>\(\))?(?:\.val\(\))?")
_TOKEN = re.compile(
    r"\s*(?:(?P<const>value<\d+>\s*\{[^}]*\}|value<0>\(\))|(?P<call>[a-z_]+<\d+>\()|\.slice<(?P<slice>\d+(?:,\d+)?)>\(\)|(?P<nothing>\.val\(\)|\.curr\b)"
    r"|\.repeat<(?P<repeat>\d+)>\(\)|(?P<concat>\.concat\()|(?P<memory>memory_\w+)\[(?P<index>\w+)\.index\]|(?P<name>[A-Za-z]\w*)"
    r"|(?P<mark>[(),?:]))"
)
_INDEX = re.compile(r"auto (\w+) = memory_index\((.*), (\d+), (\d+)\);")
_UPDATE = re.compile(r"(memory_\w+)\.update\((\w+)\.index, (.*), (-?\d+)\);")
# The clock and the reset are constants of a tick, not state.
_CLOCK, _RESET = ("p_clk", "prev_p_clk"), "p_rst"


def unreadable(what: str) -> ToolError:
    """CXXRTL's text isn't as this was written for."""
    return ToolError(
        f"The installed Yosys writes C++ that the twin can't read ({what.strip()[:80]!r}): install the pinned version"
    )


def parse(text: str) -> Circuit:
    """Reads CXXRTL's text of a flat design.

    Raises
    ------
    ToolError
        If the text isn't as the CXXRTL that this was written for gives it, or the design needs several evaluations a clock:
        more than one clock, or a combinational loop.
    """
    return _Parser(text).circuit()


class _Parser:
    def __init__(self, text: str) -> None:
        text = re.sub(r"^\s*//.*\n", "", text, flags=re.M)
        self.output_names = re.findall(r"^\t/\*output\*/ (?:wire|value)<\d+> (\w+)", text, flags=re.M)
        text = re.sub(r"/\*.*?\*/", "", text)
        self.made = Expressions()
        self.widths: dict[str, int] = {}
        self.register_names: list[str] = []
        self.member_names: list[str] = []
        self.initial: dict[str, int] = {}
        self.memories: dict[str, Memory] = {}
        for line in _part(text, r"^struct p_top : public module \{\n(.*?)^\tp_top\(interior\)").splitlines():
            self._member(line.strip())
        self._initials(_part(text, r"^void p_top::reset\(\) \{\n(.*?)^\}\n"))
        # What is assigned, in pieces: lowest bit, width, expression. A register's are those of its next value.
        self.wires: dict[str, list[tuple[int, Node]]] = defaultdict(list)
        self.next: dict[str, Node] = {}
        self.writes: list[tuple[int, Write]] = []
        self.indices: dict[str, tuple[Node, int, int]] = {}
        self._body(_part(text, r"^bool p_top::eval\(performer \*performer\) \{\n(.*?)^\treturn converged;\n\}\n"))

    def _member(self, line: str) -> None:
        if found := _MEMBER.fullmatch(line):
            kind, width, name, value = found.groups()
            self.widths[name] = int(width)
            if value:
                self.initial[name] = _number(value)
            if kind == "wire":
                self.register_names.append(name)
            elif name not in (*_CLOCK, _RESET):
                self.member_names.append(name)
        elif found := _MEMORY.fullmatch(line):
            self.memories[found[2]] = Memory(int(found[1]), int(found[3]))
        elif line.startswith(("wire", "value", "memory")):
            raise unreadable(line)

    def _initials(self, text: str) -> None:
        for values, name in _TABLE.findall(text):
            words = [_number(digits) for _, digits in _CONST.findall(values)]
            while words and not words[-1]:
                words.pop()
            self.memories[name].initial = words
        for line in _TABLE.sub("", text).splitlines():
            if found := _INITIAL.fullmatch(line):
                self.initial[found[1]] = _number(found[2])
            elif line.strip():
                raise unreadable(line)

    def _body(self, text: str) -> None:
        lines = iter(text.splitlines())
        for line in lines:
            stripped = line.strip()
            if not stripped or stripped == "bool converged = true;" or "this->posedge_p_clk()" in stripped:
                continue
            if "converged" in stripped:
                raise ToolError("The twin can't run a design with a combinational loop, or with more than one clock")
            if found := _LOCAL.fullmatch(stripped):
                self.widths[found[2]] = int(found[1])
            elif stripped.endswith("{"):
                if stripped != "if (posedge_p_clk) {":
                    raise ToolError(f"The twin can't run a design with {stripped!r}: only one rising clock edge")
                block = []
                for inner in lines:
                    if inner == "\t}":
                        break
                    block.append(inner.strip())
                self._clocked(block)
            else:
                for name, following, low, node in self._assigned(stripped):
                    if following or name in self.register_names:
                        raise unreadable(stripped)
                    self.wires[name].append((low, node))

    def _clocked(self, lines: list[str]) -> None:
        """A block that runs at the clock's edge: next values, perhaps under conditions, and a memory's reads and writes."""
        made = self.made
        true = made.const(1, 1)
        conditions, valid = [true], [0]
        for line in lines:
            if re.fullmatch(r"if ?\(\w+\.valid\) \{", line):
                # A word that isn't there reads as zero and isn't written: `word` and `Write` say so themselves.
                conditions.append(conditions[-1])
                valid.append(len(conditions))
            elif line == "} else {" and valid[-1:] == [len(conditions)]:
                conditions[-1] = made.const(0, 1)
            elif found := re.fullmatch(r"if ?\((.*)\) \{", line):
                conditions.append(made.both(conditions[-1], self._expression(found[1])))
            elif line == "}":
                if valid[-1:] == [len(conditions)]:
                    valid.pop()
                conditions.pop()
            elif found := _INDEX.fullmatch(line):
                self.indices[found[1]] = self._expression(found[2]), int(found[3]), int(found[4])
            elif found := _UPDATE.fullmatch(line):
                memory = self.memories[found[1]]
                word, mask = self._expressions(found[3])
                mask = made.both(mask, made.repeat(conditions[-1], memory.width))
                self.writes.append((int(found[4]), Write(found[1], self._address(found[1], found[2]), word, mask)))
            elif line.startswith("CXXRTL_ASSERT"):
                continue
            elif found := re.fullmatch(r"value<(\d+)> (\w+) = (.*);", line):
                self.widths[found[2]] = int(found[1])
                self.wires[found[2]].append((0, self._expression(found[3])))
            else:
                for name, following, low, node in self._assigned(line):
                    if not following or name not in self.register_names:
                        raise unreadable(line)
                    old = self.next.get(name, made.read(name, self.widths[name]))
                    top = low + node.width
                    parts = [made.slice(old, top, old.width - top)] if top < old.width else []
                    parts += [node] + ([made.slice(old, 0, low)] if low else [])
                    self.next[name] = made.mux(conditions[-1], made.concat(parts), old)
        if conditions != [true]:
            raise unreadable(lines[0])

    def _address(self, memory: str, index: str) -> Node:
        address, offset, depth = self.indices[index]
        if offset or depth != self.memories[memory].depth:
            raise unreadable(f"{memory} from {offset}")
        return address

    def _assigned(self, line: str) -> list[tuple[str, bool, int, Node]]:
        """An assignment's targets: name, whether it is a next value, lowest bit, expression."""
        left, equals, right = line.rstrip(";").partition(" = ")
        if not equals:
            raise unreadable(line)
        pieces = []
        for piece in left.replace(")", "").replace("(", "").split(".concat"):
            found = re.fullmatch(r"(\w+)(\.next)?(?:\.slice<(\d+)(?:,(\d+))?>)?(?:\.val)?", piece)
            if found is None or found[1] not in self.widths:
                raise unreadable(line)
            top = int(found[3]) if found[3] else self.widths[found[1]] - 1
            low = int(found[4] or found[3] or 0)
            pieces.append((found[1], bool(found[2]), low, top - low + 1))
        node = self._expression(right)
        low = sum(width for *_, width in pieces)
        if low != node.width:
            raise unreadable(line)
        told = []
        for name, following, start, width in pieces:
            low -= width
            told.append((name, following, start, self.made.slice(node, low, width)))
        return told

    def _expression(self, text: str) -> Node:
        nodes = self._expressions(text)
        if len(nodes) != 1:
            raise unreadable(text)
        return nodes[0]

    def _expressions(self, text: str) -> list[Node]:
        """Reads expressions with commas between them, without recursion: a look-up table of n entries is nested n deep."""
        made = self.made
        stack: list[tuple[str, list[Node]]] = [("", [])]
        value: Node | None = None
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise unreadable(text[at:])
            at = found.end()
            kind = found.lastgroup
            piece = found[0].strip()
            if kind == "const":
                constant = _CONST.fullmatch(piece)
                # A number without bits is zero; its reader extends it.
                value = made.const(_number(constant[2]), int(constant[1])) if constant else made.const(0, 1)
            elif kind == "name":
                if piece not in self.widths:
                    raise unreadable(text)
                value = made.read(piece, self.widths[piece])
            elif kind == "index":
                value = made.word(
                    found["memory"], self.memories[found["memory"]].width, self._address(found["memory"], found["index"])
                )
            elif kind == "call" or piece == "(":
                stack.append((piece, []))
            elif value is None:
                raise unreadable(text)
            elif kind == "concat":
                stack.append((piece, [value]))
            elif kind == "slice":
                top, _, low = found["slice"].partition(",")
                value = made.slice(value, int(low or top), int(top) - int(low or top) + 1)
            elif kind == "repeat":
                value = made.repeat(value, int(found["repeat"]))
            elif kind == "mark":
                stack[-1][1].append(value)
                if piece == ")":
                    if len(stack) == 1:
                        raise unreadable(text)
                    value = self._closed(*stack.pop())
        if value is None or len(stack) > 1:
            raise unreadable(text)
        return [*stack[0][1], value]

    def _closed(self, opening: str, items: list[Node]) -> Node:
        if opening == "(":
            return items[0] if len(items) == 1 else self.made.mux(self.made.any(items[0]), items[1], items[2])
        if opening == ".concat(":
            return self.made.concat(items)
        name, _, width = opening.rstrip(">(").partition("<")
        return self._cell(name, int(width), items)

    def _cell(self, name: str, width: int, items: list[Node]) -> Node:
        """Yosys' cells. The suffix says which operands are signed: so they are extended, to the result or to the wider."""
        made = self.made
        simple = {"logic_not": True, "reduce_or": False, "reduce_bool": False}
        if name in simple:
            bit = made.any(items[0])
            return made.extend(made.invert(bit) if simple[name] else bit, width)
        if name == "reduce_and":
            return made.extend(made.invert(made.any(made.invert(items[0]))), width)
        if name in ("reduce_xor", "reduce_xnor"):
            bit = made.plain("parity", items[0])
            return made.extend(bit if name == "reduce_xor" else made.invert(bit), width)
        if name in ("logic_and", "logic_or"):
            one, other = made.any(items[0]), made.any(items[1])
            return made.extend(made.both(one, other) if name == "logic_and" else made.either(one, other), width)
        operation, _, suffix = name.rpartition("_")
        signed = suffix.startswith("s")
        if len(items) == 1 and suffix in ("u", "s"):
            item = made.extend(items[0], width, signed)
            if operation == "not":
                return made.invert(item)
            return item if operation == "pos" else made.plain(operation, item)
        if operation in ("shl", "sshl", "shr", "sshr", "shift", "shiftx") and suffix in ("uu", "su"):
            wide = width if operation in ("shl", "sshl") else max(width, items[0].width)
            item = made.extend(items[0], wide, signed)
            kind = (
                "shl"
                if wide == width and operation in ("shl", "sshl")
                else "shr_signed"
                if operation == "sshr" and signed
                else "shr"
            )
            return made.extend(made.plain(kind, item, items[1]), width)
        if suffix not in ("uu", "ss"):
            raise unreadable(name)
        if operation in ("and", "or", "xor", "xnor", "add", "sub", "mul"):
            one, other = (made.extend(item, width, signed) for item in items)
            if operation in ("and", "or"):
                return made.both(one, other) if operation == "and" else made.either(one, other)
            return made.invert(made.plain("xor", one, other)) if operation == "xnor" else made.plain(operation, one, other)
        both = max(item.width for item in items)
        one, other = (made.extend(item, both, signed) for item in items)
        compared = {
            "eq": lambda: made.equal(one, other),
            "eqx": lambda: made.equal(one, other),
            "ne": lambda: made.invert(made.equal(one, other)),
            "nex": lambda: made.invert(made.equal(one, other)),
            "lt": lambda: made.below(one, other, signed),
            "ge": lambda: made.invert(made.below(one, other, signed)),
            "gt": lambda: made.below(other, one, signed),
            "le": lambda: made.invert(made.below(other, one, signed)),
        }
        if operation not in compared:
            raise unreadable(name)
        return made.extend(compared[operation](), width)

    def circuit(self) -> Circuit:
        wires = self._wires()
        self.writes.sort(key=lambda write: write[0])
        inputs = {name: self.widths[name] for name in self.member_names if name not in self.wires}
        outputs = self.output_names
        registers = [name for name in self.register_names if name in self.next]
        made = self.made
        roots = [made.read(name, self.widths[name]) for name in outputs]
        roots += [self.next[name] for name in registers]
        roots += [part for _, write in self.writes for part in (write.address, write.word, write.mask)]
        leaf = made.read(_RESET, 1)
        # A register that nothing writes is a constant.
        fixed = {
            made.read(name, self.widths[name]): made.const(self.initial.get(name, 0), self.widths[name])
            for name in self.register_names
            if name not in self.next
        }
        roots = made.replaced(made.replaced(roots, wires), fixed)
        without, with_reset = (made.replaced(roots, {leaf: made.const(held, 1)}) for held in (0, 1))
        count = len(outputs) + len(registers)

        def writes(nodes: list[Node]) -> list[Write]:
            threes = zip(nodes[count::3], nodes[count + 1 :: 3], nodes[count + 2 :: 3], strict=True)
            return [Write(write.memory, *three) for (_, write), three in zip(self.writes, threes, strict=True)]

        return Circuit(
            made,
            inputs,
            {
                name: Register(self.widths[name], self.initial.get(name, 0), following, reset)
                for name, following, reset in zip(registers, without[len(outputs) :], with_reset[len(outputs) :], strict=False)
            },
            self.memories,
            (dict(zip(outputs, without, strict=False)), dict(zip(outputs, with_reset, strict=False))),
            (writes(without), writes(with_reset)),
        )

    def _wires(self) -> dict[Node, Node]:
        """What each wire stands for, with no other wire in it."""
        made = self.made
        plain: dict[Node, Node] = {}
        for name, pieces in self.wires.items():
            parts, top = [], self.widths[name]
            for low, node in sorted(pieces, key=lambda piece: -piece[0]):
                if low + node.width != top:
                    raise unreadable(name)
                parts.append(node)
                top = low
            if top:
                raise unreadable(name)
            plain[made.read(name, self.widths[name])] = made.concat(parts)
        done: dict[Node, Node] = {}
        begun: set[Node] = set()
        for first in plain:
            stack = [first]
            while stack:
                wire = stack[-1]
                if wire in done:
                    stack.pop()
                    continue
                missing = [node for node in reachable([plain[wire]]) if node in plain and node not in done]
                if missing and wire in begun:
                    raise ToolError("The twin can't run a design with a combinational loop")
                begun.add(wire)
                if missing:
                    stack.extend(missing)
                else:
                    done[wire] = made.replaced([plain[wire]], done)[0]
                    stack.pop()
        return done


def _part(text: str, pattern: str) -> str:
    found = re.findall(pattern, text, flags=re.M | re.S)
    if len(found) != 1:
        raise unreadable("no single top component")
    return str(found[0])


def _number(digits: str) -> int:
    """Of 32-bit pieces, lowest first."""
    value = 0
    for place, piece in enumerate(digits.split(",")):
        if piece.strip():
            value |= int(piece.strip().rstrip("u"), 0) << 32 * place
    return value
