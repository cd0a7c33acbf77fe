"""`convolver selftest`."""

import sys
import time
from typing import Annotated

import typer

from .devices import load, open_device
from .exit_codes import DIFFERENCE
from .options import MaybeDesignFile, MaybePort

__all__ = ["selftest"]


def selftest(
    design: MaybeDesignFile = None,
    port: MaybePort = None,
    frames: Annotated[int, typer.Option(min=1, max=1_000_000, help="Random frames to send.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random frames.")] = 1,
    loopback: Annotated[
        float | None,
        typer.Option(
            min=0, max=1024, metavar="MIB", help="LFSR data to send; by default 8 to a board, 1 to a simulated board."
        ),
    ] = None,
) -> None:
    """Sends extremes, random frames and LFSR data through the twin or a board; each result must be the golden model's."""
    from ..progress import steps
    from ..selftest import DEFAULT, cases, check, loopback_bytes
    from ..selftest import loopback as run_loopback

    def differs(different: str | None) -> None:
        if different is not None:
            print(f"convolver: the self-test failed: {different}", file=sys.stderr)
            raise typer.Exit(DIFFERENCE)

    wanted = load(design) if design is not None else None if port is not None else DEFAULT
    samples = results = 0
    told = ""
    with steps() as advance, open_device(wanted, port, advance) as device:
        for case in cases(device.design, frames, seed):
            advance(f"self-test: {case.name}")
            differs(check(device, case))
            samples, results = samples + case.samples.size, results + 1
        # The twin without a board around it has no link to try.
        count = round(loopback * 2**20) if loopback is not None else loopback_bytes(device) if port is not None else 0
        if count:
            title = f"self-test: {count / 2**20:g} MiB of LFSR data"
            advance(title, 0)
            begun = time.monotonic()
            differs(run_loopback(device, count, seed, lambda share: advance(title, share)))
            taken = time.monotonic() - begun
            told = f"{count / 2**20:g} MiB of LFSR data in {taken:.1f} s, {count / taken / 1000:.0f} kB/s, "
    print(f"{results} frames, {samples} samples, {told}seed {seed}: every result equals the golden model, bit for bit")
