"""Real taps of gain 1 for bands: equiripple by `scipy.signal.remez` where it can be trusted, by a Kaiser window elsewhere.

`remez` reads past its arrays if its grid has fewer points than the approximation has extremes (scipy issue 24495, up to scipy
1.17), and gives NaN, a single tap or the taps of a search cut short where the best filter's error is below what it can compute.
So its grid is counted before it is called. What it gives is compared with a windowed filter of as many taps, which the best
filter can't be worse than; where it fails, it is asked for narrower transitions, whose filter has the wider ones' bands too.

Frequencies are in cycles a sample, 0 to 0.5.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .errors import ToolError
from .response import Floats, gain_extremes

__all__ = ["half_band", "hamming", "kaiser_taps", "kaiser_transition", "selective", "signal"]

DENSITY, DENSEST = 16, 256
"""Points of remez' grid for each extreme: as scipy has it, and at most."""

BAND_STEPS = 4
"""Steps of the grid that a band must have where the densest grid allows."""

NARROWEST = 1e-6
"""Transitions from here on have cosines that remez can tell apart."""

ITERATIONS = 100
"""Of remez; 25, its default, sometimes end before it has converged."""

TRIES, FACTOR = 24, 0.85
"""How often a narrower transition is tried, and how much narrower each one is."""

SLACK = 1.05
"""Errors are compared on a coarse grid, which misses up to this much of a peak."""

OVERSAMPLING = 32
"""Points of that grid for each tap."""

DEEPEST_DB = 220.0
"""The attenuation of the deepest Kaiser window: its side lobes are then rounding errors."""


def signal() -> Any:
    """scipy.signal, which comes with an extra.

    Raises
    ------
    ToolError
        If it isn't installed.
    """
    try:
        import scipy.signal
    except ModuleNotFoundError:
        raise ToolError("Designing a filter needs scipy, which isn't installed; pip install 'convolver[design]'") from None
    return scipy.signal


def kaiser_taps(passed: float, stopped: float, transition: float) -> float:
    """Kaiser's estimate of the taps of an equiripple filter with these errors of the gain."""
    return 1 + (-10 * math.log10(passed * stopped) - 13) / (14.6 * max(transition, NARROWEST))


def kaiser_transition(taps: int, error: float) -> float:
    """The estimate turned round: the transition that so many taps need for this error in all bands."""
    return (-20 * math.log10(error) - 13) / (14.6 * (taps - 1))


# Filters that pass some bands


def selective(
    count: int, bounds: Sequence[float], passes: Sequence[bool], weights: Sequence[float], most: float = math.inf
) -> Floats:
    """`count` taps for bands between `bounds`, lower and upper edge in turn, whose errors count `weights` times.

    All transitions become as narrow as the narrowest, and no wider than `most`: in a wider one nothing holds the gain, and it
    can rise far above one.
    """
    edges = _alike(bounds, passes)
    transition = min(edges[2] - edges[1], most)
    edges = _narrowed(edges, transition)
    gains = [float(passing) for passing in passes]

    def worst(taps: Floats) -> float:
        bands = zip(edges[::2], edges[1::2], gains, weights, strict=True)
        return max(weight * _error(taps, low, high, gain) for low, high, gain, weight in bands)

    tried = (_remez(count, _narrowed(edges, narrow), gains, weights) for narrow in _narrower(transition))
    middles = [(low + high) / 2 for low, high in zip(edges[1::2], edges[2::2], strict=False)]
    return _better(tried, _windowed(count, middles, passes[0], _kaiser(count, transition)), worst)


def hamming(count: int, cutoffs: Sequence[float], passes_zero: bool) -> Floats:
    """`count` taps of half the gain at the cutoffs, by `scipy.signal.firwin` and its Hamming window."""
    return _windowed(count, cutoffs, passes_zero, "hamming")


def _windowed(count: int, cutoffs: Sequence[float], passes_zero: bool, window: object) -> Floats:
    taps: Floats = signal().firwin(count, cutoffs, window=window, pass_zero=passes_zero, fs=1)
    return (taps + taps[::-1]) / 2  # they mirror each other only nearly


def _alike(bounds: Sequence[float], passes: Sequence[bool]) -> list[float]:
    """The bands with all transitions as wide as the narrowest, at the passbands' side."""
    transition = min(high - low for low, high in zip(bounds[1::2], bounds[2::2], strict=False))
    edges = list(bounds)
    for place in range(1, len(bounds) - 1, 2):
        if passes[place // 2]:
            edges[place + 1] = bounds[place] + transition
        else:
            edges[place] = bounds[place + 1] - transition
    return edges


def _narrowed(edges: Sequence[float], transition: float) -> list[float]:
    """The bands with narrower transitions, about the same middles."""
    narrowed = list(edges)
    for place in range(1, len(edges) - 1, 2):
        cut = max(edges[place + 1] - edges[place] - transition, 0.0) / 2
        narrowed[place], narrowed[place + 1] = edges[place] + cut, edges[place + 1] - cut
    return narrowed


# Half-band filters


def half_band(count: int, edge: float, most: float = math.inf) -> Floats:
    """A half-band filter of gain 1 from 0 to `edge`: every second tap zero, but one half in the middle.

    `count` is 3, 7, 11 and so on. It is made of a filter of half the length. Its transition is no wider than `most`.
    """
    transition = min(0.5 - 2 * edge, most)
    edge = 0.25 - transition / 2

    def whole(half: Floats) -> Floats:
        taps = np.zeros(count)
        taps[::2] = half / 2
        taps[count // 2] = 0.5
        return taps

    def attempt(narrow: float) -> Floats | None:
        half = _remez((count + 1) // 2, [0, 0.5 - narrow], [1.0], [1.0])
        return None if half is None else whole(half)

    window: Floats = signal().firwin(count, 0.25, window=_kaiser(count, transition), scale=False, fs=1)
    tried = (attempt(narrow) for narrow in _narrower(transition))
    return _better(tried, whole(window[::2] + window[::-2]), lambda taps: _error(taps, 0, edge, 1.0))


# What is trusted


def _narrower(transition: float) -> Iterator[float]:
    return (transition * FACTOR**step for step in range(TRIES))


def _better(tried: Iterator[Floats | None], window: Floats, worst: Callable[[Floats], float]) -> Floats:
    """The first attempt that isn't worse than the windowed filter; else that."""
    limit = worst(window) * SLACK
    return next((taps for taps in tried if taps is not None and worst(taps) <= limit), window)


def _error(taps: Floats, low: float, high: float, gain: float) -> float:
    """The greatest error of the gain in a band."""
    return max(abs(extreme - gain) for extreme in gain_extremes(taps, low, high, OVERSAMPLING))


def _kaiser(count: int, transition: float) -> tuple[str, float]:
    """The Kaiser window that makes the best of a transition. kaiser_atten takes its width over half the sampling rate."""
    attenuation = signal().kaiser_atten(count, 2 * transition)
    return "kaiser", float(signal().kaiser_beta(min(attenuation, DEEPEST_DB)))


def _remez(count: int, edges: Sequence[float], gains: Sequence[float], weights: Sequence[float]) -> Floats | None:
    """What remez gives; None where it can't be asked, or finds nothing."""
    density = _density(count, edges)
    if density is None:
        return None
    try:
        taps: Floats = signal().remez(count, edges, gains, weight=weights, fs=1, maxiter=ITERATIONS, grid_density=density)
    except ValueError:  # it doesn't converge
        return None
    return taps if np.isfinite(taps).all() else None


def _density(count: int, edges: Sequence[float]) -> int | None:
    """The density of a grid on which remez finds room for its extremes; None if there is none.

    The step is half a cycle over density times extremes. A band has its lower edge, a point each step up, and its upper edge
    in the place of the last one. An even number of taps does without the point at half the sampling rate.
    """
    transitions = [high - low for low, high in zip(edges[1::2], edges[2::2], strict=False)]
    if min(transitions, default=1.0) < NARROWEST:
        return None
    widths = [high - low for low, high in zip(edges[::2], edges[1::2], strict=True)]
    extremes = (count + 1) // 2
    wanted = BAND_STEPS / (2 * extremes * max(min(widths), 1e-9))
    density = min(max(math.ceil(wanted), DENSITY), DENSEST)
    step = 0.5 / (density * extremes)
    # Counted low, as the steps add up with rounding errors.
    points = sum(math.floor(width / step * (1 - 1e-9)) + 1 for width in widths) - (count % 2 == 0)
    return density if points > extremes else None
