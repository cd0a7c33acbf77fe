"""Pipelines of random stages on the twin against the golden models one after the other, bit for bit and clock for clock."""

import functools
import re
from random import Random

import cv2
import numpy as np
import pytest

from convolver import (
    Conv2DDesign,
    DataError,
    DesignError,
    FIRDesign,
    MovingMaximumDesign,
    Pipeline,
    load_design,
    s8,
    selftest,
    u8,
)
from convolver.designs import design_from_json
from convolver.host.arguments import checked_set
from convolver.host.device import Device
from convolver.host.tiling import Work
from convolver.plan.lowering import lower
from convolver.report import report_of
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation, TwinTransport, frame_shape
from convolver.sim.twin.streams import beats_of, marks_of, random_samples

from .composite_checks import SETTLE, check, check_device, unlimited
from .random_designs import generator

DESIGNS = 12
BATCH = 6
SOAK_DESIGNS, SOAK_PART, SOAK_BATCH = 200, 25, 5


@functools.cache
def compiled(first):
    """The twins of a batch of seeded pipelines."""
    designs = [seeded(number) for number in range(first, first + BATCH)]
    return list(zip(designs, compile_designs(designs), strict=True))


def seeded(number):
    return generator("pipeline")(Random(f"sample 31 {number}"))


@pytest.mark.parametrize("number", range(DESIGNS))
def test_random_pipeline(number):
    design, core = compiled(number - number % BATCH)[number % BATCH]
    print(design)  # pytest shows it with a failure
    check(design, core)
    check_device(design, core)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(0, SOAK_DESIGNS, SOAK_PART))
def test_random_pipelines_for_long(part):
    """Two hundred of them, of up to five stages."""
    for first in range(part, part + SOAK_PART, SOAK_BATCH):
        designs = [generator("pipeline")(Random(f"soak {number}"), soak=True) for number in range(first, first + SOAK_BATCH)]
        for number, (design, core) in enumerate(zip(designs, compile_designs(designs), strict=True), first):
            print(number, design, flush=True)
            check(design, core)
            check_device(design, core)


SAME = Conv2DDesign([[1, 2, 3]], output=u8, columns=32)

REFUSED = {
    "none": ([], "A pipeline must have 1 to 8 stages, not 0"),
    "too many": ([SAME] * 9, "A pipeline must have 1 to 8 stages, not 9"),
    "one alone": (SAME, r"The stages of a pipeline must be a sequence of designs, not Conv2DDesign\(.*"),
    "no design": ([SAME, "blur"], "A stage of a pipeline must be a design, not 'blur'"),
    "format": (
        [SAME, SAME.replace(pixel=s8)],
        "Stage 2 of a pipeline must take pixels of the format u8, as stage 1 gives them, not s8",
    ),
    "axes": (
        [SAME, FIRDesign([1], data=u8)],
        "Stage 2 of a pipeline must take frames with the axes rows and columns, as stage 1 gives them, not length",
    ),
    "planes": (
        [SAME.replace(kernel=[SAME.kernel, SAME.kernel]), SAME],
        "Stage 2 of a pipeline must take planes, as many as there are results, 2, as stage 1 gives them, not 1",
    ),
    "padded": (
        [SAME, SAME.replace(boundary="wrap")],
        "Stage 2 of a pipeline must make its borders itself, not have them padded by the host as 1x3, .*",
    ),
    "full": (
        [SAME, SAME.replace(mode="full")],
        "Stage 2 of a pipeline must make its borders itself, not have them padded by the host as 1x3, .*, mode full",
    ),
    "too small": (
        [SAME, SAME.replace(kernel=[[1] * 15] * 15, mode="valid", rows=4, columns=4)] * 2,
        "The stages of a pipeline must take 33 columns or more, not 29",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(name):
    stages, message = REFUSED[name]
    with pytest.raises(DesignError, match=f"^{message}$"):
        Pipeline(stages)


def test_a_pipeline_among_the_stages_stands_for_its_own():
    assert Pipeline([Pipeline([SAME, SAME]), SAME]) == Pipeline([SAME] * 3)


def test_an_image_that_is_too_small_for_some_stage_is_refused():
    design = Pipeline([SAME, SAME.replace(mode="valid", boundary="constant", kernel=[[1, 2], [3, 1], [2, 3]])])
    with Device(TwinTransport(design)) as device:
        with pytest.raises(DataError, match=r"^An image must be at least 3x3 for this pipeline, not 2x9$"):
            device(np.zeros((2, 9), int))
        assert device(np.ones((3, 3), int)).shape == (1, 2)
    assert report_of(design).to_dict()["least_image"] == [3, 3]
    assert re.search(r"^images +of 3x3 or more; larger ones than 4096x32 are cut$", report_of(design).text(), re.MULTILINE)


@pytest.mark.parametrize("most", [30, 33, 37])
def test_no_piece_of_a_cut_image_is_shorter_than_all_stages_take(most):
    """The second stage's border would be in its middle."""
    first = SAME.replace(kernel=[[1]], coefficient="s4", stride=7, columns=most, rows=30)
    design = Pipeline([first, SAME.replace(kernel=[[3, -2, 1]], coefficient="s4", boundary="reflect", rows=30, columns=30)])
    assert design.frame_axes[1].least == 15
    for columns in range(15, 3 * most):
        image = random_samples(u8, (9, columns), columns)
        work = Work(design, image)
        while (frame := work.take()) is not None:
            assert 15 <= frame.shape[1] <= most
            work.give(golden.run(unlimited(design), frame))
        np.testing.assert_array_equal(work.result, golden.run(design, image))


def test_a_pipeline_comes_back_from_its_files(tmp_path):
    for number in range(8):
        design = seeded(number)
        assert design_from_json(design.to_json()) == design
        (tmp_path / "design.toml").write_text(design.to_toml())
        assert load_design(tmp_path / "design.toml") == design


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"kind": "pipeline"}', "A pipeline design must have 'stage'"),
        ('{"kind": "pipeline", "stage": 3}', "The stages of a pipeline must be a list of tables, .*stage.*, not 3"),
        ('{"kind": "pipeline", "stage": [3]}', "Stage 1 of a pipeline: A design must be a table of fields, not 3"),
        (
            '{"kind": "pipeline", "stages": []}',
            "Unknown key 'stages' in a pipeline design; known are stage; did you mean stage\\?",
        ),
        (
            '{"kind": "pipeline", "stage": [{"kind": "moving_maximum", "size": 3, "data": "s8"}, {"kind": "fir"}]}',
            "Stage 2 of a pipeline: A fir design must have 'coefficients'",
        ),
        (
            '{"kind": "pipeline", "stage": [{"kind": "fork", "join": "sum", "branch": [{"kind": "fir"}]}]}',
            "Stage 1 of a pipeline: Branch 1 of a fork: A fir design must have 'coefficients'",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line(text, message, tmp_path):
    (tmp_path / "design.json").write_text(text)
    for read in (lambda: design_from_json(text), lambda: load_design(tmp_path / "design.json")):
        with pytest.raises(DesignError, match=f"^{message}$"):
            read()


def test_real_taps_of_a_stage_are_quantised(tmp_path):
    (tmp_path / "taps.txt").write_text("0.25 0.5 0.25\n")
    fir = '[[stage]]\nkind = "fir"\ncoefficients = "taps.txt"\ncoefficient = "s9"\nshift = 7\ndata = "s16"\noutput = "s16"\n'
    (tmp_path / "design.toml").write_text(f'kind = "pipeline"\n{fir}{fir}')
    design = load_design(tmp_path / "design.toml")
    assert [stage.weights for stage in design.stages] == [(32, 64, 32)] * 2
    assert design.quantized is not None


def test_outlines_of_720p_are_those_of_opencv_at_a_beat_a_clock():
    """Two pixels a clock, frame behind frame."""
    gauss = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])
    size = {"boundary": "edge", "rows": 720, "columns": 1280, "pixels_per_clock": 2, "output": u8}
    blur = Conv2DDesign(gauss.tolist(), shift=8, **size)
    sobel = [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]]
    edges = Conv2DDesign(sobel, operation="correlate", combine="sum_abs", threshold=100, **size)
    design = Pipeline([blur, edges])
    image = random_samples(u8, (720, 1280), 3)
    taps = np.array([1, 4, 6, 4, 1.0])
    smooth = cv2.sepFilter2D(image.astype(np.float64), -1, taps, taps, borderType=cv2.BORDER_REPLICATE)
    smooth = np.floor(smooth / 256 + 0.5).astype(np.uint8)
    sides = [cv2.Sobel(smooth, cv2.CV_64F, *way, borderType=cv2.BORDER_REPLICATE) for way in ((1, 0), (0, 1))]
    expected = np.where(abs(sides[0]) + abs(sides[1]) > 100, 255, 0)
    np.testing.assert_array_equal(golden.run(edges, golden.run(blur, image)), expected)
    timing = lower(design).timing
    assert timing.frame_interval(720, 1280) == 720 * 1280 // 2
    with TwinTransport(design) as twin:
        for result in twin.run_frames([image.astype(np.int64)] * 2):
            np.testing.assert_array_equal(result, expected)
        assert twin.status()["frame_clocks"] == timing.frame_clocks(720, 1280, frames=2)
    assert f"of 720x1280 takes {timing.frame_clocks(720, 1280)} clocks alone, 460800 back to back" in report_of(design).text()


def test_a_wide_stage_in_front_of_a_narrow_one_keeps_it_busy():
    """One pixel a clock, frame behind frame; the converters at both ends of the second stage lose none."""
    blur = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, output=u8, boundary="edge", rows=40, columns=61)
    design = Pipeline([blur.replace(pixels_per_clock=2), blur])
    timing = lower(design).timing
    assert timing.gapless
    assert timing.frame_interval(40, 61) == 40 * 61
    frames = [random_samples(u8, (40, 61), seed) for seed in range(4)]
    wanted = sum(len(marks_of(frame.shape, 2)) for frame in frames)
    run = Simulation(compile_designs([design])[0]).run(beats=beats_of(frames, pixels=2), wanted=wanted, times=True)
    np.testing.assert_array_equal(np.diff(run.result_clocks[wanted // 4 - 1 :: wanted // 4]), 40 * 61)
    text = report_of(design).text()
    assert "2440 back to back" in text
    assert re.search(r"^ +a converter behind it: beats of 2 pixels into beats of 1$", text, re.MULTILINE)
    explained = lower(design).explain()
    assert re.search(r"^spread 1 +2, 2 into 1 pixel a beat$", explained, re.MULTILINE)
    assert re.search(r"^gather 2 +1, 1 into 2 pixels a beat$", explained, re.MULTILINE)


def test_a_stage_that_is_slower_than_the_next_one_leaves_gaps():
    """The next one's end leaves between the frames."""
    slow = SAME.replace(boundary="edge", clocks_per_pixel=3)
    assert not lower(Pipeline([slow, SAME])).timing.gapless
    assert lower(Pipeline([SAME, slow])).timing.gapless
    assert not lower(Pipeline([SAME, SAME.replace(pixels_per_clock=2)])).timing.gapless


def test_a_stage_that_gives_less_than_it_takes_leaves_gaps():
    edge = SAME.replace(boundary="edge")
    assert lower(Pipeline([edge, edge])).timing.gapless
    for less in ({"mode": "valid"}, {"stride": (2, 1)}, {"stride": (1, 3)}):
        assert not lower(Pipeline([edge.replace(**less), edge])).timing.gapless
        assert lower(Pipeline([edge, edge.replace(**less)])).timing.gapless


def test_a_frame_of_another_size_waits_no_longer_than_the_report_says():
    blur = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, output=u8, boundary="edge", rows=40, columns=60)
    # As long where each stage gives as much as it takes; a stride may leave out the last results.
    designs = {
        Pipeline([blur, blur]): 0,
        Pipeline([blur, blur, blur]): 0,
        Pipeline([blur.replace(mode="valid"), blur]): 0,
        Pipeline([blur.replace(stride=3), blur]): 1,
    }
    sizes = (10, 20), (12, 30)
    for (design, less), compiled in zip(designs.items(), compile_designs(list(designs)), strict=True):
        simulation = Simulation(compiled)
        frames = [random_samples(u8, size, 5) for size in (sizes[0], *sizes)]
        wanted = sum(len(marks_of(frame_shape(design, frame.shape))) for frame in frames)
        run = simulation.run(beats=beats_of(frames), wanted=wanted, times=True, settle=SETTLE)
        begin = 2 * frames[0].size  # of the last frame; three of its beats wait inside the gate
        waited = run.accept_clocks[begin + 3] - run.accept_clocks[begin - 1] - 4
        bound = lower(design).timing.resize_clocks(sizes[0][1])
        assert bound - less <= waited <= bound
        assert f"waits until that has left, at most {lower(design).timing.resize_clocks(60)} clocks" in report_of(design).text()


TWICE = FIRDesign([1, -2, 3], data=s8, coefficient=s8, shift=1, output=s8, loadable=True)
LOADED = Pipeline([TWICE, MovingMaximumDesign(3, data=s8), TWICE.replace(coefficients=[4, 5])])


def test_a_stage_is_loaded_while_the_others_keep_their_coefficients():
    signal = random_samples(s8, (50,), 6)
    with Device(TwinTransport(LOADED)) as device:
        now = LOADED
        for stage, taps in ((3, [-7, 2]), (1, [0, 1, 9]), (1, [5, 5, 5]), (3, [1, -1])):
            device.load(taps, stage=stage)
            now = now.with_part(stage, now.parts[stage - 1].replace(coefficients=taps))
            np.testing.assert_array_equal(device(signal), golden.run(now, signal))

        # In the middle of a stream both are: from the array on that is taken next.
        def pieces():
            yield signal
            device.load([2, 2, 2], stage=1)
            device.load([3, -3], stage=3)
            yield signal

        old, new = device.stream(pieces())
        np.testing.assert_array_equal(old, golden.run(now, signal))
        now = now.with_part(1, TWICE.replace(coefficients=[2, 2, 2])).with_part(3, TWICE.replace(coefficients=[3, -3]))
        np.testing.assert_array_equal(new, golden.run(now, signal))


@pytest.mark.parametrize(
    ("design", "stage", "message"),
    [
        (LOADED, None, "Stage must be said: the coefficients of 1 and 3 can be loaded"),
        (LOADED, 0, "Stage must be between 1 and 3, not 0"),
        (LOADED, 4, "Stage must be between 1 and 3, not 4"),
        (LOADED, "last", "Stage must be between 1 and 3, not 'last'"),
        (LOADED, 2, "Coefficients can be loaded only into a design with loadable=True; this one's are constant"),
        (LOADED, 3, "Coefficients must have the shape of the design's, 2, not 3"),
        (Pipeline([SAME]), None, "Coefficients can be loaded only into a design with loadable=True; this one's are constant"),
        (SAME, 1, "A stage can be chosen only of several filters as one design, not of a 2-D convolution"),
    ],
)
def test_a_set_that_has_no_stage_is_refused_in_one_line(design, stage, message):
    with pytest.raises(DataError, match=f"^{message}$"):
        checked_set(design, [1, 2, 3], stage)


def test_the_only_stage_that_can_be_loaded_need_not_be_named():
    assert checked_set(Pipeline([SAME, SAME.replace(loadable=True)]), [[3, 0, 1]]) == ((3, 0, 1), 2)


def test_the_self_test_loads_each_stage():
    found = [case for case in selftest.cases(LOADED, 1, 1) if case.load]
    assert [case.stage for case in found] == [1] * 4 + [3] * 4
    with Device(TwinTransport(LOADED)) as device:
        assert [selftest.check(device, case) for case in selftest.cases(LOADED, 1, 1)].count(None) >= 12


def test_two_firs_are_the_fir_of_their_convolved_taps():
    one, other = [3, -1, 4, 1, -5], [2, 7, -1, 8]
    first = FIRDesign(one, data=s8)
    both = Pipeline([first, FIRDesign(other, data=first.output_format)])
    whole = FIRDesign(np.convolve(one, other).tolist(), data=s8)
    signal = random_samples(s8, (500,), 4)
    with Device(TwinTransport(both)) as device:
        np.testing.assert_array_equal(device(signal), golden.run(whole, signal))
    # So says the report.
    told, alone = report_of(both).to_dict(), report_of(whole).to_dict()
    assert told["taps"] == list(whole.coefficients)
    assert {name: told[name] for name in ("group_delay", "linear_phase")} == {
        name: alone[name] for name in ("group_delay", "linear_phase")
    }
    text = report_of(both).text()
    assert re.search(r"^the whole +FIR filter of 8 taps, gain 32, but for the stages' rounding$", text, re.MULTILINE)
    assert re.search(r"^group delay +[0-9.-]+ samples at frequency zero; differs by frequency$", text, re.MULTILINE)


def test_a_stage_behind_one_that_is_not_linear_has_no_response():
    for design in (Pipeline([SAME.replace(absolute=True), SAME]), LOADED):
        assert not {"taps", "kernels"} & report_of(design).to_dict().keys()
        assert "the whole" not in report_of(design).text()


@pytest.mark.parametrize(
    ("first", "second", "row"),
    [
        (FIRDesign([3, -1, 4], data=s8), FIRDesign([2, 7, -1, 8], data="s11"), [6, 19, -2, 53, -12, 32]),
        (
            SAME.replace(kernel=[[1, 2], [3, -4]], coefficient="s4", output="s12"),
            SAME.replace(kernel=[[5, -1, 2]], coefficient="s4", pixel="s12", output="s16"),
            None,
        ),
    ],
)
def test_the_self_test_reaches_the_sums_of_the_second_stage(first, second, row):
    """Its least and its greatest, by samples of the first one."""
    design = Pipeline([first, second])
    found = [golden.run(design, case.samples) for case in selftest.cases(design, 1, 1)]
    whole = np.array(row) if row else cv2.filter2D(np.pad(np.float64(first.kernel), 2), -1, np.float64([[2, -1, 5]]))
    sample = first.sample
    extremes = (sample.min, sample.max), (sample.max, sample.min)
    ends = [int((whole * np.where(whole > 0, *pair)).sum()) for pair in extremes]
    assert [min(int(one.min()) for one in found), max(int(one.max()) for one in found)] == ends


def test_the_random_pipelines_cover_every_choice():
    designs = [seeded(number) for number in range(DESIGNS)]
    stages = [stage for design in designs for stage in design.stages[1:]]
    assert {len(design.stages) for design in designs} >= {2, 3}
    assert {design.rank for design in designs} == {1, 2}
    assert {stage.kind for design in designs for stage in design.stages} == {"fir", "conv2d", "moving_maximum", "fork"}
    images = [stage for stage in stages if stage.kind == "conv2d"]
    assert {stage.mode for stage in images} == {"same", "valid"}
    assert {min(stage.pixels_per_clock, 2) for stage in images} == {1, 2}
    assert {stage.stride == (1, 1) for stage in images} == {False, True}
    assert {stage.planes > 1 for stage in images} == {False, True}
    assert any(design.switchable_parts for design in designs)
    found = {type(converter).__name__ for design in designs for converter in lower(design).converters}
    assert found == {"NoneType", "Gather", "Spread"}
    assert {len(design.loadable_parts) for design in designs} >= {0, 1, 2}
