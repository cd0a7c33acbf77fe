"""The golden model of a pipeline: its stages' models in series."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from convolver.designs import Design, Pipeline, of_kind

from .exact import Array

__all__ = ["pipeline"]


def pipeline(design: Pipeline, data: npt.ArrayLike) -> Array:
    """The results of a pipeline for a frame: each stage filters the results of the stage before.

    Parameters
    ----------
    design : Pipeline
    data : array-like of int
        A frame that the first stage takes.

    Returns
    -------
    ndarray
        `design.output_shape` results. With several results for each place there is one array for each along the first
        axis, in the order of the first stage's results; with several planes one for each along the last.

    Raises
    ------
    DataError
        If the first stage can't take `data`.
    """
    results = _run(design.first, data)
    for before, stage in pairwise(design.stages):
        lanes = _side_by_side(before, results)
        results = _run(stage, lanes.reshape(*lanes.shape[:-1], *stage.sample_axes))
    lanes = _side_by_side(design.last, results)
    places = lanes.shape[:-1]
    ends = np.moveaxis(lanes.reshape(*places, design.planes, design.outputs), -1, 0)
    return ends.reshape(*design.result_axes, *places, *design.sample_axes)


def _run(stage: Design, samples: npt.ArrayLike) -> Array:
    results: Array = of_kind(type(stage), __package__, "{kind}", "to model")(stage, samples)
    return results


def _side_by_side(stage: Design, results: Array) -> Array:
    """All results of a place along the last axis, plane by plane: they are the next stage's planes."""
    places = results.shape[len(stage.result_axes) : results.ndim - len(stage.sample_axes)]
    each = np.moveaxis(results.reshape(stage.outputs, *places, stage.planes), 0, -1)
    return each.reshape(*places, stage.planes * stage.outputs)
