"""The plot of a FIR filter: the impulse response, the frequency response, and the passband where it is known."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..designs import FIRDesign
from ..measure import measure_response
from ..progress import Advance
from ..response import Floats, gains
from ..specified import Specified
from .drawing import FORBIDDEN, IDEAL, MEASURED, POINTS, QUANTISED, Measured, Panel, decibels

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["measured", "panels"]

FLOOR_DB = -140.0


def panels(design: FIRDesign, measured: Measured) -> list[Panel]:
    """What draws each panel."""
    found = design.specified
    drawn: list[Panel] = [partial(_draw_taps, design), partial(_draw_response, design, measured)]
    return drawn if found is None else [*drawn, partial(_draw_passband, design, found, measured)]


def _scaled(design: FIRDesign) -> Floats:
    return np.array(design.coefficients, np.float64) / 2.0**design.shift


def measured(opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """The response of the filter that a device is."""
    with opened() as device:
        advance("measuring the response")
        return measure_response(device)


def _draw_taps(design: FIRDesign, panel: Any) -> None:
    panel.stem(_scaled(design), linefmt=QUANTISED, basefmt=" ", markerfmt=".")
    panel.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    panel.set(title="impulse response", xlabel="sample", ylabel="gain")
    panel.locator_params(axis="x", integer=True)


def _unit(design: FIRDesign) -> tuple[float, str]:
    """What a cycle a sample is, in the axis' unit."""
    found = design.specified
    if found is None:
        return 1.0, "frequency, cycles a sample"
    return (found.fs / 1000, "frequency, kHz") if found.fs >= 10_000 else (found.fs, "frequency, Hz")


def _draw_response(design: FIRDesign, measured: Measured, panel: Any) -> None:
    unit, label = _unit(design)
    places = np.linspace(0, 0.5, POINTS)
    found = design.specified
    if found is not None:
        if found.asked_attenuation_db is not None:
            limit = -found.asked_attenuation_db
            for low, high in found.stopbands:
                ends = [low / found.fs * unit, high / found.fs * unit]
                panel.fill_between(ends, limit, 40, color=FORBIDDEN, zorder=0)
                panel.text(
                    sum(ends) / 2, limit + 1, "not allowed", color="0.3", fontsize=8, ha="center", va="bottom", clip_on=True
                )
        ideal = decibels(gains(found.ideal, places))
        panel.plot(places * unit, ideal, color=IDEAL, linewidth=2.4, alpha=0.6, label="ideal")
    quantised = decibels(gains(_scaled(design), places))
    panel.plot(places * unit, quantised, color=QUANTISED, linewidth=1.1, label="quantised")
    if measured is not None:
        panel.plot(measured[0] * unit, decibels(measured[1]), ".", color=MEASURED, markersize=4, label="measured on the twin")
    # The notches of a response go down without end; the page ends 40 dB below nearly all of it.
    bottom = max(FLOOR_DB, float(np.percentile(quantised, 10)) - 40, float(quantised.min()) - 5)
    top = float(quantised.max()) + 5
    panel.set(
        title="frequency response", xlabel=label, ylabel="gain, dB", xlim=(0, unit / 2), ylim=(min(bottom, top - 20), top)
    )
    panel.grid(True, alpha=0.3)
    if found is not None or measured is not None:
        panel.legend(loc="best")


def _draw_passband(design: FIRDesign, found: Specified, measured: Measured, panel: Any) -> None:
    unit, label = _unit(design)
    low, high = found.passband
    places = np.linspace(low, high, POINTS) / found.fs
    panel.plot(places * unit, decibels(gains(found.ideal, places)), color=IDEAL, linewidth=2.4, alpha=0.6)
    panel.plot(places * unit, decibels(gains(_scaled(design), places)), color=QUANTISED, linewidth=1.1)
    if measured is not None:
        inside = (measured[0] >= places[0]) & (measured[0] <= places[-1])
        panel.plot(measured[0][inside] * unit, decibels(measured[1][inside]), ".", color=MEASURED, markersize=5)
    panel.set(title="passband", xlabel=label, ylabel="gain, dB", xlim=(low / found.fs * unit, high / found.fs * unit))
    panel.ticklabel_format(axis="y", useOffset=False)
    panel.grid(True, alpha=0.3)
