"""Pipelines and forks whose signals go on from frame to frame: against the golden model of the whole signal, and their silence
in the gateware itself."""

import functools
from random import Random

import numpy as np
import pytest

from convolver import DataError, DesignError, FIRDesign, Fork, MovingMaximumDesign, Pipeline, ResampleDesign, s8, selftest
from convolver.designs import design_from_json
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.hw.cores.core import create
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.bench import run_stream
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.board import BoardPipe, BoardTwin
from convolver.sim.twin.core import Simulation, TwinTransport
from convolver.sim.twin.streams import STALLS, beats_of, random_samples, stalls

from .random_designs import fir
from .random_designs.stages import first_stage, next_stage

DESIGNS = 1
SOAK_DESIGNS = 60
BATCH = 10

ONE = FIRDesign([3, -1, 4, 1], data=s8, shift=2, output=s8, continuous=True)
OTHER = ONE.replace(coefficients=[2, 7, -1], shift=3)
HALF = ResampleDesign([1, 2, 3, 4, 5], down=2, data=s8, shift=4, output=s8, continuous=True)
MORE = ResampleDesign([1, 2, 3, 4, 5, 6, 7], 3, 2, data=s8, shift=4, output=s8, continuous=True)

KNOWN = {
    "two": Pipeline([ONE, OTHER]),
    "slow": Pipeline([ONE.replace(clocks_per_sample=2), OTHER]),
    "fork": Fork([ONE, Pipeline([OTHER, ONE])], "difference"),
    "fork inside": Pipeline([ONE, Fork([ONE, OTHER], "sum"), ONE.replace(data="s9")]),
    "half": Pipeline([ONE, HALF, OTHER]),
    "three quarters": Pipeline([HALF, MORE]),
}


QUICK = ("two", "fork inside", "three quarters")
"""Those that are compiled in every run; the soak has the others."""


def continued(random, soak=False):
    """A random pipeline whose stages all go on."""
    kinds = (fir.random_design,)
    stages = [first_stage(random, kinds, soak)]
    while len(stages) < random.choice((2, 3)):
        stages.append(next_stage(random, kinds, stages[-1].output_format, 1, 1, soak))
    stages = [stage.replace(continuous=True) for stage in stages]
    place = random.randrange(len(stages))
    if random.random() < 0.4:
        stage = stages[place]
        fork = Fork([stage, stage.replace(coefficient=None, coefficients=stage.coefficients[::-1])], "sum")
        stages = [*stages[:place], fork]
    return Pipeline(stages)


@functools.cache
def compiled():
    designs = [*(KNOWN[name] for name in QUICK), *(continued(Random(f"goes on {number}")) for number in range(DESIGNS))]
    return list(zip(designs, compile_designs(designs), strict=True))


def cut(design, signal, random):
    """The signal in pieces of all lengths that the design takes, one of the least among them."""
    whole = design.frame_multiple
    ends = sorted({whole, *(int(random.integers(1, len(signal) // whole)) * whole for _ in range(6))})
    return np.split(signal, ends)


def check(design, core):
    random = np.random.default_rng([21, len(design.parts)])
    signal = random_samples(design.sample, design.frame_multiple * 90, 5)
    expected = golden.run(design, signal)
    # Frame behind frame, with every kind of stall on either side; after a reset all over again.
    simulation = Simulation(core)
    for turn, kind in enumerate(STALLS):
        pieces = cut(design, signal, random)
        sides = {"gaps": stalls(kind, turn), "stalls": stalls(STALLS[-1 - turn], turn + 9)}
        run = simulation.run(beats=beats_of(pieces), wanted=len(expected), settle=200, **sides)
        np.testing.assert_array_equal(run.results, expected)
        assert not any(run.errors.values())
        assert (run.violations, run.overflows, run.busy) == (0, 0, False)
        simulation.run(beats=beats_of(pieces[:2]), wanted=0, limit=int(random.integers(1, 40)))
        simulation.reset()

    transport = TwinTransport(design, compiled=core)
    with Device(transport) as device:
        np.testing.assert_array_equal(np.concatenate([device(piece) for piece in cut(design, signal, random)]), expected)
        device.silence()
        found = np.concatenate(list(device.stream(cut(design, signal, random), joined=True)))
        np.testing.assert_array_equal(found, expected)
        stack = device(np.stack([signal, signal]), stack=True)
        np.testing.assert_array_equal(stack, [expected] * 2)
        # A long one is cut into frames, of which each needs no sample of the one before.
        device.silence()
        transport.frame_samples = 17 * design.frame_multiple
        before = transport.status()["beats_in"]
        np.testing.assert_array_equal(device(signal), expected)
        assert transport.status()["beats_in"] - before == len(signal)


@pytest.mark.parametrize("number", range(len(QUICK) + DESIGNS))
def test_pieces_of_a_signal_are_filtered_as_the_whole(number):
    design, core = compiled()[number]
    print(design)  # pytest shows it with a failure
    check(design, core)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_random_continuous_pipelines_for_long():
    for design, core in zip(KNOWN.values(), compile_designs(list(KNOWN.values())), strict=True):
        check(design, core)
    for first in range(0, SOAK_DESIGNS, BATCH):
        designs = [continued(Random(f"soak {number}"), soak=True) for number in range(first, first + BATCH)]
        for number, (design, core) in enumerate(zip(designs, compile_designs(designs), strict=True), first):
            print(number, design, flush=True)
            check(design, core)


@pytest.mark.parametrize("name", ["two", "fork", "fork inside"])
def test_a_frame_starts_from_silence_in_all_cores_though_others_are_inside(name):
    """The strobe comes while the frames before are still in the cores, or wait in front of them."""
    design = KNOWN[name]
    core = create(design)
    random = np.random.default_rng(4)
    frames = [random_samples(s8, int(random.integers(1, 9)), seed) for seed in range(24)]
    silent = [bool(random.integers(2)) for _ in frames]
    starts = {}
    beats = []
    for number, frame in enumerate(frames):
        starts[len(beats)] = silent[number]
        last = len(frame) - 1
        beats += [{"data": int(value), "first": at == 0, "last": at == last} for at, value in enumerate(frame)]
    signals = np.split(np.arange(len(frames)), [number for number, one in enumerate(silent) if one and number])
    expected = np.concatenate([golden.run(design, np.concatenate([frames[one] for one in some])) for some in signals])

    async def strobe(ctx, index):
        if starts.get(index):
            ctx.set(core.silence, 1)
            await ctx.tick()
            ctx.set(core.silence, 0)

    run = run_stream(
        core,
        beats,
        len(beats),
        seed=3,
        gap=(0, 0.6),
        stall=(0.7, 0, 0.9),
        before=strobe,
        read=lambda payload: int(payload.data),
    )
    assert run.beats == expected.tolist()


def test_all_stages_go_on_or_none():
    stops = ONE.replace(continuous=False)
    message = "^{} {} of a {} must go on from frame to frame, as {} {} does with continuous=True; all do or none$"
    with pytest.raises(DesignError, match=message.format("Stage", 2, "pipeline", "stage", 1)):
        Pipeline([ONE, stops])
    with pytest.raises(DesignError, match=message.format("Stage", 1, "pipeline", "stage", 2)):
        Pipeline([MovingMaximumDesign(3, data=s8), ONE])
    with pytest.raises(DesignError, match=message.format("Branch", 1, "fork", "branch", 2)):
        Fork([stops, ONE], "sum")


def test_a_rate_change_takes_whole_periods():
    with Device(TwinTransport(KNOWN["three quarters"], compiled=compiled()[QUICK.index("three quarters")][1])) as device:
        with pytest.raises(DataError, match=r"^A continuous rate change takes samples by 4, not 6 of them$"):
            device(np.zeros(6, int))


def test_what_a_continuous_pipeline_is():
    for design in KNOWN.values():
        assert design.continuous
        assert design.continuity.held >= design.history
        assert design_from_json(design.to_json()) == design
    assert "silence gate in front" in lower(KNOWN["two"]).explain()
    assert [case.pieces for case in selftest.cases(KNOWN["two"], 0, 1) if case.pieces > 1] == [7]


@pytest.mark.soak
def test_silence_travels_over_the_link():
    design = KNOWN["two"]
    pipe = BoardPipe(BoardTwin(design))
    signal = random_samples(s8, 60, 8)
    expected = golden.run(design, signal)
    with Device(LinkTransport(pipe, clock=pipe.time)) as device:
        for _ in range(2):
            np.testing.assert_array_equal(np.concatenate([device(piece) for piece in np.split(signal, [3, 4, 40])]), expected)
            device.silence()
