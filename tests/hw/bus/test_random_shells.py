# amaranth: UnusedElaboratable=no
"""Random designs in lean shells: results, latency and clocks, with and without stalls; without back-pressure where there may
be none."""

import itertools

import numpy as np
import pytest

from convolver import DesignError
from convolver.hw.cores.core import create
from convolver.plan.lowering import lower
from convolver.plan.shell import shelled
from convolver.shell import Shell
from convolver.sim.bench import run_stream
from convolver.sim.twin.streams import random_samples

from ...random_designs import seeded
from ...test_random_designs import core_result, with_planes

KINDS = ("fir", "conv2d", "moving_maximum", "resample", "cic")
SEEDS, SOAK_SEEDS = 3, 39


def constant(kind, first, last):
    """Some of the seeds whose design can't change at run time, and takes one pixel a beat."""
    numbers = (number for number in itertools.count() if leanest(seeded(number, kind)))
    return [(kind, number) for number in itertools.islice(numbers, first, last)]


def leanest(design):
    return not design.adjustable and design.pixels_per_clock == 1


def frames_of(design, count):
    """Frames of the only size, or signals of any."""
    random = np.random.default_rng(len(design.weights))
    sizes = [(int(random.integers(1, 40)),) if design.rank == 1 else tuple(axis.most for axis in design.frame_axes)] * count
    return [random_samples(design.sample, with_planes(design, size), number) for number, size in enumerate(sizes)]


def beats_of(design, frame):
    """What goes in, a beat a place."""
    places = list(np.ndindex(frame.shape[: design.rank]))
    for place in places:
        data = frame[place].tolist()
        marks = {"last": place == places[-1]} if design.rank == 1 else {"eol": place[1] == frame.shape[1] - 1}
        yield {"data": data, "first": place == places[0], **marks}


def read(payload):
    """A result's values."""
    return [int(value) for value in np.ravel(np.array(payload.data, dtype=object))]


def streamed(design, frames, shell, target=None, **stalls):
    """The bench's run of these frames, and what must come."""
    beats = [beat for frame in frames for beat in beats_of(design, frame)]
    wanted = [np.ravel(values).tolist() for frame in frames for values in core_result(design, frame)]
    core = create(design, target, shell)
    run = run_stream(core, beats, len(wanted), settle=600, read=read, watch={"overflow": core.overflow}, **stalls)
    assert run.beats == wanted
    assert run.seen == {"overflow": 0}
    return run


@pytest.mark.parametrize(("kind", "number"), [case for kind in KINDS for case in constant(kind, 0, SEEDS)])
def test_a_random_design_in_lean_shells(kind, number):
    checked(seeded(number, kind), number)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SEEDS, SOAK_SEEDS, 6))
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_designs_in_lean_shells(kind, first):
    for _, number in constant(kind, first, first + 6):
        checked(seeded(number, kind), number)


def checked(design, number, target=None):
    """Without stalls the latency and the clocks that the plan promises; with stalls the same results."""
    shell = Shell().of(design)
    assert not shell.has_registers
    plan = shelled(lower(design, target), shell)
    frames = frames_of(design, 2)
    run = streamed(design, frames, shell, target)
    accepts, offers = plan.timing.schedule(len(frames[0])) if design.rank == 1 else ([], [])
    assert [clock - run.accepted[0] for clock in run.accepted[: len(accepts)]] == accepts
    assert [clock - run.accepted[0] for clock in run.offered[: len(offers)]] == offers
    streamed(design, frames, shell, target, gap=(0.5, 0, 0), stall=(0, 0.5, 0.9), seed=number)
    free = Shell(handshake="valid")
    try:
        shelled(lower(design, target), free.of(design))
    except DesignError:
        return
    streamed(design, frames, free.of(design), target, gap=0.3, seed=number)
