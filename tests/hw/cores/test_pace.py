# amaranth: UnusedElaboratable=no
"""Cores that are planned for a slow clock: results, latency and clocks of random designs, with and without stalls; and a long
filter that is loaded meanwhile."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator

from convolver import CICDesign, FIRDesign, Pipeline, s8, s16
from convolver.hw.cores.core import create
from convolver.plan import lower, target_of
from convolver.plan.fpgas import named_fpga
from convolver.plan.pace import FULL_SPEED, Ways
from convolver.plan.shell import shelled
from convolver.shell import Shell
from convolver.sim import golden
from convolver.sim.bench import run_stream

from ...random_designs import seeded
from ..bus.test_random_shells import checked, leanest

SLOW = target_of(None).at(100e6)
KINDS = ("fir", "conv2d")
SEEDS = {"fir": 2, "conv2d": 1}


def sooner(kind, first, last):
    """Some of the seeds whose core has fewer registers there."""
    numbers = (number for number in itertools.count() if leanest(seeded(number, kind)) and is_sooner(seeded(number, kind)))
    return [(kind, number) for number in itertools.islice(numbers, first, last)]


def is_sooner(design):
    return lower(design, SLOW).latency < lower(design).latency


@pytest.mark.parametrize(("kind", "number"), [case for kind in KINDS for case in sooner(kind, 0, SEEDS[kind])])
def test_a_random_design_at_a_slow_clock(kind, number):
    checked(seeded(number, kind), number, SLOW)


@pytest.mark.parametrize("bits", [16, 32], ids=["whole", "in segments"])
@pytest.mark.parametrize("rate", [{"down": 16}, {"up": 16}], ids=["down", "up"])
def test_a_cic_filter_of_a_device_with_paces_of_its_own(rate, bits):
    """Sums of up to 48 bits are added whole, wider ones in segments of 24 or less, where full speed has 8."""
    design = CICDesign(6, data=f"s{bits}", **rate)
    hx = named_fpga("iCE40HX8K").target
    assert lower(design, hx.at(80e6)).latency < lower(design, hx).latency
    checked(design, bits, hx.at(80e6))


@pytest.mark.soak
@pytest.mark.parametrize("first", range(3, 39, 6))
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_designs_at_a_slow_clock(kind, first):
    for _, number in sooner(kind, first, first + 6):
        checked(seeded(number, kind), number, SLOW)


@pytest.mark.parametrize(
    "pace",
    [
        *(target_of(None).at(clock).pace for clock in (100e6, 150e6, None)),
        replace(FULL_SPEED, ways=Ways(samples=1, sums=1)),
    ],
    ids=["100 MHz", "150 MHz", "full speed", "samples and coefficients wait"],
)
def test_a_long_filter_takes_a_set_at_a_frames_first_result(pace):
    """20 lanes in three groups; whenever the set is complete, each frame is filtered by one of both sets alone."""
    random = np.random.default_rng(20)
    old, new = ([int(value) for value in random.integers(-128, 128, 20)] for _ in range(2))
    design = FIRDesign(old, data=s16, coefficient=s8, loadable=True)
    target = replace(target_of(None), pace=pace)
    core = create(design, target)
    frames = [[int(value) for value in random.integers(-(1 << 15), 1 << 15, 8)] for _ in range(14)]
    seen = []

    async def source(ctx):
        ctx.set(core.i.valid, 1)
        for frame in frames:
            for place, sample in enumerate(frame):
                ctx.set(core.i.payload, {"data": sample, "first": place == 0, "last": place == 7})
                assert ctx.get(core.i.ready)
                await ctx.tick()
        ctx.set(core.i.valid, 0)

    async def loader(ctx):
        await ctx.tick().repeat(6)
        for index, value in enumerate(new):
            ctx.set(core.coefficients.payload, {"data": value, "last": index == 19})
            ctx.set(core.coefficients.valid, 1)
            while not (await ctx.tick().sample(core.coefficients.ready))[-1]:
                pass
        ctx.set(core.coefficients.valid, 0)

    async def sink(ctx):
        ctx.set(core.o.ready, 1)
        results, clocks = [], 0
        while len(results) < 8 * len(frames):
            _, _, valid, value = await ctx.tick().sample(core.o.valid, core.o.payload.data)
            if valid:
                assert results or clocks == core.latency
                results.append(value)
            clocks += 1
        seen.extend(results)

    simulator = Simulator(core)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source)
    simulator.add_testbench(loader)
    simulator.add_testbench(sink)
    simulator.run()
    used = []
    for number, frame in enumerate(frames):
        got = seen[8 * number : 8 * number + 8]
        used.append([taps for taps in (old, new) if got == golden.run(design.with_weights(taps), np.array(frame)).tolist()])
    assert [len(one) for one in used] == [1] * len(frames)
    order = [one[0] is new for one in used]
    assert order == sorted(order)
    assert order[0] < order[-1]


def test_the_cores_of_a_pipeline_are_planned_for_it():
    first = FIRDesign(list(range(-9, 11)), data=s16, coefficient=s8, shift=8, output=s16)
    design = Pipeline([first, first.replace(coefficients=list(range(20, 0, -1)))])
    core, samples = create(design, SLOW), np.arange(-400, 400, 23)
    assert core.latency < lower(design).latency
    last = len(samples) - 1
    beats = [{"data": int(value), "first": n == 0, "last": n == last} for n, value in enumerate(samples)]
    run = run_stream(core, beats, len(beats), read=lambda payload: payload.data)
    assert run.beats == golden.run(design, samples).tolist()
    assert run.offered[0] - run.accepted[0] == core.latency


def test_shells_and_clocks_are_apart():
    """A lean shell takes out what it does without, whatever the clock is."""
    design = FIRDesign(list(range(1, 21)), data=s16, coefficient=s8)
    lean = Shell(handshake="valid").of(design)
    whole, slow = lower(design), lower(design, SLOW)
    assert shelled(whole, lean).latency - shelled(slow, lean).latency == whole.latency - slow.latency > 0
    assert shelled(slow, lean).latency < slow.latency
