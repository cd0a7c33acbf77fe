"""What the stages of a plan make of samples, in numpy: the golden model's results, whatever stands behind the arrays."""

import numpy as np
import pytest

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.plan import lower
from convolver.plan.stages import Magnitude, MagnitudeSum, Round, Saturate, Shift, Threshold
from convolver.sim import golden

KERNEL = [[1, -2, 3, 4], [5, 6, 0, -8]]
IMAGES = [
    ({"shift": 3, "rounding": "floor", "output": "s6"}, {Shift, Saturate}),
    ({"shift": 3, "rounding": "floor", "output": "s6", "overflow": "wrap"}, {Shift}),
    ({"shift": 3, "rounding": "half_even", "output": "u7"}, {Round, Saturate}),
    ({"shift": 4, "rounding": "toward_zero", "threshold": 20}, {Round, Threshold}),
    ({"absolute": True, "shift": 2, "rounding": "half_away", "output": "u8"}, {Magnitude, Round, Saturate}),
]
BEHIND = (Magnitude, MagnitudeSum, Shift, Round, Saturate, Threshold)


def windows_of(design, image):
    """The places of each window of an image."""
    sides = (design.kernel_rows, design.kernel_columns)
    found = np.lib.stride_tricks.sliding_window_view(image, sides)
    return found.reshape(*found.shape[:2], -1)


def behind(plan):
    return {type(stage) for stage in plan.stages if isinstance(stage, BEHIND)}


@pytest.mark.parametrize("rounding", ["floor", "half_up", "half_even", "half_away", "toward_zero"])
def test_a_signals_results_are_rounded_once(rounding):
    design = FIRDesign([3, 0, -5, 7, 1], data="s8", shift=4, rounding=rounding, output="s7")
    x = np.random.default_rng(3).integers(-128, 128, 200)
    history = np.concatenate([np.zeros(4, int), x])
    samples = np.stack([history[4 - delay : 204 - delay] for delay in range(5)], axis=-1)
    plan = lower(design)
    assert behind(plan) == {Shift if rounding == "floor" else Round, Saturate}
    assert plan.results(samples).tolist() == golden.fir(design, x).tolist()


@pytest.mark.parametrize(("fields", "stages"), IMAGES)
def test_an_images_results_are_those_of_its_stages(fields, stages):
    design = Conv2DDesign(KERNEL, mode="valid", **fields)
    image = np.random.default_rng(4).integers(0, 256, (40, 41))
    plan = lower(design)
    assert behind(plan) == stages
    assert plan.results(windows_of(design, image)).tolist() == golden.conv2d(design, image).tolist()


@pytest.mark.parametrize("combine", ["none", "sum_abs"])
def test_several_kernels_results_are_those_of_their_stages(combine):
    kernels = [KERNEL, [[7, 0, -1, 2], [-3, 4, 5, -6]], [[0, 1, 0, 2], [2, -1, 3, 0]]]
    design = Conv2DDesign(kernels, mode="valid", combine=combine, shift=1, rounding="half_up", output="u9")
    image = np.random.default_rng(5).integers(0, 256, (40, 41))
    assert (MagnitudeSum in behind(lower(design))) == (combine == "sum_abs")
    found = lower(design).results(windows_of(design, image))
    assert found.tolist() == golden.conv2d(design, image).tolist()


def test_a_loaded_sets_results_are_its_own():
    design = FIRDesign([1, 2, 3], data="u8", coefficient="s6", loadable=True, shift=2, output="s8")
    samples = np.random.default_rng(6).integers(0, 256, (50, 3))
    changed = design.replace(coefficients=[-7, 30, 11], coefficient="s6")
    assert np.array_equal(lower(design).results(samples, [-7, 30, 11]), lower(changed).results(samples))
    assert not np.array_equal(lower(design).results(samples), lower(changed).results(samples))
