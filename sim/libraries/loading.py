"""Loads compiled twins, from the cache or from the folder of their compilation.

A damaged library may crash the process that loads it, so its digest is compared first. A damaged library counts as
missing: it is compiled again.
"""

import ctypes
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from convolver.errors import OwnershipError, ToolError

from .cache import Cache, say
from .pins import ports_from_dict
from .ports import Ports
from .trusted import private_folder, shown

__all__ = ["Compiled", "keep", "load"]

_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""Exceptions from a library or a description that we didn't write."""


class _Library(ctypes.CDLL):
    """A loaded library, which belongs to the process that loaded it."""

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise OwnershipError("A compiled twin can't be copied or pickled, since it belongs to the process that loaded it")


@dataclass(frozen=True)
class Compiled:
    """A core in a loaded library: `ports` describes its ports and functions.

    `key` is the library's key in the cache, `number` the core's number in the library.
    """

    ports: Ports
    library: Any
    key: str
    number: int

    def function(self, name: str) -> Any:
        """The library's function `name` for this core."""
        return getattr(self.library, f"twin_{name}_{self.number}")

    def bound(self, name: str, result: Any, *arguments: Any) -> Any:
        """As `function`, with the C types of its result and its arguments."""
        function = self.function(name)
        function.restype, function.argtypes = result, arguments
        return function


_loaded: dict[str, list[Compiled]] = {}


def load(cache: Cache, key: str) -> list[Compiled] | None:
    """The twins of a library in the cache; None if it is missing or damaged.

    Raises
    ------
    ToolError
        If the cache can't be trusted, or if neither it nor the folder for temporary files allows loading a library.
    """
    if key in _loaded:
        return _loaded[key]
    described, content = cache.read("ports", key), cache.read("libraries", key)
    if described is None or content is None:
        return None
    digest, _, text = described.partition(b"\n")
    if digest != _digest(text, content):
        return None
    path = cache.path("libraries", key)
    try:
        entries = _bound(path, key, text)
    except _DAMAGED:
        if not _is_noexec(path):
            return None
        _say_noexec(cache)
        entries = _copied(content, key, text)
    _loaded[key] = entries
    return entries


def keep(cache: Cache, key: str, path: Path, ports: Sequence[Ports]) -> list[Compiled]:
    """Writes a compiled library to the cache, if that is writable, and loads it.

    Raises
    ------
    ToolError
        As in `load`.
    """
    content = path.read_bytes()
    text = json.dumps([each.to_dict() for each in ports]).encode()
    kept = cache.write("libraries", key, content) and cache.write("ports", key, _digest(text, content) + b"\n" + text)
    cache.prune()
    places = [path]
    if kept:
        places.append(cache.path("libraries", key))
        _say_noexec(cache)
    # Not from the cache first: if a damaged library was loaded from there, the same path would give that one again.
    _loaded[key] = _bound_anywhere(places, key, text)
    return _loaded[key]


def _bound_anywhere(places: Sequence[Path], key: str, text: bytes) -> list[Compiled]:
    """The twins of a library that exists in several places, the first of which is temporary."""
    reasons = []
    for path in places:
        try:
            return _bound(path, key, text)
        except (OSError, AttributeError) as error:
            reasons.append(f"{tempfile.gettempdir()} is on a noexec mount" if _is_noexec(path) else str(error))
    raise ToolError(f"The compiled twin can't be loaded ({shown(reasons[0])}); name another folder in TMPDIR")


def _copied(content: bytes, key: str, text: bytes) -> list[Compiled]:
    with private_folder() as folder:
        path = folder / f"{key}.so"
        path.write_bytes(content)
        return _bound_anywhere([path], key, text)


def _digest(text: bytes, content: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(text).digest() + content).hexdigest().encode()


def _bound(path: Path, key: str, text: bytes) -> list[Compiled]:
    """The twins of a library, which may be removed afterwards. All functions named in `text` must exist."""
    library = _Library(str(path))
    entries = [Compiled(ports_from_dict(plain), library, key, number) for number, plain in enumerate(json.loads(text))]
    for entry in entries:
        for name in entry.ports.functions:
            entry.function(name)
    return entries


def _is_noexec(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & getattr(os, "ST_NOEXEC", 0))
    except OSError:
        return False


def _say_noexec(cache: Cache) -> None:
    if cache.folder is not None and _is_noexec(cache.folder):
        say(f"The twins' cache is on a noexec mount, so each twin is copied before it is loaded: {shown(cache.folder)}")
