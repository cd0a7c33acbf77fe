"""The plot of several filters as one: of signals see `convolver.plots.rates`, of images `convolver.plots.kernels`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..designs import Design
from ..progress import Advance
from ..rate_response import rate_response
from .drawing import Measured, Panel
from .kernels import KernelPanels
from .rates import curve_of, measured_rate

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["measured", "panels"]


def panels(design: Design, measured: Measured) -> list[Panel]:
    """What draws each panel."""
    if (whole := design.image_response) is not None:
        return KernelPanels(whole.kernels, len(whole.windows) > 1, whole.operation, whole.shift, " of the whole").panels()
    return curve_of(rate_response(design)).panels(measured)


def measured(opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """The gains of images as the filter that a device is has them, in cycles a sample."""
    return measured_rate(opened, advance, _worst_gain)


def _worst_gain(design: Any) -> float:
    taps = np.abs(rate_response(design).taps)
    return float(max(taps[phase :: design.rate.up].sum() for phase in range(design.rate.up)))
