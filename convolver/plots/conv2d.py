"""The plot of a 2-D convolution: its kernels, and their frequency response."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..designs import Conv2DDesign
from ..progress import Advance
from .drawing import Measured, Panel
from .kernels import KernelPanels

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["measured", "panels"]


def panels(design: Conv2DDesign, _measured: Measured) -> list[Panel]:
    """What draws each panel."""
    return KernelPanels(design.kernels, design.stacked, design.operation, design.shift).panels()


def measured(_opened: Callable[[], "Device"], _advance: Advance) -> Measured:
    """Nothing: the response is that of the kernels."""
    return None
