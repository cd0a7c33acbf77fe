# amaranth: UnusedElaboratable=no
"""Random designs in lean shells: results, latency and clocks, with and without stalls; without back-pressure where there may
be none."""

import itertools

import numpy as np
import pytest
from amaranth.hdl import Value

from convolver import Conv2DDesign, DesignError, Pipeline, u8
from convolver.hw.bus.bare import BareAccelerator
from convolver.hw.cores.core import create
from convolver.plan.lowering import lower
from convolver.plan.pipeline import PipelinePlan
from convolver.plan.shell import shelled
from convolver.shell import Shell
from convolver.sim.bench import run_stream
from convolver.sim.twin.streams import random_samples

from ...composite_checks import core_result as composite_result
from ...random_designs import seeded
from ...test_random_designs import core_result, with_planes

SINGLE = ("fir", "conv2d", "moving_maximum", "resample", "cic")
COMPOSITE = ("pipeline", "fork")
SEEDS, SOAK_SEEDS, SOAK_PART = 3, 39, 6
SMALL = (("pipeline", 3), ("fork", 0))
"""Several filters of images; with small ones they are tried in every test."""


def constant(kind, first, last, ranks=(1, 2)):
    """Some of the seeds whose design can't change at run time, and takes one pixel a beat."""
    drawn = ((number, seeded(number, kind)) for number in itertools.count())
    numbers = (number for number, design in drawn if leanest(design) and design.rank in ranks)
    return [(kind, number) for number in itertools.islice(numbers, first, last)]


def leanest(design):
    return not design.adjustable and all(part.pixels_per_clock == 1 for part in design.parts or [design])


SAMPLE = [case for kind in SINGLE for case in constant(kind, 0, SEEDS)]
SAMPLE += [case for kind in COMPOSITE for case in constant(kind, 0, 2, ranks=(1,))]
SOAK = [(kind, first) for kind in SINGLE for first in range(SEEDS, SOAK_SEEDS, SOAK_PART)]
SOAK += [(kind, first) for kind in COMPOSITE for first in range(0, SOAK_SEEDS - SEEDS, SOAK_PART)]


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
    result = composite_result if design.parts else core_result
    wanted = [np.ravel(values).tolist() for frame in frames for values in result(design, frame)]
    core = create(design, target, shell)
    block = BareAccelerator(design, core)
    patience = 4 * core.plan.timing.frame_clocks(*frames[0].shape[: design.rank])
    watch = {"overflow": core.overflow, "errors": Value.cast(block.errors).any()}
    run = run_stream(block, beats, len(wanted), settle=600, read=read, watch=watch, patience=patience, **stalls)
    assert run.beats == wanted
    assert run.seen == {"overflow": 0, "errors": 0}
    return run


@pytest.mark.parametrize(("kind", "number"), SAMPLE)
def test_a_random_design_in_lean_shells(kind, number):
    checked(seeded(number, kind), number)


@pytest.mark.parametrize(("kind", "number"), SMALL)
def test_several_filters_of_small_images_in_lean_shells(kind, number):
    design = small(seeded(number, kind))
    assert leanest(design)
    assert (design.rank, len(design.parts)) == (2, 2)
    checked(design, number)


def test_stages_of_frames_of_the_same_size_are_noticed(monkeypatch):
    """Each stage of a lean pipeline is made for frames of its own size."""
    monkeypatch.setattr(PipelinePlan, "sizes", lambda plan, *size: [size] * len(plan.plans))
    first = Conv2DDesign([[1, 2], [3, 4]], mode="valid", shift=4, output=u8, rows=9, columns=11)
    with pytest.raises(AssertionError, match=r"^126 beats were expected, then came "):
        checked(Pipeline([first, first]), 0)


def small(design):
    """Several filters with room for an image of 9x11 at most."""
    if design.parts:
        return design.with_members([small(member) for member in design.members])
    return design.replace(rows=9, columns=11)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "first"), SOAK)
def test_many_random_designs_in_lean_shells(kind, first):
    for _, number in constant(kind, first, first + SOAK_PART):
        print(kind, number, flush=True)  # pytest shows it with a failure
        checked(seeded(number, kind), number)


def checked(design, number, target=None):
    """Without stalls the latency and the clocks that the plan promises, or at most as many where they aren't exact; with stalls
    the same results."""
    shell = Shell().of(design)
    assert not shell.has_registers
    plan = shelled(lower(design, target), shell)
    frames = frames_of(design, 2)
    run = streamed(design, frames, shell, target)
    exact = design.rank == 1 and plan.timing.exact and len({part.cycles for part in plan.cores}) == 1
    accepts, offers = plan.timing.schedule(len(frames[0])) if exact else ([], [])
    assert [clock - run.accepted[0] for clock in run.accepted[: len(accepts)]] == accepts
    assert [clock - run.accepted[0] for clock in run.offered[: len(offers)]] == offers
    if design.parts:
        assert run.offered[-1] + 1 - run.accepted[0] <= plan.timing.frame_clocks(*frames[0].shape[: design.rank], len(frames))
    streamed(design, frames, shell, target, gap=(0.5, 0, 0), stall=(0, 0.5, 0.9), seed=number)
    free = Shell(handshake="valid")
    try:
        shelled(lower(design, target), free.of(design))
    except DesignError:
        return
    streamed(design, frames, free.of(design), target, gap=0.3, seed=number)
