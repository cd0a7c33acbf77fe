"""Finds the taps of a FIR filter for a specification, with scipy.signal, and quantises them.

Equiripple filters are of `convolver.equiripple`, those with a cutoff by `scipy.signal.firwin` and its Hamming window. Half-band
filters and Hilbert transformers are made of a filter of half the length (Vaidyanathan and Nguyen, "A 'TRICK' for the design
of FIR half-band filters", IEEE Trans. Circuits and Systems 34, 1987), so that their zeros are exact.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import index, pair, positive, shown
from .equiripple import half_band, hamming, kaiser_taps, kaiser_transition, selective, signal
from .errors import DesignError
from .formats import Format
from .quantize import quantize
from .response import Floats
from .specified import Band, Specified

__all__ = ["bandpass", "halfband", "highpass", "hilbert", "lowpass"]

FEWEST_TAPS, MOST_TAPS = 3, 256

HALF_BAND_COUNTS = range(FEWEST_TAPS, MOST_TAPS, 4)
HALF_BAND_RULE = "3, 7, 11 and so on to 255 taps, so that its ends aren't zero"

LEAST_ERROR = 1e-12
"""Of a gain, that is worth asking for: no format of 32 bits shows less."""


@dataclass(frozen=True)
class _Search:
    """A specification whose taps are still to be found."""

    kind: str
    fs: float
    passband: Band
    stopbands: tuple[Band, ...]
    ripple_db: float | None
    attenuation_db: float | None
    form: Format

    counts: Sequence[int]
    """The numbers of taps that there can be, rising."""

    estimate: float
    """Of the number of taps; where the search begins."""

    real_taps: Callable[[int, float], Floats]
    """The real taps: so many, and with what width of a transition at most."""

    narrowest: float = 0.0
    """The transition that was asked, in cycles a sample."""

    def run(self, taps: int | None) -> Specified:
        """With so many taps; without, with the fewest that do.

        Raises
        ------
        DesignError
            If the quantised filter hasn't what was asked.
        """
        if taps is None:
            return self._fewest()
        found = self._with(taps)
        if not found.meets:
            raise DesignError(_missed(found, self.counts[-1]))
        return found

    def _with(self, taps: int) -> Specified:
        """Where so many taps could err less than the format shows, they get a narrower transition, if that still does."""
        useful = kaiser_transition(taps, 2.0**-self.form.width)
        found = self._quantised(self.real_taps(taps, useful))
        if found.meets or useful >= self.narrowest:
            return found
        return max(found, self._quantised(self.real_taps(taps, math.inf)), key=_merit)

    def _quantised(self, ideal: Floats) -> Specified:
        return Specified(
            kind=self.kind,
            fs=self.fs,
            passband=self.passband,
            stopbands=self.stopbands,
            asked_ripple_db=self.ripple_db,
            asked_attenuation_db=self.attenuation_db,
            ideal=tuple(map(float, ideal)),
            quantized=quantize(ideal, _pointed(self.form, ideal)),
        )

    def _fewest(self) -> Specified:
        """From the estimate down while the filter does, or up until it does."""
        start = next((place for place, taps in enumerate(self.counts) if taps >= self.estimate), len(self.counts) - 1)
        best = self._with(self.counts[start])
        if best.meets:
            for taps in reversed(self.counts[:start]):
                fewer = self._with(taps)
                if not fewer.meets:
                    break
                best = fewer
            return best
        longest = [self._with(taps) for taps in self.counts[max(start + 1, len(self.counts) - 2) :]]
        if longest and not any(found.ideal_meets for found in longest):
            raise DesignError(_missed(longest[-1], self.counts[-1]))
        for taps in self.counts[start + 1 :]:
            found = self._with(taps)
            if found.meets:
                return found
            best = max(best, found, key=_merit)
            if found.hopeless:
                break
        raise DesignError(_missed(best, self.counts[-1]))


def _merit(found: Specified) -> tuple[bool, float]:
    return found.selects, found.margin_db


def _missed(found: Specified, most: int) -> str:
    """What is said of a filter that falls short, of a kind that has so many taps at most."""
    count = len(found.coefficients)
    more = "more taps" * (count < most)
    if not found.selects:
        return (
            f"A {found.kind} filter must pass more than it stops: with {count} taps in {found.format} the passband's gain goes "
            f"down to {found.passband_gain[0]:.3g}, the stopband's up to {found.stopband_gain:.3g}; "
            f"take {more}{', ' * bool(more)}wider coefficients or a wider transition"
        )
    wider = f"{more}{' or ' * bool(more)}a wider transition"
    cure = f"wider coefficients than {found.format.width} bits" if found.ideal_meets else wider
    return (
        f"The quantised filter must have {found.asked()}, not {found.figures()}, as {count} taps in "
        f"{found.format} have; take {cure}"
    )


def _pointed(form: Format, ideal: Floats) -> Format:
    """`form` as it stands if it has a fraction, else with the largest one in which all taps fit."""
    if form.fraction:
        scale = 2.0**-form.fraction
        if outside := [tap for tap in ideal if round(tap / scale) not in form]:
            raise DesignError(
                f"Coefficients must be between {form.min * scale:.10g} and {form.max * scale:.10g} to fit {form}, "
                f"not {outside[0]:.10g}; take a format with more bits before the point"
            )
        return form
    _, exponent = math.frexp(float(np.abs(ideal).max()))
    for fraction in range(form.width - exponent, 0, -1):
        if all(round(math.ldexp(tap, fraction)) in form for tap in ideal):
            return Format(form.width, form.signed, fraction)
    raise DesignError(f"Coefficients must have bits behind the binary point, and {form} has none left for these taps")


# What was asked


def _count(kind: str, taps: object, counts: Sequence[int], rule: str) -> int | None:
    """The number of taps, if one is given."""
    if taps is None:
        return None
    count = index(taps)
    if count is None or count not in counts:
        raise DesignError(f"A {kind} filter must have {rule}, not {shown(taps)}")
    return count


def _maybe_positive(name: str, value: object) -> float | None:
    return None if value is None else positive(name, value)


def _format(coefficient: object) -> Format:
    form = Format.parse(coefficient) if isinstance(coefficient, str) else coefficient
    if not isinstance(form, Format) or not form.signed or not 2 <= form.width <= 32:
        told = str(form) if isinstance(form, Format) else shown(form)
        raise DesignError(f"A filter's coefficients must be a signed Format of 2 to 32 bits, or its name, not {told}")
    return form


def _rising(named: Sequence[tuple[str, object]], fs: float) -> list[float]:
    """The edges as numbers, which must rise between 0 and half the sampling rate."""
    edges = [positive(name, value) for name, value in named]
    if any(low >= high for low, high in zip([0.0, *edges], [*edges, fs / 2], strict=True)):
        rule = " < ".join(name for name, _ in named)
        raise DesignError(f"Edges must be 0 < {rule} < fs / 2, not {', '.join(f'{edge:g}' for edge in edges)} at fs {fs:g}")
    return edges


def _deviations(ripple_db: float | None, attenuation_db: float | None) -> tuple[float, float]:
    """The errors of the gain that passband and stopband may have; alike where only one of them is given, or none."""
    passed = None if ripple_db is None else max(math.tanh(ripple_db * math.log(10) / 40), LEAST_ERROR)
    stopped = None if attenuation_db is None else max(10 ** (-attenuation_db / 20), LEAST_ERROR)
    return passed or stopped or 0.01, stopped or passed or 0.01


# The kinds


def lowpass(fs: float, passband: Any, stopband: Any, cutoff: Any, **asked: Any) -> Specified:
    """See `FIRDesign.lowpass`."""
    edges = _edges("low-pass", [("passband", passband), ("stopband", stopband)], cutoff)
    return _selective("low-pass", (True, False), edges, cutoff is not None, fs, **asked)


def highpass(fs: float, passband: Any, stopband: Any, cutoff: Any, **asked: Any) -> Specified:
    """See `FIRDesign.highpass`."""
    edges = _edges("high-pass", [("stopband", stopband), ("passband", passband)], cutoff)
    return _selective("high-pass", (False, True), edges, cutoff is not None, fs, **asked)


def bandpass(fs: float, passband: Any, stopband: Any, cutoff: Any, **asked: Any) -> Specified:
    """See `FIRDesign.bandpass`."""
    edges = _edges("band-pass", [("passband", passband), ("stopband", stopband)], cutoff)
    pairs = [[(f"{name}[{side}]", edge) for side, edge in enumerate(pair(name, value))] for name, value in edges]
    if cutoff is not None:
        named = pairs[0]
    else:
        (first, second), (low, high) = pairs
        named = [low, first, second, high]
    return _selective("band-pass", (False, True, False), named, cutoff is not None, fs, **asked)


def _edges(kind: str, named: list[tuple[str, object]], cutoff: object) -> list[tuple[str, object]]:
    """The edges of the bands, or the cutoff, whichever was given."""
    given = [value is not None for _, value in named]
    if (all(given) and cutoff is None) or (not any(given) and cutoff is not None):
        return named if cutoff is None else [("cutoff", cutoff)]
    raise DesignError(f"A {kind} filter must have either passband and stopband, or cutoff and taps")


def _selective(
    kind: str,
    passes: Sequence[bool],
    named: Sequence[tuple[str, object]],
    windowed: bool,
    fs: float,
    *,
    taps: object,
    ripple_db: float | None,
    attenuation_db: float | None,
    coefficient: Format | str,
) -> Specified:
    """A filter whose bands, from frequency 0 up, each pass or don't."""
    fs, form = positive("fs", fs), _format(coefficient)
    ripple_db, attenuation_db = _maybe_positive("ripple_db", ripple_db), _maybe_positive("attenuation_db", attenuation_db)
    if windowed and taps is None:
        raise DesignError(f"A {kind} filter with a cutoff must have taps; with passband and stopband they are found")
    if taps is None and (ripple_db is None or attenuation_db is None):
        raise DesignError(f"A {kind} filter must have taps, or ripple_db and attenuation_db to find them")
    edges = _rising(named, fs)
    # With an even number of taps the gain at half the sampling rate is zero.
    counts = range(FEWEST_TAPS, MOST_TAPS + 1, 2 if passes[-1] else 1)
    rule = f"an odd number of taps, {FEWEST_TAPS} to {counts[-1]}" if passes[-1] else f"{FEWEST_TAPS} to {MOST_TAPS} taps"
    count = _count(kind, taps, counts, rule)
    cutoffs = edges
    if windowed and count is not None:
        # Half the main lobe of the Hamming window's transform: that far from the cutoff its side lobes are all there is.
        reach = 2 / count * fs
        edges = [edge for cutoff in cutoffs for edge in (cutoff - reach, cutoff + reach)]
        bounds = [0.0, *edges, fs / 2]
        if any(low >= high for low, high in itertools.pairwise(bounds)):
            raise DesignError(
                f"A {kind} filter with this cutoff must have more taps than {count}: "
                f"they leave a transition of {2 * reach:g} Hz, and no room for a band"
            )
    bounds = [0.0, *edges, fs / 2]
    bands = list(zip(bounds[::2], bounds[1::2], strict=True))
    passed, stopped = _deviations(ripple_db, attenuation_db)
    signal()

    def real_taps(count: int, most: float) -> Floats:
        if windowed:
            return hamming(count, [cutoff / fs for cutoff in cutoffs], passes[0])
        weights = [1 / passed if passing else 1 / stopped for passing in passes]
        return selective(count, [bound / fs for bound in bounds], passes, weights, most)

    transition = min(high - low for low, high in zip(bounds[1::2], bounds[2::2], strict=False)) / fs
    return _Search(
        kind=kind,
        fs=fs,
        passband=next(band for band, passing in zip(bands, passes, strict=True) if passing),
        stopbands=tuple(band for band, passing in zip(bands, passes, strict=True) if not passing),
        ripple_db=ripple_db,
        attenuation_db=attenuation_db,
        form=form,
        counts=counts,
        estimate=kaiser_taps(passed, stopped, transition),
        real_taps=real_taps,
        narrowest=math.inf if windowed else transition,
    ).run(count)


def halfband(
    fs: float,
    passband: Any,
    *,
    taps: object,
    ripple_db: float | None,
    attenuation_db: float | None,
    coefficient: Format | str,
) -> Specified:
    """See `FIRDesign.halfband`."""
    fs, form = positive("fs", fs), _format(coefficient)
    edge = _quarter(passband, fs)
    ripple_db, attenuation_db = _maybe_positive("ripple_db", ripple_db), _maybe_positive("attenuation_db", attenuation_db)
    if taps is None and ripple_db is None and attenuation_db is None:
        raise DesignError("A half-band filter must have taps, or ripple_db or attenuation_db to find them")
    # Both bands err alike: the narrower allowance holds for both.
    error = min(_deviations(ripple_db, attenuation_db))
    signal()
    return _Search(
        kind="half-band",
        fs=fs,
        passband=(0.0, edge),
        stopbands=((fs / 2 - edge, fs / 2),),
        ripple_db=ripple_db,
        attenuation_db=attenuation_db,
        form=form,
        counts=HALF_BAND_COUNTS,
        estimate=kaiser_taps(error, error, 0.5 - 2 * edge / fs),
        real_taps=lambda count, most: half_band(count, edge / fs, most),
        narrowest=0.5 - 2 * edge / fs,
    ).run(_count("half-band", taps, HALF_BAND_COUNTS, HALF_BAND_RULE))


def hilbert(fs: float, passband: Any, *, taps: object, ripple_db: float | None, coefficient: Format | str) -> Specified:
    """See `FIRDesign.hilbert`."""
    fs, form = positive("fs", fs), _format(coefficient)
    edge = _quarter(passband, fs)
    ripple_db = _maybe_positive("ripple_db", ripple_db)
    if taps is None and ripple_db is None:
        raise DesignError("A Hilbert transformer must have taps, or ripple_db to find them")
    error = _deviations(ripple_db, None)[0] / 2
    signal()

    def real_taps(count: int, most: float) -> Floats:
        # A half-band filter moved up by a quarter of the sampling rate, less the same moved down.
        distances = np.arange(count) - count // 2
        turned: Floats = 2 * half_band(count, 0.25 - edge / fs, most) * np.sin(np.pi / 2 * distances).round()
        return turned

    return _Search(
        kind="Hilbert",
        fs=fs,
        passband=(edge, fs / 2 - edge),
        stopbands=(),
        ripple_db=ripple_db,
        attenuation_db=None,
        form=form,
        counts=HALF_BAND_COUNTS,
        estimate=kaiser_taps(error, error, 2 * edge / fs),
        real_taps=real_taps,
        narrowest=2 * edge / fs,
    ).run(_count("Hilbert", taps, HALF_BAND_COUNTS, HALF_BAND_RULE))


def _quarter(passband: object, fs: float) -> float:
    edge = positive("passband", passband)
    if edge >= fs / 4:
        raise DesignError(f"Edges must be 0 < passband < fs / 4, not {edge:g} at fs {fs:g}")
    return edge
