"""What changes of rate sustain on the twin.

    python benchmarks/rates.py

Taps that a multiplier does in a clock, from the first result of 100 000 samples to the last, sent without a pause as 10 frames;
constant taps of 0 don't count. The multipliers are those in the netlist, and must be as many as the plan says. Every result is
compared with the golden model. The marks: 1.00 where M divides the taps, 2.00 where they are symmetric, too.
"""

import argparse
import re

import numpy as np

from convolver import ResampleDesign, s16
from convolver.hw.cores.core import create
from convolver.hw.export.elaboration import rtlil_of
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import beats_of, random_samples

FRAMES, SAMPLES = 10, 10_000


def loadable(taps: int, **fields: object) -> ResampleDesign:
    return ResampleDesign([1] * taps, coefficient=s16, loadable=True, **({"symmetry": "none"} | fields))  # type: ignore[arg-type]


HALF_BAND = [-22, 0, 65, 0, -158, 0, 338, 0, -706, 0, 2044, 3212, 2044, 0, -706, 0, 338, 0, -158, 0, 65, 0, -22]

SUSTAINED = {
    "/8, 32 taps": loadable(32, down=8),
    "/8, 32 taps, symmetric": loadable(32, down=8, symmetry="symmetric"),
    "/8, 32 taps on 1": loadable(32, down=8, multipliers=1),
    "/8, 30 taps": loadable(30, down=8),
    "*8, 32 taps": loadable(32, up=8),
    "*8, 32 taps on 1": loadable(32, up=8, multipliers=1),
    "*8, 30 taps": loadable(30, up=8),
    "half-band /2, 23 taps, symmetric": loadable(23, down=2, symmetry="symmetric"),
    "half-band /2, 23 constant taps": ResampleDesign(HALF_BAND, down=2),
    "3/2, 48 taps": loadable(48, up=3, down=2),
    "2/3, 48 taps": loadable(48, up=2, down=3),
    "3/2, 48 taps on 4": loadable(48, up=3, down=2, multipliers=4),
}


def taps_done(design: ResampleDesign, results: int) -> float:
    """Taps of so many results that aren't constant 0."""
    each = [sum(design.loadable or bool(tap) for tap in phase) for phase in design.phases]
    return sum(each) / design.up * results


def main() -> None:
    argparse.ArgumentParser(description="What changes of rate sustain.").parse_args()
    print("| change of rate | multipliers | clocks a sample | clocks a result | taps a multiplier a clock |")
    print("|---|---|---|---|---|")
    for (name, design), compiled in zip(SUSTAINED.items(), compile_designs(SUSTAINED.values()), strict=True):
        multipliers = len(re.findall(r"cell \$mul ", rtlil_of(create(design))))
        if multipliers != (planned := lower(design).multipliers):
            raise SystemExit(f"{name}: {multipliers} multipliers in the netlist, {planned} in the plan")
        frames = [random_samples(design.sample, (SAMPLES,), seed) for seed in range(FRAMES)]
        want = np.concatenate([golden.run(design, frame) for frame in frames])
        run = Simulation(compiled).run(beats_of(frames), len(want))
        if not np.array_equal(run.results, want):
            raise SystemExit(f"{name}: the twin and the golden model differ")
        clocks, steps = run.last_result - run.first_result, run.delivered - 1
        done = taps_done(design, steps) / (multipliers * clocks)
        a_sample = clocks / (steps * design.down / design.up)
        print(f"| {name} | {multipliers} | {a_sample:.3f} | {clocks / steps:.3f} | {done:.3f} |", flush=True)


if __name__ == "__main__":
    main()
