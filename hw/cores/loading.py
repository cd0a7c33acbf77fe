"""Loading of coefficients into a core: none, or through ports."""

from functools import singledispatch
from typing import Any

from amaranth.hdl import Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import LinearDesign
from convolver.designs.sources import LoadedSets, Source

from ..mac.coefficients import coefficient_layout

__all__ = ["Constant", "loading_of"]


class Constant:
    """The coefficients are constant: there are no ports for them."""

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
    return _loading(design.source, design)


@singledispatch
def _loading(source: Source, design: LinearDesign) -> Constant:  # noqa: ARG001  # by its class
    return Constant(design)


@_loading.register
def _(source: LoadedSets, design: LinearDesign) -> Constant:  # noqa: ARG001
    return Loadable(design)
