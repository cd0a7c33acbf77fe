"""The supply of coefficients to the lanes of an array."""

from functools import singledispatch
from typing import Any

from amaranth.hdl import Const, Module, Value
from amaranth.lib.wiring import Component

from convolver.plan.array import DotProduct
from convolver.plan.array_stages import RoutingRegisters
from convolver.plan.coefficients import Coefficients, LoadedCoefficients, StoredCoefficients

from ..stream.data_register import later
from ..stream.layouts import shape_of
from .multiplier import Multiplier

__all__ = ["FixedSupply", "Supply", "supply_of"]


class FixedSupply:
    """Constants, which are built into the lanes' multipliers.

    Parameters
    ----------
    array : DotProduct
    ports : Component
        The array's block.

    Attributes
    ----------
    values : list of Value
        A coefficient a lane, for a primitive that serves several lanes.
    load : Value
        Takes all coefficients, for the operands of the same cycle and all later ones.
    """

    def __init__(self, array: DotProduct, ports: Component) -> None:
        self.values, self.load = self._given(array, ports)

    def _given(self, array: DotProduct, ports: Any) -> tuple[list[Value], Value]:  # constants of the array
        constants = [array.weights[array.lane(lane)[0].weight] for lane in range(array.lanes)]
        return [Const(value, shape_of(array.factor)) for value in constants], Const(1)

    def route(self, m: Module, ways: RoutingRegisters) -> None:
        """Delays coefficients and load strobe as the samples."""

    def next_group(self, m: Module) -> None:
        """Moves on to the next group of lanes, which takes its coefficients one cycle later."""

    def connect(self, m: Module, multiplier: Multiplier, lane: int) -> None:
        """Connects its coefficient to a lane's multiplier."""


class Supply(FixedSupply):
    """Coefficients that come from ports, and are loaded."""

    def _given(self, array: DotProduct, ports: Any) -> tuple[list[Value], Value]:  # ports of the array's block
        return list(ports.coefficients), ports.load

    def route(self, m: Module, ways: RoutingRegisters) -> None:
        self.values = later(m, self.values, "weight", ways.cycles)
        (self.load,) = later(m, [self.load], "load", ways.cycles)

    def next_group(self, m: Module) -> None:
        (self.load,) = later(m, [self.load], "load_next")

    def connect(self, m: Module, multiplier: Multiplier, lane: int) -> None:
        m.d.comb += [multiplier.b.eq(self.values[lane]), multiplier.load.eq(self.load)]


def supply_of(array: DotProduct, ports: Component) -> FixedSupply:
    """The supply of an array's lanes: constants, or `coefficients` and `load` of `ports`."""
    return _supply(array.coefficients, array, ports)


@singledispatch
def _supply(coefficients: Coefficients, array: DotProduct, ports: Component) -> FixedSupply:  # noqa: ARG001  # by its class
    return FixedSupply(array, ports)


@_supply.register(LoadedCoefficients)
@_supply.register(StoredCoefficients)
def _(coefficients: Coefficients, array: DotProduct, ports: Component) -> FixedSupply:  # noqa: ARG001
    return Supply(array, ports)
