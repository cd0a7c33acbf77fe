"""Designs: what they refuse, word for word; what they promise about sums and sizes; JSON and TOML there and back."""

import dataclasses
import itertools
import json
import tomllib
from unittest.mock import Mock, call

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convolver import (
    Conv2DDesign,
    DataError,
    DesignError,
    FileError,
    FIRDesign,
    Format,
    Pipeline,
    load_design,
    q1_15,
    s8,
    u8,
)
from convolver.designs import BOUNDARIES, KINDS, MODES, OPERATIONS, design_from_dict, design_from_json
from convolver.formats import OVERFLOWS, ROUNDINGS
from convolver.plan.geometry import geometry_of
from convolver.plan.lowering import lower
from convolver.sim import golden

HINT = "convolver.quantize() makes integers of a float kernel"

formats = st.builds(Format, st.integers(1, 32), st.booleans(), st.integers(0, 40))
outputs = st.none() | st.builds(Format, st.integers(1, 80), st.booleans(), st.integers(0, 40))


@st.composite
def numbers(draw, count):
    """The fields that both kinds share, and so many coefficients."""
    coefficient = draw(formats)
    weights = draw(st.lists(st.integers(coefficient.min, coefficient.max), min_size=count, max_size=count))
    fields = {
        "coefficient": draw(st.just(coefficient) | st.none()),
        "output": draw(outputs),
        "rounding": draw(st.sampled_from(ROUNDINGS)),
        "overflow": draw(st.sampled_from(OVERFLOWS)),
        "loadable": draw(st.booleans()),
    }
    return weights, fields


@st.composite
def fir_designs(draw, most=256):
    weights, fields = draw(numbers(draw(st.integers(1, most))))
    plain = FIRDesign(weights, draw(formats), **fields)
    return dataclasses.replace(plain, shift=draw(st.integers(0, plain.accumulator.width)), output=fields["output"])


@st.composite
def conv2d_designs(draw, most=15):
    rows, columns = draw(st.integers(1, most)), draw(st.integers(1, most))
    weights, fields = draw(numbers(rows * columns))
    pixel = draw(formats)
    plain = Conv2DDesign(
        np.reshape(np.array(weights, object), (rows, columns)),
        pixel,
        operation=draw(st.sampled_from(OPERATIONS)),
        mode=draw(st.sampled_from(MODES)),
        boundary=draw(st.sampled_from(BOUNDARIES)),
        fill=draw(st.integers(pixel.min, pixel.max)),
        rows=draw(st.integers(1, 65535)),
        columns=draw(st.integers(1, 16384)),
        pixels_per_clock=draw(st.sampled_from((1, 2, 4))),
        planes=draw(st.integers(1, 4)),
        **fields,
    )
    return dataclasses.replace(plain, shift=draw(st.integers(0, plain.accumulator.width)), output=fields["output"])


designs = fir_designs() | conv2d_designs()


# There and back


@settings(derandomize=True, deadline=None)
@given(designs)
def test_json_and_back(design):
    again = design_from_json(design.to_json())
    assert again == design
    assert hash(again) == hash(design)
    assert again.to_json() == design.to_json()
    assert "\n" not in design.to_json()


@settings(derandomize=True, deadline=None)
@given(designs)
def test_toml_and_back(design):
    assert design_from_dict(tomllib.loads(design.to_toml())) == design


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_a_design_file_is_read(tmp_path, suffix):
    for number, design in enumerate(
        [FIRDesign([1, -2, 3], q1_15, shift=2), Conv2DDesign([[1, 2], [3, 4]], boundary="wrap", mode="full")]
    ):
        path = tmp_path / f"{number}.{suffix}"
        path.write_text(design.to_toml() if suffix == "toml" else design.to_json())
        assert load_design(path) == design
        assert load_design(str(path)) == design


def test_a_file_needs_only_what_has_no_default(tmp_path):
    path = tmp_path / "design.toml"
    path.write_text('kind = "fir"\ncoefficients = [1, 2]\ndata = "u8"\n')
    assert load_design(path) == FIRDesign([1, 2], u8)


def test_the_json_of_a_design_stays_readable_by_later_versions():
    """What stands in a bitstream built today; a change here needs a new SCHEMA."""
    assert FIRDesign([1, -2], s8).to_json() == (
        '{"clocks_per_sample":1,"coefficient":"s2","coefficients":[1,-2],"continuous":false,"data":"s8","kind":"fir","loadable":false,'
        '"multipliers":null,"output":"s10","overflow":"saturate","rounding":"half_up","schema":1,"shift":0,'
        '"swap":"frame","symmetry":"none"}'
    )
    assert Conv2DDesign([[1, 2]]).to_json() == (
        '{"absolute":false,"boundary":"constant","clocks_per_pixel":1,"coefficient":"u2","columns":640,"combine":"none","fill":0,'
        '"kernel":[[1,2]],"kind":"conv2d","loadable":false,"mode":"same","multipliers":null,"operation":"convolve",'
        '"output":"u10",'
        '"overflow":"saturate","pixel":"u8","pixels_per_clock":1,"planes":1,"rounding":"half_up","rows":4096,"schema":1,"shift":0,'
        '"stride":[1,1],"structure":"auto","switchable":false,"threshold":null}'
    )


# Promises


def extreme_samples(design, weights, sign):
    """The samples that give the greatest sum, or, with `sign` -1, the least."""
    return [design.sample.max if weight * sign > 0 else design.sample.min for weight in weights]


@settings(derandomize=True, deadline=None)
@given(fir_designs(most=20))
def test_the_sum_range_is_reached_and_never_left(design):
    for sign, bound in ((-1, design.sum_range[0]), (1, design.sum_range[1])):
        if design.loadable:
            form, sample = design.coefficient, design.sample
            pairs = [(c, x) for c in (form.min, form.max) for x in (sample.min, sample.max)]
            weight, value = max(pairs, key=lambda pair: sign * pair[0] * pair[1])
            weights, samples = [weight] * design.taps, [value] * design.taps
        else:
            weights = design.coefficients
            samples = extreme_samples(design, weights, sign)
        assert golden.convolve(np.array(samples[::-1], object), np.array(weights, object), "valid").tolist() == [bound]
        assert bound in design.accumulator
    if design.accumulator.width > 1:
        narrower = Format(design.accumulator.width - 1, design.accumulator.signed)
        assert not all(bound in narrower for bound in design.sum_range)


@pytest.mark.parametrize("loadable", [False, True])
@pytest.mark.parametrize("combine", ["none", "sum_abs"])
@pytest.mark.parametrize(("pixel", "count"), [("u1", 2), ("s1", 3), ("s2", 2), ("u2", 3)])
def test_the_range_of_several_kernels_is_reached_and_never_left(pixel, count, combine, loadable):
    """Over all windows, and where they can be loaded over all kernels."""
    rng = np.random.default_rng([count, loadable])
    coefficient = Format(2, True)
    for absolute in (False, True):
        kernels = rng.integers(-2, 2, (count, 1, 2))
        fields = {"pixel": pixel, "coefficient": coefficient, "absolute": absolute, "loadable": loadable}
        design = Conv2DDesign(kernels, combine=combine, mode="valid", **fields)
        sets = itertools.product(range(-2, 2), repeat=2 * count) if loadable else [kernels.reshape(-1)]
        windows = np.array(list(itertools.product(range(design.pixel.min, design.pixel.max + 1), repeat=2)))
        sums = np.concatenate([windows @ np.reshape(weights, (count, 2)).T for weights in sets])
        found = abs(sums) if absolute or combine == "sum_abs" else sums
        if combine == "sum_abs":
            found = found.sum(axis=1, keepdims=True)
        assert design.stage_ranges == tuple(zip(found.min(axis=0), found.max(axis=0), strict=True))
        assert design.sum_range == (sums.min(), sums.max())
        assert design.output == Format.holding(int(found.min()), int(found.max()))


@settings(derandomize=True, deadline=None)
@given(fir_designs(most=20), st.randoms(use_true_random=False))
def test_the_default_output_never_overflows(design, random):
    free = dataclasses.replace(design, output=None)
    ends = golden.requantise(np.array(free.sum_range, object), free.shift, free.rounding, Format(120, True))
    assert tuple(ends) == free.result_range
    assert free.output == Format.holding(*free.result_range)
    for samples in (
        extreme_samples(free, free.coefficients[::-1], 1),
        extreme_samples(free, free.coefficients[::-1], -1),
        [random.randint(free.sample.min, free.sample.max) for _ in range(30)],
    ):
        wide = dataclasses.replace(free, output=Format(120, True))
        np.testing.assert_array_equal(golden.fir(free, samples), golden.fir(wide, samples))


@settings(derandomize=True, deadline=None)
@given(conv2d_designs())
def test_windows_and_margins_add_up(design):
    assert design.above + 1 + design.below == design.kernel_rows
    assert design.left + 1 + design.right == design.kernel_columns
    assert 0 <= design.above - design.below <= 1 if design.operation == "convolve" else 0 <= design.below - design.above <= 1
    assert 0 <= design.left - design.right <= 1 if design.operation == "convolve" else 0 <= design.right - design.left <= 1
    (above, below), (left, right) = design.host_margins
    if design.host_pads:
        rows, columns = design.output_shape(30, 40)
        assert (30 + above + below, 40 + left + right) == (rows + design.kernel_rows - 1, columns + design.kernel_columns - 1)
    else:
        assert design.mode == "valid" or design.boundary != "wrap"
    assert geometry_of(design).mode == ("same" if design.mode == "same" and not design.host_pads else "valid")
    assert design.frame_axes[0].most >= design.rows
    assert design.frame_axes[1].most >= max(design.columns, design.frame_axes[1].least)
    if geometry_of(design).mode == "same":
        # As much as the border reaches into the frame, and as the window's columns take to arrive.
        mirrors = {"symmetric": 0, "reflect": 1}.get(design.boundary)
        reach = 1 if mirrors is None else max(design.above, design.below, 1 - mirrors) + mirrors
        assert design.frame_axes[0].least == reach
        reach = 0 if mirrors is None else max(design.left, design.right) + mirrors
        pixels = design.pixels_per_clock
        assert design.frame_axes[1].least == max(max(design.right + 1, reach) + pixels - 1, 2 * pixels + 1)
    # A beat of results is formed by a beat of the same line, or, of the last ones, by one of the line behind.
    assert 0 <= geometry_of(design).late < design.pixels_per_clock + max(design.left - design.right, 0)
    assert geometry_of(design).ahead < geometry_of(design).beats(design.frame_axes[1].least)
    if design.host_pads:
        assert design.frame_axes[0].most >= design.rows + above + below
        assert design.frame_axes[1].most >= design.columns + left + right


@pytest.mark.parametrize(
    ("mode", "shape"), [("full", (9, 8)), ("same", (6, 4)), ("valid", (3, 0))], ids=["full", "same", "valid"]
)
def test_output_shape(mode, shape):
    design = Conv2DDesign([[1] * 5] * 4, mode=mode)
    assert design.output_shape(6, 4) == shape
    assert design.replace(stride=1) == design
    for stride in ((2, 3), (6, 1)):
        results = np.zeros([max(side, 0) for side in shape])[:: stride[0], :: stride[1]]
        found = design.replace(stride=stride).output_shape(6, 4)
        assert tuple(max(side, 0) for side in found) == results.shape


def test_a_switchable_core_takes_every_image_with_every_border():
    """The longest reach of all boundaries, and room for an image that the host pads."""
    design = Conv2DDesign([[1] * 4] * 4, rows=9, columns=8, switchable=True)
    assert geometry_of(design).boundaries == ("constant", "edge", "reflect", "symmetric")
    assert (geometry_of(design).above, geometry_of(design).below, geometry_of(design).right) == (2, 2, 2)
    assert (design.frame_axes[0].least, design.frame_axes[1].least) == (3, 3)
    assert (design.frame_axes[0].most, design.frame_axes[1].most) == (12, 11)
    assert design_from_json(design.replace(boundary="wrap").to_json()) == design.replace(boundary="wrap")
    assert geometry_of(design.replace(boundary="wrap")).mode == "same"


def test_defaults_are_the_narrowest_formats():
    design = FIRDesign([3, -4], s8)
    assert str(design.coefficient) == "s3"
    assert design.sum_range == (3 * -128 - 4 * 127, 3 * 127 + 4 * 128)
    assert str(design.accumulator) == str(design.output) == "s11"
    loaded = FIRDesign([3, -4], s8, loadable=True)
    assert loaded.sum_range == (2 * -4 * 127, 2 * 4 * 128)
    shifted = FIRDesign([1], s8, shift=1, rounding="half_up")
    assert shifted.result_range == (-64, 64)
    assert str(shifted.output) == "s8"


def test_designs_are_values():
    one, other = FIRDesign([1, 2]), FIRDesign((1, 2), Format(16, True))
    assert one == other
    assert hash(one) == hash(other)
    assert one != FIRDesign([2, 1])
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.shift = 3
    assert one.replace(shift=1).shift == 1
    with pytest.raises(DesignError):
        one.replace(shift=99)
    assert one.sum_range == one.sum_range  # cached, and no part of the comparison
    assert one == other


def test_a_signal_comes_one_sample_a_beat_and_says_nothing_of_it():
    design = FIRDesign([1, 2])
    assert (design.pixels_per_clock, design.planes) == (1, 1)
    assert not {"pixels_per_clock", "planes"} & design.to_dict().keys()
    with pytest.raises(dataclasses.FrozenInstanceError):
        design.planes = 2
    image = Conv2DDesign([[1, 2]], pixels_per_clock=2, planes=3)
    assert (image.pixels_per_clock, image.planes) == (2, 3)


def test_each_result_of_a_place_is_in_whole_bytes():
    assert FIRDesign([1, -2], output="s9").result_bytes == 2
    assert Conv2DDesign([[1, 2]], output="u8").result_bytes == 1
    several = {"kernel": [[[1, 2]], [[3, 4]]], "output": "s17", "planes": 3}
    assert Conv2DDesign(**several).result_bytes == 3 * 2 * 3
    assert Conv2DDesign(**several, combine="sum_abs").result_bytes == 3 * 3
    assert Conv2DDesign(**several, pixels_per_clock=4).result_bytes == 3 * 2 * 3


def test_numpy_values_become_pythons():
    design = Conv2DDesign(
        np.array([[1, 2], [3, 4]], np.int16),
        shift=np.int8(1),
        fill=np.uint8(5),
        rows=np.int64(9),
        columns=np.int32(10),
    )
    assert design == Conv2DDesign([[1, 2], [3, 4]], shift=1, fill=5, rows=9, columns=10)
    assert json.loads(design.to_json())["shift"] == 1
    assert FIRDesign(np.array([1, 2]), "u8", coefficient="s8", output="s16").data == u8


# Refusals


def fir(**fields):
    return lambda: FIRDesign(**{"coefficients": [1, 2], "data": s8, **fields})


def conv2d(**fields):
    return lambda: Conv2DDesign(**{"kernel": [[1, 2], [3, 4]], **fields})


def plain(**fields):
    return lambda: design_from_dict({"kind": "fir", "coefficients": [1], **fields})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (fir(coefficients=[]), "A FIR filter must have 1 to 256 taps, not 0"),
        (fir(coefficients=[1] * 257), "A FIR filter must have 1 to 256 taps, not 257"),
        (fir(coefficients=[0.5, 1]), f"Coefficients must be integers, not 0.5; {HINT}"),
        (fir(coefficients=np.array([1.0])), f"Coefficients must be integers, not np.float64(1.0); {HINT}"),
        (fir(coefficients=[float("nan")]), "Coefficients must be integers, not nan"),
        (fir(coefficients=5), "Coefficients must be a sequence of integers, not 5"),
        (fir(coefficients="12"), "Coefficients must be a sequence of integers, not '12'"),
        (fir(data=8), "Data must be a Format such as convolver.u8, or its name, not 8"),
        (fir(data="x8"), "A format is written like u8, s16, q1_15 or uq0_8, not 'x8'"),
        (fir(data=Format(33, True)), "Sample width must be an integer between 1 and 32, not 33"),
        (fir(coefficient=8), "Coefficient must be a Format such as convolver.u8, or its name, not 8"),
        (fir(coefficient=Format(33, True)), "Coefficient width must be an integer between 1 and 32, not 33"),
        (fir(coefficients=[2**32]), "Coefficient width must be an integer between 1 and 32, not 33"),
        (fir(coefficients=[-(2**31) - 1, 0]), "Coefficient width must be an integer between 1 and 32, not 33"),
        (fir(coefficients=[10**300]), "Coefficient width must be an integer between 1 and 32, not 997"),
        (
            fir(coefficients=[1, 128], coefficient=s8),
            "Coefficients must be between -128 and 127 to fit s8, not 128",
        ),
        (
            fir(coefficients=[-1, 0], coefficient=u8),
            "Coefficients must be between 0 and 255 to fit u8, not -1",
        ),
        (fir(output=8), "Output must be a Format such as convolver.u8, or its name, not 8"),
        (fir(shift=-1), "Shift must be an integer between 0 and 10, not -1"),
        (fir(shift=11), "Shift must be an integer between 0 and 10, not 11"),
        (fir(shift=1.5), "Shift must be an integer between 0 and 10, not 1.5"),
        (fir(shift=True), "Shift must be an integer between 0 and 10, not True"),
        (fir(rounding="up"), "Rounding must be one of floor, half_up, half_even, half_away, toward_zero, not 'up'"),
        (fir(overflow="clip"), "Overflow must be one of saturate, wrap, not 'clip'"),
        (fir(loadable=1), "Loadable must be True or False, not 1"),
        (conv2d(kernel=5), "Kernel must be a 2-D array of integers, not 5"),
        (conv2d(kernel="12"), "Kernel must be a 2-D array of integers, not '12'"),
        (
            conv2d(kernel=[1, 2, 1]),
            "Kernel must be a 2-D array of integers, not a 1-D one; write [[1, 2, 1]] for a single row",
        ),
        (conv2d(kernel=[[1], [2, 3]]), "Kernel must have rows of one length, not 1, 2"),
        (conv2d(kernel=[]), "A kernel must have 1 to 15 rows and columns, not 0x0"),
        (conv2d(kernel=[[]]), "A kernel must have 1 to 15 rows and columns, not 1x0"),
        (conv2d(kernel=[[1] * 16]), "A kernel must have 1 to 15 rows and columns, not 1x16"),
        (conv2d(kernel=[[1]] * 16), "A kernel must have 1 to 15 rows and columns, not 16x1"),
        (conv2d(kernel=[[0.5]]), f"Kernel must be integers, not 0.5; {HINT}"),
        (conv2d(kernel=[[[1.5]], [[1]]]), f"Kernel must be integers, not 1.5; {HINT}"),
        (conv2d(kernel=[[[1]]] * 9), "A stack must have 1 to 8 kernels, not 9"),
        (conv2d(kernel=[[[1]], [[1, 2]]]), "Kernels of a stack must have one size, not 1x1, 1x2"),
        (conv2d(kernel=[[[1], [1, 2]]]), "Kernel must have rows of one length, not 1, 2"),
        (conv2d(stride=0), "Stride must be an integer between 1 and 64, not 0"),
        (conv2d(stride=1.5), "Stride must be an integer between 1 and 64, not 1.5"),
        (conv2d(stride=(1, 65)), "Stride must be an integer between 1 and 64, not 65"),
        (conv2d(stride=(1, 1, 2)), "Stride must be one integer, or two for rows and columns, not 3"),
        (conv2d(stride="22"), "Stride must be an integer between 1 and 64, not '22'"),
        (conv2d(pixels_per_clock=3), "Pixels per clock must be one of 1, 2, 4, not 3"),
        (conv2d(pixels_per_clock=8), "Pixels per clock must be one of 1, 2, 4, not 8"),
        (conv2d(pixels_per_clock=True), "Pixels per clock must be one of 1, 2, 4, not True"),
        (conv2d(pixels_per_clock=2.5), "Pixels per clock must be one of 1, 2, 4, not 2.5"),
        (conv2d(pixels_per_clock=2, stride=(1, 2)), "A stride other than 1x1 must have 1 pixel per clock, not 2"),
        (conv2d(planes=0), "Planes must be an integer between 1 and 4, not 0"),
        (conv2d(planes=5), "Planes must be an integer between 1 and 4, not 5"),
        (conv2d(planes=3, clocks_per_pixel=2), "A core of several planes must have 1 clock per pixel, not 2"),
        (
            conv2d(planes=3, kernel=[[1, 3, 5]], loadable=True, multipliers=2),
            "A core of several planes must have 1 clock per pixel, not 2, which 2 multipliers take",
        ),
        (
            conv2d(pixels_per_clock=2, kernel=[[1, 3, 5]], loadable=True, multipliers=3),
            "A core of several pixels per clock must have 1 clock per pixel, not 2, which 3 multipliers take",
        ),
        (
            conv2d(pixels_per_clock=4, clocks_per_pixel=2),
            "A core of several pixels per clock must have 1 clock per pixel, not 2",
        ),
        (conv2d(combine="max"), "Combine must be one of none, sum_abs, not 'max'"),
        (conv2d(absolute=1), "Absolute must be True or False, not 1"),
        (conv2d(threshold=2551), "Threshold must be an integer between 0 and 2550, not 2551"),
        (conv2d(threshold=True), "Threshold must be an integer between 0 and 2550, not True"),
        (conv2d(kernel=[[-1]], absolute=True, shift=9), "Shift must be an integer between 0 and 8, not 9"),
        (conv2d(pixel=None), "Pixel must be a Format such as convolver.u8, or its name, not None"),
        (conv2d(switchable=1), "Switchable must be True or False, not 1"),
        (conv2d(switchable=True, mode="full"), "A switchable boundary must have mode same, not full"),
        (
            conv2d(kernel=[[1] * 8], switchable=True),
            "A kernel with a switchable boundary must have at most 7 rows and columns, not 1x8",
        ),
        (conv2d(operation="blur"), "Operation must be one of convolve, correlate, not 'blur'"),
        (conv2d(mode="some"), "Mode must be one of full, same, valid, not 'some'; did you mean same?"),
        (
            conv2d(boundary="fill"),
            "Boundary must be one of constant, edge, reflect, symmetric, wrap, not 'fill'",
        ),
        (conv2d(structure="none"), "Structure must be one of auto, direct, not 'none'"),
        (conv2d(fill=256), "Fill must be an integer between 0 and 255, not 256"),
        (conv2d(fill=0.5), "Fill must be an integer between 0 and 255, not 0.5"),
        (conv2d(rows=0), "Rows must be an integer between 1 and 65535, not 0"),
        (conv2d(rows=65536), "Rows must be an integer between 1 and 65535, not 65536"),
        (conv2d(columns=0), "Columns must be an integer between 1 and 16384, not 0"),
        (conv2d(columns=16385), "Columns must be an integer between 1 and 16384, not 16385"),
        (plain(kind="iir"), f"Kind must be one of {', '.join(KINDS)}, not 'iir'"),
        (plain(kind=None), f"Kind must be one of {', '.join(KINDS)}, not None"),
        (lambda: design_from_dict({}), f"A design must have 'kind', one of {', '.join(KINDS)}"),
        (lambda: design_from_dict({"Kind": "fir"}), f"A design must have 'kind', one of {', '.join(KINDS)}"),
        (plain(kind=["fir"]), f"Kind must be one of {', '.join(KINDS)}, not ['fir']"),
        (plain(schema=2), "Schema must be 1, not 2: the design was written by another version"),
        (
            plain(taps=3),
            "Unknown key 'taps' in a fir design; known are coefficients, data, coefficient, output, shift, rounding, "
            "overflow, loadable, symmetry, clocks_per_sample, multipliers, continuous, swap, lowpass, highpass, bandpass, "
            "halfband, hilbert",
        ),
        (lambda: design_from_dict({"kind": "fir"}), "A fir design must have 'coefficients'"),
        (lambda: design_from_dict({"kind": "conv2d"}), "A conv2d design must have 'kernel'"),
        (lambda: design_from_json("[1]"), "A design must be a JSON object, not list"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(DesignError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["", "{", "[" * 200_000, '{"kind": "fir", "coefficients": [' + "9" * 5000 + "]}"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(DesignError, match=r"\AA design must be JSON: [^\n]*\Z"):
        design_from_json(text)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.toml", None, "Design file {path} can't be read: no such file or directory; convolver new {path} makes one"),
        ("missing.csv", None, "Design file {path} can't be read: no such file or directory"),
        ("wrong.toml", b"kind = ", "Design file {path} can't be read: Invalid value"),
        ("wrong.json", b"{", "Design file {path} can't be read: Expecting property name"),
        ("list.json", b"[]", "Design file {path} must hold a table of fields, not a list"),
        (
            "bytes.toml",
            b"\xff",
            "Design file {path} can't be read: it is no text; a design is a TOML or JSON file, or taps",
        ),
    ],
)
def test_files_that_are_none(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        load_design(path)
    assert str(caught.value).startswith(message.format(path=path))  # the rest is Python's own
    assert "\n" not in str(caught.value)


def test_a_file_with_an_unknown_key_is_refused(tmp_path):
    path = tmp_path / "design.toml"
    path.write_text(Conv2DDesign([[1]]).to_toml() + "colour = 1\n")
    with pytest.raises(DesignError, match=r"\AUnknown key 'colour' in a conv2d design; known are kernel, pixel, "):
        load_design(path)


# What a core shares


def test_symmetry_is_found_in_constant_coefficients():
    found = {
        (1, 2, 1): "symmetric",
        (1, 2, 2, 1): "symmetric",
        (1, 0, -1): "antisymmetric",
        (3, -3): "antisymmetric",
        (1, 2, 3): "none",
        (1, 5, -1): "none",
        (7,): "none",
        (0, 0): "none",
    }
    assert {taps: FIRDesign(taps).symmetry for taps in found} == found
    assert FIRDesign((1, 2, 1), coefficient="s8", loadable=True).symmetry == "none"
    assert FIRDesign((1, 2, 1), symmetry="none").terms == ((0, None), (1, None), (2, None))


def test_a_budget_of_multipliers_sets_the_clocks():
    assert FIRDesign(range(1, 65), multipliers=1).clocks_per_sample == 64
    assert FIRDesign(range(1, 65), multipliers=5).clocks_per_sample == 13
    assert FIRDesign([1] * 64, multipliers=5).clocks_per_sample == 7
    assert FIRDesign([1, 0, 0, 0, 2], multipliers=1).clocks_per_sample == 2
    assert FIRDesign([1, 2], multipliers=200).clocks_per_sample == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"symmetry": "even"}, "Symmetry must be one of none, symmetric, antisymmetric, not 'even'"),
        ({"symmetry": "symmetric"}, "Coefficients must be symmetric: tap 0 must be tap 2, not 1 against 3"),
        ({"symmetry": "antisymmetric"}, "Coefficients must be antisymmetric: tap 0 must be minus tap 2, not 1 against 3"),
        (
            {"coefficients": [1, 2, -7, -2, -1], "symmetry": "antisymmetric"},
            "Coefficients must be antisymmetric: the middle one, tap 2, must be 0, not -7",
        ),
        ({"coefficients": [4], "symmetry": "symmetric"}, "A symmetry must have 2 taps or more to share, not 1"),
        (
            {"coefficients": [0, 0], "coefficient": "u8", "loadable": True, "symmetry": "antisymmetric"},
            "Antisymmetric coefficients must have a signed format, not u8",
        ),
        ({"clocks_per_sample": 0}, "Clocks per sample must be an integer between 1 and 1024, not 0"),
        ({"multipliers": -1}, "Multipliers must be an integer between 1 and 256, not -1"),
        (
            {"multipliers": 0, "coefficients": [1], "coefficient": "s8", "loadable": True},
            "Multipliers must be an integer between 1 and 256, not 0",
        ),
        ({"multipliers": 0, "clocks_per_sample": 2}, "Clocks per sample must be 1 for 0 multipliers, not 2"),
        (
            {"multipliers": 1, "clocks_per_sample": 2},
            "Clocks per sample must be at least 3 for 1 multipliers, not 2",
        ),
    ],
)
def test_what_a_fir_cannot_share_is_refused(fields, message):
    with pytest.raises(DesignError) as refusal:
        FIRDesign(**{"coefficients": [1, 2, 3], **fields})
    assert str(refusal.value) == message


def test_a_budget_of_multipliers_sets_the_clocks_of_a_pixel():
    kernel = np.arange(3, 12).reshape(3, 3)
    loadable = {"coefficient": "s8", "loadable": True}
    assert [Conv2DDesign(kernel, multipliers=most, **loadable).clocks_per_pixel for most in (1, 4, 5, 8, 9)] == [9, 3, 2, 2, 1]
    # Of these, two are powers of two, wiring while each has a product of its own; zeros are nothing at all.
    assert [Conv2DDesign(kernel, multipliers=most).clocks_per_pixel for most in (4, 5, 6, 7)] == [3, 2, 2, 1]
    assert Conv2DDesign([[3, 0, 5], [0, 0, 0]], multipliers=1).clocks_per_pixel == 2
    # Equal weights have one multiplier, unless it is said that they shall not.
    assert Conv2DDesign([[3, 5, -3], [5, 1, 5]], multipliers=2).clocks_per_pixel == 1
    assert Conv2DDesign([[3, 5, -3], [5, 1, 5]], multipliers=2, structure="direct").clocks_per_pixel == 3
    # Two kernels, each with multipliers of its own.
    pair = Conv2DDesign([kernel, kernel], multipliers=7, **loadable)
    assert (pair.clocks_per_pixel, lower(pair).lanes) == (3, 6)
    assert Conv2DDesign([[0]], multipliers=np.int64(1), clocks_per_pixel=np.int64(7)).to_dict()["clocks_per_pixel"] == 7


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"clocks_per_pixel": 0}, "Clocks per pixel must be an integer between 1 and 1024, not 0"),
        ({"clocks_per_pixel": 2.5}, "Clocks per pixel must be an integer between 1 and 1024, not 2.5"),
        ({"clocks_per_pixel": 1025}, "Clocks per pixel must be an integer between 1 and 1024, not 1025"),
        ({"multipliers": 1}, "Multipliers must be an integer between 2 and 1800, not 1"),
        ({"multipliers": 2, "clocks_per_pixel": 2}, "Clocks per pixel must be at least 3 for 2 multipliers, not 2"),
    ],
)
def test_what_an_image_filter_cannot_share_is_refused(fields, message):
    with pytest.raises(DesignError) as refusal:
        Conv2DDesign([[[3, 5, 7]], [[1, 2, 3]]], **fields)
    assert str(refusal.value) == message


@pytest.mark.parametrize("symmetry", ["symmetric", "antisymmetric"])
@pytest.mark.parametrize("taps", [2, 3, 8, 9])
def test_half_a_set_stands_for_the_whole(taps, symmetry):
    design = FIRDesign([0] * taps, coefficient="s8", loadable=True, symmetry=symmetry)
    half = list(range(1, len(design.terms) + 1))
    whole = design.complete(half)
    assert design.independent(whole) == tuple(half)
    sign = -1 if symmetry == "antisymmetric" else 1
    assert whole == tuple(sign * value for value in reversed(whole))
    broken = (*whole[:-1], whole[-1] + 1)
    with pytest.raises(DesignError, match=rf"^Coefficients must be {symmetry}: tap 0 "):
        design.independent(broken)


IMAGE = Conv2DDesign([[1, 2, 1]])


@pytest.mark.parametrize(
    ("design", "words", "asked", "told"),
    [
        (FIRDesign([1, 2]), "", {}, []),
        (IMAGE.replace(mode="valid"), "", {}, []),
        (IMAGE.replace(boundary="edge"), ", boundary edge", {}, []),
        (IMAGE.replace(fill=3), ", boundary constant 3", {}, []),
        (IMAGE.replace(boundary="wrap"), ", boundary wrap, which the host pads", {}, []),
        (IMAGE.replace(mode="full"), ", boundary constant 0, which the host pads", {}, []),
        (
            IMAGE.replace(switchable=True, fill=3),
            ", boundary switchable, first constant 3",
            {"boundary": "constant", "fill": 3},
            [("constant", 3)],
        ),
        (
            IMAGE.replace(switchable=True, boundary="wrap"),
            ", boundary switchable, first wrap",
            {"boundary": "wrap"},
            [("constant", 0)],
        ),
    ],
)
def test_a_border_says_what_it_is_and_tells_it_where_it_can_be_chosen(design, words, asked, told):
    core = Mock()
    design.border.tell(core)
    assert (str(design.border), design.border.asked, core.mock_calls) == (words, asked, [call.switch(*one) for one in told])
    assert design.border.choices == (BOUNDARIES if told else ())


def test_only_a_continuous_filter_holds_samples_and_is_silenced():
    kept = FIRDesign([1, 2, 3], continuous=True)
    for design, held in ((kept, 2), (kept.replace(coefficients=[3]), 0)):
        core = Mock()
        design.continuity.start(core)
        design.continuity.check()
        assert (design.continuity.held, core.mock_calls) == (held, [call.silence()])
    for design in (kept.replace(continuous=False), IMAGE):
        design.continuity.start(None)
        assert design.continuity.held == 0
        with pytest.raises(DataError) as error:
            design.continuity.check()
        rule = "Only a design with continuous=True keeps samples between calls"
        assert str(error.value) == f"{rule}; this one starts from silence"


@pytest.mark.parametrize(
    ("kind", "key", "own"),
    [
        ("conv2d", "coefficients", "kernel"),
        ("conv2d", "data", "pixel"),
        ("conv2d", "clocks_per_result", "clocks_per_pixel"),
        ("fir", "kernel", "coefficients"),
        ("fir", "pixel", "data"),
        ("resample", "kernel", "coefficients"),
        ("resample", "clocks_per_pixel", "clocks_per_result"),
        ("moving_maximum", "pixel", "data"),
        ("moving_maximum", "kernel", None),
        ("cic", "pixel", "data"),
        ("pipeline", "pixel", None),
    ],
)
def test_a_key_of_another_kind(kind, key, own):
    """Named as this kind has it, whatever its name resembles; nothing is named where this kind has no such thing."""
    with pytest.raises(DesignError) as caught:
        design_from_dict({"kind": kind, key: [1]})
    assert str(caught.value).startswith(f"Unknown key {key!r} in a {kind} design; known are ")
    assert str(caught.value).partition("; did you mean ")[2] == (f"{own}?" if own else "")


@pytest.mark.parametrize(
    ("coefficients", "form"),
    [([0], "u1"), ([-1], "s1"), ([2**32 - 1], "u32"), ([-(2**31), -1], "s32"), ([-(2**31), 2**31 - 1], "s32")],
)
def test_the_narrowest_coefficients(coefficients, form):
    assert str(FIRDesign(coefficients).coefficient) == form


@pytest.mark.parametrize(
    ("design", "ends"),
    [
        (FIRDesign([1, 2, 1], data="s8"), ()),
        (FIRDesign([1, 2, 1], data="s8", shift=2, output="s8"), ()),
        (FIRDesign([1, 2, 1], data="s8", shift=1, output="s8"), (-128, 127)),
        (FIRDesign([1, 2, 1], data="u8", shift=1, output="u8"), (255,)),
        (FIRDesign([1, -1], data="u8", output="u8"), (0,)),
        (FIRDesign([-1], data="u8", output="u8"), (0,)),
        (FIRDesign([1, 2, 1], data="s8", shift=1, output="s8", overflow="wrap"), ()),
        (Conv2DDesign([[1, 9]], threshold=300), ()),
        (Pipeline([Conv2DDesign([[1, 2]], pixel="u8", output="u8"), Conv2DDesign([[1]], pixel="u8", output="u8")]), ()),
        (Pipeline([Conv2DDesign([[1]], pixel="u8", output="u8"), Conv2DDesign([[1, 2]], pixel="u8", output="u8")]), (255,)),
    ],
)
def test_the_ends_of_the_output_that_results_exceed(design, ends):
    assert design.saturated == ends


@pytest.mark.parametrize("fields", [{"lowpas": {}}, {"lowpas": {}, "hilbert": {}}])
def test_a_specification_of_another_name(fields):
    with pytest.raises(DesignError, match=r", halfband, hilbert; did you mean lowpass\?$"):
        design_from_dict({"kind": "fir", **fields})


def test_a_field_of_another_kind():
    with pytest.raises(DesignError, match=r"^Unknown field 'coefficients'; known are .*; did you mean kernel\?$"):
        Conv2DDesign([[1]]).replace(coefficients=[[2]])
    with pytest.raises(DesignError, match=r"^Unknown field 'pixel'; known are stages$"):  # which each stage names for itself
        Pipeline([FIRDesign([1])]).replace(pixel="u8")
