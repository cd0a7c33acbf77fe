"""The plot of a rate change: see `convolver.plots.rates`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..designs import ResampleDesign
from ..progress import Advance
from ..rate_response import rate_response
from ..response import Floats
from .drawing import Measured, Panel
from .rates import curve_of, measured_rate

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["folded", "measured", "panels", "response"]


def panels(design: ResampleDesign, measured: Measured) -> list[Panel]:
    """What draws each panel."""
    return curve_of(rate_response(design)).panels(measured)


def response(design: ResampleDesign, frequencies: Floats) -> Floats:
    """See `RateResponse.response`."""
    return rate_response(design).response(frequencies)


def folded(design: ResampleDesign, frequencies: Floats) -> Floats:
    """See `RateResponse.folded`."""
    return rate_response(design).folded(frequencies)


def measured(opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """The gains of images as the filter that a device is has them, in cycles a sample."""
    return measured_rate(opened, advance, _worst_gain)


def _worst_gain(design: Any) -> float:
    return float(max(sum(map(abs, phase)) for phase in design.phases) / 2.0**design.shift)
