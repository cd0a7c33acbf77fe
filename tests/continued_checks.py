"""What holds of a filter whose frames go on where the one before ended."""

from typing import Any

import numpy as np

from convolver import open as open_device
from convolver.designs import Design
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import STALLS, beats_of, random_samples, stalls

__all__ = ["check_calls", "check_frames"]


def check_calls(design: Any) -> None:
    """Calls, pieces of a stream and the frames of one call are one signal until silence; a stack's signals are apart."""
    step = design.down
    x = random_samples(design.sample, (40 * step,), step)
    want, cuts = golden.run(design, x), [step, 2 * step, 7 * step, 19 * step]
    with open_device(design) as device:
        np.testing.assert_array_equal(np.concatenate([device(piece) for piece in np.split(x, cuts)]), want)
        device.silence()
        np.testing.assert_array_equal(device(x), want)
        device.silence()
        np.testing.assert_array_equal(np.concatenate(list(device.stream(np.split(x, cuts)))), want)
        device.silence()
        device._transport.frame_samples = 12 * step  # a call is cut into frames, which bring nothing along
        np.testing.assert_array_equal(np.concatenate([device(piece) for piece in np.split(x, cuts)]), want)
        both = np.stack([x, x[::-1]])
        np.testing.assert_array_equal(device(both, stack=True), [golden.run(design, line) for line in both])
        np.testing.assert_array_equal(device(x), want)  # behind a stack stands silence


def check_frames(design: Design) -> None:
    """Frames back to back with every kind of stall on either side are one signal."""
    (core,) = compile_designs([design])
    simulation, random = Simulation(core), np.random.default_rng(3)
    for turn, kind in enumerate(STALLS):
        simulation.reset()
        sizes = random.integers(1, 9, 6) * design.frame_multiple
        frames = [random_samples(design.sample, (int(size),), number) for number, size in enumerate(sizes)]
        want = golden.run(design, np.concatenate(frames))
        run = simulation.run(beats=beats_of(frames), wanted=len(want), gaps=stalls(kind, turn), stalls=stalls(STALLS[-turn], 9))
        np.testing.assert_array_equal(run.results, want)
        assert not any(run.errors.values())
