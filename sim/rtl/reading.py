"""Reads a circuit from the C++ text that Yosys' CXXRTL writes for a flat design.

CXXRTL has a present and a next value for each register, and a variable for each wire. Here each wire is replaced by its
expression. A design that needs more than one evaluation a clock is refused, with the name of the construct.
"""

import re
from collections import defaultdict

from .cells import cell
from .circuit import Circuit, Memory, Register, Write
from .expressions import Expressions, Node, reachable
from .names import unmangled
from .refusals import refused, unreadable
from .wires import resolved

__all__ = ["parse"]

_MEMBER = re.compile(r"(wire|value)<(\d+)> (\w+)(?: \{([^;]*)\})?;")
_MEMORY = re.compile(r"memory<(\d+)> (\w+) \{ (\d+)u \};")
_LOCAL = re.compile(r"value<(\d+)> (\w+);")
_INITIAL = re.compile(r"\t(\w+) = (?:wire|value)<\d+>\{([^}]*)\};")
_TABLE = re.compile(r"\tstatic const value<\d+> mem_init_\d+\[\d+\] \{([^;]*)\};\n\tstd::copy\([^;]*?&(\w+)\.data\[0\]\);\n")
_CONST = re.compile(r"value<(\d+)>\s*\{([^}]*)\}")
_TOKEN = re.compile(
    r"\s*(?:(?P<const>value<\d+>\s*\{[^}]*\}|value<0>\(\))|(?P<call>[a-z_]+<\d+>\()|\.slice<(?P<slice>\d+(?:,\d+)?)>\(\)|(?P<nothing>\.val\(\)|\.curr\b)"
    r"|\.repeat<(?P<repeat>\d+)>\(\)|(?P<concat>\.concat\()|(?P<memory>memory_\w+)\[(?P<index>\w+)\.index\]|(?P<name>[A-Za-z]\w*)"
    r"|(?P<mark>[(),?:]))"
)
_EDGE = re.compile(r"bool (posedge|negedge)_(\w+) = this->\w+\(\);")
_CLOCKED = re.compile(r"if \((posedge|negedge)_(\w+)\) \{")
_VALID = re.compile(r"if ?\(\w+\.valid\) \{")
_SAME = re.compile(r"if ?\((\w+) == (.*)\) \{")
_IF = re.compile(r"if ?\((.*)\) \{")
_INDEX = re.compile(r"auto (\w+) = memory_index\((.*), (\d+), (\d+)\);")
_WRITE = re.compile(r"(memory_\w+)\.update\((\w+)\.index, (.*), (-?\d+)\);")
_NAMED = re.compile(r"(?:const )?value<(\d+)> &?(\w+) = (.*);")
_PASSED = re.compile(r"(\w+) = \1\.update\((.*)\);")
# Clock and reset are constants of a tick, not state.
_CLOCK, _RESET = "p_clk", "p_rst"


def parse(text: str) -> Circuit:
    """Reads CXXRTL's text of a flat design.

    Raises
    ------
    ToolError
        If the design has something that a tick can't do: a clock other than the rising edge of `clk`, an asynchronous
        reset, a combinational loop, a clock that is read as data, an unknown operation. The message names it, and the
        signal. Also if the text has another form than this reader expects.
    """
    return _Parser(text).circuit()


class _Parser:
    def __init__(self, text: str) -> None:
        text = re.sub(r"^\s*//.*\n", "", text, flags=re.M)
        self.output_names = re.findall(r"^\t/\*output\*/ (?:wire|value)<\d+> (\w+)", text, flags=re.M)
        text = re.sub(r"/\*.*?\*/", "", text)
        self.made = Expressions()
        self.widths: dict[str, int] = {}
        self.wire_names: list[str] = []
        self.value_names: list[str] = []
        self.initial: dict[str, int] = {}
        self.memories: dict[str, Memory] = {}
        for line in _matched(text, r"^struct p_top : public module \{\n(.*?)^\tp_top\(interior\)").splitlines():
            self._member(line.strip())
        self._initials(_matched(text, r"^void p_top::reset\(\) \{\n(.*?)^\}\n"))
        # Assignments in pieces: lowest bit, expression. Those of a register are of its next value.
        self.pieces: dict[str, list[tuple[int, Node]]] = defaultdict(list)
        self.next: dict[str, Node] = {}
        self.writes: list[tuple[int, Write]] = []
        self.indices: dict[str, tuple[Node, int, int]] = {}
        self.values: dict[str, Node] = {}
        self.target = ""
        self._body(_matched(text, r"^bool p_top::eval\(performer \*performer\) \{\n(.*?)^\treturn converged;\n\}\n"))

    def _member(self, line: str) -> None:
        if found := _MEMBER.fullmatch(line):
            kind, width, name, value = found.groups()
            self.widths[name] = int(width)
            if value:
                self.initial[name] = _number(value)
            if kind == "wire":
                self.wire_names.append(name)
            elif not name.startswith("prev_"):
                self.value_names.append(name)
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
            if not stripped or stripped.startswith(("bool converged =", "CXXRTL_ASSERT")) or _EDGE.fullmatch(stripped):
                continue
            if found := _LOCAL.fullmatch(stripped):
                self.widths[found[2]] = int(found[1])
            elif stripped.endswith("{"):
                block = []
                for inner in lines:
                    if inner == "\t}":
                        break
                    block.append(inner.strip())
                if _VALID.fullmatch(stripped):
                    self._block([stripped, *block, "}"], clocked=False)
                else:
                    self._check_clock(stripped, block)
                    self._block(block, clocked=True)
            else:
                self._block([stripped], clocked=False)

    def _check_clock(self, line: str, block: list[str]) -> None:
        """Refuses a block that doesn't run at the rising edge of the clock."""
        place = _first(block)
        if any("performer->on_" in inner for inner in block):
            raise refused("a Print or an Assert", "")
        found = _CLOCKED.fullmatch(line)
        if found is None:
            if line == "if (false) {":
                raise refused("a memory's port whose clock nothing drives", place)
            raise refused("an asynchronous reset or set", place)
        edge, clock = found.groups()
        if clock != _CLOCK:
            name = re.sub(r"_(\d+)$", r"[\1]", clock) if clock not in self.widths else clock
            raise refused(f"another clock than the one called clk: {unmangled(name)}", place)
        if edge == "negedge":
            raise refused("a falling clock edge", place)

    def _block(self, lines: list[str], *, clocked: bool) -> None:
        """Reads statements: values, possibly under conditions; memory reads and writes; next values of registers."""
        made = self.made
        true = made.const(1, 1)
        conditions, valid = [true], [0]
        for line in lines:
            if _VALID.fullmatch(line):
                # A word beyond the memory reads as zero and isn't written: `word` and `Write` implement that.
                conditions.append(conditions[-1])
                valid.append(len(conditions))
            elif line == "} else {" and valid[-1:] == [len(conditions)]:
                conditions[-1] = made.const(0, 1)
            elif (found := _SAME.fullmatch(line)) and found[1] in self.values:
                conditions.append(made.both(conditions[-1], made.equal(self.values[found[1]], self._expression(found[2]))))
            elif found := _IF.fullmatch(line):
                conditions.append(made.both(conditions[-1], self._expression(found[1])))
            elif line == "}":
                if valid[-1:] == [len(conditions)]:
                    valid.pop()
                conditions.pop()
            elif found := _INDEX.fullmatch(line):
                self.indices[found[1]] = self._expression(found[2]), int(found[3]), int(found[4])
            elif found := _WRITE.fullmatch(line):
                memory = self.memories[found[1]]
                self.target = found[1]
                word, mask = self._expressions(found[3])
                mask = made.both(mask, made.repeat(conditions[-1], memory.width))
                self.writes.append((int(found[4]), Write(found[1], self._address(found[1], found[2]), word, mask)))
            elif line.startswith("CXXRTL_ASSERT"):
                continue
            elif found := _NAMED.fullmatch(line):
                self.values[found[2]] = self._expression(found[3])
            elif (found := _PASSED.fullmatch(line)) and found[1] in self.values:
                # A word that is written in this clock, at a transparent read port.
                old = self.values[found[1]]
                word, mask = self._expressions(found[2])
                new = made.either(made.both(old, made.invert(mask)), made.both(word, mask))
                self.values[found[1]] = made.mux(conditions[-1], new, old)
            else:
                self._assign(line, conditions[-1], clocked)
        if conditions != [true]:
            raise unreadable(lines[0])

    def _assign(self, line: str, condition: Node, clocked: bool) -> None:
        made = self.made
        never = made.const(0, 1)
        for name, following, low, node in self._assigned(line):
            if clocked:
                if not following or name not in self.wire_names:
                    raise unreadable(line)
                old = self.next.get(name, made.read(name, self.widths[name]))
                top = low + node.width
                pieces = [made.slice(old, top, old.width - top)] if top < old.width else []
                pieces += [node] + ([made.slice(old, 0, low)] if low else [])
                self.next[name] = made.mux(condition, made.concat(pieces), old)
            elif condition is not never:
                self.pieces[name].append((low, node))

    def _address(self, memory: str, index: str) -> Node:
        address, offset, depth = self.indices[index]
        if offset or depth != self.memories[memory].depth:
            raise unreadable(f"{memory} from {offset}")
        return address

    def _assigned(self, line: str) -> list[tuple[str, bool, int, Node]]:
        """The targets of an assignment: name, whether it is a next value, lowest bit, expression."""
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
        self.target = pieces[0][0]
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
        """Reads expressions separated by commas, without recursion: a look-up table of n entries is nested n deep."""
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
                # A number without bits is zero; it is extended where it is used.
                value = made.const(_number(constant[2]), int(constant[1])) if constant else made.const(0, 1)
            elif kind == "name":
                value = self._named(piece)
            elif kind == "index":
                memory = found["memory"]
                value = made.word(memory, self.memories[memory].width, self._address(memory, found["index"]))
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

    def _named(self, name: str) -> Node:
        if name in self.values:
            return self.values[name]
        if name not in self.widths:
            raise unreadable(name)
        return self.made.read(name, self.widths[name])

    def _closed(self, opening: str, items: list[Node]) -> Node:
        if opening == "(":
            return items[0] if len(items) == 1 else self.made.mux(self.made.any(items[0]), items[1], items[2])
        if opening == ".concat(":
            return self.made.concat(items)
        name, _, width = opening.rstrip(">(").partition("<")
        return cell(self.made, name, int(width), items, unmangled(self.target))

    def circuit(self) -> Circuit:
        made = self.made
        for name in self.next:
            if name in self.pieces:
                raise refused("a signal of which some bits have a clock and some none", unmangled(name))
        wires = resolved(made, self.pieces, self.widths)
        self.writes.sort(key=lambda write: write[0])
        own = (_CLOCK, _RESET)
        inputs = {name: self.widths[name] for name in self.value_names if name not in self.pieces and name not in own}
        outputs = self.output_names
        registers = [name for name in self.wire_names if name in self.next]
        roots = [made.read(name, self.widths[name]) for name in outputs]
        roots += [self.next[name] for name in registers]
        roots += [part for _, write in self.writes for part in (write.address, write.word, write.mask)]
        leaf = made.read(_RESET, 1)
        # A register that is never written is a constant.
        fixed = {
            made.read(name, self.widths[name]): made.const(self.initial.get(name, 0), self.widths[name])
            for name in self.wire_names
            if name not in self.next and name not in self.pieces
        }
        roots = made.replaced(made.replaced(roots, wires), fixed)
        names = [*outputs, *registers, *(write.memory for _, write in self.writes for _ in range(3))]
        clock = made.read(_CLOCK, 1)
        for name, node in zip(names, roots, strict=True):
            if clock in reachable([node]):
                raise refused("a clock that is read as data", unmangled(name))
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


def _first(lines: list[str]) -> str:
    """The subject of a block: a memory, or the register that it assigns first."""
    text = "\n".join(lines)
    found = re.search(r"(memory_\w+)[\[.]", text) or re.search(r"^(\w+)\.next.* = ", text, flags=re.M)
    return unmangled(found[1]) if found else ""


def _matched(text: str, pattern: str) -> str:
    found = re.findall(pattern, text, flags=re.M | re.S)
    if len(found) != 1:
        raise unreadable("no single top component")
    return str(found[0])


def _number(digits: str) -> int:
    """A number from 32-bit pieces, lowest first."""
    value = 0
    for place, piece in enumerate(digits.split(",")):
        if piece.strip():
            value |= int(piece.strip().rstrip("u"), 0) << 32 * place
    return value
