"""Rank filters with scipy.ndimage's signatures and meaning, run on the twin, exact."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from . import opening
from .arguments import Array, array, between, exact, shown
from .designs import Boundary, MovingMaximumDesign
from .designs.moving_maximum import MAX_SIZE
from .designs.outside import outside_of
from .errors import DataError
from .padding import boundary_for, holds, padded
from .twin_formats import sample_format

__all__ = ["maximum_filter1d"]

Outside = Literal["reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap"]

BOUNDARIES: dict[str, Boundary] = {
    "reflect": "symmetric",
    "constant": "constant",
    "nearest": "edge",
    "mirror": "reflect",
    "wrap": "wrap",
    "grid-mirror": "symmetric",
    "grid-constant": "constant",
    "grid-wrap": "wrap",
}
"""scipy.ndimage's words, and numpy.pad's."""

HINT = "scale and round the samples first"


def maximum_filter1d(
    input: ArrayLike,  # noqa: A002  # as scipy calls it
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: Outside = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Array:
    """Takes the greatest of each window along an axis: `scipy.ndimage.maximum_filter1d`, run on the twin.

    Result `n` is the greatest of the `size` samples from ``n - size // 2 - origin`` on. One sample a clock; the first call of a
    kind compiles its twin.

    Parameters
    ----------
    input : array-like of int
        A signal, or many along one of several dimensions; values of up to 32 bits, signed or unsigned.
    size : int
        Samples of the window, 1 to 256.
    axis : int
        The dimension along which `input` is filtered.
    output : dtype or ndarray, optional
        What the results are, or where they go; by default of the dtype of `input`.
    mode : {"reflect", "constant", "nearest", "mirror", "wrap"}
        What stands outside a signal, by scipy.ndimage's words: its last sample once more and then those before it, `cval`, its
        last sample, those before its last, or its other end. ``grid-mirror``, ``grid-constant`` and ``grid-wrap`` are other
        names of the first, the second and the last.
    cval : int
        The sample outside under ``constant``.
    origin : int
        Samples by which a window lies before its middle.

    Returns
    -------
    ndarray
        As many results as samples.

    Raises
    ------
    DataError
        If `input` is empty, or not of integers that fit, or another argument is out of its range.
    DesignError
        If `mode` isn't one of its words.
    ToolError
        If the twin can't be compiled.
    """
    samples = array("input", input, HINT)
    if samples.ndim == 0:
        raise DataError("input must have 1 dimension or more, not 0")
    place = between("axis", axis, -samples.ndim, samples.ndim - 1, DataError)
    length = between("size", size, 1, MAX_SIZE, DataError)
    outside = outside_of(boundary_for("Mode", mode, BOUNDARIES))
    before = length // 2 + between("origin", origin, -(length // 2), (length - 1) // 2, DataError)
    target = _target(output, np.asarray(input).dtype, samples.shape)

    lines = np.moveaxis(samples, place, -1)
    shape = lines.shape
    margins = (0, 0), (before, length - 1 - before)
    around = padded(lines.reshape(-1, shape[-1]), margins, outside.boundary, _whole("cval", cval))
    design = MovingMaximumDesign(length, data=sample_format(outside.named("input", "cval"), around, samples.dtype))
    with opening.open(design) as device:
        results = device(around, stack=True)[:, length - 1 :]
    _check_held(results, target.dtype)
    target[...] = np.moveaxis(results.reshape(shape), -1, place)
    return target


def _whole(name: str, value: object) -> int:
    """A number that is an integer, of whatever type."""
    found = exact(value)
    if found is None or found.denominator != 1:
        raise DataError(f"{name} must be an integer, not {shown(value)}")
    return int(found)


def _target(output: Any, given: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Where the results go."""
    if not isinstance(output, np.ndarray):
        try:
            return np.empty(shape, given if output is None else np.dtype(output))
        except TypeError:
            raise DataError(f"output must be a dtype or an array, not {shown(output)}") from None
    if output.shape != shape:
        raise DataError(f"output must have the shape of input, {shape}, not {output.shape}")
    return output


def _check_held(results: Array, target: np.dtype[Any]) -> None:
    """Refuses a dtype that some result doesn't fit."""
    low, high = int(results.min()), int(results.max())
    if target.kind in "iu" and not holds(target, low, high):
        limits = np.iinfo(target)
        worst = low if low < limits.min else high
        raise DataError(f"Results must be between {limits.min} and {limits.max} to fit {target}, not {worst}")
