"""Linear-phase taps for a gain of any shape over a passband, and for stopbands: nearly equiripple, by numpy alone.

Lawson's algorithm: least squares, again and again, with weights that grow where the error is large. It takes any wanted
gain, such as one that makes up for a CIC filter's, and any number of bands, where an exchange algorithm takes constant ones.

Frequencies are in cycles a tap, 0 to 0.5.
"""

from collections.abc import Callable, Sequence

import numpy as np

from .response import Floats

__all__ = ["half_band_taps", "shaped_taps"]

DENSITY = 12
"""Points of the grid for each coefficient."""

ROUNDS = 40
RIDGE = 1e-15
"""What keeps the equations solvable where bands say little of some coefficient."""

Shape = Callable[[Floats], Floats]
"""A gain by frequency."""


def shaped_taps(
    count: int, passed: float, wanted: Shape, stops: Sequence[tuple[float, float]], errors: tuple[float, float]
) -> tuple[Floats, float]:
    """`count` symmetric taps, and their greatest error over what is allowed.

    Parameters
    ----------
    count : int
        2 or more.
    passed : float
        End of the passband.
    wanted : callable
        The gain there.
    stops : sequence of (float, float)
        The stopbands.
    errors : (float, float)
        Errors that are allowed of the gain: in the passband in parts of what is wanted, in the stopbands of one.
    """
    half = (count + 1) // 2
    bands = [(0.0, passed), *((low, min(high, 0.5)) for low, high in stops if low < min(high, 0.5))]
    step = 0.5 / (DENSITY * half)
    grids = [np.linspace(low, high, max(int((high - low) / step) + 1, 8)) for low, high in bands]
    places = np.concatenate(grids)
    inside = np.arange(len(places)) < len(grids[0])
    goal = np.where(inside, wanted(places), 0.0)
    allowed = np.where(inside, errors[0] * np.abs(goal), errors[1])
    # The gain is a sum of cosines; with an even number of taps of those between whole numbers.
    odd = count % 2
    orders = np.arange(half)
    basis = np.cos(2 * np.pi * np.outer(places, orders + (0 if odd else 0.5)))
    # Products of two of them are cosines of their sum and their difference, of which there are few.
    cosines = np.cos(2 * np.pi * np.outer(places, np.arange(2 * half)))
    apart, together = np.abs(orders[:, None] - orders), orders[:, None] + orders + (0 if odd else 1)
    weights, best, error = np.ones(len(places)) / len(places), np.zeros(half), np.inf
    for _ in range(ROUNDS):
        weighted = weights / allowed**2
        moments = weighted @ cosines
        square = (moments[apart] + moments[together]) / 2
        square[np.diag_indices(half)] += RIDGE * np.trace(square)
        found = np.linalg.solve(square, (weighted * goal) @ basis)
        off = np.abs(basis @ found - goal) / allowed
        if off.max() < error:
            best, error = found, float(off.max())
        weights = np.maximum(weights * off, 1e-15)
        weights /= weights.sum()
    mirrored = best / 2
    if count % 2:
        mirrored = np.concatenate([[best[0]], mirrored[1:]])
    taps: Floats = np.concatenate([mirrored[::-1], mirrored[count % 2 :]])
    return taps, error


def half_band_taps(count: int, edge: float, allowed: float) -> tuple[Floats, float]:
    """A half-band filter of 3, 7, 11 and so on taps that passes 0 to `edge`, with its greatest error over what is allowed.

    It is made of a filter of half the length, so that its zeros are exact (Vaidyanathan and Nguyen, 1987).
    """
    half, error = shaped_taps((count + 1) // 2, 2 * edge, np.ones_like, (), (2 * allowed, 1.0))
    taps = np.zeros(count)
    taps[::2] = half / 2
    taps[count // 2] = 0.5
    return taps, error
