"""The twin of a bitstream: the circuit that is in it, behind the same lines as a board twin."""

import ctypes
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..libraries.compiler import Compiled, Progress, compile_source
from ..libraries.pins import FabricPins
from .board import Lines

__all__ = ["FabricTwin"]

_SOURCE = "namespace design_0 { using top = twin::fabric; }\n"
_kept: dict[Fraction, Compiled] = {}


class FabricTwin(Lines):
    """A circuit that comes as a table of numbers (`convolver.boards.bitstream.table`), at power-on.

    Nothing is compiled for it but once for each rate of a UART.

    Parameters
    ----------
    table : ndarray of uint32
    clock_hz : int
        Frequency of its fastest clock.
    byte_clocks : Fraction
        Clocks that a byte takes on the UART.
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
            _kept[byte_clocks] = compile_source(FabricPins.of_rate(byte_clocks / 10), _SOURCE, progress)
        compiled = _kept[byte_clocks]
        super().__init__(compiled, clock_hz, byte_clocks)
        compiled.bound("load", None, ctypes.c_void_p, ctypes.c_void_p)(
            self._device, np.ascontiguousarray(table, np.uint32).ctypes.data
        )
        self._levels = compiled.bound("levels", None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int64)
        self._unstable = compiled.bound("unstable", ctypes.c_int64, ctypes.c_void_p)
        this, count = ctypes.c_void_p, ctypes.c_int64
        self._drive = compiled.bound("drive", None, this, ctypes.c_uint32, ctypes.c_char_p, count)
        self._watch = compiled.bound("watch", None, this, ctypes.c_void_p, count, count)
        self._saw = compiled.bound("saw", count, this, ctypes.c_void_p)

    def levels(self, rx: bytes) -> bytes:
        """The level of the output behind each tick, of one level of the input a tick: 0 or 1, a byte each."""
        out = ctypes.create_string_buffer(len(rx))
        self._levels(self._device, rx, out, len(rx))
        return out.raw

    def drive(self, net: int, levels: bytes) -> None:
        """Puts an input's level on a net in each tick from now on, a byte each; after the last one comes the first again. The
        tick number since power-on, modulo their number, says which."""
        self._drive(self._device, net, levels, len(levels))

    def watch(self, nets: Sequence[int], ticks: int) -> None:
        """Keeps the levels of up to 32 nets behind each of the next ticks, while the lines are run; `seen` gives them."""
        self._ticks = ticks
        numbers = np.array(nets, np.uint32)
        self._watch(self._device, numbers.ctypes.data, len(nets), ticks)

    def seen(self) -> NDArray[np.uint32] | None:
        """What `watch` asked for: for each tick a number with a bit for each net, the first one lowest; None while that
        time isn't over."""
        found = np.empty(self._ticks, np.uint32)
        return found if self._saw(self._device, found.ctypes.data) == self._ticks else None

    @property
    def unstable(self) -> int:
        """How often a loop of look-up tables found no rest: never in a sound circuit."""
        return int(self._unstable(self._device))
