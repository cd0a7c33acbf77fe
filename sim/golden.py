"""The golden model: what every filter must give, exactly, by numpy alone.

It shares no code and no formulation with the gateware: it pads a whole image, adds whole shifted arrays, and rounds by
adding a bias before a shift. Sums are int64 while their proved bound is below 2**63, and Python integers beyond; nothing
ever overflows.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from convolver.designs import BOUNDARIES, MODES, Boundary, Conv2DDesign, FIRDesign, Mode
from convolver.errors import DataError
from convolver.formats import OVERFLOWS, ROUNDINGS, Format, Overflow, Rounding

__all__ = ["conv2d", "convolve", "convolve2d", "correlate", "correlate2d", "fir", "lfilter", "pad", "requantise", "run"]

Array: TypeAlias = npt.NDArray[Any]
"""int64, or object with Python integers inside."""

BLOCK = 1 << 16
"""Results summed at a time, so that a block and its products stay in the processor's cache."""

INT64 = Format(64, True)


def run(design: FIRDesign | Conv2DDesign, data: npt.ArrayLike) -> Array:
    """`fir` or `conv2d`, as the design is."""
    return fir(design, data) if isinstance(design, FIRDesign) else conv2d(design, data)


def fir(design: FIRDesign, x: npt.ArrayLike) -> Array:
    """What a FIR core gives for a frame: `lfilter`, then `requantise`.

    Parameters
    ----------
    design : FIRDesign
        The filter.
    x : 1-D array-like of int
        One or more samples that fit `design.data`.

    Returns
    -------
    ndarray
        As many results, int64, or object where `design.output` has values beyond int64.

    Raises
    ------
    DataError
        If `x` isn't a signal of integers, or one doesn't fit.
    """
    samples = _fitting("Samples", _exact("Samples", x, 1), design.data)
    return _stage(design, lfilter(design.coefficients, samples))


def conv2d(design: Conv2DDesign, image: npt.ArrayLike) -> Array:
    """What a 2-D design gives for an image, the host's part included: `convolve2d` or `correlate2d`, then `requantise`.

    Parameters
    ----------
    design : Conv2DDesign
        The convolution. Its `rows` and `columns` set no limit here: larger images are tiled, with the same result.
    image : 2-D array-like of int
        One or more pixels that fit `design.pixel`. Of a design with several `planes` a 3-D one, (rows, columns, planes), each
        of which is taken for itself.

    Returns
    -------
    ndarray
        `design.output_shape` results, int64, or object where `design.output` has values beyond int64; of several kernels one
        such image each, along the first axis; of several planes each, along the last.

    Raises
    ------
    DataError
        If `image` isn't an image of integers, a pixel doesn't fit, or in ``valid`` mode the kernel is larger.
    """
    if design.planes > 1:
        planes = _exact("Pixels", image, 3)
        if planes.shape[-1] != design.planes:
            raise DataError(f"An image must have {design.planes} planes, not {planes.shape[-1]}")
        single = design.replace(planes=1)
        return np.stack([conv2d(single, planes[..., plane]) for plane in range(design.planes)], axis=-1)
    pixels = _fitting("Pixels", _exact("Pixels", image, 2), design.pixel)
    operation = convolve2d if design.operation == "convolve" else correlate2d
    sums = [operation(pixels, kernel, design.mode, design.boundary, design.fill) for kernel in design.kernels]
    if design.absolute or design.combine == "sum_abs":
        sums = [_magnitude(values) for values in sums]
    if design.combine == "sum_abs":
        total = sum(values.astype(object) for values in sums)
        sums = [_exact("Sums", total, 2)]
    results = [_binary(design, values) if design.threshold is not None else _stage(design, values) for values in sums]
    rows, columns = design.stride
    return (np.stack(results) if design.result_axes else results[0])[..., ::rows, ::columns]


def lfilter(b: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """The causal FIR filter with taps `b`, `scipy.signal.lfilter(b, 1, x)`: ``y[n] = sum(b[k] * x[n - k])``."""
    taps, samples = _exact("Taps", b, 1), _exact("Samples", x, 1)
    before = np.zeros(len(taps) - 1, samples.dtype)
    return _valid(np.concatenate([before, samples])[None, :], taps[None, :]).reshape(-1)


def convolve(x: npt.ArrayLike, h: npt.ArrayLike, mode: Mode = "full") -> Array:
    """The 1-D convolution, `h` flipped, of `scipy.signal.convolve`; ``same`` has the length of `x`.

    Raises `DataError` if `h` is longer than `x` in ``valid`` mode, where scipy swaps the two.
    """
    samples, taps = _exact("Samples", x, 1), _exact("Taps", h, 1)
    return convolve2d(samples[None, :], taps[None, :], mode).reshape(-1)


def correlate(x: npt.ArrayLike, h: npt.ArrayLike, mode: Mode = "full") -> Array:
    """The 1-D correlation, `h` not flipped, of `scipy.signal.correlate`; ``same`` has the length of `x`.

    Raises `DataError` if `h` is longer than `x` in ``valid`` mode, where scipy swaps the two.
    """
    return convolve(x, _exact("Taps", h, 1)[::-1], mode)


def convolve2d(
    image: npt.ArrayLike, kernel: npt.ArrayLike, mode: Mode = "full", boundary: Boundary = "constant", fill: int = 0
) -> Array:
    """The 2-D convolution, `kernel` flipped, of `scipy.signal.convolve2d`, with `numpy.pad`'s names for the boundary.

    Parameters
    ----------
    image, kernel : 2-D array-like of int
        Any integers, of any size.
    mode : {"full", "same", "valid"}
        Size of the result; ``same`` is centred as scipy.signal centres it, for even sizes too.
    boundary : {"constant", "edge", "reflect", "symmetric", "wrap"}
        What stands outside the image; unused in ``valid`` mode.
    fill : int
        The pixel outside the image under ``constant``.

    Returns
    -------
    ndarray
        The exact sums: int64 where all of them fit, Python integers in an object array otherwise.

    Raises
    ------
    DataError
        If a parameter isn't one of its words, an array isn't 2-D, empty or not of integers, or in ``valid`` mode the
        kernel is larger than the image (scipy swaps the two).
    """
    return _filter2d(image, _exact("Kernel", kernel, 2), mode, boundary, fill, later=1)


def correlate2d(
    image: npt.ArrayLike, kernel: npt.ArrayLike, mode: Mode = "full", boundary: Boundary = "constant", fill: int = 0
) -> Array:
    """The 2-D correlation, `kernel` not flipped, of `scipy.signal.correlate2d`; otherwise as `convolve2d`.

    In ``same`` mode scipy centres an even size one place later than it does in `convolve2d`, and so do we.
    """
    return _filter2d(image, _exact("Kernel", kernel, 2)[::-1, ::-1], mode, boundary, fill, later=0)


def pad(image: npt.ArrayLike, margins: Sequence[tuple[int, int]], boundary: Boundary, fill: int = 0) -> Array:
    """`numpy.pad` of an image, by closed-form indices, so that a margin may be wider than the image.

    Parameters
    ----------
    image : 2-D array-like of int
        One or more pixels.
    margins : ((above, below), (left, right))
        Rows and columns to add, from 0.
    boundary, fill
        As in `convolve2d`.
    """
    pixels = _exact("Image", image, 2)
    if boundary == "constant":
        filling = _exact("Fill", [fill], 1)
        (above, below), (left, right) = margins
        shape = pixels.shape[0] + above + below, pixels.shape[1] + left + right
        padded = np.full(shape, filling[0], np.result_type(pixels, filling))
        padded[above : above + pixels.shape[0], left : left + pixels.shape[1]] = pixels
        return padded
    rows, columns = (
        _inside(np.arange(-before, size + after), size, boundary)
        for size, (before, after) in zip(pixels.shape, margins, strict=True)
    )
    return pixels[rows][:, columns]


def requantise(
    values: npt.ArrayLike, shift: int, rounding: Rounding, output_format: Format, overflow: Overflow = "saturate"
) -> Array:
    """The output stage: ``values / 2**shift`` rounded once, then made to fit `output_format`.

    Parameters
    ----------
    values : array-like of int
        Exact sums, of any shape and size.
    shift : int
        Bits to drop, from 0.
    rounding : {"floor", "half_up", "half_even", "half_away", "toward_zero"}
        As in `convolver.formats.round_shift`.
    output_format : Format
        Format of the results.
    overflow : {"saturate", "wrap"}
        A result outside `output_format` becomes its nearest value, or its value modulo 2**width.

    Returns
    -------
    ndarray
        The results in the shape of `values`: int64, or object where `output_format` has values beyond int64.
    """
    _word("Rounding", rounding, ROUNDINGS)
    _word("Overflow", overflow, OVERFLOWS)
    v = _exact("Values", values, None)
    # Below these limits neither the bias nor the wrap can leave int64.
    if shift > 61 or _reach(v) >= 1 << 62 or (overflow == "wrap" and output_format.width > 62):
        v = v.astype(object)
    if shift:
        half = 1 << shift - 1
        match rounding:
            case "floor":
                bias: Any = 0
            case "half_up":
                bias = half
            case "half_even":
                bias = half - 1 + (v >> shift & 1)
            case "half_away":
                bias = half - (v < 0).astype(v.dtype)
            case "toward_zero":
                bias = (v < 0).astype(v.dtype) * (2 * half - 1)
        v = v + bias >> shift
    if overflow == "saturate":
        low, high = output_format.min, output_format.max
        if v.dtype != object:
            low, high = max(low, INT64.min), min(high, INT64.max)
        v = np.minimum(np.maximum(v, low), high)
    else:
        sign = 1 << output_format.width - 1 if output_format.signed else 0
        v = (v & (1 << output_format.width) - 1 ^ sign) - sign
    return v.astype(np.int64 if _fits_int64(output_format.min, output_format.max) else object)


def _stage(design: FIRDesign | Conv2DDesign, sums: Array) -> Array:
    return requantise(sums, design.shift, design.rounding, design.output_format, design.overflow)


def _magnitude(values: Array) -> Array:
    """The magnitudes; that of the most negative int64 is none."""
    return abs(values if int(values.min()) > INT64.min else values.astype(object))


def _binary(design: Conv2DDesign, sums: Array) -> Array:
    """The greatest number of the output where the rounded sum exceeds the threshold, 0 elsewhere."""
    wide = Format(design.stage_input.width + 2, True)
    found = requantise(sums, design.shift, design.rounding, wide) > design.threshold
    high = design.output_format.max
    return np.where(found, high, 0) if high <= INT64.max else np.where(found, np.array(high, object), np.array(0, object))


def _filter2d(image: npt.ArrayLike, weights: Array, mode: Mode, boundary: Boundary, fill: int, later: int) -> Array:
    """The convolution with `weights` flipped. Of an even size, `later` = 1 takes the later of the two middle weights of the
    window as its centre, 0 the earlier one."""
    _word("Mode", mode, MODES)
    _word("Boundary", boundary, BOUNDARIES)
    pixels = _exact("Image", image, 2)
    match mode:
        case "full":
            margins = [(side - 1, side - 1) for side in weights.shape]
        case "same":
            margins = [((side - 1 + later) // 2, (side - later) // 2) for side in weights.shape]
        case "valid":
            if any(side > size for side, size in zip(weights.shape, pixels.shape, strict=True)):
                rows, columns = weights.shape
                least = f"{pixels.shape[0]}x{pixels.shape[1]}"
                raise DataError(f"In valid mode the kernel must not be larger than the image, {least}, not {rows}x{columns}")
            margins = [(0, 0), (0, 0)]
    return _valid(pad(pixels, margins, boundary, fill), weights)


def _valid(x: Array, h: Array) -> Array:
    """The convolution of `x` with `h` flipped, where `h` lies inside `x`: the sum of shifted arrays, one for each weight."""
    bound = _reach(x) * sum(abs(int(weight)) for weight in h.flat)
    dtype = np.int64 if bound <= INT64.max else object
    x = x.astype(dtype, copy=False)
    rows, columns = x.shape[0] - h.shape[0] + 1, x.shape[1] - h.shape[1] + 1
    sums = np.zeros((rows, columns), dtype)
    step = max(1, BLOCK // columns)
    products = np.empty((step, columns), dtype)
    for top in range(0, rows, step):
        block = sums[top : top + step]
        product = products[: len(block)]
        for (i, j), weight in np.ndenumerate(h):
            row, column = top + h.shape[0] - 1 - i, h.shape[1] - 1 - j
            np.multiply(x[row : row + len(block), column : column + columns], int(weight), out=product)
            np.add(block, product, out=block)
    if dtype is object and _fits_int64(sums.min(), sums.max()):
        return sums.astype(np.int64)
    return sums


def _inside(index: npt.NDArray[np.int64], size: int, boundary: Boundary) -> npt.NDArray[np.int64]:
    """The indices from 0 to size - 1 whose pixels stand at any indices."""
    match boundary:
        case "edge":
            return np.clip(index, 0, size - 1)
        case "wrap":
            return index % size
        case "symmetric":
            index = index % (2 * size)
            return np.minimum(index, 2 * size - 1 - index)
        case "reflect":
            period = max(2 * (size - 1), 1)
            index = index % period
            return np.minimum(index, period - index) if size > 1 else index
        case _:
            raise DataError(f"Boundary must be one of {', '.join(BOUNDARIES)}, not {boundary!r}")


def _exact(name: str, values: npt.ArrayLike, rank: int | None) -> Array:
    """`values` as int64, or as Python integers where one doesn't fit."""
    array = np.asarray(values)
    if rank is not None and array.ndim != rank:
        raise DataError(f"{name} must have {rank} dimension{'s' * (rank > 1)}, not {array.ndim}")
    if array.size == 0:
        raise DataError(f"{name} must not be empty")
    if array.dtype == object:
        if not all(isinstance(value, int | np.integer | np.bool_) for value in array.flat):
            raise DataError(f"{name} must be integers")
        exact = np.array([int(value) for value in array.flat], object).reshape(array.shape)
        return exact.astype(np.int64) if _fits_int64(exact.min(), exact.max()) else exact
    if array.dtype.kind not in "iub":
        raise DataError(f"{name} must be integers, not {array.dtype}")
    if array.dtype == np.uint64 and int(array.max()) > INT64.max:
        return array.astype(object)
    return array.astype(np.int64, copy=False)


def _fitting(name: str, array: Array, form: Format) -> Array:
    low, high = int(array.min()), int(array.max())
    if low not in form or high not in form:
        worst = low if low not in form else high
        raise DataError(f"{name} must be between {form.min} and {form.max} to fit {form}, not {worst}")
    return array


def _reach(array: Array) -> int:
    """The greatest magnitude in an array, exact for the most negative int64 too."""
    return max(abs(int(array.min())), abs(int(array.max())))


def _fits_int64(low: int, high: int) -> bool:
    return INT64.min <= low and high <= INT64.max


def _word(name: str, value: str, words: Sequence[str]) -> None:
    if value not in words:
        raise DataError(f"{name} must be one of {', '.join(words)}, not {value!r}")
