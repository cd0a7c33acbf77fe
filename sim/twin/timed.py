"""The twin of a bitstream with delays: paths that are too slow on the device fail here too."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from ..libraries.compiler import Compiled
from ..libraries.pins import TimedPins
from .circuit import CircuitTwin

__all__ = ["TimedTwin"]


class TimedTwin(CircuitTwin):
    """A circuit with delays (`convolver.boards.bitstream.timed`); its table gives ticks in picoseconds."""

    top = "twin::timed"
    header = "timed.h"
    pins = TimedPins

    def _bind(self, compiled: Compiled) -> None:
        this, number = ctypes.c_void_p, ctypes.c_uint32
        self._put = compiled.bound("put", None, this, number, number, ctypes.c_int64, number)
        self._violations = compiled.bound("violations", None, this, ctypes.c_void_p)

    def put(self, net: int, level: bool, tick: int, delay: int = 0) -> None:
        """Drives a net with a level in a future tick, `delay` picoseconds after the tick's beginning: fewer
        than 60000."""
        self._put(self._device, net, level, tick, delay)

    def violations(self, places: int) -> NDArray[np.uint32]:
        """The number of timing violations at each place, in the order of
        `convolver.boards.bitstream.timed.Timed.places`."""
        found = np.zeros(places, np.uint32)
        self._violations(self._device, found.ctypes.data)
        return found
