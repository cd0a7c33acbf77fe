"""`convolver program`."""

from pathlib import Path
from typing import Annotated

import typer

from .options import BoardName

__all__ = ["program"]


def program(
    board: BoardName,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A bitstream; by default what build has left.")] = None,
    udev: Annotated[bool, typer.Option("--udev", help="Print the rules that let a user open the board on Linux.")] = False,
) -> None:
    """Loads a bitstream into a board, with whichever program is there that can."""
    from .. import boards as known
    from ..progress import steps

    if udev:
        from ..boards.loaders import udev_rules

        print(udev_rules(known.get(board)))
        return

    with steps() as advance:
        command = known.program(board, file, step=advance)
    print(f"done: {command}")
