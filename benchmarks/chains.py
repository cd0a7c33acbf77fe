"""What pipelines and forks of images sustain on the twin, beside what their reports promise.

    python benchmarks/chains.py

Clocks from the last result of a frame to that of the next one, the most of four frames that are sent without a pause, and from
the first beat of one frame alone to its last result. The results of every frame are compared with the golden model.
"""

import argparse

import numpy as np
from fmax import GAUSS, HD, ROWS, SOBEL

from convolver import Conv2DDesign, Fork, Pipeline
from convolver.designs import Design
from convolver.host.transport import arranged
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation, frame_shape
from convolver.sim.twin.streams import Integers, beats_of, marks_of, random_samples, unpacked

FRAMES = 4
SIZE = HD["rows"], HD["columns"]

NARROW = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, **HD)
WIDE = Conv2DDesign(GAUSS, shift=8, **HD)
EDGES = Conv2DDesign(SOBEL, operation="correlate", combine="sum_abs", **HD)
ITSELF = Conv2DDesign([[1]], **HD)
SHARPER = Fork([Conv2DDesign([[2]], **(HD | {"output": None})), WIDE], "difference")
SLOW = {"pixels_per_clock": 1, "clocks_per_pixel": 3}

CHAINS = {
    "outlines, 2 pixels a clock": ROWS["outlines-720p"],
    "difference of Gaussians, 2 pixels a clock": Fork([NARROW, WIDE], "difference"),
    "unsharp mask, 2 pixels a clock": Pipeline([SHARPER, ITSELF.replace(pixel=SHARPER.output_format)]),
    "picture and its edges as planes, 2 pixels a clock": Fork([ITSELF, EDGES], "planes"),
    "difference of Gaussians, the wide one a pixel in 3 clocks": Fork(
        [NARROW.replace(pixels_per_clock=1), WIDE.replace(**SLOW)], "difference"
    ),
}


def measured(name: str, design: Design, simulation: Simulation, frames: list[Integers]) -> tuple[int, int]:
    """Clocks from frame to frame, the most of all, and those of the first."""
    shape, pixels = frame_shape(design, SIZE), design.pixels_per_clock
    each = len(marks_of(shape, pixels))
    run = simulation.run(beats_of(frames, pixels=pixels), each * len(frames), times=True)
    for frame, found in zip(frames, np.split(run.results, len(frames)), strict=True):
        if not np.array_equal(arranged(design, unpacked(found, shape, pixels), shape), golden.run(design, frame)):
            raise SystemExit(f"{name}: the twin and the golden model differ")
    ends = run.result_clocks[each - 1 :: each]
    return int(np.diff(ends).max(initial=0)), int(ends[0]) + 1


def main() -> None:
    argparse.ArgumentParser(description="What pipelines and forks of images sustain.").parse_args()
    print("| 1280x720 | clocks a frame, promised | measured | one alone, promised | measured |")
    print("|---|---|---|---|---|")
    for (name, design), compiled in zip(CHAINS.items(), compile_designs(CHAINS.values()), strict=True):
        timing = lower(design).timing
        frames = [random_samples(design.sample, SIZE, seed) for seed in range(FRAMES)]
        interval, _ = measured(name, design, Simulation(compiled), frames)
        _, alone = measured(name, design, Simulation(compiled), frames[:1])
        bound = timing.gaps.bound
        told = f"{bound}{timing.frame_interval(*SIZE)} | {interval} | {bound}{timing.frame_clocks(*SIZE)} | {alone}"
        print(f"| {name} | {told} |", flush=True)


if __name__ == "__main__":
    main()
