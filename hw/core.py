"""Makes the core of a design."""

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.plan.target import Family

from .conv2d import Conv2DCore
from .fir import FIRCore
from .marks import ERRORS

__all__ = ["ERRORS", "Conv2DCore", "FIRCore", "create"]


def create(design: FIRDesign | Conv2DDesign, family: Family | None = None) -> FIRCore | Conv2DCore:
    """The gateware of a design; its ports are listed in docs/architecture.md.

    A core for a `family` has that family's latency whatever platform it is elaborated for, and its primitives on that
    family's.
    """
    return FIRCore(design, family) if isinstance(design, FIRDesign) else Conv2DCore(design, family)
