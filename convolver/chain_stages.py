"""The stages that chains of filters can have: which there are, how many multiplications each takes, and its coefficients.

All frequencies and rates are in parts of the whole chain's input rate, if nothing else is said.
"""

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from .designs import CICDesign, Design, FIRDesign, Pipeline, ResampleDesign
from .designs.cic import MAX_CIC_RATE, MAX_CIC_STAGES, MAX_CIC_WIDTH
from .designs.resample import MAX_RATE
from .equiripple import kaiser_taps
from .errors import DesignError
from .formats import Format
from .response import Floats
from .shaped import half_band_taps, shaped_taps

__all__ = ["INNER_BITS", "MOST_TAPS", "Band", "Chain", "Designed", "Link", "chains", "cost_of", "designed"]

MOST_TAPS = 1024
"""Of a stage."""

MOST_DROOP_DB = 9.0
"""Of a CIC filter, that another one makes up for."""

MOST_LINKS = 5
STEP = 64
"""Of many taps, so great a part more are tried next."""

LEAST_ERROR = 1e-12
"""Of a gain: less can't be asked for."""

GUARD_DB = 1.0
"""By how much a CIC filter takes away more than is asked."""

INNER_BITS = 2
"""Bits that numbers inside the chain have beyond the samples' own."""

MOST_CLOCKS = 1024

Role = Literal["cic", "half-band", "fir"]


@dataclass(frozen=True)
class Band:
    """What a chain is to pass and to stop, and how well."""

    passband: float
    stopband: float
    ripple_db: float
    attenuation_db: float
    width: int
    """Bits of numbers inside the chain."""

    @property
    def stopped(self) -> float:
        """The gain that a stopband may have."""
        return float(10 ** (-self.attenuation_db / 20))

    def passed(self, shares: int) -> float:
        """The error of the gain that each of so many passbands may have."""
        return max(math.tanh(self.ripple_db / shares * math.log(10) / 40), LEAST_ERROR)


@dataclass(frozen=True)
class Link:
    """A stage of a chain.

    Parameters
    ----------
    role : {"cic", "half-band", "fir"}
    up, down : int
    rate : Fraction
        Of its samples.
    edge : float
        Where its stopband begins.
    count : int
        Taps, as estimated; of a CIC filter, stages.
    """

    role: Role
    up: int
    down: int
    rate: Fraction
    edge: float = 0.0
    count: int = 0

    @property
    def out(self) -> Fraction:
        """The rate of its results."""
        return self.rate * self.up / self.down

    @property
    def tap_rate(self) -> Fraction:
        return self.rate * self.up

    @property
    def products(self) -> int:
        """Of a result, as estimated: taps that mirror one another share one where all results meet the same, and so do
        mirrored phases of a first stage that interpolates: behind it numbers are too wide for a bit more."""
        if self.role == "cic":
            return 0
        if self.up > 1:
            each = -(-self.count // self.up)
            return -(-each // 2) if self.down == self.rate == 1 else each
        return (self.count + 1) // 4 + 1 if self.role == "half-band" else -(-self.count // 2)

    def droop(self, frequencies: Floats) -> Floats:
        """The gain of a CIC filter, one at frequency zero."""
        change = self.up * self.down
        angles = np.pi * frequencies / float(self.tap_rate)
        sines = np.sin(angles)
        flat = np.abs(sines) < 1e-12
        ratio = np.where(flat, 1.0, np.sin(change * angles) / np.where(flat, 1.0, change * sines))
        found: Floats = np.abs(ratio) ** self.count
        return found

    def __str__(self) -> str:
        change = f"x{self.up}" if self.down == 1 else f"/{self.down}" if self.up == 1 else f"x{self.up}/{self.down}"
        change = "" if self.up == self.down else change
        return f"{self.role} {change}".strip() + (f" of {self.count} stages" if self.role == "cic" else f", {self.count} taps")


Chain = tuple[Link, ...]


def cost_of(chain: Chain) -> float:
    """Multiplications for each sample of the whole, as estimated."""
    return float(sum(link.products * link.out for link in chain))


def chains(ratio: Fraction, band: Band) -> Iterator[Chain]:
    """All chains of that ratio of rates whose stages can be estimated."""
    seen: set[tuple[tuple[Role, int, int], ...]] = set()
    for steps in _steps(ratio):
        if len(steps) > MOST_LINKS or steps in seen:
            continue
        seen.add(steps)
        chain = _estimated(steps, ratio, band)
        if chain is not None:
            yield chain


Steps = tuple[tuple[Role, int, int], ...]


def _steps(ratio: Fraction) -> Iterator[Steps]:
    """Which stages a chain can have, one behind the other."""
    up, down = ratio.numerator, ratio.denominator
    for fore in _divisors(down, MAX_CIC_RATE):
        for after in _divisors(up, MAX_CIC_RATE):
            if fore > 1 and after > 1:
                continue
            first: Steps = (("cic", 1, fore),) if fore > 1 else ()
            last: Steps = (("cic", after, 1),) if after > 1 else ()
            for middle in _middles(up // after, down // fore):
                for roles in _roles(middle):
                    yield (*first, *roles, *last)


def _middles(up: int, down: int) -> Iterator[tuple[tuple[int, int], ...]]:
    """FIR stages that decimate, then at most two that do both, then some that interpolate."""
    if up == down == 1:
        yield ((1, 1),)
        return
    for less in _divisors(down, down):
        for more in _divisors(up, up):
            both = (up // more, down // less)
            for before, behind in itertools.product(_factors(less), _factors(more)):
                ends = tuple((1, step) for step in before), tuple((step, 1) for step in behind)
                if both == (1, 1):
                    yield (*ends[0], *ends[1])
                    continue
                if 1 in both:  # it is in front, or behind
                    continue
                if max(both) <= MAX_RATE:
                    yield (*ends[0], both, *ends[1])
                for one_up, one_down in itertools.product(_divisors(both[0], MAX_RATE), _divisors(both[1], MAX_RATE)):
                    other = both[0] // one_up, both[1] // one_down
                    if max(other) <= MAX_RATE and min(one_up, one_down, *other) > 1:
                        yield (*ends[0], (one_up, one_down), other, *ends[1])


def _roles(steps: Sequence[tuple[int, int]]) -> Iterator[Steps]:
    """Each stage that halves or doubles as a half-band filter, or all of them as others."""
    plain: Steps = tuple(("fir", *step) for step in steps)
    yield plain
    half: Steps = tuple(("half-band" if step in ((1, 2), (2, 1)) else "fir", *step) for step in steps)
    # The one at the lowest rate has no room for the mirrored edges of a half-band filter.
    for closing in {0, len(steps) - 1}:
        yield tuple(("fir", *step[1:]) if place == closing else step for place, step in enumerate(half))


def _estimated(steps: Steps, ratio: Fraction, band: Band) -> Chain | None:
    """The chain with its edges, and how many taps each stage takes; None where one can't be made."""
    rates = [Fraction(1)]
    for _, up, down in steps:
        rates.append(rates[-1] * up / down)
    lower = min(rates[0], rates[-1])
    if min(rates) < lower or rates[-1] != ratio:
        return None
    firs = [place for place, (role, _, _) in enumerate(steps) if role != "cic"]
    closing = firs[-1] if ratio < 1 else firs[0]
    found = []
    for place, (role, up, down) in enumerate(steps):
        link = Link(role, up, down, rates[place])
        edge = band.stopband if place == closing else float(min(link.rate, link.out)) - band.stopband
        counted = _counted(replace(link, edge=edge), band, len(firs))
        if counted is None:
            return None
        found.append(counted)
    return tuple(found)


def _counted(link: Link, band: Band, shares: int) -> Link | None:
    """The stage with its taps, or stages, as they are estimated."""
    passed, edge, rate = band.passband, link.edge, float(link.tap_rate)
    if edge <= passed:
        return None
    if link.role == "cic":
        one = replace(link, count=1)
        gains = one.droop(np.array([passed, edge]))
        each = 20 * math.log10(gains[0] / gains[1]) if gains[1] > 0 else math.inf
        count = math.ceil((band.attenuation_db + GUARD_DB) / each) if each > 0 else MAX_CIC_STAGES + 1
        droop = -20 * math.log10(gains[0]) * count
        bits = band.width + count * math.log2(link.up * link.down)
        fits = count <= MAX_CIC_STAGES and bits <= MAX_CIC_WIDTH
        return replace(link, count=max(count, 1)) if fits and droop <= MOST_DROOP_DB else None
    error = band.passed(shares)
    if link.role == "half-band":
        if rate / 2 - edge >= rate / 4:
            return None
        transition, error = 2 * (edge - rate / 4), min(error, band.stopped)
        estimate = kaiser_taps(error, error, transition / rate)
        return replace(link, count=4 * max(math.ceil((estimate - 3) / 4), 0) + 3)
    if edge >= rate / 2:  # nothing to stop: it makes up for a droop
        return replace(link, count=9)
    count = max(math.ceil(kaiser_taps(error, band.stopped, (edge - passed) / rate)), 3)
    return replace(link, count=count) if count <= MOST_TAPS else None


@functools.cache
def _divisors(number: int, most: int) -> list[int]:
    """Rising, up to a greatest one."""
    small = [one for one in range(1, math.isqrt(number) + 1) if number % one == 0]
    return [one for one in sorted({*small, *(number // one for one in small)}) if one <= most]


def _factors(number: int, most: int = 3) -> Iterator[tuple[int, ...]]:
    """The ways to write it as so many factors at most, in any order, each of which a stage can have."""
    if number == 1:
        yield ()
    elif most:
        for one in _divisors(number, MAX_RATE)[1:]:
            for others in _factors(number // one, most - 1):
                yield (one, *others)


# What it is made of


@dataclass(frozen=True)
class Designed:
    """A chain whose stages have real taps; those that are CIC filters have none.

    Parameters
    ----------
    chain : tuple of Link
        With the taps that there are.
    taps : tuple of ndarray or None
    form : Format
        Of samples and results.
    """

    chain: Chain
    taps: tuple[Floats | None, ...]
    form: Format

    def quantised(self, width: int) -> tuple[Pipeline, float]:
        """The pipeline with coefficients of so many bits, and its multiplications for each sample."""
        pace = max(Fraction(1), self.chain[-1].out)
        inner = Format(self.form.width + INNER_BITS, True)
        sums = [_moving_sums(link, inner) for link in self.chain]
        gain = math.prod(design.gain / 2.0**design.shift for design in sums if design is not None)
        closing = _closing(self.chain)
        stages: list[Design] = []
        cost = Fraction(0)
        for place, (link, moving, taps) in enumerate(zip(self.chain, sums, self.taps, strict=True)):
            ends = self.form if place == 0 else inner, self.form if place == len(self.chain) - 1 else inner
            if taps is None:
                assert moving is not None
                stages.append(moving.replace(data=ends[0], output=ends[1]))
                continue
            stages.append(_filter(link, taps / (gain if place == closing else 1.0), width, ends, pace))
            cost += _products(stages[-1]) * link.out
        return Pipeline(stages), float(cost)


def designed(chain: Chain, band: Band, form: Format, tighter: float) -> Designed:
    """The chain with its real taps.

    Parameters
    ----------
    chain : tuple of Link
    band : Band
    form : Format
        Of samples and results.
    tighter : float
        What the errors that are allowed are multiplied by.

    Raises
    ------
    DesignError
        If a stage takes too many taps.
    """
    shares, closing = sum(link.role != "cic" for link in chain), _closing(chain)
    droops = [link for link in chain if link.role == "cic"]
    links, found = [], []
    for place, link in enumerate(chain):
        taps = None if link.role == "cic" else _taps(link, band, shares, tighter, droops if place == closing else ())
        links.append(link if taps is None else replace(link, count=len(taps)))
        found.append(taps)
    return Designed(tuple(links), tuple(found), form)


def _closing(chain: Chain) -> int:
    """The stage at the lowest rate, which also makes up for what CIC filters do."""
    firs = [place for place, link in enumerate(chain) if link.role != "cic"]
    return firs[-1] if chain[-1].out < 1 else firs[0]


def _moving_sums(link: Link, inner: Format) -> CICDesign | None:
    """A CIC filter, of a gain of at most one."""
    if link.role != "cic":
        return None
    design = CICDesign(link.count, link.up, link.down, data=inner)
    return design.replace(shift=(design.gain - 1).bit_length(), output=inner)


def _taps(link: Link, band: Band, shares: int, tighter: float, droops: Sequence[Link]) -> Floats:
    """The real taps of a stage: the fewest that the search finds."""
    rate = float(link.tap_rate)
    passed, stopped = band.passed(shares) * tighter, band.stopped * tighter

    def wanted(frequencies: Floats) -> Floats:
        gains = np.ones(len(frequencies))
        for droop in droops:
            gains = gains / droop.droop(frequencies * rate)
        return gains

    def attempt(count: int) -> tuple[Floats, float]:
        if link.role == "half-band":
            return half_band_taps(count, 0.5 - link.edge / rate, min(passed, stopped))
        return shaped_taps(count, band.passband / rate, wanted, [(link.edge / rate, 0.5)], (passed, stopped))

    finest = 4 if link.role == "half-band" else 1
    count = link.count
    taps, error = attempt(count)
    if error <= 1:
        while count > 2 + finest:
            fewer, error = attempt(count - finest)
            if error > 1:
                break
            taps, count = fewer, count - finest
        return taps
    while error > 1:
        count += max(finest, count // STEP)
        if count > MOST_TAPS:
            raise DesignError(f"A stage of a chain must do with {MOST_TAPS} taps; take a wider transition")
        taps, error = attempt(count)
    return taps


def _filter(link: Link, taps: Floats, width: int, ends: tuple[Format, Format], pace: Fraction) -> Design:
    """The stage of these taps: folded as far as one sample a clock, or one result, leaves clocks for it."""
    scaled = taps * link.up
    fraction = max(width - 1 - math.frexp(float(np.abs(scaled).max()))[1], 0)
    form = Format(width, True)
    while fraction and not all(value in form for value in np.rint(scaled * 2.0**fraction).astype(int).tolist()):
        fraction -= 1
    values = np.rint(scaled * 2.0**fraction).astype(int).tolist()
    clocks = min(max(math.floor(pace / link.out), 1), MOST_CLOCKS)
    data, output = ends
    if link.up == link.down:
        return FIRDesign(values, data, form, output, fraction, clocks_per_sample=clocks)
    return ResampleDesign(values, link.up, link.down, data, form, output, fraction, clocks_per_result=clocks)


def _products(design: Design) -> Fraction:
    """Of a result, as it is planned for any device."""
    from .plan.lowering import lower  # takes a fifth of the time of importing convolver

    return Fraction(sum(len(array.form.products) for array in lower(design).filters), design.rate.up)
