"""The golden model of a 2-D convolution."""

import numpy as np
import numpy.typing as npt

from convolver.designs import Conv2DDesign
from convolver.errors import DataError

from .exact import INT64, Array, exact, fitting
from .output import finished
from .sums import convolve2d, correlate2d

__all__ = ["conv2d"]


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
        planes = exact("Pixels", image, 3)
        if planes.shape[-1] != design.planes:
            raise DataError(f"An image must have {design.planes} planes, not {planes.shape[-1]}")
        single = design.replace(planes=1)
        return np.stack([conv2d(single, planes[..., plane]) for plane in range(design.planes)], axis=-1)
    pixels = fitting("Pixels", exact("Pixels", image, 2), design.pixel)
    operation = convolve2d if design.operation == "convolve" else correlate2d
    sums = [operation(pixels, kernel, design.mode, design.boundary, design.fill) for kernel in design.kernels]
    if design.absolute or design.combine == "sum_abs":
        sums = [_magnitude(values) for values in sums]
    if design.combine == "sum_abs":
        total = sum(values.astype(object) for values in sums)
        sums = [exact("Sums", total, 2)]
    results = [finished(design, values) for values in sums]
    rows, columns = design.stride
    return (np.stack(results) if design.result_axes else results[0])[..., ::rows, ::columns]


def _magnitude(values: Array) -> Array:
    """The magnitudes; that of the most negative int64 is none."""
    return abs(values if int(values.min()) > INT64.min else values.astype(object))
