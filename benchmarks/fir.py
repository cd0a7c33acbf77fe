"""What FIR cores, and folded 2-D cores, sustain on the twin, and how long a FIR's elaboration takes.

    python benchmarks/fir.py

First table: products of coefficients and samples that a multiplier gives in a clock, from the first result of 100 000 samples
to the last, sent without a pause as 10 frames, of a 2-D core images of 100x100; the multipliers are those in the netlist. Every
result is compared with the golden model. The marks: 1.00, and 2.00 where taps are symmetric; 0.90 where 9 places have 2 clocks
of 5 multipliers.

Second table: seconds of processor time from a design to its RTLIL (Amaranth) and to its Verilog (Yosys besides), the best of
three, 16-bit samples and loadable 16-bit coefficients. The marks: 128 taps in 5 s, and no more for each tap than fewer take.
"""

import argparse
import os
import re
from collections.abc import Callable

import numpy as np

from convolver import Conv2DDesign, FIRDesign
from convolver.hw.cores.core import create
from convolver.hw.export.elaboration import rtlil_of
from convolver.hw.export.verilog import generate
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import beats_of, random_samples

FRAMES, SAMPLES = 10, 10_000
TRIES = 3


def loadable(taps: int, **fields: object) -> FIRDesign:
    """Taps without zeros or powers of two to make them cheaper."""
    half = [(3 + 7 * tap * tap) % 3001 * 2 + 3 for tap in range((taps + 1) // 2)]
    return FIRDesign([*half[: taps // 2], *half[::-1]], coefficient="s16", loadable=True, **fields)  # type: ignore[arg-type]


def image(side: int, multipliers: int) -> Conv2DDesign:
    """A loadable kernel."""
    kernel = [[3 + 2 * (row * side + column) for column in range(side)] for row in range(side)]
    return Conv2DDesign(
        kernel, pixel="u12", coefficient="s12", boundary="edge", columns=100, loadable=True, multipliers=multipliers
    )


SUSTAINED: dict[str, FIRDesign | Conv2DDesign] = {
    "16 taps": loadable(16),
    "16 taps, symmetric": loadable(16, symmetry="symmetric"),
    "64 taps on 8": loadable(64, multipliers=8),
    "64 taps on 1": loadable(64, multipliers=1),
    "64 taps on 1, symmetric": loadable(64, symmetry="symmetric", multipliers=1),
    "3x3": image(3, 9),
    "3x3 on 8": image(3, 8),
    "3x3 on 3": image(3, 3),
    "3x3 on 1": image(3, 1),
    "7x7 on 7": image(7, 7),
}


def sustained() -> None:
    print(f"{'design':<26}{'multipliers':>12}{'clocks a sample':>17}{'MACs a multiplier a clock':>27}")
    for (name, design), compiled in zip(SUSTAINED.items(), compile_designs(SUSTAINED.values()), strict=True):
        multipliers = len(re.findall(r"cell \$mul ", rtlil_of(create(design))))
        shape = (SAMPLES,) if isinstance(design, FIRDesign) else (SAMPLES // design.columns, design.columns)
        frames = [random_samples(design.sample, shape, seed) for seed in range(FRAMES)]
        run = Simulation(compiled).run(beats_of(frames), FRAMES * SAMPLES)
        if not np.array_equal(run.results, np.concatenate([golden.run(design, frame).reshape(-1) for frame in frames])):
            raise SystemExit(f"{name}: the twin and the golden model differ")
        clocks = run.last_result - run.first_result
        steps = run.delivered - 1
        products = len(design.weights) * steps / (multipliers * clocks)
        print(f"{name:<26}{multipliers:>12}{clocks / steps:>17.4f}{products:>27.4f}")


def seconds(call: Callable[[], object]) -> float:
    """Processor time of the fastest of a few tries, that of programs it starts included."""
    taken = []
    for _ in range(TRIES):
        started = sum(os.times()[:4])
        call()
        taken.append(sum(os.times()[:4]) - started)
    return min(taken)


def elaboration() -> None:
    print(f"{'taps':>6}{'RTLIL s':>10}{'ms a tap':>10}{'Verilog s':>11}{'ms a tap':>10}")
    for taps in (16, 32, 64, 128, 256):
        design = loadable(taps)
        made = seconds(lambda design=design: rtlil_of(create(design)))  # type: ignore[misc]
        written = seconds(lambda design=design: generate(design))  # type: ignore[misc]
        print(f"{taps:>6}{made:>10.2f}{made / taps * 1e3:>10.1f}{written:>11.2f}{written / taps * 1e3:>10.1f}")


def main() -> None:
    argparse.ArgumentParser(description="What FIR cores sustain, and how long their elaboration takes.").parse_args()
    sustained()
    print()
    elaboration()


if __name__ == "__main__":
    main()
