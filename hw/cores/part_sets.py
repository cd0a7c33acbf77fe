"""How sets of coefficients get into the cores that a core is made of: not at all, or through one stream for all of them."""

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design
from convolver.designs.sources import LoadedSets, Source

__all__ = ["ConstantParts", "coefficient_beat", "part_sets_of"]


def coefficient_beat(design: Design) -> data.StructLayout:
    """Payload of the coefficients' stream: `data`, as wide as the widest format of all parts; `stage`, the number of
    the part that it is for; and the mark of a set's `last` coefficient."""
    width = max(part.coefficient_format.width for part in design.loadable_parts.values())
    return data.StructLayout({"data": width, "last": 1, "stage": range(len(design.parts) + 1)})


class ConstantParts:
    """All coefficients stay as they are: there are no ports for others."""

    ports: dict[str, wiring.Member]
    """Of the core."""

    def __init__(self, design: Design) -> None:  # where some can be loaded
        self.ports = {}

    def connect(self, m: Module, whole: Any, cores: Sequence[Any]) -> None:
        """Connects these ports with those of the cores, which are in the order of the design's members."""


class LoadedParts(ConstantParts):
    """Sets come as a stream, each for the core of its number."""

    def __init__(self, design: Design) -> None:
        count = len(design.parts)
        sets = stream.Signature(coefficient_beat(design))
        self.ports = {"coefficients": In(sets), "restart": In(count), "pending": Out(count)}

    def connect(self, m: Module, whole: Any, cores: Sequence[Any]) -> None:
        given, first = whole.coefficients, 1
        ready: list[Value] = []
        pending: list[Value] = []
        for core in cores:
            parts = core.design.parts
            count = len(parts) or 1
            if core.design.loadable_parts:
                own = Signal(name=f"loads_{first}")
                m.d.comb += [
                    own.eq((given.p.stage >= first) & (given.p.stage < first + count)),
                    core.coefficients.valid.eq(given.valid & own),
                    core.coefficients.p.data.eq(given.p.data),
                    core.coefficients.p.last.eq(given.p.last),
                    core.restart.eq(whole.restart[first - 1 : first - 1 + count]),
                ]
                if parts:
                    m.d.comb += core.coefficients.p.stage.eq(given.p.stage - (first - 1))
                ready.append(own & core.coefficients.ready)
                pending.append(core.pending)
            else:
                pending.append(Const(0, count))
            first += count
        m.d.comb += [given.ready.eq(Cat(ready).any()), whole.pending.eq(Cat(pending))]


def part_sets_of(design: Design) -> ConstantParts:
    """How sets of coefficients get into the cores of a design that is made of others."""
    return _part_sets(design.source, design)


@singledispatch
def _part_sets(source: Source, design: Design) -> ConstantParts:  # noqa: ARG001  # by its class
    return ConstantParts(design)


@_part_sets.register
def _(source: LoadedSets, design: Design) -> ConstantParts:  # noqa: ARG001
    return LoadedParts(design)
