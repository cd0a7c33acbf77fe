"""How much of a serial line is payload: the board twin, UART pin to UART pin, with both directions busy at once.

    python benchmarks/link.py [--kib 64] [--write]

Prints a line for each number of slots in the device's rings and each length of frame, from the host's driver and the device's
gateware over a line that loses nothing and over one with faults: the payload's bytes as a share of those that an 8N1 line
carries in the same time, one in ten bits, in each direction. The mark is 0.75. The time is the device's, counted in clocks, so
the figures don't depend on what else the machine does; `sent again` are frames. `--write` puts them into docs/performance.md.
"""

import argparse
import random

import numpy as np
from tables import renew

from convolver import FIRDesign, u8
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe, BoardTwin

DESIGN = FIRDesign([1, 2, 1], shift=2, data=u8, output=u8)
"""As many bytes out as in."""
MARK = 0.75


def faulty(rate: float, seed: int):  # a function from bytes to bytes
    """A line on which each byte is lost or changed with a probability of `rate`."""
    chance = random.Random(seed)  # noqa: S311  # seeded, so that the figure can be made again

    def pass_on(data: bytes) -> bytes:
        kept = (byte if chance.random() >= rate else chance.choice([None, byte ^ 1 << chance.randrange(8)]) for byte in data)
        return bytes(byte for byte in kept if byte is not None)

    return pass_on if rate else lambda data: data


def measure(twin: BoardTwin, frame: int, total: int, rate: float) -> tuple[float, int]:
    """The payload's share of the line, in each direction, and the frames sent again; every result is checked."""
    pipe = BoardPipe(twin, faulty(rate, 1))
    samples = np.random.default_rng(1).integers(0, 256, (max(total // frame, 1), frame))
    with Device(LinkTransport(pipe, clock=pipe.time)) as device:
        start = pipe.time()
        results = list(device.stream(samples))
        seconds = pipe.time() - start
        again = int(device.status()["link_resent"])
    for given, signal in zip(results, samples, strict=True):
        if not np.array_equal(given, golden.fir(DESIGN, signal)):
            raise SystemExit("The device and the golden model differ")
    return samples.size * pipe.byte_time / seconds, again


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--kib", type=int, default=64, help="payload in each direction")
    arguments.add_argument("--write", action="store_true", help="put the figures into docs/performance.md, too")
    options = arguments.parse_args()
    lines = ["| slots | samples a frame | faults a byte | payload / line, each way | sent again |", "|---|---|---|---|---|"]
    worst = 1.0
    for slots in (2, 4, 8, 16):
        twin = BoardTwin(DESIGN, slots=slots)
        for frame, rate in ((options.kib << 10, 0.0), (1000, 0.0), (options.kib << 10, 1e-4)):
            share, again = measure(twin, frame, options.kib << 10, rate)
            lines.append(f"| {slots} | {frame} | {rate:g} | {share:.3f} | {again} |")
            print(lines[-1], flush=True)
            if slots >= 8 and not rate:
                worst = min(worst, share)
    if options.write:
        renew("## The link", lines[2:], keys=3)
    if worst < MARK:
        raise SystemExit(f"Boards must reach {MARK}, not {worst:.3f}")


if __name__ == "__main__":
    main()
