"""Pipelines that change the rate of a signal: random ones on the twin, bit for bit, against the golden models and scipy."""

import functools
import re
from random import Random

import numpy as np
import pytest
import scipy.signal

from convolver import (
    CICDesign,
    DataError,
    DesignError,
    FIRDesign,
    Fork,
    MovingMaximumDesign,
    Pipeline,
    ResampleDesign,
    s8,
    s16,
    s24,
)
from convolver.designs import Rate
from convolver.host.device import Device
from convolver.host.tiling import Work
from convolver.plan.lowering import lower
from convolver.plots import plot
from convolver.plots.pipeline import measured
from convolver.rate_response import rate_response
from convolver.report import report_of
from convolver.response import gains
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation, TwinTransport, frame_shape
from convolver.sim.twin.streams import beats_of, marks_of, random_samples

from .composite_checks import check, check_device
from .random_designs.chains import random_chain
from .test_arguments import of

DESIGNS = 8
SOAK_DESIGNS = 104
BATCH = 8


def seeded(number, soak=False):
    return random_chain(Random(f"chain {number}"), soak)


@functools.cache
def compiled(first, soak=False):
    """The twins of a batch of seeded pipelines."""
    designs = [seeded(number, soak) for number in range(first, first + BATCH)]
    return list(zip(designs, compile_designs(designs), strict=True))


def check_rates(design, core):
    """The clocks of frames are no more than the plan says, for any frames back to back; and signals come in pieces."""
    random = np.random.default_rng([13, design.sample.width])
    plan, simulation = lower(design), Simulation(core)
    for size in (1, 2, 17, 60):
        frame = random_samples(design.sample, (size,), int(random.integers(1 << 30)))
        for frames in (1, 4):
            beats = beats_of([frame] * frames)
            wanted = frames * len(marks_of(frame_shape(design, frame.shape), 1))
            run = simulation.run(beats=beats, wanted=wanted, settle=200, times=True)
            assert run.finished
            assert max(run.last_result, run.accept_clocks[-1]) + 1 <= plan.timing.frame_clocks(size, frames=frames)
    x = random_samples(design.sample, (150,), 5)
    with Device(TwinTransport(design, compiled=core)) as device:
        for cuts in ([7, 8, 8, 30], [44, 99]):
            pieces = list(device.stream(np.split(x, cuts), joined=True))
            np.testing.assert_array_equal(np.concatenate(pieces), golden.run(design, x))
        device._transport.frame_samples = 40
        np.testing.assert_array_equal(device(x), golden.run(design, x))


@pytest.mark.parametrize("number", range(DESIGNS))
def test_random_chain(number):
    design, core = compiled(number - number % BATCH)[number % BATCH]
    print(design)  # pytest shows it with a failure
    check(design, core)
    check_device(design, core)
    check_rates(design, core)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(0, SOAK_DESIGNS, BATCH))
def test_random_chains_for_hours(first):
    for design, core in compiled(first, soak=True):
        print(design)
        check(design, core)
        check_device(design, core)
        check_rates(design, core)


def test_what_comes_with_a_frames_last_sample_is_among_the_clocks_that_are_promised():
    """A decimator keeps a result until it is known not to be the last one: two come at a frame's end, 22 for the last stage."""
    decimate, repeat = CICDesign(1, down=58, data=s8, shift=6, output=s8), ResampleDesign([1] * 11, 11, data=s8)
    design = Pipeline([decimate, repeat])
    (core,) = compile_designs([design])
    check_rates(design, core)


TAPS = [-3, 0, 19, 32, 19, 0, -3]
DOWN = Pipeline(
    [
        CICDesign(3, down=4, data=s16, shift=6, output=s16),
        ResampleDesign(TAPS, down=2, data=s16, shift=6, output=s16),
        FIRDesign([1, 6, 1], data=s16, output=s24),
    ]
)


class TestDesign:
    def test_a_chain_is_one_rate(self):
        assert DOWN.rate == Rate(1, 8)
        assert [DOWN.output_shape(size) for size in (1, 8, 9, 17)] == [(1,), (1,), (2,), (3,)]
        # 3 taps twice slower than 7 taps, of which there are as many as the combs' moving sums make.
        assert DOWN.history == 9 + 4 * 6 + 8 * 2

    def test_what_comes_back_to_its_rate_has_other_frames(self):
        there = Pipeline([ResampleDesign([1], down=2), ResampleDesign([1], 2)])
        assert there.rate == Rate(2, 2)
        assert there.output_shape(3) == (4,)
        back = Pipeline([ResampleDesign([1, 1], 2, data=s8, output=s8), ResampleDesign([1, 2], down=2, data=s8)])
        assert back.output_shape(3) == (3,)

    def test_a_fork_keeps_its_rate(self):
        with pytest.raises(DesignError, match=r"^Branch 2 of a fork must "):
            Fork([FIRDesign([1]), Pipeline([ResampleDesign([1], down=2), ResampleDesign([1], 2)])], join="sum")

    def test_formats_must_fit(self):
        told = "Stage 2 of a pipeline must take samples of the format s16, as stage 1 gives them, not s8"
        with pytest.raises(DesignError, match=f"^{re.escape(told)}$"):
            Pipeline([ResampleDesign([1], down=2, output=s16), FIRDesign([1], data=s8)])


@pytest.mark.parametrize("rates", [((1, 2), (2, 1)), ((2, 3), (4, 3)), ((3, 4), (1, 2)), ((5, 2), (3, 4)), ((3, 1), (1, 2))])
def test_each_piece_of_a_signal_has_what_its_results_need(rates):
    """And no more: the last result of a period sees the samples to its own place."""
    stages = [ResampleDesign([3, -5, 7], *rate, data=s16, output=s16, overflow="wrap") for rate in rates]
    design = Pipeline(stages)
    (axis,) = design.frame_axes
    newest = axis.up - 1
    for stage in reversed(stages):
        newest = newest * stage.down // stage.up
    assert newest <= axis.window[1] < axis.stride + sum(stage.down for stage in stages)
    samples = random_samples(s16, 97, 5)
    work = Work(design, samples, limits=(sum(axis.reach) + 2 * axis.stride,))
    frames = 0
    while (frame := work.take()) is not None:
        work.give(golden.run(design, frame))
        frames += 1
    assert frames > 5
    np.testing.assert_array_equal(work.result, golden.run(design, samples))


def test_values_are_scipys():
    chain = Pipeline(
        [CICDesign(2, down=3, data=s8), ResampleDesign([3, -1, 4, 1, -5], 2, data=CICDesign(2, down=3, data=s8).output)]
    )
    x = np.random.default_rng(1).integers(-128, 128, 50)
    sums = scipy.signal.upfirdn(np.array([1, 2, 3, 2, 1]), x, 1, 3)[:17]
    np.testing.assert_array_equal(golden.run(chain, x), scipy.signal.upfirdn(np.array([3, -1, 4, 1, -5]), sums, 2)[:34])


class TestReport:
    def test_its_pace_is_that_of_the_slowest_stage(self):
        numbers = report_of(DOWN).to_dict()
        assert (numbers["clocks_per_sample"], numbers["up"], numbers["down"]) == (1, 1, 8)
        assert re.search("^throughput +8 samples, 1 result in 8 clocks", report_of(DOWN).text(), re.MULTILINE)
        slow = Pipeline([ResampleDesign([1, 2, 3], 3, output=s16), FIRDesign([1, 2, 3, 4], data=s16, clocks_per_sample=4)])
        assert report_of(slow).to_dict()["clocks_per_sample"] == 12
        assert re.search("^throughput +1 sample, 3 results in 12 clocks", report_of(slow).text(), re.MULTILINE)

    def test_the_delay_of_the_whole_is_where_an_impulse_comes_out(self):
        numbers = report_of(DOWN).to_dict()
        # 3 stages of 4 samples, 7 taps four times slower, 3 taps eight times slower; the middle of each.
        assert numbers["group_delay"] == 3 * 1.5 + 4 * 3 + 8 * 1
        assert re.search(
            "^group delay +24.5 samples, 3.0625 results, at every frequency$", report_of(DOWN).text(), re.MULTILINE
        )
        taps = rate_response(DOWN).taps
        assert np.arange(len(taps)) @ taps / taps.sum() == pytest.approx(24.5)

    def test_a_sound_has_its_new_rate(self):
        assert DOWN.rate.behind(48_000) == 6000


class TestPlot:
    def test_the_whole_response_is_that_of_all_taps(self):
        up = Pipeline([ResampleDesign(TAPS, 2, data=s16, output=s16), CICDesign(2, up=3, data=s16)])
        both = Pipeline([ResampleDesign(TAPS, 3, 2, data=s16, output=s16), ResampleDesign([1, 5, 1], down=5, data=s16)])
        for design in (DOWN, up, both):
            whole, places = rate_response(design), np.linspace(0, 0.5, 77)
            np.testing.assert_allclose(whole.gains(places), gains(whole.taps, places), atol=1e-9 * whole.gains(places).max())
        exact = up.replace(stages=(up.stages[0].replace(output="s32"), up.stages[1].replace(data="s32")))
        x = np.random.default_rng(2).integers(-128, 128, 40)
        want = scipy.signal.upfirdn(rate_response(exact).taps, x, 6)[:240]
        np.testing.assert_allclose(golden.run(exact, x), want, atol=1e-6)

    def test_what_is_measured_is_what_is_drawn(self):
        for design in (
            DOWN,
            Pipeline([ResampleDesign([1, 2, 1], 2, data=s16, shift=1, output=s16), FIRDesign([1, 3], data=s16)]),
        ):
            frequencies, levels = measured(lambda design=design: of(design), lambda *_: None)
            np.testing.assert_allclose(levels, rate_response(design).response(frequencies), atol=2e-3 * levels.max())

    def test_what_has_no_plot_says_so(self, tmp_path):
        plot(DOWN, tmp_path / "plot.png")
        assert (tmp_path / "plot.png").stat().st_size > 10_000
        told = r"^A plot shows the response of linear filters, .* with windows of 255x255 or less; this pipeline has none$"
        with pytest.raises(DesignError, match=told):  # what folds back at the low rate has several images at the high one
            plot(Pipeline([ResampleDesign([1], down=2), ResampleDesign([1], 2)]), tmp_path / "plot.png")
        with pytest.raises(DesignError, match=told):
            plot(Pipeline([FIRDesign([1], data=s8, output=s8), MovingMaximumDesign(3, data=s8)]), tmp_path / "plot.png")


def test_the_random_chains_cover_every_choice():
    designs = [seeded(number) for number in range(DESIGNS)]
    kinds = [{type(stage).__name__ for stage in design.stages} for design in designs]
    assert {"ResampleDesign", "CICDesign"} in kinds
    assert any("FIRDesign" in found for found in kinds)
    assert {np.sign(design.rate.up - design.rate.down) for design in designs} == {-1, 1}
    assert {len(design.stages) for design in designs} >= {1, 2, 3}


def test_a_stages_rate_is_loaded():
    slow = CICDesign(3, down=8, data=s16, shift=9, output=s16, loadable=True)
    chain = Pipeline([slow, FIRDesign([1, 6, 1], data=s16, coefficient=s8, output=s16, shift=3, loadable=True)])
    x = np.random.default_rng(4).integers(-3000, 3000, 100)
    with Device(TwinTransport(chain)) as device:
        for rate, shift in ((8, 9), (2, 3), (5, 7)):
            device.load([rate, shift], stage=1)
            now = chain.with_part(1, slow.with_weights((rate, shift)))
            np.testing.assert_array_equal(device(x), golden.run(now, x))
        device.load([1, 2, 3], stage=2)
        now = now.with_part(2, chain.stages[1].with_weights((1, 2, 3)))
        np.testing.assert_array_equal(device(x), golden.run(now, x))
        stream = device.stream([x])
        next(stream)
        with pytest.raises(DataError, match=r"^A rate can be loaded between calls, not in the middle of a stream$"):
            device.load([8, 9], stage=1)
        stream.close()
