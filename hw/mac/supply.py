"""How coefficients come to the lanes of an array."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Const, Module, Value
from amaranth.lib.wiring import Component

from convolver.plan.array import DotProduct
from convolver.plan.array_stages import RoutingRegisters
from convolver.plan.coefficients import Coefficients, LoadedCoefficients, StoredCoefficients, StoredSets

from ..stream.data_register import later
from ..stream.layouts import shape_of
from .multiplier import Multiplier

__all__ = ["FixedSupply", "Supply", "supply_of"]


class FixedSupply:
    """Constants: they stand in the lanes' multipliers, and nothing comes to them.

    Parameters
    ----------
    array : DotProduct
    ports : Component
        The array's block.

    Attributes
    ----------
    values : list of Value
        A coefficient a lane, as a primitive takes it that stands for several lanes.
    load : Value
        Takes all, for the operands of the same clock and all that follow.
    """

    def __init__(self, array: DotProduct, ports: Component) -> None:
        self.values, self.load = self._given(array, ports)

    def _given(self, array: DotProduct, ports: Any) -> tuple[list[Value], Value]:  # they are the array's
        constants = [array.weights[array.lane(lane)[0].weight] for lane in range(array.lanes)]
        return [Const(value, shape_of(array.factor)) for value in constants], Const(1)

    def route(self, m: Module, ways: RoutingRegisters) -> None:
        """All comes as much later as samples do."""

    def next_group(self, m: Module) -> None:
        """What follows is for the next group of lanes, which takes its coefficients a clock later."""

    def connect(self, m: Module, multiplier: Multiplier, lane: int) -> None:
        """Brings its coefficient to a lane's multiplier."""


class Supply(FixedSupply):
    """Coefficients that come by ports, and are loaded."""

    def _given(self, array: DotProduct, ports: Any) -> tuple[list[Value], Value]:  # they come from outside
        return list(ports.coefficients), ports.load

    def route(self, m: Module, ways: RoutingRegisters) -> None:
        # Where they come earlier than they are taken: a bank hands none out behind a set for as long as that.
        self.values = later(m, self.values, "weight", ways.coefficients)
        (self.load,) = later(m, [self.load], "load", ways.cycles)

    def next_group(self, m: Module) -> None:
        (self.load,) = later(m, [self.load], "load_next")

    def connect(self, m: Module, multiplier: Multiplier, lane: int) -> None:
        m.d.comb += [multiplier.b.eq(self.values[lane]), multiplier.load.eq(self.load)]


def supply_of(array: DotProduct, ports: Component) -> FixedSupply:
    """How coefficients come to an array's lanes: by `coefficients` and `load` of `ports`, unless they are there."""
    supplies: Mapping[type[Coefficients], type[FixedSupply]] = {
        Coefficients: FixedSupply,
        LoadedCoefficients: Supply,
        StoredCoefficients: Supply,
        StoredSets: Supply,
    }
    return supplies[type(array.coefficients)](array, ports)
