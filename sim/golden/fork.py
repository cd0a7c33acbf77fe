"""The golden model of a fork: the results of each branch for the same frame, joined."""

from collections.abc import Callable, Sequence
from functools import partial, reduce

import numpy as np
import numpy.typing as npt

from convolver.designs import Design, Fork, of_kind
from convolver.formats import Format

from .exact import INT64, Array

__all__ = ["fork"]


def fork(design: Fork, data: npt.ArrayLike) -> Array:
    """The results of a fork for a frame: the sum or the difference of its branches' results, or all of them.

    Parameters
    ----------
    design : Fork
    data : array-like of int
        A frame that all branches take.

    Returns
    -------
    ndarray
        `design.output_shape` results. With several results for each place there is one array for each along the first
        axis, in the order of the branches; with several planes one for each along the last.

    Raises
    ------
    DataError
        If a branch can't take `data`.
    """
    results = [_results(branch, data) for branch in design.branches]
    joined = design.joining.joined(results, np.concatenate, partial(_combined, design.output_format))
    return joined.reshape(*design.result_axes, *joined.shape[1:])


def _combined(wide: Format, operation: Callable[[Array, Array], Array], results: Sequence[Array]) -> Array:
    """The branches' results, combined place by place, as numbers of this format."""
    if wide.min < INT64.min or wide.max > INT64.max:
        results = [result.astype(object) for result in results]
    return reduce(operation, results)


def _results(branch: Design, data: npt.ArrayLike) -> Array:
    """A branch's results: one array for each result of a place."""
    results: Array = of_kind(type(branch), __package__, "{kind}", "to model")(branch, data)
    return results.reshape(branch.outputs, *results.shape[len(branch.result_axes) :])
