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
    "convolver verify --board icebreaker --bitstream build/icebreaker/top.bin",
)

_LOOPBACK = 1 / 16


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
    """Turns a bitstream back into its circuit, and sends that the self-test, through the driver that a board gets."""
    from .. import boards as known
    from ..boards.bitstream import read
    from ..boards.bitstream.pins import check_readable
    from ..progress import steps
    from ..verification import opened

    target = known.get(board)
    check_readable(target)
    wanted = None if design is None else load(design)
    with steps(log=True) as advance, TemporaryDirectory(prefix="convolver-") as folder:
        path = bitstream
        if path is None:
            built = known.build(board, wanted, Path(folder) / "build", step=lambda title: advance(f"{board}: {title}"))
            path, wanted = built.product, built.design
        advance("reading the bitstream")
        circuit = read(path, target)
        with opened(circuit, wanted, seed, advance) as device:
            count = round((_LOOPBACK if loopback is None else loopback) * 2**20)
            told = trial(device, frames, seed, count, advance)
    answer(
        as_json,
        f"in the bitstream: {circuit}\n{told}",
        {"board": board, "circuit": str(circuit), "equal": True, **dataclasses.asdict(told)},
    )
