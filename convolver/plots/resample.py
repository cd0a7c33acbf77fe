"""The plot of a rate change: the impulse response, the frequency response with its images, and what folds back."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..designs import ResampleDesign
from ..progress import Advance
from ..response import Floats, gains
from .drawing import IDEAL, MEASURED, POINTS, QUANTISED, Measured, Panel, decibels

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["folded", "measured", "panels", "response"]

PERIOD = 256
"""Samples in which each sine that is measured turns a whole number of times, but for the rate."""

SINES = 32
"""How many are measured."""

DEEPEST_DB = -140.0


def panels(design: ResampleDesign, measured: Measured) -> list[Panel]:
    """What draws each panel."""
    return [partial(_draw_taps, design), partial(_draw_response, design, measured), partial(_draw_folded, design)]


def response(design: ResampleDesign, frequencies: Floats) -> Floats:
    """Gain from a sine of the samples to its images among the results, those before results are left out: at frequencies from 0
    to ``up / 2`` cycles a sample."""
    return gains(np.array(design.coefficients) / 2.0**design.shift, frequencies / design.up) / design.up


def folded(design: ResampleDesign, frequencies: Floats) -> Floats:
    """The greatest gain of all aliases that fold back on each frequency of the results, in cycles a result from 0 to 0.5, when
    results are left out."""
    turns = range(1, design.down)
    found = [response(design, (frequencies + turn) * design.up / design.down) for turn in turns]
    return np.max(found, axis=0) if found else np.zeros(len(frequencies))


def measured(opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """The gains of images as the filter that a device is has them, in cycles a sample."""
    with opened() as device:
        advance("measuring the response")
        design = cast(ResampleDesign, device.design)
        centre, height = _room(design)
        found = []
        for turn in np.unique(np.linspace(1, PERIOD // 2 - 1, SINES).astype(int) | 1):
            # Behind the first period, in which the filter settles, whole periods of samples and of results.
            count = -(-(design.history + 1) // (PERIOD * design.down)) * PERIOD * design.down
            places = np.arange(count + PERIOD * design.down)
            samples = np.rint(centre + height * np.cos(2 * np.pi * turn / PERIOD * places)).astype(np.int64)
            results = np.asarray(device(samples)).astype(float)[design.rate.results(count) :]
            own = _part(samples[count:], turn / PERIOD)
            images = {image + sign * turn / PERIOD for image in range(design.up // 2 + 1) for sign in (1, -1)}
            shown = [place for place in images if 0 < place < design.up / 2]
            found += [(place, _part(results, place * design.down / design.up) / own) for place in shown]
    frequencies, levels = np.array(sorted(found)).reshape(-1, 2).T
    return frequencies, levels


def _part(values: Any, frequency: float) -> float:
    """How much of a frequency there is."""
    return float(abs(np.exp(-2j * np.pi * frequency * np.arange(len(values))) @ values) / len(values))


def _room(design: ResampleDesign) -> tuple[float, float]:
    """Centre and height of a sine that samples and results hold."""
    data, output = design.data, design.output_format
    worst = max(sum(map(abs, phase)) for phase in design.phases) / 2.0**design.shift or 1.0
    centre = (data.min + data.max) / 2
    height = min((data.max - data.min) / 2, (output.max - output.min - 2) / 2 / worst - abs(centre))
    return (centre, height) if height > 0 else (0.0, max(min(data.max, (output.max - 1) / worst) / 2, 0.5))


def _draw_taps(design: ResampleDesign, panel: Any) -> None:
    taps = np.array(design.coefficients) / 2.0**design.shift
    panel.stem(np.arange(len(taps)) / design.up, taps, linefmt=QUANTISED, basefmt=" ", markerfmt=".")
    panel.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    panel.set(title="impulse response", xlabel="sample", ylabel="gain")


def _draw_response(design: ResampleDesign, measured: Measured, panel: Any) -> None:
    places = np.linspace(0, design.up / 2, POINTS)
    levels = decibels(response(design, places))
    panel.plot(places, levels, color=QUANTISED, linewidth=1.1, label="quantised")
    if measured is not None:
        panel.plot(measured[0], decibels(measured[1]), ".", color=MEASURED, markersize=4, label="measured on the twin")
        panel.legend(loc="best", fontsize=8)
    _finish(panel, levels, title="before results are left out", xlabel="frequency, cycles a sample", xlim=(0, design.up / 2))


def _draw_folded(design: ResampleDesign, panel: Any) -> None:
    places = np.linspace(0, 0.5, POINTS)
    levels = decibels(response(design, places * design.up / design.down))
    panel.plot(places, levels, color=QUANTISED, linewidth=1.1, label="wanted")
    panel.plot(places, decibels(folded(design, places)), color=IDEAL, linewidth=1.1, label="folded back, the greatest")
    panel.legend(loc="best", fontsize=8)
    _finish(panel, levels, title="results", xlabel="frequency, cycles a result", xlim=(0, 0.5))


def _finish(panel: Any, levels: Floats, **told: Any) -> None:
    top = float(levels.max()) + 5
    panel.set(ylabel="gain, dB", ylim=(max(DEEPEST_DB, top - 120), top), **told)
    panel.grid(True, alpha=0.3)
