"""The twins' cache: where it is, and what it opens, follows, writes and removes. Whom it trusts: test_trusted.py."""

import contextlib
import errno
import os
import pwd
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convolver import ToolError
from convolver.sim.libraries import cache as module
from convolver.sim.libraries.cache import Cache, cache_folder, user_cache

from .caches import KEY, forked

OTHER = "f" * 40
WRONG = ["../" * 8 + "etc/passwd", "/etc/passwd", "", ".", "..", KEY[:-1], KEY + "0", KEY.upper(), KEY[:-1] + "/", KEY + "\n"]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")


@contextlib.contextmanager
def mounted(place, options):
    """A file system of its own."""
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place], capture_output=True).returncode:
        pytest.skip("this root can't mount anything")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


class TestNames:
    def test_what_was_written_is_read(self, filled):
        assert filled.read("libraries", KEY) == b"content"
        assert filled.read("libraries", OTHER) is None
        assert filled.read("ports", KEY) is None
        assert filled.write("libraries", KEY, b"new")
        assert filled.read("libraries", KEY) == b"new"
        assert filled.path("libraries", KEY).read_bytes() == b"new"
        assert [path.name for path in filled.path("libraries", KEY).parent.iterdir()] == [KEY]

    @pytest.mark.parametrize("name", WRONG)
    def test_only_keys_are_names(self, filled, name):
        (filled.folder / "secret").write_bytes(b"secret")
        assert filled.read("libraries", name) is None
        assert filled.read("libraries", "../secret") is None
        filled.path("libraries", OTHER).mkdir()
        assert filled.read("libraries", f"{OTHER}/../../secret") is None
        with pytest.raises(AssertionError):
            filled.write("libraries", name, b"")
        with pytest.raises(AssertionError):
            filled.path("libraries", name)

    def test_a_link_in_place_of_a_file_is_not_followed(self, filled, tmp_path):
        (tmp_path / "outside").write_bytes(b"outside")
        filled.path("libraries", OTHER).symlink_to(tmp_path / "outside")
        assert filled.read("libraries", OTHER) is None
        assert filled.write("libraries", OTHER, b"mine")
        assert filled.read("libraries", OTHER) == b"mine"
        assert (tmp_path / "outside").read_bytes() == b"outside"

    def test_a_link_in_place_of_a_shelf_is_not_followed(self, filled, tmp_path, caplog):
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / KEY).write_bytes(b"outside")
        (filled.folder / "ports").symlink_to(tmp_path / "outside")
        assert filled.read("ports", KEY) is None
        assert not filled.write("ports", KEY, b"mine")
        filled.prune()
        assert (tmp_path / "outside" / KEY).read_bytes() == b"outside"
        assert [record.getMessage() for record in caplog.records] == [
            f"The twins' cache can't be written, so this process compiles for itself alone: Not a directory: {filled.folder}"
        ]

    def test_what_is_no_file_is_not_there(self, filled):
        os.mkfifo(filled.path("libraries", "1" * 40))
        filled.path("libraries", "2" * 40).mkdir()
        with filled.path("libraries", "3" * 40).open("wb") as file:
            file.truncate(1 << 29)
        for name in "123":
            assert filled.read("libraries", name * 40) is None
        assert filled.write("libraries", "1" * 40, b"mine")
        assert filled.write("libraries", "3" * 40, b"mine")
        assert not filled.write("libraries", "2" * 40, b"mine")
        assert filled.path("libraries", "2" * 40).is_dir()


class TestPruning:
    def test_the_longest_unused_leave(self, filled, monkeypatch, tmp_path):
        monkeypatch.setitem(module.KEPT, "libraries", 2)
        shelf = filled.folder / "libraries"
        (tmp_path / "outside").write_bytes(b"outside")
        for age, digit in enumerate("1234"):
            (shelf / (digit * 40)).write_bytes(b"")
            os.utime(shelf / (digit * 40), (1e9 - age, 1e9 - age))
        (shelf / ("5" * 40)).mkdir()
        (shelf / ("5" * 40) / "file").write_bytes(b"")
        os.utime(shelf / ("5" * 40), (1, 1))
        (shelf / ("6" * 40)).symlink_to(tmp_path / "outside")
        os.utime(shelf / ("6" * 40), (2, 2), follow_symlinks=False)
        (shelf / "README").write_bytes(b"")
        os.utime(shelf / "README", (1, 1))
        (shelf / ("7" * 48)).write_bytes(b"never finished")
        os.utime(shelf / ("7" * 48), (1e9, 1e9))
        (shelf / ("8" * 48)).write_bytes(b"being written")
        assert filled.read("libraries", "4" * 40) == b""  # that counts as a use
        filled.prune()
        # A folder isn't removed, and nor is what isn't named by a key.
        left = {KEY, "4" * 40, "5" * 40, "README", "8" * 48}
        assert {path.name for path in shelf.iterdir()} == left
        assert (shelf / ("5" * 40) / "file").exists()
        assert (tmp_path / "outside").read_bytes() == b"outside"

    def test_nothing_to_prune(self, folder):
        user_cache().prune()
        Cache(None).prune()
        assert not folder.exists()


class TestPlace:
    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch, tmp_path):
        monkeypatch.delenv("CONVOLVER_CACHE", raising=False)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))

    def test_where_the_user_says(self, monkeypatch, tmp_path):
        assert cache_folder() == tmp_path / ".cache" / "convolver"
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
        assert cache_folder() == tmp_path / "x" / "convolver"
        monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "y"))
        assert cache_folder() == tmp_path / "y"

    def test_home_in_a_variable(self, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_CACHE_HOME", "~/x")
        assert cache_folder() == tmp_path / "x" / "convolver"
        for text, path in {"~": tmp_path, "~/": tmp_path, "~/a/b": tmp_path / "a" / "b", "~//a": tmp_path / "a"}.items():
            monkeypatch.setenv("CONVOLVER_CACHE", text)
            assert cache_folder() == path
        name = pwd.getpwuid(os.getuid()).pw_name
        monkeypatch.setenv("CONVOLVER_CACHE", f"~{name}/a")
        assert cache_folder() == Path(pwd.getpwuid(os.getuid()).pw_dir, "a")
        monkeypatch.setenv("CONVOLVER_CACHE", "~nobody-of-that-name/a")
        with pytest.raises(
            ToolError, match=r"^The home folder that CONVOLVER_CACHE begins with isn't known: ~nobody-of-that-name/a$"
        ):
            cache_folder()

    def test_a_relative_path(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("XDG_CACHE_HOME", "x")  # the specification says to ignore it
        assert cache_folder() == tmp_path / ".cache" / "convolver"
        monkeypatch.setenv("CONVOLVER_CACHE", "here/../there")
        assert user_cache().folder == tmp_path / "there"

    @pytest.mark.parametrize("home", [None, "", "relative"])
    def test_without_home(self, monkeypatch, home):
        monkeypatch.delenv("HOME")
        if home is not None:
            monkeypatch.setenv("HOME", home)
        assert cache_folder() == Path(os.path.realpath(pwd.getpwuid(os.geteuid()).pw_dir)) / ".cache" / "convolver"

    def test_without_any_home(self, monkeypatch, caplog):
        def unknown(number):
            raise KeyError(number)

        module.say.cache_clear()
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(pwd, "getpwuid", unknown)
        assert cache_folder() is None
        cache = user_cache()
        with cache.lock(KEY):
            assert not cache.write("libraries", KEY, b"")
            assert not cache.write("libraries", KEY, b"")
        assert cache.read("libraries", KEY) is None
        assert [record.getMessage() for record in caplog.records] == [
            "The twins' cache can't be written, so this process compiles for itself alone: "
            "there is no home folder; name another folder in CONVOLVER_CACHE"
        ]
        monkeypatch.setenv("CONVOLVER_CACHE", "~/x")
        with pytest.raises(ToolError, match=r"^The home folder that CONVOLVER_CACHE begins with isn't known: ~/x$"):
            user_cache()

    @pytest.mark.parametrize("below", ["", "/below/it"])
    def test_a_file_in_its_place(self, monkeypatch, tmp_path, below):
        (tmp_path / "file\n").write_bytes(b"")
        monkeypatch.setenv("CONVOLVER_CACHE", f"{tmp_path}/file\n{below}")
        says = rf"^The twins' cache must be a folder: {tmp_path}/file\\n isn't one; name another folder in CONVOLVER_CACHE$"
        with pytest.raises(ToolError, match=says):
            user_cache()

    def test_a_name_that_is_too_long(self, monkeypatch, tmp_path, caplog):
        module.say.cache_clear()
        monkeypatch.setenv("CONVOLVER_CACHE", f"{tmp_path}/{'x' * 300}")
        assert not user_cache().write("libraries", KEY, b"")
        assert user_cache().read("libraries", KEY) is None
        assert "File name too long" in caplog.text


class TestWriting:
    @pytest.mark.parametrize(
        ("umask", "folders", "files"), [(0o000, 0o755, 0o644), (0o022, 0o755, 0o644), (0o077, 0o700, 0o600)]
    )
    def test_umask(self, tmp_path, monkeypatch, umask, folders, files):
        monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "some" / "where"))
        before = os.umask(umask)
        try:
            with user_cache().lock(KEY):
                assert user_cache().write("libraries", KEY, b"content")
        finally:
            os.umask(before)
        assert user_cache().read("libraries", KEY) == b"content"
        for path in (tmp_path / "some").rglob("*"):
            assert path.stat().st_mode & 0o777 == (folders if path.is_dir() else files)

    def test_a_full_disk(self, filled, monkeypatch, caplog):
        def full(*_arguments, **_options):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "replace", full)
        assert not filled.write("libraries", KEY, b"new")
        assert not filled.write("libraries", OTHER, b"new")
        assert filled.read("libraries", KEY) == b"content"
        assert [path.name for path in (filled.folder / "libraries").iterdir()] == [KEY]
        assert [record.getMessage() for record in caplog.records] == [
            "The twins' cache can't be written, so this process compiles for itself alone: "
            f"No space left on device: {filled.folder}"
        ]

    @as_root
    def test_a_disk_that_is_really_full(self, tmp_path, monkeypatch):
        with mounted(tmp_path / "small", "size=32k,mode=755") as small:
            monkeypatch.setenv("CONVOLVER_CACHE", str(small / "cache"))
            assert user_cache().write("libraries", KEY, b"content")
            assert not user_cache().write("libraries", KEY, bytes(100_000))
            assert user_cache().read("libraries", KEY) == b"content"

    @as_root
    def test_a_file_system_that_is_only_read(self, tmp_path, monkeypatch, caplog):
        module.say.cache_clear()
        with mounted(tmp_path / "disk", "mode=755") as disk:
            monkeypatch.setenv("CONVOLVER_CACHE", str(disk / "cache"))
            assert user_cache().write("libraries", KEY, b"content")
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            with user_cache().lock(KEY):
                assert user_cache().read("libraries", KEY) == b"content"
                assert not user_cache().write("libraries", KEY, b"new")
                assert not user_cache().write("ports", KEY, b"new")
            user_cache().prune()
            monkeypatch.setenv("CONVOLVER_CACHE", str(disk / "another"))
            with user_cache().lock(KEY):
                assert not user_cache().write("libraries", KEY, b"new")
            why = "The twins' cache can't be written, so this process compiles for itself alone: Read-only file system"
            assert [record.getMessage() for record in caplog.records] == [
                f"{why}: {disk}/{name}" for name in ("cache", "another")
            ]

    def test_processes_that_write_the_same_file(self, filled):
        """Whoever reads meanwhile sees one content or another, whole."""
        script = (
            "import sys; from convolver.sim.libraries.cache import user_cache\n"
            "for turn in range(200): assert user_cache().write('libraries', sys.argv[1], sys.argv[2].encode() * 100_000)"
        )
        writers = [subprocess.Popen([sys.executable, "-c", script, KEY, letter]) for letter in "ab"]
        seen = set()
        while any(writer.poll() is None for writer in writers):
            content = filled.read("libraries", KEY)
            assert content == b"content" or content == content[:1] * 100_000
            seen.add(content[:1])
        assert [writer.wait() for writer in writers] == [0, 0]
        assert len(seen) > 1
        assert [path.name for path in (filled.folder / "libraries").iterdir()] == [KEY]

    def test_a_lock_is_held_by_one(self, filled):
        script = "import sys; from convolver.sim.libraries.cache import user_cache\n" + (
            "print('here', flush=True)\nwith user_cache().lock(sys.argv[1]): print('held', flush=True)"
        )
        command = [sys.executable, "-c", script]
        with filled.lock(KEY):
            waiting = subprocess.Popen([*command, KEY], stdout=subprocess.PIPE, bufsize=0)
            assert waiting.stdout.readline() == b"here\n"
            another = subprocess.run([*command, OTHER], stdout=subprocess.PIPE, check=True)
            assert another.stdout == b"here\nheld\n"
            assert select.select([waiting.stdout], [], [], 0.5)[0] == []
        assert waiting.communicate()[0] == b"held\n"

    def test_a_lock_ends_with_the_one_who_took_it(self, filled):
        """A process that was forked meanwhile, and goes on, doesn't hold it."""
        with filled.lock(KEY):
            child = forked()
            if child == 0:
                time.sleep(60)
                os._exit(0)
        try:
            with filled.lock(KEY):
                pass
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
