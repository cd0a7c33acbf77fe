"""Files that this process may load: those of its own user and of root that no other user can write to.

A compiled twin is loaded into the process, so anyone who can replace it can do everything that the user can. The check
is that of ssh: a folder, and each folder above it up to the user's home, belongs to the user or to root, and no other
user can write to it. In a folder with the sticky bit, such as /tmp, others may write: they can't move or remove files
that aren't theirs.
"""

import grp
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from convolver.errors import ToolError

__all__ = ["check_folder", "fault", "home_folder", "private_folder", "resolved", "shown"]

_LINKS = 40
_REMEDY = "name another in TMPDIR"


def shown(text: object) -> str:
    """A path or a system's message, made printable for a message of one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def home_folder() -> Path | None:
    """The user's home: ``$HOME``, else the one in the user database; None if there is neither."""
    home = Path(os.environ.get("HOME", ""))
    return home if home.is_absolute() else _account_home()


def _account_home() -> Path | None:
    """The home of this process's user. It is trusted: anyone who can replace it has the user's account anyway."""
    try:
        return Path(os.path.realpath(pwd.getpwuid(os.geteuid()).pw_dir))
    except KeyError:
        return None


def fault(place: Path | int, *, above: bool = False) -> str | None:
    """Why a folder or file can't be trusted: it belongs to another user, or others can write to it. None if it can be
    trusted.

    Parameters
    ----------
    place : Path or int
        A path, which isn't followed if it is a link, or an open descriptor.
    above : bool
        Whether it is a folder above the one in use: the sticky bit protects that.

    Raises
    ------
    OSError
        If it doesn't exist, or can't be examined.
    """
    status = os.fstat(place) if isinstance(place, int) else place.lstat()
    if status.st_uid not in (0, os.geteuid()):
        return f"belongs to user {status.st_uid}"
    if stat.S_ISLNK(status.st_mode) or (above and status.st_mode & stat.S_ISVTX):
        return None
    others = bool(status.st_mode & stat.S_IWOTH)
    group = bool(status.st_mode & stat.S_IWGRP) and not (_is_own_group(status.st_gid, os.geteuid()) and not _has_acl(place))
    return f"has mode {stat.S_IMODE(status.st_mode):04o}" if others or group else None


@cache
def _is_own_group(group: int, user: int) -> bool:
    """Whether this user is a group's only member, as of the group that many systems create for each user."""
    try:
        own = pwd.getpwuid(user)
        members = grp.getgrgid(group).gr_mem
    except KeyError:
        return False
    if group != own.pw_gid or not set(members) <= {own.pw_name}:
        return False
    return all(entry.pw_uid == user for entry in pwd.getpwall() if entry.pw_gid == group)


def _has_acl(place: Path | int) -> bool:
    """Whether an access control list names other users: then the mode's group bits apply to them too."""
    if not hasattr(os, "listxattr"):
        return False
    with suppress(OSError):  # some file systems have no lists
        return "system.posix_acl_access" in os.listxattr(place)
    return False


def resolved(path: Path, subject: str, remedy: str) -> Path:
    """The absolute path without links. Every link that is followed belongs to the user or to root.

    Raises
    ------
    ToolError
        If a link doesn't, or there are too many; `subject` and `remedy` as in `check_folder`.
    OSError
        If a part can't be examined.
    """
    # Not `Path.resolve`: it follows links without checking their owner.
    path = Path(os.path.abspath(path))  # noqa: PTH100
    for _ in range(_LINKS):
        link = next((part for part in (*reversed(path.parents), path) if part.is_symlink()), None)
        if link is None:
            return path
        if wrong := fault(link):
            raise _refused(link, wrong, subject, remedy)
        path = Path(os.path.abspath(link.parent / link.readlink() / path.relative_to(link)))  # noqa: PTH100
    raise ToolError(f"{subject} must not be behind more than {_LINKS} links: {shown(path)}; {remedy}")


def check_folder(path: Path, subject: str, remedy: str) -> None:
    """Checks a folder, or the existing part of its path.

    Parameters
    ----------
    path : Path
        A path from `resolved`.
    subject : str
        Purpose of the folder, for the beginning of the message.
    remedy : str
        Remedy, for the end of the message.

    Raises
    ------
    ToolError
        If it isn't a folder, or if a user other than this one and root can write to it or to a folder above it.
    OSError
        If it can't be examined.
    """
    home = _account_home()
    for folder in (path, *path.parents):
        try:
            mode = folder.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(mode):
            raise ToolError(f"{subject} must be a folder: {shown(folder)} isn't one; {remedy}")
        if wrong := fault(folder, above=folder != path):
            raise _refused(folder, wrong, subject, remedy)
        if folder == home:
            return


def _refused(path: Path, wrong: str, subject: str, remedy: str) -> ToolError:
    return ToolError(f"{subject} must be writable by this user and root alone: {shown(path)} {wrong}; {remedy}")


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder for temporary files that no other user can access.

    It is removed at the end, unless a `ToolError` names a file in it.

    Raises
    ------
    ToolError
        If there is no folder for temporary files (`TMPDIR`) that is trusted and writable.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="convolver-"))
    except OSError as error:
        raise ToolError(f"Temporary files can't be written ({error.strerror or error}); {_REMEDY}") from None
    try:
        subject = "The folder for temporary files"
        check_folder(resolved(folder, subject, _REMEDY), subject, _REMEDY)
    except ToolError:
        folder.rmdir()
        raise
    named = False
    try:
        yield folder
    except ToolError as error:
        named = str(folder) in str(error)
        raise
    finally:
        if not named:
            shutil.rmtree(folder, ignore_errors=True)
