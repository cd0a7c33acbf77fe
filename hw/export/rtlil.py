"""Amaranth's RTLIL, read as far as it takes to leave parts of it out: which bits are made of which others."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, groupby

__all__ = ["Connection", "Item", "Left", "Module", "Need", "Wire", "outside", "read_modules"]

_MODULE = re.compile(r"^(?P<head>(?:attribute .*\n)*module (?P<name>\S+)\n)(?P<body>[\s\S]*?)^end\n", re.MULTILINE)
_ITEM = re.compile(r"(?:  attribute .*\n)*(?:  (?:wire|memory) .*\n|  (?:cell|process) .*\n(?:    .*\n)*  end\n|connect .*\n)")
_DECLARED = re.compile(
    r"^  (?:wire|memory) width (?P<width>\d+) (?P<port>(?P<way>input|output) \d+ )?.*?(?P<name>\S+)$", re.MULTILINE
)
_CELL = re.compile(r"^  cell (\S+) ", re.MULTILINE)
_CONNECTED = re.compile(r"^ *connect (\S+) (.*)\n", re.MULTILINE)
_ASSIGNED = re.compile(r"assign (\S+(?: \[[\d:]+\])?) (.*)")
_STORE = re.compile(r'parameter \\MEMID "\\(\\\S+)"')
_CHUNK = re.compile(r"\d+'(?P<digits>[01x-]+)|(?P<name>[\\$]\S+)(?: \[(?P<high>\d+)(?::(?P<low>\d+))?\])?")
_OUTPUTS = {"$memrd_v2": "\\DATA", "$dff": "\\Q", "$adff": "\\Q", "$memwr_v2": "", "$meminit_v2": ""}
"""Of Yosys' own cells; of all others it is `Y`."""

Wire = tuple[str, str]
"""A module, and a wire or a memory in it; of a constant neither."""

_CONSTANT: Wire = ("", "")


def outside(wire: Wire) -> Wire:
    """A module's output, as it is read outside of the module."""
    return (wire[0], f"{wire[1]} outside")


@dataclass(frozen=True)
class Bits:
    """Adjacent bits of a wire, or the digits of a constant."""

    wire: Wire
    low: int
    width: int
    digits: str = ""

    @property
    def mask(self) -> int:
        """They, among those of their wire."""
        return ((1 << self.width) - 1) << self.low

    def part(self, start: int, width: int) -> "Bits":
        """Some of them."""
        end = len(self.digits) - start
        return Bits(self.wire, self.low + start, width, self.digits[end - width : end] if self.digits else "")

    def left(self, there: int) -> "Iterator[Bits]":
        """As runs of bits, if these of the wire are there; of others a zero is."""
        for stands, places in groupby(range(self.low, self.low + self.width), lambda place: there >> place & 1):
            first, *others = places
            width = 1 + len(others)
            yield Bits(self.wire, first, width) if stands else Bits(_CONSTANT, 0, width, "0" * width)

    def __str__(self) -> str:
        return f"{self.width}'{self.digits}" if self.digits else f"{self.wire[1]} [{self.low + self.width - 1}:{self.low}]"


Value = list[Bits]
"""The lowest first."""

Read = Callable[[str], Value]
"""Reads a value's text."""


@dataclass(frozen=True)
class Need:
    """What is made of what: bit for bit, or each of all."""

    made: Bits
    of: Bits
    bitwise: bool

    def asked(self, needed: int) -> int:
        """Which bits of the source's wire are needed, if these are of that which is made."""
        if self.bitwise:
            return (needed & self.made.mask) >> self.made.low << self.of.low
        return self.of.mask if needed & self.made.mask else 0


def _aligned(made: Value, of: Value) -> Iterator[Need]:
    """A value that is another one of its width."""
    left, right = made[::-1], of[::-1]
    while left and right:
        one, other = left.pop(), right.pop()
        width = min(one.width, other.width)
        yield Need(one.part(0, width), other.part(0, width), bitwise=True)
        for rest, whole in ((left, one), (right, other)):
            if whole.width > width:
                rest.append(whole.part(width, whole.width - width))


def _crossed(made: Value, of: Value) -> Iterator[Need]:
    """A value that takes all of others."""
    return (Need(one, other, bitwise=False) for one in made for other in of)


@dataclass(frozen=True)
class Left:
    """What is left of a circuit: the bits that are needed, and those that something drives."""

    live: Mapping[Wire, int]
    there: Mapping[Wire, int]

    def needs(self, value: Value) -> bool:
        """Whether one of these is needed."""
        return any(self.live[bits.wire] & bits.mask for bits in value)

    def has(self, value: Value) -> bool:
        """Whether all of them are there."""
        return all(bits.digits or not bits.mask & ~self.there[bits.wire] for bits in value)

    def value(self, told: str, read: Read) -> str:
        """A value's text, with zeros for what isn't there."""
        value = read(told)
        if self.has(value):
            return told
        parts = [part for bits in value for part in ([bits] if bits.digits else bits.left(self.there[bits.wire]))]
        return f"{{ {' '.join(map(str, parts[::-1]))} }}"


class Item:
    """A part of a module, and what is made of what in it."""

    def __init__(self, text: str, drives: Value, needs: Iterable[Need]) -> None:
        self.text, self.drives, self.needs = text, drives, list(needs)

    def given(self, left: Left) -> Value:
        """The bits that it drives, if one of them is needed."""
        return self.drives if left.needs(self.drives) else []

    def written(self, left: Left) -> str:
        """Its text, without what isn't left."""
        return self.text


class Connection(Item):
    """A wire that is a value of others; most are but names."""

    def __init__(self, text: str, read: Read) -> None:
        found = _CONNECTED.match(text)
        assert found is not None
        self._told, self._read, self.value = found, read, read(found[2])
        place = read(found[1])
        super().__init__(text, place, _aligned(place, self.value))

    def written(self, left: Left) -> str:
        return f"connect {self._told[1]} {left.value(self._told[2], self._read)}\n"


class _Connected(Item):
    """A cell: what is at its ports."""

    def __init__(self, text: str, read: Read, drives: Value, needs: Iterable[Need]) -> None:
        self._read = read
        super().__init__(text, drives, needs)

    def _kept(self, _name: str, _left: Left) -> bool:
        """Whether the port is there."""
        return True

    def written(self, left: Left) -> str:
        def line(found: re.Match[str]) -> str:
            return f"    connect {found[1]} {left.value(found[2], self._read)}\n" if self._kept(found[1], left) else ""

        return _CONNECTED.sub(line, self.text)


def _ports(text: str, read: Read) -> dict[str, Value]:
    """What is at a cell's ports."""
    return {found[1]: read(found[2]) for found in _CONNECTED.finditer(text)}


class Cell(_Connected):
    """One of Yosys' own cells."""

    def __init__(self, text: str, name: str, read: Read) -> None:
        ports = _ports(text, read)
        stored = [bits for name in _STORE.findall(text) for bits in read(name)]
        drives = ports.pop(_OUTPUTS.get(name, "\\Y"), stored)
        data = ports.pop("\\D", [])  # of a register
        takes = [*chain.from_iterable(ports.values()), *stored]
        super().__init__(text, read, drives, chain(_aligned(drives, data), _crossed(drives, takes)))


class Primitive(_Connected):
    """A cell of a family of devices. Its ports have no directions here: it is taken to drive all that no other kind of item
    does, and to need it, so that a chain of them is needed as one."""

    def __init__(self, text: str, read: Read, driven: Collection[Wire]) -> None:
        connected = [bits for value in _ports(text, read).values() for bits in value if not bits.digits]
        drives = [bits for bits in connected if bits.wire not in driven]
        super().__init__(text, read, drives, _crossed(drives, connected))


class Instance(_Connected):
    """A module in another one."""

    def __init__(self, text: str, inner: "Module", read: Read) -> None:
        self._outer: dict[str, tuple[Bits, Value]] = {}
        needs: list[Need] = []
        for name, value in _ports(text, read).items():
            (port,) = inner.read(name)
            if inner.way(name) == "output":
                port = replace(port, wire=outside(port.wire))
                needs += _aligned(value, [port])
            else:
                needs += _aligned([port], value)
            self._outer[name] = (port, value if inner.way(name) == "output" else [])
        super().__init__(text, read, [bits for _, value in self._outer.values() for bits in value], needs)

    def given(self, left: Left) -> Value:
        return [bits for port, value in self._outer.values() if left.needs([port]) for bits in value]

    def _kept(self, name: str, left: Left) -> bool:
        return left.needs([self._outer[name][0]])


class Process(Item):
    """Choices of values, one in another."""

    def __init__(self, text: str, read: Read) -> None:
        head, start, body = text.partition("  process ")
        first, *lines = f"{start}{body}".splitlines()
        self._head, self._outermost = head, _Choice(first, iter(lines), [], read)
        super().__init__(text, self._outermost.place, self._outermost.needs)

    def written(self, left: Left) -> str:
        return self._head + "".join(f"{line}\n" for line in self._outermost.written(left, everything=True))


class _Choice:
    """A process or a switch, from its first line to its last one."""

    def __init__(self, first: str, lines: Iterator[str], guards: Value, read: Read) -> None:
        self._read, self._first = read, first
        self.place: Value = []
        self.needs: list[Need] = []
        self._inner: list[str | _Choice] = []
        for line in lines:
            self._inner.append(line)
            if line.endswith(" end"):
                return
            if found := _ASSIGNED.search(line):
                place, value = read(found[1]), read(found[2])
                self.needs += [*_aligned(place, value), *_crossed(place, guards)]
                self.place += place
            elif "switch" in line.split():
                self._inner[-1] = choice = _Choice(line, lines, guards + read(line), read)
                self.needs += choice.needs
                self.place += choice.place

    def written(self, left: Left, *, everything: bool = False) -> Iterator[str]:
        """Its lines, but for the assignments that nothing needs; a default stays whole, for nothing may stay undriven."""
        word, _, told = self._first.lstrip().partition(" ")
        indent = " " * (len(self._first) - len(word) - len(told) - 1)
        yield self._first if everything else f"{indent}{word} {left.value(told, self._read)}"
        for line in self._inner:
            if isinstance(line, _Choice):
                if left.needs(line.place):
                    yield from line.written(left)
            elif found := _ASSIGNED.search(line):
                if everything or left.needs(self._read(found[1])):
                    yield f"{line[: found.start(2)]}{left.value(found[2], self._read)}"
            else:
                yield line


class Module:
    """A module: its text up to its name, that of each wire and memory, and what is in it, by its text.

    Before `fill` it has no items.
    """

    def __init__(self, found: re.Match[str]) -> None:
        self.name, self.head = found["name"], found["head"]
        self.texts: list[str] = _ITEM.findall(found["body"])
        self._declared: dict[str, re.Match[str]] = {}
        for text in self.texts:
            if told := _DECLARED.search(text):
                self._declared[told["name"]] = told
        self.items: dict[str, Item] = {}

    def ports(self, way: str) -> list[Wire]:
        """Its inputs, or its outputs."""
        return [(self.name, name) for name, told in self._declared.items() if told["way"] == way]

    def way(self, name: str) -> str | None:
        """Which way a port goes; none if it isn't a port."""
        way: str | None = self._declared[name]["way"]
        return way

    def declaration(self, text: str, left: Left, *, top: bool) -> str:
        """A wire's or a memory's text, if it is there; as a port, if it is one that is read. The top module keeps its ports."""
        told = _DECLARED.search(text)
        assert told is not None
        wire = (self.name, told["name"])
        if told["port"] and not (top or left.live[outside(wire) if told["way"] == "output" else wire]):
            text = text.replace(told["port"], "", 1)
        return text if left.there[wire] or (top and told["port"]) else ""

    def needs(self) -> Iterator[Need]:
        """What is made of what in it; its outputs, too, as others read them."""
        for item in self.items.values():
            yield from (need for need in item.needs if not need.of.digits)
        for wire in self.ports("output"):
            (port,) = self.read(wire[1])
            yield Need(replace(port, wire=outside(wire)), port, bitwise=True)

    def read(self, told: str) -> Value:
        """The value of a text."""
        return [self._bits(found) for found in _CHUNK.finditer(told)][::-1]

    def _bits(self, found: re.Match[str]) -> Bits:
        if digits := found["digits"]:
            return Bits(_CONSTANT, 0, len(digits), digits)
        wire = (self.name, found["name"])
        if found["high"] is None:
            return Bits(wire, 0, int(self._declared[found["name"]]["width"]))
        low = int(found["low"] or found["high"])
        return Bits(wire, low, int(found["high"]) - low + 1)

    def fill(self, modules: "Mapping[str, Module]") -> None:
        """Reads what is in it."""
        primitives = []
        for text in self.texts:
            if cell := _CELL.search(text):
                if (name := cell[1]) in modules:
                    self.items[text] = Instance(text, modules[name], self.read)
                elif name.startswith("$"):
                    self.items[text] = Cell(text, name, self.read)
                else:
                    primitives.append(text)
            elif text.startswith("connect "):
                self.items[text] = Connection(text, self.read)
            elif not _DECLARED.search(text):
                self.items[text] = Process(text, self.read)
        driven = {bits.wire for item in self.items.values() for bits in item.drives}.union(self.ports("input"))
        self.items.update((text, Primitive(text, self.read, driven)) for text in primitives)


def read_modules(text: str) -> dict[str, Module]:
    """The modules of a text that `amaranth.back.rtlil` wrote, the top one first."""
    modules = {found["name"]: Module(found) for found in _MODULE.finditer(text)}
    for module in modules.values():
        module.fill(modules)
    return modules
