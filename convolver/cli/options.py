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
    "Jobs",
    "MaybeBoard",
    "MaybeClock",
    "MaybeDesignFile",
    "MaybePort",
    "MaybeRate",
    "OfDevice",
    "OfFamily",
    "PlannedClock",
    "Registers",
    "Scheduler",
    "Seeds",
    "Streams",
    "TwinOf",
    "Vary",
]


def _boards(typed: str) -> list[str]:
    """Names of boards that a shell completes."""
    from ..boards import names

    return [name for name in names() if name.startswith(typed)]


def _devices(typed: str) -> list[str]:
    from ..plan.fpgas import FPGAS

    return [fpga.name for fpga in FPGAS if fpga.name.lower().startswith(typed.lower())]


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

MaybeClock = Annotated[
    str | None,
    typer.Option(metavar="HZ", help="The core's clock, such as 100M; with --rate it picks how multipliers are shared."),
]
PlannedClock = Annotated[
    str | None,
    typer.Option(
        metavar="HZ",
        help="The core's clock, such as 100M: the slower, the fewer registers; with --rate it also picks how multipliers are "
        "shared.",
    ),
]
MaybeRate = Annotated[
    str | None, typer.Option(metavar="HZ", help="Samples or pixels a second, such as 1M; the slower, the fewer multipliers.")
]
TwinOf = Annotated[
    str | None,
    typer.Option(
        "--board",
        "-b",
        metavar="NAME",
        help="The whole top of that board; else a twin of none, which is quicker.",
        autocompletion=_boards,
    ),
]
OfFamily = Annotated[
    Family | None, typer.Option(help="Devices that it is for, whose primitives and latency it has; by default any.")
]
OfDevice = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="One device, such as LFE5U-85F: refuse what it has no room for, and place multipliers.",
        autocompletion=_devices,
    ),
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
MaybeBoard = Annotated[
    str | None,
    typer.Option(
        "--board",
        "-b",
        metavar="NAME",
        help="Refuse what this board can't hold; one of `convolver boards`.",
        autocompletion=_boards,
    ),
]
BoardName = Annotated[
    str, typer.Option("--board", "-b", metavar="NAME", help="One of `convolver boards`.", autocompletion=_boards)
]
Vary = Annotated[
    list[str] | None,
    typer.Option(metavar="FIELD=V,V", help="Values of a field of the design's file, such as multipliers=1,4,16; repeatable."),
]
Seeds = Annotated[
    str, typer.Option(metavar="N", help="Placements of each point, or their seeds, such as 1,5,7; the median counts.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="URL", help="A Dask scheduler, such as tcp://HOST:8786, whose workers do it; else this machine."),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Tools at a time on this machine; by default all processors.")
]
