"""A hundred seeds of each kind that changes a rate, each with all six kinds of stall; test_chains.py has chains."""

import itertools
from random import Random

import pytest

from convolver.sim.libraries.compiler import compile_designs

from .random_designs import generator
from .test_random_designs import BATCH, check, check_device

SEEDS = 104
KINDS = ("resample", "cic")


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "first"), list(itertools.product(KINDS, range(0, SEEDS, BATCH))))
def test_a_hundred_seeds(kind, first):
    designs = [generator(kind)(Random(f"soak {kind} {number}"), soak=True) for number in range(first, first + BATCH)]
    for design, core in zip(designs, compile_designs(designs), strict=True):
        print(design)  # pytest shows it with a failure
        check(design, core)
        check_device(design, core)
