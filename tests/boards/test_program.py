"""Loading bitstreams with fake programs: their exact arguments, their order, and every failure in one line."""

import json
import stat
import sys

import pytest

from convolver import BoardError, FileError, ToolError, boards, cli
from convolver.boards.program import VIVADO, bitstream

CALLS = "calls.json"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder that is all of PATH; `programs(name, code, says)` puts a program into it that notes its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
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
    rule = "A program that loads icebreaker is missing; install one of these into PATH: openFPGALoader, iceprog"
    with pytest.raises(ToolError, match=f"^{rule}$"):
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
    [("Init..\nCan't find iCE FTDI USB device\n\n", "Can't find iCE FTDI USB device"), ("", "it said nothing")],
)
def test_a_failure_is_one_line(says, told, programs):
    built("icebreaker")
    programs("iceprog", code=2, says=says)
    with pytest.raises(ToolError, match=f"^iceprog must succeed, and ended with exit code 2: {told}$"):
        boards.program("icebreaker")


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
