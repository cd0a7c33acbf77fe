"""Random designs of each kind as WebAssembly, against the golden model."""

from random import Random

import numpy as np
import pytest

from convolver import FIRDesign, s8
from convolver.designs import KINDS
from convolver.sim.twin.core import frame_shape
from convolver.sim.twin.streams import STALLS, beats_of, marks_of, random_samples, stalls
from convolver.sim.wasm.module import module_of_design

from ... import composite_checks as composites
from ... import test_random_designs as singles
from ...random_designs import generator
from .bench import Bench

NUMBERS = {"pipeline": (7, 12, 10), "fork": (11, 12, 22), "conv2d": (2, 3, 4)}
"""Designs of `make test` by their seeds; of the other kinds the first three. Small ones: most take seconds."""

SOAK_DESIGNS = 50
"""Of each kind."""

BEATS = 400
"""Largest frames that are sent: each clock is some calls from Python."""


def compare(design, number):
    """Some frames with stalls on both sides, bit for bit and mark for mark."""
    checks = composites if design.parts else singles
    random = np.random.default_rng([3, number])
    frames = [frame for frame in checks.some_frames(random, design, 5) if frame.size <= BEATS] or [smallest(design)]
    borders = None if design.parts else singles.some_borders(random, design, frames)
    pixels = design.pixels_per_clock
    bench = Bench(module_of_design(design))
    if design.loadable and not design.parts:
        weights = list(design.trial_sets(random).values())[-1]
        bench.load(design.independent(weights))
        design = design.with_weights(weights)
    if design.parts:
        expected = [checks.core_result(design, frame) for frame in frames]
    else:
        each = borders or [None] * len(frames)
        expected = [checks.core_result(design, frame, border=border) for frame, border in zip(frames, each, strict=True)]
    shapes = [frame_shape(design, frame.shape) for frame in frames]
    marks = np.concatenate([marks_of(shape, pixels) for shape in shapes])
    kinds = [STALLS[int(random.integers(len(STALLS)))] for _ in range(2)]
    done = bench.run(
        beats_of(frames, borders, pixels), len(marks), gaps=stalls(kinds[0], number), stalls=stalls(kinds[1], number + 1)
    )
    results = np.array(done.results, object if design.output_format.width > 63 else np.int64).reshape(len(marks), -1)
    np.testing.assert_array_equal(np.array(done.marks, np.uint8), marks)
    np.testing.assert_array_equal(singles.in_places(design, results, shapes).reshape(-1), np.concatenate(expected).reshape(-1))
    assert done.errors == 0


def smallest(design):
    size = tuple(axis.least for axis in design.frame_axes)
    return random_samples(design.sample, (*size, *design.sample_axes), 1)


def compared(kind, numbers):
    for number in numbers:
        design = generator(kind)(Random(f"module {kind} {number}"))
        print(design)  # pytest shows it with a failure
        compare(design, number)


@pytest.mark.parametrize("kind", KINDS)
def test_random_designs(kind):
    compared(kind, NUMBERS.get(kind, range(3)))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_fifty_random_designs(kind):
    compared(kind, range(100, 100 + SOAK_DESIGNS))


def test_the_module_is_small_and_the_same_each_time():
    design = FIRDesign([1, 2, 4, 2, 1, 0, 0], data=s8, coefficient="s8", loadable=True)
    one, other = module_of_design(design), module_of_design(design)
    assert one == other
    assert len(one.binary) < 4_000


def test_every_register_has_a_name_and_its_sign():
    module = module_of_design(FIRDesign([1, -2, 3], data=s8, coefficient="s8", loadable=True))
    registers = {entry.name: entry for entry in module.entries if entry.role == "register"}
    product = registers["array.array.lane_0.p_pipeline_0"]
    assert (product.width, product.signed) == (16, True)
    assert registers["array.buffer.slice.full"].signed is False
    assert len({entry.address for entry in module.entries}) == len(module.entries)
