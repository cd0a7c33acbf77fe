"""The golden model of a resampler."""

import numpy as np
import numpy.typing as npt

from convolver.designs import ResampleDesign

from .exact import Array, exact, fitting
from .output import finished
from .sums import lfilter

__all__ = ["resample", "upfirdn"]


def resample(design: ResampleDesign, x: npt.ArrayLike) -> Array:
    """The results of a core for a frame: the results of `upfirdn` that begin in it, then `requantise`.

    Parameters
    ----------
    design : ResampleDesign
    x : 1-D array-like of int
        One or more samples that fit `design.data`.

    Returns
    -------
    ndarray
        ``ceil(len(x) * up / down)`` results, int64, or object where `design.output` has values beyond int64.

    Raises
    ------
    DataError
        If `x` isn't a signal of integers, or one doesn't fit.
    """
    samples = fitting("Samples", exact("Samples", x, 1), design.data)
    # With at least `up` taps, `upfirdn` gives all results that begin in the frame.
    taps = design.coefficients + (0,) * (design.up - len(design.coefficients))
    whole = upfirdn(taps, samples, design.up, design.down)
    return finished(design, whole[: -(-len(samples) * design.up // design.down)])


def upfirdn(h: npt.ArrayLike, x: npt.ArrayLike, up: int = 1, down: int = 1) -> Array:
    """Upsampling by zeros, an FIR filter, downsampling: ``scipy.signal.upfirdn(h, x, up, down)``.

    Computed by its definition, without phases: zeros are multiplied, and results that are left out are computed.
    """
    taps, samples = exact("Taps", h, 1), exact("Samples", x, 1)
    apart = np.zeros((len(samples) - 1) * up + len(taps), samples.dtype)
    apart[: (len(samples) - 1) * up + 1 : up] = samples
    return lfilter(taps, apart)[::down]
