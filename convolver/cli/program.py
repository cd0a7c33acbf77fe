"""`convolver program`."""

from pathlib import Path
from typing import Annotated

import typer

from .options import BoardName

__all__ = ["program"]


def program(
    board: BoardName,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A bitstream; by default what build has left.")] = None,
) -> None:
    """Loads a bitstream into a board, with whichever program is there that can."""
    from .. import boards as known
    from ..progress import steps

    with steps() as advance:
        command = known.program(board, file, step=advance)
    print(f"done: {command}")
