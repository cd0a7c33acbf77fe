"""Builds every board's default design, one after the other, and writes their figures into docs/boards.md (`make boards`).

Each build's result is kept beside its files: `--keep` builds only what has none there. It takes a quarter of an hour, or a few
times that on a busy machine.
"""

import argparse
import datetime
import math
import pickle
import sys
from pathlib import Path

import numpy as np

from convolver.boards import BOARDS, Board, BuildResult, build
from convolver.boards.listing import figures, update
from convolver.boards.simulated import simulated_top
from convolver.errors import ConvolverError
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.sim.twin.board import BoardPipe, BoardTwin

KEPT = "result.pickle"
SAMPLES = 1 << 16
"""Of each plane, in the measure of a line's share."""


def built(board: Board, folder: Path, keep: bool) -> BuildResult:
    """Builds a board, or, with `keep`, gives what an earlier run has built there."""
    kept = folder / KEPT
    if keep and kept.exists():
        return pickle.loads(kept.read_bytes())  # noqa: S301  # our own file
    kept.unlink(missing_ok=True)
    result = build(board, directory=folder, step=lambda title: print(f"{board.name}: {title}", flush=True))
    kept.write_bytes(pickle.dumps(result))
    return result


def measure_share(board: Board) -> float:
    """The share of the line that a board's own design's samples fill on its twin while results come back, both ways full.

    Counted in the device's own clocks, so how fast this machine is doesn't matter.
    """
    design = board.design
    twin = BoardTwin(simulated_top(board))
    pipe = BoardPipe(twin)
    # Whole lines, as long as the core takes them.
    inner = [axis.most or 1 for axis in design.frame_axes[1:]]
    size = (SAMPLES // math.prod(inner), *inner, *design.sample_axes)
    samples = np.random.default_rng(1).integers(design.sample.min, design.sample.max + 1, size)
    with Device(LinkTransport(pipe, clock=pipe.time)) as device:
        device(samples[:8])
        before = twin.clocks
        device(samples)
        taken = twin.clocks - before
    return float(samples.size * design.sample.bytes * twin.byte_clocks / taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="build only what an earlier run has not")
    parser.add_argument("--folder", type=Path, default=Path("build"), help="where the builds go; by default build")
    arguments = parser.parse_args()
    results, failed = [], []
    for board in BOARDS:
        try:
            results.append(built(board, arguments.folder / board.name, arguments.keep))
            print(results[-1], flush=True)
        except ConvolverError as error:
            failed.append(f"{board.name}: {error}")
            print(failed[-1], flush=True)
    if failed:
        print("\n".join(["not written, because these failed:", *failed]), file=sys.stderr)
        return 1
    shares = [measure_share(result.board) for result in results]
    text = figures(results, shares, datetime.datetime.now(datetime.UTC).date())
    update(Path("docs", "boards.md"), text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
