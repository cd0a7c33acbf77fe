"""What is said of a column is so, in random designs: the numbers in it add up to the exact sum of the result beside them."""

from random import Random

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, s8
from convolver.live.scenes import scene_of
from convolver.sim.twin.streams import beats_of
from convolver.sim.wasm.module import modules_of_designs

from .. import test_random_designs as singles
from ..random_designs import generator
from ..sim.wasm.bench import Bench

WHOLE = {"products", "products kept", "sums", "sum"}
"""Columns whose numbers are all parts of one sum; of constants some products are taken away, so that only the last sum is."""


class Watched(Bench):
    """Looks at a scene's columns in each clock."""

    def __init__(self, module, columns):
        super().__init__(module)
        registers = {entry.name: entry for entry in module.entries if entry.role == "register"}
        self.columns = [
            (column["what"], registers[column["valid"]], [registers[name] for name in column["cells"]], [])
            for column in columns
            if "cells" in column
        ]

    def signed(self, entry):
        value = self.read(entry)
        return value - (1 << entry.width) if entry.signed and value >> entry.width - 1 else value

    def settle(self):
        super().settle()
        for _, valid, cells, seen in self.columns:
            if self.read(valid):
                seen.append(sum(self.signed(entry) for entry in cells))


def exact(design):
    """The design whose results are the sums."""
    return design.replace(shift=0, output=None, threshold=None) if design.rank == 2 else design.replace(shift=0, output=None)


def watched(design, module, number):
    """How many columns were compared with sums."""
    scene = scene_of(design, module)
    if "columns" not in scene:
        return 0
    random = np.random.default_rng([8, number])
    frames = [frame for frame in singles.some_frames(random, design, 5) if frame.size <= 300][:2]
    if not frames or getattr(design, "absolute", False) or getattr(design, "combine", "none") != "none":
        return 0
    bench = Watched(module, scene["columns"])
    wanted = [singles.core_result(exact(design), frame) for frame in frames]
    count = sum(map(len, wanted))
    borders = [(design.boundary, design.fill)] * len(frames) if design.switchable else None
    bench.run(beats_of(frames, borders), count, stalls=[0, 1, 0, 0, 1])
    sums = np.concatenate(wanted).reshape(-1).tolist()
    compared = 0
    for what, _, cells, seen in bench.columns:
        cells = len(cells)
        assert len(seen) >= count, what  # a few behind the frame's end may be nobody's
        if what in WHOLE and (design.loadable or (what in ("sums", "sum") and cells == 1)):
            assert seen[:count] == sums, what
            compared += 1
    return compared


def plain(design):
    """Whose results have one sum each, one a beat."""
    return design.outputs == 1 and design.pixels_per_clock == 1 and design.planes == 1


def columns_of(designs):
    found = 0
    for number, (design, module) in enumerate(zip(designs, modules_of_designs(designs), strict=True)):
        print(design)
        if plain(design):
            found += watched(design, module, number)
    return found


def test_columns_of_plain_filters():
    designs = [
        FIRDesign([3, -1, 4, 1, -5], data=s8, coefficient="s8", loadable=True, shift=3),
        Conv2DDesign([[1, 3, 2], [2, -4, 5]], rows=20, columns=20, structure="direct", shift=2, output="s8"),
    ]
    assert columns_of(designs) == 5 + 1


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "least"), [("fir", 8), ("conv2d", 5)])
def test_columns_of_random_designs(kind, least):
    assert columns_of([generator(kind)(Random(f"scene {kind} {number}")) for number in range(40)]) >= least
