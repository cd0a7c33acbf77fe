"""How sets of coefficients get into a core: not at all, or through ports of its own."""

from typing import Any

from amaranth.hdl import Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import LinearDesign

from ..mac.coefficients import coefficient_layout

__all__ = ["Constant", "loading_of"]


class Constant:
    """The coefficients stay as they are: there are no ports for others."""

    ports: dict[str, Member]
    """Of the core."""
    array_ports: dict[str, Member]
    """Of its array with all that stands behind the feeder."""

    def __init__(self, design: LinearDesign) -> None:
        self.ports, self.array_ports = {}, {}

    def connect_core(self, m: Module, core: Any, array: Any, is_open: Value) -> None:
        """Connects a core's ports to its array's; `is_open` says that a frame is in the feeder."""

    def connect_array(self, m: Module, array: Any, bank: Any) -> None:
        """Connects the array's ports to its bank of coefficients."""


class Loadable(Constant):
    """Sets come as a stream, and take effect from a frame on: see `CoefficientLoader`."""

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
    """How sets of coefficients get into a design's core."""
    return (Loadable if design.loadable else Constant)(design)
