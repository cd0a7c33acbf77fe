"""`convolver selftest`."""

import dataclasses

from .answers import AsJson, answer
from .devices import load, open_device
from .options import MaybeDesignFile, MaybePort
from .trial import Frames, Loopback, Seed, trial

__all__ = ["EXAMPLES", "selftest"]

EXAMPLES = (
    "convolver selftest --design examples/edges.toml",
    "convolver selftest --port serial:///dev/ttyUSB0 --frames 100",
)


def selftest(
    design: MaybeDesignFile = None,
    port: MaybePort = None,
    frames: Frames = 10,
    seed: Seed = 1,
    loopback: Loopback = None,
    as_json: AsJson = False,
) -> None:
    """Sends extremes, random frames and LFSR data through the twin or a board; each result must be the golden model's.

    By default that is 8 MiB of LFSR data to a board, 1 to a simulated board, and none to the twin, which has no link to try.
    """
    from ..progress import steps
    from ..selftest import DEFAULT, loopback_bytes

    wanted = load(design) if design is not None else None if port is not None else DEFAULT
    with steps() as advance, open_device(wanted, port, advance) as device:
        count = round(loopback * 2**20) if loopback is not None else loopback_bytes(device) if port is not None else 0
        told = trial(device, frames, seed, count, advance)
    answer(as_json, told, {"equal": True, **dataclasses.asdict(told)})
