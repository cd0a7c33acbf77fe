"""The ports of whatever computes an array's sum."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.plan.array import DotProduct

from ..stream.layouts import shape_of

__all__ = ["array_ports"]


def array_ports(array: DotProduct) -> dict[str, wiring.Member]:
    """The ports of a `MACArray`, and of what stands in its place."""
    lanes = array.lanes
    return {
        "samples": In(shape_of(array.lane_input)).array(lanes),
        "mirrors": In(shape_of(array.sample)).array(lanes),
        "coefficients": In(shape_of(array.coefficient)).array(lanes),
        "load": In(1),
        "start": In(1),
        "sum": Out(shape_of(array.accumulator)),
    }
