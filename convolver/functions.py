"""Functions with scipy's signatures and meaning, run on the twin, exact.

Each picks a design whose formats and sizes are rounded up and whose coefficients are loaded, so that one compiled twin serves
many calls. In 2-D all modes and boundaries and both operations share it, since the border is put around the image here and
the core runs ``valid``; a core that makes its own border is what a `Conv2DDesign` describes. Where scipy keeps a small dtype
and wraps, these give int64; where a result doesn't fit that, an object array of Python integers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from . import opening
from .arguments import (
    KERNEL_HINT,
    Array,
    any_masked,
    array,
    as_array,
    between,
    choice,
    exact,
    integer,
    is_sequence,
    items,
    shown,
)
from .designs import BOUNDARIES, MODES, Boundary, Conv2DDesign, Design, FIRDesign, Mode
from .designs.borders import border_of
from .designs.orientation import CONVOLVE, CORRELATE, Orientation
from .errors import DataError, DesignError
from .padding import boundary_for, padded
from .twin_formats import coefficient_format, sample_format

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "lfilter"]

SCIPY_BOUNDARIES: dict[str, Boundary] = {
    "fill": "constant",
    "wrap": "wrap",
    "symm": "symmetric",
    **{boundary: boundary for boundary in BOUNDARIES},
}
"""scipy.signal's words, and numpy.pad's."""

Outside = Literal["fill", "wrap", "symm", "constant", "edge", "reflect", "symmetric"]
Method = Literal["auto", "direct", "fft"]
METHODS: tuple[Method, ...] = get_args(Method)
MAX_ROWS, MAX_COLUMNS, MAX_SIDE, MAX_TAPS = 65535, 16384, 15, 256
MIN_COLUMNS = 64
"""Narrower images share one twin."""

SAMPLE_HINT = "scale and round the samples first"


def convolve2d(
    in1: ArrayLike,
    in2: ArrayLike,
    mode: Mode = "full",
    boundary: Outside = "fill",
    fillvalue: ArrayLike = 0,
) -> Array:
    """Convolves an image with a flipped kernel in 2-D: `scipy.signal.convolve2d`, run on the twin.

    One pixel a clock; the first call of a kind compiles its twin.

    Parameters
    ----------
    in1 : 2-D array-like of int
        The image: with its borders up to 65535 rows and 16384 columns, values of up to 32 bits, signed or unsigned.
    in2 : 2-D array-like of int
        The kernel: 1x1 to 15x15, values of up to 32 bits; `convolver.quantize` makes one of floats.
    mode : {"full", "same", "valid"}
        Size of the result: wherever the two touch, that of `in1`, centred as scipy centres it, or only where `in2` lies inside.
    boundary : {"fill", "wrap", "symm"}
        What stands outside the image; numpy.pad's names (``constant``, ``edge``, ``reflect``, ``symmetric``, ``wrap``) too.
    fillvalue : int
        The pixel outside under ``fill``.

    Returns
    -------
    ndarray
        The exact sums: int64, or object (Python integers) where one of them doesn't fit.

    Raises
    ------
    DataError
        If an array isn't 2-D, is empty, too large or not of integers, or if `in2` is larger than `in1` in ``valid`` mode
        (scipy swaps the two).
    DesignError
        If `mode` or `boundary` isn't one of its words.
    ToolError
        If the twin can't be compiled.
    """
    return _filter2d(CONVOLVE, in1, in2, mode, boundary, fillvalue)


def correlate2d(
    in1: ArrayLike,
    in2: ArrayLike,
    mode: Mode = "full",
    boundary: Outside = "fill",
    fillvalue: ArrayLike = 0,
) -> Array:
    """Correlates an image with a kernel, not flipped, in 2-D: `scipy.signal.correlate2d`, run on the twin.

    As `convolve2d`; in ``same`` mode even sizes are centred as scipy.signal.correlate2d does it, one place off `convolve2d`.
    """
    return _filter2d(CORRELATE, in1, in2, mode, boundary, fillvalue)


def convolve(in1: ArrayLike, in2: ArrayLike, mode: Mode = "full", method: Method = "auto") -> Array:
    """Convolves two signals, one of them flipped, in 1-D: `scipy.signal.convolve`, run on the twin.

    One sample a clock; the first call of a kind compiles its twin.

    Parameters
    ----------
    in1, in2 : 1-D array-like of int
        Values of up to 32 bits, signed or unsigned; the shorter has at most 256 of them.
    mode : {"full", "same", "valid"}
        Length of the result: wherever the two touch, that of `in1`, centred, or only where `in2` lies inside `in1`.
    method : {"auto", "direct", "fft"}
        scipy's, which changes nothing here: the result is exact.

    Returns
    -------
    ndarray
        The exact sums: int64, or object (Python integers) where one of them doesn't fit.

    Raises
    ------
    DataError
        If an array isn't 1-D, is empty, too long or not of integers, or if `in2` is longer than `in1` in ``valid`` mode
        (scipy swaps the two).
    DesignError
        If `mode` or `method` isn't one of its words.
    ToolError
        If the twin can't be compiled.
    """
    choice("Method", method, METHODS)
    return _filter1d(_signal("in1", in1), _signal("in2", in2), mode)


def correlate(in1: ArrayLike, in2: ArrayLike, mode: Mode = "full", method: Method = "auto") -> Array:
    """Correlates two signals, neither flipped, in 1-D: `scipy.signal.correlate`, run on the twin; otherwise as `convolve`."""
    choice("Method", method, METHODS)
    return _filter1d(_signal("in1", in1), _signal("in2", in2)[::-1], mode)


def _signal(name: str, values: ArrayLike) -> Array:
    found = array(name, values, KERNEL_HINT)
    if found.ndim != 1:
        images = "; convolve2d and correlate2d take images" if found.ndim == 2 else ""
        raise DataError(f"{name} must have 1 dimension, not {found.ndim}{images}")
    return found


def lfilter(
    b: ArrayLike, a: ArrayLike, x: ArrayLike, axis: int = -1, zi: ArrayLike | None = None
) -> Array | tuple[Array, Array]:
    """Filters a signal with a causal FIR filter: `scipy.signal.lfilter` without feedback, run on the twin.

    One sample a clock; the first call of a kind compiles its twin.

    Parameters
    ----------
    b : 1-D array-like of int
        1 to 256 taps of up to 32 bits; `convolver.quantize` makes them of floats.
    a : number, or 1-D array-like
        What `b` is divided by, which must leave integers; behind it zeros alone, as there is no feedback.
    x : array-like of int
        The signal, values of up to 32 bits, signed or unsigned; of several dimensions, many signals along one of them.
    axis : int
        The dimension along which `x` is filtered.
    zi : array-like of int, optional
        The filter's state before `x`, as a call for the signal before `x` gave it; zeros for silence. Of the shape of `x`, but
        one value less than the longer of `a` and `b` has along `axis`.

    Returns
    -------
    y : ndarray
        As many exact sums as samples: int64, or object (Python integers) where one of them doesn't fit.
    zf : ndarray
        The state behind `x`, if `zi` was given: what comes out of the filter if nothing but zeros follow.

    Raises
    ------
    DataError
        If an array is empty, too long or not of integers, or of the wrong shape, or `a` doesn't divide `b`.
    DesignError
        If `a` has a number behind its first.
    ToolError
        If the twin can't be compiled.
    """
    taps, divisors = _feedforward(b, a)
    samples = array("x", x, SAMPLE_HINT)
    if samples.ndim == 0:
        raise DataError("x must have 1 dimension or more, not 0")
    place = between("axis", axis, -samples.ndim, samples.ndim - 1, DataError)
    shape = list(samples.shape)
    shape[place] = max(len(taps), divisors) - 1
    state = None if zi is None else np.moveaxis(_state(zi, tuple(shape)), place, -1)
    lines = np.moveaxis(samples, place, -1)
    length = lines.shape[-1]
    # Zeros behind a line drive the state out, before the next one comes.
    tail = np.zeros((*lines.shape[:-1], len(taps) - 1), lines.dtype)
    whole = _fir(taps, np.concatenate([lines, tail], axis=-1).ravel(), "b", "x").reshape((*tail.shape[:-1], -1))
    if state is None:
        return np.moveaxis(whole[..., :length], -1, place)
    more = np.zeros((*lines.shape[:-1], shape[place] - len(taps) + 1), int)
    whole = np.concatenate([whole, more], axis=-1).astype(object)
    whole[..., : shape[place]] += state
    if _int64_holds(whole):
        whole = whole.astype(np.int64)
    return np.moveaxis(whole[..., :length], -1, place), np.moveaxis(whole[..., length:], -1, place)


def _feedforward(b: ArrayLike, a: ArrayLike) -> tuple[Array, int]:
    """The taps of a filter whose `a` is no more than a divisor, and the length of `a`."""
    taps = array("b", b, KERNEL_HINT)
    if taps.ndim > 1:
        raise DataError(f"b must have 1 dimension, not {taps.ndim}")
    taps = np.atleast_1d(taps)
    divisor, length = _divisor(a)
    if divisor == 1:
        return taps, length
    divided = [Fraction(int(tap)) / divisor for tap in taps]
    for tap, quotient in zip(taps, divided, strict=True):
        if quotient.denominator != 1:
            by = shown(divisor.numerator if divisor.denominator == 1 else divisor)
            rule = f"b must be divisible by a[0], {by}, as results are integers"
            raise DataError(f"{rule}, not {shown(int(tap))}; divide the results")
    return np.array([int(quotient) for quotient in divided], object), length


def _divisor(a: ArrayLike) -> tuple[Fraction, int]:
    """The first number of `a`, which must be the only one beside zeros, and how many there are."""
    found = [exact(value) for value in items("a", a)] if is_sequence(a) and not any_masked(a) else [exact(a)]
    if None in found or not found:
        raise DesignError(f"a must be a number, or a row of them, not {shown(a)}")
    first, *others = found
    if any(others):
        raise DesignError(f"a must have zeros behind its first, since a FIR filter has no feedback, not {shown(a)}")
    if not first:
        raise DesignError(f"a must begin with a number other than 0, not {shown(a)}")
    return first, len(found)


def _state(zi: ArrayLike, shape: tuple[int, ...]) -> Array:
    """A state of that shape, which may be empty."""
    state = as_array("zi", zi)
    if state.shape == shape and state.size == 0:
        return np.zeros(shape, object)
    state = array("zi", state, SAMPLE_HINT)
    if state.shape != shape:
        rule = f"zi must have the shape of x, but along the axis one value less than the longer of a and b, {shape}"
        raise DataError(f"{rule}, not {state.shape}")
    return state.astype(object)


def _filter2d(
    orientation: Orientation,
    in1: ArrayLike,
    in2: ArrayLike,
    mode: Mode,
    boundary: Outside,
    fillvalue: ArrayLike,
) -> Array:
    image, kernel = array("in1", in1, SAMPLE_HINT, 2), array("in2", in2, KERNEL_HINT, 2)
    border = boundary_for("Boundary", boundary, SCIPY_BOUNDARIES)
    outside = border_of(choice("Mode", mode, MODES), border)
    only = isinstance(fillvalue, np.ndarray) and fillvalue.size == 1
    fill = integer("fillvalue", np.reshape(fillvalue, ()) if only else fillvalue)
    sides = kernel.shape
    if max(sides) > MAX_SIDE:
        raise DataError(f"in2 must have at most {MAX_SIDE} rows and columns, not {_by(sides)}")
    margins = [outside.margins(*orientation.window(side)) for side in sides]
    rows, columns = (size + sum(margin) for size, margin in zip(image.shape, margins, strict=True))
    if rows < sides[0] or columns < sides[1]:
        raise DataError(f"In valid mode in2 must not be larger than in1, {_by(image.shape)}, not {_by(sides)}")
    name = "in1 with its borders" if any(map(any, margins)) else "in1"
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        raise DataError(f"{name} must have at most {MAX_ROWS} rows and {MAX_COLUMNS} columns, not {rows}x{columns}")
    around = padded(image, margins, border, fill)
    design = Conv2DDesign(
        ((0,) * sides[1],) * sides[0],
        pixel=sample_format(name, around, image.dtype),
        coefficient=coefficient_format("in2", kernel),
        operation="correlate",
        mode="valid",
        rows=MAX_ROWS,
        columns=max(1 << (columns - 1).bit_length(), MIN_COLUMNS),
        loadable=True,
    )
    return _run(design, kernel[:: orientation.step, :: orientation.step], around)


def _filter1d(x: Array, h: Array, mode: Mode) -> Array:
    """The 1-D convolution: the part that `mode` asks for of what a filter with the shorter of the two gives."""
    # The boundary is of no account: what stands outside is zero.
    before, after = border_of(choice("Mode", mode, MODES), "constant").margins(*CONVOLVE.window(len(h)))
    if before + len(x) + after < len(h):
        raise DataError(f"In valid mode in2 must not be longer than in1, {len(x)}, not {len(h)}")
    names = ("in2", "in1") if len(h) <= len(x) else ("in1", "in2")
    taps, samples = (h, x) if len(h) <= len(x) else (x, h)
    full = _fir(taps, np.concatenate([samples, np.zeros(len(taps) - 1, samples.dtype)]), *names)
    return full[len(h) - 1 - before : len(x) + after]


def _fir(taps: Array, samples: Array, taps_name: str, samples_name: str) -> Array:
    if len(taps) > MAX_TAPS:
        raise DataError(f"{taps_name} must have at most {MAX_TAPS} values to be taps, not {len(taps)}")
    design = FIRDesign(
        (0,) * len(taps),
        data=sample_format(samples_name, samples, samples.dtype),
        coefficient=coefficient_format(taps_name, taps),
        loadable=True,
    )
    return _run(design, taps, samples)


def _run(design: Design, coefficients: Array, samples: Array) -> Array:
    with opening.open(design) as device:
        device.load(coefficients)
        result = device(samples)
    if result.dtype == object and _int64_holds(result):
        return result.astype(np.int64)
    return result


def _int64_holds(values: Array) -> bool:
    return int(values.min()) >= -(1 << 63) and int(values.max()) < 1 << 63


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
