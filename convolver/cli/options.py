"""The options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from ..plan.target import Family
from ..shell import DescriptionPart, Frames, Handshake, RegisterSet

__all__ = [
    "BoardName",
    "Description",
    "DesignFile",
    "FrameSize",
    "MaybeDesignFile",
    "MaybePort",
    "OfDevice",
    "OfFamily",
    "Registers",
    "Streams",
    "TwinOf",
]

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
Registers = Annotated[
    RegisterSet | None,
    typer.Option(help="Registers around the core: all, those that load coefficients, or none; by default what it needs."),
]
Description = Annotated[
    DescriptionPart | None, typer.Option(help="What the registers tell of the design; by default all, if they are all there.")
]
Streams = Annotated[
    Handshake,
    typer.Option(help="Whether the streams have back-pressure; with `valid` a frame starts anew at its first beat."),
]
FrameSize = Annotated[
    Frames | None,
    typer.Option(help="Whether registers tell a frame's size, or all have the design's; by default as registers are there."),
]
BoardName = Annotated[str, typer.Option("--board", "-b", metavar="NAME", help="One of `convolver boards`.")]
