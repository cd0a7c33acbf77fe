"""Convolutions as FPGA accelerators: described in Python, proved against numpy, run on a twin or on a board."""

from . import checkout as checkout  # ahead of all that imports the package's parts
from .compensator import compensator
from .design_files import load_design
from .designs import CICDesign, Conv2DDesign, FIRDesign, Fork, MovingMaximumDesign, Pipeline, ResampleDesign
from .errors import (
    BoardError,
    ConvolverError,
    DataError,
    DesignError,
    DesignMismatch,
    DeviceRestarted,
    FileError,
    FrameError,
    LinkError,
    LinkTimeout,
    OwnershipError,
    PortError,
    ProtocolMismatch,
    RegisterError,
    SessionLost,
    ToolError,
)
from .folding import at_rate
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
from .multirate import decimate, resample_poly, upfirdn
from .opening import open  # noqa: A004  # called convolver.open; never imported by name
from .quantize import Quantized, quantize
from .rank_filters import maximum_filter1d
from .resampler import Resampler, resampler
from .shell import Shell
from .specified import Specified
from .version import __version__

__all__ = [
    "BoardError",
    "CICDesign",
    "Conv2DDesign",
    "ConvolverError",
    "DataError",
    "DesignError",
    "DesignMismatch",
    "DeviceRestarted",
    "FIRDesign",
    "FileError",
    "Fork",
    "Format",
    "FrameError",
    "LinkError",
    "LinkTimeout",
    "MovingMaximumDesign",
    "OwnershipError",
    "Pipeline",
    "PortError",
    "ProtocolMismatch",
    "Quantized",
    "RegisterError",
    "ResampleDesign",
    "Resampler",
    "SessionLost",
    "Shell",
    "Specified",
    "ToolError",
    "__version__",
    "at_rate",
    "compensator",
    "convolve",
    "convolve2d",
    "correlate",
    "correlate2d",
    "decimate",
    "lfilter",
    "load_design",
    "maximum_filter1d",
    "open",
    "q1_7",
    "q1_15",
    "q1_17",
    "q1_23",
    "q1_31",
    "quantize",
    "resample_poly",
    "resampler",
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
    "upfirdn",
]
