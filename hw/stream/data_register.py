"""Data registers without a reset. A valid bit, which has a reset, tells which of their values count.

A reset of all registers of a long filter would be a net with ten thousand loads, which takes routing from the data. It
limited the clock frequency of ECP5 with 64 multipliers.
"""

from collections.abc import Sequence
from functools import partial

from amaranth.hdl import Module, Signal, Value

__all__ = ["DataRegister", "later"]

DataRegister = partial(Signal, reset_less=True)
"""A `Signal` that a reset leaves unchanged."""


def later(m: Module, values: Sequence[Value], name: str, clocks: int = 1) -> list[Value]:
    """The same values, `clocks` cycles later."""
    values = list(values)
    for clock in range(clocks):
        registers = [DataRegister(value.shape(), name=f"{name}_{index}_{clock}") for index, value in enumerate(values)]
        m.d.sync += [register.eq(value) for register, value in zip(registers, values, strict=True)]
        values = list(registers)
    return values
