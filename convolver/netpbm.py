"""Netpbm pictures (PBM, PGM, PPM) of any maxval: their samples are taken, and given, as they are."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Header", "decode", "encode", "header", "is_one"]

_TOKEN = rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,9})"
_HEADER = {
    "bits": re.compile(rb"P([14])" + _TOKEN * 2),
    "samples": re.compile(rb"P([2356])" + _TOKEN * 3),
}


_HEAD = re.compile(rb"P[1-6][\s#]")


def is_one(content: bytes) -> bool:
    """Whether a file's content begins as a PBM, PGM or PPM."""
    return _HEAD.match(content) is not None


@dataclass(frozen=True)
class Header:
    """What stands before the samples: `number` of the kind, 1 to 6, size, `planes`, and the value that is white."""

    number: int
    rows: int
    columns: int
    planes: int
    maxval: int
    size: int
    """Bytes of it."""


def header(content: bytes) -> Header:
    """Reads a picture's header.

    Raises
    ------
    ValueError
        If it has none, or one that can't be.
    """
    found = _HEADER["bits" if content[1:2] in b"14" else "samples"].match(content)
    if found is None:
        raise ValueError("its header has no size, or no maxval")
    number, columns, rows, *more = map(int, found.groups())
    maxval = more[0] if more else 1
    if not 1 <= maxval <= 65535:
        raise ValueError(f"its maxval must be between 1 and 65535, not {maxval}")
    if not rows or not columns:
        raise ValueError(f"it must have rows and columns, not {rows}x{columns}")
    return Header(number, rows, columns, 3 if number in (3, 6) else 1, maxval, found.end())


def decode(content: bytes) -> NDArray[Any]:
    """The samples of a picture, (rows, columns) or (rows, columns, 3): 0 is black, maxval is white; of a PBM 1 is white.

    Raises
    ------
    ValueError
        If the picture is broken, ends early, or is followed by another one.
    """
    about = header(content)
    rest = content[about.size :]
    samples = _plain(about, rest) if about.number <= 3 else _binary(about, rest[1:])  # one byte of white space
    if samples.max() > about.maxval:
        raise ValueError(f"its samples must be between 0 and its maxval, {about.maxval}, not {samples.max()}")
    if about.number in (1, 4):
        samples = 1 - samples  # a PBM's 1 is ink
    shape = (about.rows, about.columns, 3) if about.planes == 3 else (about.rows, about.columns)
    return samples.reshape(shape).astype(np.uint8 if about.maxval < 256 else np.uint16)


def _plain(about: Header, rest: bytes) -> NDArray[Any]:
    """Samples that are written as numbers."""
    text = re.sub(rb"#[^\n\r]*", b" ", rest)
    # The bits of a plain PBM need no space between them.
    words = re.findall(rb"[01]", text) if about.number == 1 else text.split()
    count = about.rows * about.columns * about.planes
    if len(words) != count or not all(map(_is_number, words)):
        raise ValueError(f"it must hold {count} samples, not {len(words)} words")
    return np.array(list(map(int, words)), np.int64)


def _binary(about: Header, rest: bytes) -> NDArray[Any]:
    """Samples of a byte or two each, big-endian; those of a PBM are bits, of which each line has whole bytes."""
    line = -(-about.columns // 8) if about.number == 4 else about.columns * about.planes
    kind: Any = np.uint8 if about.maxval < 256 else ">u2"
    count = about.rows * line
    size = count * np.dtype(kind).itemsize
    if len(rest) < size:
        raise ValueError(f"it ends early: {len(rest)} of {size} bytes")
    if rest[size:].strip():
        raise ValueError("it is followed by more: by another picture, perhaps; take one out first")
    raw = np.frombuffer(rest, kind, count)
    if about.number != 4:
        return raw
    return np.unpackbits(raw.reshape(about.rows, line), axis=1)[:, : about.columns]


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) < 10


def encode(samples: NDArray[Any], maxval: int) -> bytes:
    """A binary picture of samples (rows, columns) or (rows, columns, 3), whose white is `maxval`; a PBM if that is 1 and
    there is one plane."""
    rows, columns = samples.shape[:2]
    if maxval == 1 and samples.ndim == 2:
        return b"P4\n%d %d\n" % (columns, rows) + np.packbits(samples == 0, axis=1).tobytes()
    kind = np.dtype(np.uint8 if maxval < 256 else ">u2")
    return b"P%d\n%d %d\n%d\n" % (6 if samples.ndim == 3 else 5, columns, rows, maxval) + samples.astype(kind).tobytes()
