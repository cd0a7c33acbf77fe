"""The golden model of a FIR filter."""

import numpy.typing as npt

from convolver.designs import FIRDesign

from .exact import Array, exact, fitting
from .output import finished
from .sums import lfilter

__all__ = ["fir"]


def fir(design: FIRDesign, x: npt.ArrayLike) -> Array:
    """The results of a FIR core for a frame: `lfilter`, then `requantise`.

    Parameters
    ----------
    design : FIRDesign
        The filter.
    x : 1-D array-like of int
        One or more samples that fit `design.data`.

    Returns
    -------
    ndarray
        One result for each sample, int64, or object where `design.output` has values beyond int64.

    Raises
    ------
    DataError
        If `x` isn't a signal of integers, or one doesn't fit.
    """
    samples = fitting("Samples", exact("Samples", x, 1), design.data)
    return finished(design, lfilter(design.coefficients, samples))
