"""Arrays of exact integers: int64 if all values fit, else Python integers."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from convolver.errors import DataError
from convolver.formats import Format

__all__ = ["INT64", "Array", "exact", "fits_int64", "fitting", "reach", "word"]

Array: TypeAlias = npt.NDArray[Any]
"""int64, or object with Python integers inside."""

INT64 = Format(64, True)


def exact(name: str, values: npt.ArrayLike, rank: int | None) -> Array:
    """`values` as int64, or as Python integers if one doesn't fit."""
    array = np.asarray(values)
    if rank is not None and array.ndim != rank:
        raise DataError(f"{name} must have {rank} dimension{'s' * (rank > 1)}, not {array.ndim}")
    if array.size == 0:
        raise DataError(f"{name} must not be empty")
    if array.dtype == object:
        if not all(isinstance(value, int | np.integer | np.bool_) for value in array.flat):
            raise DataError(f"{name} must be integers")
        exact = np.array([int(value) for value in array.flat], object).reshape(array.shape)
        return exact.astype(np.int64) if fits_int64(exact.min(), exact.max()) else exact
    if array.dtype.kind not in "iub":
        raise DataError(f"{name} must be integers, not {array.dtype}")
    if array.dtype == np.uint64 and int(array.max()) > INT64.max:
        return array.astype(object)
    return array.astype(np.int64, copy=False)


def fitting(name: str, array: Array, form: Format) -> Array:
    low, high = int(array.min()), int(array.max())
    if low not in form or high not in form:
        worst = low if low not in form else high
        raise DataError(f"{name} must be between {form.min} and {form.max} to fit {form}, not {worst}")
    return array


def reach(array: Array) -> int:
    """The greatest magnitude in an array, exact also for the most negative int64."""
    return max(abs(int(array.min())), abs(int(array.max())))


def fits_int64(low: int, high: int) -> bool:
    return INT64.min <= low and high <= INT64.max


def word(name: str, value: str, words: Sequence[str]) -> None:
    if value not in words:
        raise DataError(f"{name} must be one of {', '.join(words)}, not {value!r}")
