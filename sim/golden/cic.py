"""The golden model of a CIC filter."""

from functools import singledispatch

import numpy as np
import numpy.typing as npt

from convolver.designs import CICDesign
from convolver.designs.cic_losses import Lossless, Lossy

from .exact import Array, exact, fitting
from .output import finished

__all__ = ["cic"]


def cic(design: CICDesign, x: npt.ArrayLike) -> Array:
    """The results of a core for a frame: moving sums at the higher rate, every `down`-th of them, then `requantise`.

    With pruned bits the sections themselves are computed, in numbers of any size.

    Parameters
    ----------
    design : CICDesign
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
    samples = fitting("Samples", exact("Samples", x, 1), design.data).astype(object)
    return finished(design, _sums(design.losses, design, samples))


@singledispatch
def _sums(losses: Lossless, design: CICDesign, samples: Array) -> Array:
    """The exact sums."""
    del losses
    apart = np.zeros(len(samples) * design.up, object)
    apart[:: design.up] = samples
    for _ in range(design.stages):
        apart = _moving_sum(apart, design.up * design.down * design.delay)
    sums: Array = apart[:: design.down]
    return sums


def _moving_sum(samples: Array, span: int) -> Array:
    """For each sample, the sum of it and the samples before it, `span` in all."""
    padded = np.concatenate([np.zeros(span, object), np.cumsum(samples)])
    sums: Array = padded[span:] - padded[: len(samples)]
    return sums


@_sums.register
def _(losses: Lossy, design: CICDesign, samples: Array) -> Array:
    """A decimator's sums, without the bits that each section drops."""
    del losses
    values, gone = samples, 0
    for number, bits in enumerate(design.pruning):
        values, gone = values >> bits - gone, bits
        if number < design.stages:
            values = np.cumsum(values)
            if number == design.stages - 1:
                values = values[:: design.down]
        else:
            before = np.concatenate([np.zeros(design.delay, object), values])[: len(values)]
            values = values - before
    return values << gone
