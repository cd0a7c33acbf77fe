"""Changes of rate with scipy's signatures and meaning, run on the twin, exact.

Each picks a design whose formats are rounded up and whose coefficients are loaded, so that one compiled twin serves
many calls."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from . import opening
from .arguments import KERNEL_HINT, Array, array, between, choice, exact, flag, integer, scalar, shown
from .designs import Boundary, ResampleDesign
from .designs.resample import MAX_RATE, MAX_RATE_TAPS
from .errors import DataError, DesignError
from .formats import Format
from .padding import boundary_for, padded
from .quantize import Quantized, quantize
from .twin_formats import coefficient_format, sample_format

__all__ = ["decimate", "resample_poly", "upfirdn"]

BOUNDARIES: dict[str, Boundary] = {
    "constant": "constant",
    "wrap": "wrap",
    "edge": "edge",
    "symmetric": "symmetric",
    "reflect": "reflect",
}
"""scipy.signal.upfirdn's words for what stands outside a signal, as far as these are samples of it, or `cval`."""

PadType = Boundary | Literal["minimum", "maximum"]

LEVELS = {"minimum": np.min, "maximum": np.max}
"""What resample_poly takes off a signal first, as far as that is a sample."""

DESIGNED = Format(32, True, 30)
"""What the coefficients of a window are rounded to."""

HINT = "scale and round the samples first"


def upfirdn(
    h: ArrayLike,
    x: ArrayLike,
    up: int = 1,
    down: int = 1,
    axis: int = -1,
    mode: Boundary = "constant",
    cval: float = 0,
) -> Array:
    """Puts zeros between samples, filters, and leaves samples out: `scipy.signal.upfirdn`, run on the twin.

    ``y[n] = sum(h[n * down - k * up] * x[k])``, from ``n = 0`` to the last one that any sample reaches. One sample or
    one result a clock; the first call of a kind compiles its twin.

    Parameters
    ----------
    h : 1-D array-like of int
        1 to 2048 taps of up to 32 bits, at the rate of `x` times `up`; `convolver.quantize` makes them of floats.
    x : array-like of int
        The signal, values of up to 32 bits, signed or unsigned; of several dimensions, many signals along one of them.
    up, down : int
        1 to 64, without the factors that they share.
    axis : int
        The dimension along which `x` is filtered.
    mode : {"constant", "wrap", "edge", "symmetric", "reflect"}
        What stands outside a signal.
    cval : int
        The sample outside under ``constant``.

    Returns
    -------
    ndarray
        ``((N - 1) * up + taps - 1) // down + 1`` exact sums for N samples: int64, or object (Python integers) where one
        of them doesn't fit.

    Raises
    ------
    DataError
        If an array is empty, too long or not of integers, or a number is out of its range.
    DesignError
        If `mode` isn't one of its words.
    ToolError
        If the twin can't be compiled.
    """
    taps = _taps("h", h)
    samples, place = _signals(x, axis)
    lines = np.moveaxis(samples, place, -1)
    boundary = boundary_for("Mode", mode, BOUNDARIES)
    up, down, common = _rate(up, down)
    # Of rates that share a factor no result meets the other coefficients; but scipy counts them.
    wanted = ((lines.shape[-1] - 1) * up * common + len(taps) - 1) // (down * common) + 1
    results = _filtered(taps[::common], lines, up, down, boundary, _whole("cval", cval), None, wanted)
    return np.moveaxis(results, -1, place)


def resample_poly(
    x: ArrayLike,
    up: int,
    down: int,
    axis: int = 0,
    window: Any = ("kaiser", 5.0),
    padtype: PadType = "constant",
    cval: float | None = None,
) -> Array:
    """Changes a signal's rate by ``up / down``, in place: `scipy.signal.resample_poly`, run on the twin.

    Parameters
    ----------
    x : array-like of int
        As of `upfirdn`.
    up, down : int
        1 to 64, without the factors that they share.
    axis : int
        The dimension along which `x` is filtered.
    window : str, tuple, or 1-D array-like of int
        Integers are the taps, and results exact. Of a window's name the low-pass is designed that scipy designs; its
        coefficients are rounded to 30 bits behind the point, and results to integers, ties to even.
    padtype : {"constant", "wrap", "edge", "symmetric", "reflect", "minimum", "maximum"}
        What stands outside a signal, or which of its samples is its zero.
    cval : int, optional
        The sample outside under ``constant``; by default 0.

    Returns
    -------
    ndarray
        ``ceil(N * up / down)`` results, int64, or object where one of them doesn't fit.

    Raises
    ------
    DataError, DesignError, ToolError
        As of `upfirdn`.
    """
    samples, place = _signals(x, axis)
    choice("Padtype", padtype, [*BOUNDARIES, *LEVELS])
    if cval is not None and padtype != "constant":
        raise DataError(f"cval must be left out unless padtype is 'constant', not {shown(cval)} beside {padtype!r}")
    up, down, _ = _rate(up, down)
    lines = np.moveaxis(samples, place, -1)
    if up == down == 1:
        return samples.copy()
    fraction = None
    if isinstance(window, list | np.ndarray):
        taps = _taps("window", window) * up
    else:
        found = _designed(20 * max(up, down) + 1, 1 / max(up, down), window, up)
        taps, fraction = np.array(found.coefficients), found.format.fraction
    outside = 0 if cval is None else _whole("cval", cval)
    return np.moveaxis(_centred(taps, lines, up, down, padtype, outside, fraction), -1, place)


def decimate(
    x: ArrayLike, q: int, n: int | None = None, ftype: Literal["iir", "fir"] = "iir", axis: int = -1, zero_phase: bool = True
) -> Array:
    """Takes each `q`-th sample behind a low-pass: `scipy.signal.decimate` with ``ftype="fir"``, run on the twin.

    scipy's filter is designed, a Hamming window of ``n + 1`` taps; its coefficients are rounded to 30 bits behind the
    point, and results to integers, ties to even.

    Parameters
    ----------
    x : array-like of int
        As of `upfirdn`.
    q : int
        2 to 64.
    n : int, optional
        Order of the filter, by default ``20 * q``.
    ftype : {"fir"}
        An IIR filter, scipy's default, has feedback, and is refused.
    axis : int
        The dimension along which `x` is filtered.
    zero_phase : bool
        Whether the filter's delay is taken off.

    Raises
    ------
    DataError, DesignError, ToolError
        As of `upfirdn`.
    """
    word = scalar(ftype)
    if not isinstance(word, str) or word != "fir":
        raise DesignError(f"ftype must be 'fir', as there is no feedback, not {shown(ftype)}")
    samples, place = _signals(x, axis)
    q = between("q", q, 2, MAX_RATE, DataError)
    centred = flag("zero_phase", zero_phase, DataError)
    order = 20 * q if n is None else between("n", n, 0, MAX_RATE_TAPS - 1, DataError)
    found = _designed(order + 1, 1 / q, "hamming", 1)
    taps = np.array(found.coefficients)
    lines = np.moveaxis(samples, place, -1)
    if centred:
        results = _centred(taps, lines, 1, q, "constant", 0, found.format.fraction)
    else:
        results = _filtered(taps, lines, 1, q, "constant", 0, found.format.fraction)[..., : -(-lines.shape[-1] // q)]
    return np.moveaxis(results, -1, place)


def _centred(taps: Array, lines: Array, up: int, down: int, padtype: str, cval: int, fraction: int | None) -> Array:
    """The results that begin with each signal's first sample, of a filter whose middle tap stands there."""
    half = (len(taps) - 1) // 2
    before = down - half % down  # so that the middle one is a result's
    wanted, skipped = -(-lines.shape[-1] * up // down), (half + before) // down
    level = None
    if padtype in LEVELS:
        level = LEVELS[padtype](lines, axis=-1, keepdims=True)
        lines = lines - level
    boundary = BOUNDARIES.get(padtype, "constant")
    # Taps of 0 behind the others, if the last result would lie beyond what the others reach.
    behind = max((skipped + wanted - 1) * down - (lines.shape[-1] - 1) * up - before - len(taps) + 1, 0)
    around = np.concatenate([np.zeros(before, taps.dtype), taps, np.zeros(behind, taps.dtype)])
    results = _filtered(around, lines, up, down, boundary, cval, fraction)[..., skipped : skipped + wanted]
    return results if level is None else results + level


def _filtered(
    taps: Array,
    lines: Array,
    up: int,
    down: int,
    boundary: Boundary,
    cval: int,
    fraction: int | None,
    wanted: int | None = None,
) -> Array:
    """All results, or so many, of signals along the last axis, with a boundary around them; exact, or of coefficients with so
    many bits behind the point, rounded."""
    length, shape = lines.shape[-1], lines.shape[:-1]
    wanted = wanted or ((length - 1) * up + len(taps) - 1) // down + 1
    # Samples as far as the taps reach, in front so many that a result begins with the first of them.
    reach = max((len(taps) - 1) // up, (wanted - 1) * down // up + 1 - length)
    before = -(-reach // down) * down
    around = padded(lines.reshape(-1, length), ((0, 0), (before, reach)), boundary, cval)
    skipped = before * up // down
    needed = (skipped + wanted - 1) * down // up + 1
    silence = np.zeros((len(around), max(needed - around.shape[-1], 0)), around.dtype)
    design = ResampleDesign(
        (0,) * len(taps),
        up,
        down,
        data=sample_format("x and cval" if cval else "x", around, lines.dtype),
        coefficient=coefficient_format("h", taps),
        shift=fraction or 0,
        rounding="half_even" if fraction else "half_up",
        loadable=True,
    )
    with opening.open(design) as device:
        device.load(taps)
        results = device(np.concatenate([around, silence], axis=-1), stack=True)[:, skipped : skipped + wanted]
    if results.dtype == object and int(results.min()) >= -(1 << 63) and int(results.max()) < 1 << 63:
        results = results.astype(np.int64)
    return results.reshape(*shape, wanted)


def _designed(taps: int, cutoff: float, window: Any, gain: int) -> Quantized:
    """scipy's low-pass of so many taps, rounded."""
    from scipy.signal import firwin

    if taps > MAX_RATE_TAPS:
        raise DataError(f"A filter must have at most {MAX_RATE_TAPS} taps, not {taps}")
    told = "Window must be one that scipy.signal.firwin knows, or integer taps"
    if not isinstance(window, str | tuple):
        raise DesignError(f"{told}, not {shown(window)}")
    try:
        with np.errstate(all="raise"):
            ideal = firwin(taps, cutoff, window=window)
    except Exception as error:  # whatever scipy makes of what is in it
        raise DesignError(f"{told}, not {shown(window)}") from error
    return quantize(ideal * gain, DESIGNED)


def _taps(name: str, values: ArrayLike) -> Array:
    taps = array(name, values, KERNEL_HINT)
    if taps.ndim != 1:
        raise DataError(f"{name} must have 1 dimension, not {taps.ndim}")
    if len(taps) > MAX_RATE_TAPS:
        raise DataError(f"{name} must have at most {MAX_RATE_TAPS} values to be taps, not {len(taps)}")
    return taps


def _signals(x: ArrayLike, axis: int) -> tuple[Array, int]:
    """The samples, and the dimension along which they are signals."""
    samples = array("x", x, HINT)
    if samples.ndim == 0:
        raise DataError("x must have 1 dimension or more, not 0")
    return samples, between("axis", axis, -samples.ndim, samples.ndim - 1, DataError)


def _rate(up: object, down: object) -> tuple[int, int, int]:
    """The two without the factors that they share, and these."""
    counts = []
    for name, value in (("up", up), ("down", down)):
        count = integer(name, value, DataError)
        if count < 1:
            raise DataError(f"{name} must be an integer from 1, not {shown(count)}")
        counts.append(count)
    common = math.gcd(*counts)
    one, other = (count // common for count in counts)
    if max(one, other) > MAX_RATE:
        rule = f"up and down must be at most {MAX_RATE} without the factors that they share"
        raise DataError(f"{rule}, not {shown(one)} and {shown(other)}")
    return one, other, common


def _whole(name: str, value: object) -> int:
    """A number that is an integer, of whatever type."""
    found = exact(value)
    if found is None or found.denominator != 1:
        raise DataError(f"{name} must be an integer, not {shown(value)}")
    return int(found)
