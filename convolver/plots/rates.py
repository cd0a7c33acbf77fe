"""The plot of any change of a signal's rate: impulse response, frequency response with its images, what folds back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..designs import Design
from ..progress import Advance
from ..rate_response import RateResponse, rate_response
from ..response import Floats
from .drawing import IDEAL, MEASURED, POINTS, QUANTISED, Measured, Panel, decibels

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["curve_of", "measured_rate"]

PERIOD = 257
"""Samples in which each sine that is measured turns a whole number of times: a prime, so that none folds onto its image."""

SINES, MOST_SAMPLES = 32, 1 << 22
"""How many are measured, of so many samples and results in all; of great changes of rate fewer."""

DEEPEST_DB = -140.0


@dataclass(frozen=True)
class RateCurve:
    """Draws what a filter does to frequencies whose results have the rate of samples.

    Parameters
    ----------
    filter : RateResponse
    """

    filter: RateResponse
    title: ClassVar[str] = "frequency response"
    """Of the panel of gains."""

    def panels(self, measured: Measured) -> list[Panel]:
        """What draws each panel."""
        return [self._draw_taps, partial(self._draw_response, measured)]

    def _draw_taps(self, panel: Any) -> None:
        panel.stem(
            np.arange(len(self.filter.taps)) / self.filter.up, self.filter.taps, linefmt=QUANTISED, basefmt=" ", markerfmt="."
        )
        panel.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        panel.set(title="impulse response", xlabel="sample", ylabel="gain")
        panel.locator_params(axis="x", integer=True)

    def _draw_response(self, measured: Measured, panel: Any) -> None:
        places = np.linspace(0, self.filter.up / 2, POINTS)
        levels = decibels(self.filter.response(places))
        panel.plot(places, levels, color=QUANTISED, linewidth=1.1, label="quantised")
        if measured is not None:
            panel.plot(measured[0], decibels(measured[1]), ".", color=MEASURED, markersize=4, label="measured on the twin")
            panel.legend(loc="best")
        _finish(panel, levels, title=self.title, xlabel="frequency, cycles a sample", xlim=(0, self.filter.up / 2))


@dataclass(frozen=True)
class FoldedCurve(RateCurve):
    """Draws what a change of rate does to frequencies, and what folds back where results are left out."""

    title: ClassVar[str] = "before results are left out"

    def panels(self, measured: Measured) -> list[Panel]:
        return [*super().panels(measured), self._draw_folded]

    def _draw_folded(self, panel: Any) -> None:
        places = np.linspace(0, 0.5, POINTS)
        levels = decibels(self.filter.response(places * self.filter.up / self.filter.down))
        panel.plot(places, levels, color=QUANTISED, linewidth=1.1, label="wanted")
        panel.plot(places, decibels(self.filter.folded(places)), color=IDEAL, linewidth=1.1, label="folded back, the greatest")
        panel.legend(loc="best")
        _finish(panel, levels, title="results", xlabel="frequency, cycles a result", xlim=(0, 0.5))


def curve_of(response: RateResponse) -> RateCurve:
    """What draws a filter."""
    return (RateCurve if (response.up, response.down) == (1, 1) else FoldedCurve)(response)


def measured_rate(
    opened: Callable[[], "Device"], advance: Advance, worst_gain: Callable[[Design], float]
) -> tuple[Floats, Floats]:
    """The gains of images as the filter that a device is has them, in cycles a sample.

    Parameters
    ----------
    opened : callable
        Gives the device.
    advance : callable
    worst_gain : callable
        The greatest gain of a design for any input.
    """
    with opened() as device:
        advance("measuring the response")
        design = device.design
        rate = design.rate
        centre, height = _room(design, worst_gain(design) or 1.0)
        found = []
        whole = PERIOD * rate.down
        # Behind the first periods, in which the filter settles, whole periods of samples and of results.
        count = -(-(len(rate_response(design).taps) // rate.up + 1) // whole) * whole
        sines = min(SINES, max(4, MOST_SAMPLES // ((count + whole) * rate.up)))
        for turn in np.unique(np.linspace(1, PERIOD // 2 - 1, sines).astype(int)):
            samples = np.rint(centre + height * np.cos(2 * np.pi * turn / PERIOD * np.arange(count + whole))).astype(np.int64)
            results = np.asarray(device(samples)).astype(float)[rate.results(count) :]
            own = _part(samples[count:], turn / PERIOD)
            images = {image + sign * turn / PERIOD for image in range(rate.up // 2 + 1) for sign in (1, -1)}
            shown = [place for place in images if 0 < place < rate.up / 2]
            found += [(place, _part(results, place * rate.down / rate.up) / own) for place in shown]
    frequencies, levels = np.array(sorted(found)).reshape(-1, 2).T
    return frequencies, levels


def _part(values: Any, frequency: float) -> float:
    """How much of a frequency there is."""
    return float(abs(np.exp(-2j * np.pi * frequency * np.arange(len(values))) @ values) / len(values))


def _room(design: Design, worst: float) -> tuple[float, float]:
    """Centre and height of a sine that samples and results hold."""
    data, output = design.sample, design.output_format
    centre = (data.min + data.max) / 2
    height = min((data.max - data.min) / 2, (output.max - output.min - 2) / 2 / worst - abs(centre))
    return (centre, height) if height > 0 else (0.0, max(min(data.max, (output.max - 1) / worst) / 2, 0.5))


def _finish(panel: Any, levels: Floats, **told: Any) -> None:
    top = float(levels.max()) + 5
    panel.set(ylabel="gain, dB", ylim=(max(DEEPEST_DB, top - 120), top), **told)
    panel.grid(True, alpha=0.3)
