"""`convolver verify`."""

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from .answers import AsJson, answer
from .devices import load
from .options import BoardName, MaybeDesignFile
from .trial import Frames, Loopback, Seed, trial

__all__ = ["EXAMPLES", "verify"]

EXAMPLES = (
    "convolver verify --board icebreaker",
    "convolver verify --board ulx3s-85f",
    "convolver verify --board icebreaker --bitstream build/icebreaker/top.bin",
)

_LOOPBACK = 3e6
"""MiB by default, times the circuit's clocks a second: some minutes on one core."""


def verify(
    board: BoardName,
    design: MaybeDesignFile = None,
    bitstream: Annotated[
        Path | None, typer.Option(metavar="FILE", help="One that was built before; else the design's is built now.")
    ] = None,
    frames: Frames = 2,
    seed: Seed = 1,
    loopback: Loopback = None,
    as_json: AsJson = False,
) -> None:
    """Turns a bitstream back into its circuit, and sends that the self-test, through the driver that a board gets.

    An ECP5's circuit is the netlist that was routed. Of its bitstream it is checked only that it stays the same when it's taken
    apart and put together again.
    """
    from .. import boards as known
    from ..boards.bitstream import built, read
    from ..boards.bitstream.pins import check_readable, check_verified
    from ..progress import steps
    from ..verification import opened

    target = known.get(board)
    check_verified(target)
    if bitstream is not None:
        check_readable(target)
    wanted = None if design is None else load(design)
    with steps(log=True) as advance, TemporaryDirectory(prefix="convolver-") as folder:
        if bitstream is None:
            circuit, wanted = built(target, wanted, Path(folder), lambda title: advance(f"{board}: {title}"))
        else:
            advance("reading the bitstream")
            circuit = read(bitstream, target)
        with opened(circuit, wanted, seed, advance) as device:
            count = round((_LOOPBACK / circuit.clock_hz if loopback is None else loopback) * 2**20)
            told = trial(device, frames, seed, count, advance)
    answer(
        as_json,
        f"{circuit.source}: {circuit}\n{told}",
        {"board": board, "circuit": str(circuit), "equal": True, **dataclasses.asdict(told)},
    )
