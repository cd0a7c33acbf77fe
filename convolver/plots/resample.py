"""The plot of a rate change: see `convolver.plots.rates`."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..designs import ResampleDesign
from ..progress import Advance
from ..response import Floats, gains
from .drawing import Measured, Panel
from .rates import RateCurve, measured_rate

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["folded", "measured", "panels", "response"]


def panels(design: ResampleDesign, measured: Measured) -> list[Panel]:
    """What draws each panel."""
    return _curve(design).panels(measured)


def response(design: ResampleDesign, frequencies: Floats) -> Floats:
    """See `RateCurve.response`."""
    return _curve(design).response(frequencies)


def folded(design: ResampleDesign, frequencies: Floats) -> Floats:
    """See `RateCurve.folded`."""
    return _curve(design).folded(frequencies)


def measured(opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """The gains of images as the filter that a device is has them, in cycles a sample."""
    return measured_rate(opened, advance, _worst_gain)


def _curve(design: ResampleDesign) -> RateCurve:
    taps = np.array(design.coefficients) / 2.0**design.shift
    return RateCurve(taps, design.up, design.down, partial(gains, taps))


def _worst_gain(design: Any) -> float:
    return float(max(sum(map(abs, phase)) for phase in design.phases) / 2.0**design.shift)
