"""Files are written whole: whatever goes wrong, what was there before is there still, and nothing else is."""

import ast
import errno
import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convolver import FileError, atomic

ROOT = Path(__file__).parent.parent
ORDINARY = os.geteuid() != 0
"""Root may write everywhere, so that write-protection is seen by other users only."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def full(*_arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_and_a_text(tmp_path: Path) -> None:
    atomic.write({tmp_path / "a": b"\x00\xff", tmp_path / "b": "½\n"})
    assert (tmp_path / "a").read_bytes() == b"\x00\xff"
    assert (tmp_path / "b").read_bytes() == b"\xc2\xbd\n"
    assert names(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("call", ["fsync", "open", "fchmod"])
def test_a_full_disk_leaves_every_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """All of them: the first is not replaced before the last one is on the disk."""
    for name in "ab":
        (tmp_path / name).write_text(f"good {name}")
    right, calls = getattr(os, call), []

    def second(*arguments: Any) -> Any:
        calls.append(arguments)
        return right(*arguments) if len(calls) < 2 else full()

    monkeypatch.setattr(os, call, second)
    with pytest.raises(FileError, match=r"^Page .*/b can't be written: no space left on device$"):
        atomic.write({tmp_path / "a": b"new", tmp_path / "b": b"new"}, "Page")
    assert len(calls) >= 2
    monkeypatch.undo()
    assert names(tmp_path) == ["a", "b"]
    assert [(tmp_path / name).read_text() for name in "ab"] == ["good a", "good b"]


def test_a_file_size_limit_leaves_the_good_file(tmp_path: Path) -> None:
    """A limit that the kernel itself enforces, in the middle of a write."""
    (tmp_path / "a").write_text("good")
    code = (
        "import resource, signal, sys; from pathlib import Path; from convolver import atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: atomic.write({Path(sys.argv[1]): bytes(100_000)})\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code, tmp_path / "a"], capture_output=True, text=True, check=True)
    assert said.stdout == f"FileError Output {tmp_path}/a can't be written: file too large\n"
    assert (tmp_path / "a").read_text() == "good"
    assert names(tmp_path) == ["a"]


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("good")

    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic.write({tmp_path / "a": b"new"})
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "good"


def test_a_file_keeps_its_mode_and_a_new_one_has_the_umasks(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("")
    (tmp_path / "old").chmod(0o604)
    kept = os.umask(0o027)
    try:
        atomic.write({tmp_path / "old": b"", tmp_path / "new": b""})
    finally:
        os.umask(kept)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("old", "new")] == [0o604, 0o640]


@pytest.mark.skipif(ORDINARY, reason="only root gives files away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    os.chown(tmp_path / "a", 12345, 54321)
    atomic.write({tmp_path / "a": b"new"})
    status = (tmp_path / "a").stat()
    assert (status.st_uid, status.st_gid) == (12345, 54321)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_leads_to_the_new_file(tmp_path: Path, there: bool) -> None:
    (tmp_path / "folder").mkdir()
    if there:
        (tmp_path / "folder" / "real").write_text("old")
    (tmp_path / "link").symlink_to(Path("folder", "real"))
    atomic.check(tmp_path / "link")
    atomic.write({tmp_path / "link": b"new"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "real").read_bytes() == b"new"
    assert names(tmp_path / "folder") == ["real"]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for call in (atomic.check, lambda path: atomic.write({path: b""})):
        with pytest.raises(FileError, match=r"^Output .*/a can't be written: too many levels of symbolic links$"):
            call(tmp_path / "a")


def test_a_fifo_is_written_and_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    heard: list[bytes] = []
    for name in ("pipe", "link"):
        reader = threading.Thread(target=lambda: heard.append((tmp_path / "pipe").read_bytes()))
        reader.start()
        atomic.check(tmp_path / name)
        atomic.write({tmp_path / name: b"results"})
        reader.join()
    assert heard == [b"results"] * 2
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert names(tmp_path) == ["link", "pipe"]


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output(tmp_path: Path, name: str) -> None:
    """A file that stdout leads to is written through its descriptor: it isn't another file under the same name."""
    code = "import sys; from pathlib import Path; from convolver import atomic; atomic.write({Path(sys.argv[1]): b'\\0\\xff'})"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code, name], stdout=out, check=True)
        assert os.fstat(out.fileno()).st_ino == (tmp_path / "out").stat().st_ino
    assert (tmp_path / "out").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == ["out"]


def test_a_device_without_room_is_told() -> None:
    with pytest.raises(FileError, match=r"^Output /dev/full can't be written: no space left on device$"):
        atomic.write({Path("/dev/full"): b"x"})
    assert not Path("/dev/full").is_file()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none/a", "there is no folder {0}/none; make it first"),
        ("file/a", "there is no folder {0}/file; make it first"),
        ("folder", "it is a folder; name a file in it"),
        ("a\0b", "[^\n]*null[^\n]*"),
    ],
)
def test_what_can_not_be_written_is_refused_early(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=rf"^Plot [^\n]* can't be written: {says.format(tmp_path)}$"):
        atomic.check(tmp_path / name, "Plot")
    with pytest.raises(FileError, match=r"^Plot [^\n]* can't be written: [^\n]+$"):
        atomic.write({tmp_path / name: b""}, "Plot")
    assert names(tmp_path) == ["file", "folder"]


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user of the machine sees, which pytest's own aren't."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_write_protection_is_respected(public: Path) -> None:
    """By another user than root, in a process of its own."""
    protected, closed = public / "open" / "protected", public / "closed"
    closed.mkdir()
    protected.parent.mkdir()
    protected.parent.chmod(0o777)
    protected.write_text("good")
    protected.chmod(0o444)
    closed.chmod(0o555)
    code = (
        "import os, sys; from pathlib import Path; from convolver import atomic, FileError\n"
        "os.geteuid() == 0 and os.setuid(65534)\n"
        "calls = [lambda name: atomic.check(Path(name)), lambda name: atomic.write({Path(name): b''})]\n"
        "calls = [(call, name) for name in sys.argv[1:3] for call in calls]\n"
        "for call, name in [*calls, (lambda name: atomic.check_folder(Path(name)), sys.argv[3])]:\n"
        "    try: call(name)\n"
        "    except FileError as error: print(error)"
    )
    arguments = protected, closed / "b", closed / "deep" / "er"
    said = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == [
        f"Output {protected} can't be written: it is write-protected; name another, or change its mode",
        f"Output {protected} can't be written: it is write-protected",
        f"Output {closed}/b can't be written: its folder {closed} is write-protected; name another",
        f"Output {closed}/b can't be written: permission denied",
        f"Folder {closed}/deep/er can't be written: {closed} is write-protected; name another",
    ]
    assert protected.read_text() == "good"
    assert names(protected.parent) == ["protected"]


def test_a_folder_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    atomic.check_folder(tmp_path / "new" / "folder")
    with pytest.raises(FileError, match=r"^Folder .*/file/a can't be written: .*/file isn't a folder; name another$"):
        atomic.check_folder(tmp_path / "file" / "a")
    assert names(tmp_path) == ["file"]


WRITES = {"write_text", "write_bytes", "savefig", "savez", "save", "tofile", "dump"}
"""Calls that write a file by its name; `save` and `savefig` may write into memory."""

OTHERS = {
    "convolver/atomic.py",
    "sim/libraries/loading.py",
    "sim/libraries/compiler.py",  # the twins' cache makes folders whole, and renames these
    "convolver/waves.py",  # what vcd2fst reads, in a folder of its own
    "sim/rtl/translate.py",  # as the twins' cache
    "boards/alone.py",  # what the tools read, in a folder of its own
}


def writes(text: str) -> list[str]:
    """The calls in a module that write a file by name, without `atomic`."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        )
        modes = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        opened = name == "open" and any(isinstance(mode, str) and set(mode) & set("wax") and len(mode) <= 3 for mode in modes)
        memory = bool(node.args) and ast.unparse(node.args[0]) in ("file", "drawn", "log")
        if (name in WRITES or opened) and not memory and ast.unparse(node.func) not in ("log.open", "wave.open"):
            found.append(ast.unparse(node))
    return found


def test_every_module_writes_its_files_whole() -> None:
    found = {}
    for folder in ("convolver", "hw", "host", "sim", "boards"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name not in OTHERS and (calls := writes(path.read_text(encoding="utf-8"))):
                found[name] = calls
    assert found == {}


@pytest.mark.parametrize("line", ["Path(x).write_text(y)", "figure.savefig(path)", "open(name, 'wb')", "path.open('w')"])
def test_a_write_by_name_is_found(line: str) -> None:
    assert writes(line) == [line]
