"""Separable kernels in every form that a core has, on the twin and on Amaranth's simulator: the results of the same design with
a product for each place, on fewer multipliers."""

import functools
import itertools
import re

import numpy as np
import pytest
from amaranth.back import rtlil

from convolver import Conv2DDesign
from convolver.designs import GATEWARE_BOUNDARIES
from convolver.hw.cores.conv2d import Conv2DCore
from convolver.hw.cores.core import create
from convolver.hw.primitives.families import FamilyPlatform
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.bench import run_stream
from convolver.sim.twin.core import Simulation, simulate_designs
from convolver.sim.twin.streams import KEEP, beats_of, marks_of, packed, random_samples, stalls, unpacked

SMOOTH = np.outer([3, 5, 3], [7, 9, 11])
SLOPE = np.outer([3, 5, -6, 9], [5, 0, -7])
BROAD = np.outer([3, 5, 6, -9, 7], [5, 0, 7, 9])


def design_of(kernel, **fields):
    return Conv2DDesign(kernel, rows=12, columns=24, **fields)


CASES = {
    "2 planes": design_of(SMOOTH, fill=201, planes=2),
    "3 signed planes": design_of(SLOPE, pixel="s5", boundary="reflect", planes=3, stride=(2, 1)),
    "4 planes, valid": design_of(SLOPE, mode="valid", operation="correlate", planes=4),
    "2 pixels": design_of(SMOOTH, boundary="edge", pixels_per_clock=2),
    "2 pixels, valid": design_of(SMOOTH, mode="valid", pixels_per_clock=2),
    "4 pixels": design_of(SLOPE, boundary="reflect", pixels_per_clock=4),
    "4 pixels, correlate": design_of(SLOPE.T, fill=99, operation="correlate", pixels_per_clock=4),
    "4 pixels, valid": design_of(SLOPE, mode="valid", pixels_per_clock=4),
    "2 pixels of 2 planes": design_of(SLOPE.T, pixel="s6", boundary="symmetric", planes=2, pixels_per_clock=2),
    "switchable": design_of(SMOOTH, switchable=True),
    "switchable, even sides, signed": design_of(SLOPE.T, pixel="s7", switchable=True, operation="correlate", stride=(1, 3)),
    "switchable, 4 pixels": design_of(SLOPE, switchable=True, pixels_per_clock=4),
    "switchable, 2 pixels of 3 planes": design_of(
        np.outer([3, 5, 3], [7, 9, 11, 13]), pixel="s9", switchable=True, planes=3, pixels_per_clock=2
    ),
}
CASES |= {
    "2 kernels": design_of([SMOOTH, -SMOOTH.T], boundary="edge"),
    "2 kernels of other latencies": design_of([np.outer([1, 0, 0], [7, 9, 11]), SMOOTH], pixel="s6", mode="valid"),
    "3 kernels, sum_abs": design_of([SLOPE, SLOPE[::-1], -SLOPE], combine="sum_abs", fill=7, output="u9", shift=4),
    "2 kernels, 2 pixels of 2 planes, switchable": design_of(
        [SLOPE, SLOPE[::-1]], pixel="s6", switchable=True, absolute=True, planes=2, pixels_per_clock=2
    ),
}
CASES |= {
    "2 clocks": design_of(SLOPE, fill=99, clocks_per_pixel=2),
    "3 clocks, valid": design_of(BROAD, pixel="s6", mode="valid", operation="correlate", clocks_per_pixel=3, stride=(1, 2)),
    "5 clocks, switchable": design_of(BROAD, switchable=True, multipliers=2),
    "2 clocks, 2 kernels, switchable": design_of([BROAD, BROAD[::-1]], pixel="s6", switchable=True, clocks_per_pixel=2),
}
TWINS = ["3 signed planes", "2 pixels of 2 planes", "switchable, 2 pixels of 3 planes", "2 kernels", "5 clocks, switchable"]
"""Those that are compiled, and their direct forms beside them; all run on Amaranth's simulator."""


def direct(design):
    """The same with a product for each place."""
    return design.replace(structure="direct", clocks_per_pixel=design.choices.clocks, multipliers=None)


@functools.cache
def compiled():
    """The twins, from one library."""
    designs = [form for name in TWINS for form in (CASES[name], direct(CASES[name]))]
    return dict(zip(designs, (simulation.compiled for simulation in simulate_designs(designs)), strict=True))


def with_planes(design, size):
    return (*size, design.planes) if design.planes > 1 else size


def frames_of(design):
    """Random frames of several sizes, and those that bring a sum to its greatest and its least: what of a pixel meets a weight
    of a sign is an extreme."""
    sizes = [(design.frame_axes[0].least + more, design.frame_axes[1].least + 2 * more) for more in (0, 3, 1, 4)]
    frames = [random_samples(design.pixel, with_planes(design, size), seed) for seed, size in enumerate(sizes)]
    weights = np.array(design.kernels[0])
    if design.operation == "convolve":
        weights = np.flip(weights)
    rows, columns = sizes[-1]
    for high, low in itertools.permutations((design.pixel.max, design.pixel.min)):
        worst = np.full((rows, columns), high)
        worst[: weights.shape[0], : weights.shape[1]] = np.where(weights > 0, high, low)
        frames.append(np.broadcast_to(worst.T, (design.planes, columns, rows)).T if design.planes > 1 else worst)
    return [np.ascontiguousarray(frame) for frame in frames]


def borders_of(design, frames):
    """A border for each frame, where it is told one; first the fill's extremes."""
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


def check(design, frames, borders, values, marks):
    """What left, beat by beat, is what must."""
    expected, expected_marks = expected_of(design, frames, borders)
    np.testing.assert_array_equal(marks, expected_marks)
    begin, pixels = 0, design.pixels_per_clock
    for image in expected:
        shape = image.shape[:2]
        end = begin + len(marks_of(shape, pixels))
        np.testing.assert_array_equal(unpacked(values[begin:end], shape, pixels), image)
        begin = end


@pytest.mark.parametrize("name", TWINS)
def test_the_results_are_those_of_the_direct_form(name):
    for design in (CASES[name], direct(CASES[name])):
        pixels = design.pixels_per_clock
        frames = frames_of(design)
        borders = borders_of(design, frames)
        beats, count = beats_of(frames, borders, pixels), len(expected_of(design, frames, borders)[1])
        simulation = Simulation(compiled()[design])
        for sides in ({}, {"gaps": stalls("half", 1), "stalls": stalls("bursts", 2)}):
            run = simulation.run(beats, count, settle=100, **sides)
            check(design, frames, borders, run.results, run.marks)
            assert (run.violations, run.overflows, any(run.errors.values()), run.busy) == (0, 0, False, False)
        for number, frame in enumerate(frames[:2]):
            for repeated in (1, 3):
                again, given = [frame] * repeated, borders and borders[number : number + repeated]
                leaving = len(expected_of(design, again, given)[1])
                run = simulation.run(beats_of(again, given, pixels), leaving, settle=100, times=True)
                check(design, again, given, run.results, run.marks)
                clocks = max(run.last_result, run.accept_clocks[-1]) + 1
                assert clocks == lower(design).timing.frame_clocks(*frame.shape[:2], frames=repeated)


@pytest.mark.parametrize("name", CASES)
def test_the_results_come_in_as_many_clocks_as_planned(name):
    """On Amaranth's simulator."""
    design = CASES[name]
    plan = lower(design)
    assert plan.structure == "separable"
    assert plan.multipliers < lower(direct(design)).multipliers
    frames = frames_of(design)
    small, border = [frames[0]] * 2, borders_of(design, frames)
    run = simulated(design, small, border and border[:2])
    assert max(run.delivered[-1], run.accepted[-1]) + 1 == plan.timing.frame_clocks(*small[0].shape[:2], frames=2)
    simulated(design, frames[1:3] + frames[-2:], border and border[1:3] + border[-2:], gap=(0, 0.3), stall=(0, 0.4))


@pytest.mark.parametrize(
    "name",
    [
        "3 signed planes",
        "4 pixels",
        "5 clocks, switchable",
        "switchable",
        "2 kernels",
        "2 kernels, 2 pixels of 2 planes, switchable",
    ],
)
def test_as_many_multipliers_are_built_as_planned(name):
    design = CASES[name]
    plain = rtlil.convert(create(design))
    assert len(re.findall(r"cell \$mul ", plain)) == lower(design).multipliers
    ice40 = rtlil.convert(create(design, "ice40"), platform=FamilyPlatform("ice40"))
    assert len(re.findall(r"cell \\SB_MAC16 ", ice40)) == lower(design, "ice40").hard_multipliers
    assert "cell $mul " not in ice40
    # And a budget of them is kept, in as many clocks.
    budget = lower(design).multipliers
    assert design.replace(clocks_per_pixel=None, multipliers=budget).choices.clocks == design.choices.clocks
    if design.pixels_per_clock == design.planes == 1 and design.multipliers is None:
        assert design.replace(clocks_per_pixel=None, multipliers=budget - 1).choices.clocks > design.choices.clocks


def simulated(design, frames, borders, **options):
    """A run of these frames, whose results were right."""
    pixels, planes = design.pixels_per_clock, design.planes
    core = Conv2DCore(design)
    beats, owners = [], []
    for number, frame in enumerate(frames):
        for samples, marks in zip(packed(frame, pixels), marks_of(frame.shape[:2], pixels), strict=True):
            shape = (pixels,) * (pixels > 1) + (planes,) * (planes > 1)
            data = np.clip(samples, design.pixel.min, design.pixel.max).reshape(shape).tolist()
            beats.append({"data": data, **{name: int(marks) >> bit & 1 for bit, name in enumerate(("first", "last", "eol"))}})
            beats[-1] |= {"keep": int(marks) >> KEEP} if pixels > 1 else {}
            owners.append(number)

    def before(ctx, index):
        number = owners[index]
        ctx.set(core.rows, frames[number].shape[0])
        ctx.set(core.columns, frames[number].shape[1])
        if borders:
            ctx.set(core.boundary, GATEWARE_BOUNDARIES.index(borders[number][0]))
            ctx.set(core.fill, borders[number][1])

    def read(payload):
        marks = [payload.first, payload.last, payload.eol, *([payload.keep] if pixels > 1 else [])]
        return _flat(payload.data), sum(mark << bit for bit, mark in enumerate(marks))

    count = len(expected_of(design, frames, borders)[1])
    watch = {name: core.errors[name] for name in ("size", "first", "orphan", "eol")} | {"overflow": core.overflow}
    run = run_stream(core, beats, count, before=before, read=read, watch=watch, **options)
    results, marks = zip(*run.beats, strict=True)
    check(design, frames, borders, np.array(results, dtype=object), np.array(marks))
    assert not any(run.seen.values())
    return run


def _flat(values):
    return (values,) if isinstance(values, int) else tuple(one for value in values for one in _flat(value))
