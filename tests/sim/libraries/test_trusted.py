"""Whose files the twins' cache trusts."""

import grp
import os
import pwd
import re
import tempfile
import traceback
from collections import namedtuple
from pathlib import Path

import pytest

from convolver import ToolError
from convolver.sim.libraries import cache as module
from convolver.sim.libraries import trusted
from convolver.sim.libraries.cache import user_cache

from .caches import KEY, forked

OTHER = "f" * 40
STRANGER = 65534
Entry = namedtuple("Entry", "pw_uid pw_gid pw_name pw_dir", defaults=["/home/me"])
Group = namedtuple("Group", "gr_mem")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user, or become one")


def as_stranger(act):
    """What `act` gives, as text, in a process of another user."""
    reading, writing = os.pipe()
    child = forked()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            said = str(act())
        except BaseException as error:  # noqa: BLE001  # the other process tells it
            said = f"{type(error).__name__}: {error}" if isinstance(error, ToolError) else traceback.format_exc()
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def refused(path, wrong, remedy="name another folder in CONVOLVER_CACHE"):
    return f"^The twins' cache must be writable by this user and root alone: {re.escape(str(path))} {wrong}; {remedy}$"


class TestTrust:
    @pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777])
    def test_a_folder_that_others_can_write_to(self, filled, monkeypatch, mode):
        monkeypatch.setattr(trusted, "_is_own_group", lambda _group, _user: False)
        filled.folder.chmod(mode)
        for act in (user_cache, lambda: filled.read("libraries", KEY), lambda: filled.write("ports", KEY, b"")):
            with pytest.raises(
                ToolError, match=refused(filled.folder, f"has mode {mode:04o}", "(name another folder|remove it).*")
            ):
                act()
        with pytest.raises(ToolError, match=refused(filled.folder, f"has mode {mode:04o}")):
            user_cache()
        filled.folder.chmod(0o755)
        assert filled.read("libraries", KEY) == b"content"

    @pytest.mark.parametrize("there", [True, False])
    def test_a_folder_above(self, tmp_path, monkeypatch, there):
        above = tmp_path / "above"
        (above / "between").mkdir(parents=True)
        monkeypatch.setenv("CONVOLVER_CACHE", str(above / "between" / "cache"))
        if there:
            user_cache().write("libraries", KEY, b"")
        above.chmod(0o757)
        with pytest.raises(ToolError, match=refused(above, "has mode 0757")):
            user_cache()
        above.chmod(0o1777)  # as /tmp has: what isn't theirs others can't move
        assert user_cache().write("libraries", KEY, b"")

    @pytest.mark.parametrize("part", ["libraries", f"libraries/{KEY}"])
    def test_something_inside_that_others_can_write_to(self, filled, part):
        mode = 0o757 if part == "libraries" else 0o646
        (filled.folder / part).chmod(mode)
        with pytest.raises(ToolError, match=refused(filled.folder / part, f"has mode {mode:04o}", "remove it")):
            filled.read("libraries", KEY)

    @pytest.mark.parametrize("alone", [True, False])
    def test_the_user_s_own_group(self, filled, monkeypatch, alone):
        """Where every user has a group of his own, a umask of 002 lets nobody else write."""
        group = filled.folder.stat().st_gid
        own, other = Entry(os.geteuid(), group, "me"), Entry(4711, group, "another")
        monkeypatch.setattr(pwd, "getpwuid", lambda _number: own)
        monkeypatch.setattr(pwd, "getpwall", lambda: [own] if alone else [own, other])
        monkeypatch.setattr(grp, "getgrgid", lambda _number: Group(["me"]))
        trusted._is_own_group.cache_clear()
        filled.folder.chmod(0o775)
        try:
            if alone:
                assert user_cache().read("libraries", KEY) == b"content"
                monkeypatch.setattr(os, "listxattr", lambda _place: ["system.posix_acl_access"], raising=False)
            with pytest.raises(ToolError, match=refused(filled.folder, "has mode 0775")):
                user_cache()
        finally:
            trusted._is_own_group.cache_clear()

    @pytest.mark.parametrize("user", ["me", "another"])
    def test_a_group_with_members_is_not_the_user_s_own(self, monkeypatch, user):
        own = Entry(4711, 4712, "me")
        monkeypatch.setattr(pwd, "getpwuid", lambda _number: own)
        monkeypatch.setattr(pwd, "getpwall", lambda: [own])
        monkeypatch.setattr(grp, "getgrgid", lambda _number: Group([user]))
        own_group = trusted._is_own_group.__wrapped__
        assert own_group(4712, 4711) == (user == "me")
        assert not own_group(4713, 4711)

    @as_root
    @pytest.mark.parametrize("part", ["cache", "", "cache/libraries", f"cache/libraries/{KEY}"])
    def test_another_user_s(self, filled, tmp_path, part):
        os.chown(tmp_path / part, STRANGER, -1)
        remedy = "remove it" if "/" in part else "name another folder in CONVOLVER_CACHE"
        with pytest.raises(ToolError, match=refused(tmp_path / part, f"belongs to user {STRANGER}", remedy)):
            user_cache().read("libraries", KEY)

    def test_a_link_to_the_cache(self, filled, monkeypatch, tmp_path):
        (tmp_path / "link").symlink_to("cache")
        (tmp_path / "above").symlink_to(tmp_path)
        monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "above" / "link"))
        assert user_cache().folder == filled.folder
        assert user_cache().read("libraries", KEY) == b"content"

    @as_root
    def test_another_user_s_link_to_the_cache(self, filled, monkeypatch, tmp_path):
        (tmp_path / "link").symlink_to("cache")
        os.chown(tmp_path / "link", STRANGER, -1, follow_symlinks=False)
        monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "link"))
        with pytest.raises(ToolError, match=refused(tmp_path / "link", f"belongs to user {STRANGER}")):
            user_cache()

    def test_a_circle_of_links(self, monkeypatch, tmp_path):
        (tmp_path / "link").symlink_to("link")
        monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "link" / "cache"))
        with pytest.raises(ToolError, match=r"^The twins' cache must not be behind more than 40 links: .*; name another"):
            user_cache()

    def test_the_folder_for_temporary_files(self, monkeypatch, tmp_path):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with trusted.private_folder() as private:
            assert private.stat().st_mode & 0o777 == 0o700
            (private / "file").write_bytes(b"")
        tmp_path.chmod(0o757)
        says = (
            f"^The folder for temporary files must be writable by this user and root alone: {tmp_path} has mode 0757; "
            "name another in TMPDIR$"
        )
        with pytest.raises(ToolError, match=says), trusted.private_folder():
            pass
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
        says = r"^Temporary files can't be written \(No such file or directory\); name another in TMPDIR$"
        with pytest.raises(ToolError, match=says), trusted.private_folder():
            pass
        assert list(tmp_path.iterdir()) == []


class TestSharing:
    @pytest.fixture
    def shared(self, monkeypatch):
        """A cache of root's that everybody can read."""
        module.say.cache_clear()
        with tempfile.TemporaryDirectory() as place:
            Path(place).chmod(0o755)
            monkeypatch.setenv("CONVOLVER_CACHE", f"{place}/cache")
            assert user_cache().write("libraries", KEY, b"root's")
            yield Path(place, "cache")

    @as_root
    def test_root_s_is_read(self, shared):
        assert as_stranger(lambda: user_cache().read("libraries", KEY)) == 'b"root\'s"'

    @as_root
    def test_root_s_is_not_written(self, shared):
        def act():
            told = []
            module._LOG.warning = told.append
            with user_cache().lock(KEY):
                return user_cache().write("libraries", OTHER, b"mine"), user_cache().write("ports", OTHER, b"mine"), told

        assert as_stranger(act) == str(
            (
                False,
                False,
                [f"The twins' cache can't be written, so this process compiles for itself alone: it belongs to root: {shared}"],
            )
        )
        assert [str(path.relative_to(shared)) for path in shared.rglob("*")] == ["libraries", f"libraries/{KEY}"]

    @as_root
    def test_a_stranger_s_file_in_it(self, shared):
        os.chown(shared / "libraries" / KEY, 4711, -1)
        says = refused(shared / "libraries" / KEY, "belongs to user 4711", "remove it")
        assert re.match(says.replace("^", "^ToolError: "), as_stranger(lambda: user_cache().read("libraries", KEY)))

    @as_root
    def test_a_folder_that_one_may_not_enter(self, shared):
        (shared.parent / "closed").mkdir(mode=0o700)

        def act():
            os.environ["CONVOLVER_CACHE"] = str(shared.parent / "closed" / "cache")
            return user_cache().read("libraries", KEY), user_cache().write("libraries", KEY, b"")

        assert as_stranger(act) == "(None, False)"

    @as_root
    def test_one_s_own_in_a_folder_for_everybody(self, shared, monkeypatch):
        place = shared.parent / "tmp"
        place.mkdir()
        place.chmod(0o1777)

        def act():
            os.environ["CONVOLVER_CACHE"] = str(place / "cache")
            cache = user_cache()
            yield cache.write("libraries", KEY, b"mine")
            yield cache.read("libraries", KEY)
            cache.path("libraries", KEY).chmod(0)  # damaged: it can't be read
            yield cache.read("libraries", KEY)
            yield cache.write("libraries", KEY, b"new")
            yield cache.read("libraries", KEY)

        assert as_stranger(lambda: list(act())) == "[True, b'mine', None, True, b'new']"
        monkeypatch.setenv("CONVOLVER_CACHE", str(place / "cache"))
        with pytest.raises(ToolError, match=refused(place / "cache", f"belongs to user {STRANGER}")):
            user_cache()
