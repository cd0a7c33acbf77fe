"""Splits registers that hold several numbers side by side: a stream's payload, a step's marks.

Reading a number from a word costs a shift and a mask; writing it costs more. A register is split where its pieces are
read, if no operation reads the whole as one number, and if each value that it loads has pieces at the same places.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from .circuit import Circuit, Register
from .expressions import Node, reachable

__all__ = ["split"]

MOST_CUTS = 4
"""Most cuts of an input, or of a number in a register: each part of those costs a shift and a mask."""

Bits = tuple[int, int]
"""The lowest of some bits, and the bit above them."""


def split(circuit: Circuit) -> None:
    """Changes the circuit's registers; its outputs stay the same in every clock."""
    while _split_once(circuit):
        pass


def _split_once(circuit: Circuit) -> bool:
    """Cuts at the places known so far; a cut register may show where registers that it loads can be cut."""
    made, registers = circuit.made, circuit.registers
    cuts: dict[str, set[int]] = defaultdict(set)
    numbers: dict[str, set[Bits]] = defaultdict(set)
    for node in reachable(circuit.roots()):
        if node.op == "slice":
            for part, low, high, _ in _pieces(node.args[0], node.low, node.low + node.width):
                if part.op == "read":
                    cuts[part.name] |= {low, high}
        elif node.op != "concat":
            for arg in node.args[: 1 if node.op == "mux" else None]:
                for part, low, high, _ in _pieces(arg, 0, arg.width) if arg.op in ("read", "slice") else ():
                    if part.op == "read":
                        numbers[part.name].add((low, high))
    found: dict[Node, Node] = {}
    for name, places in cuts.items():
        if name not in registers:
            continue
        register = registers[name]
        edges = places | {0, register.width}
        if (0, register.width) in numbers[name] or len(edges) < 3 or not _has_pieces(circuit, name, edges, numbers):
            continue
        del registers[name]
        pieces = []
        for low, high in pairwise(sorted(edges)):
            piece = made.read(f"{name}_from_{low}", high - low)
            following, reset = (made.slice(node, low, piece.width) for node in (register.following, register.reset))
            initial = register.initial >> low & (1 << piece.width) - 1
            registers[piece.name] = Register(piece.width, initial, following, reset)
            pieces.append(piece)
        found[made.read(name, register.width)] = made.concat(pieces[::-1])
    if found:
        circuit.replace(found)
    return bool(found)


def _has_pieces(circuit: Circuit, name: str, edges: set[int], numbers: Mapping[str, set[Bits]]) -> bool:
    """Whether the values that a register loads can be cut there at low cost; other registers only between numbers
    read."""
    register = circuit.registers[name]
    for node in (register.following, register.reset):
        for part, low, high, place in _pieces(node, 0, register.width, edges):
            if part.op in ("const", "word"):
                continue
            if part.op != "read":
                return False
            whole = numbers[part.name] if part.name in circuit.registers else {(low, high)}
            if any(sum(place + first < edge < place + last for edge in edges) > MOST_CUTS for first, last in whole):
                return False
    return True


def _pieces(node: Node, low: int, high: int, edges: set[int] | None = None) -> Iterator[tuple[Node, int, int, int]]:
    """The sources of bits `low` to `high`: each with its own bits, and the position of their lowest bit in the whole.
    With `edges`, positions in the whole, only sources that one of them cuts."""
    stack = [(node, low, high, 0)]
    while stack:
        node, low, high, place = stack.pop()
        if edges is not None and not any(place + low < edge < place + high for edge in edges):
            continue
        if node.op == "mux":
            stack += [(arg, low, high, place) for arg in node.args[1:]]
        elif node.op == "slice":
            stack.append((node.args[0], low + node.low, high + node.low, place - node.low))
        elif node.op == "concat":
            at = 0
            for part in reversed(node.args):
                first, last = max(low - at, 0), min(high - at, part.width)
                if first < last:
                    stack.append((part, first, last, place + at))
                at += part.width
        elif node.op == "zext" and low < node.args[0].width:
            stack.append((node.args[0], low, min(high, node.args[0].width), place))
        else:
            yield node, low, high, place
