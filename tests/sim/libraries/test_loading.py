"""Compiled twins in the cache: what is damaged is compiled again, what isn't ours is neither loaded nor removed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from convolver import FIRDesign, ToolError
from convolver.sim.libraries import cache as cache_module
from convolver.sim.libraries import compiler, loading
from convolver.sim.libraries.cache import user_cache
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import beats_of

DESIGN = FIRDesign([3, -1, 2])
BUILT = compiler._built

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user, or mount a file system")


def digest(text, content):
    return hashlib.sha256(hashlib.sha256(text).digest() + content).hexdigest().encode()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A cache that holds the design's twin."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVOLVER_CACHE", str(folder / "cache"))
        patch.setattr(loading, "_loaded", {})
        patch.setattr(compiler, "_fingerprint", lambda _compiler: "these sources")
        compiler.compile_designs([DESIGN])
    return folder / "cache"


@pytest.fixture
def cache(template, tmp_path, monkeypatch):
    """A cache that holds the design's twin, in a process that has loaded none; compiling it again is only copying it."""

    def built(folder, cache, key, described, _compiler):
        shutil.copy(only(template, "libraries"), folder / "twin.so")
        return loading.keep(cache, key, folder / "twin.so", [ports for ports, *_ in described])

    shutil.copytree(template, tmp_path / "cache")
    monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(compiler, "_built", built)
    # Whoever edits the sources meanwhile: it has tests of its own.
    monkeypatch.setattr(compiler, "_fingerprint", lambda _compiler: "these sources")
    cache_module.say.cache_clear()
    return tmp_path / "cache"


def only(cache, shelf):
    (path,) = (cache / shelf).iterdir()
    return path


def steps():
    """What the twin took, if it computes."""
    told = []
    (compiled,) = compiler.compile_designs([DESIGN], told.append)
    run = Simulation(compiled).run(beats_of([np.array([1, 10, 100])]), 3)
    assert run.results.tolist() == [3, 29, 292]
    return told


def mended(cache, monkeypatch):
    """Whether the cache, seen by a process that has loaded nothing from it, is whole."""
    # The system knows what it has loaded by its name.
    shutil.copytree(cache, cache.with_name("mended"))
    monkeypatch.setenv("CONVOLVER_CACHE", str(cache.with_name("mended")))
    loading._loaded.clear()
    return steps() == []


def plant(cache, text=None, content=None):
    """Puts in another description or library, with the digest that they should have."""
    described, built = only(cache, "ports"), only(cache, "libraries")
    text = described.read_bytes().partition(b"\n")[2] if text is None else text
    content = built.read_bytes() if content is None else content
    built.unlink()  # this process may have it loaded: a new file must take its place
    built.write_bytes(content)
    described.write_bytes(digest(text, content) + b"\n" + text)


def shared_object(folder, source):
    """A library of its own, compiled."""
    (folder / "planted.cc").write_text(source)
    subprocess.run([*compiler.find_compiler(), "-shared", "-fPIC", "-o", "planted.so", "planted.cc"], cwd=folder, check=True)
    return (folder / "planted.so").read_bytes()


def test_what_is_there_is_loaded(cache):
    assert steps() == []


def test_what_is_compiled_takes_the_place_of_the_longest_unused(cache, monkeypatch):
    monkeypatch.setitem(cache_module.KEPT, "libraries", 1)
    key = only(cache, "libraries").name
    only(cache, "libraries").rename(cache / "libraries" / ("0" * 40))
    os.utime(cache / "libraries" / ("0" * 40), (1e9, 1e9))
    assert steps() == ["elaborating", "compiling"]
    assert only(cache, "libraries").name == key


DEEP = b"[" * 100_000
PORTS = {"input": {}, "output": {}, "coefficients": {}, "errors": {}, "sizes": {}, "flags": [], "latency": 1}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"[7]",
        b"[[]]",
        b'["ports"]',
        DEEP,
        b"\xff",
        json.dumps([PORTS | {"input": 7}]).encode(),
    ],
)
def test_a_description_that_is_not_ours(cache, monkeypatch, text):
    plant(cache, text)
    assert loading.load(user_cache(), only(cache, "libraries").name) in (None, [])
    assert steps() == ["elaborating", "compiling"]
    assert mended(cache, monkeypatch)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "no library", "no description", "deep", "another digest"])
def test_damage(cache, monkeypatch, damage):
    described, built = only(cache, "ports"), only(cache, "libraries")
    content = bytearray(built.read_bytes())
    if damage in ("no library", "truncated", "flipped", "empty"):
        built.unlink()
        content[len(content) // 2] ^= 1
    if damage in ("truncated", "flipped", "empty"):
        built.write_bytes({"truncated": content[:5000], "flipped": content, "empty": b""}[damage])
    elif damage == "no description":
        described.unlink()
    elif damage == "deep":
        described.write_bytes(DEEP)
    elif damage == "another digest":
        described.write_bytes(b"0" * 64 + described.read_bytes()[64:])
    assert steps() == ["elaborating", "compiling"]
    assert mended(cache, monkeypatch)


@pytest.mark.parametrize("damage", ["no library", "no symbols", "other symbols", "another architecture", "32 bits"])
def test_a_library_that_cannot_be_used(cache, tmp_path, monkeypatch, damage):
    content = bytearray(only(cache, "libraries").read_bytes())
    if damage == "another architecture":
        content[18] ^= 0x55
    elif damage == "32 bits":
        content[4] = 1
    elif damage == "no library":
        content = b"#!/bin/sh\n"
    else:
        names = {"no symbols": [], "other symbols": ["new", "delete", "run", "reset"]}[damage]
        content = shared_object(tmp_path, "".join(f'extern "C" void twin_{name}_0() {{}}\n' for name in names))
    plant(cache, content=bytes(content))
    assert steps() == ["elaborating", "compiling"]
    assert mended(cache, monkeypatch)


@pytest.mark.parametrize(
    "index",
    [
        b'{"library": "%s", "number": 0}',
        b"%s 0\n",
        b"../../%s 0\n",
        b"",
        b"\xff",
        DEEP,
        b'{"library": 7}',
        b"0123456789abcdef0123456789abcdef01234567 0\n",
        b"KEY 1\n",
        b"KEY -1\n",
        b"KEY 99999999999999999999\n",
        b"KEY 0\nmore",
    ],
)
def test_an_index_that_is_not_ours(cache, tmp_path, index):
    """Whatever it says: nothing outside is loaded or removed, and the twin is found by its hardware."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "precious").write_bytes(b"precious")
    key = only(cache, "libraries").name.encode()
    only(cache, "designs").write_bytes(index.replace(b"%s", str(victim).encode()).replace(b"KEY", key))
    assert steps() == ["elaborating"]
    assert (victim / "precious").read_bytes() == b"precious"
    assert steps() == []


@as_root
@pytest.mark.parametrize("part", ["libraries", "folder", "ports"])
def test_what_another_user_planted_does_not_run(cache, tmp_path, part):
    mark = tmp_path / "it ran"
    source = f'#include <cstdio>\n__attribute__((constructor)) static void run() {{ std::fclose(std::fopen("{mark}", "w")); }}'
    plant(cache, content=shared_object(tmp_path, source))
    path = cache if part == "folder" else only(cache, part)
    os.chown(path, 65534, -1)
    remedy = "name another folder in CONVOLVER_CACHE" if part == "folder" else "remove it"
    says = f"^The twins' cache must be writable by this user and root alone: {path} belongs to user 65534; {remedy}$"
    with pytest.raises(ToolError, match=says):
        compiler.compile_designs([DESIGN])
    assert not mark.exists()
    os.chown(path, os.geteuid(), -1)
    steps()
    assert mark.exists(), "this test can't fail"


@as_root
def test_a_noexec_mount(cache, tmp_path, caplog, monkeypatch):
    told = f"The twins' cache is on a noexec mount, so each twin is copied before it is loaded: {tmp_path}/disk/cache"
    (tmp_path / "disk").mkdir()
    options = ["-t", "tmpfs", "-o", "noexec,mode=755"]
    if subprocess.run(["mount", *options, "none", tmp_path / "disk"], capture_output=True, check=False).returncode:
        pytest.skip("this root can't mount anything")
    try:
        shutil.copytree(cache, tmp_path / "disk" / "cache")
        monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "disk" / "cache"))
        assert steps() == []
        assert [record.getMessage() for record in caplog.records] == [told]
        only(tmp_path / "disk" / "cache", "libraries").unlink()
        loading._loaded.clear()
        cache_module.say.cache_clear()
        assert steps() == ["elaborating", "compiling"]
        assert [record.getMessage() for record in caplog.records] == [told, told]
        # Nowhere else to load from.
        (tmp_path / "disk" / "tmp").mkdir(mode=0o700)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "disk" / "tmp"))
        loading._loaded.clear()
        says = (
            rf"^The compiled twin can't be loaded \({tmp_path}/disk/tmp is on a noexec mount\); name another folder in TMPDIR$"
        )
        with pytest.raises(ToolError, match=says):
            compiler.compile_designs([DESIGN])
        only(tmp_path / "disk" / "cache", "libraries").unlink()
        with pytest.raises(ToolError, match=says):
            compiler.compile_designs([DESIGN])
        assert list((tmp_path / "disk" / "tmp").iterdir()) == []
        # A place for temporary files that nothing can be loaded from, and a cache as it should be.
        monkeypatch.setenv("CONVOLVER_CACHE", str(cache))
        only(cache, "libraries").unlink()
        assert steps() == ["elaborating", "compiling"]
    finally:
        subprocess.run(["umount", "--lazy", tmp_path / "disk"], check=True)


def test_a_mount_that_says_noexec(cache, tmp_path, caplog, monkeypatch):
    """The same without root: the system's loader and the mount's flag are stood in for."""
    load, flags = loading._Library, loading._is_noexec

    def loader(path):
        if path.startswith(str(cache)):
            raise OSError(f"{path}: failed to map segment from shared object")
        return load(path)

    monkeypatch.setattr(loading, "_Library", loader)
    monkeypatch.setattr(loading, "_is_noexec", lambda path: str(path).startswith(str(cache)) or flags(path))
    assert steps() == []
    told = f"The twins' cache is on a noexec mount, so each twin is copied before it is loaded: {cache}"
    assert [record.getMessage() for record in caplog.records] == [told]


def test_a_loader_that_refuses_everything(cache, tmp_path, monkeypatch):
    def loader(path):
        raise OSError(f"{path}: not today")

    monkeypatch.setattr(loading, "_Library", loader)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    says = (
        rf"^The compiled twin can't be loaded \({tmp_path}/convolver-\w+/twin.so: not today\); name another folder in TMPDIR$"
    )
    with pytest.raises(ToolError, match=says):
        compiler.compile_designs([DESIGN])


def test_a_cache_that_cannot_be_written(cache, monkeypatch, caplog):
    """The process compiles for itself alone, says so once, and goes on."""
    (cache / "locks").rename(cache / "locks, once")
    for shelf in ("designs", "libraries", "ports", "locks"):
        shutil.rmtree(cache / shelf, ignore_errors=True)
        (cache / shelf).write_bytes(b"")
    assert steps() == ["elaborating", "compiling"]
    assert steps() == ["elaborating"]
    told = f"The twins' cache can't be written, so this process compiles for itself alone: Not a directory: {cache}"
    assert [record.getMessage() for record in caplog.records] == [told]


@as_root
@pytest.mark.parametrize("size", ["20k", "80k"])  # full when the RTLIL is written, and in the tools behind it
def test_no_room_for_temporary_files(cache, tmp_path, monkeypatch, size):
    monkeypatch.setattr(compiler, "_built", BUILT)
    only(cache, "libraries").unlink()
    (tmp_path / "small").mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size},mode=755"]
    if subprocess.run(["mount", *options, "none", tmp_path / "small"], capture_output=True, check=False).returncode:
        pytest.skip("this root can't mount anything")
    try:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "small"))
        with pytest.raises(ToolError, match=rf"^The twin can't be compiled \(No space left on device\) in {tmp_path}/small$"):
            compiler.compile_designs([DESIGN])
        assert list((tmp_path / "small").iterdir()) == []
    finally:
        subprocess.run(["umount", "--lazy", tmp_path / "small"], check=True)


@pytest.mark.soak  # Yosys translates itself anew
def test_without_home(tmp_path):
    """A whole process that has nowhere to keep its twin, and its Yosys no place for what it keeps of itself."""
    script = """
        import pwd
        pwd.getpwuid = lambda number: {}[number]
        from convolver import FIRDesign
        from convolver.sim.twin.core import TwinTransport
        import numpy as np
        print(TwinTransport(FIRDesign([3, -1, 2])).run(np.array([1, 10, 100])).tolist())
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("CONVOLVER_CACHE", "HOME")}
    environment["XDG_CACHE_HOME"] = ""
    end = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=environment, capture_output=True, text=True)
    assert (end.returncode, end.stdout) == (0, "[3, 29, 292]\n"), end.stderr
    assert end.stderr == (
        "The twins' cache can't be written, so this process compiles for itself alone: "
        "there is no home folder; name another folder in CONVOLVER_CACHE\n"
    )
