"""How fast the twin is: clocks a second on a 640x480 picture, beside scipy on the same machine in the same run.

    python benchmarks/twin.py

Prints a line for each kernel: seconds until the twin is ready from an empty cache and from a warm one (each in a new process),
clocks a frame, the best rate of ten frames, and the ratio to `scipy.signal.convolve2d`. The mark: 3x3 at 20 M clocks/s or
more, ready in 15 s cold and 0.5 s warm.
"""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy.signal

from convolver import Conv2DDesign
from convolver.sim.twin import TwinTransport

ROWS, COLUMNS = 480, 640
FRAMES = 10

READY = """
import time
started = time.perf_counter()
import sys
from convolver.designs import design_from_json
from convolver.sim.twin import TwinTransport
TwinTransport(design_from_json(sys.stdin.read()))
print(time.perf_counter() - started)
"""


def kernel(side: int) -> list[list[int]]:
    """A kernel without symmetry, zeros or powers of two to make it cheaper."""
    return [[3 + (7 * row + 13 * column) % 19 * 2 for column in range(side)] for row in range(side)]


def ready(design: Conv2DDesign) -> float:
    """Seconds from the start of Python's work to a twin that takes frames, in a new process."""
    run = subprocess.run([sys.executable, "-c", READY], input=design.to_json(), capture_output=True, text=True, check=True)
    return float(run.stdout)


def main() -> None:
    image = np.random.default_rng(1).integers(0, 256, (ROWS, COLUMNS))
    print(
        f"{'kernel':>7}{'cold s':>9}{'warm s':>9}{'clocks':>10}{'Mclocks/s':>11}{'ms a frame':>12}{'scipy ms':>10}{'ratio':>8}"
    )
    with tempfile.TemporaryDirectory() as cache:
        os.environ["CONVOLVER_CACHE"] = cache
        for side in (3, 5, 7, 15):
            design = Conv2DDesign(kernel(side), rows=ROWS, columns=COLUMNS, shift=8)
            cold, warm = ready(design), ready(design)
            transport = TwinTransport(design)
            seconds = []
            for _ in range(FRAMES):
                started = time.perf_counter()
                result = transport.run(image)
                seconds.append(time.perf_counter() - started)
            clocks = int(transport.status()["frame_clocks"])
            best = min(seconds)
            started = time.perf_counter()
            sums = scipy.signal.convolve2d(image, kernel(side), mode="same")
            peer = time.perf_counter() - started
            if not np.array_equal(result, sums + 128 >> 8):
                raise SystemExit(f"{side}x{side}: the twin and scipy differ")
            print(
                f"{side:>5}x{side:<2}{cold:>8.1f}{warm:>9.2f}{clocks:>10}{clocks / best / 1e6:>11.1f}"
                f"{best * 1e3:>12.1f}{peer * 1e3:>10.1f}{peer / best:>8.2f}"
            )


if __name__ == "__main__":
    main()
