"""The formats of designs that are made for an array: few, so that many arrays share a twin."""

from typing import Any

import numpy as np

from .arguments import Array, shown
from .errors import DataError
from .formats import Format

__all__ = ["coefficient_format", "sample_format"]

WIDTHS = (8, 16, 32)


def sample_format(name: str, samples: Array, given: np.dtype[Any]) -> Format:
    """A format that holds the samples; of a small dtype, everything that it can hold."""
    low, high = int(samples.min()), int(samples.max())
    if given.kind in "iu" and given.itemsize <= 2:
        limits = np.iinfo(given)
        low, high = min(low, int(limits.min)), max(high, int(limits.max))
    return _rounded_up(name, low, high, signed=low < 0)


def coefficient_format(name: str, coefficients: Array) -> Format:
    """A format that holds the coefficients; signed wherever that does, so that kernels with and without a sign share a twin."""
    low, high = int(coefficients.min()), int(coefficients.max())
    return _rounded_up(name, low, high, signed=low < 0 or high < 1 << 31)


def _rounded_up(name: str, low: int, high: int, *, signed: bool) -> Format:
    for width in WIDTHS:
        form = Format(width, signed)
        if low in form and high in form:
            return form
    widest = Format(WIDTHS[-1], low < 0)
    worst = high if low in widest else low
    raise DataError(f"{name} must be between {widest.min} and {widest.max} to fit {widest}, not {shown(worst)}")
