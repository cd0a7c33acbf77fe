"""Exact sums by shifted arrays: 1-D and 2-D convolution and correlation, and padding of images."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from convolver.designs import BOUNDARIES, MODES, Boundary, Mode
from convolver.errors import DataError

from .exact import INT64, Array, exact, fits_int64, reach, word

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "lfilter", "pad"]

BLOCK = 1 << 16
"""Results that are summed at a time, so that a block and its products fit in the processor's cache."""

MARGINS: Mapping[Mode, Callable[[int, int], tuple[int, int]]] = {
    "full": lambda side, _later: (side - 1, side - 1),
    "same": lambda side, later: ((side - 1 + later) // 2, (side - later) // 2),
    "valid": lambda _side, _later: (0, 0),
}
"""Pixels outside the image that results reach, before and after, by a kernel's side; `later` selects its centre."""


def lfilter(b: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """The causal FIR filter with taps `b`, `scipy.signal.lfilter(b, 1, x)`: ``y[n] = sum(b[k] * x[n - k])``."""
    taps, samples = exact("Taps", b, 1), exact("Samples", x, 1)
    before = np.zeros(len(taps) - 1, samples.dtype)
    return _valid(np.concatenate([before, samples])[None, :], taps[None, :]).reshape(-1)


def convolve(x: npt.ArrayLike, h: npt.ArrayLike, mode: Mode = "full") -> Array:
    """The 1-D convolution, `h` flipped, of `scipy.signal.convolve`; ``same`` has the length of `x`.

    Raises `DataError` if `h` is longer than `x` in ``valid`` mode, where scipy swaps the two.
    """
    samples, taps = exact("Samples", x, 1), exact("Taps", h, 1)
    return convolve2d(samples[None, :], taps[None, :], mode).reshape(-1)


def correlate(x: npt.ArrayLike, h: npt.ArrayLike, mode: Mode = "full") -> Array:
    """The 1-D correlation, `h` not flipped, of `scipy.signal.correlate`; ``same`` has the length of `x`.

    Raises `DataError` if `h` is longer than `x` in ``valid`` mode, where scipy swaps the two.
    """
    return convolve(x, exact("Taps", h, 1)[::-1], mode)


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
        Rule for pixels outside the image; unused in ``valid`` mode.
    fill : int
        The pixel outside the image under ``constant``.

    Returns
    -------
    ndarray
        The exact sums: int64 if all of them fit, else Python integers in an object array.

    Raises
    ------
    DataError
        If a word isn't one of those accepted, an array isn't 2-D, is empty or not of integers, or if in ``valid`` mode
        the kernel is larger than the image (scipy swaps the two).
    """
    return _filter2d(image, exact("Kernel", kernel, 2), mode, boundary, fill, later=1)


def correlate2d(
    image: npt.ArrayLike, kernel: npt.ArrayLike, mode: Mode = "full", boundary: Boundary = "constant", fill: int = 0
) -> Array:
    """The 2-D correlation, `kernel` not flipped, of `scipy.signal.correlate2d`; otherwise as `convolve2d`.

    In ``same`` mode the centre of an even size is one place later than in `convolve2d`, as in scipy.
    """
    return _filter2d(image, exact("Kernel", kernel, 2)[::-1, ::-1], mode, boundary, fill, later=0)


def pad(image: npt.ArrayLike, margins: Sequence[tuple[int, int]], boundary: Boundary, fill: int = 0) -> Array:
    """`numpy.pad` for an image of exact integers; a margin may be wider than the image.

    Parameters
    ----------
    image : 2-D array-like of int
        One or more pixels.
    margins : ((above, below), (left, right))
        Rows and columns to add, 0 or more.
    boundary, fill
        As in `convolve2d`.
    """
    word("Boundary", boundary, BOUNDARIES)
    pixels, filling = exact("Image", image, 2), exact("Fill", [fill], 1)
    # One row and one column more hold the fill. Indices count from 1, as numpy.pad fills with 0: the fill's index is
    # -1.
    framed: Array = np.full([size + 1 for size in pixels.shape], filling[0], np.result_type(pixels, filling))
    framed[:-1, :-1] = pixels
    rows, columns = (
        np.pad(np.arange(size) + 1, margin, mode=boundary) - 1 for size, margin in zip(pixels.shape, margins, strict=True)
    )
    padded: Array = framed[rows][:, columns]
    return padded


def _filter2d(image: npt.ArrayLike, weights: Array, mode: Mode, boundary: Boundary, fill: int, later: int) -> Array:
    """The convolution with `weights` flipped. For an even size, `later` = 1 selects the later of the two middle weights
    as the window's centre, 0 the earlier one."""
    word("Mode", mode, MODES)
    word("Boundary", boundary, BOUNDARIES)
    pixels = exact("Image", image, 2)
    padded = pad(pixels, [MARGINS[mode](side, later) for side in weights.shape], boundary, fill)
    if any(side > size for side, size in zip(weights.shape, padded.shape, strict=True)):
        rows, columns = weights.shape
        least = f"{pixels.shape[0]}x{pixels.shape[1]}"
        raise DataError(f"In valid mode the kernel must not be larger than the image, {least}, not {rows}x{columns}")
    return _valid(padded, weights)


def _valid(x: Array, h: Array) -> Array:
    """The convolution of `x` with `h` flipped, where `h` lies inside `x`: shifted arrays, one a weight, summed."""
    bound = reach(x) * sum(abs(int(weight)) for weight in h.flat)
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
    if dtype is object and fits_int64(sums.min(), sums.max()):
        return sums.astype(np.int64)
    return sums
