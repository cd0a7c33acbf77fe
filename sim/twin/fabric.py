"""The twin of a bitstream: the circuit that is in it, behind the same lines as a board twin."""

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..libraries.compiler import Compiled
from ..libraries.pins import FabricPins
from .circuit import CircuitTwin

__all__ = ["FabricTwin"]


class FabricTwin(CircuitTwin):
    """A circuit that is in a bitstream (`convolver.boards.bitstream.table`); its ticks are those of its fastest clock."""

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
