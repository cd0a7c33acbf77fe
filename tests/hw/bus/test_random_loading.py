# amaranth: UnusedElaboratable=no
"""Random designs whose coefficients are loaded, in shells with few registers: each set takes effect whole with the next
frame."""

import itertools

import numpy as np
import pytest
from amaranth.hdl import Value

from convolver import DesignError
from convolver.designs import GATEWARE_BOUNDARIES
from convolver.hw.bus.accelerator import Accelerator
from convolver.hw.bus.registers import REGISTERS, STAGE_BYTES
from convolver.hw.cores.core import create
from convolver.plan.lowering import lower
from convolver.plan.shell import shelled
from convolver.shell import Shell
from convolver.sim.bench import run_stream

from ...composite_checks import core_result as composite_result
from ...random_designs import seeded
from ...test_random_designs import core_result
from .test_random_shells import beats_of, frames_of, read, small

KINDS = ("fir", "conv2d", "resample", "cic", "pipeline", "fork")
SEEDS, SOAK_SEEDS, SOAK_PART = 1, 49, 12
SHELLS = (
    Shell("coefficients"),
    Shell("coefficients", "hash", "valid"),
    Shell("full", "none", frame="fixed"),
    Shell("full", "hash", "valid"),
)


def loadable(kind, first, last):
    """Some of the seeds whose coefficients are loaded between frames, one pixel a beat; images are small."""
    drawn = ((number, of_seed(number, kind)) for number in itertools.count())
    return itertools.islice(((number, design) for number, design in drawn if design and loads(design)), first, last)


def of_seed(number, kind):
    """The design of a number, small, with a rate that is loaded if it is a CIC filter; None if it can't be so."""
    design = seeded(number, kind)
    try:
        if kind == "cic":
            return design.replace(loadable=True, pruned=False)
        return small(design) if design.rank == 2 else design
    except DesignError:
        return None


def loads(design):
    """Whether its coefficients are loaded between frames, it takes one pixel a beat, and a core makes its border."""
    parts = design.parts or [design]
    borders = {part.boundary for part in parts if part.switchable} <= set(GATEWARE_BOUNDARIES)
    return (
        bool(design.loadable_parts) and not design.continuous and borders and all(part.pixels_per_clock == 1 for part in parts)
    )


def loading(block, design, sets):
    """Writes each part's set, by its number: half of another one first, which is begun anew."""

    async def write(ctx, address, value):
        request, response = block.bus.request, block.bus.response
        ctx.set(request.payload, {"address": address, "write": 1, "data": int(value) & 0xFFFFFFFF})
        ctx.set(request.valid, 1)
        await ctx.tick().until(request.ready)
        ctx.set(request.valid, 0)
        ctx.set(response.ready, 1)
        (answer,) = await ctx.tick().sample(response.payload).until(response.valid)
        ctx.set(response.ready, 0)
        assert not answer.error

    async def load(ctx):
        for number, weights in sets.items():
            own, values = STAGE_BYTES * number, list(design.loadable_parts[number].independent(weights))
            for value in values[: len(values) // 2 : -1]:
                await write(ctx, own + REGISTERS["COEFFICIENT"].address, value)
            await write(ctx, own + REGISTERS["RESTART"].address, 0)
            for value in values:
                await write(ctx, own + REGISTERS["COEFFICIENT"].address, value)

    return load


def run(design, shell, number, **stalls):
    """Three frames, and new coefficients while the first one is open, or in front of the second one."""
    random = np.random.default_rng([number, len(design.weights)])
    sets, variants = {}, [design]
    for place, part in design.loadable_parts.items():
        trials = list(part.trial_sets(random).values())
        sets[place] = trials[int(random.integers(len(trials)))]
        new = part.with_weights(sets[place])
        variants += [each.with_part(place, new) if place else new for each in variants]
    frames = frames_of(design, 3)
    # A frame that has begun keeps its set if its first result has: of a signal's filter that is so at once.
    kept = 1 if design.rank == 1 and not design.parts else len(variants)
    first = [results_of(each, frames[0]) for each in variants[:kept]]
    later = [result for frame in frames[1:] for result in results_of(variants[-1], frame)]
    beats = [list(beats_of(design, frame)) for frame in frames]
    sampled = any(getattr(part, "swap", "frame") == "sample" for part in design.loadable_parts.values())
    at = len(beats[0]) if sampled else int(random.integers(1, len(beats[0]) + 1))
    core = create(design, None, shell)
    block = Accelerator(design, core, shell)
    load = loading(block, design, sets)
    watch = {"overflow": core.overflow, "errors": Value.cast(core.errors).any()}
    patience = 20 * core.plan.timing.frame_clocks(*frames[0].shape[: design.rank]) + 20 * sum(map(len, sets.values()))
    count = len(first[0])
    done = run_stream(
        block,
        [beat for frame in beats for beat in frame],
        count + len(later),
        settle=600,
        read=read,
        watch=watch,
        patience=patience,
        before=lambda ctx, index: load(ctx) if index == at else None,
        seed=number,
        **stalls,
    )
    assert done.beats[:count] in first
    assert done.beats[count:] == later
    assert done.seen == {"overflow": 0, "errors": 0}


def results_of(design, frame):
    """What must come of a frame, beat by beat."""
    result = composite_result if design.parts else core_result
    return [np.ravel(values).tolist() for values in result(design, frame)]


def checked(design, number):
    """In each of the shells that the design may have, one after the other, with gaps and stalls."""
    tried = 0
    for shell in SHELLS:
        whole = shell.of(design)
        try:
            shelled(lower(design), whole)
        except DesignError:
            assert not shell.waits
            continue
        run(design, whole, number, gap=(0.3, 0, 0), stall=(0, 0.5, 0.9) if shell.waits else 0)
        tried += 1
    assert tried >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_random_design_is_loaded_in_lean_shells(kind):
    for number, design in loadable(kind, 0, SEEDS):
        checked(design, number)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "first"), [(kind, first) for kind in KINDS for first in range(SEEDS, SOAK_SEEDS, SOAK_PART)])
def test_many_random_designs_are_loaded_in_lean_shells(kind, first):
    for number, design in loadable(kind, first, first + SOAK_PART):
        print(kind, number, flush=True)  # pytest shows it with a failure
        checked(design, number)
