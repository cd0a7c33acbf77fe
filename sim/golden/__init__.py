"""The golden model: the exact results of every filter, with numpy alone.

It shares no code and no formulation with the gateware: it pads a whole image, adds whole shifted arrays, and rounds by
adding a bias before a shift. Sums are int64 while their proved bound is below 2**63, and Python integers beyond, so
nothing overflows. Each kind of design has a file here with a function of its name.
"""

import numpy.typing as npt

from convolver.designs import Design, of_kind

from .conv2d import conv2d
from .exact import Array
from .fir import fir
from .output import requantise
from .sums import convolve, convolve2d, correlate, correlate2d, lfilter, pad

__all__ = [
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


def run(design: Design, data: npt.ArrayLike) -> Array:
    """The results of a design for a frame, from its kind's model.

    Raises
    ------
    DesignError
        If there is no model of this kind.
    DataError
        If the data doesn't fit the design.
    """
    result: Array = of_kind(type(design), __package__, "{kind}", "to model")(design, data)
    return result
