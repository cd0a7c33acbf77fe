"""Finds the taps of a FIR filter for a specification, with scipy.signal, and quantises them.

Equiripple filters are by `scipy.signal.remez`, those with a cutoff by `scipy.signal.firwin` and its Hamming window. Half-band
filters and Hilbert transformers are made of a filter of half the length (Vaidyanathan and Nguyen, "A 'TRICK' for the design
of FIR half-band filters", IEEE Trans. Circuits and Systems 34, 1987), so that their zeros are exact.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import DesignError, ToolError
from .formats import Format
from .quantize import quantize
from .response import Floats
from .specified import Band, Specified

__all__ = ["bandpass", "halfband", "highpass", "hilbert", "lowpass"]

FEWEST_TAPS, MOST_TAPS = 3, 256


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

    counts_say: str

    estimate: float
    """Of the number of taps; where the search begins."""

    real_taps: Callable[[int], Floats]
    """The real taps, so many; a ValueError of scipy's if its iteration doesn't converge."""

    def run(self, taps: int | None) -> Specified:
        """With so many taps; without, with the fewest that do.

        Raises
        ------
        DesignError
            If the quantised filter hasn't what was asked.
        """
        if taps is None:
            return self._fewest()
        if isinstance(taps, bool) or not isinstance(taps, int | np.integer) or taps not in self.counts:
            raise DesignError(f"A {self.kind} filter must have {self.counts_say}, not {taps!r}")
        found = self._with(int(taps))
        if found is None:
            raise DesignError(f"scipy finds no {self.kind} filter of {taps} taps for these edges; take fewer taps")
        if not found.meets:
            raise DesignError(_missed(found))
        return found

    def _with(self, taps: int) -> Specified | None:
        try:
            ideal = self.real_taps(taps)
        except ValueError:
            return None
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
        found = best = self._with(self.counts[start])
        if found is not None and found.meets:
            for taps in reversed(self.counts[:start]):
                fewer = self._with(taps)
                if fewer is None or not fewer.meets:
                    break
                found = fewer
            return found
        for taps in self.counts[start + 1 :]:
            found = self._with(taps)
            if found is None:
                continue
            if found.meets:
                return found
            best = found if best is None else max(best, found, key=lambda one: one.margin_db)
            if found.hopeless:
                break
        if best is None:
            raise DesignError(f"scipy finds no {self.kind} filter of up to {MOST_TAPS} taps for these edges")
        raise DesignError(_missed(best))


def _missed(found: Specified) -> str:
    cure = f"wider coefficients than {found.format.width} bits" if found.ideal_meets else "more taps or a wider transition"
    return (
        f"The quantised filter must have {found.asked()}, not {found.figures()}, as {len(found.coefficients)} taps in "
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


def _signal() -> Any:
    try:
        import scipy.signal
    except ModuleNotFoundError:
        raise ToolError("Designing a filter needs scipy, which isn't installed; pip install 'convolver[design]'") from None
    return scipy.signal


# What was asked


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not (math.isfinite(value) and value > 0):
        raise DesignError(f"{name} must be a positive number, not {value!r}")
    return float(value)


def _maybe_positive(name: str, value: object) -> float | None:
    return None if value is None else _positive(name, value)


def _pair(name: str, value: object) -> tuple[object, object]:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return value[0], value[1]
    raise DesignError(f"{name} must be two frequencies, the lower and the upper edge, not {value!r}")


def _format(coefficient: object) -> Format:
    form = Format.parse(coefficient) if isinstance(coefficient, str) else coefficient
    if not isinstance(form, Format) or not form.signed or not 2 <= form.width <= 32:
        raise DesignError(f"A filter's coefficients must be a signed Format of 2 to 32 bits, or its name, not {coefficient!s}")
    return form


def _rising(named: Sequence[tuple[str, object]], fs: float) -> list[float]:
    """The edges as numbers, which must rise between 0 and half the sampling rate."""
    edges = [_positive(name, value) for name, value in named]
    if any(low >= high for low, high in zip([0.0, *edges], [*edges, fs / 2], strict=True)):
        rule = " < ".join(name for name, _ in named)
        raise DesignError(f"Edges must be 0 < {rule} < fs / 2, not {', '.join(f'{edge:g}' for edge in edges)} at fs {fs:g}")
    return edges


def _deviations(ripple_db: float | None, attenuation_db: float | None) -> tuple[float, float]:
    """The errors of the gain that passband and stopband may have; alike where only one of them is given, or none."""
    passed = None if ripple_db is None else math.tanh(ripple_db * math.log(10) / 40)
    stopped = None if attenuation_db is None else 10 ** (-attenuation_db / 20)
    return passed or stopped or 0.01, stopped or passed or 0.01


def _kaiser(passed: float, stopped: float, width: float) -> float:
    """Kaiser's estimate of the taps of an equiripple filter; `width` of the transition in cycles a sample."""
    return 1 + (-10 * math.log10(passed * stopped) - 13) / (14.6 * width)


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
    pairs = [[(f"{name}[{side}]", edge) for side, edge in enumerate(_pair(name, value))] for name, value in edges]
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
    taps: int | None,
    ripple_db: float | None,
    attenuation_db: float | None,
    coefficient: Format | str,
) -> Specified:
    """A filter whose bands, from frequency 0 up, each pass or don't."""
    fs, form = _positive("fs", fs), _format(coefficient)
    ripple_db, attenuation_db = _maybe_positive("ripple_db", ripple_db), _maybe_positive("attenuation_db", attenuation_db)
    if windowed and taps is None:
        raise DesignError(f"A {kind} filter with a cutoff must have taps; with passband and stopband they are found")
    if taps is None and (ripple_db is None or attenuation_db is None):
        raise DesignError(f"A {kind} filter must have taps, or ripple_db and attenuation_db to find them")
    edges = _rising(named, fs)
    cutoffs = edges
    if windowed and isinstance(taps, int | np.integer) and taps > 0:
        # Half the main lobe of the Hamming window's transform: that far from the cutoff its side lobes are all there is.
        reach = 2 * fs / taps
        edges = [edge for cutoff in cutoffs for edge in (cutoff - reach, cutoff + reach)]
        bounds = [0.0, *edges, fs / 2]
        if any(low >= high for low, high in itertools.pairwise(bounds)):
            raise DesignError(
                f"A {kind} filter with this cutoff must have more taps than {taps}: "
                f"they leave a transition of {2 * reach:g} Hz, and no room for a band"
            )
    bounds = [0.0, *edges, fs / 2]
    bands = list(zip(bounds[::2], bounds[1::2], strict=True))
    passed, stopped = _deviations(ripple_db, attenuation_db)
    signal = _signal()

    def real_taps(count: int) -> Floats:
        if windowed:
            windowed_taps: Floats = signal.firwin(count, cutoffs, pass_zero=passes[0], fs=fs)
            return (windowed_taps + windowed_taps[::-1]) / 2  # they mirror each other only nearly
        weight = [1 / passed if passing else 1 / stopped for passing in passes]
        equiripple: Floats = signal.remez(count, designed, [float(passing) for passing in passes], weight=weight, fs=fs)
        return equiripple

    # With an even number of taps the gain at half the sampling rate is zero.
    odd = passes[-1]
    transition = min(high - low for low, high in zip(bounds[1::2], bounds[2::2], strict=False))
    # All transitions are as wide as the narrowest: in a wider one nothing holds the gain, and it can rise far above one.
    designed = list(bounds)
    for place in range(1, len(bounds) - 1, 2):
        if passes[place // 2]:
            designed[place + 1] = bounds[place] + transition
        else:
            designed[place] = bounds[place + 1] - transition
    return _Search(
        kind=kind,
        fs=fs,
        passband=next(band for band, passing in zip(bands, passes, strict=True) if passing),
        stopbands=tuple(band for band, passing in zip(bands, passes, strict=True) if not passing),
        ripple_db=ripple_db,
        attenuation_db=attenuation_db,
        form=form,
        counts=range(FEWEST_TAPS, MOST_TAPS + 1, 2 if odd else 1),
        counts_say=f"an odd number of taps, {FEWEST_TAPS} to {MOST_TAPS - 1}" if odd else f"{FEWEST_TAPS} to {MOST_TAPS} taps",
        estimate=_kaiser(passed, stopped, transition / fs),
        real_taps=real_taps,
    ).run(taps)


def halfband(
    fs: float,
    passband: Any,
    *,
    taps: int | None,
    ripple_db: float | None,
    attenuation_db: float | None,
    coefficient: Format | str,
) -> Specified:
    """See `FIRDesign.halfband`."""
    fs, form = _positive("fs", fs), _format(coefficient)
    edge = _quarter(passband, fs)
    ripple_db, attenuation_db = _maybe_positive("ripple_db", ripple_db), _maybe_positive("attenuation_db", attenuation_db)
    if taps is None and ripple_db is None and attenuation_db is None:
        raise DesignError("A half-band filter must have taps, or ripple_db or attenuation_db to find them")
    # Both bands err alike: the narrower allowance holds for both.
    error = min(_deviations(ripple_db, attenuation_db))
    _signal()
    return _Search(
        kind="half-band",
        fs=fs,
        passband=(0.0, edge),
        stopbands=((fs / 2 - edge, fs / 2),),
        ripple_db=ripple_db,
        attenuation_db=attenuation_db,
        form=form,
        counts=range(FEWEST_TAPS, MOST_TAPS, 4),
        counts_say="3, 7, 11 and so on to 255 taps, so that its ends aren't zero",
        estimate=_kaiser(error, error, 0.5 - 2 * edge / fs),
        real_taps=lambda count: _half_band(count, edge / fs),
    ).run(taps)


def hilbert(fs: float, passband: Any, *, taps: int | None, ripple_db: float | None, coefficient: Format | str) -> Specified:
    """See `FIRDesign.hilbert`."""
    fs, form = _positive("fs", fs), _format(coefficient)
    edge = _quarter(passband, fs)
    ripple_db = _maybe_positive("ripple_db", ripple_db)
    if taps is None and ripple_db is None:
        raise DesignError("A Hilbert transformer must have taps, or ripple_db to find them")
    error = _deviations(ripple_db, None)[0] / 2
    _signal()

    def real_taps(count: int) -> Floats:
        # A half-band filter moved up by a quarter of the sampling rate, less the same moved down.
        distances = np.arange(count) - count // 2
        turned: Floats = 2 * _half_band(count, 0.25 - edge / fs) * np.sin(np.pi / 2 * distances).round()
        return turned

    return _Search(
        kind="Hilbert",
        fs=fs,
        passband=(edge, fs / 2 - edge),
        stopbands=(),
        ripple_db=ripple_db,
        attenuation_db=None,
        form=form,
        counts=range(FEWEST_TAPS, MOST_TAPS, 4),
        counts_say="3, 7, 11 and so on to 255 taps, so that its ends aren't zero",
        estimate=_kaiser(error, error, 2 * edge / fs),
        real_taps=real_taps,
    ).run(taps)


def _quarter(passband: object, fs: float) -> float:
    edge = _positive("passband", passband)
    if edge >= fs / 4:
        raise DesignError(f"Edges must be 0 < passband < fs / 4, not {edge:g} at fs {fs:g}")
    return edge


def _half_band(count: int, edge: float) -> Floats:
    """A half-band filter of gain 1: every second tap zero, but one half in the middle. `edge` in cycles a sample."""
    taps = np.zeros(count)
    taps[::2] = _signal().remez((count + 1) // 2, [0, 2 * edge], [1], fs=1) / 2
    taps[count // 2] = 0.5
    return taps
