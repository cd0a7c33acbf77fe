"""`convolver build`."""

from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson, answer
from .devices import load
from .options import BoardName, MaybeDesignFile, MaybeRate

__all__ = ["EXAMPLES", "EXTRA", "build"]

EXTRA = "boards"

EXAMPLES = (
    "convolver build --board icebreaker",
    "convolver build --board ulx3s-85f --design examples/blur.toml --clock 100M --output build/blur",
)


MOST_MHZ = 1000
"""Of a clock."""


def build(
    board: BoardName,
    design: MaybeDesignFile = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="By default build/NAME.")] = None,
    clock: Annotated[
        str | None,
        typer.Option(metavar="CLOCK", help="The core's clock, such as 100M or 100 (MHz); else the board's own choice."),
    ] = None,
    rate: MaybeRate = None,
    as_json: AsJson = False,
) -> None:
    """Builds a board's bitstream, or the build plan where its tools aren't open."""
    from .. import boards as known
    from ..boards.clocks import clocks_of
    from ..progress import steps

    target = known.get(board)  # an unknown name is told before the design is looked at
    core_hz = None if clock is None else _clock_hz(clock)
    loaded = None
    if design is not None:
        loaded = load(design, clocks_of(target).core.hertz if core_hz is None else core_hz, rate)
    elif rate is not None:
        raise typer.BadParameter("--rate is of a design: give --design FILE")
    with steps(log=True) as advance:
        result = known.build(board, loaded, output, core_hz=core_hz, step=lambda title: advance(f"{board}: {title}"))
    told = str(result)
    if result.complete:
        told += f"\nto load it: convolver program --board {board}" + ("" if output is None else f" {result.product}")
    answer(as_json, told, result.to_dict())


def _clock_hz(text: str) -> int:
    """A clock in hertz; a plain number is in MHz."""
    from ..folding import hertz

    found = hertz(text, "Clock")
    if text.strip().replace(".", "").isdigit() and found <= MOST_MHZ:
        found *= 1e6
    if not 1e6 <= found <= MOST_MHZ * 1e6:
        raise typer.BadParameter(f"a core's clock must be between 1 and {MOST_MHZ} MHz, not {text}")
    return round(found)
