"""What stands outside an array, put around it: by `numpy.pad`'s names, or by another library's words for them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .arguments import Array, choice
from .designs import Boundary

__all__ = ["boundary_for", "holds", "padded"]


def boundary_for(name: str, boundary: object, words: Mapping[str, Boundary]) -> Boundary:
    """What another library's word for a boundary stands for."""
    return words[choice(name, boundary, list(words))]


def padded(samples: Array, margins: Sequence[tuple[int, int]], boundary: Boundary, fill: int) -> Array:
    """`samples` with a border around them; themselves if there is none.

    Parameters
    ----------
    samples : ndarray of int
    margins : sequence of (int, int)
        Of each axis the samples to add in front and behind.
    boundary : str
        What they are, by `numpy.pad`'s names.
    fill : int
        The samples under ``constant``; it need not fit the dtype.
    """
    if not any(map(any, margins)):
        return samples
    # A place more along each axis, for the fill. Places count from 1 while numpy.pad fills with 0: then that is -1, the last.
    framed = np.full([size + 1 for size in samples.shape], fill, _dtype(samples, fill))
    framed[(slice(-1),) * samples.ndim] = samples
    places = (
        np.pad(np.arange(size) + 1, margin, mode=boundary) - 1 for size, margin in zip(samples.shape, margins, strict=True)
    )
    found: Array = framed[np.ix_(*places)]
    return found


def holds(form: np.dtype[Any], low: int, high: int) -> bool:
    """Whether a dtype holds integers from one to another."""
    return form.kind not in "iu" or (np.iinfo(form).min <= low and high <= np.iinfo(form).max)


def _dtype(samples: Array, fill: int) -> np.dtype[Any]:
    """A dtype that holds samples and fill."""
    low, high = min(int(samples.min()), fill), max(int(samples.max()), fill)
    return next(form for form in (samples.dtype, np.dtype(np.int64), np.dtype(object)) if holds(form, low, high))
