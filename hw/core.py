"""Makes the core of a design."""

from convolver.designs import Conv2DDesign, FIRDesign

from .conv2d import Conv2DCore
from .fir import FIRCore
from .marks import ERRORS

__all__ = ["ERRORS", "Conv2DCore", "FIRCore", "create"]


def create(design: FIRDesign | Conv2DDesign) -> FIRCore | Conv2DCore:
    """The gateware of a design; its ports are listed in docs/architecture.md."""
    return FIRCore(design) if isinstance(design, FIRDesign) else Conv2DCore(design)
