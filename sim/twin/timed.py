"""The twin of a bitstream with its delays: what takes too long on the device goes wrong here, too."""

import ctypes
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..libraries.compiler import Compiled, Progress, compile_source
from ..libraries.pins import TimedPins
from .board import Lines

__all__ = ["TimedTwin"]

_SOURCE = "namespace design_0 { using top = twin::timed; }\n"
_kept: dict[Fraction, Compiled] = {}


class TimedTwin(Lines):
    """A circuit with delays that comes as a table of numbers (`convolver.boards.bitstream.timed`), at power-on.

    Nothing is compiled for it but once for each rate of a UART.

    Parameters
    ----------
    table : ndarray of uint32
    clock_hz : int
        Frequency of its ticks, which the table gives in picoseconds.
    byte_clocks : Fraction
        Ticks that a byte takes on the UART.
    progress : callable, optional
        Called with a title before each step that may take longer than a second.

    Raises
    ------
    ToolError
        If there is no C++ compiler, or it fails.
    """

    def __init__(
        self, table: NDArray[np.uint32], clock_hz: int, byte_clocks: Fraction, progress: Progress | None = None
    ) -> None:
        if byte_clocks not in _kept:
            _kept[byte_clocks] = compile_source(TimedPins.of_rate(byte_clocks / 10), _SOURCE, progress)
        compiled = _kept[byte_clocks]
        super().__init__(compiled, clock_hz, byte_clocks)
        this, number = ctypes.c_void_p, ctypes.c_uint32
        compiled.bound("load", None, this, ctypes.c_void_p)(self._device, np.ascontiguousarray(table, np.uint32).ctypes.data)
        self._levels = compiled.bound("levels", None, this, ctypes.c_char_p, this, ctypes.c_int64)
        self._put = compiled.bound("put", None, this, number, number, ctypes.c_int64, number)
        self._violations = compiled.bound("violations", None, this, ctypes.c_void_p)

    def levels(self, rx: bytes) -> bytes:
        """The level of the output at the end of each tick, of one level of the input a tick: 0 or 1, a byte each."""
        out = ctypes.create_string_buffer(len(rx))
        self._levels(self._device, rx, out, len(rx))
        return out.raw

    def put(self, net: int, level: bool, tick: int, delay: int = 0) -> None:
        """Puts a level on a net in a tick to come, so many picoseconds behind its beginning: fewer than 60 000."""
        self._put(self._device, net, level, tick, delay)

    def violations(self, places: int) -> NDArray[np.uint32]:
        """How often each of so many places was too late, in the order of `convolver.boards.bitstream.timed.Timed.places`."""
        found = np.zeros(places, np.uint32)
        self._violations(self._device, found.ctypes.data)
        return found
