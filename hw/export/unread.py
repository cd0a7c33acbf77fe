"""RTLIL without what nothing reads.

Blocks have outputs that not every core, shell or family reads: a buffer's overflow, a core's errors. Tests, proofs and twins
read them. Amaranth's text has them all, and what makes them.
"""

from collections import defaultdict
from collections.abc import Iterator

from .rtlil import Module, read_modules
from .rtlil_items import Connection
from .rtlil_values import Left, Need, Wire, outside

__all__ = ["without_unread"]


def without_unread(text: str) -> str:
    """Leaves of a text that `amaranth.back.rtlil` wrote the circuit that the top module's outputs need, with its names.

    The top module keeps its ports. A register, a memory, a port and a choice have the bits that are needed, in their order;
    what only names a signal has those that are there. The result of other operations, such as a sum, is whole if one of its
    bits is needed, for the carry into that needs the others; so is what is at a primitive of a family. What is multiplied
    by a constant zero counts as needed.
    """
    modules = [*read_modules(text).values()]
    live, there = defaultdict[Wire, int](int), defaultdict[Wire, int](int)
    left = Left(live, there)
    _spread(modules, live)
    for module in reversed(modules):  # those in it first
        for wire in module.ports("input"):
            there[wire] = -1 if module is modules[0] else live[wire]
        for item in module.items.values():
            for bits in item.given(left):
                there[bits.wire] |= bits.mask
        for item in module.items.values():
            if isinstance(item, Connection):
                for bits in item.named(left):
                    there[bits.wire] |= bits.mask
    kept = [module for module in modules if module is modules[0] or any(live[outside(port)] for port in module.ports("output"))]
    return "".join(line for module in kept for line in _written(module, left, top=module is modules[0]))


def _spread(modules: list[Module], live: defaultdict[Wire, int]) -> None:
    """Follows the top module's outputs to all that they are made of."""
    makes = defaultdict[Wire, list[Need]](list)
    for module in modules:
        for need in module.needs():
            makes[need.made.wire].append(need)
    asked = [outside(port) for port in modules[0].ports("output")]
    live.update((port, -1) for port in asked)
    while asked:
        for need in makes[wire := asked.pop()]:
            if found := need.asked(live[wire]) & ~live[need.of.wire]:
                live[need.of.wire] |= found
                asked.append(need.of.wire)


def _written(module: Module, left: Left, *, top: bool) -> Iterator[str]:
    """The lines of a module."""
    yield module.head
    for text in module.texts:
        if (item := module.items.get(text)) is None:
            yield module.declaration(text, left, top=top)
        elif any(left.there[bits.wire] & bits.mask for bits in item.drives):
            yield item.written(left)
    yield "end\n"
