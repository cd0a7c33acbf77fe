"""`convolver run`."""

from pathlib import Path
from typing import Annotated

import typer

from .devices import load, note, open_device
from .options import MaybeDesignFile, MaybePort

__all__ = ["run"]


def run(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A picture, a sound or an array (docs/files.md); - for standard input.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="The file to write; its ending says what. - for stdout.")
    ],
    design: MaybeDesignFile = None,
    port: MaybePort = None,
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Give up after so long; by default only when nothing moves.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="What to write, such as png, wav or npy, whatever OUT ends with.")
    ] = None,
    rounded: Annotated[
        bool,
        typer.Option("--round", help="Round a sound's samples that the design's format doesn't hold; else they are refused."),
    ] = False,
) -> None:
    """Filters a picture, a sound or an array file on the twin or on a board."""
    from ..atomic import STANDARD
    from ..progress import steps
    from ..run import Target, check_target, read_source, run_file

    target = Target.of(output, kind)
    if source == design == STANDARD:
        raise typer.BadParameter("only one of IN and --design can be standard input")
    with steps() as advance:
        wanted = None if design is None else load(design)
        read = None
        if wanted is not None:
            # What the files can't hold is refused before anything is compiled.
            check_target(target, wanted)
            read = read_source(source, wanted, rounded=rounded)
            check_target(target, wanted, read)
        with open_device(wanted, port, advance) as device:
            if read is None:
                read = read_source(source, device.design, rounded=rounded)
            notes = run_file(device, read, target, advance, timeout)
    note(notes)
