"""Values that nobody hands in on purpose, made anew for each call, as some of them can be read once only."""

import datetime
import decimal
import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import convolver

__all__ = ["ODD"]


class Unprintable:
    """Its ``repr`` raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class ManyLines:
    def __repr__(self) -> str:
        return "two\nlines"


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def endless() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


def locked(values: Any) -> Any:
    array = np.array(values)
    array.flags.writeable = False
    return array


ODD: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "numpy true": lambda: np.True_,
    "0": lambda: 0,
    "1": lambda: 1,
    "-1": lambda: -1,
    "3": lambda: 3,
    "2**40": lambda: 2**40,
    "10**5000": lambda: 10**5000,
    "-10**400": lambda: -(10**400),
    "1.0": lambda: 1.0,
    "1.5": lambda: 1.5,
    "-0.0": lambda: -0.0,
    "1e300": lambda: 1e300,
    "5e-324": lambda: 5e-324,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "half": lambda: Fraction(1, 2),
    "great fraction": lambda: Fraction(10**400, 3),
    "decimal": lambda: decimal.Decimal(3),
    "signalling nan": lambda: decimal.Decimal("sNaN"),
    "complex": lambda: 1j,
    "numpy complex": lambda: np.complex64(1),
    "int8": lambda: np.int8(3),
    "float16": lambda: np.float16(3),
    "longdouble": lambda: np.longdouble(3.5),
    "not a time": lambda: np.datetime64("NaT"),
    "seconds": lambda: np.timedelta64(3, "s"),
    "empty text": lambda: "",
    "text": lambda: "full",
    "three": lambda: "3",
    "numpy text": lambda: np.str_("valid"),
    "lines": lambda: "a\nb\r\n\x00" * 100,
    "surrogate": lambda: "\ud800",
    "bytes": lambda: b"s16",
    "bytearray": lambda: bytearray(b"123"),
    "memoryview": lambda: memoryview(b"123"),
    "empty list": list,
    "list": lambda: [1, 2, 3],
    "rows": lambda: [[1, 2], [3, 4]],
    "ragged": lambda: [[1], [2, 3]],
    "mixed": lambda: [1, [2]],
    "floats": lambda: [1.0, 2.0],
    "words": lambda: ["full"],
    "nones": lambda: [None, 1],
    "unprintable": Unprintable,
    "unprintables": lambda: [Unprintable()],
    "many lines": ManyLines,
    "tuple": lambda: (1, 2),
    "dict": lambda: {"a": 1},
    "set": lambda: {1, 2},
    "frozen set": lambda: frozenset([1]),
    "range": lambda: range(3),
    "endless range": lambda: range(10**15),
    "count": itertools.count,
    "rows without end": lambda: iter(lambda: [1, 2], None),
    "generator": lambda: (value for value in (1, 2, 3)),
    "long list": lambda: [7] * 70_000,
    "deep list": lambda: deep(100),
    "list of itself": endless,
    "empty array": lambda: np.zeros(0),
    "empty rows": lambda: np.zeros((0, 3), int),
    "0-d": lambda: np.array(3),
    "0-d float": lambda: np.array(1.5),
    "0-d object": lambda: np.array(None),
    "0-d masked": lambda: np.ma.masked,
    "array": lambda: np.array([1, 2, 3]),
    "2-d": lambda: np.array([[1, 2], [3, 4]]),
    "3-d": lambda: np.ones((2, 2, 2), int),
    "64-d": lambda: np.ones((1,) * 64, int),
    "big-endian": lambda: np.array([1, 2], ">i2"),
    "backwards": lambda: np.arange(9)[::-2],
    "read-only": lambda: locked([1, 2, 3]),
    "unsigned": lambda: np.array([2**64 - 1], np.uint64),
    "bools": lambda: np.array([True, False]),
    "bool rows": lambda: np.array([[True, False]]),
    "float array": lambda: np.array([1.0, np.nan]),
    "float16s": lambda: np.array([np.inf], np.float16),
    "complex array": lambda: np.array([1j, 2]),
    "texts": lambda: np.array(["a", "b"]),
    "objects": lambda: np.array([1, None, "x"], object),
    "great objects": lambda: np.array([10**5000, 1], object),
    "signed and great": lambda: [-1, 2**63],
    "times": lambda: np.array(["2020-01-01"], "M8[D]"),
    "differences": lambda: np.array([3], "m8[s]"),
    "structure": lambda: np.zeros(2, [("a", "i4"), ("b", "f8")]),
    "masked": lambda: np.ma.masked_array([1, 2, 3], [0, 1, 0]),
    "masked rows": lambda: np.ma.masked_array([[1, 2], [3, 4]], [[0, 1], [0, 0]]),
    "nothing masked": lambda: np.ma.masked_array([1, 2, 3]),
    "masked in a list": lambda: [1, np.ma.masked],
    "format": lambda: convolver.u8,
    "design": lambda: convolver.FIRDesign([1]),
    "quantised": lambda: convolver.quantize([0.5, 0.25], "q1_7"),
    "path": lambda: Path("/nowhere"),
    "date": lambda: datetime.date(2020, 1, 1),
    "function": lambda: len,
    "class": lambda: int,
    "object": object,
    "ellipsis": lambda: ...,
    "slice": lambda: slice(1),
    "exception": lambda: ValueError("x"),
}
"""A name, and what makes the value."""
