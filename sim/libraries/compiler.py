"""Compiles cores into shared libraries. `loading` loads them, `cache` keeps them.

A library has two keys. The fast key is a digest of the design's JSON and of all sources of its hardware; it needs
neither Amaranth nor Yosys. If it isn't in the cache, the design is elaborated, and the key is a digest of its RTLIL: a
change of the sources that doesn't change the hardware compiles nothing.
"""

import errno
import hashlib
import importlib.util
import inspect
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache as cached
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from convolver.designs import Design
from convolver.errors import ToolError
from convolver.hw.export.elaboration import rtlil_of

from ..rtl.translate import cxxrtl, translate, yosys_version
from .cache import Cache, user_cache
from .loading import Compiled, keep, load
from .pins import Pins, glue
from .ports import Ports
from .trusted import private_folder, shown

__all__ = [
    "Compiled",
    "Progress",
    "compile_components",
    "compile_described",
    "compile_designs",
    "compile_source",
    "find_compiler",
]

Progress = Callable[[str], None]
"""Called with the title of each step that may take longer than a second."""

# Registers are bytes and short words, written one by one: reading them back as vectors would stall.
FLAGS = ("-std=c++17", "-O2", "-fno-tree-slp-vectorize", "-fPIC", "-w")

ROOM = 1 << 16
"""Free bytes below which a tool's failure is taken as a full disk."""

HEADERS = ("value.h", "driver.h", "board.h", "board_fifo.h", "fabric.h", "timed.h")
_SIM = Path(__file__).parents[1]
RUNTIME = _SIM / "runtime"
"""Folder of the headers that compiled twins include."""

WRITERS = (*sorted((_SIM / "rtl").glob("*.py")), *(Path(__file__).with_name(name) for name in ("ports.py", "pins.py")))
"""Sources that write the C++."""

_INDEX = re.compile(rb"(?P<library>[0-9a-f]{40}) (?P<number>[0-9]{1,6})\n")
"""Content of a design's file in the cache: a library's key, and the design's number in it."""

_STARTED = time.time()


def find_compiler() -> list[str]:
    """The C++ compiler's command: ``$CXX`` (which may have arguments), else ``c++``, ``g++`` or ``clang++``.

    Raises
    ------
    ToolError
        If there is none.
    """
    if chosen := shlex.split(os.environ.get("CXX", "")):
        if shutil.which(chosen[0]) is None:
            raise ToolError(f"The twin needs a C++ compiler, and CXX names one that isn't there: {chosen[0]}")
        return chosen
    for name in ("c++", "g++", "clang++"):
        if shutil.which(name):
            return [name]
    raise ToolError("The twin needs a C++ compiler: install g++ (Debian and Ubuntu: apt install g++) or name one in CXX")


def compile_designs(designs: Sequence[Design], progress: Progress | None = None) -> list[Compiled]:
    """The twins of `designs`. Those not in the cache are compiled together, into one library.

    Parameters
    ----------
    designs : sequence of designs
    progress : callable, optional
        Called with a title before each step that may take longer than a second.

    Raises
    ------
    ToolError
        If there is no C++ compiler, a tool fails, or the cache can't be trusted.
    """
    compiler = find_compiler()
    cache = user_cache()
    base = _fingerprint(tuple(compiler))
    if base is None:
        return compile_components(_created(designs), progress)
    keys = [_key(base, design.to_json()) for design in designs]
    found: dict[str, Compiled] = {}
    missing: dict[str, Design] = {}
    for key, design in zip(keys, designs, strict=True):
        if (entry := _lookup(cache, key)) is not None:
            found[key] = entry
        else:
            missing[key] = design
    if missing:
        compiled = compile_components(_created(missing.values()), progress)
        for key, entry in zip(missing, compiled, strict=True):
            _remember(cache, key, entry)
            found[key] = entry
    return [found[key] for key in keys]


def _created(designs: Iterable[Design]) -> Iterator[Any]:
    from convolver.hw.cores.core import create

    return (create(design) for design in designs)


def compile_components(components: Iterable[Any], progress: Progress | None = None) -> list[Compiled]:
    """The twins of Amaranth components with streams `i` and `o`, in one library. Their key in the cache is their RTLIL.

    Raises
    ------
    ToolError
        As in `compile_designs`.
    """
    (progress or (lambda _title: None))("elaborating")
    return compile_described([(Ports.of(component), rtlil_of(component)) for component in components], progress)


def compile_described(described: Sequence[tuple[Ports, str]], progress: Progress | None = None) -> list[Compiled]:
    """The twins of components given by ports and RTLIL; see `compile_components`."""
    return _compiled([(ports, rtlil, _translated) for ports, rtlil in described], progress)


def compile_source(ports: Ports, source: str, progress: Progress | None = None) -> Compiled:
    """A twin of a circuit in C++: `source` has a class ``design_0::top``; see `compile_components`."""
    (found,) = _compiled([(ports, source, lambda source, _folder, _name, _ports: source)], progress)
    return found


Unit = tuple[Ports, str, Callable[[str, Path, str, Ports], str]]
"""A circuit of a library: its ports, its text, and a function that turns the text into C++ in a folder, under a
name."""


def _translated(rtlil: str, folder: Path, name: str, ports: Ports) -> str:
    return translate(cxxrtl(rtlil, folder, name), name, isinstance(ports, Pins))


def _compiled(units: Sequence[Unit], progress: Progress | None) -> list[Compiled]:
    tell = progress or (lambda _title: None)
    compiler = find_compiler()
    sources = "".join(path.read_text(encoding="utf-8") for path in (*(RUNTIME / name for name in HEADERS), *WRITERS))
    plain = json.dumps([ports.to_dict() for ports, *_ in units], sort_keys=True)
    key = _key(_machine(tuple(compiler)), yosys_version(), sources, plain, *(text for _, text, _ in units))
    cache = user_cache()
    if loaded := load(cache, key):
        return loaded
    tell("compiling")
    with cache.lock(key):  # if two processes want the same library, the second waits for the first
        return load(cache, key) or _build(cache, key, units, compiler)


def _key(*texts: str) -> str:
    digest = hashlib.sha256()
    for one in texts:
        text = one.encode()
        digest.update(len(text).to_bytes(8, "little") + text)
    return digest.hexdigest()[:40]


@cached
def _compiler_version(compiler: tuple[str, ...]) -> str:
    run = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise ToolError(f"The C++ compiler doesn't run: {shlex.join(compiler)} --version exits with {run.returncode}")
    return run.stdout


def _machine(compiler: tuple[str, ...]) -> str:
    """Everything besides the text that affects the compiled code."""
    return json.dumps([compiler, _compiler_version(compiler), FLAGS, platform.system(), platform.machine()])


def _fingerprint(compiler: tuple[str, ...]) -> str | None:
    """A digest of all tools and sources: ours, Amaranth, Yosys, the compiler; None if sources were edited meanwhile."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        if path.stat().st_mtime > _STARTED:
            # The imported module may be older than its file: only the elaborated design can be trusted.
            return None
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    try:
        amaranth = version("amaranth")
    except PackageNotFoundError:
        raise ToolError("The twin needs Amaranth, which isn't installed: pip install 'convolver[sim]'") from None
    return _key(digest.hexdigest(), amaranth, yosys_version(), _machine(compiler))


def _sources() -> list[Path]:
    spec = importlib.util.find_spec("convolver.hw")
    assert spec is not None
    folders = [Path(place) for place in spec.submodule_search_locations or ()]
    gateware = [path for folder in folders for path in folder.rglob("*.py")]
    package = Path(inspect.getfile(Design)).parents[1]
    descriptions = [package / "formats.py", *(package / "designs").glob("*.py"), *(package / "plan").glob("*.py")]
    return [*gateware, *descriptions, *(RUNTIME / name for name in HEADERS), *WRITERS, Path(__file__)]


def _lookup(cache: Cache, key: str) -> Compiled | None:
    """The twin of a fast key, if it is in the cache and intact."""
    found = _INDEX.fullmatch(cache.read("designs", key) or b"")
    entries = load(cache, found["library"].decode()) if found else None
    number = int(found["number"]) if found else 0
    return entries[number] if entries and number < len(entries) else None


def _remember(cache: Cache, key: str, entry: Compiled) -> None:
    cache.write("designs", key, f"{entry.key} {entry.number}\n".encode())


def _build(cache: Cache, key: str, units: Sequence[Unit], compiler: Sequence[str]) -> list[Compiled]:
    try:
        with private_folder() as folder:
            try:
                return _built(folder, cache, key, units, compiler)
            except ToolError:
                if shutil.disk_usage(folder).free > ROOM:
                    raise
                # The tools' messages don't help then: Yosys cuts off its output silently, and the log is cut off too.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
    except OSError as error:
        raise ToolError(f"The twin can't be compiled ({error.strerror or error}) in {shown(tempfile.gettempdir())}") from None


def _built(folder: Path, cache: Cache, key: str, units: Sequence[Unit], compiler: Sequence[str]) -> list[Compiled]:
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        compiled = [pool.submit(_compile, folder, number, unit, compiler) for number, unit in enumerate(units)]
        try:
            objects = [one.result() for one in compiled]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    _run([*compiler, "-shared", "-o", "twin.so", *objects], folder)
    return keep(cache, key, folder / "twin.so", [ports for ports, *_ in units])


def _compile(folder: Path, number: int, unit: Unit, compiler: Sequence[str]) -> str:
    """Compiles one design, and returns the name of its object file."""
    name = f"design_{number}"
    ports, text, to_source = unit
    source = to_source(text, folder, name, ports)
    include = f'#include "{ports.header}"\n'
    (folder / f"{name}.cc").write_text(include + source + glue(ports, number), encoding="utf-8")
    _run([*compiler, *FLAGS, f"-I{RUNTIME}", "-c", f"{name}.cc", "-o", f"{name}.o"], folder)
    return f"{name}.o"


def _run(command: Sequence[str], folder: Path) -> None:
    log = folder / f"compiler-{command[-1]}.log"
    with log.open("wb") as output:
        run = subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False)
    if run.returncode != 0:
        lines = log.read_text(errors="replace").strip().splitlines()
        tail = " / ".join([line for line in lines if "error" in line][:3] or lines[-3:])
        raise ToolError(f"The C++ compiler failed with exit code {run.returncode} (log in {log}): {tail}")
