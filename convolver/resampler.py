"""`resampler`: the chain of filters that changes a rate with the fewest multiplications a second."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from .arguments import exact, positive, shown
from .chain_stages import INNER_BITS, MOST_TAPS, Band, Chain, chains, cost_of, designed
from .designs import Pipeline
from .designs.resample import MAX_RATE
from .errors import DesignError
from .formats import Format
from .rate_response import RateResponse, rate_response

__all__ = ["Alternative", "Resampler", "resampler"]

MADE = 6
"""Chains that are designed and checked, of those whose estimate is best."""

SHOWN = 12
"""Chains that are told of."""

WIDTHS = (16, 18, 20, 24)
"""Of coefficients: the first that does is taken."""

TIGHTER = (0.95, 0.8, 0.6)
"""By how much less each stage errs than its share, where the chain as a whole wouldn't do."""

MOST_RATIO = 1 << 20
"""Of either part of the ratio of the two rates."""

FLOAT_ERROR = Fraction(1, 1 << 50)
"""Of a ratio of two floats."""

LEAST_DB, MOST_DB = 1e-4, 200.0

RATIO_RULE = f"fs_out / fs_in must be a fraction whose parts have factors of at most {MAX_RATE}"

POINTS_A_TAP = 8
MOST_POINTS = 1 << 18


@dataclass(frozen=True)
class Alternative:
    """A chain that was weighed.

    Parameters
    ----------
    stages : str
        What it is made of, in a few words.
    multiplications : float
        A second.
    missed : str
        What the quantised chain misses of what was asked; nothing where it does.
    """

    stages: str
    multiplications: float
    missed: str = ""

    def __str__(self) -> str:
        told = f"{_engineering(self.multiplications)} multiplications/s  {self.stages}"
        return f"{told}  ({self.missed})" if self.missed else told


@dataclass(frozen=True)
class Resampler:
    """A chain that changes a rate, what its quantised response as a whole reaches, and what else was weighed; made by
    `resampler`.

    Parameters
    ----------
    design : Pipeline
    fs_in, fs_out : float
        Samples and results a second.
    passband, stopband : float
        Where the one ends and the other begins, in Hz.
    multiplications : float
        A second.
    alternatives : tuple of Alternative
        All chains that were weighed, the cheapest first; behind them those that miss what was asked.
    """

    design: Pipeline
    fs_in: float
    fs_out: float
    passband: float
    stopband: float
    multiplications: float
    alternatives: tuple[Alternative, ...]

    @cached_property
    def response(self) -> RateResponse:
        """That of the whole, of the quantised coefficients."""
        return rate_response(self.design)

    @cached_property
    def _reached(self) -> tuple[float, float, float]:
        """The least and the greatest gain in the passband, and the greatest of all that could fold back or be an image."""
        return _reached(self.response, self.passband / self.fs_in, self.stopband / self.fs_in)

    @property
    def ripple_db(self) -> float:
        """The passband's greatest gain over its least."""
        low, high, _ = self._reached
        return 20 * math.log10(high / low)

    @property
    def attenuation_db(self) -> float:
        """The passband's least gain over the greatest of any alias or image."""
        low, _, stopped = self._reached
        return 20 * math.log10(low / stopped) if stopped else math.inf

    @property
    def gain(self) -> float:
        """For a constant input."""
        return float(self.response.response(np.zeros(1))[0])

    def text(self) -> str:
        """What it is, what it reaches, and what else was weighed."""
        stages = "\n".join(f"  {number}. {stage.describe()}" for number, stage in enumerate(self.design.stages, 1))
        weighed = "\n".join(f"  {one}" for one in self.alternatives)
        return (
            f"{_frequency(self.fs_in)} to {_frequency(self.fs_out)}, rate times {self.design.rate}\n{stages}\n"
            f"passband 0 to {_frequency(self.passband)}: ripple {self.ripple_db:.3g} dB, gain {self.gain:.6g}\n"
            f"aliases and images, from {_frequency(self.stopband)} on: {self.attenuation_db:.2f} dB below\n"
            f"{_engineering(self.multiplications)} multiplications/s; weighed:\n{weighed}"
        )


def resampler(
    fs_in: float,
    fs_out: float,
    passband: float,
    *,
    ripple_db: float = 0.1,
    attenuation_db: float = 60.0,
    stopband: float | None = None,
    format: Format | str = "s16",  # noqa: A002  # as `quantize` calls it
) -> Resampler:
    """The chain of CIC, half-band and FIR filters that changes a rate with the fewest multiplications a second.

    Chains are ranked by an estimate; the best are designed and quantised, and their response as a whole is checked: the
    passband's ripple, and every alias and image, which are all that the equivalent single filter lets through from `stopband`
    on. CIC filters cost no multiplication, and the filter at the lowest rate makes up for their droop. A tap of zero costs
    none, nor does one that mirrors another where all results meet the same taps.

    Parameters
    ----------
    fs_in, fs_out : float
        Samples and results a second, which differ; their ratio is a fraction whose parts have factors of at most 64.
    passband : float
        What is to stay, from 0 to so many Hz.
    ripple_db : float
        Greatest gain over least gain in the passband.
    attenuation_db : float
        Least gain in the passband over the greatest of what could fold back, or is an image.
    stopband : float, optional
        Where that begins, in Hz: at most, and by default, half of the lower of the two rates.
    format : Format or str
        Of samples and results, signed; 2 to 28 bits.

    Returns
    -------
    Resampler
        Its `design` is a `Pipeline`.

    Raises
    ------
    DesignError
        If no chain does, or a number is out of its range.
    """
    rates = [_hertz("fs_in", fs_in), _hertz("fs_out", fs_out)]
    ratio = _simplest(rates[1] / rates[0])
    if ratio == 1:
        raise DesignError(f"fs_in and fs_out must differ, not both be {shown(fs_in)}")
    lower = float(min(rates))
    passband = positive("passband", passband)
    ripple_db, attenuation_db = _decibels("ripple_db", ripple_db), _decibels("attenuation_db", attenuation_db)
    stopband = lower / 2 if stopband is None else positive("stopband", stopband)
    if not passband < stopband <= lower / 2:
        rule = "Edges must be 0 < passband < stopband <= half of the lower rate"
        raise DesignError(f"{rule}, {lower / 2:g}, not {passband:g} and {stopband:g}")
    form = Format.parse(format) if isinstance(format, str) else format
    if not isinstance(form, Format) or not form.signed or not 2 <= form.width <= 28:
        told = str(form) if isinstance(form, Format) else shown(form)
        raise DesignError(f"Format must be a signed one of 2 to 28 bits, or its name, not {told}")
    band = Band(passband / float(rates[0]), stopband / float(rates[0]), ripple_db, attenuation_db, form.width + INNER_BITS)
    if max(ratio.numerator, ratio.denominator) > MOST_RATIO:
        raise DesignError(f"{RATIO_RULE}, not {shown(ratio.numerator)}/{shown(ratio.denominator)}")
    ranked = sorted(chains(ratio, band), key=lambda chain: (cost_of(chain), len(chain)))
    if not ranked:  # too many taps in each
        if _has_small_factors(ratio):
            room = f"Passband must leave room below stopband for filters of at most {MOST_TAPS} taps"
            raise DesignError(f"{room}, not {passband:g} of {stopband:g}")
        rule = RATIO_RULE
        raise DesignError(
            f"{rule}, with room between passband and stopband, not {shown(ratio.numerator)}/{shown(ratio.denominator)}"
        )
    hertz = float(rates[0])
    tried = [_made(chain, band, form) for chain in ranked[:MADE]]
    good = sorted((one for one in tried if not one.missed), key=lambda one: one.cost)
    bad = [one for one in tried if one.missed]
    if not good:
        raise DesignError(f"A chain must have {_asked(band)}; {bad[0].told} has {bad[0].missed}")
    weighed = [Alternative(one.told, one.cost * hertz, one.missed) for one in (*good, *bad)]
    weighed += [Alternative(_told(chain), cost_of(chain) * hertz, "estimated") for chain in ranked[MADE:SHOWN]]
    assert good[0].design is not None
    return Resampler(good[0].design, hertz, float(rates[1]), passband, stopband, good[0].cost * hertz, tuple(weighed))


@dataclass(frozen=True)
class _Made:
    """A chain that was designed: what it is, its multiplications for each sample, and what it misses."""

    told: str
    cost: float
    missed: str
    design: Pipeline | None = None


def _made(chain: Chain, band: Band, form: Format) -> _Made:
    """The chain with stages as loose as may be, and of them the narrowest coefficients that do."""
    made = _Made(_told(chain), cost_of(chain), "")
    for tighter in TIGHTER:
        try:
            found = designed(chain, band, form, tighter)
        except DesignError as error:
            return replace(made, missed=made.missed or str(error))
        for width in WIDTHS:
            design, cost = found.quantised(width)
            made = _Made(_told(found.chain), cost, _missed(design, band), design)
            if not made.missed:
                return made
    return made


def _missed(design: Pipeline, band: Band) -> str:
    """What the quantised chain has that isn't enough; nothing where it is."""
    low, high, stopped = _reached(rate_response(design), band.passband, band.stopband)
    ripple = 20 * math.log10(high / low) if low else math.inf
    attenuation = 20 * math.log10(low / stopped) if low and stopped else math.inf
    if ripple <= band.ripple_db and attenuation >= band.attenuation_db:
        return ""
    return f"ripple {ripple:.3g} dB, attenuation {attenuation:.2f} dB"


def _reached(response: RateResponse, passband: float, stopband: float) -> tuple[float, float, float]:
    """The least and the greatest gain from 0 to `passband`, and the greatest from `stopband` on, in cycles a sample: all that
    folds back, and all images."""
    count = min(POINTS_A_TAP * len(response.taps), MOST_POINTS)
    passed = response.response(np.linspace(0, passband, max(count // 4, 1024)))
    stopped = response.response(np.linspace(stopband, response.up / 2, max(count, 4096)))
    return float(passed.min()), float(passed.max()), float(stopped.max())


def _asked(band: Band) -> str:
    return f"ripple of at most {band.ripple_db:g} dB and attenuation of at least {band.attenuation_db:g} dB"


def _told(chain: Chain) -> str:
    return ", ".join(map(str, chain))


def _hertz(name: str, value: object) -> Fraction:
    """A rate, exactly; a float as it is written in decimals."""
    positive(name, value)
    return Fraction(str(value)) if isinstance(value, float) else Fraction(exact(value) or 0)


def _simplest(ratio: Fraction) -> Fraction:
    """A ratio of two rates, or the simplest one that floats can't tell from it: two thirds of a rate is none that they hold."""
    near = ratio.limit_denominator(MOST_RATIO)
    return near if near and abs(near / ratio - 1) <= FLOAT_ERROR else ratio


def _has_small_factors(ratio: Fraction) -> bool:
    """Whether stages can make it up."""
    rest = ratio.numerator * ratio.denominator
    for factor in range(2, MAX_RATE + 1):
        while rest % factor == 0:
            rest //= factor
    return rest == 1


def _decibels(name: str, value: object) -> float:
    """A number of decibels that a filter can have."""
    found = positive(name, value)
    if not LEAST_DB <= found <= MOST_DB:
        raise DesignError(f"{name} must be between {LEAST_DB:g} and {MOST_DB:g}, not {found:g}")
    return found


def _engineering(value: float) -> str:
    """With the letter of a power of a thousand."""
    for letter, unit in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= unit:
            return f"{value / unit:.4g}{letter}"
    return f"{value:.4g}"


def _frequency(hertz: float) -> str:
    for letter, unit in (("M", 1e6), ("k", 1e3)):
        if hertz >= unit:
            return f"{hertz / unit:.9g} {letter}Hz"
    return f"{hertz:.9g} Hz"
