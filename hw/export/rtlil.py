"""Amaranth's RTLIL, read as far as it takes to leave parts of it out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .rtlil_items import Connected, Connection, Item, Primitive, Process, own_cell, ports_of
from .rtlil_values import CONSTANT, Bits, Left, Need, Read, Value, Wire, aligned, outside

__all__ = ["Module", "read_modules"]

_MODULE = re.compile(r"^(?P<head>(?:attribute .*\n)*module (?P<name>\S+)\n)(?P<body>[\s\S]*?)^end\n", re.MULTILINE)
_ITEM = re.compile(r"(?:  attribute .*\n)*(?:  (?:wire|memory) .*\n|  (?:cell|process) .*\n(?:    .*\n)*  end\n|connect .*\n)")
_DECLARED = re.compile(
    r"^  (?:wire|memory) width (?P<width>\d+) (?P<port>(?P<way>input|output) \d+ )?.*?(?P<name>\S+)$", re.MULTILINE
)
_CELL = re.compile(r"^  cell (\S+) ", re.MULTILINE)
_INITIAL = re.compile(r"(?<=attribute \\init )\d+'(?P<digits>[01x-]+)\n")
_CHUNK = re.compile(r"\d+'(?P<digits>[01x-]+)|(?P<name>[\\$]\S+)(?: \[(?P<high>\d+)(?::(?P<low>\d+))?\])?")


class Instance(Connected):
    """A module in another one."""

    def __init__(self, text: str, inner: "Module", read: Read) -> None:
        self._outer: dict[str, tuple[Bits, Bits, Value, bool]] = {}
        needs: list[Need] = []
        for name, value in ports_of(text, read).items():
            (port,) = inner.read(name)
            leaves = inner.way(name) == "output"
            read_by = replace(port, wire=outside(port.wire)) if leaves else port
            needs += aligned(value, [read_by]) if leaves else aligned([port], value)
            self._outer[name] = (port, read_by, value, leaves)
        super().__init__(text, read, [bits for *_, value, leaves in self._outer.values() if leaves for bits in value], needs)

    def given(self, left: Left) -> Value:
        return [
            bits
            for port, read_by, value, leaves in self._outer.values()
            if leaves and left.needs([read_by])
            for _, bits in left.paired([port], value)
        ]

    def _line(self, name: str, told: str, left: Left) -> str:
        port, read_by, *_ = self._outer[name]
        return f"    connect {name} {left.part([port], told, self._read)}\n" if left.needs([read_by]) else ""


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
        if told["port"] and top:
            return text
        if told["port"] and not left.live[outside(wire) if told["way"] == "output" else wire]:
            text = text.replace(told["port"], "", 1)
        (whole,) = self.read(wire[1])
        if not (width := (left.there[wire] & whole.mask).bit_count()):
            return ""
        text = _INITIAL.sub(lambda found: f"{left.constant([whole], found['digits'])}\n", text)
        return text.replace(f" width {whole.width} ", f" width {width} ", 1)

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
            return Bits(CONSTANT, 0, len(digits), digits)
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
                    self.items[text] = own_cell(text, name, self.read)
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
