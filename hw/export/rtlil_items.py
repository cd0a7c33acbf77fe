"""What stands in a module of Amaranth's RTLIL: connections, cells and processes."""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from .rtlil_values import CONSTANT, Bits, Left, Need, Read, Value, Wire, aligned, crossed, cut

__all__ = ["Connected", "Connection", "Item", "Primitive", "Process", "own_cell", "ports_of"]

_CONNECTED = re.compile(r"^ *connect (\S+) (.*)\n", re.MULTILINE)
_ASSIGNED = re.compile(r"assign (\S+(?: \[[\d:]+\])?) (.*)")
_STORE = re.compile(r'parameter \\MEMID "\\(\\\S+)"')
_BITWISE = {"$dff": "D", "$adff": "D", "$not": "A", "$and": "AB", "$or": "AB", "$xor": "AB", "$mux": "AB"}
"""Cells of which each bit needs the same bit of some ports, and all of the others. Amaranth makes these ports as wide as the
result."""
_MEMORIES = {"$memrd_v2", "$memwr_v2", "$meminit_v2"}
_SHIFTS = {"$shl", "$shr", "$sshr"}


class Item:
    """A part of a module, and what is made of what in it."""

    def __init__(self, text: str, drives: Value, needs: Iterable[Need]) -> None:
        self.text, self.drives, self.needs = text, drives, list(needs)

    def given(self, left: Left) -> Value:
        """The bits that it drives, of what is needed: all if one is."""
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
        super().__init__(text, place, aligned(place, self.value))

    def given(self, left: Left) -> Value:
        return left.of(self.drives)

    def named(self, left: Left) -> Value:
        """The bits that only name what is there."""
        return left.named(self.drives, self.value)

    def written(self, left: Left) -> str:
        place, value = (left.part(self.drives, told, self._read) for told in self._told.groups())
        return f"connect {place} {value}\n"


class Connected(Item):
    """A cell: what is at its ports."""

    def __init__(self, text: str, read: Read, drives: Value, needs: Iterable[Need]) -> None:
        self._read = read
        super().__init__(text, drives, needs)

    def _line(self, name: str, told: str, left: Left) -> str:
        """The text of what is at a port; empty if the port isn't there."""
        return f"    connect {name} {left.value(told, self._read)}\n"

    def written(self, left: Left) -> str:
        return _CONNECTED.sub(lambda found: self._line(found[1], found[2], left), self.text)


def ports_of(text: str, read: Read) -> dict[str, Value]:
    """What is at a cell's ports."""
    return {found[1]: read(found[2]) for found in _CONNECTED.finditer(text)}


class Cell(Connected):
    """One of Yosys' own cells, with the result of an operation."""

    def __init__(self, text: str, read: Read) -> None:
        ports = ports_of(text, read)
        drives = ports.pop("\\Y")
        super().__init__(text, read, drives, crossed(drives, [*chain.from_iterable(ports.values())]))


class BitwiseCell(Connected):
    """A register, or an operation on each bit: those bits that are needed."""

    def __init__(self, text: str, name: str, read: Read) -> None:
        ports = ports_of(text, read)
        self._same = [f"\\{port}" for port in _BITWISE[name]]
        self._result = "\\Q" if "\\Q" in ports else "\\Y"
        drives = ports.pop(self._result)
        needs = [need for port in self._same for need in aligned(drives, ports.pop(port))]
        super().__init__(text, read, drives, chain(needs, crossed(drives, [*chain.from_iterable(ports.values())])))

    def given(self, left: Left) -> Value:
        return left.of(self.drives)

    def written(self, left: Left) -> str:
        return left.narrowed(super().written(left), self.drives)

    def _line(self, name: str, told: str, left: Left) -> str:
        if name in self._same or name == self._result:
            return f"    connect {name} {left.part(self.drives, told, self._read)}\n"
        return super()._line(name, told, left)


class MemoryPort(Connected):
    """What reads, writes or fills a memory: those of its bits that are needed at one of the ports."""

    def __init__(self, text: str, name: str, read: Read) -> None:
        ports = ports_of(text, read)
        self._reads, self._fills = name == "$memrd_v2", name == "$meminit_v2"
        self._stored = [bits for name in _STORE.findall(text) for bits in read(name)]
        self._data = data = ports.pop("\\DATA")
        if self._reads:
            drives, same = data, [self._stored]
        else:
            drives, same = self._stored, [] if self._fills else [data, ports.pop("\\EN")]
        needs = [need for value in same for need in aligned(drives, value)]
        super().__init__(text, read, drives, chain(needs, crossed(drives, [*chain.from_iterable(ports.values())])))

    def given(self, left: Left) -> Value:
        return left.asked(self._stored, self._data) if self._reads else left.of(self._stored)

    def written(self, left: Left) -> str:
        return left.narrowed(super().written(left), self._stored)

    def _line(self, name: str, told: str, left: Left) -> str:
        if name == "\\DATA" and self._fills:
            return f"    connect {name} {left.constant(self._stored, ''.join(bits.digits for bits in self._data[::-1]))}\n"
        if name == "\\DATA" or (name == "\\EN" and not self._reads):
            return f"    connect {name} {left.part(self._stored, told, self._read)}\n"
        return super()._line(name, told, left)


class Primitive(Connected):
    """A cell of a family of devices. Its ports have no directions here: it is taken to drive all that no other kind of item
    does, and to need it, so that a chain of them is needed as one."""

    def __init__(self, text: str, read: Read, driven: Collection[Wire]) -> None:
        connected = [bits for value in ports_of(text, read).values() for bits in value if not bits.digits]
        drives = [bits for bits in connected if bits.wire not in driven]
        super().__init__(text, read, drives, crossed(drives, connected))


def own_cell(text: str, name: str, read: Read) -> Item:
    """One of Yosys' own cells."""
    if name in _BITWISE:
        return BitwiseCell(text, name, read)
    if name in _MEMORIES:
        return MemoryPort(text, name, read)
    if name in _SHIFTS and (told := _shifted(text, name, read)):
        return Connection(told, read)
    return Cell(text, read)


def _shifted(text: str, name: str, read: Read) -> str:
    """A shift by a constant, as the connection that it is; empty if it isn't by one. Ahead of the operand stands its sign, or
    zeros: Amaranth leaves that out of a wider result, and shifts down arithmetically what has a sign, and nothing else."""
    ports = ports_of(text, read)
    amount, value, result = ports["\\B"], ports["\\A"], ports["\\Y"]
    if not all(bits.digits for bits in amount):
        return ""
    taken, width = (sum(bits.width for bits in bits_of) for bits_of in (value, result))
    zero = Bits(CONSTANT, 0, 1, "0")
    (sign,) = cut(value, taken - 1, 1) if taken and "\\A_SIGNED 1\n" in text else [zero]
    whole = max(taken, width)
    by = min(int("".join(bits.digits for bits in amount[::-1]) or "0", 2), whole)
    value = value + [sign] * (whole - taken)
    shifted = [zero] * by + value if name == "$shl" else cut(value, by, whole) + [sign] * by
    return f"connect {result[0]} {{ {' '.join(map(str, cut(shifted, 0, width)[::-1]))} }}\n"


class Process(Item):
    """Choices of values, one in another."""

    def __init__(self, text: str, read: Read) -> None:
        head, start, body = text.partition("  process ")
        first, *lines = f"{start}{body}".splitlines()
        self._head, self._outermost = head, _Choice(first, iter(lines), [], read)
        super().__init__(text, self._outermost.place, self._outermost.needs)

    def given(self, left: Left) -> Value:
        return left.of(self.drives)

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
                self.needs += [*aligned(place, value), *crossed(place, guards)]
                self.place += place
            elif "switch" in line.split():
                self._inner[-1] = choice = _Choice(line, lines, guards + read(line), read)
                self.needs += choice.needs
                self.place += choice.place

    def written(self, left: Left, *, everything: bool = False) -> Iterator[str]:
        """Its lines, but for the assignments that nothing needs."""
        word, _, told = self._first.lstrip().partition(" ")
        indent = " " * (len(self._first) - len(word) - len(told) - 1)
        yield self._first if everything else f"{indent}{word} {left.value(told, self._read)}"
        for line in self._inner:
            if isinstance(line, _Choice):
                if left.needs(line.place):
                    yield from line.written(left)
            elif found := _ASSIGNED.search(line):
                place = self._read(found[1])
                if told := left.part(place, found[1], self._read):
                    yield f"{line[: found.start(1)]}{told} {left.part(place, found[2], self._read)}"
            else:
                yield line
