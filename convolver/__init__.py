"""Convolutions as FPGA accelerators: described in Python, proved against numpy, run on a twin or on a board."""

from .designs import Conv2DDesign, FIRDesign, load_design
from .errors import BoardError, ConvolverError, DataError, DesignError, FileError, LinkError, PortError, ToolError
from .formats import (
    Format,
    q1_7,
    q1_15,
    q1_17,
    q1_23,
    q1_31,
    s8,
    s12,
    s16,
    s18,
    s24,
    s32,
    u1,
    u8,
    u10,
    u12,
    u16,
    u32,
)
from .functions import convolve, convolve2d, correlate, correlate2d, lfilter
from .opening import open  # noqa: A004  # called convolver.open; never imported by name
from .quantize import Quantized, quantize
from .version import __version__

__all__ = [
    "BoardError",
    "Conv2DDesign",
    "ConvolverError",
    "DataError",
    "DesignError",
    "FIRDesign",
    "FileError",
    "Format",
    "LinkError",
    "PortError",
    "Quantized",
    "ToolError",
    "__version__",
    "convolve",
    "convolve2d",
    "correlate",
    "correlate2d",
    "lfilter",
    "load_design",
    "open",
    "q1_7",
    "q1_15",
    "q1_17",
    "q1_23",
    "q1_31",
    "quantize",
    "s8",
    "s12",
    "s16",
    "s18",
    "s24",
    "s32",
    "u1",
    "u8",
    "u10",
    "u12",
    "u16",
    "u32",
]
