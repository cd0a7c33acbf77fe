"""A board's circuit from its design: built, and read back as far as that goes."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from convolver.designs import Design
from convolver.errors import ToolError

from ..flow import COMMANDS, ROUTED, Step, build
from ..registry import Board
from ..toolchain import run
from .pins import check_readable, check_verified, from_bitstream
from .read import Circuit, read, read_routed

__all__ = ["built", "check_repacked"]


FILES = ("--input", "--bit", "--svf")
"""Options of `ecppack` that name files."""


def check_repacked(bitstream: Path) -> None:
    """Takes an ECP5's bitstream apart and puts it together again, with Project Trellis' tools.

    It is packed with the options that the build packed it with, which stand in a file beside it.

    Raises
    ------
    ToolError
        If that gives other bytes, or a tool is missing or fails.
    """
    options = _packing(bitstream.parent / COMMANDS)
    with TemporaryDirectory(prefix="bitstream-") as folder:
        shutil.copyfile(bitstream, Path(folder) / "top.bit")
        run("ecpunpack", ["--input", "top.bit", "--textcfg", "unpacked.config"], Path(folder))
        run("ecppack", [*options, "--input", "unpacked.config", "--bit", "again.bit"], Path(folder))
        if (Path(folder) / "again.bit").read_bytes() != bitstream.read_bytes():
            raise ToolError(f"Bitstream {bitstream} must be the same when it's taken apart and put together again, and isn't")


def _packing(commands: Path) -> list[str]:
    """The options of a build's last command, without those that name files."""
    _, *arguments = json.loads(commands.read_text())["commands"][-1]
    named = {place + more for place, option in enumerate(arguments) if option in FILES for more in range(2)}
    return [argument for place, argument in enumerate(arguments) if place not in named]


def built(
    board: Board, design: Design | None, directory: Path, step: Step | None = None, *, delays: bool = False
) -> tuple[Circuit, Design]:
    """Builds a board's bitstream, and gives its circuit and its design; of an iCE40's circuit its delays, too, if asked.

    An iCE40UP5K's circuit is what is in the bitstream. An ECP5's is the netlist that was routed; of its bitstream it's checked
    only that nothing gets lost when it's taken apart.

    Raises
    ------
    BoardError
        If the board's circuit can't be got, or the build ends so.
    ToolError
        If a tool is missing or fails, or the bitstream is damaged.
    FileError
        If `directory` can't be written.
    """
    check_readable(board) if delays else check_verified(board)
    whole = from_bitstream(board)
    made = build(board, design, directory, routed=delays or not whole, step=step)
    (step or (lambda _title: None))("reading the bitstream")
    if whole:
        return read(made.product, board, delays=delays), made.design
    check_repacked(made.product)
    return read_routed(made.product.parent / ROUTED, board), made.design
