"""What is kept on this machine: compiled twins, and the tools' programs."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["kept", "size_of", "summed", "tools"]

UNITS = ("bytes", "kB", "MB", "GB")


def kept(what: str, folder: Path | None, sizes: Iterable[tuple[int, int]], remedy: str) -> str:
    """A line that says what is kept, how many files and bytes, where, and how it is cleared."""
    if folder is None:
        return f"{what}: kept nowhere, there is no folder for them"
    files, octets = (sum(numbers) for numbers in zip(*sizes, strict=True))
    return f"{what}: {files} file{'s' * (files != 1)}, {size_of(octets)}, in {folder}; to clear them: {remedy}"


def summed(folder: Path | None, sizes: Iterable[tuple[int, int]]) -> dict[str, str | int | None]:
    """The same as plain values."""
    files, octets = (sum(numbers) for numbers in zip(*sizes, strict=True)) if folder else (0, 0)
    return {"folder": None if folder is None else str(folder), "files": files, "bytes": octets}


def size_of(octets: float) -> str:
    """A number of bytes for people."""
    power = 0
    while octets >= 1000 and power < len(UNITS) - 1:
        octets, power = octets / 1000, power + 1
    return f"{octets:.3g} {UNITS[power]}"


def tools() -> tuple[Path, list[tuple[int, int]]] | None:
    """The folder of YoWASP's compiled programs, and the files and bytes in it; nothing where there is none."""
    try:
        from platformdirs import user_cache_dir
    except ImportError:
        return None
    folder = Path(os.environ.get("YOWASP_CACHE_DIR") or user_cache_dir("YoWASP", appauthor=False))
    if not folder.is_dir():
        return None
    sizes = [0]
    for path in folder.rglob("*"):
        with suppress(OSError):  # just removed
            sizes += [path.stat().st_size] if path.is_file() else []
    return folder, [(len(sizes) - 1, sum(sizes))]
