"""The twin of a circuit given as a table of numbers, which a C++ class interprets."""

import ctypes
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..libraries.compiler import Compiled, Progress, compile_source
from ..libraries.pins import TablePins
from .board import Lines

__all__ = ["CircuitTwin"]

_kept: dict[tuple[str, Fraction], Compiled] = {}


class CircuitTwin(Lines):
    """A circuit given as a table of numbers, from power-on on, behind the same lines as a board twin.

    It is compiled once for each baud rate of the UART, not for each circuit.

    Parameters
    ----------
    table : ndarray of uint32
    clock_hz : int
        Frequency of the circuit's ticks.
    byte_clocks : Fraction
        Ticks that a byte takes on the UART.
    progress : callable, optional
        Called with a title before each step that may take longer than a second.

    Raises
    ------
    ToolError
        If there is no C++ compiler, or it fails.
    """

    top: ClassVar[str]
    """The C++ class that interprets the table."""

    header: ClassVar[str]
    """The header file of that class."""

    pins: ClassVar[type[TablePins]]

    def __init__(
        self, table: NDArray[np.uint32], clock_hz: int, byte_clocks: Fraction, progress: Progress | None = None
    ) -> None:
        key = self.top, byte_clocks
        if key not in _kept:
            source = f'#include "{self.header}"\nnamespace design_0 {{ using top = {self.top}; }}\n'
            _kept[key] = compile_source(self.pins.of_rate(byte_clocks / 10), source, progress)
        compiled = _kept[key]
        super().__init__(compiled, clock_hz, byte_clocks)
        this = ctypes.c_void_p
        compiled.bound("load", None, this, ctypes.c_void_p)(self._device, np.ascontiguousarray(table, np.uint32).ctypes.data)
        self._levels = compiled.bound("levels", None, this, ctypes.c_char_p, this, ctypes.c_int64)
        self._bind(compiled)

    def _bind(self, compiled: Compiled) -> None:
        """Binds the functions that only this kind of circuit has."""

    def levels(self, rx: bytes) -> bytes:
        """The output's level at the end of each tick, from one level of the input a tick: 0 or 1, one byte each."""
        out = ctypes.create_string_buffer(len(rx))
        self._levels(self._device, rx, out, len(rx))
        return out.raw
