"""What coefficients do to each frequency: delay, gain, and the extremes of the gain over a band.

Frequencies are in cycles a sample, 0 to 0.5.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from numpy.polynomial.polynomial import polyval

__all__ = ["Floats", "gain_extremes", "gains", "group_delay"]

Floats = npt.NDArray[np.float64]

OVERSAMPLING = 256
"""Points of the grid for each tap: between two of them a gain of a linear-phase filter's ripple hides less than 0.001 dB."""

FINER = 17
"""Points of the grid around the greatest and the least of them: where ripples are narrow, more would hide."""


def group_delay(coefficients: Sequence[int]) -> tuple[Fraction | None, bool]:
    """Samples by which a FIR filter delays, exactly, and whether all frequencies are delayed alike (linear phase).

    Without linear phase it is the delay at frequency zero, or None where the gain there is zero and it has none.
    """
    taps = [(position, weight) for position, weight in enumerate(coefficients) if weight]
    if not taps:
        return None, False
    ends = taps[0][0] + taps[-1][0]
    mirrored = {ends - position: weight for position, weight in taps}
    if any(mirrored == {position: sign * weight for position, weight in taps} for sign in (1, -1)):
        return Fraction(ends, 2), True
    total = sum(weight for _, weight in taps)
    return (Fraction(sum(position * weight for position, weight in taps), total) if total else None), False


def gains(coefficients: npt.ArrayLike, frequencies: npt.ArrayLike) -> Floats:
    """``abs(sum(coefficients[k] * exp(-2j * pi * f * k)))`` at each frequency."""
    taps = np.asarray(coefficients, np.float64)
    magnitudes: Floats = np.abs(polyval(np.exp(-2j * np.pi * np.asarray(frequencies, np.float64)), taps))
    return magnitudes


def gain_extremes(
    coefficients: npt.ArrayLike, low: float, high: float, oversampling: int = OVERSAMPLING
) -> tuple[float, float]:
    """The least and the greatest gain between two frequencies, both included.

    They are found on a grid of `oversampling` points for each tap, and of no fewer than that in a narrow band; then on a finer
    one between the neighbours of the points found.
    """
    taps = np.asarray(coefficients, np.float64)
    size = 1 << (oversampling * len(taps) - 1).bit_length()
    first, last = int(np.ceil(low * size)), int(np.floor(high * size))
    if last - first + 1 >= oversampling:
        points = np.concatenate([[low], np.arange(first, last + 1) / size, [high]])
        found = np.abs(np.fft.rfft(taps, size))[first : last + 1]
        ends = gains(taps, [low, high])
        found = np.concatenate([ends[:1], found, ends[1:]])
    else:
        points = np.linspace(low, high, oversampling)
        found = gains(taps, points)
    return (
        min(float(found.min()), float(_between(taps, points, int(found.argmin())).min())),
        max(float(found.max()), float(_between(taps, points, int(found.argmax())).max())),
    )


def _between(taps: Floats, points: Floats, place: int) -> Floats:
    """The gains between the neighbours of a point."""
    return gains(taps, np.linspace(points[max(place - 1, 0)], points[min(place + 1, len(points) - 1)], FINER))
