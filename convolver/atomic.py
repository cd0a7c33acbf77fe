"""Writes files whole: each stands complete under its name, or what was there before does.

A file is written beside its name, flushed to the disk, and renamed. What is no regular file (``/dev/stdout``, a FIFO) can't be
renamed over, and is written as it is.
"""

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import FileError

__all__ = ["STANDARD", "check", "check_folder", "reason", "write"]

STANDARD = Path("-")
"""The name of standard input, and of standard output."""

_STREAMS = ("/dev/", "/proc/")
_NO_STREAMS = ("/dev/shm/",)  # noqa: S108  # a folder of regular files under /dev
_MOST_LINKS = 40
_MOST_SAID = 200
"""Characters of another program's words that are repeated."""


def reason(error: BaseException) -> str:
    """One line for what went wrong, without the path that the caller names already."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    said = (str(error).strip().splitlines() or [""])[0] or type(error).__name__
    return said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]} ..."


def check(path: Path, what: str = "Output") -> None:
    """Refuses a file that could not be written, before the work that it is to hold.

    Raises
    ------
    FileError
        If its folder isn't there or can't be written, or it is a folder itself or is protected.
    """
    if path == STANDARD:
        return
    with _told(path, what):
        if _is_stream(path):
            return
        final = Path(os.path.realpath(path))
        if not final.parent.is_dir():
            raise FileError(f"{what} {path} can't be written: there is no folder {final.parent}; make it first")
        if final.is_dir():
            raise FileError(f"{what} {path} can't be written: it is a folder; name a file in it")
        if final.exists() and not os.access(final, os.W_OK):
            raise FileError(f"{what} {path} can't be written: it is write-protected; name another, or change its mode")
        if not os.access(final.parent, os.W_OK | os.X_OK):
            raise FileError(f"{what} {path} can't be written: its folder {final.parent} is write-protected; name another")


def check_folder(path: Path, what: str = "Folder") -> None:
    """Refuses a folder that could neither be written nor made, before the work that it is to hold.

    Raises
    ------
    FileError
        If it, or the first folder above it that exists, isn't a folder or can't be written.
    """
    there = Path(os.path.realpath(path))
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise FileError(f"{what} {path} can't be written: {there} isn't a folder; name another")
    if not os.access(there, os.W_OK | os.X_OK):
        raise FileError(f"{what} {path} can't be written: {there} is write-protected; name another")


def write(files: Mapping[Path, bytes | str], what: str = "Output") -> None:
    """Writes some files, all or none: no name is touched before all contents are on the disk. Text is written as UTF-8.

    A file that exists keeps its mode and, where the system lets it, its owner; a link stays, and what it leads to is replaced.

    Parameters
    ----------
    files : mapping
        What each path is to hold; `STANDARD` is standard output.
    what : str
        What an error calls them, such as ``"Picture"``.

    Raises
    ------
    FileError
        If one can't be written; every file that was there is as it was.
    """
    asides: dict[Path, Path] = {}
    streams: list[Path] = []
    try:
        for path, content in files.items():
            with _told(path, what):
                if path == STANDARD or _is_stream(path):
                    streams.append(path)
                    continue
                final = Path(os.path.realpath(path))
                aside = final.with_name(f".{secrets.token_hex(8)}.part")
                asides[aside] = path
                _write_aside(aside, final, _octets(content))
        for path in streams:
            if path == STANDARD:
                _print(_octets(files[path]))
            else:
                with _told(path, what), path.open("wb") as file:
                    file.write(_octets(files[path]))
        for aside, path in list(asides.items()):
            with _told(path, what):
                final = Path(os.path.realpath(path))
                aside.replace(final)
                del asides[aside]
                _flush_folder(final.parent)
    finally:
        for aside in asides:
            with contextlib.suppress(OSError):  # what went wrong is told already
                aside.unlink()


def _octets(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


@contextlib.contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except FileError:
        raise
    except (OSError, ValueError) as error:
        raise FileError(f"{what} {path} can't be written: {reason(error)}") from None


def _is_stream(path: Path) -> bool:
    """Whether a path leads to something that is no regular file, such as a FIFO, or a descriptor of this process."""
    absolute = Path(path).absolute()
    for _ in range(_MOST_LINKS):
        if str(absolute).startswith(_STREAMS) and not str(absolute).startswith(_NO_STREAMS):
            return True
        if not absolute.is_symlink():
            break
        absolute = absolute.parent / absolute.readlink()
    try:
        mode = absolute.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _write_aside(aside: Path, final: Path, octets: bytes) -> None:
    """Writes a file that has the mode and the owner of `final`, through to the disk."""
    try:
        kept = final.stat()
    except FileNotFoundError:
        kept = None
    if kept is not None:
        if stat.S_ISDIR(kept.st_mode):
            raise IsADirectoryError(0, "is a directory")
        if not os.access(final, os.W_OK):
            raise PermissionError(0, "it is write-protected")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor, not a path
        if kept is not None:
            with contextlib.suppress(PermissionError):  # an owner can't give a file away
                os.fchown(descriptor, kept.st_uid, kept.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(kept.st_mode))
        file.write(octets)
        file.flush()
        os.fsync(descriptor)


def _flush_folder(folder: Path) -> None:
    """Makes a rename last; some file systems have no such call, and lose nothing by that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _print(octets: bytes) -> None:
    """Writes to standard output; a reader that went away is the caller's to tell (`BrokenPipeError`)."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileError(f"Standard output can't be written: {reason(error)}") from None
