"""How coefficients come to the lanes of an array."""

from amaranth.hdl import Const, Module, Value
from amaranth.lib.wiring import Component

from convolver.plan.array import DotProduct
from convolver.plan.coefficients import LoadedCoefficients, StoredCoefficients
from convolver.plan.factors import ConstantFactor

from ..stream.data_register import later
from ..stream.layouts import shape_of
from .multiplier import Multiplier

__all__ = ["FixedSupply", "Supply", "supply_of"]


class FixedSupply:
    """Constants: they stand in the lanes' multipliers, and nothing comes to them.

    Parameters
    ----------
    values : list of Value
        A coefficient a lane, as a primitive takes it that stands for several lanes.
    """

    def __init__(self, values: list[Value]) -> None:
        self.values = values
        self.load: Value = Const(1)

    def route(self, m: Module, clocks: int) -> None:
        """All comes so many clocks later."""

    def next_group(self, m: Module) -> None:
        """What follows is for the next group of lanes, which takes its coefficients a clock later."""

    def connect(self, m: Module, multiplier: Multiplier, lane: int) -> None:
        """Brings its coefficient to a lane's multiplier."""


class Supply(FixedSupply):
    """Coefficients that come by ports, and are loaded.

    Parameters
    ----------
    values : list of Value
        A coefficient a lane.
    load : Value
        Takes all, for the operands of the same clock and all that follow.
    """

    def __init__(self, values: list[Value], load: Value) -> None:
        super().__init__(values)
        self.load = load

    def route(self, m: Module, clocks: int) -> None:
        self.values = later(m, self.values, "weight", clocks)
        (self.load,) = later(m, [self.load], "load", clocks)

    def next_group(self, m: Module) -> None:
        (self.load,) = later(m, [self.load], "load_next")

    def connect(self, m: Module, multiplier: Multiplier, lane: int) -> None:
        m.d.comb += [multiplier.b.eq(self.values[lane]), multiplier.load.eq(self.load)]


def supply_of(array: DotProduct, ports: Component) -> FixedSupply:
    """How coefficients come to an array's lanes: by `coefficients` and `load` of `ports`, unless they are there."""
    match array.coefficients:
        case LoadedCoefficients() | StoredCoefficients():
            return Supply(list(ports.coefficients), ports.load)
    constants = [factor.value for factor in array.factors if isinstance(factor, ConstantFactor)]
    return FixedSupply([Const(value, shape_of(array.factor)) for value in constants])
