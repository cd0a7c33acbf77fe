"""Planes side by side, on the twin: each is what it is alone, whatever stands beside it."""

import numpy as np
import pytest

from convolver import Conv2DDesign
from convolver.designs import BOUNDARIES
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.twin.core import Simulation, TwinTransport, simulate_designs
from convolver.sim.twin.streams import beats_of, marks_of, random_samples, stalls

KERNEL = [[1, -2, 3], [4, 0, -6]]
DESIGNS = [
    Conv2DDesign(KERNEL, pixel="s8", boundary="reflect", rows=10, columns=20, planes=3, switchable=True),
    Conv2DDesign([KERNEL, KERNEL[::-1]], pixel="u5", mode="valid", rows=10, columns=20, planes=2, pixels_per_clock=2),
    Conv2DDesign(
        KERNEL, pixel="s3", boundary="constant", fill=-4, rows=10, columns=20, planes=4, loadable=True, coefficient="s5"
    ),
    Conv2DDesign([KERNEL, KERNEL[::-1]], combine="sum_abs", boundary="edge", rows=10, columns=20, planes=3, stride=(2, 3)),
]


@pytest.fixture(scope="module")
def cores():
    return dict(zip(DESIGNS, (simulation.compiled for simulation in simulate_designs(DESIGNS)), strict=True))


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: f"{design.planes}x{design.pixels_per_clock}")
def test_each_plane_is_that_of_a_core_of_one(cores, design):
    """Frames of one plane's extremes beside the other's noise, back to back in as many clocks as one plane takes."""
    size, (low, high) = (9, 13), (design.pixel.min, design.pixel.max)
    frames = []
    for plane in range(design.planes):
        frame = random_samples(design.pixel, (*size, design.planes), plane)
        frame[..., plane] = np.where(np.indices(size).sum(axis=0) % 2, low, high)
        frames.append(frame)
    single = lower(design.replace(planes=1))
    # The products of many trees have a register of their own.
    later = lower(design).arrays[0].product_latency - single.arrays[0].product_latency
    assert lower(design).latency == single.latency + later
    with TwinTransport(design, compiled=cores[design]) as transport:
        if design.switchable:
            transport.switch("symmetric", 5)
            design = design.replace(boundary="symmetric")
        results = transport.run_frames(frames)
        assert transport.status()["frame_clocks"] == single.timing.frame_clocks(*size, frames=len(frames)) + later
    for frame, result in zip(frames, results, strict=True):
        np.testing.assert_array_equal(result, golden.run(design, frame))
        for plane in range(design.planes):
            alone = golden.run(design.replace(planes=1), frame[..., plane])
            np.testing.assert_array_equal(result[..., plane], alone)


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: f"{design.planes}x{design.pixels_per_clock}")
def test_stalls_change_nothing(cores, design):
    frames = [random_samples(design.pixel, (9, 9 + more, design.planes), more) for more in range(4)]
    borders = [(str(name), 7) for name in BOUNDARIES[:4]] if design.switchable else None
    wanted = [
        golden.run(design if border is None else design.replace(boundary=border[0], fill=border[1]), frame)
        for frame, border in zip(frames, borders or [None] * 4, strict=True)
    ]
    shapes = [design.frame_results(*frame.shape[:2]) for frame in frames]
    marks = np.concatenate([marks_of(shape, design.pixels_per_clock) for shape in shapes])
    beats = beats_of(frames, borders, design.pixels_per_clock)
    run = Simulation(cores[design]).run(beats, len(marks), gaps=stalls("half", 1), stalls=stalls("bursts", 2), settle=100)
    np.testing.assert_array_equal(run.marks, marks)
    assert (run.delivered, run.violations, any(run.errors.values()), run.busy) == (len(marks), 0, False, False)
    if design.pixels_per_clock == 1:
        places = [np.moveaxis(one, 0, -1) if design.result_axes else one for one in wanted]
        values = np.concatenate([place.reshape(-1, design.planes * design.outputs) for place in places])
        np.testing.assert_array_equal(run.results, values)


def test_all_planes_have_their_multipliers_and_one_set_of_coefficients():
    design = DESIGNS[2]
    plan = lower(design)
    assert (plan.multipliers, len(plan.coefficients.loaded)) == (24, 6)
    assert plan.memory_bits("line buffer") == 4 * lower(design.replace(planes=1)).memory_bits("line buffer")
