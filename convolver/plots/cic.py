"""The plot of a CIC filter: see `convolver.plots.rates`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..designs import CICDesign
from ..progress import Advance
from ..rate_response import rate_response
from .drawing import Measured, Panel
from .rates import curve_of, measured_rate

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["measured", "panels"]


def panels(design: CICDesign, measured: Measured) -> list[Panel]:
    """What draws each panel."""
    return curve_of(rate_response(design)).panels(measured)


def measured(opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """The gains of images as the filter that a device is has them, in cycles a sample."""
    return measured_rate(opened, advance, _worst_gain)


def _worst_gain(design: Any) -> float:
    return float(design.gain / 2.0**design.shift)
