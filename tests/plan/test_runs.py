"""Plans of all kinds, run stage by stage: the golden model's results; and a stage that does nothing is seen."""

import importlib
import sys
from functools import cache

import numpy as np
import pytest
from random_designs import seeded

from convolver.designs import KINDS, Conv2DDesign, FIRDesign, Fork, ResampleDesign
from convolver.errors import DesignError
from convolver.formats import s8
from convolver.plan import array_stages, composite, lower, mirrored, phases, pipeline, rate_adders, stages, widths
from convolver.plan import fork as fork_stages
from convolver.plan.stages import Stage
from convolver.sim import golden

for kind in KINDS:
    importlib.import_module(f"convolver.plan.{kind}")  # so that all stages are there

UNCHANGED = {
    # Where samples stand, and when: what stands at each position comes to `run`.
    *(stages.Accept, stages.FixedFrame, stages.DelayLine, stages.SampleMemory, stages.Raster, stages.LineBuffer),
    *(stages.BorderRows, stages.Window, stages.Serialise, phases.PhaseLine, phases.HeldLine, phases.PhaseMemory),
    *(mirrored.MirroredLine, mirrored.MirroredMemory),
    # Registers, and what holds results.
    *(array_stages.RoutingRegisters, array_stages.ProductRegisters, array_stages.Slot, array_stages.Align),
    *(rate_adders.HeldSum, stages.OutputBuffer, stages.BurstBuffer, stages.CompactBuffer, fork_stages.Queue),
    # Whole beats: let through, handed on, or put into others.
    *(fork_stages.SizeCheck, fork_stages.Split, pipeline.SizeGate, composite.SilenceGate),
    *(widths.Widths, widths.Gather, widths.Spread),
}
"""The stages that change no number."""

RANDOM = 8
"""Random designs of each kind."""

MIRRORED = [1, 2, 3, 4, 5, 4, 3, 2, 1]
ANTISYMMETRIC = [1, 2, -3, 4, 0, -4, 3, -2, -1]
OTHERS = {
    "conv2d_threshold": Conv2DDesign([[9, 5, -2]], mode="valid", shift=1, threshold=70),
    "fir_adders": FIRDesign([9, 5, -3, 77], data=s8, multipliers=0),
    "conv2d_separable": Conv2DDesign([[1, 3], [-2, -6]], absolute=True),
    "conv2d_edges": Conv2DDesign([[[1, 3], [-2, 4]], [[5, 1], [1, -7]]], mode="valid", combine="sum_abs"),
    "resample_mirrored": ResampleDesign(MIRRORED, 3, data=s8),
    "resample_antisymmetric": ResampleDesign(ANTISYMMETRIC, 4, data=s8, clocks_per_result=2),
    "resample_adders": ResampleDesign([1, 2, 3, 4, 5, 6, 7], 3, 2, data=s8, multipliers=0),
    "fork_sum": Fork([FIRDesign([1, 2], data=s8), FIRDesign([3, -4], data=s8), FIRDesign([7], data=s8)], join="sum"),
}


@cache
def designs():
    """Named ones, random ones, and some with stages that these may lack."""
    found = {}
    for kind in KINDS:
        found |= importlib.import_module(f"named_designs.{kind}").DESIGNS
        found |= {f"{kind} {number}": seeded(number, kind) for number in range(RANDOM)}
    return found | OTHERS


def frame_of(design, seed=0):
    """A frame of samples, some at the ends of their format."""
    random, sample = np.random.default_rng(seed), design.sample
    shape = (*design.trial_shape, *design.sample_axes)
    some = random.integers(sample.min, sample.max, shape, endpoint=True)
    return np.where(random.random(shape) < 0.3, random.choice([sample.min, sample.max], shape), some)


def recent(x, count, before):
    """Of each sample it and those in front of it, the newest first; silence is `before`."""
    history = np.concatenate([np.full(count - 1, before), x])
    return np.lib.stride_tricks.sliding_window_view(history, count)[:, ::-1]


def run_fir(plan, x):
    return plan.results(recent(x, plan.design.taps, 0))


def run_moving_maximum(plan, x):
    return plan.run(recent(x, plan.design.size, plan.design.fill))


def run_resample(plan, x):
    """A period's results after the other: each meets the newest sample of its last, and those in front of that."""
    rate, positions = plan.design.rate, plan.arrays[0].positions
    newest = (rate.up - 1) * rate.down // rate.up
    ends = range(newest, len(x) + newest, rate.down)
    seen = recent(np.concatenate([x, np.zeros(rate.down, int)]), positions, 0)
    return plan.results(seen[[*ends]]).reshape(-1)[: rate.results(len(x))]


def run_cic(plan, x):
    return plan.results(x)


def run_conv2d(plan, image):
    design = plan.design
    planes = image.reshape(*image.shape[:2], design.planes)
    found = [plan.results(_windows(design, planes[..., plane])) for plane in range(design.planes)]
    return np.stack(found, axis=-1).reshape(*design.result_axes, *found[0].shape[-2:], *design.sample_axes)


def _windows(design, image):
    sides, later = (design.kernel_rows, design.kernel_columns), design.operation == "convolve"
    margins = {
        "full": [(side - 1, side - 1) for side in sides],
        "same": [((side - 1 + later) // 2, (side - later) // 2) for side in sides],
        "valid": [(0, 0)] * 2,
    }
    padded = golden.pad(image, margins[design.mode], design.boundary, design.fill)
    rows, columns = design.stride
    found = np.lib.stride_tricks.sliding_window_view(padded, sides)[::rows, ::columns]
    return found.reshape(*found.shape[:2], -1)


def run_pipeline(plan, frame):
    lanes = None
    for part in plan.plans:
        if lanes is not None:
            frame = lanes.reshape(*lanes.shape[:-1], *part.design.sample_axes)
        lanes = _lanes(part.design, run(part, frame))
    design = plan.design
    ends = np.moveaxis(lanes.reshape(*lanes.shape[:-1], design.planes, design.outputs), -1, 0)
    return ends.reshape(*design.result_axes, *lanes.shape[:-1], *design.sample_axes)


def _lanes(design, results):
    """All results of a place along the last axis, the next stage's planes."""
    places = results.shape[len(design.result_axes) : results.ndim - len(design.sample_axes)]
    each = np.moveaxis(results.reshape(design.outputs, *places, design.planes), 0, -1)
    return each.reshape(*places, design.planes * design.outputs)


def run_fork(plan, frame):
    design, numbers = plan.design, []
    for part in plan.plans:
        results = run(part, frame)
        numbers += [*results.reshape(part.design.outputs, *results.shape[len(part.design.result_axes) :])]
    found = np.stack(plan.stage(fork_stages.Join).run(numbers))
    return found.reshape(*design.result_axes, *found.shape[1:])


def run(plan, frame):
    return globals()[f"run_{plan.design.kind}"](plan, frame)


def classes(cls=Stage):
    """All kinds of stages; a class that was made anew, with slots, is there twice."""
    found = {cls}.union(*map(classes, cls.__subclasses__()))
    return {one for one in found if getattr(sys.modules[one.__module__], one.__name__) is one}


def results_of(design, family=None):
    """The stages' results of a frame, and the golden model's; with each shift that can be loaded, too."""
    frame, plan = frame_of(design), lower(design, family)
    yield run(plan, frame), golden.run(design, frame)
    if design.kind == "cic" and design.loadable:
        for shift, rate in enumerate(design.limits):
            if rate:
                yield plan.results(frame, [rate, shift]), golden.run(design.with_weights([rate, shift]), frame)


def same(name, design):
    """Whether the stages give the golden model's results."""
    try:
        return all(np.array_equal(found, want) for found, want in results_of(design, "ecp5" if len(name) % 2 else None))
    except (DesignError, ValueError, TypeError):  # a number outside its range, or of another shape
        return False


@pytest.mark.parametrize("kind", KINDS)
def test_the_stages_of_a_plan_give_the_golden_models_results(kind):
    for name, design in designs().items():
        if design.kind == kind:
            for found, want in results_of(design):
                np.testing.assert_array_equal(found, want, err_msg=name)


def test_only_what_changes_no_number_leaves_all_as_they_are():
    assert {cls for cls in classes() if cls.run is Stage.run} == {Stage, *UNCHANGED}


OWN = sorted(classes() - {Stage, *UNCHANGED}, key=lambda cls: cls.__name__)


@pytest.mark.parametrize("stage", OWN)
def test_a_stage_that_does_nothing_is_seen(stage, monkeypatch):
    monkeypatch.setattr(stage, "run", Stage.run)
    assert not all(same(name, design) for name, design in designs().items())


def assert_inside(numbers, ranges):
    assert len(numbers) == len(ranges)
    for values, (low, high) in zip(numbers, ranges, strict=True):
        assert low <= values.min() <= values.max() <= high


def test_the_stages_of_a_cic_filter_keep_their_ranges():
    for design in designs().values():
        if design.kind == "cic":
            numbers, ranges = [frame_of(design).astype(object)], [(design.data.min, design.data.max)]
            for stage in lower(design).stages:
                numbers, ranges = stage.run(numbers), stage.ranges(ranges)
                assert_inside(numbers, ranges)


def test_a_joins_ranges_are_reached():
    ends = [
        np.array([-3, 5, -3], object),
        np.array([-2, -2, 7], object),
        np.array([0, 9, 9], object),
        np.array([1, 2, 1], object),
    ]
    ranges = [(-3, 5), (-2, 7), (0, 9), (1, 2)]
    for signs, want in [((1,), ranges), ((1, -1), [(-12, 5), (-4, 6)]), ((1, 1, 1, 1), [(-4, 23)])]:
        join = fork_stages.Join(1, signs=signs)
        assert list(join.ranges(ranges)) == want
        assert_inside(join.run(ends), want)
    assert [values.tolist() for values in fork_stages.Join(1, signs=(1, -1)).run(ends)] == [[-3, -4, -12], [-3, -4, 6]]


@pytest.mark.parametrize("name", ["resample_mirrored", "resample_antisymmetric"])
def test_mirrored_phases_keep_their_ranges(name):
    array = lower(OTHERS[name]).arrays[0]
    numbers = list(np.random.default_rng(1).choice([-128, 127], (array.positions, 400)).astype(object))
    samples, sums, reach = [(-128, 127)] * array.positions, [], []
    for slot in range(array.together):
        add = array.mirror_add.in_slot(slot)
        assert_inside(add.run(numbers), add.ranges(samples))
        sums.append(array.inner.run_slot(slot, add.run(numbers)))
        reach.append((sums[-1].min(), sums[-1].max()))
    assert_inside(array.unmirror.run(sums), array.unmirror.ranges(reach))
