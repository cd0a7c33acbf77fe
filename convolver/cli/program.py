"""`convolver program`."""

from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson, answer
from .options import BoardName

__all__ = ["EXAMPLES", "program"]

EXAMPLES = (
    "convolver program --board icebreaker",
    "convolver program --board ulx3s-85f build/blur/top.bit",
    "convolver program --board icebreaker --udev",
)


def program(
    board: BoardName,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A bitstream; by default what build has left.")] = None,
    udev: Annotated[bool, typer.Option("--udev", help="Print the rules that let a user open the board on Linux.")] = False,
    as_json: AsJson = False,
) -> None:
    """Loads a bitstream into a board, with whichever program is there that can."""
    from .. import boards as known
    from ..progress import steps

    if udev:
        from ..boards.loaders import udev_rules

        rules = udev_rules(known.get(board))
        answer(as_json, rules, {"board": board, "rules": rules})
        return

    with steps() as advance:
        command = known.program(board, file, step=advance)
    answer(as_json, f"done: {command}", {"board": board, "command": command})
