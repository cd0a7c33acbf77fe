"""A digest of a circuit's netlist, flattened and without names.

The same hardware has the same digest however it is divided into modules, signals and structs, and whatever these are called:
nodes are numbered in the order in which a walk from the output ports meets them. A node is a bit of a register or of bitwise
logic, another operator, a port of a memory, or an instance. Equal combinational logic counts once, as synthesis merges it;
what no output depends on doesn't count. The names of the circuit's own ports do.

It reads the netlist of which Amaranth makes RTLIL and Verilog. That isn't a public part of Amaranth: another version may give
other digests.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from amaranth.hdl import ValueCastable
from amaranth.hdl._ir import Fragment, PortDirection, build_netlist
from amaranth.hdl._nir import (
    AssignmentList,
    AsyncReadPort,
    FlipFlop,
    Instance,
    Matches,
    Memory,
    Net,
    Operator,
    Part,
    PriorityMatch,
    SyncReadPort,
    SyncWritePort,
)
from amaranth.lib.wiring import In

from convolver.hw.export.elaboration import without_collection

__all__ = ["digest"]

BITWISE = ("~", "&", "|", "^", "m")

Node = tuple[int, int | None]
"""A cell, and which of its bits if they are nodes of their own."""


def digest(component: Any, platform: object = None) -> str:
    """The digest of an Amaranth component's netlist: 16 hexadecimal digits."""
    ports = {}
    for path, member, value in component.signature.flatten(component):
        direction = PortDirection.Input if member.flow == In else PortDirection.Output
        ports["__".join(map(str, path))] = (value.as_value() if isinstance(value, ValueCastable) else value, direction)
    with without_collection():
        return _Walk(build_netlist(Fragment.get(component, platform), ports=ports)).digest()


class _Walk:
    """One walk through a netlist.

    Registers, memories and instances are numbered when they are met, and described when their turn comes, so that loops end;
    combinational nodes are described from their inputs up, and have the number of an equal one before them if there is one.
    """

    def __init__(self, netlist: Any) -> None:
        self.cells = netlist.cells
        self.hash = hashlib.sha256()
        self.numbers: dict[Node, int] = {}
        self.same: dict[tuple[Any, ...], int] = {}
        self.known: dict[Net, str] = {}
        self.waiting: deque[Node] = deque()
        self.count = 0
        self.inputs = {
            start + bit: f"{name} {bit}" for name, (start, width) in netlist.top.ports_i.items() for bit in range(width)
        }
        self.writes: dict[int, list[int]] = {}
        for place, cell in enumerate(self.cells):
            if isinstance(cell, SyncWritePort):
                self.writes.setdefault(cell.memory, []).append(place)

    def digest(self) -> str:
        for name, value in sorted(self.cells[0].ports_o.items()):
            self._tell(("output", name, *self._references(value)))
        while self.waiting:
            self._tell(self._state(self.waiting.popleft()))
        return self.hash.hexdigest()[:16]

    def _tell(self, record: tuple[Any, ...]) -> None:
        self.hash.update(repr(record).encode() + b"\n")

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _source(self, net: Net) -> Net:
        """The net that drives `net`, through assignments that choose nothing."""
        while not net.is_const and net.cell and isinstance(cell := self.cells[net.cell], AssignmentList):
            default, chosen = _choices(cell, net.bit)
            if chosen:
                break
            net = default
        return net

    def _node(self, net: Net) -> Node | None:
        """The node that drives a net, which `_source` gave; none of constants and input ports."""
        if net.is_const or net.cell == 0:
            return None
        cell = self.cells[net.cell]
        alone = isinstance(cell, AssignmentList | FlipFlop | PriorityMatch)
        return net.cell, net.bit if alone or (isinstance(cell, Operator) and cell.operator in BITWISE) else None

    def _references(self, nets: Iterable[Net]) -> tuple[str, ...]:
        """How a record names nets: by the number of the node and the bit."""
        known = self.known
        return tuple([known.get(net) or self._reference(net) for net in nets])

    def _reference(self, given: Net) -> str:
        net = self._source(given)
        node = self._node(net)
        if net.is_const:
            name = f"={net.const}"
        elif node is None:
            name = self.inputs[net.bit]
        elif node[1] is not None:
            name = f"{self._numbered(node)}"
        else:
            cell = self.cells[net.cell]
            bit: object = net.bit
            if isinstance(cell, Instance):
                bit = next(f"{name} {net.bit - at}" for name, (at, size) in cell.ports_o.items() if at <= net.bit < at + size)
            name = f"{self._numbered(node)}.{bit}"
        self.known[given] = name
        return name

    def _met(self, node: Node) -> int:
        """The number of a register, memory or instance."""
        if node not in self.numbers:
            self.numbers[node] = self._next()
            self.waiting.append(node)
        return self.numbers[node]

    def _numbered(self, node: Node) -> int:
        """A node's number; those of the combinational nodes in front of it are found first."""
        if node in self.numbers:
            return self.numbers[node]
        pending = [(node, self._behind(node))]
        while pending:
            current, inputs = pending[-1]
            if current in self.numbers:
                pending.pop()
            elif isinstance(self.cells[current[0]], FlipFlop | SyncReadPort | Memory | Instance):
                self._met(current)
                pending.pop()
            elif (following := next(inputs, None)) is not None:
                pending.append((following, self._behind(following)))
            else:
                record = self._logic(current)
                if record not in self.same:
                    self.same[record] = self._next()
                    self._tell(record)
                self.numbers[current] = self.same[record]
                pending.pop()
        return self.numbers[node]

    def _behind(self, node: Node) -> Iterator[Node]:
        """The nodes that a combinational one reads, but for those that have a number."""
        for net in _read(self.cells[node[0]], node[1]):
            source = self._node(self._source(net))
            if source is not None and source not in self.numbers:
                yield source

    def _logic(self, node: Node) -> tuple[Any, ...]:
        place, bit = node
        cell = self.cells[place]
        what: tuple[Any, ...]
        match cell:
            case Operator():
                what = (cell.operator, *(() if bit is not None else map(len, cell.inputs)))
            case Part():
                what = ("part", cell.value_signed, len(cell.value), cell.width, cell.stride)
            case Matches():
                what = ("matches", *cell.patterns)
            case PriorityMatch():
                what = ("first",)
            case AssignmentList():
                what = ("choice",)
            case AsyncReadPort():
                what = ("read", cell.width, self._met((cell.memory, None)))
            case _:
                raise TypeError(f"The ratchet must know a cell to number it, not {cell!r}")
        return (*what, *self._references(_read(cell, bit)))

    def _state(self, node: Node) -> tuple[Any, ...]:
        place, bit = node
        cell = self.cells[place]
        match cell:
            case FlipFlop():
                assert bit is not None
                nets = (cell.data[bit], cell.clk, cell.arst)
                return ("register", cell.init >> bit & 1, cell.clk_edge, _values(cell.attributes), *self._references(nets))
            case SyncReadPort():
                memory = self._met((cell.memory, None))
                through = [self.writes[cell.memory].index(port) for port in cell.transparent_for]
                nets = (*cell.addr, cell.en, cell.clk)
                return ("read", cell.width, memory, cell.clk_edge, sorted(through), *self._references(nets))
            case Memory():
                ports = [self.cells[port] for port in self.writes.get(place, [])]
                written = [(port.clk_edge, *self._references((*port.data, *port.addr, *port.en, port.clk))) for port in ports]
                return ("memory", cell.width, cell.depth, cell.init, _values(cell.attributes), written)
            case Instance():
                driven = [(name, *self._references(nets)) for name, nets in sorted(cell.ports_i.items())]
                return ("instance", cell.type, _values(cell.parameters), _values(cell.attributes), driven)
        raise TypeError(f"The ratchet must know a cell to number it, not {cell!r}")


def _choices(cell: AssignmentList, bit: int) -> tuple[Net, list[tuple[Net, Net]]]:
    """What a bit is at first, and the conditions and values that may replace it, in their order."""
    default, chosen = cell.default[bit], []
    for assignment in cell.assignments:
        place = bit - assignment.start
        if 0 <= place < len(assignment.value) and assignment.cond != 0:
            if assignment.cond == 1:
                default, chosen = assignment.value[place], []
            else:
                chosen.append((assignment.cond, assignment.value[place]))
    return default, chosen


def _read(cell: Any, bit: int | None) -> list[Net]:
    """The nets that a combinational node reads."""
    match cell:
        case Operator():
            if bit is None:
                return [net for value in cell.inputs for net in value]
            return [value[bit if len(value) > 1 else 0] for value in cell.inputs]
        case Part():
            return [*cell.value, *cell.offset]
        case Matches():
            return list(cell.value)
        case PriorityMatch():
            assert bit is not None
            return [cell.en, *cell.inputs[: bit + 1]]
        case AssignmentList():
            assert bit is not None
            default, chosen = _choices(cell, bit)
            return [default, *(net for pair in chosen for net in pair)]
        case AsyncReadPort():
            return list(cell.addr)
    return []


def _values(named: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((name, repr(value)) for name, value in named.items())
