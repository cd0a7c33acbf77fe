"""What `selftest` and `verify` send through a device."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from .exit_codes import DIFFERENCE

if TYPE_CHECKING:
    from ..progress import Advance
    from ..selftest import Device

__all__ = ["Frames", "Loopback", "Seed", "trial"]

Frames = Annotated[int, typer.Option(min=1, max=1_000_000, help="Random frames to send.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random frames.")]
Loopback = Annotated[float | None, typer.Option(min=0, max=1024, metavar="MIB", help="LFSR data to send, in MiB.")]


def trial(device: "Device", frames: int, seed: int, count: int, advance: "Advance") -> str:
    """Sends extremes, random frames and `count` bytes of LFSR data through a device; says what went through.

    Raises
    ------
    typer.Exit
        If a result differs, which is told first.
    """
    from ..selftest import cases, check, loopback

    def differs(different: str | None) -> None:
        if different is not None:
            print(f"convolver: the self-test failed: {different}", file=sys.stderr)
            raise typer.Exit(DIFFERENCE)

    samples = results = 0
    told = ""
    for case in cases(device.design, frames, seed):
        advance(f"self-test: {case.name}")
        differs(check(device, case))
        samples, results = samples + case.samples.size, results + 1
    if count:
        title = f"self-test: {count / 2**20:g} MiB of LFSR data"
        advance(title, 0)
        begun = time.monotonic()
        differs(loopback(device, count, seed, lambda share: advance(title, share)))
        taken = time.monotonic() - begun
        told = f"{count / 2**20:g} MiB of LFSR data in {taken:.1f} s, {count / taken / 1000:.0f} kB/s, "
    return f"{results} frames, {samples} samples, {told}seed {seed}: every result equals the golden model, bit for bit"
