"""The plot of a CIC filter: see `convolver.plots.rates`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..designs import CICDesign
from ..progress import Advance
from ..response import Floats
from .drawing import Measured, Panel
from .rates import RateCurve, measured_rate

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["curve", "measured", "panels"]


def panels(design: CICDesign, measured: Measured) -> list[Panel]:
    """What draws each panel."""
    return curve(design).panels(measured)


def measured(opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """The gains of images as the filter that a device is has them, in cycles a sample."""
    return measured_rate(opened, advance, _worst_gain)


def curve(design: CICDesign) -> RateCurve:
    """What it does to frequencies, in closed form: ``(sin(pi * span * f) / sin(pi * f))**stages``."""

    def gains(frequencies: Floats) -> Floats:
        angles = np.pi * np.asarray(frequencies, float)
        sines = np.sin(angles)
        flat = np.abs(sines) < 1e-12
        ratio = np.abs(np.sin(design.span * angles) / np.where(flat, 1, sines))
        found: Floats = np.where(flat, float(design.span), ratio) ** design.stages / 2.0**design.shift
        return found

    return RateCurve(np.array(design.coefficients, float) / 2.0**design.shift, design.up, design.down, gains)


def _worst_gain(design: Any) -> float:
    return float(design.gain / 2.0**design.shift)
