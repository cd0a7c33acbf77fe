"""Forks of random branches on the twin against the golden model, bit for bit and clock for clock; known ones against OpenCV."""

import dataclasses
import functools
import re
from random import Random

import cv2
import numpy as np
import pytest

from convolver import (
    Conv2DDesign,
    DesignError,
    FIRDesign,
    Fork,
    MovingMaximumDesign,
    Pipeline,
    ResampleDesign,
    load_design,
    s8,
    s16,
    u8,
)
from convolver.cli import app
from convolver.designs import design_from_json
from convolver.errors import LinkTimeout
from convolver.host.description import read_description
from convolver.host.device import Device
from convolver.hw.bus.registers import description
from convolver.hw.cores.fork import ForkCore
from convolver.plan import fork as plan
from convolver.plan.lowering import lower
from convolver.plots import plot
from convolver.rate_response import rate_response
from convolver.report import report_of
from convolver.response import gains
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation, TwinTransport, frame_shape, simulate_components
from convolver.sim.twin.streams import beats_of, marks_of, random_samples, stalls

from .composite_checks import check, check_device
from .random_designs import generator

DESIGNS = 8
BATCH = 8
SOAK_DESIGNS, SOAK_PART, SOAK_BATCH = 100, 25, 5

ROW = [1, 4, 6, 4, 1]
FRAME = {"boundary": "edge", "rows": 40, "columns": 60}
NARROW = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, output=u8, **FRAME)
WIDE = Conv2DDesign(np.outer(ROW, ROW).tolist(), shift=8, output=u8, **FRAME)
ITSELF = Conv2DDesign([[1]], output=u8, **FRAME)
GAUSSIANS = Fork([NARROW, WIDE], join="difference")


@functools.cache
def compiled(first):
    """The twins of a batch of seeded forks."""
    designs = [seeded(number) for number in range(first, first + BATCH)]
    return list(zip(designs, compile_designs(designs), strict=True))


def seeded(number):
    return generator("fork")(Random(f"number {number}"))


@pytest.mark.parametrize("number", range(DESIGNS))
def test_random_fork(number):
    design, core = compiled(number - number % BATCH)[number % BATCH]
    print(design)  # pytest shows it with a failure
    check(design, core)
    check_device(design, core)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(0, SOAK_DESIGNS, SOAK_PART))
def test_random_forks_for_long(part):
    for first in range(part, part + SOAK_PART, SOAK_BATCH):
        designs = [generator("fork")(Random(f"soak {number}"), soak=True) for number in range(first, first + SOAK_BATCH)]
        for number, (design, core) in enumerate(zip(designs, compile_designs(designs), strict=True), first):
            print(number, design, flush=True)
            check(design, core)
            check_device(design, core)


def smoothed(image, size):
    taps = np.array({3: [1, 2, 1], 5: ROW}[size], float)
    sums = cv2.sepFilter2D(image.astype(np.float64), -1, taps, taps, borderType=cv2.BORDER_REPLICATE)
    return np.floor(sums / taps.sum() ** 2 + 0.5).astype(np.int64)


def test_the_difference_of_gaussians_is_that_of_opencv():
    image = random_samples(u8, (90, 100), 5)
    with Device(TwinTransport(GAUSSIANS)) as device:
        np.testing.assert_array_equal(device(image), smoothed(image, 3) - smoothed(image, 5))


def test_an_unsharp_mask_is_that_of_opencv():
    """Twice the picture less its blur, at two pixels a clock, held inside 0 to 255."""
    two = {"pixels_per_clock": 2}
    twice = Conv2DDesign([[2]], **FRAME, **two)
    sharper = Fork([twice, WIDE.replace(**two)], join="difference")
    design = Pipeline([sharper, Conv2DDesign([[1]], pixel=sharper.output_format, output=u8, **FRAME, **two)])
    image = random_samples(u8, (40, 60), 6)
    blurred = smoothed(image, 5)
    expected = np.clip(cv2.addWeighted(image.astype(np.float64), 2, blurred.astype(np.float64), -1, 0), 0, 255)
    with TwinTransport(design) as twin:
        twin.run_frames([image])
        for result in twin.run_frames([image] * 4):
            np.testing.assert_array_equal(result, expected)
        # A beat a clock, frame behind frame; the end leaves behind them.
        timing = lower(design).timing
        assert timing.frame_interval(40, 60) == 40 * 30
        assert twin.status()["frame_clocks"] == timing.frame_clocks(40, 60, frames=4)


def test_a_gradient_and_the_picture_that_it_came_from_are_two_planes():
    edges = Conv2DDesign([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], absolute=True, output=u8, **FRAME)
    both = Fork([ITSELF, edges], join="planes")
    assert (both.outputs, both.result_axes) == (2, (2,))
    weighed = Conv2DDesign([[1]], planes=2, output=u8, **FRAME)
    image = random_samples(u8, (20, 31), 7)
    for design in (both, Pipeline([both, weighed])):
        with Device(TwinTransport(design)) as device:
            result = device(image)
        np.testing.assert_array_equal(result[0], image)
        np.testing.assert_array_equal(result[1], golden.run(edges, image))


def test_a_signal_that_goes_on_takes_the_clocks_of_its_latency():
    """The gate in front of all branches is part of it."""
    for continuous in (False, True):
        first = FIRDesign([1, 2, 1], data=s8, continuous=continuous)
        lowered = lower(Fork([first, FIRDesign([3, -7, 5, 2], data=s8, continuous=continuous)], join="sum"))
        assert lowered.timing.frame_clocks(30) == 30 + lowered.latency


def test_only_branches_that_take_other_sizes_have_a_check_in_front():
    taller = WIDE.replace(boundary="reflect")  # of three rows or more
    uneven = Fork([NARROW, taller], join="difference")
    assert lower(uneven).latency == lower(GAUSSIANS).latency + lower(uneven).cycles_in(plan.SizeCheck)
    assert [lower(design).cycles_in(plan.SizeCheck) for design in (GAUSSIANS, uneven)] == [0, 1]
    assert re.search(r"^size check +1$", lower(uneven).explain(), re.MULTILINE)


def test_branches_that_are_pipelines_and_signals():
    taps = FIRDesign([1, -2, 3], data=s8, coefficient=s8, output=s16, loadable=True)
    peaks = Pipeline([MovingMaximumDesign(4, data=s8), taps.replace(coefficients=[5])])
    design = Pipeline([Fork([taps, peaks], join="sum"), FIRDesign([1, 1], data="s17", coefficient=s8, loadable=True)])
    assert [part.kind for part in design.parts] == ["fir", "moving_maximum", "fir", "fir"]
    signal = random_samples(s8, (70,), 8)
    with Device(TwinTransport(design)) as device:
        for stage, values in ((3, [-6]), (4, [7, 8]), (1, [9, 0, 1])):
            device.load(values, stage=stage)
            design = design.with_part(stage, design.parts[stage - 1].replace(coefficients=values))
            np.testing.assert_array_equal(device(signal), golden.run(design, signal))


def test_frames_of_one_size_with_pauses_never_stand_still():
    """One branch drives its frame's end out in a pause, while the other takes the next frame to do so."""
    size = {"boundary": "edge", "rows": 8, "columns": 240, "output": u8}
    small, large = Conv2DDesign([[1] * 3] * 3, shift=4, **size), Conv2DDesign([[1] * 5] * 5, shift=5, **size)
    tall = Conv2DDesign([[1], [2], [1], [3], [5]], shift=4, **size)
    designs = [
        Fork([large, tall], "difference"),
        Fork([small.replace(clocks_per_pixel=2), large.replace(clocks_per_pixel=3)], "sum"),
    ]
    mixes = [("none", "bursts"), ("rare", "mostly"), ("bursts", "bursts"), ("alternating", "half"), ("none", "none")] * 4
    frames = [random_samples(u8, (8, columns), 3) for columns in (240, 240, 240, 30, 30, 30)]
    beats, wanted = beats_of(frames), sum(frame.size for frame in frames)
    for design, core in zip(designs, compile_designs(designs), strict=True):
        expected = np.concatenate([golden.run(design, frame).reshape(-1) for frame in frames])
        for seed, kinds in enumerate(mixes):
            gaps, pauses = (stalls(kind, seed) for kind in kinds)
            run = Simulation(core).run(beats=beats, wanted=wanted, gaps=gaps, stalls=pauses, patience=5000)
            np.testing.assert_array_equal(run.results, expected)


def test_a_shorter_queue_stalls_for_ever():
    """The queue's depth isn't made up: with too few places the stream stands still, as each branch waits for the other."""
    shapes = [(40, 60)] * 2
    frames = [random_samples(u8, shape, 9) for shape in shapes]
    wanted = sum(len(marks_of(frame_shape(GAUSSIANS, shape))) for shape in shapes)

    def run(simulation):
        return simulation.run(beats=beats_of(frames), wanted=wanted, patience=500)

    assert run(Simulation(compile_designs([GAUSSIANS])[0])).finished
    core = ForkCore(GAUSSIANS)
    core.plan = dataclasses.replace(core.plan, queues=(plan.Queue(3, depth=16), None))
    (short,) = simulate_components([core])
    with pytest.raises(LinkTimeout, match=r"^The twin is stuck: "):
        run(short)


def test_a_frame_whose_last_results_come_before_its_last_beat_takes_as_many_clocks_as_it_has_beats():
    """What is around a branch comes behind its results, not behind the frame."""
    thinned = Conv2DDesign([[1, 2, 3]] * 2, mode="valid", stride=(7, 7), rows=31, columns=39)
    design = Fork([thinned, thinned.replace(kernel=[[1, 0, 2]] * 2)], join="difference")
    (core,) = compile_designs([design])
    frame = random_samples(design.sample, (29, 32), 1)
    run = Simulation(core).run(beats=beats_of([frame] * 4), wanted=4 * 16, settle=200, times=True)
    assert run.accept_clocks[-1] + 1 == 4 * frame.size == lower(design).timing.frame_clocks(29, 32, frames=4)
    assert run.last_result < run.accept_clocks[-1]


def test_a_frame_of_another_size_waits_no_longer_than_the_report_says():
    behind = NARROW.replace(pixel=GAUSSIANS.output_format)
    designs = [Pipeline([GAUSSIANS]), Pipeline([NARROW, Fork([WIDE, NARROW], "planes")]), Pipeline([GAUSSIANS, behind])]
    frames = [random_samples(u8, size, 5) for size in ((10, 20), (10, 20), (12, 30))]
    for design, core in zip(designs, compile_designs(designs), strict=True):
        wanted = sum(len(marks_of(frame_shape(design, frame.shape))) for frame in frames)
        run = Simulation(core).run(beats=beats_of(frames), wanted=wanted, times=True, settle=200)
        begin = 2 * frames[0].size  # of the last frame; three of its beats wait inside the gate
        waited = run.accept_clocks[begin + 3] - run.accept_clocks[begin - 1] - 4
        assert waited == lower(design).timing.resize_clocks(20)


REFUSED = {
    "one": ([NARROW], "sum", "A fork with join='sum' must have 2 to 4 branches, not 1"),
    "three": ([NARROW] * 3, "difference", "A fork with join='difference' must have 2 branches, not 3"),
    "no list": (NARROW, "sum", r"The branches of a fork must be a sequence of designs, not Conv2DDesign\(.*"),
    "no design": ([NARROW, 3], "sum", "A branch of a fork must be a design, not 3"),
    "join": ([NARROW] * 2, "minus", "Join must be one of sum, difference, planes, not 'minus'"),
    "fork": ([NARROW, GAUSSIANS], "sum", "Branch 2 of a fork must have no fork in it"),
    "fork inside": ([NARROW, Pipeline([NARROW, GAUSSIANS])], "sum", "Branch 2 of a fork must have no fork in it"),
    "padded": (
        [NARROW, NARROW.replace(boundary="wrap")],
        "sum",
        "Branch 2 of a fork must make its borders itself, not have them padded by the host as 3x3, .*",
    ),
    "rate": (
        [FIRDesign([1], data=s8), ResampleDesign([1, 2, 1], down=2, data=s8)],
        "sum",
        "Branch 2 of a fork must give as many results as samples, not .*",
    ),
    "axes": (
        [NARROW, FIRDesign([1], data=u8)],
        "sum",
        "Branch 2 of a fork must take frames with the axes rows and columns, as branch 1 does, not length",
    ),
    "format": (
        [NARROW, NARROW.replace(pixel=s8)],
        "sum",
        "Branch 2 of a fork must take pixels of the format u8, as branch 1 does, not s8",
    ),
    "planes": (
        [NARROW, NARROW.replace(planes=3)],
        "sum",
        "Branch 2 of a fork must take as many planes: 1, as branch 1 does, not 3",
    ),
    "pixels": (
        [NARROW, NARROW.replace(pixels_per_clock=2)],
        "sum",
        "Branch 2 of a fork must take as many pixels a clock: 1, as branch 1 does, not 2",
    ),
    "smaller": (
        [NARROW, NARROW.replace(mode="valid", boundary="constant")],
        "sum",
        "Branch 2 of a fork must give results of frames that are smaller by 0x0 with a stride of 1x1, as branch 1 does, "
        "not 2x2 with a stride of 1x1",
    ),
    "outputs": (
        [NARROW, NARROW.replace(kernel=[NARROW.kernel] * 2)],
        "sum",
        "Branch 2 of a fork must give as many results for each place: 1, as branch 1 does, not 2",
    ),
    "results": (
        [NARROW, NARROW.replace(output=s8)],
        "planes",
        "Branch 2 of a fork must give results of the format u8, as branch 1 does, not s8",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(name):
    branches, join, message = REFUSED[name]
    with pytest.raises(DesignError, match=f"^{message}$"):
        Fork(branches, join)


def test_a_fork_comes_back_from_its_files_and_from_a_device(tmp_path):
    for design in (
        *map(seeded, range(4)),
        Pipeline([Fork([NARROW, Pipeline([NARROW, WIDE])], "sum"), NARROW.replace(pixel="u9")]),
    ):
        assert design_from_json(design.to_json()) == design
        assert read_description(description(design)) == design
        (tmp_path / "design.toml").write_text(design.to_toml())
        assert load_design(tmp_path / "design.toml") == design


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"kind": "fork", "join": "sum"}', "A fork design must have 'branch'"),
        ('{"kind": "fork", "branch": []}', "A fork design must have 'join'"),
        ('{"kind": "fork", "join": "sum", "branch": 3}', "The branches of a fork must be a list of tables, .*branch.*, not 3"),
        (
            '{"kind": "fork", "branches": []}',
            "Unknown key 'branches' in a fork design; known are branch, join; did you mean branch\\?",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line(text, message):
    with pytest.raises(DesignError, match=f"^{message}$"):
        design_from_json(text)


def test_the_response_of_a_fork_is_that_of_its_taps(tmp_path):
    """Of a pipeline too, that has a fork as a stage; it is what the twin does, too."""
    itself = FIRDesign([0, 0, 16], data=s16, shift=4, output=s16)
    twice = FIRDesign([1, 2, 1], data=s16, shift=2, output=s16)
    high = Fork([itself, Pipeline([twice, twice])], "difference")
    assert (high.impulse, high.shift) == (((-1, -4, 10, -4, -1), 4), 4)
    assert report_of(high).to_dict()["taps"] == [-1, -4, 10, -4, -1]
    design = Pipeline([high, ResampleDesign([1, 3, 3, 1], 3, data=high.output_format, shift=2, output=s16)])
    places = np.linspace(0, 1.5, 50)
    taps = np.convolve(np.insert([-1, -4, 10, -4, -1.0], [1, 1, 2, 2, 3, 3, 4, 4], 0), [1, 3, 3, 1]) / 2**6
    np.testing.assert_allclose(rate_response(design).response(places), gains(taps, places / 3) / 3, atol=1e-12)
    plot(design, tmp_path / "plot.png")
    for one in (high, Fork([itself, ResampleDesign([3, 1], data=s16, shift=2, output=s16)], "sum")):
        with Device(TwinTransport(one)) as device:
            found = device([1 << 12, *[0] * 7])
        assert found.tolist() == [(tap << 12) >> one.shift for tap in (*one.impulse[0], *[0] * 8)][:8]
    side_by_side = Fork([itself, itself], "planes")
    rank = Fork([itself, MovingMaximumDesign(3, data=s16)], "sum")
    for one in (side_by_side, rank):
        assert one.impulse is None
        with pytest.raises(DesignError, match=r"^A plot shows the response of linear filters, .*; this fork has none$"):
            plot(one, tmp_path / "plot.png")


def test_the_report_has_a_line_a_branch_and_the_queue():
    text = report_of(GAUSSIANS).text()
    assert re.search(r"^branch 1 .*3x3", text, re.MULTILINE)
    assert re.search(r"^branch 2 .*5x5", text, re.MULTILINE)
    assert re.search(r"^ +its results wait in a queue of 128", text, re.MULTILINE)
    assert report_of(GAUSSIANS).to_dict()["queue_bits"] == (128 + 256) * 11
    assert "1 pixel in 1 clock, without gaps between frames of one size" in text
    uneven = report_of(Fork([NARROW, WIDE.replace(clocks_per_pixel=3)], "sum")).text()
    assert "1 pixel in 3 clocks, but for what a branch waits between frames" in uneven


def test_the_random_forks_cover_every_choice():
    designs = [seeded(number) for number in range(DESIGNS)]
    queues = [queue for design in designs for queue in lower(design).queues]
    assert {design.join for design in designs} == {"sum", "difference", "planes"}
    assert {design.rank for design in designs} == {1, 2}
    assert {bool(queue) and queue.long for queue in queues} == {False, True}
    assert None in queues
    assert any(design.loadable_parts for design in designs)
    axes = [axis for design in designs for axis in design.frame_axes]
    assert any(axis.stride > 1 for axis in axes)
    assert any(axis.lost for axis in axes)
    assert any(design.pixels_per_clock > 1 for design in designs)
    assert any(branch.kind == "pipeline" for design in designs for branch in design.branches)


def test_the_command_line_takes_a_fork(tmp_path, capsys):
    (tmp_path / "fork.toml").write_text(GAUSSIANS.to_toml())
    image = random_samples(u8, (12, 14), 10)
    np.save(tmp_path / "in.npy", image)
    path = str(tmp_path / "fork.toml")
    app(["run", str(tmp_path / "in.npy"), "--design", path, "-o", str(tmp_path / "out.npy")], standalone_mode=False)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), golden.run(GAUSSIANS, image))
    app(["report", "-d", path], standalone_mode=False)
    assert "the difference of 2 branches" in capsys.readouterr().out
