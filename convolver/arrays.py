"""Arrays of numbers in files: ``.npy``, ``.npz`` with one array, and text of numbers, ``.csv`` or ``.txt``."""

import contextlib
import re
import warnings
import zipfile
from fractions import Fraction
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import atomic
from .content import DATA_BYTES, text_of
from .errors import ConvolverError, FileError

__all__ = ["KINDS", "check_kind", "decode", "encode", "is_one", "is_table", "is_text", "numbers"]

Array = NDArray[Any]

KINDS = (".npy", ".npz", ".csv", ".txt")
"""Endings of the array files that are written."""

TEXT_BYTES = 1 << 24
"""Most bytes of a text of numbers."""

SLOW_TEXT = 1 << 20
"""Most characters of one that is looked at number by number, to say what is wrong with it."""

_BREAK = re.compile(r"\s*[,;]\s*|\s+")
_NUMBER = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,3})?")


def is_one(octets: bytes) -> bool:
    """Whether a file's content begins as ``.npy`` or ``.npz``."""
    return octets[:6] == b"\x93NUMPY" or octets[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def is_text(octets: bytes) -> bool:
    """Whether a file's content is a text that begins with a number."""
    try:
        return is_table(text_of(octets[:4096]))
    except UnicodeDecodeError:
        return False


def is_table(text: str) -> bool:
    """Whether a text's first line that isn't empty, and no comment, begins with a number."""
    first = next((line for line in map(_stripped, text.splitlines()) if line), "")
    return _NUMBER.fullmatch(_BREAK.split(first)[0]) is not None


def decode(octets: bytes, path: Path, rank: int) -> Array:
    """The array in a file's content; of a text (lines, numbers), or one-dimensional if it has one line, or one number a line,
    and `rank` is 1.

    Raises
    ------
    FileError
        If it is broken, holds objects, or not exactly one array.
    """
    try:
        if not is_one(octets):
            if len(octets) > TEXT_BYTES:
                raise ValueError(f"a text of numbers must have at most {TEXT_BYTES >> 20} MiB; give a .npy file")
            array = _integers(text_of(octets))
            short = [axis for axis, size in enumerate(array.shape) if size == 1]
            return array.squeeze(tuple(short[: array.ndim - rank]))
        if octets[:2] == b"PK":
            octets = _member(octets)
        return _from_npy(octets)
    except ConvolverError:
        raise
    except UnicodeDecodeError:
        said = "its content isn't known; it must be .npy, .npz or a text of numbers"
        raise FileError(f"Array {path} can't be read: {said}") from None
    except Exception as error:  # noqa: BLE001  # zipfile and numpy fail on broken files in ways of their own
        raise FileError(f"Array {path} can't be read: {atomic.reason(error)}") from None


def _member(octets: bytes) -> bytes:
    """The only array of a ``.npz``."""
    with zipfile.ZipFile(BytesIO(octets)) as archive:
        members = archive.infolist()
        if len(members) != 1:
            names = [member.filename.removesuffix(".npy") for member in members[:5]] + ["..."] * (len(members) > 5)
            raise ValueError(f"it must hold one array, not {len(members)}" + f": {', '.join(names)}" * bool(names))
        if members[0].file_size > DATA_BYTES:
            raise ValueError(f"its array has more than {DATA_BYTES >> 20} MiB")
        return archive.read(members[0])


def _from_npy(octets: bytes) -> Array:
    """The array, checked against the length of the content before any of it is taken."""
    file = BytesIO(octets)
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, _, dtype = read_header(file)
    except Exception:  # noqa: BLE001  # a header is a Python literal, so that everything can be wrong with it
        raise ValueError("its header is damaged") from None
    if dtype.hasobject:
        raise ValueError("it holds objects; it must hold numbers")
    size = dtype.itemsize
    for side in shape:
        size *= side
    if len(octets) - file.tell() < size:
        raise ValueError(f"it ends early: {len(octets) - file.tell()} of {size} bytes")
    file.seek(0)
    loaded: Array = np.lib.format.read_array(file, allow_pickle=False)
    return loaded


def _stripped(line: str) -> str:
    """A line without its comment."""
    return line.partition("#")[0].strip()


def numbers(text: str) -> list[list[Fraction]]:
    """The numbers of a text, line by line, exactly; commas, semicolons or white space stand between them.

    Raises
    ------
    ValueError
        If something else is among them, or if lines have different numbers of them.
    """
    lines: list[list[Fraction]] = []
    known: dict[str, Fraction] = {}  # most texts say the same numbers often
    for number, line in enumerate(text.splitlines(), 1):
        stripped = _stripped(line)
        if not stripped:
            continue
        words = _BREAK.split(stripped.removesuffix(","))
        for word in words:
            if word not in known:
                if _NUMBER.fullmatch(word) is None:
                    raise ValueError(f"line {number} must hold numbers, not {word[:40]!r}")
                known[word] = Fraction(word)
        if lines and len(words) != len(lines[0]):
            raise ValueError(f"line {number} must hold {len(lines[0])} numbers as the first one does, not {len(words)}")
        lines.append([known[word] for word in words])
    if not lines:
        raise ValueError("it holds no numbers")
    return lines


def _integers(text: str) -> Array:
    """A text of whole numbers as an array (lines, numbers)."""
    delimiter = next((mark for mark in ",;" if mark in text), None)
    for kind in (np.int64, np.float64):  # numpy's own reader takes a hundredth of the time, but not all that is allowed here
        with contextlib.suppress(ValueError, Warning), warnings.catch_warnings():
            warnings.simplefilter("error")  # of an empty text, which it takes
            array: Array = np.loadtxt(StringIO(text), kind, delimiter=delimiter, ndmin=2)
            if kind is np.int64 or _are_exact(array):
                return array.astype(np.int64)
    if len(text) > SLOW_TEXT:
        raise ValueError("it must hold whole numbers of 64 bits, as many on each line; or give a .npy file")
    lines = numbers(text)
    for value in (value for line in lines for value in line):
        if value.denominator != 1:
            raise ValueError(f"its numbers must be integers, not {float(value):.10g}; scale and round them first")
        if not -(1 << 63) <= value < 1 << 63:
            raise ValueError(f"its numbers must be of 64 bits, not {float(value):.10g}")
    return np.array([[int(value) for value in line] for line in lines], np.int64)


def _are_exact(array: Array) -> bool:
    return bool((np.isfinite(array) & (np.abs(array) < 2.0**53) & (array == np.floor(array))).all())


def check_kind(suffix: str, width: int, shape: tuple[int, ...]) -> None:
    """Refuses an array that a kind of file can't hold, before there is one.

    Raises
    ------
    FileError
        If its values are wider than 64 bits, or a text of it would have more than two dimensions.
    """
    if suffix in (".npy", ".npz") and width > 64:
        raise FileError(f"A {suffix} file holds up to 64 bits a value, not {width}; give the design a narrower output")
    if suffix in (".csv", ".txt") and len(shape) > 2:
        raise FileError(f"A {suffix} file holds lines of numbers, not {len(shape)} dimensions; name a .npy file")


def encode(suffix: str, values: Array) -> bytes:
    """An array file; numbers on a line of a text have commas between them in ``.csv``, and spaces in ``.txt``.

    Raises
    ------
    FileError
        As `check_kind`.
    """
    check_kind(suffix, 65 if values.dtype == object else 8 * values.dtype.itemsize, values.shape)
    file = BytesIO()
    if suffix == ".npz":
        np.savez_compressed(file, values)
    elif suffix == ".npy":
        np.lib.format.write_array(file, values, allow_pickle=False)
    else:
        np.savetxt(file, values, fmt="%d", delimiter="," if suffix == ".csv" else " ")
    return file.getvalue()
