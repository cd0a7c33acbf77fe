"""Replaces every wire by its expression."""

from collections.abc import Mapping, Sequence

from .expressions import Expressions, Node, reachable
from .names import unmangled
from .refusals import refused, unreadable

__all__ = ["resolved"]


def resolved(
    made: Expressions, pieces_of: Mapping[str, Sequence[tuple[int, Node]]], widths: Mapping[str, int]
) -> dict[Node, Node]:
    """The expression of each wire, without wires in it. `pieces_of` lists the assignments to each: lowest bit,
    expression."""
    # The pieces of a wire are treated as wires: one bit may depend on another.
    whole: dict[Node, Node] = {}
    plain: dict[Node, Node] = {}
    owners: dict[Node, str] = {}
    for name, pieces in pieces_of.items():
        joined, top = [], widths[name]
        for low, node in sorted(pieces, key=lambda piece: -piece[0]):
            if low + node.width != top:
                raise unreadable(name)
            piece = made.read(f"{name} from {low}", node.width)
            joined.append(piece)
            plain[piece], owners[piece] = node, name
            top = low
        if top:
            raise unreadable(name)
        whole[made.read(name, widths[name])] = made.concat(joined)
    plain = dict(zip(plain, made.replaced(list(plain.values()), whole), strict=True))
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
                raise refused("a combinational loop", unmangled(owners[wire]))
            begun.add(wire)
            if missing:
                stack.extend(missing)
            else:
                done[wire] = made.replaced([plain[wire]], done)[0]
                stack.pop()
    return dict(zip(whole, made.replaced(list(whole.values()), done), strict=True))
