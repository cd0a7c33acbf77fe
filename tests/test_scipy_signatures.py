"""scipy's own calls: the same arguments in the same places, of any type with a clear meaning, and the same values."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.signal

import convolver
from convolver import Conv2DDesign, FIRDesign, opening

from .test_arguments import of

NAMES = ("convolve", "correlate", "convolve2d", "correlate2d", "lfilter")


@pytest.fixture(autouse=True)
def golden_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "open", of)


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_scipys(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(module, name)).parameters.values() for module in (convolver, scipy.signal))
    assert [(one.name, one.default, one.kind) for one in ours] == [(one.name, one.default, one.kind) for one in theirs]


A: list[tuple[Any, int]] = [
    (1, 1),
    ([1], 1),
    ((1.0, 0, 0.0), 1),
    (np.array([1, 0, 0, 0, 0, 0]), 1),
    (2, 2),
    ([2.0, 0], 2),
    (np.int8(-3), 3),
    (-1, 1),
    (0.5, 1),
    (np.array(4), 4),
    (range(1, 2), 1),
]


@pytest.mark.parametrize("seed", range(60))
def test_lfilter_is_scipys(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 6, random.integers(1, 4)).tolist())
    axis = int(random.integers(-len(shape), len(shape)))
    a, multiple = A[seed % len(A)]
    b, x = random.integers(-50, 50, random.integers(1, 6)) * multiple, random.integers(-99, 99, shape)
    divisors = np.atleast_1d(a).astype(float)
    zi = None
    if seed % 2:
        states = list(shape)
        states[axis] = max(len(b), len(divisors)) - 1
        zi = random.integers(-99, 99, states)
    want = scipy.signal.lfilter(b.astype(float), divisors, x.astype(float), axis, None if zi is None else zi.astype(float))
    got = convolver.lfilter(b, a, x, axis, zi)
    for one, other in zip(got if zi is not None else [got], want if zi is not None else [want], strict=True):
        assert one.dtype == np.int64
        np.testing.assert_array_equal(one, other)


def locked(array: Any) -> Any:
    array.flags.writeable = False
    return array


FORMS: dict[str, Callable[[Any], Any]] = {
    "list": lambda array: array.tolist(),
    "tuple of arrays": lambda array: tuple(array),
    "Fortran order": np.asfortranarray,
    "every second": lambda array: np.repeat(array, 2, axis=0)[::2],
    "backwards": lambda array: np.ascontiguousarray(array[::-1])[::-1],
    "read-only": lambda array: locked(array.copy()),
    "big-endian": lambda array: array.astype(">i4"),
    "int8": lambda array: array.astype(np.int8),
    "uint64": lambda array: abs(array).astype(np.uint64),
    "object": lambda array: array.astype(object),
    "bool": lambda array: array > 0,
    "list of bools": lambda array: (array > 0).tolist(),
    "bools in objects": lambda array: (array > 0).astype(object),
    "nothing masked": np.ma.masked_array,
    "filled": lambda array: np.ma.masked_array(array, array > 9).filled(0),
}


@pytest.mark.parametrize("form", FORMS)
def test_arrays_of_any_form(form: str) -> None:
    random = np.random.default_rng(len(form))
    make = FORMS[form]
    signal, taps = random.integers(-20, 20, 12), random.integers(-20, 20, 5)
    image, kernel = random.integers(-20, 20, (7, 6)), random.integers(-20, 20, (3, 2))
    plain = [np.array(make(array), dtype=np.int64) for array in (signal, taps, image, kernel)]
    for name in ("convolve", "correlate"):
        got = getattr(convolver, name)(make(signal), make(taps), "same", "direct")
        np.testing.assert_array_equal(got, getattr(scipy.signal, name)(plain[0], plain[1], "same", "direct"))
    for name in ("convolve2d", "correlate2d"):
        got = getattr(convolver, name)(make(image), make(kernel), "same", "fill", 3)
        np.testing.assert_array_equal(got, getattr(scipy.signal, name)(plain[2], plain[3], "same", "fill", 3))
    # Devices and designs take what the functions take.
    fir, blur = FIRDesign(make(taps), coefficient="s8"), Conv2DDesign(make(kernel), pixel="s8", coefficient="s8")
    assert fir == FIRDesign(plain[1], coefficient="s8")
    assert blur == Conv2DDesign(plain[3], pixel="s8", coefficient="s8")
    np.testing.assert_array_equal(of(fir)(make(signal)), of(fir)(plain[0]))
    np.testing.assert_array_equal(of(blur)(make(image)), of(blur)(plain[2]))
    loadable = FIRDesign([0] * 5, coefficient="s8", loadable=True)
    device = of(loadable)
    device.load(make(taps))
    np.testing.assert_array_equal(device(plain[0]), convolver.lfilter(plain[1], 1, plain[0]))


@pytest.mark.parametrize("method", ["auto", "direct", "fft", np.str_("fft")])
def test_every_method_is_exact(method: str) -> None:
    x, h = np.full(40, 2**31 - 1), np.full(30, -(2**20))
    for name in ("convolve", "correlate"):
        got = getattr(convolver, name)(x, h, "full", method)
        np.testing.assert_array_equal(got, getattr(scipy.signal, name)(x, h, "full", "direct"))


@pytest.mark.parametrize("fill", [7, 7.0, np.int8(7), np.float32(7), np.array(7), np.array([7.0])])
def test_a_fill_of_any_type(fill: Any) -> None:
    image, kernel = [[1, 2], [3, 4]], [[1, 2, 3]]
    want = scipy.signal.convolve2d(image, kernel, "full", "fill", 7)
    np.testing.assert_array_equal(convolver.convolve2d(image, kernel, "full", "fill", fill), want)


@pytest.mark.parametrize("one", [3, 3.0, np.int64(3), np.float64(3), np.array(3)])
def test_a_number_may_come_as_any_type(one: Any) -> None:
    design = FIRDesign([8, 3, 5], shift=one, clocks_per_sample=one, data=convolver.Format(one, True))
    plain = FIRDesign([8, 3, 5], shift=3, clocks_per_sample=3, data=convolver.Format(3, True))
    assert design == plain
    assert design.to_json() == plain.to_json()
    assert Conv2DDesign([[1]], rows=one, columns=one, stride=(one, 1), planes=one).to_json() == (
        Conv2DDesign([[1]], rows=3, columns=3, stride=(3, 1), planes=3).to_json()
    )


MASKED = np.ma.masked_array([[1, 2], [3, 4]], [[0, 1], [0, 0]])
LOST = "must have no masked values, as their mask would be lost; filled(0) puts zeros in their place"


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: convolver.convolve(MASKED[0], [1]), "in1"),
        (lambda: convolver.convolve([1], [1, np.ma.masked]), "in2"),
        (lambda: convolver.convolve2d(MASKED, [[1]]), "in1"),
        (lambda: convolver.correlate2d([[1]], [MASKED[0], MASKED[1]]), "in2"),
        (lambda: convolver.lfilter(MASKED[0], 1, [1]), "b"),
        (lambda: convolver.lfilter([1], 1, MASKED[0]), "x"),
        (lambda: convolver.lfilter([1, 2, 3], 1, [1], zi=MASKED[0]), "zi"),
        (lambda: convolver.quantize(MASKED, "s8"), "A kernel"),
        (lambda: FIRDesign(MASKED[0]), "Coefficients"),
        (lambda: Conv2DDesign(MASKED), "Kernel"),
        (lambda: Conv2DDesign([MASKED[0], MASKED[1]]), "Kernel"),
        (lambda: of(FIRDesign([1]))(MASKED[0]), "Samples"),
        (lambda: of(Conv2DDesign([[1]]))(MASKED), "Pixels"),
        (lambda: of(FIRDesign([1, 2], loadable=True)).load(MASKED[0]), "Coefficients"),
    ],
)
def test_a_mask_is_never_dropped(call: Callable[[], Any], name: str) -> None:
    with pytest.raises(convolver.ConvolverError) as caught:
        call()
    assert str(caught.value) == f"{name} {LOST}"
