"""A hundred seeds of each feature that changes a rate, each with all six kinds of stall; test_chains.py has chains."""

import itertools
from random import Random

import numpy as np
import pytest

from convolver.designs import KINDS
from convolver.plan.lowering import lower
from convolver.plan.mirrored import Unmirror
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import STALLS, beats_of, random_samples, stalls

from .random_designs import generator
from .test_random_designs import BATCH, check, check_device

SEEDS = 104
PARTS = range(0, SEEDS, BATCH)


def seeded(kind, number, **changes):
    """The design of a seed; of the first with that number which can be changed so."""
    random = Random(f"soak {kind} {number}")
    while True:
        design = generator(kind)(random, soak=True)
        if not changes or (not getattr(design, "pruned", False) and design.change <= 64 if kind == "cic" else True):
            return design.replace(**changes)


def batch(kind, first, **changes):
    designs = [seeded(kind, number, **changes) for number in range(first, first + BATCH)]
    return zip(range(first, first + BATCH), designs, compile_designs(designs), strict=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "first"), list(itertools.product(("resample", "cic"), PARTS)))
def test_a_hundred_seeds(kind, first):
    assert kind in KINDS
    for _, design, core in batch(kind, first):
        print(design)  # pytest shows it with a failure
        check(design, core)
        check_device(design, core)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "first"), list(itertools.product(("resample", "cic"), PARTS)))
def test_a_hundred_seeds_that_go_on(kind, first):
    for number, design, core in batch(kind, first, continuous=True):
        print(design)
        random, simulation = np.random.default_rng([number, 1]), Simulation(core)
        for turn, mix in enumerate(STALLS):
            simulation.reset()
            sizes = random.integers(1, 12, 6) * design.down
            frames = [random_samples(design.sample, (int(size),), int(random.integers(1 << 30))) for size in sizes]
            want = golden.run(design, np.concatenate(frames))
            sides = stalls(mix, turn), stalls(STALLS[(turn + number) % 6], turn + 50)
            run = simulation.run(beats=beats_of(frames), wanted=len(want), gaps=sides[0], stalls=sides[1], settle=100)
            np.testing.assert_array_equal(run.results, want)
            assert (run.violations, run.overflows, run.busy, any(run.errors.values())) == (0, 0, False, False)


def mirrored(number):
    """The first constant interpolator of a seed whose phases are mirrored."""
    random = Random(f"soak mirrored {number}")
    while True:
        design = generator("resample")(random, soak=True)
        if lower(design).find(Unmirror):
            return design


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", PARTS)
def test_a_hundred_seeds_of_mirrored_phases(first):
    designs = [mirrored(number) for number in range(first, first + BATCH)]
    for design, core in zip(designs, compile_designs(designs), strict=True):
        print(design)
        check(design, core)
        check_device(design, core)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", PARTS)
def test_a_hundred_seeds_of_loaded_rates(first):
    for number, design, core in batch("cic", first, loadable=True):
        print(design)
        random, simulation, now = np.random.default_rng([number, 2]), Simulation(core), design
        for turn, kind in enumerate(STALLS):
            sizes = random.integers(1, 60, 5)
            frames = [random_samples(design.sample, (int(size),), int(random.integers(1 << 30))) for size in sizes]
            shift = int(random.integers(next(one for one, most in enumerate(design.limits) if most), design.shift + 1))
            new = design.with_weights((int(random.integers(1, design.limits[shift] + 1)), shift))
            before, after = ([golden.run(one, frame) for frame in frames] for one in (now, new))
            run = simulation.run(
                beats=beats_of(frames),
                wanted=1 << 15,
                coefficients=new.coefficient_set,
                coefficient_clock=int(random.integers(0, 300)),
                gaps=stalls(kind, turn),
                stalls=stalls(STALLS[(turn + number) % 6], turn + 50),
                limit=60_000,
            )
            results = run.results[: run.delivered]
            mixes = [np.concatenate([*before[:place], *after[place:]]) for place in range(len(frames) + 1)]
            assert any(len(mix) == len(results) and (mix == results).all() for mix in mixes)
            assert (run.violations, run.overflows, run.busy, run.pending) == (0, 0, False, False)
            assert not any(run.errors.values())
            now = new
