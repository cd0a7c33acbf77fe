"""Makes the core of a design."""

from collections.abc import Callable, Mapping
from typing import Any

from convolver.designs import Conv2DDesign, Design, FIRDesign
from convolver.plan.target import Family

from ..stream.marks import ERRORS
from .conv2d import Conv2DCore
from .fir import FIRCore

__all__ = ["CORES", "ERRORS", "Conv2DCore", "Core", "FIRCore", "create"]

Core = FIRCore | Conv2DCore
"""What all cores are: a component with the ports of docs/architecture.md, and a `plan`."""


CORES: Mapping[type[Design], Callable[[Any, Family | None], Core]] = {FIRDesign: FIRCore, Conv2DDesign: Conv2DCore}
"""The core of each kind of design."""


def create(design: Design, family: Family | None = None) -> Core:
    """The gateware of a design; its ports are listed in docs/architecture.md.

    A core for a `family` has that family's latency whatever platform it is elaborated for, and its primitives on that
    family's.
    """
    return CORES[type(design)](design, family)
