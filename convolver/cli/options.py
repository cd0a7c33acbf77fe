"""The options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from ..plan.target import Family

__all__ = ["BoardName", "DesignFile", "MaybeDesignFile", "MaybePort", "OfDevice", "OfFamily", "TwinOf"]

DesignFile = Annotated[Path, typer.Option("--design", "-d", metavar="FILE", help="A design: TOML, JSON, or a file of taps.")]
MaybeDesignFile = Annotated[
    Path | None, typer.Option("--design", "-d", metavar="FILE", help="A design: TOML, JSON, or a file of taps.")
]
MaybePort = Annotated[
    str | None,
    typer.Option(
        "--port", "-p", metavar="URL", help="A board, such as serial:///dev/ttyUSB0 or tcp://HOST:PORT; else the twin."
    ),
]

TwinOf = Annotated[
    str | None,
    typer.Option("--board", "-b", metavar="NAME", help="The whole top of that board; else a twin of none, which is quicker."),
]
OfFamily = Annotated[
    Family | None, typer.Option(help="Devices that it is for, whose primitives and latency it has; by default any.")
]
OfDevice = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="One device, such as LFE5U-85F: refuse what it has no room for, and place multipliers."),
]
BoardName = Annotated[str, typer.Option("--board", "-b", metavar="NAME", help="One of `convolver boards`.")]
