"""The twin of a bitstream: its circuit, behind the same lines as a board twin."""

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..libraries.compiler import Compiled
from ..libraries.pins import FabricPins
from .circuit import CircuitTwin

__all__ = ["FabricTwin"]


class FabricTwin(CircuitTwin):
    """The circuit in a bitstream (`convolver.boards.bitstream.table`). Its ticks are those of its fastest clock."""

    top = "twin::fabric"
    header = "fabric.h"
    pins = FabricPins

    def _bind(self, compiled: Compiled) -> None:
        this, count = ctypes.c_void_p, ctypes.c_int64
        self._unstable = compiled.bound("unstable", count, this)
        self._drive = compiled.bound("drive", None, this, ctypes.c_uint32, ctypes.c_char_p, count)
        self._watch = compiled.bound("watch", None, this, ctypes.c_void_p, count, count)
        self._saw = compiled.bound("saw", count, this, ctypes.c_void_p)

    def drive(self, net: int, levels: bytes) -> None:
        """Drives a net with one level a tick from now on, one byte each, repeated for ever. The number of the tick
        since power-on, modulo the number of levels, is the index of the level."""
        self._drive(self._device, net, levels, len(levels))

    def watch(self, nets: Sequence[int], ticks: int) -> None:
        """Records the levels of up to 32 nets at the end of each of the next ticks, while the lines are run; see
        `seen`."""
        self._ticks = ticks
        numbers = np.array(nets, np.uint32)
        self._watch(self._device, numbers.ctypes.data, len(nets), ticks)

    def seen(self) -> NDArray[np.uint32] | None:
        """The levels recorded by `watch`: for each tick a number with one bit a net, the first net lowest. None while
        ticks are missing."""
        found = np.empty(self._ticks, np.uint32)
        return found if self._saw(self._device, found.ctypes.data) == self._ticks else None

    @property
    def unstable(self) -> int:
        """How often a loop of look-up tables didn't settle: never in a sound circuit."""
        return int(self._unstable(self._device))
