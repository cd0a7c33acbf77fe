"""The golden model of a moving maximum."""

import numpy as np
import numpy.typing as npt

from convolver.designs import MovingMaximumDesign

from .exact import Array, exact, fitting

__all__ = ["moving_maximum"]


def moving_maximum(design: MovingMaximumDesign, x: npt.ArrayLike) -> Array:
    """The results of a core for a frame: for each sample the greatest of it and the `size` - 1 samples before it.

    Parameters
    ----------
    design : MovingMaximumDesign
    x : 1-D array-like of int
        One or more samples that fit `design.data`.

    Returns
    -------
    ndarray
        One result for each sample, int64.

    Raises
    ------
    DataError
        If `x` isn't a signal of integers, or one doesn't fit.
    """
    samples = fitting("Samples", exact("Samples", x, 1), design.data)
    before = np.full(design.size - 1, design.fill, samples.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([before, samples]), design.size)
    greatest: Array = windows.max(axis=-1)
    return greatest
