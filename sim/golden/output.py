"""The output stage: rounding, overflow and threshold."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from convolver.designs import LinearDesign
from convolver.formats import OVERFLOWS, ROUNDINGS, Format, Overflow, Rounding

from .exact import INT64, Array, exact, fits_int64, reach, word

__all__ = ["finished", "requantise"]


def requantise(
    values: npt.ArrayLike, shift: int, rounding: Rounding, output_format: Format, overflow: Overflow = "saturate"
) -> Array:
    """The output stage: ``values / 2**shift``, rounded once and then fitted to `output_format`.

    Parameters
    ----------
    values : array-like of int
        Exact sums, of any shape and size.
    shift : int
        Bits to drop, 0 or more.
    rounding : {"floor", "half_up", "half_even", "half_away", "toward_zero"}
        As in `convolver.formats.round_shift`.
    output_format : Format
        Format of the results.
    overflow : {"saturate", "wrap"}
        A result outside `output_format` becomes its nearest value, or its value modulo 2**width.

    Returns
    -------
    ndarray
        The results in the shape of `values`: int64, or object where `output_format` has values beyond int64.
    """
    word("Rounding", rounding, ROUNDINGS)
    word("Overflow", overflow, OVERFLOWS)
    v = exact("Values", values, None)
    # Below these limits neither the bias nor the wrapping can leave int64.
    if shift > 61 or reach(v) >= 1 << 62 or (overflow == "wrap" and output_format.width > 62):
        v = v.astype(object)
    if shift:
        half = 1 << shift - 1
        match rounding:
            case "floor":
                bias: Any = 0
            case "half_up":
                bias = half
            case "half_even":
                bias = half - 1 + (v >> shift & 1)
            case "half_away":
                bias = half - (v < 0).astype(v.dtype)
            case "toward_zero":
                bias = (v < 0).astype(v.dtype) * (2 * half - 1)
        v = v + bias >> shift
    if overflow == "saturate":
        low, high = output_format.min, output_format.max
        if v.dtype != object:
            low, high = max(low, INT64.min), min(high, INT64.max)
        v = np.minimum(np.maximum(v, low), high)
    else:
        sign = 1 << output_format.width - 1 if output_format.signed else 0
        v = (v & (1 << output_format.width) - 1 ^ sign) - sign
    return v.astype(np.int64 if fits_int64(output_format.min, output_format.max) else object)


def finished(design: LinearDesign, sums: Array) -> Array:
    """The output stage of a design: `requantise`, or its threshold applied to the rounded sums."""
    return design.decision.results(sums, partial(_stage, design), partial(_binary, design))


def _stage(design: LinearDesign, sums: Array) -> Array:
    return requantise(sums, design.shift, design.rounding, design.output_format, design.overflow)


def _binary(design: LinearDesign, sums: Array, threshold: int) -> Array:
    """The output format's greatest number where the rounded sum exceeds the threshold, else 0."""
    rounded = requantise(sums, design.shift, design.rounding, Format(design.stage_input.width + 2, True))
    levels = exact("Levels", np.array([0, design.output_format.max], object), 1)
    found: Array = levels[np.greater(rounded, threshold).astype(int)]
    return found
