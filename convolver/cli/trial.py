"""What `selftest` and `verify` send through a device."""

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ..counting import counted
from .exit_codes import DIFFERENCE

if TYPE_CHECKING:
    from ..progress import Advance
    from ..selftest import Device

__all__ = ["Frames", "Loopback", "Seed", "Trial", "trial"]

Frames = Annotated[int, typer.Option(min=1, max=1_000_000, metavar="N", help="Random frames to send.")]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the random frames.")]
Loopback = Annotated[float | None, typer.Option(min=0, max=1024, metavar="MIB", help="LFSR data to send, in MiB.")]


@dataclass(frozen=True)
class Trial:
    """What went through a device, each result equal to the golden model's."""

    frames: int
    samples: int
    seed: int
    loopback_bytes: int = 0
    loopback_seconds: float = 0.0

    def __str__(self) -> str:
        told, count, taken = "", self.loopback_bytes, self.loopback_seconds
        if count:
            told = f"{count / 2**20:g} MiB of LFSR data in {taken:.1f} s, {count / taken / 1000:.0f} kB/s, "
        sent = f"{counted(self.frames, 'frame')}, {counted(self.samples, 'sample')}"
        return f"{sent}, {told}seed {self.seed}: every result equals the golden model, bit for bit"


def trial(device: "Device", frames: int, seed: int, count: int, advance: "Advance", *, clean: bool = False) -> Trial:
    """Sends extremes, random frames and `count` bytes of LFSR data through a device, on a line that may be known to be `clean`;
    says what went through.

    Raises
    ------
    typer.Exit
        If a result differs, which is told first.
    """
    from ..selftest import cases, check, check_registers, check_sessions, loopback

    def differs(different: str | None) -> None:
        if different is not None:
            print(f"convolver: the self-test failed: {different}", file=sys.stderr)
            raise typer.Exit(DIFFERENCE)

    samples = results = 0
    taken = 0.0
    for case in cases(device.design, frames, seed):
        advance(f"self-test: {case.name}")
        differs(check(device, case))
        samples, results = samples + case.samples.size, results + 1
    advance("self-test: registers")
    differs(check_registers(device, seed, clean=clean))
    advance("self-test: sessions")
    differs(check_sessions(device, seed))
    if count:
        title = f"self-test: {count / 2**20:g} MiB of LFSR data"
        advance(title, 0)
        begun = time.monotonic()
        differs(loopback(device, count, seed, lambda share: advance(title, share)))
        taken = time.monotonic() - begun
    return Trial(results, samples, seed, count, taken)
