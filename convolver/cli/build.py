"""`convolver build`."""

from pathlib import Path
from typing import Annotated

import typer

from .devices import load
from .options import BoardName, MaybeDesignFile

__all__ = ["build"]


def build(
    board: BoardName,
    design: MaybeDesignFile = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="By default build/NAME.")] = None,
    clock: Annotated[
        float | None, typer.Option(min=1, max=1000, metavar="MHZ", help="The core's clock; by default the board's own choice.")
    ] = None,
) -> None:
    """Builds a board's bitstream, or the build plan where its tools aren't open."""
    from .. import boards as known
    from ..progress import steps

    known.get(board)  # an unknown name is told before the design is looked at
    loaded = None if design is None else load(design)
    core_hz = None if clock is None else round(clock * 1e6)
    with steps(log=True) as advance:
        result = known.build(board, loaded, output, core_hz=core_hz, step=lambda title: advance(f"{board}: {title}"))
    print(result)
