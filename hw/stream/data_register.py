"""Registers of numbers on their way: a mark beside them says which count, and that has a reset, so these need none.

A reset that reaches all of a long filter is a net of ten thousand ends, which takes the wires that the numbers need; ECP5 with
64 multipliers was limited by it.
"""

from functools import partial

from amaranth.hdl import Signal

__all__ = ["DataRegister"]

DataRegister = partial(Signal, reset_less=True)
"""A `Signal` that a reset leaves as it is."""
