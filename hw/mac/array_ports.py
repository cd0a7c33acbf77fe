"""The ports of a block that computes an array's sum."""

from collections.abc import Mapping
from functools import singledispatch

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.plan.array import DotProduct
from convolver.plan.rate_adders import PhaseAdders

from ..stream.layouts import shape_of

__all__ = ["array_ports", "taken_along"]


def array_ports(array: DotProduct) -> dict[str, wiring.Member]:
    """The ports of `MACArray`, and of every block that may replace it."""
    lanes = array.lanes
    return {
        "samples": In(shape_of(array.lane_input)).array(lanes),
        "mirrors": In(shape_of(array.sample)).array(lanes),
        "coefficients": In(shape_of(array.coefficient)).array(lanes),
        "load": In(1),
        "start": In(1),
        "sum": Out(shape_of(array.accumulator)),
        **{name: In(values) for name, values in taken_along(array).items()},
    }


@singledispatch
def taken_along(array: DotProduct) -> Mapping[str, range]:  # noqa: ARG001  # of some
    """Fields of the operands' sideband that an array takes as inputs: names and values."""
    return {}


@taken_along.register
def _(array: PhaseAdders) -> Mapping[str, range]:
    return {"phase": range(array.rate.up)}
