"""Loading of coefficients into a core, or into the cores that it is made of: none, or through ports."""

from collections.abc import Sequence
from functools import singledispatch
from typing import Any, ClassVar

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import Design, LinearDesign
from convolver.designs.sources import LoadedSets, Source

from ..mac.coefficients import coefficient_layout

__all__ = ["Constant", "ConstantParts", "coefficient_beat", "loading_of", "part_sets_of"]


def coefficient_beat(design: Design) -> data.StructLayout:
    """Payload of the coefficients' stream of several cores: `data`, as wide as the widest format of all parts; `stage`,
    the number of the part that it is for; and the mark of a set's `last` coefficient."""
    width = max(part.coefficient_format.width for part in design.loadable_parts.values())
    return data.StructLayout({"data": width, "last": 1, "stage": range(len(design.parts) + 1)})


class ConstantParts:
    """Of one core among several, or of all of them, the coefficients stay as they are: there are no ports for others."""

    ports: dict[str, Member]
    """Of the core that is made of others."""

    def __init__(self, design: Design) -> None:
        self._design = design
        self.ports = {}

    def connect(self, m: Module, whole: Any, cores: Sequence[Any]) -> None:
        """Connects these ports with those of the cores, which are in the order of the design's members."""

    def connect_one(self, m: Module, whole: Any, core: Any, first: int) -> tuple[Sequence[Value], Value]:
        """Connects one of these cores, whose parts have the numbers from `first` on. Gives whether it takes the
        coefficient that is offered, where it takes any, and which of its parts have a set that is pending."""
        return (), Const(0, _count(self._design))

    def pending(self, whole: Any, first: int) -> Value:  # where some can be
        """Which of the parts of such a core, with the numbers from `first` on, have a set that is pending, as the ports
        of the whole tell."""
        return Const(0, _count(self._design))


class LoadedParts(ConstantParts):
    """Sets come as a stream, each for the core of its number."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        count = len(design.parts)
        sets = stream.Signature(coefficient_beat(design))
        self.ports = {"coefficients": In(sets), "restart": In(count), "pending": Out(count)}

    def connect(self, m: Module, whole: Any, cores: Sequence[Any]) -> None:
        ready: list[Value] = []
        pending: list[Value] = []
        first = 1
        for core in cores:
            takes, stands = part_sets_of(core.design).connect_one(m, whole, core, first)
            ready += takes
            pending.append(stands)
            first += _count(core.design)
        m.d.comb += [whole.coefficients.ready.eq(Cat(ready).any()), whole.pending.eq(Cat(pending))]

    def connect_one(self, m: Module, whole: Any, core: Any, first: int) -> tuple[Sequence[Value], Value]:
        given, count = whole.coefficients, _count(self._design)
        own = Signal(name=f"loads_{first}")
        m.d.comb += [
            own.eq((given.p.stage >= first) & (given.p.stage < first + count)),
            core.coefficients.valid.eq(given.valid & own),
            core.coefficients.p.data.eq(given.p.data),
            core.coefficients.p.last.eq(given.p.last),
            core.restart.eq(whole.restart[first - 1 : first - 1 + count]),
        ]
        if self._design.parts:
            m.d.comb += core.coefficients.p.stage.eq(given.p.stage - (first - 1))
        return [own & core.coefficients.ready], core.pending

    def pending(self, whole: Any, first: int) -> Value:
        pending: Value = whole.pending[first - 1 : first - 1 + _count(self._design)]
        return pending


def _count(design: Design) -> int:
    """The numbers that a design takes among others' parts."""
    return len(design.parts) or 1


class Constant:
    """The coefficients are constant: there are no ports for them."""

    parts: ClassVar[type[ConstantParts]] = ConstantParts
    """What has these ports of several cores."""
    ports: dict[str, Member]
    """Additional ports of the core."""
    array_ports: dict[str, Member]
    """Additional ports of its `ArrayCore`."""

    def __init__(self, design: LinearDesign) -> None:
        self.ports, self.array_ports = {}, {}

    def connect_core(self, m: Module, core: Any, array: Any, is_open: Value) -> None:
        """Connects a core's ports to those of its array; `is_open` is high while a frame is in the feeder."""

    def connect_array(self, m: Module, array: Any, bank: Any) -> None:
        """Connects the array's ports to its bank of coefficients."""


class Loadable(Constant):
    """Sets come as a stream, and take effect with the next frame: see `CoefficientLoader`."""

    parts = LoadedParts

    def __init__(self, design: LinearDesign) -> None:
        sets = stream.Signature(coefficient_layout(design.coefficient_format))
        self.ports = {"coefficients": In(sets), "restart": In(1), "pending": Out(1)}
        self.array_ports = self.ports | {"open": In(1), "coefficient_error": Out(1)}

    def connect_core(self, m: Module, core: Any, array: Any, is_open: Value) -> None:
        wiring.connect(m, wiring.flipped(core.coefficients), array.coefficients)
        m.d.comb += [
            array.restart.eq(core.restart),
            array.open.eq(is_open),
            core.pending.eq(array.pending),
            core.errors.coefficients.eq(array.coefficient_error),
        ]

    def connect_array(self, m: Module, array: Any, bank: Any) -> None:
        wiring.connect(m, wiring.flipped(array.coefficients), bank.i)
        m.d.comb += [
            bank.restart.eq(array.restart),
            bank.idle.eq(array.idle & ~array.open),
            array.pending.eq(bank.pending),
            array.coefficient_error.eq(bank.error),
        ]


def loading_of(design: LinearDesign) -> Constant:
    """The loading of a design's coefficients."""
    return _loading(design.source)(design)


def part_sets_of(design: Design) -> ConstantParts:
    """How sets of coefficients get into the cores of a design that is made of others, or into one of these."""
    return _loading(design.source).parts(design)


@singledispatch
def _loading(source: Source) -> type[Constant]:  # noqa: ARG001  # by its class
    return Constant


@_loading.register
def _(source: LoadedSets) -> type[Constant]:  # noqa: ARG001
    return Loadable
