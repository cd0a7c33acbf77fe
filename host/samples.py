"""Samples as bytes: little-endian two's complement, sign-extended to whole bytes."""

import numpy as np

from convolver.formats import Format

from .transport import Samples

__all__ = ["fits_int64", "pack", "unpack"]


def fits_int64(form: Format) -> bool:
    """Whether every integer of this format fits ``int64``; arrays of others hold Python integers."""
    return form.max < 1 << 63 and form.min >= -(1 << 63)


def pack(samples: Samples, form: Format) -> bytes:
    """The bytes of `samples`, which are ``int64`` and fit `form`, in C order."""
    wide = np.ascontiguousarray(samples, dtype="<i8").reshape(-1, 1).view(np.uint8)
    return wide[:, : form.bytes].tobytes()


def unpack(data: bytes | bytearray, form: Format) -> Samples:
    """The samples in `data`: ``int64``, or ``object`` where they may not fit."""
    size = form.bytes
    if not fits_int64(form):
        pieces = (data[start : start + size] for start in range(0, len(data), size))
        return np.array([int.from_bytes(piece, "little", signed=form.signed) for piece in pieces], dtype=object)
    narrow = np.frombuffer(data, dtype=np.uint8).reshape(-1, size)
    wide = np.zeros((len(narrow), 8), dtype=np.uint8)
    wide[:, :size] = narrow[:, :8]
    if form.signed and size < 8:
        wide[:, size:] = np.where(narrow[:, -1:] & 0x80, 0xFF, 0)
    return wide.view("<i8").reshape(-1).astype(np.int64)
