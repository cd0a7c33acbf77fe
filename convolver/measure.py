"""Measures what a running filter does to sines: the response of the hardware itself, on a twin or a board."""

from typing import TYPE_CHECKING, cast

import numpy as np

from .arguments import integer, shown
from .designs import FIRDesign
from .errors import DataError
from .response import Floats, gains

if TYPE_CHECKING:
    from .host.device import Device

__all__ = ["measure_response"]

PERIOD = 1024
"""Samples in which each sine turns a whole number of times; a power of two."""


def measure_response(device: "Device", points: int = 128) -> tuple[Floats, Floats]:
    """Sends sines through a FIR filter, one frequency after the other, and gives frequencies and gains.

    Each sine is as large as samples and results can hold, and rounded to whole samples. The gain is the ratio of that
    frequency's part in a period of results, in the steady state, to its part in the samples.

    Parameters
    ----------
    device : Device
        An open FIR design.
    points : int
        Frequencies, spread over 0 to half the sampling rate; at most 256.

    Returns
    -------
    frequencies, gains : ndarray
        In cycles a sample; without those at which the formats leave no room for a sine.

    Raises
    ------
    DesignError
        If the design isn't a FIR.
    DataError
        If `points` isn't a number of them.
    """
    device.design.check_measured()
    design = cast(FIRDesign, device.design)
    count = integer("Points", points)
    if count < 1:
        raise DataError(f"Points must be 1 or more, not {shown(points)}")
    # Odd numbers of turns have no factor in common with the period: every sample of it is another phase.
    turns = np.unique(np.linspace(0, PERIOD // 2 - 1, min(count, PERIOD // 4)).astype(int) | 1)
    scale = np.array(design.coefficients, np.float64) / 2.0**design.shift
    measured = []
    for turn, gain in zip(turns, gains(scale, turns / PERIOD), strict=True):
        centre, amplitude = _room(design, float(scale.sum()), float(gain))
        if amplitude < 0.5:
            continue
        places = np.arange(design.taps - 1 + PERIOD)
        sine = np.round(centre + amplitude * np.cos(2 * np.pi * turn / PERIOD * places))
        samples = np.clip(sine, design.data.min, design.data.max).astype(np.int64)
        results = np.asarray(device(samples)).astype(np.float64)
        wave = np.exp(-2j * np.pi * turn / PERIOD * places[-PERIOD:])
        measured.append((turn / PERIOD, abs(wave @ results[-PERIOD:]) / abs(wave @ samples[-PERIOD:])))
    frequencies, found = np.array(measured).reshape(-1, 2).T
    return frequencies, found


def _room(design: FIRDesign, constant_gain: float, gain: float) -> tuple[float, float]:
    """Centre and amplitude of the largest sine that fits samples and, of this gain, results; a negative one if none does."""
    data, output = design.data, design.output_format
    centres = [(data.min + data.max) / 2]
    if constant_gain:
        centres.append((output.min + output.max) / 2 / constant_gain)
    rooms = []
    for centre in centres:
        amplitude = min(centre - data.min, data.max - centre)
        settled = centre * constant_gain
        # A result may be rounded away by one, and so may a sample.
        left = min(settled - output.min, output.max - settled) - 1 - abs(constant_gain)
        rooms.append((min(amplitude, left / gain) if gain else amplitude if left >= 0 else -1.0, centre))
    amplitude, centre = max(rooms)
    return centre, amplitude
