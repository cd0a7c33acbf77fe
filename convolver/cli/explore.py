"""`convolver explore`."""

from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson, answer
from .devices import note
from .options import BoardName, DesignFile, Jobs, Scheduler, Seeds, Streams, Vary
from .searches import searched

__all__ = ["EXAMPLES", "EXTRA", "explore"]

EXTRA = "explore"

EXAMPLES = (
    "convolver explore --design examples/lowpass.toml --board ulx3s-85f --plot lowpass.svg",
    "convolver explore --design examples/lowpass.toml --board icebreaker --clock 12M,24M,48M --rate 48k",
    "convolver explore --design examples/blur.toml --board ulx3s-25f --vary structure=auto,direct --vary multipliers=0,none",
    "convolver explore --design examples/lowpass.toml --board ulx3s-85f --vary coefficient=s12,s16 --scheduler tcp://HOST:8786",
)


def explore(
    design: DesignFile,
    board: BoardName,
    vary: Vary = None,
    clock: Annotated[
        str | None, typer.Option(metavar="HZ,HZ", help="Clocks that are aimed at, such as 100M,200M; else as fast as it gets.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="HZ", help="Samples or pixels a second; each clock then picks the folding.")
    ] = None,
    seeds: Seeds = "3",
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw cost and rate into this picture.")] = None,
    scheduler: Scheduler = None,
    jobs: Jobs = None,
    handshake: Streams = "back-pressure",
    as_json: AsJson = False,
) -> None:
    """Builds a design in many ways for a board's device, and says what each costs and reaches.

    Without --vary and --clock these are all foldings, and constants that are shifted and added. What was built is kept, so that
    a second run builds nothing and a run that was stopped goes on.
    """
    from ..folding import hertz

    if rate is not None and clock is None:
        raise typer.BadParameter("--rate picks the folding at each clock: give --clock too, such as 50M,100M")
    if plot is not None:
        from ..plots import check_picture

        check_picture(plot)
    clocks = [hertz(one, "Clock") for one in clock.split(",")] if clock is not None else []
    found = searched(
        design, board, vary, seeds, scheduler, jobs, handshake, clocks, None if rate is None else hertz(rate, "Rate"), None
    )
    note(found.notes)
    answer(as_json, found, found.to_dict())  # also where there is nothing to plot
    if plot is not None:
        found.plot(plot)
