"""`convolver run`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..atomic import STANDARD
from .answers import AsJson, answer
from .devices import load, note, open_device
from .options import MaybeClock, MaybeDesignFile, MaybePort, MaybeRate

if TYPE_CHECKING:
    from ..designs import Design
    from ..host.device import Device
    from ..progress import Advance

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "convolver run photo.png --design examples/blur.toml --output blurred.png",
    "convolver run photo.jpg --gray --design examples/edges.toml --output edges.png",
    "convolver run in.wav --design examples/lowpass.toml --output out.wav",
    "convolver run ones.npy --design examples/average.toml --output out.npy --waves out.vcd",
    "convolver run photo.png --port serial:///dev/ttyUSB0 --output out.png",
)


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
    grey: Annotated[
        bool, typer.Option("--gray", "--grey", help="Make one plane of brightness of a picture's colours first (ITU-R BT.601).")
    ] = False,
    clock: MaybeClock = None,
    rate: MaybeRate = None,
    waves: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the twin's streams as waves: a .vcd or .fst; - prints the first clocks."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Filters a picture, a sound or an array file on the twin or on a board."""
    from ..progress import steps
    from ..run import Target, check_target, estimate, read_source, run_file

    target = Target.of(output, kind)
    if source == design == STANDARD:
        raise typer.BadParameter("only one of IN and --design can be standard input")
    if as_json and output == STANDARD:
        raise typer.BadParameter("--json says what was written: give --output a file, not -")
    if design is None and rate is not None:
        raise typer.BadParameter("--rate is of a design: give --design FILE")
    if waves is not None and port is not None:
        raise typer.BadParameter("--waves are the twin's: give --design FILE, and no --port")
    if waves == STANDARD and STANDARD in (output, source):
        raise typer.BadParameter("--waves - prints them: name files for IN and --output")
    shown: list[str] = []
    with steps() as advance:
        wanted = None if design is None else load(design, clock, rate)
        read = None
        if wanted is not None:
            # What the files can't hold is refused before anything is compiled.
            check_target(target, wanted)
            read = read_source(source, wanted, rounded=rounded, grey=grey)
            check_target(target, wanted, read)
        with _opened(wanted, port, advance, waves, shown) as device:
            if read is None:
                read = read_source(source, device.design, rounded=rounded, grey=grey)
            note(estimate(device.design, read) if port is None else [])
            notes = run_file(device, read, target, advance, timeout)
            status = device.status()
    note(notes)
    if output != STANDARD:
        told = "\n".join([f"written: {output}", *shown])
        answer(as_json, told, {"input": str(source), "output": str(output), "notes": notes, "status": status, "waves": shown})


@contextlib.contextmanager
def _opened(
    design: "Design | None", port: str | None, advance: "Advance", waves: Path | None, shown: list[str]
) -> "Iterator[Device]":
    """The device; what is to be shown of its waves when it is closed is added to `shown`."""
    if waves is None or design is None:
        with open_device(design, port, advance) as device:
            yield device
        return
    if waves != STANDARD:
        from ..sim.twin.waves import MOST_CLOCKS

        with open_device(design, None, advance, waves) as device:
            yield device
            clocks = int(device.status()["clocks"])
        part = f", the first {MOST_CLOCKS} of {clocks} clocks" if clocks > MOST_CLOCKS else ""
        shown.append(f"waves: {waves}{part}, with {waves.stem}.gtkw for GTKWave and {waves.stem}.sucl for Surfer")
        return
    from ..host.device import Device
    from ..sim.twin.core import TwinTransport
    from ..sim.twin.waves import Waves

    kept = Waves(design)
    with Device(TwinTransport(design, advance, waves=kept)) as device:
        yield device
    shown.append(kept.text())
