"""The golden model of a pipeline: each stage's, one after the other."""

import numpy as np
import numpy.typing as npt

from convolver.designs import Pipeline, part_of

from .exact import Array

__all__ = ["pipeline"]


def pipeline(design: Pipeline, data: npt.ArrayLike) -> Array:
    """What a pipeline gives for a frame: the last stage's results for those of the stage before, and so on.

    Parameters
    ----------
    design : Pipeline
    data : array-like of int
        A frame that the first stage takes.

    Returns
    -------
    ndarray
        `design.output_shape` results; of several for each place one such array each, along the first axis, those of the first
        stage's first result first; of several planes each, along the last.

    Raises
    ------
    DataError
        If the first stage can't take `data`.
    """
    lanes: npt.ArrayLike = data
    for number, stage in enumerate(design.stages):
        taken = lanes if number == 0 or stage.planes > 1 else np.asarray(lanes)[..., 0]
        results: Array = part_of(type(stage), __package__, "{kind}", "to model")(stage, taken)
        # Places first, then planes, and of each plane its results: side by side, as the next stage's planes are.
        results = results if stage.result_axes else results[np.newaxis]
        results = results if stage.sample_axes else results[..., np.newaxis]
        lanes = np.moveaxis(results, 0, -1).reshape(*results.shape[1:-1], -1)
    places = np.asarray(lanes)
    places = places.reshape(*places.shape[:-1], design.planes, design.outputs)
    places = np.moveaxis(places, -1, 0)
    places = places if design.sample_axes else places[..., 0]
    return places if design.result_axes else places[0]
