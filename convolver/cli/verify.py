"""`convolver verify`."""

import dataclasses
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from .answers import AsJson, answer
from .devices import load
from .exit_codes import DIFFERENCE
from .options import BoardName, MaybeDesignFile
from .trial import Frames, Loopback, Seed, trial

if TYPE_CHECKING:
    from ..boards.bitstream import Circuit
    from ..designs import Design
    from ..progress import Advance
    from ..verification import Delayed

__all__ = ["EXAMPLES", "EXTRA", "verify"]

EXTRA = "boards"

EXAMPLES = (
    "convolver verify --board icebreaker",
    "convolver verify --board ulx3s-85f",
    "convolver verify --board icebreaker --bitstream build/icebreaker/top.bin",
    "convolver verify --board icebreaker --delays",
)

_LOOPBACK = 3e6
"""MiB by default, times the circuit's clocks a second: some minutes on one core."""

_RESETS, _TOO_FAST = 3, 1.4


def verify(
    board: BoardName,
    design: MaybeDesignFile = None,
    bitstream: Annotated[
        Path | None, typer.Option(metavar="FILE", help="One that was built before; else the design's is built now.")
    ] = None,
    frames: Frames = 10,
    seed: Seed = 1,
    loopback: Loopback = None,
    delays: Annotated[
        bool,
        typer.Option("--delays", help="With nextpnr's delays: at the board's clock, the fastest, one too fast."),
    ] = False,
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
            circuit, wanted = built(target, wanted, Path(folder), lambda title: advance(f"{board}: {title}"), delays=delays)
        else:
            advance("reading the bitstream")
            circuit = read(bitstream, target, delays=delays)
        if delays:
            found = with_delays(circuit, wanted, frames, seed, advance)
            lines = [f"{circuit.source}, with nextpnr's delays: {circuit}", *map(str, found)]
            fields = {"board": board, "circuit": str(circuit), "equal": True, "speeds": [*map(dataclasses.asdict, found)]}
            answer(as_json, "\n".join(lines), fields)
            return
        with opened(circuit, wanted, seed, advance) as device:
            count = round((_LOOPBACK / circuit.clock_hz if loopback is None else loopback) * 2**20)
            told = trial(device, frames, seed, count, advance, clean=True)
    answer(
        as_json,
        f"{circuit.source}: {circuit}\n{told}",
        {"board": board, "circuit": str(circuit), "equal": True, **dataclasses.asdict(told)},
    )


def with_delays(circuit: "Circuit", design: "Design | None", frames: int, seed: int, advance: "Advance") -> "list[Delayed]":
    """Runs a circuit with its delays at its own clock, at the fastest that nextpnr allows, and at 1.4 times that.

    Raises
    ------
    typer.Exit
        If one of the first two fails, or the last one doesn't, which is told first.
    """
    from ..verification import delayed

    found = []
    for speed, resets in ((1.0, _RESETS), (circuit.fastest, 0), (_TOO_FAST * circuit.fastest, 0)):
        one = delayed(circuit, design, speed, seed, frames=frames, resets=resets, undefined=True, step=advance)
        if speed <= circuit.fastest and not one.sound:
            print(f"convolver: the delays are too long: {one}", file=sys.stderr)
            raise typer.Exit(DIFFERENCE)
        found.append(one)
    if not found[-1].wrong:
        print(f"convolver: the delays aren't seen: {_TOO_FAST} times the fastest clock is right, too: {one}", file=sys.stderr)
        raise typer.Exit(DIFFERENCE)
    return found
