"""Queues of forks are long enough, and not longer than they must be: the clocks of frames with other depths, on the twin."""

import dataclasses
from random import Random

import pytest

from convolver import FIRDesign, Fork, Pipeline, s8
from convolver.hw.cores.fork import ForkCore
from convolver.plan import fork as plan
from convolver.plan.lowering import lower
from convolver.sim.twin.core import frame_shape, simulate_components
from convolver.sim.twin.streams import beats_of, marks_of, random_samples

from .random_designs import generator

SOAK_DESIGNS = 20
MORE = 64
"""Places more than a plan has."""


def core_of(design, changed):
    """The fork's core with other depths of its queues."""
    core = ForkCore(design)
    queues = [queue and plan.Queue(plan.SHORT_LATENCY, depth=changed(queue.depth)) for queue in core.plan.queues]
    core.plan = dataclasses.replace(core.plan, queues=tuple(queues))
    return core


def clocks(design, cores):
    """In which clock each core has taken the last beat of three large frames, back to back."""
    sizes = [axis.most or 60 for axis in design.frame_axes]
    frames = [random_samples(design.sample, (*sizes, *design.sample_axes), 9)] * 3
    pixels = design.pixels_per_clock
    wanted = 3 * len(marks_of(frame_shape(design, sizes), pixels))
    beats = beats_of(frames, pixels=pixels)
    runs = [simulation.run(beats=beats, wanted=wanted, times=True) for simulation in simulate_components(cores)]
    return [int(run.accept_clocks[-1]) for run in runs]


def test_a_place_less_than_results_wait_in_costs_clocks():
    """One branch is as much later as its latency is longer: what its output buffer holds is no help."""
    one, two = FIRDesign([1], data=s8, output=s8), FIRDesign([1, 2], data=s8, output=s8)
    design = Fork([one, Pipeline([two, two])], "planes")
    first, second = lower(design).plans
    wait = second.latency - first.latency
    assert [queue and queue.depth for queue in lower(design).queues] == [wait + plan.SPARE, None]
    planned, just, short = clocks(design, [ForkCore(design), *(core_of(design, lambda _, d=d: d) for d in (wait, wait - 1))])
    assert planned == just == 3 * 60 - 1
    assert short > just


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_longer_queues_save_no_clock():
    """Of random forks, none is faster with more places than planned."""
    random, found = generator("fork"), 0
    for number in range(10 * SOAK_DESIGNS):
        design = random(Random(f"queues {number}"))
        depths = [queue.depth for queue in lower(design).queues if queue]
        if not depths or max(depths) > 300:
            continue
        print(number, design, flush=True)
        planned, longer = clocks(design, [ForkCore(design), core_of(design, lambda depth: depth + MORE)])
        # A queue in block RAM has a few clocks more of latency, in which nothing waits for it.
        assert planned <= longer
        found += 1
        if found == SOAK_DESIGNS:
            break
    assert found == SOAK_DESIGNS
