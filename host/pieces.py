"""What makes work of the arrays of a stream, each for itself or as a piece of one signal."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from convolver.designs import Design

from .arguments import checked_flag, checked_samples
from .tiling import Work

__all__ = ["preparation"]


def preparation(design: Design, frame_samples: int, *, joined: bool, stack: bool | None) -> Callable[[npt.ArrayLike], Work]:
    """What checks an array of a stream and makes work of it. `joined` pieces bring the samples before them along, unless the
    core is continuous and holds them."""
    joined = checked_flag("Joined", joined)
    stack = None if stack is None else checked_flag("Stack", stack)
    if not joined:
        return lambda item: Work(design, *checked_samples(design, item, stack), frame_samples)
    last, brought = np.zeros(0, np.int64), design.brought(stack)
    (axis,) = design.frame_axes

    def piece(item: npt.ArrayLike) -> Work:
        nonlocal last
        array, _ = checked_samples(design, item, False, joined=True)
        before = design.output_shape(len(last))[0]
        array = np.concatenate([last, array.astype(np.int64)])
        # What is brought along begins with a period, as a frame's results do.
        place = max(len(array) - brought, 0)
        last = array[place - place % axis.stride :].copy()
        return Work(design, array, frame_samples=frame_samples, skip=before)

    return piece
