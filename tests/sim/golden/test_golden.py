"""The golden model against scipy, OpenCV and exact rationals: none of them wrote it."""

import dataclasses
import itertools
import math
import random
from fractions import Fraction

import cv2
import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

from convolver import Conv2DDesign, DataError, FIRDesign, Format, s8, u8
from convolver.designs import BOUNDARIES, MODES
from convolver.formats import OVERFLOWS, ROUNDINGS, round_shift
from convolver.sim import golden

SIDES = (1, 2, 3, 4, 7, 14, 15)
SHAPES = [*itertools.product(SIDES, SIDES)]
INT64_MAX = 2**63 - 1
SCIPY_SIGNAL = {"constant": "fill", "symmetric": "symm", "wrap": "wrap"}
SCIPY_NDIMAGE = {"constant": "constant", "edge": "nearest", "reflect": "mirror", "symmetric": "reflect", "wrap": "wrap"}
OPENCV = {
    "constant": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
}  # filter2D has no wrap


def pixels(rng, shape, signed):
    return rng.integers(-(2**15) if signed else 0, 2**15 if signed else 2**16, shape)


def weights(rng, shape):
    """A kernel that no flip leaves as it is, unless it has one weight or none of its axes is long."""
    return rng.integers(-(2**15), 2**15, shape)


# Convolution


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_2d_is_scipy_signal(shape, mode):
    rng = np.random.default_rng([*shape, len(mode)])
    for signed, boundary in itertools.product((False, True), SCIPY_SIGNAL):
        image, kernel = pixels(rng, (17, 19), signed), weights(rng, shape)
        fill = int(rng.integers(-9, 9)) if boundary == "constant" else 0
        for ours, theirs in (
            (golden.convolve2d, scipy.signal.convolve2d),
            (golden.correlate2d, scipy.signal.correlate2d),
        ):
            want = theirs(image, kernel, mode, SCIPY_SIGNAL[boundary], fill)
            got = ours(image, kernel, mode, boundary, fill)
            assert got.dtype == np.int64
            np.testing.assert_array_equal(got, want, f"{ours.__name__} {boundary} signed={signed}")


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_same_is_scipy_ndimage(shape, boundary):
    rng = np.random.default_rng([*shape, 1])
    image, kernel, fill = pixels(rng, (17, 19), True), weights(rng, shape), int(rng.integers(-9, 9))
    # Of an even size, ndimage.correlate takes the later of the two middle weights as its centre, size // 2, and so does
    # scipy.signal.convolve2d; scipy.signal.correlate2d takes the earlier one. An origin of -1 moves ndimage's by one.
    origin = [-1 if side % 2 == 0 else 0 for side in shape]
    want = scipy.ndimage.correlate(image, kernel, mode=SCIPY_NDIMAGE[boundary], cval=fill, origin=origin)
    np.testing.assert_array_equal(golden.correlate2d(image, kernel, "same", boundary, fill), want)
    # ndimage.convolve flips the centre with the kernel: the earlier one in the flipped window; -1 again moves it.
    want = scipy.ndimage.convolve(image, kernel, mode=SCIPY_NDIMAGE[boundary], cval=fill, origin=origin)
    np.testing.assert_array_equal(golden.convolve2d(image, kernel, "same", boundary, fill), want)


def test_where_even_sizes_are_centred():
    impulse = np.zeros((1, 8), int)
    impulse[0, 4] = 1
    kernel = np.array([[1, 2, 3, 4]])
    assert golden.convolve2d(impulse, kernel, "same").tolist() == [[0, 0, 0, 1, 2, 3, 4, 0]]
    assert golden.correlate2d(impulse, kernel, "same").tolist() == [[0, 0, 4, 3, 2, 1, 0, 0]]
    # In 1-D scipy.signal.correlate centres as convolve does.
    assert golden.convolve(impulse[0], kernel[0], "same").tolist() == [0, 0, 0, 1, 2, 3, 4, 0]
    assert golden.correlate(impulse[0], kernel[0], "same").tolist() == [0, 0, 0, 4, 3, 2, 1, 0]
    # What scipy.ndimage and OpenCV do if they are left alone.
    assert scipy.ndimage.convolve(impulse, kernel, mode="constant").tolist() == [[0, 0, 1, 2, 3, 4, 0, 0]]
    assert scipy.ndimage.correlate(impulse, kernel, mode="constant").tolist() == [[0, 0, 0, 4, 3, 2, 1, 0]]
    assert cv2.filter2D(impulse.astype(float), cv2.CV_64F, kernel.astype(float), borderType=cv2.BORDER_CONSTANT).tolist() == [
        [0, 0, 0, 4, 3, 2, 1, 0]
    ]


@pytest.mark.parametrize("boundary", OPENCV)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_same_is_opencv(shape, boundary):
    rng = np.random.default_rng([*shape, 2])
    image, kernel = pixels(rng, (17, 19), True), weights(rng, shape)
    # filter2D correlates; its anchor is (x, y), by default size // 2. That is ours for convolve2d; for correlate2d it's
    # the earlier of the two middle weights of an even size.
    for ours, turned, anchor in (
        (golden.correlate2d, kernel, ((shape[1] - 1) // 2, (shape[0] - 1) // 2)),
        (golden.convolve2d, kernel[::-1, ::-1], (shape[1] // 2, shape[0] // 2)),
    ):
        want = cv2.filter2D(
            image.astype(np.float64),
            cv2.CV_64F,
            np.ascontiguousarray(turned, np.float64),
            anchor=anchor,
            borderType=OPENCV[boundary],
        )
        assert abs(want - np.rint(want)).max() < 0.01  # large kernels go through a DFT there
        np.testing.assert_array_equal(ours(image, kernel, "same", boundary), np.rint(want).astype(np.int64))


SOBEL = np.array([[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]])


@pytest.mark.parametrize("boundary", OPENCV)
def test_several_kernels_magnitudes_and_thresholds_are_opencv(boundary):
    rng = np.random.default_rng(14)
    image = rng.integers(0, 256, (17, 19)).astype(np.uint8)
    x, y = (cv2.Sobel(image, cv2.CV_16S, *order, borderType=OPENCV[boundary]) for order in ((1, 0), (0, 1)))
    edges = Conv2DDesign(SOBEL, operation="correlate", boundary=boundary)
    np.testing.assert_array_equal(golden.run(edges, image), [x, y])
    np.testing.assert_array_equal(golden.run(edges.replace(absolute=True, output=None), image), [abs(x), abs(y)])
    one = edges.replace(kernel=SOBEL[1], absolute=True, output=u8)
    np.testing.assert_array_equal(golden.run(one, image), cv2.convertScaleAbs(y))
    magnitude = edges.replace(combine="sum_abs", output=None)
    strength = abs(x).astype(np.int32) + abs(y)
    np.testing.assert_array_equal(golden.run(magnitude, image), strength)
    for threshold in (0, 100, int(strength.max()), int(strength.min())):
        want = cv2.threshold(strength.astype(np.float32), threshold, 255, cv2.THRESH_BINARY)[1]
        np.testing.assert_array_equal(golden.run(magnitude.replace(threshold=threshold, output=u8), image), want)


def test_a_threshold_of_a_wide_result():
    """Its greatest number has no place in int64."""
    design = Conv2DDesign([[3]], threshold=100, output=Format(64, False), rows=1, columns=2)
    assert golden.run(design, np.array([[33, 34]])).tolist() == [[0, 2**64 - 1]]


@pytest.mark.parametrize("mode", MODES)
def test_a_stride_takes_every_so_many_of_scipys_results(mode):
    rng = np.random.default_rng(16)
    kernels = rng.integers(-9, 9, (2, 2, 3))
    for shape, stride in itertools.product([(2, 3), (9, 8), (11, 13)], [(2, 2), (1, 3), (4, 1), (20, 20)]):
        image = rng.integers(0, 256, shape)
        design = Conv2DDesign(kernels, mode=mode, boundary="wrap", stride=stride, operation="correlate")
        want = [scipy.signal.correlate2d(image, kernel, mode, "wrap")[:: stride[0], :: stride[1]] for kernel in kernels]
        np.testing.assert_array_equal(golden.run(design, image), want)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_magnitudes_are_rounded_once_and_compared_rounded(rounding):
    """Exact rationals, with sums beyond 64 bits."""
    high = 2**31 - 1
    design = Conv2DDesign(
        [[[-(2**31), 3]], [[high, -5]]], pixel="s32", mode="valid", combine="sum_abs", shift=3, rounding=rounding
    )
    image = np.random.default_rng(15).choice([-(2**31), -(2**31) + 1, -3, 0, 1, 6, high], (9, 9))
    exact = golden.run(design, image)
    for (row, column), got in np.ndenumerate(exact):
        pair = [int(pixel) for pixel in image[row, column : column + 2][::-1]]
        total = sum(abs(sum(a * b for a, b in zip(kernel[0], pair, strict=True))) for kernel in design.kernels)
        assert got == round_shift(total, 3, rounding)
    threshold = int(np.median(exact.astype(float)))
    binary = golden.run(design.replace(threshold=threshold, output="s70"), image)
    assert binary.tolist() == [[(2**69 - 1) * int(value > threshold) for value in line] for line in exact.tolist()]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_boundaries_go_by_the_names_of_numpy_pad(boundary):
    rng = np.random.default_rng(3)
    for shape in [(1, 1), (1, 5), (5, 1), (2, 3), (6, 4)]:
        image = rng.integers(-99, 99, shape)
        margins = ((15, 13), (14, 16))
        filling = {"constant_values": -7} if boundary == "constant" else {}
        np.testing.assert_array_equal(golden.pad(image, margins, boundary, -7), np.pad(image, margins, boundary, **filling))


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_kernels_larger_than_the_image(boundary):
    rng = np.random.default_rng(4)
    for shape, sides in itertools.product([(1, 1), (1, 4), (3, 1), (2, 3)], [(15, 15), (6, 5), (1, 8)]):
        image, kernel = rng.integers(-99, 99, shape), rng.integers(-99, 99, sides)
        flipped = kernel[::-1, ::-1]
        want = scipy.ndimage.correlate(image, flipped, mode=SCIPY_NDIMAGE[boundary], cval=5)
        np.testing.assert_array_equal(golden.convolve2d(image, kernel, "same", boundary, 5), want)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("mode", MODES)
def test_a_large_image_is_summed_in_blocks_without_a_seam(mode, boundary):
    rng = np.random.default_rng(5)
    image, kernel = rng.integers(0, 256, (300, 700), np.uint8), rng.integers(-99, 99, (4, 3))
    rows, columns = kernel.shape
    margins = {
        "full": ((rows - 1,) * 2, (columns - 1,) * 2),
        "same": ((rows // 2, (rows - 1) // 2), (columns // 2, (columns - 1) // 2)),
        "valid": ((0, 0), (0, 0)),
    }[mode]
    want = scipy.signal.convolve2d(np.pad(image.astype(np.int64), margins, boundary), kernel, "valid")
    np.testing.assert_array_equal(golden.convolve2d(image, kernel, mode, boundary), want)


@pytest.mark.parametrize("mode", MODES)
def test_1d_is_scipy_signal(mode):
    rng = np.random.default_rng(6)
    for length, taps in [(1, 1), (9, 1), (9, 2), (9, 5), (9, 9), (100, 8), (300, 256), (4, 9), (5, 8)]:
        x, h = rng.integers(-(2**15), 2**15, length), rng.integers(-(2**15), 2**15, taps)
        if mode == "valid" and taps > length:
            continue
        np.testing.assert_array_equal(golden.convolve(x, h, mode), scipy.signal.convolve(x, h, mode, "direct"))
        np.testing.assert_array_equal(golden.correlate(x, h, mode), scipy.signal.correlate(x, h, mode, "direct"))


def test_lfilter_is_scipy_signal():
    rng = np.random.default_rng(7)
    for length, taps in [(1, 1), (1, 9), (9, 1), (9, 9), (1000, 31), (300, 256), (20, 256)]:
        x, b = rng.integers(-(2**15), 2**15, length), rng.integers(-(2**12), 2**12, taps)
        want = scipy.signal.lfilter(b.astype(float), 1.0, x.astype(float))  # it refuses integers; these sums are exact
        np.testing.assert_array_equal(golden.lfilter(b, x), want.astype(np.int64))


def test_the_algebra_holds():
    rng = np.random.default_rng(8)
    x, a, b = rng.integers(-99, 99, (9, 8)), rng.integers(-99, 99, (4, 3)), rng.integers(-99, 99, (4, 3))
    np.testing.assert_array_equal(golden.convolve2d(x, a), golden.convolve2d(a, x))
    np.testing.assert_array_equal(golden.convolve2d(golden.convolve2d(x, a), b), golden.convolve2d(x, golden.convolve2d(a, b)))
    np.testing.assert_array_equal(golden.convolve2d(x, a) + golden.convolve2d(x, b), golden.convolve2d(x, a + b))
    np.testing.assert_array_equal(golden.convolve2d([[1]], a), a)
    np.testing.assert_array_equal(golden.correlate2d([[1]], a), a[::-1, ::-1])
    np.testing.assert_array_equal(golden.lfilter([1, 2, 3], [1, 0, 0, 0, 0]), [1, 2, 3, 0, 0])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32])
def test_small_dtypes_do_not_wrap(dtype):
    """scipy.signal.convolve2d and numpy.convolve keep the dtype and wrap without a word."""
    limits = np.iinfo(dtype)
    assert golden.convolve(np.full(2, limits.max, dtype), np.full(2, limits.max, dtype)).tolist() == [
        limits.max**2,
        2 * limits.max**2,
        limits.max**2,
    ]
    assert golden.convolve(np.full(1, limits.min, dtype), np.full(1, limits.min, dtype)).tolist() == [limits.min**2]


def test_sums_beyond_int64_are_python_integers():
    least = -(2**31)
    x = np.full(4, least, np.int32)
    assert np.convolve(x.astype(np.int64), x.astype(np.int64))[3] == 0  # numpy's answer: four times 2**62 wraps to nothing
    got = golden.convolve(x, x)
    assert got.dtype == object
    assert got.tolist() == [2**62, 2**63, 3 * 2**62, 2**64, 3 * 2**62, 2**63, 2**62]
    assert golden.convolve(x[:2], x[:1]).dtype == np.int64
    assert golden.convolve2d([[least] * 2] * 2, [[least] * 2] * 2, "valid").tolist() == [[2**64]]
    assert golden.lfilter(np.array([2**63, -1], object), [2**64, 1]).tolist() == [2**127, 2**63 - 2**64]


def test_the_bound_is_exact_at_the_edge_of_int64():
    for x, h, want in [
        ([INT64_MAX], [1], [INT64_MAX]),
        ([INT64_MAX, 1], [1, 1], [INT64_MAX, 2**63, 1]),
        ([-(2**63)], [1], [-(2**63)]),
        ([-(2**63)], [-1], [2**63]),
        ([2**62, 2**62], [-1, -1], [-(2**62), -(2**63), -(2**62)]),
    ]:
        got = golden.convolve(x, h)
        assert got.tolist() == want
        assert (got.dtype == np.int64) == all(-(2**63) <= y <= INT64_MAX for y in want)


def test_uint64_is_read_as_it_stands():
    assert golden.convolve(np.array([2**64 - 1], np.uint64), [1]).tolist() == [2**64 - 1]
    assert golden.convolve(np.array([5], np.uint64), [-1]).tolist() == [-5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: golden.convolve2d([[1]], [[1, 2]], "valid"),
            "In valid mode the kernel must not be larger than the image, 1x1, not 1x2",
        ),
        (
            lambda: golden.correlate2d([[1, 2]], [[1], [2]], "valid"),
            "In valid mode the kernel must not be larger than the image, 1x2, not 2x1",
        ),
        (
            lambda: golden.convolve([1], [1, 2], "valid"),
            "In valid mode the kernel must not be larger than the image, 1x1, not 1x2",
        ),
        (lambda: golden.convolve2d([[1]], [[1]], "some"), "Mode must be one of full, same, valid, not 'some'"),
        (
            lambda: golden.convolve2d([[1]], [[1]], "full", "symm"),
            "Boundary must be one of constant, edge, reflect, symmetric, wrap, not 'symm'",
        ),
        (lambda: golden.convolve2d([1], [[1]]), "Image must have 2 dimensions, not 1"),
        (lambda: golden.lfilter([1], [[1]]), "Samples must have 1 dimension, not 2"),
        (lambda: golden.convolve2d([[]], [[1]]), "Image must not be empty"),
        (lambda: golden.convolve2d([[1.5]], [[1]]), "Image must be integers, not float64"),
        (lambda: golden.convolve2d(np.array([[1, 1.5]], object), [[1]]), "Image must be integers"),
        (
            lambda: golden.requantise([1], 0, "up", u8),
            "Rounding must be one of floor, half_up, half_even, half_away, toward_zero, not 'up'",
        ),
        (lambda: golden.requantise([1], 0, "floor", u8, "clip"), "Overflow must be one of saturate, wrap, not 'clip'"),
        (lambda: golden.fir(FIRDesign([1], s8), [1, 128]), "Samples must be between -128 and 127 to fit s8, not 128"),
        (lambda: golden.conv2d(Conv2DDesign([[1]]), [[-1, 3]]), "Pixels must be between 0 and 255 to fit u8, not -1"),
        (lambda: golden.conv2d(Conv2DDesign([[1]], planes=3), [[1, 3]]), "Pixels must have 3 dimensions, not 2"),
        (lambda: golden.conv2d(Conv2DDesign([[1]], planes=3), [[[1, 3]]]), "An image must have 3 planes, not 2"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value) == message


# Output stage


def rational(value, shift, rounding):
    """A third formulation of the roundings: exact rationals."""
    exact = Fraction(value, 2**shift)
    match rounding:
        case "floor":
            return math.floor(exact)
        case "half_up":
            return math.floor(exact + Fraction(1, 2))
        case "half_even":
            return round(exact)
        case "half_away":
            return math.floor(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
        case "toward_zero":
            return math.trunc(exact)


def fitted(value, form, overflow):
    if overflow == "saturate":
        return sorted((form.min, value, form.max))[1]
    return value - 2**form.width * math.floor(Fraction(value - form.min, 2**form.width))


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_roundings_are_exact(rounding):
    rng = random.Random(9)
    wide = Format(200, True)
    for shift in range(8):
        values = [*range(-600, 600)]
        want = [rational(value, shift, rounding) for value in values]
        assert [round_shift(value, shift, rounding) for value in values] == want
        assert golden.requantise(values, shift, rounding, wide).tolist() == want
        assert golden.requantise(values, shift, rounding, Format(64, True)).tolist() == want
    for shift in (1, 20, 60, 61, 62, 63, 64, 74):
        edges = [sign * (1 << bits) + step for sign in (-1, 1) for bits in range(76) for step in (-1, 0, 1)]
        halves = [((2 * rng.randrange(-99, 99) + 1) << shift) >> 1 for _ in range(50)]
        values = edges + halves + [rng.randrange(-(2**74), 2**74) for _ in range(200)]
        want = [rational(value, shift, rounding) for value in values]
        assert [round_shift(value, shift, rounding) for value in values] == want
        assert golden.requantise(values, shift, rounding, wide).tolist() == want
        short = [value for value in values if -(2**63) <= value < 2**63]
        want = [rational(value, shift, rounding) for value in short]
        assert golden.requantise(short, shift, rounding, Format(64, True)).tolist() == want


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_no_bias_leaves_int64(rounding):
    for value in (2**62 - 1, 2**62, 2**63 - 1, -(2**62) - 1, 1 - 2**63):  # alone: a larger one beside it would hide it
        for shift in (1, 30, 60, 61, 62):
            got = golden.requantise([value], shift, rounding, Format(64, True))
            assert got.tolist() == [rational(value, shift, rounding)]


@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize(("width", "signed"), [*itertools.product((1, 2, 7, 8, 31, 32, 61, 62, 63, 64, 65, 74), (False, True))])
def test_overflows_are_exact(width, signed, overflow):
    rng = random.Random(width)
    form = Format(width, signed)
    edges = [edge + step for edge in (form.min, form.max, 0, -(2**63), 2**63 - 1, 2**62) for step in range(-3, 4)]
    values = edges + [rng.randrange(-(2 ** (width + 1)), 2 ** (width + 1)) for _ in range(300)]
    for chosen in (values, [value for value in values if -(2**63) <= value < 2**63]):
        got = golden.requantise(chosen, 0, "floor", form, overflow)
        assert got.tolist() == [fitted(value, form, overflow) for value in chosen]
        assert got.dtype == (object if width > 64 or (width == 64 and not signed) else np.int64)


def test_requantise_keeps_the_shape_and_its_input():
    values = np.arange(24).reshape(2, 3, 4)
    before = values.copy()
    assert golden.requantise(values, 1, "half_even", u8).shape == (2, 3, 4)
    assert golden.requantise(values, 0, "floor", Format(3, False)).max() == 7
    np.testing.assert_array_equal(values, before)


# Whole designs


def plainly(design, image):
    """A design spelt out pixel by pixel, in Python's own integers."""
    rows, columns = len(image), len(image[0])
    kernel_rows, kernel_columns = len(design.kernel), len(design.kernel[0])
    later = design.operation == "convolve"  # scipy centres an even size differently for the two
    margin_rows = {"full": kernel_rows - 1, "same": (kernel_rows - 1 + later) // 2, "valid": 0}[design.mode]
    margin_columns = {"full": kernel_columns - 1, "same": (kernel_columns - 1 + later) // 2, "valid": 0}[design.mode]
    padded_rows = np.pad(np.arange(rows), 40, design.boundary if design.boundary != "constant" else "edge")
    padded_columns = np.pad(np.arange(columns), 40, design.boundary if design.boundary != "constant" else "edge")

    def pixel(row, column):
        if design.boundary == "constant" and not (0 <= row < rows and 0 <= column < columns):
            return design.fill
        return int(image[padded_rows[row + 40]][padded_columns[column + 40]])

    def result(row, column):
        total = 0
        for i, j in itertools.product(range(kernel_rows), range(kernel_columns)):
            weight = design.kernel[i][j] if design.operation == "correlate" else design.kernel[~i][~j]
            total += weight * pixel(row - margin_rows + i, column - margin_columns + j)
        return fitted(rational(total, design.shift, design.rounding), design.output, design.overflow)

    shape = design.output_shape(rows, columns)
    return [[result(row, column) for column in range(shape[1])] for row in range(shape[0])]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_conv2d_is_the_design_spelt_out(boundary, mode):
    rng = random.Random(f"{boundary} {mode}")
    for operation, rounding, overflow in itertools.product(("convolve", "correlate"), ROUNDINGS, OVERFLOWS):
        pixel, coefficient = (Format(rng.randint(1, 16), rng.random() < 0.5) for _ in range(2))
        kernel = [
            [rng.randint(coefficient.min, coefficient.max) for _ in range(columns)]
            for columns in [rng.randint(1, 5)]
            for _ in range(rng.randint(1, 5))
        ]
        plain = Conv2DDesign(kernel, pixel, coefficient, operation=operation, mode=mode, boundary=boundary, columns=4)
        design = dataclasses.replace(
            plain,
            output=Format(rng.randint(1, 20), rng.random() < 0.5),
            shift=rng.randint(0, min(8, plain.accumulator.width)),
            rounding=rounding,
            overflow=overflow,
            fill=rng.randint(pixel.min, pixel.max),
        )
        smallest = (len(kernel), len(kernel[0])) if mode == "valid" else (1, 1)
        rows, columns = (rng.randint(side, 6) for side in smallest)
        image = [[rng.randint(pixel.min, pixel.max) for _ in range(columns)] for _ in range(rows)]
        got = golden.conv2d(design, image)
        assert got.shape == design.output_shape(rows, columns)
        assert got.tolist() == plainly(design, image), (design, image)
        assert golden.run(design, image).tolist() == got.tolist()


def test_planes_are_taken_one_by_one():
    image = np.random.default_rng(12).integers(0, 256, (5, 6, 3))
    for kernel in ([[1, -2], [3, 4]], [[[1, -2], [3, 4]], [[5, 6], [-7, 8]]]):
        design = Conv2DDesign(kernel, boundary="edge", planes=3)
        got = golden.run(design, image)
        for plane in range(3):
            assert got[..., plane].tolist() == golden.run(design.replace(planes=1), image[..., plane]).tolist()


def test_fir_is_lfilter_and_the_output_stage():
    rng = random.Random(10)
    for rounding, overflow in itertools.product(ROUNDINGS, OVERFLOWS):
        b = [rng.randint(-128, 127) for _ in range(rng.randint(1, 40))]
        x = [rng.randint(-128, 127) for _ in range(rng.randint(1, 60))]
        design = FIRDesign(b, s8, output=Format(9, True), shift=4, rounding=rounding, overflow=overflow)
        sums = [sum(b[k] * x[n - k] for k in range(len(b)) if k <= n) for n in range(len(x))]
        want = [fitted(rational(total, 4, rounding), Format(9, True), overflow) for total in sums]
        assert golden.fir(design, x).tolist() == want
        assert golden.run(design, x).tolist() == want


def test_the_extremes_of_the_widest_design_are_exact():
    widest = Format(32, True)
    for shape in ((15, 15), (2, 2)):
        design = Conv2DDesign([[-(2**31)] * shape[1]] * shape[0], widest, mode="valid")
        got = golden.conv2d(design, np.full(shape, -(2**31), np.int32))
        assert got.tolist() == [[shape[0] * shape[1] * 2**62]]
        assert got.dtype == object
    taps = FIRDesign([-(2**31)] * 256, widest)
    assert golden.fir(taps, [-(2**31)] * 256)[-1] == 2**70
    assert golden.fir(FIRDesign([-(2**31)] * 256, widest, output=widest, shift=40), [-(2**31)] * 256)[-1] == 2**30
