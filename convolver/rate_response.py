"""What a filter of signals does to frequencies, whatever rate its results have: gain, images, and what folds back."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from .designs import Design, Factor
from .response import Floats, gains, group_delay

__all__ = ["RateResponse", "rate_response"]


@dataclass(frozen=True)
class RateResponse:
    """Filters one behind the other, as one filter of `up` times as many taps a sample, of whose results each `down`-th is kept.

    Parameters
    ----------
    factors : sequence of (Factor, int)
        Each filter's, and how many taps of the whole lie between two of its own.
    up, down : int
    scale : float
        What all sums are divided by.
    """

    factors: Sequence[tuple[Factor, int]]
    up: int
    down: int
    scale: float

    def gains(self, frequencies: Floats) -> Floats:
        """The gain of the whole filter at frequencies in cycles a tap."""
        found: Floats = np.full(len(frequencies), 1 / self.scale)
        for factor, spacing in self.factors:
            found = found * _gains(factor.taps, frequencies * spacing) ** factor.power
        return found

    def response(self, frequencies: Floats) -> Floats:
        """Gain from a sine of the samples to its images among the results, those before results are left out: at frequencies
        from 0 to ``up / 2`` cycles a sample."""
        return self.gains(frequencies / self.up) / self.up

    def folded(self, frequencies: Floats) -> Floats:
        """The greatest gain of all aliases that fold back on each frequency of the results, in cycles a result from 0 to 0.5,
        when results are left out."""
        greatest = np.zeros(len(frequencies))
        for turn in range(1, self.down):
            greatest = np.maximum(greatest, self.response((frequencies + turn) * self.up / self.down))
        return greatest

    @cached_property
    def delay(self) -> tuple[Fraction | None, bool]:
        """Taps of the whole by which it delays, exactly, and whether all frequencies are delayed alike; see `group_delay`."""
        total, linear = Fraction(0), True
        for factor, spacing in self.factors:
            own, alike = group_delay(factor.taps)
            if own is None:
                return None, False
            total, linear = total + own * spacing * factor.power, linear and alike
        return total, linear

    @cached_property
    def taps(self) -> Floats:
        """The taps of the whole filter."""
        whole = np.ones(1) / self.scale
        for factor, spacing in self.factors:
            apart = np.zeros((len(factor.taps) - 1) * spacing + 1)
            apart[::spacing] = factor.taps
            for _ in range(factor.power):
                whole = np.convolve(whole, apart)
        return whole


def rate_response(design: Design) -> RateResponse:
    """That of a design which `responds`."""
    links = design.links
    factors, scale = [], 1.0
    for number, link in enumerate(links):
        before = int(np.prod([one.rate.down for one in links[:number]]))
        spacing = before * int(np.prod([one.rate.up for one in links[number + 1 :]]))
        factors += [(factor, spacing) for factor in link.factors]
        scale *= 2.0**link.shift
    up, down = (int(np.prod([getattr(link.rate, name) for link in links])) for name in ("up", "down"))
    return RateResponse(factors, up, down, scale)


def _gains(taps: Sequence[int], frequencies: Floats) -> Floats:
    """Of a moving sum in closed form: there are many taps."""
    if set(taps) != {1}:
        return gains(taps, frequencies)
    angles = np.pi * frequencies
    sines = np.sin(angles)
    flat = np.abs(sines) < 1e-12
    found: Floats = np.where(flat, len(taps), np.abs(np.sin(len(taps) * angles) / np.where(flat, 1, sines)))
    return found
