"""The golden model: what every filter must give, exactly, by numpy alone.

It shares no code and no formulation with the gateware: it pads a whole image, adds whole shifted arrays, and rounds by
adding a bias before a shift. Sums are int64 while their proved bound is below 2**63, and Python integers beyond; nothing
ever overflows. Each kind of design has a file here.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from convolver.designs import Conv2DDesign, Design, FIRDesign
from convolver.errors import DesignError

from .conv2d import conv2d
from .exact import Array
from .fir import fir
from .output import requantise
from .sums import convolve, convolve2d, correlate, correlate2d, lfilter, pad

__all__ = [
    "MODELS",
    "conv2d",
    "convolve",
    "convolve2d",
    "correlate",
    "correlate2d",
    "fir",
    "lfilter",
    "pad",
    "requantise",
    "run",
]

MODELS: Mapping[type[Design], Callable[[Any, npt.ArrayLike], Array]] = {FIRDesign: fir, Conv2DDesign: conv2d}
"""The model of each kind of design. A new kind is one more entry."""


def run(design: Design, data: npt.ArrayLike) -> Array:
    """What a design gives for a frame, as its kind's model says.

    Raises
    ------
    DesignError
        If there is no model of this kind.
    DataError
        If the data doesn't fit the design.
    """
    if type(design) not in MODELS:
        raise DesignError(
            f"A golden model must be of one of the kinds {', '.join(kind.kind for kind in MODELS)}, not {type(design).__name__}"
        )
    return MODELS[type(design)](design, data)
