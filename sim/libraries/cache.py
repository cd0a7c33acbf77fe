"""The cache of compiled twins: files named by keys, in one folder that no other user can write to.

It is ``CONVOLVER_CACHE``, else ``XDG_CACHE_HOME/convolver``, else ``~/.cache/convolver``. Only files named by a key are
opened or removed, and no link is followed. A file appears complete or not at all, so several processes may share the
cache. A cache that belongs to root serves all users, and only root writes to it.
"""

import fcntl
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from convolver.errors import ToolError

from .trusted import check_folder, fault, home_folder, resolved, shown

__all__ = ["Cache", "cache_folder", "say", "user_cache"]

SUBJECT = "The twins' cache"
REMEDY = "name another folder in CONVOLVER_CACHE"
KEY = re.compile(r"[0-9a-f]{40}")
_UNFINISHED = re.compile(r"[0-9a-f]{48}")
EXPLORED = ("builds", "netlists")
"""Shelves for the builds of `convolver explore`."""
KEPT = {"designs": 10_000, "libraries": 500, "ports": 500, "builds": 50_000, "netlists": 500}
"""Shelves, and the most files of each; the longest unused files beyond are removed."""

LARGEST = 1 << 28
"""Most bytes of a file; our files are far smaller."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO in a file's place would block.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LOG = logging.getLogger("convolver")


@cache
def say(line: str) -> None:
    """Shows the user a line, once."""
    _LOG.warning(line)


def cache_folder() -> Path | None:
    """The user's cache folder; None if there is no home folder.

    Raises
    ------
    ToolError
        If ``CONVOLVER_CACHE`` begins with an unknown home folder.
    """
    if chosen := os.environ.get("CONVOLVER_CACHE"):
        if (expanded := _expanded(chosen)) is None:
            raise ToolError(f"The home folder that CONVOLVER_CACHE begins with isn't known: {shown(chosen)}")
        return expanded
    base = _expanded(os.environ.get("XDG_CACHE_HOME", ""))
    if base is None or not base.is_absolute():  # ignored, as the XDG specification requires
        base = _expanded("~/.cache")
    return base and base / "convolver"


def _expanded(text: str) -> Path | None:
    """A path with ~ replaced by the home folder; None if that isn't known."""
    if not text.startswith("~"):
        return Path(text)
    user, _, rest = text.partition("/")
    if user == "~":
        home = home_folder()
        return home and home / rest.lstrip("/")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return None


def user_cache() -> "Cache":
    """The user's cache.

    Raises
    ------
    ToolError
        If the cache can't be trusted: the line names the folder and the reason.
    """
    folder = cache_folder()
    if folder is None:
        return Cache(None, f"there is no home folder; {REMEDY}")
    try:
        folder = resolved(folder, SUBJECT, REMEDY)
        check_folder(folder, SUBJECT, REMEDY)
    except OSError as error:
        return Cache(None, f"{_reason(error)}: {shown(folder)}")
    return Cache(folder)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


class Cache:
    """Files named by keys, on the shelves of `KEPT`.

    Parameters
    ----------
    folder : Path or None
        A folder checked by `check_folder`, which may not exist yet; None if nothing can be kept.
    without : str
        The reason why nothing can be kept.

    Every method raises `ToolError` if a file or a shelf belongs to a user other than this one and root, or if others
    can write to it. An unreadable file counts as missing. If a file can't be written, the user is told once, and it
    isn't kept.
    """

    def __init__(self, folder: Path | None, without: str = "") -> None:
        self.folder = folder
        self._without = without

    def path(self, shelf: str, key: str) -> Path:
        """The path of a file, whether it exists or not."""
        assert self.folder is not None
        assert KEY.fullmatch(key)
        return self.folder / shelf / key

    def read(self, shelf: str, key: str) -> bytes | None:
        """The content of a file, or None if it doesn't exist or isn't a file of ours. Marks it as used."""
        if self.folder is None or not KEY.fullmatch(key):
            return None
        try:
            with self._opened(shelf) as folder, os.fdopen(os.open(key, _READ, dir_fd=folder), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                    return None
                self._check(file.fileno(), Path(shelf, key))
                with suppress(OSError):  # root's files can't be marked
                    os.utime(file.fileno())
                return file.read(LARGEST)
        except OSError:
            return None

    def write(self, shelf: str, key: str, content: bytes) -> bool:
        """Writes a file, or replaces it; returns whether that succeeded."""
        if self.folder is None:
            self._lost(self._without)
            return False
        assert KEY.fullmatch(key)
        try:
            with self._opened(shelf, make=True) as folder:
                _put(folder, key, content)
        except OSError as error:
            self._lost(f"{_reason(error)}: {shown(self.folder)}")
            return False
        return True

    def prune(self) -> None:
        """Removes the longest unused files beyond the limit of each shelf."""
        for shelf, kept in KEPT.items():
            with suppress(OSError), self._opened(shelf) as folder:
                _prune(folder, kept)

    def contents(self) -> dict[str, tuple[int, int]]:
        """The number of files on each shelf, and their bytes."""
        found = {}
        for shelf in KEPT:
            sizes = []
            with suppress(OSError), self._opened(shelf) as folder:
                sizes = [size for _, size in _files(folder)]
            found[shelf] = len(sizes), sum(sizes)
        return found

    def clear(self) -> int:
        """Removes all files of ours, and returns their number. A twin in use keeps working."""
        gone = 0
        for shelf in KEPT:
            with suppress(OSError), self._opened(shelf) as folder:
                for name, _ in _files(folder):
                    with suppress(OSError):  # removed by another process; or root's
                        os.unlink(name, dir_fd=folder)
                        gone += 1
        return gone

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """A lock for one process at a time, if the cache is writable. The system releases it when the process ends."""
        try:
            # A few lock files for all keys; they are never removed.
            with self._opened("locks", make=True) as folder:
                file = os.open(key[:2], _LOCK, 0o644, dir_fd=folder)
        except OSError:
            yield  # then both compile
            return
        try:
            with suppress(OSError):  # some file systems have no locks
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            with suppress(OSError):  # a process forked meanwhile holds it too
                fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)

    def _lost(self, reason: str) -> None:
        say(f"{SUBJECT} can't be written, so this process compiles for itself alone: {reason}")

    def _check(self, descriptor: int, part: Path) -> None:
        if wrong := fault(descriptor):
            path = shown((self.folder or Path()) / part)
            raise ToolError(f"{SUBJECT} must be writable by this user and root alone: {path} {wrong}; remove it")

    @contextmanager
    def _opened(self, shelf: str, *, make: bool = False) -> Iterator[int]:
        """The descriptor of a shelf; `make` creates the shelf if needed."""
        if self.folder is None:
            raise FileNotFoundError(self._without)
        if make:
            self._make()
        base = os.open(self.folder, _FOLDER)
        try:
            self._check(base, Path())
            if make:
                if os.fstat(base).st_uid != os.geteuid():
                    raise PermissionError("it belongs to root")
                with suppress(FileExistsError):
                    os.mkdir(shelf, 0o755, dir_fd=base)
            folder = os.open(shelf, _FOLDER, dir_fd=base)
        finally:
            os.close(base)
        try:
            self._check(folder, Path(shelf))
            yield folder
        finally:
            os.close(folder)

    def _make(self) -> None:
        """Creates the cache's folder and its parents. Others get no write permission, whatever the umask is."""
        assert self.folder is not None
        for part in (*reversed(self.folder.parents), self.folder):
            if not part.exists():
                with suppress(FileExistsError):
                    part.mkdir(0o755)
        # Another process may have been faster.
        check_folder(self.folder, SUBJECT, REMEDY)


def _put(folder: int, key: str, content: bytes) -> None:
    name = secrets.token_hex(24)
    try:
        with os.fdopen(os.open(name, _WRITE, 0o644, dir_fd=folder), "wb") as file:
            file.write(content)
        os.replace(name, key, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise


def _files(folder: int) -> Iterator[tuple[str, int]]:
    """Our files on a shelf, including unfinished ones, and their bytes."""
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if KEY.fullmatch(entry.name) or _UNFINISHED.fullmatch(entry.name):
                with suppress(OSError):  # just removed by another process
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        yield entry.name, status.st_size


def _prune(folder: int, kept: int) -> None:
    """Removes the longest unused files beyond `kept`, and unfinished files older than a day."""
    ages: dict[str, float] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # just removed by another process
                ages[entry.name] = entry.stat(follow_symlinks=False).st_mtime
    old = sorted((name for name in ages if KEY.fullmatch(name)), key=lambda name: ages[name])
    gone = old[: max(len(old) - kept, 0)]
    gone += [name for name, age in ages.items() if _UNFINISHED.fullmatch(name) and age < time.time() - 86400]
    for name in gone:
        with suppress(OSError):  # removed by another process; or a folder, which isn't ours
            os.unlink(name, dir_fd=folder)
