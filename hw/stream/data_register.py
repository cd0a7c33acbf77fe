"""Registers of numbers on their way: a mark beside them says which count, and that has a reset, so these need none.

A reset that reaches all of a long filter is a net of ten thousand ends, which takes the wires that the numbers need; ECP5 with
64 multipliers was limited by it.
"""

from collections.abc import Sequence
from functools import partial

from amaranth.hdl import Module, Signal, Value

__all__ = ["DataRegister", "later"]

DataRegister = partial(Signal, reset_less=True)
"""A `Signal` that a reset leaves as it is."""


def later(m: Module, values: Sequence[Value], name: str, clocks: int = 1) -> list[Value]:
    """The same numbers, so many clocks later."""
    values = list(values)
    for clock in range(clocks):
        registers = [DataRegister(value.shape(), name=f"{name}_{index}_{clock}") for index, value in enumerate(values)]
        m.d.sync += [register.eq(value) for register, value in zip(registers, values, strict=True)]
        values = list(registers)
    return values
