"""What a file holds, as bytes: read once, in bounded time and memory, from a file, a FIFO or standard input."""

import os
import select
import stat
import sys
import time
from pathlib import Path

from .atomic import STANDARD, reason
from .errors import FileError

__all__ = ["DATA_BYTES", "DESIGN_BYTES", "read", "text_of"]

DESIGN_BYTES = 1 << 20
"""Most bytes of a design's file, or of the taps that it names."""

DATA_BYTES = 1 << 31
"""Most bytes of a picture, a sound or an array."""

PATIENCE = 30.0
"""Seconds without a byte after which a FIFO is given up."""

_CHUNK = 1 << 20


def read(path: Path, what: str, limit: int = DATA_BYTES) -> bytes:
    """The content of a file; `STANDARD` is standard input, which is waited for without end.

    Parameters
    ----------
    path : Path
    what : str
        What an error calls it, such as ``"Picture"``.
    limit : int
        Most bytes; of a larger file nothing is read.

    Raises
    ------
    FileError
        If it isn't there, can't be read, is larger than `limit`, or is a FIFO or a device that gives nothing for `PATIENCE`.
    """
    try:
        if path == STANDARD:
            content = b"" if sys.stdin is None else sys.stdin.buffer.read(limit + 1)
        else:
            content = _from_descriptor(path, limit)
    except (OSError, ValueError, MemoryError) as error:
        raise FileError(f"{what} {path} can't be read: {reason(error)}") from None
    if len(content) > limit:
        raise FileError(f"{what} {path} can't be read: {_too_large(limit)}")
    return content


def _too_large(limit: int) -> str:
    return f"it has more than {limit >> 20} MiB"


def text_of(content: bytes) -> str:
    """The text of a file: UTF-8, or what its byte order mark says.

    Raises
    ------
    UnicodeDecodeError
        If it is none.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _from_descriptor(path: Path, limit: int) -> bytes:
    # Without O_NONBLOCK the call would wait for a FIFO's writer, who may never come.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123  # a descriptor, not a path
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(0, "is a directory")
        if stat.S_ISREG(status.st_mode) and status.st_size > limit:
            raise ValueError(_too_large(limit))
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        chunks: list[bytes] = []
        size = 0
        heard = time.monotonic()
        while size <= limit:
            ready = waiting.poll(PATIENCE * 1000)
            chunk = file.read(min(_CHUNK, limit + 1 - size)) if ready else None
            if chunk == b"":
                break
            if chunk is not None:
                heard = time.monotonic()
                size += len(chunk)
                chunks.append(chunk)
            elif time.monotonic() - heard >= PATIENCE:
                raise TimeoutError(0, f"nothing came for {PATIENCE:g} s")
    return b"".join(chunks)
