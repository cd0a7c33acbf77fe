"""Separable kernels in every form that a core has, on the twin and on Amaranth's simulator: the results of the same design with
a product for each place, on fewer multipliers."""

import functools
import itertools

import numpy as np
import pytest

from convolver import Conv2DDesign
from convolver.designs import GATEWARE_BOUNDARIES
from convolver.hw.conv2d import Conv2DCore
from convolver.schedule import Schedule
from convolver.sim import golden
from convolver.sim.bench import run_stream
from convolver.sim.streams import KEEP, beats_of, marks_of, packed, random_samples, stalls, unpacked
from convolver.sim.twin import Simulation, simulate_designs

SMOOTH = np.outer([3, 5, 3], [7, 9, 11])
SLOPE = np.outer([3, 5, -6, 9], [5, 0, -7])


def design_of(kernel, **fields):
    return Conv2DDesign(kernel, rows=12, columns=24, **fields)


CASES = {
    "2 planes": design_of(SMOOTH, fill=201, planes=2),
    "3 signed planes": design_of(SLOPE, pixel="s5", boundary="reflect", planes=3, stride=(2, 1)),
    "4 planes, valid": design_of(SLOPE, mode="valid", operation="correlate", planes=4),
}


@functools.cache
def compiled():
    """The twins of each case and of its direct form, from one library."""
    designs = [form for design in CASES.values() for form in (design, design.replace(structure="direct"))]
    return dict(zip(designs, (simulation.compiled for simulation in simulate_designs(designs)), strict=True))


def with_planes(design, size):
    return (*size, design.planes) if design.planes > 1 else size


def frames_of(design):
    """Random frames of several sizes, and those that bring a sum to its greatest and its least: what of a pixel meets a weight
    of a sign is an extreme."""
    sizes = [(design.core_min_rows + more, design.core_min_columns + 2 * more) for more in (0, 3, 1, 4)]
    frames = [random_samples(design.pixel, with_planes(design, size), seed) for seed, size in enumerate(sizes)]
    weights = np.array(design.kernels[-1])
    if design.operation == "convolve":
        weights = np.flip(weights)
    rows, columns = sizes[-1]
    for high, low in itertools.permutations((design.pixel.max, design.pixel.min)):
        worst = np.full((rows, columns), high)
        worst[: weights.shape[0], : weights.shape[1]] = np.where(weights > 0, high, low)
        frames.append(np.broadcast_to(worst.T, (design.planes, columns, rows)).T if design.planes > 1 else worst)
    return [np.ascontiguousarray(frame) for frame in frames]


def borders_of(design, frames):
    """A border for each frame, where it is told one; the fill's extremes among them."""
    if not design.switchable:
        return None
    names = itertools.cycle(("constant", *GATEWARE_BOUNDARIES, "constant"))
    fills = itertools.cycle((design.pixel.min, design.pixel.max, design.pixel.max // 3))
    return list(itertools.islice(zip(names, fills, strict=False), len(frames)))


def expected_of(design, frames, borders):
    """The golden model's results, place by place, and the marks of all beats."""
    results = []
    for frame, border in zip(frames, borders or [None] * len(frames), strict=True):
        own = design if border is None else design.replace(boundary=border[0], fill=border[1])
        image = golden.conv2d(own, frame)
        image = np.moveaxis(image, 0, -1) if design.result_axes else image
        results.append(image.reshape(*image.shape[:2], -1))
    marks = np.concatenate([marks_of(result.shape[:2], design.pixels_per_clock) for result in results])
    return results, marks


def check(design, run, frames, borders):
    results, marks = expected_of(design, frames, borders)
    np.testing.assert_array_equal(run.marks, marks)
    begin = 0
    for result in results:
        end = begin + len(marks_of(result.shape[:2], design.pixels_per_clock))
        np.testing.assert_array_equal(unpacked(run.results[begin:end], result.shape[:2], design.pixels_per_clock), result)
        begin = end
    assert (run.violations, run.overflows, any(run.errors.values()), run.busy) == (0, 0, False, False)


@pytest.mark.parametrize("name", CASES)
def test_the_results_are_those_of_every_place_multiplied_and_in_as_many_clocks_as_planned(name):
    design, direct = CASES[name], CASES[name].replace(structure="direct")
    assert Schedule(design).structure == "separable"
    assert Schedule(design).multipliers < Schedule(design.replace(structure="direct")).multipliers
    pixels = design.pixels_per_clock
    frames = frames_of(design)
    borders = borders_of(design, frames)
    beats, count = beats_of(frames, borders, pixels), len(expected_of(design, frames, borders)[1])
    for form in (design, direct):
        simulation = Simulation(compiled()[form])
        settle = 40 + 30 * form.stride[0]
        check(form, simulation.run(beats, count, settle=settle), frames, borders)
        check(
            form,
            simulation.run(beats, count, gaps=stalls("half", 1), stalls=stalls("bursts", 2), settle=settle),
            frames,
            borders,
        )
        for number, frame in enumerate(frames[:2]):
            border = borders and borders[number : number + 1]
            for repeated in (1, 3):
                again, given = [frame] * repeated, border and border * repeated
                leaving = repeated * len(expected_of(form, [frame], border)[1])
                run = simulation.run(beats_of(again, given, pixels), leaving, settle=settle, times=True)
                check(form, run, again, given)
                clocks = max(run.last_result, run.accept_clocks[-1]) + 1
                assert clocks == Schedule(form).frame_clocks(*frame.shape[:2], frames=repeated)


@pytest.mark.parametrize("name", CASES)
def test_amaranths_simulator_agrees(name):
    design = CASES[name]
    pixels, planes = design.pixels_per_clock, design.planes
    frames = [frame for frame in frames_of(design) if frame.size < 80 * planes][:2]
    borders = borders_of(design, frames)
    core = Conv2DCore(design)
    beats, owners = [], []
    for number, frame in enumerate(frames):
        for samples, marks in zip(packed(frame, pixels), marks_of(frame.shape[:2], pixels), strict=True):
            shape = (pixels,) * (pixels > 1) + (planes,) * (planes > 1)
            data = np.clip(samples, design.pixel.min, design.pixel.max).reshape(shape).tolist()
            beats.append({"data": data, **{mark: int(marks) >> bit & 1 for bit, mark in enumerate(("first", "last", "eol"))}})
            beats[-1] |= {"keep": int(marks) >> KEEP} if pixels > 1 else {}
            owners.append(number)

    def before(ctx, index):
        number = owners[index]
        ctx.set(core.rows, frames[number].shape[0])
        ctx.set(core.columns, frames[number].shape[1])
        if borders:
            ctx.set(core.boundary, GATEWARE_BOUNDARIES.index(borders[number][0]))
            ctx.set(core.fill, borders[number][1])

    results, marks = expected_of(design, frames, borders)
    run = run_stream(
        core, beats, len(marks), before=before, read=lambda payload: _flat(payload.data), gap=(0, 0.3), stall=(0, 0.4)
    )
    got, begin = np.array(run.beats), 0
    for result in results:
        end = begin + len(marks_of(result.shape[:2], pixels))
        np.testing.assert_array_equal(unpacked(got[begin:end], result.shape[:2], pixels), result)
        begin = end


def _flat(values):
    return (values,) if isinstance(values, int) else tuple(one for value in values for one in _flat(value))
