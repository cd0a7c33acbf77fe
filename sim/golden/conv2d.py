"""The golden model of a 2-D convolution."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from convolver.designs import Conv2DDesign
from convolver.errors import DataError

from .exact import INT64, Array, exact, fitting
from .output import finished
from .sums import convolve2d, correlate2d

__all__ = ["conv2d"]

OPERATIONS = {"convolve": convolve2d, "correlate": correlate2d}


def conv2d(design: Conv2DDesign, image: npt.ArrayLike) -> Array:
    """The results of a 2-D design for an image, including the host's part: `convolve2d` or `correlate2d`, then
    `requantise`.

    Parameters
    ----------
    design : Conv2DDesign
        The convolution. Its `rows` and `columns` set no limit here: larger images are tiled, with the same result.
    image : 2-D array-like of int
        One or more pixels that fit `design.pixel`. For a design with several `planes` it is 3-D, (rows, columns,
        planes); each plane is filtered separately.

    Returns
    -------
    ndarray
        `design.output_shape` results, int64, or object where `design.output` has values beyond int64. With several
        kernels there is one image for each along the first axis; with several planes one for each along the last.

    Raises
    ------
    DataError
        If `image` isn't an image of integers, a pixel doesn't fit, or in ``valid`` mode the kernel is larger.
    """
    given = exact("Pixels", image, 2 + len(design.sample_axes))
    planes = fitting("Pixels", given, design.pixel).reshape(*given.shape[:2], -1)
    if planes.shape[-1] != design.planes:
        raise DataError(f"An image must have {design.planes} planes, not {planes.shape[-1]}")
    results = np.stack([_plane(design, planes[..., plane]) for plane in range(design.planes)], axis=-1)
    return results.reshape(*design.result_axes, *results.shape[1:3], *design.sample_axes)


def _plane(design: Conv2DDesign, pixels: Array) -> Array:
    """The results of one plane, for each kernel or for all together, along the first axis."""
    filtered = OPERATIONS[design.operation]
    sums = [filtered(pixels, kernel, design.mode, design.boundary, design.fill) for kernel in design.kernels]
    rows, columns = design.stride
    results = [finished(design, values) for values in design.combining.results(sums, _magnitude, _total)]
    return np.stack(results)[:, ::rows, ::columns]


def _magnitude(values: Array) -> Array:
    """Magnitudes; the most negative int64 needs Python integers."""
    return abs(values if int(values.min()) > INT64.min else values.astype(object))


def _total(magnitudes: Sequence[Array]) -> Array:
    """The sum of magnitudes."""
    return exact("Sums", sum(values.astype(object) for values in magnitudes), 2)
