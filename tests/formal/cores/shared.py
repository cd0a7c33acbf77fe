"""What all cores' specifications share: the output stage by its definition, and a shallow buffer."""

from dataclasses import replace
from typing import TypeVar

from amaranth.hdl import Mux, Value

from convolver.designs import Design
from convolver.plan.plan import Plan
from convolver.plan.stages import OutputBuffer

__all__ = ["finished", "shallow"]


P = TypeVar("P", bound=Plan)


def shallow(plan: P, depth: int) -> P:
    """The plan with a smaller output buffer: as right, only slower."""
    *stages, buffer = plan.stages
    assert isinstance(buffer, OutputBuffer)
    return replace(plan, stages=(*stages, replace(buffer, depth=depth)))


def finished(design: Design, total: Value) -> Value:
    """The output stage by its definition: roundings are for `RequantiserSpec`, here bits are cut off."""
    if design.rounding != "floor":
        raise ValueError(f"Rounding must be floor here, not {design.rounding}")
    quotient, output = total >> design.shift, design.output_format
    if design.overflow == "wrap":
        return quotient
    return Mux(quotient > output.max, output.max, Mux(quotient < output.min, output.min, quotient))
