"""What a filter that was made for a specification reaches: `Specified`, its taps with ripple and attenuation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .formats import Format
from .quantize import Quantized
from .response import Floats, gain_extremes

__all__ = ["Band", "Specified"]

Band = tuple[float, float]
"""Its lower and its upper edge, in Hz."""


@dataclass(frozen=True)
class Specified:
    """Taps for a specification: what was asked, the real taps, and the integers, all of whose figures are here.

    Ripple is the passband's greatest gain over its least; attenuation is the nominal gain, 1, over the stopband's greatest.
    Both are found on a grid, to within 0.001 dB.
    """

    kind: str
    """Such as ``"low-pass"``."""

    fs: float
    """Samples a second."""

    passband: Band

    stopbands: tuple[Band, ...]
    """None of a Hilbert transformer."""

    asked_ripple_db: float | None
    """Greatest ripple that was allowed; None if the taps were given and nothing was asked."""

    asked_attenuation_db: float | None

    ideal: tuple[float, ...]
    """The real taps, of gain 1."""

    quantized: Quantized
    """The integers, each ``2**shift`` times its real tap."""

    @property
    def coefficients(self) -> tuple[int, ...]:
        return self.quantized.coefficients

    @property
    def shift(self) -> int:
        """Bits to drop from the sums for a passband of gain 1."""
        return self.quantized.format.fraction

    @property
    def format(self) -> Format:
        """The coefficients' format; its fraction is `shift`."""
        return self.quantized.format

    @cached_property
    def passband_gain(self) -> tuple[float, float]:
        """The least and the greatest gain in the passband."""
        return self._extremes(self._scaled, self.passband)

    @cached_property
    def ripple_db(self) -> float:
        """Of the quantised filter; infinite where it passes nothing."""
        return _ratio_db(*reversed(self.passband_gain))

    @cached_property
    def stopband_gain(self) -> float | None:
        """The greatest gain in any stopband; None without any."""
        return max((self._extremes(self._scaled, band)[1] for band in self.stopbands), default=None)

    @cached_property
    def attenuation_db(self) -> float | None:
        """Of the quantised filter, the least of all stopbands; None without any."""
        return self._attenuation(self._scaled)

    @cached_property
    def ideal_ripple_db(self) -> float:
        """`ripple_db` before quantisation."""
        return _ratio_db(*reversed(self._extremes(self.ideal, self.passband)))

    @cached_property
    def ideal_attenuation_db(self) -> float | None:
        """`attenuation_db` before quantisation."""
        return self._attenuation(self.ideal)

    @property
    def _scaled(self) -> Floats:
        return np.array(self.coefficients, np.float64) / 2.0**self.shift

    def _extremes(self, taps: Sequence[float] | Floats, band: Band) -> tuple[float, float]:
        return gain_extremes(taps, band[0] / self.fs, band[1] / self.fs)

    def _attenuation(self, taps: Sequence[float] | Floats) -> float | None:
        if not self.stopbands:
            return None
        return _ratio_db(1.0, max(self._extremes(taps, band)[1] for band in self.stopbands))

    @property
    def margin_db(self) -> float:
        """How much better than asked the quantised filter is, of ripple and attenuation the worse; negative if it misses."""
        return self._margin(self.ripple_db, self.attenuation_db)

    @property
    def hopeless(self) -> bool:
        """Whether the quantised filter misses what was asked although the real one errs a tenth of it: more taps don't help."""
        return self.margin_db < 0 and self._margin(self.ideal_ripple_db, self.ideal_attenuation_db) >= 20

    def _margin(self, ripple: float, attenuation: float | None) -> float:
        margins = [math.inf]
        if self.asked_ripple_db is not None:
            margins.append(_ratio_db(self.asked_ripple_db, ripple))
        if self.asked_attenuation_db is not None and attenuation is not None:
            margins.append(attenuation - self.asked_attenuation_db)
        return min(margins)

    @property
    def idle(self) -> int:
        """Taps at the ends that are zero in this format."""
        used = [place for place, weight in enumerate(self.coefficients) if weight]
        return len(self.coefficients) - (used[-1] - used[0] + 1) if used else len(self.coefficients)

    @property
    def selects(self) -> bool:
        """Whether every gain in the passband is above every gain in a stopband, by more than the grid misses."""
        return self.stopband_gain is None or self.passband_gain[0] > 1.001 * self.stopband_gain

    @property
    def meets(self) -> bool:
        """Whether the quantised filter is one at all, and has what was asked."""
        return self.selects and self.margin_db >= 0

    @property
    def ideal_meets(self) -> bool:
        """Whether the real one has."""
        return self._margin(self.ideal_ripple_db, self.ideal_attenuation_db) >= 0

    def figures(self) -> str:
        """Ripple and attenuation of the quantised filter, in words; where they are rounded, then for the worse."""
        ripple = f"a ripple of {_upwards(self.ripple_db)} dB"
        if self.attenuation_db is None:
            return ripple
        return f"{ripple} and an attenuation of {_downwards(self.attenuation_db)} dB"

    def asked(self) -> str:
        """What was asked, in words; empty if nothing was."""
        words = []
        if self.asked_ripple_db is not None:
            words.append(f"a ripple of at most {self.asked_ripple_db:g} dB")
        if self.asked_attenuation_db is not None:
            words.append(f"an attenuation of at least {self.asked_attenuation_db:g} dB")
        return " and ".join(words)

    def bands(self) -> str:
        """The bands, in words."""
        stop = " and ".join(f"{low:g} to {high:g}" for low, high in self.stopbands)
        passed = f"passband {self.passband[0]:g} to {self.passband[1]:g} Hz"
        return f"{passed}, stopband {stop} Hz" if stop else passed

    def idle_taps(self) -> str:
        """How many taps are for nothing, in words; empty if none is."""
        return f", the outer {self.idle} taps zero" if self.idle else ""

    def __str__(self) -> str:
        """Everything that matters, on one line; the gain too, if it is nowhere in the passband 1."""
        low, high = self.passband_gain
        gain = "" if low <= 1.001 and high >= 0.999 else f", a gain of {low:.3g} to {high:.3g}"
        return (
            f"{self.kind}, {self.bands()}, at {self.fs:g} samples a second: {len(self.coefficients)} taps in {self.format}"
            f"{self.idle_taps()}{gain}, {self.figures()}"
        )


def _ratio_db(one: float, other: float) -> float:
    if not other:
        return math.inf
    return 20 * math.log10(one / other) if 0 < one < math.inf and other < math.inf else -math.inf


def _upwards(ripple: float) -> str:
    return f"{math.ceil(ripple * 1000) / 1000:g}" if math.isfinite(ripple) else "inf"


def _downwards(attenuation: float) -> str:
    return f"{math.floor(attenuation * 100) / 100:.2f}" if math.isfinite(attenuation) else "inf"
