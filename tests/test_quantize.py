"""Integer kernels from real ones: exact rounding, and nothing lost in silence."""

import math
from fractions import Fraction

import numpy as np
import pytest

import convolver
from convolver import Conv2DDesign, DesignError, FIRDesign, Format, q1_7, q1_15, s8, s16, u8
from convolver.quantize import Quantized, quantize


def test_rounds_to_nearest_ties_to_even():
    steps = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49, 0.51, -0.51]
    quantized = quantize([step / 128 for step in steps], q1_7)
    assert quantized.coefficients == (-2, -2, 0, 0, 2, 2, 0, 1, -1)
    assert quantized.vanished == 3
    assert quantized.clipped == 0


@pytest.mark.parametrize("fraction", [0, 1, 7, 15, 40, 200])
def test_equals_exact_rationals(fraction):
    rng = np.random.default_rng(fraction)
    form = Format(fraction + 12, True, fraction)
    kernel = rng.normal(size=(7, 4)) * 100
    got = quantize(kernel, form)
    errors = []
    for value, integer in zip(kernel.flat, got.coefficients, strict=True):
        error = Fraction(integer) / 2**fraction - Fraction(float(value))
        assert abs(error) <= Fraction(1, 2 ** (fraction + 1))
        errors.append(error)
    assert got.error == float(max(abs(error) for error in errors))
    assert got.rms_error == pytest.approx(math.sqrt(sum(float(error) ** 2 for error in errors) / 28))
    assert got.gain_error == float(sum(errors))
    assert np.array_equal(got.values, np.reshape(np.array(got.coefficients, object), (7, 4)))
    assert got.values.dtype == (np.int64 if form.width <= 64 else object)


def test_errors_of_a_small_kernel():
    quantized = quantize([[0.3, 0.3], [0.3, 0.1]], Format(8, True, 4))  # 4.8, 4.8, 4.8, 1.6 sixteenths
    assert quantized.kernel == ((5, 5), (5, 2))
    assert quantized.error == pytest.approx(0.4 / 16)
    assert quantized.rms_error == pytest.approx(math.sqrt((3 * 0.2**2 + 0.4**2) / 4) / 16)
    assert quantized.gain_error == pytest.approx(1 / 16)
    assert str(quantized) == (
        "2x2 coefficients in q4_4, greatest error 0.025 (0.4 steps), rms error 0.0165, gain error +0.0625"
    )


def test_the_summary_tells_what_vanished_and_what_was_clipped():
    text = str(quantize([0.001, 1.0, -3.0, 0.0], q1_7, clip=True))
    assert text == (
        "4 coefficients in q1_7, greatest error 2 (256 steps), rms error 1, gain error +1.99, 1 became zero, 2 clipped"
    )


def test_an_integer_kernel_without_fraction_loses_nothing():
    quantized = quantize([[1, -2], [3, 127]], s8)
    assert quantized.kernel == ((1, -2), (3, 127))
    assert (quantized.error, quantized.rms_error, quantized.gain_error, quantized.vanished) == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", [float, np.float16, np.float32, np.float64, Fraction, int])
def test_takes_every_kind_of_real_number(kind):
    kernel = [kind(1), kind(-2), kind(3)]
    assert quantize(kernel, "q8_2").coefficients == (4, -8, 12)


def test_is_a_kernel_wherever_one_is_taken():
    taps = quantize([0.25, -0.5, 0.125], q1_15)
    design = FIRDesign(taps, coefficient=taps.format, shift=taps.format.fraction)
    assert design.coefficients == taps.coefficients == (8192, -16384, 4096)
    assert list(taps) == [8192, -16384, 4096]
    assert len(taps) == 3
    assert np.asarray(taps).tolist() == [8192, -16384, 4096]
    assert np.asarray(taps, dtype=np.int32).dtype == np.int32
    kernel = quantize([[0.25, -0.5], [0.125, 0.5]], q1_7)
    assert Conv2DDesign(kernel).kernel == kernel.kernel == ((32, -64), (16, 64))
    assert np.asarray(kernel).shape == (2, 2)
    assert len(kernel) == 2
    assert kernel == quantize([[0.25, -0.5], [0.125, 0.5]], "q1_7")


def test_is_reached_from_the_package():
    assert convolver.quantize is quantize
    assert isinstance(convolver.quantize([0.5], "q1_7"), Quantized)


@pytest.mark.parametrize(
    ("kernel", "form", "message"),
    [
        (
            [0.5, 1.0],
            q1_15,
            "Coefficients must be between -1 and 0.9999694824 to fit q1_15, not 1; "
            "take a format with more bits before the point, or clip=True",
        ),
        (
            [[0.5], [-1.25]],
            q1_7,
            "Coefficients must be between -1 and 0.9921875 to fit q1_7, not -1.25; "
            "take a format with more bits before the point, or clip=True",
        ),
        (
            [-1],
            u8,
            "Coefficients must be between 0 and 255 to fit u8, not -1; "
            "take a format with more bits before the point, or clip=True",
        ),
        ([1.0, math.nan], s16, "Coefficients must be finite, not nan"),
        ([math.inf], s16, "Coefficients must be finite, not inf"),
        ([[-math.inf]], s16, "Coefficients must be finite, not -inf"),
        ([1j], s16, "Coefficients must be real numbers, not 1j"),
        (["1"], s16, "Coefficients must be real numbers, not '1'"),
        ([], s16, "A kernel must not be empty"),
        ([[]], s16, "A kernel must not be empty"),
        (1.0, s16, "A kernel must have 1 or 2 dimensions, not 0"),
        ([[[1.0]]], s16, "A kernel must have 1 or 2 dimensions, not 3"),
        ([[1.0], [1.0, 2.0]], s16, "A kernel must be an array; its rows differ in length"),
        ([1.0], 16, "A kernel is quantised to a Format such as convolver.q1_15, or its name, not 16"),
        ([1.0], "q15", "A format is written like u8, s16, q1_15 or uq0_8, not 'q15'"),
    ],
)
def test_refusals(kernel, form, message):
    with pytest.raises(DesignError) as caught:
        quantize(kernel, form)
    assert str(caught.value) == message


def test_rounding_may_not_reach_beyond_the_format():
    """The greatest value rounds up to one that doesn't fit: told, and clipped only if asked."""
    with pytest.raises(DesignError):
        quantize([0.997], q1_7)
    quantized = quantize([0.997, -1.003], q1_7, clip=True)
    assert quantized.coefficients == (127, -128)
    assert quantized.clipped == 1
