"""Files are read once, in bounded time and memory, whatever they are."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from convolver import FileError, content


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x00" * 3_000_000)
    assert content.read(tmp_path / "a", "Picture") == b"\x00" * 3_000_000
    (tmp_path / "empty").write_bytes(b"")
    assert content.read(tmp_path / "empty", "Picture") == b""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none", "no such file or directory"),
        (".", "is a directory"),
        ("large", "it has more than 1 MiB"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_what_can_not_be_read(tmp_path: Path, name: str, says: str) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)  # nobody reads a terabyte to find out
    with pytest.raises(FileError) as caught:
        content.read(tmp_path / name, "Design file", 1 << 20)
    assert str(caught.value) == f"Design file {tmp_path / name} can't be read: {says}"


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
def test_the_most_bytes(tmp_path: Path, size: int) -> None:
    (tmp_path / "a").write_bytes(bytes(size))
    if size == 1 << 20:
        assert len(content.read(tmp_path / "a", "Array", 1 << 20)) == size
    else:
        with pytest.raises(FileError, match="it has more than 1 MiB"):
            content.read(tmp_path / "a", "Array", 1 << 20)


def test_a_device_without_end() -> None:
    with pytest.raises(FileError, match=r"^Design file /dev/zero can't be read: it has more than 1 MiB$"):
        content.read(Path("/dev/zero"), "Design file", 1 << 20)


def test_a_fifo_that_nobody_writes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match=r"^Picture .*/pipe can't be read: nothing came for 0\.05 s$"):
        content.read(tmp_path / "pipe", "Picture")


def test_a_fifo_whose_writer_stops_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    held = os.open(tmp_path / "pipe", os.O_RDWR)
    os.write(held, b"half")
    with pytest.raises(FileError, match=r"^Picture .*/pipe can't be read: nothing came for 0\.05 s$"):
        content.read(tmp_path / "pipe", "Picture")
    os.close(held)


def test_a_fifo_with_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    octets = bytes(range(256)) * 1000
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(octets))
    writer.start()
    assert content.read(tmp_path / "pipe", "Picture") == octets
    writer.join()


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input(name: str) -> None:
    code = (
        "import sys; from pathlib import Path; from convolver import content; print(content.read(Path(sys.argv[1]), 'Array'))"
    )
    said = subprocess.run([sys.executable, "-c", code, name], input=b"\x00\xff", capture_output=True, check=True)
    assert said.stdout == b"b'\\x00\\xff'\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    assert content.text_of("½ = 1\n".encode(encoding)) == "½ = 1\n"
