"""Compiles cores into shared libraries, and keeps the libraries in a cache.

Two keys lead to a library. The fast one is made of the design's JSON and of everything that its hardware is made with: it needs
neither Amaranth nor Yosys. Where that isn't known, the design is elaborated, and the key is made of its RTLIL: a change of our
source that changes no hardware compiles nothing.

The cache is under ``CONVOLVER_CACHE``, else ``XDG_CACHE_HOME/convolver``, else ``~/.cache/convolver``. An entry appears whole
or not at all, so that several processes may share it; one that has been damaged is made anew.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.errors import ToolError
from convolver.hw.elaboration import rtlil_of

from .pins import Pins, glue, ports_from_dict
from .ports import Ports
from .translate import cxxrtl, translate, yosys_version

__all__ = [
    "Compiled",
    "Progress",
    "cache_folder",
    "compile_components",
    "compile_described",
    "compile_designs",
    "find_compiler",
]

Progress = Callable[[str], None]
"""Told the title of each step that may take longer than a second."""

# Registers are bytes and short words written one by one: read back as vectors they'd stall.
FLAGS = ("-std=c++17", "-O2", "-fno-tree-slp-vectorize", "-fPIC", "-w")
LIBRARIES_KEPT = 500
"""Libraries in the cache; the longest unused are removed beyond."""

HEADERS = ("value.h", "driver.h", "board.h", "board_fifo.h")
WRITERS = (
    "translate.py",
    "circuit.py",
    "expressions.py",
    "fields.py",
    "retiming.py",
    "remembered.py",
    "rest.py",
    "steady.py",
    "wording.py",
    "emit.py",
    "ports.py",
    "pins.py",
)
_HERE = Path(__file__).parent
_STARTED = time.time()


@dataclass(frozen=True)
class Compiled:
    """A core in a loaded library: `ports` says what it has, the functions are those that ports.py writes."""

    ports: Ports
    library: Any
    number: int

    def function(self, name: str) -> Any:
        """The library's function `name` for this core."""
        return getattr(self.library, f"twin_{name}_{self.number}")


def cache_folder() -> Path:
    """Where compiled twins are kept."""
    if chosen := os.environ.get("CONVOLVER_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "convolver"


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


def compile_designs(designs: Sequence[FIRDesign | Conv2DDesign], progress: Progress | None = None) -> list[Compiled]:
    """The twins of `designs`: those that aren't in the cache are compiled together, into one library.

    Parameters
    ----------
    designs : sequence of designs
    progress : callable, optional
        Called with a title before each step that may take longer than a second.

    Raises
    ------
    ToolError
        If there is no C++ compiler, a tool fails, or the cache can't be written.
    """
    compiler = find_compiler()
    base = _fingerprint(tuple(compiler))
    if base is None:
        return compile_components(_created(designs), progress)
    keys = [_key(base, design.to_json()) for design in designs]
    found: dict[str, Compiled] = {}
    missing: dict[str, FIRDesign | Conv2DDesign] = {}
    for key, design in zip(keys, designs, strict=True):
        if (entry := _lookup(key)) is not None:
            found[key] = entry
        else:
            missing[key] = design
    if missing:
        compiled = compile_components(_created(missing.values()), progress)
        for key, entry in zip(missing, compiled, strict=True):
            _remember(key, entry)
            found[key] = entry
    return [found[key] for key in keys]


def _created(designs: Iterable[FIRDesign | Conv2DDesign]) -> Iterator[Any]:
    from convolver.hw.core import create

    return (create(design) for design in designs)


def compile_components(components: Iterable[Any], progress: Progress | None = None) -> list[Compiled]:
    """The twins of Amaranth components with streams `i` and `o`, in one library; the cache knows them by their RTLIL.

    Raises
    ------
    ToolError
        As `compile_designs`.
    """
    (progress or (lambda _title: None))("elaborating")
    return compile_described([(Ports.of(component), rtlil_of(component)) for component in components], progress)


def compile_described(described: Sequence[tuple[Ports, str]], progress: Progress | None = None) -> list[Compiled]:
    """The twins of components given by their ports and their RTLIL; see `compile_components`."""
    tell = progress or (lambda _title: None)
    compiler = find_compiler()
    sources = "".join((_HERE / name).read_text(encoding="utf-8") for name in (*HEADERS, *WRITERS))
    plain = json.dumps([ports.to_dict() for ports, _ in described], sort_keys=True)
    key = _key(_machine(tuple(compiler)), yosys_version(), sources, plain, *(rtlil for _, rtlil in described))
    if loaded := _load(key):
        return loaded
    tell("compiling")
    with _lock(key):  # two processes that want the same library: the second waits for the first one's
        loaded = _load(key)
        if loaded is None:
            _build(key, described, compiler)
            loaded = _load(key)
    if loaded is None:
        raise ToolError(f"The compiled twin can't be loaded from {_folder(key)}: remove {cache_folder()} and try again")
    return loaded


def _key(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        text = part.encode()
        digest.update(len(text).to_bytes(8, "little") + text)
    return digest.hexdigest()[:40]


@cache
def _compiler_version(compiler: tuple[str, ...]) -> str:
    run = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise ToolError(f"The C++ compiler doesn't run: {shlex.join(compiler)} --version exits with {run.returncode}")
    return run.stdout


def _machine(compiler: tuple[str, ...]) -> str:
    """What the same text compiles differently with."""
    return json.dumps([compiler, _compiler_version(compiler), FLAGS, platform.system(), platform.machine()])


def _fingerprint(compiler: tuple[str, ...]) -> str | None:
    """What a design's hardware is made with: our sources, Amaranth, Yosys, the compiler; none while sources are edited."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        if path.stat().st_mtime > _STARTED:
            # What was imported may be older than the file: only what the design elaborates to can be trusted.
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
    package = importlib.util.find_spec("convolver")
    assert package is not None
    descriptions = [
        path
        for place in package.submodule_search_locations or ()
        for path in Path(place).glob("[dfs]*.py")
        if path.stem in ("designs", "formats", "schedule")
    ]
    return [*gateware, *descriptions, *(_HERE / name for name in (*HEADERS, *WRITERS, "compiler.py"))]


def _folder(key: str) -> Path:
    return cache_folder() / "twins" / key


def _lookup(key: str) -> Compiled | None:
    """The twin that a fast key leads to, if it is there and whole."""
    try:
        plain = json.loads((cache_folder() / "designs" / f"{key}.json").read_text(encoding="utf-8"))
        entries = _load(plain["library"])
        return entries[plain["number"]] if entries else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _remember(key: str, entry: Compiled) -> None:
    text = json.dumps({"library": entry.library.key, "number": entry.number})
    folder = cache_folder() / "designs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix="new-", delete=False) as file:
            file.write(text)
        Path(file.name).replace(folder / f"{key}.json")
    except OSError as error:
        raise _unwritable(error) from None


def _unwritable(error: OSError) -> ToolError:
    return ToolError(
        f"The twins' cache can't be written ({error.strerror or error}): {cache_folder()}; name another in CONVOLVER_CACHE"
    )


class _Library(ctypes.CDLL):
    """A loaded library that knows its key in the cache."""

    key: str


_loaded: dict[Path, list[Compiled]] = {}


def _load(key: str) -> list[Compiled] | None:
    """Loads a library from the cache; none if it isn't there, or damaged, in which case it is removed."""
    folder = _folder(key)
    if folder in _loaded:
        return _loaded[folder]
    if not folder.exists():
        return None
    try:
        plain = json.loads((folder / "twin.json").read_text(encoding="utf-8"))
        # A damaged library must not be loaded: that may end the process.
        if hashlib.sha256((folder / "twin.so").read_bytes()).hexdigest() != plain["sha256"]:
            raise ValueError("damaged")
        library = _Library(str(folder / "twin.so"))
        library.key = key
        entries = [Compiled(ports_from_dict(ports), library, number) for number, ports in enumerate(plain["ports"])]
        os.utime(folder)
    except (OSError, ValueError, LookupError, TypeError):
        _remove(folder)
        return None
    _loaded[folder] = entries
    return entries


@contextmanager
def _lock(key: str) -> Iterator[None]:
    """Held by one process at a time; the system releases it when the process ends, however it ends."""
    path = cache_folder() / "locks" / key
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise _unwritable(error) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove(folder: Path) -> None:
    """Takes an entry out of the cache in one step, then deletes it."""
    aside = folder.with_name(f"old-{os.getpid()}-{folder.name}")
    try:
        folder.rename(aside)
    except OSError:
        return  # another process was faster
    shutil.rmtree(aside, ignore_errors=True)


def _build(key: str, described: Sequence[tuple[Ports, str]], compiler: Sequence[str]) -> None:
    final = _folder(key)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        _prune(final.parent)
        folder = Path(tempfile.mkdtemp(prefix="new-", dir=final.parent))
    except OSError as error:
        raise _unwritable(error) from None
    try:
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            units = [
                pool.submit(_compile, folder, number, ports, rtlil, compiler) for number, (ports, rtlil) in enumerate(described)
            ]
            try:
                objects = [unit.result() for unit in units]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        _run([*compiler, "-shared", "-o", "twin.so", *objects], folder)
        digest = hashlib.sha256((folder / "twin.so").read_bytes()).hexdigest()
        plain = {"sha256": digest, "ports": [ports.to_dict() for ports, _ in described]}
        (folder / "twin.json").write_text(json.dumps(plain), encoding="utf-8")
        for path in folder.iterdir():
            if path.name not in ("twin.so", "twin.json"):
                path.unlink()
        try:
            folder.rename(final)
        except OSError:
            if not final.exists():
                raise
            # Another process finished the same library first.
            shutil.rmtree(folder, ignore_errors=True)
    except ToolError:
        raise  # its log stays in the folder
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _unwritable(error) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _compile(folder: Path, number: int, ports: Ports, rtlil: str, compiler: Sequence[str]) -> str:
    """Compiles one design; gives the name of its object file."""
    name = f"design_{number}"
    source = translate(cxxrtl(rtlil, folder, name), name, isinstance(ports, Pins))
    includes = "".join(f'#include "{header}"\n' for header in HEADERS)
    (folder / f"{name}.cc").write_text(includes + source + glue(ports, number), encoding="utf-8")
    _run([*compiler, *FLAGS, f"-I{_HERE}", "-c", f"{name}.cc", "-o", f"{name}.o"], folder)
    return f"{name}.o"


def _run(command: Sequence[str], folder: Path) -> None:
    log = folder / f"compiler-{command[-1]}.log"
    with log.open("wb") as output:
        run = subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False)
    if run.returncode != 0:
        lines = log.read_text(errors="replace").strip().splitlines()
        tail = " / ".join([line for line in lines if "error" in line][:3] or lines[-3:])
        raise ToolError(f"The C++ compiler failed with exit code {run.returncode} (log in {log}): {tail}")


def _prune(folder: Path) -> None:
    """Keeps the cache small: removes what has been unused longest, and what interrupted builds left a day ago."""
    ages = {}
    for path in folder.iterdir():
        try:
            ages[path] = path.stat().st_mtime
        except OSError:
            continue  # just removed by another process
    kept = sorted((path for path in ages if "-" not in path.name), key=lambda path: ages[path])
    for path in kept[: max(len(kept) - LIBRARIES_KEPT, 0)]:
        _remove(path)
    for path, age in ages.items():
        if "-" in path.name and age < time.time() - 86400:
            shutil.rmtree(path, ignore_errors=True)
