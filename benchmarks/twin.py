"""How fast the twin is: clocks a second, beside scipy, plain CXXRTL and Verilator on the same machine in the same run.

    python benchmarks/twin.py [--engines] [--instructions] [--core TEXT]

The first table has a line for each kernel, on a 640x480 picture through the whole transport: seconds until the twin is ready
from an empty cache and from a warm one (each in a new process), clocks a frame, the best rate of ten frames, and the ratio to
`scipy.signal.convolve2d`. The mark: 3x3 at 20 M clocks/s or more, ready in 15 s cold and 0.5 s warm.

The second table has a line for each core, run by the twin, by plain CXXRTL and by Verilator (peers/) with the same driver
loop: millions of clocks in a second of processor time, the best of five turns, in which each comes after the other; how many
times the better of both peers the twin is; and, with valgrind, processor instructions a clock, which don't depend on what else
the machine does. All results and clocks must be equal.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.signal
from peers import COUNT, PEERS, SIM

from convolver import Conv2DDesign, FIRDesign, s8, s16
from convolver.hw.cores.core import create
from convolver.sim.libraries.cache import user_cache
from convolver.sim.libraries.compiler import Compiled, compile_designs, find_compiler
from convolver.sim.twin.core import Run, Simulation, TwinTransport, frame_shape
from convolver.sim.twin.streams import Integers, beats_of, marks_of

ROWS, COLUMNS = 480, 640
FRAMES = 10
TURNS = 5

READY = """
import time
started = time.perf_counter()
import sys
from convolver.designs.reading import design_from_json
from convolver.sim.twin.core import TwinTransport
TwinTransport(design_from_json(sys.stdin.read()))
print(time.perf_counter() - started)
"""


def kernel(side: int) -> list[list[int]]:
    """A kernel without symmetry, zeros or powers of two to make it cheaper."""
    return [[3 + (7 * row + 13 * column) % 19 * 2 for column in range(side)] for row in range(side)]


def taps(count: int) -> list[int]:
    """Taps without symmetry."""
    return [3 + 7 * place % 101 * 2 for place in range(count)]


def ready(design: Conv2DDesign) -> float:
    """Seconds from the start of Python's work to a twin that takes frames, in a new process."""
    run = subprocess.run([sys.executable, "-c", READY], input=design.to_json(), capture_output=True, text=True, check=True)
    return float(run.stdout)


def pictures() -> None:
    """The first table."""
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
                f"{best * 1e3:>12.1f}{peer * 1e3:>10.1f}{peer / best:>8.2f}",
                flush=True,
            )


def cores() -> dict[str, Conv2DDesign | FIRDesign]:
    """What the second table is of."""
    found: dict[str, Conv2DDesign | FIRDesign] = {}
    for side in (3, 5, 15):
        for loadable in (False, True):
            size = {"rows": ROWS, "columns": COLUMNS, "shift": 8}
            name = f"{side}x{side}" + (", loadable" if loadable else "")
            found[name] = Conv2DDesign(kernel(side), coefficient=s8, loadable=loadable, **size)
    found["FIR, 31 taps"] = FIRDesign(taps(31), data=s16, coefficient=s16)
    found["FIR, 64 taps, loadable"] = FIRDesign(taps(64), data=s16, coefficient=s16, loadable=True)
    return found


def loaded(design: Conv2DDesign | FIRDesign) -> list[int]:
    """The coefficients to load, other than those that the core begins with."""
    return [weight + 1 for weight in design.weights] if design.loadable else []


class Engine:
    """A core in one library, with its coefficients loaded; each call of `run` is a frame more."""

    def __init__(self, design: Conv2DDesign | FIRDesign, compiled: Compiled) -> None:
        self.design = design
        self.simulation = Simulation(compiled)
        self.simulation.run(beats_of([]), 0, coefficients=loaded(design))

    def run(self, samples: Integers) -> tuple[Run, float]:
        """Sends a frame; gives what came, and the seconds of processor time."""
        beats, wanted = beats_of([samples]), len(marks_of(frame_shape(self.design, samples.shape)))
        started = time.process_time()
        run = self.simulation.run(beats, wanted)
        return run, time.process_time() - started


def samples_of(design: Conv2DDesign | FIRDesign, *, few: bool = False) -> Integers:
    """A frame to send."""
    chance = np.random.default_rng(1)
    if isinstance(design, FIRDesign):
        return chance.integers(-(1 << 15), 1 << 15, 512 if few else 100_000)
    return chance.integers(0, 256, (8 if few else ROWS, COLUMNS))


def instructions(design: Conv2DDesign | FIRDesign, compiled: Compiled, folder: Path) -> float:
    """Processor instructions a clock, the driver's included, over a few rows or samples."""
    samples = samples_of(design, few=True)
    beats, wanted = beats_of([samples]), len(marks_of(frame_shape(design, samples.shape)))
    coefficients = loaded(design)
    shape = samples.shape if len(beats.rows) else (0, 0)
    sizes = [len(beats), 1, *shape, wanted, compiled.ports.words, len(coefficients)]
    arrays = [sizes, beats.samples.ravel(), beats.marks, coefficients]
    (folder / "frame").write_bytes(b"".join(np.asarray(array, np.int64).tobytes() for array in arrays))
    build = [*find_compiler(), "-std=c++17", "-O1", "-w", f"-I{SIM}", str(COUNT), "-ldl", "-o", "count"]
    subprocess.run(build, cwd=folder, check=True)
    valgrind = ["valgrind", "--tool=callgrind", "--toggle-collect=counted", "--callgrind-out-file=told"]
    # The twin's library was loaded from a temporary folder; the cache has the same one.
    library = str(user_cache().path("libraries", compiled.key)) if compiled.key else compiled.library._name
    command = [*valgrind, "./count", library, str(compiled.number), "frame"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    lines = (folder / "told").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("totals:")) / int(run.stdout)


def engines(chosen: str, *, timed: bool, counted: bool) -> None:
    """The second table, of the cores that have `chosen` in their names."""
    names = ["twin", *PEERS]
    titles = [f"{name} Mclocks/s" for name in names if timed] + (["lead"] if timed else [])
    titles += [f"{name} instructions" for name in names if counted]
    print(f"{'core':>22}" + "".join(f"{title:>24}" for title in titles))
    for title, design in cores().items():
        if chosen not in title:
            continue
        with tempfile.TemporaryDirectory() as base:
            folders = {name: Path(base) / name for name in names}
            for folder in folders.values():
                folder.mkdir()
            os.environ["CONVOLVER_CACHE"] = str(folders["twin"])
            compiled = {"twin": compile_designs([design])[0]}
            compiled |= {name: make(create(design), folders[name]) for name, make in PEERS.items()}
            measured = rates(title, design, compiled) if timed else []
            if timed:
                measured.append(measured[0] / max(measured[1:]))
            line = f"{title:>22}" + "".join(f"{rate:>24.2f}" for rate in measured)
            if counted:
                line += "".join(f"{instructions(design, one, folders[name]):>24.0f}" for name, one in compiled.items())
            print(line, flush=True)


def rates(title: str, design: Conv2DDesign | FIRDesign, compiled: dict[str, Compiled]) -> list[float]:
    """Millions of clocks in a second, the best of some turns: what one run meets on a busy machine, the others meet as well."""
    samples = samples_of(design)
    running = {name: Engine(design, one) for name, one in compiled.items()}
    best = dict.fromkeys(running, 0.0)
    first: Run | None = None
    for _ in range(TURNS):
        for name, engine in running.items():
            run, seconds = engine.run(samples)
            first = first or run
            if run.clocks != first.clocks or not np.array_equal(run.results, first.results):
                raise SystemExit(f"{title}: the twin and {name} differ")
            best[name] = max(best[name], run.clocks / seconds / 1e6)
    return list(best.values())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engines", action="store_true", help="the second table's rates alone")
    parser.add_argument("--instructions", action="store_true", help="the second table's instructions alone")
    parser.add_argument("--core", default="", help="of the second table only the cores with this in their names")
    arguments = parser.parse_args()
    whole = not (arguments.engines or arguments.instructions)
    if whole:
        pictures()
    valgrind = shutil.which("valgrind") is not None
    engines(arguments.core, timed=whole or arguments.engines, counted=valgrind and (whole or arguments.instructions))


if __name__ == "__main__":
    main()
