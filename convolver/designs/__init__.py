"""Descriptions of convolutions, a file a kind; `KINDS` lists them.

A design is frozen, checked once when it is made, and free of any hardware. The golden model, the gateware, the report and
the host all read it; as JSON it is stored in the bitstream, so that a host learns from a board what is on it.
"""

from .axes import FrameAxis
from .base import Design
from .choices import Choices
from .cic import CICDesign
from .conv2d import Conv2DDesign
from .factors import Factor
from .fir import FIRDesign
from .fork import Fork
from .kernels import MAX_KERNELS
from .kinds import KINDS, of_kind
from .linear import LinearDesign
from .moving_maximum import MovingMaximumDesign
from .outside import boundary_code
from .pipeline import Pipeline
from .rates import Rate
from .reading import design_class, design_from_dict, design_from_json
from .resample import ResampleDesign
from .words import (
    BOUNDARIES,
    COMBINATIONS,
    GATEWARE_BOUNDARIES,
    MODES,
    OPERATIONS,
    STRUCTURES,
    SWAPS,
    SYMMETRIES,
    Boundary,
    Combination,
    Kernel,
    Mode,
    Operation,
    Plane,
    Structure,
    Swap,
    Symmetry,
)

__all__ = [
    "BOUNDARIES",
    "COMBINATIONS",
    "GATEWARE_BOUNDARIES",
    "KINDS",
    "MAX_KERNELS",
    "MODES",
    "OPERATIONS",
    "STRUCTURES",
    "SWAPS",
    "SYMMETRIES",
    "Boundary",
    "CICDesign",
    "Choices",
    "Combination",
    "Conv2DDesign",
    "Design",
    "FIRDesign",
    "Factor",
    "Fork",
    "FrameAxis",
    "Kernel",
    "LinearDesign",
    "Mode",
    "MovingMaximumDesign",
    "Operation",
    "Pipeline",
    "Plane",
    "Rate",
    "ResampleDesign",
    "Structure",
    "Swap",
    "Symmetry",
    "boundary_code",
    "design_class",
    "design_from_dict",
    "design_from_json",
    "of_kind",
]
