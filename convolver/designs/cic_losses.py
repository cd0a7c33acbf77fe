"""What the sections of a CIC filter lose where they drop bits."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lossless", "Lossy", "difference", "losses_of"]


WHOLE_FRAME = 1 << 40
"""The history of a result that depends on all samples of its frame."""


class Lossless:
    """No section drops bits.

    Parameters
    ----------
    pruning : tuple of int
        Low bits that are gone in front of each section.
    """

    errors: Sequence[tuple[int, NDArray[Any]]] = ()
    """The greatest number that each section's pruning takes off what comes to it, and the taps by which a result has it."""
    noise: tuple[float, float] = (0.0, 0.0)
    """Mean and variance of what is added to a result, in LSB and LSB² of the output, for errors without a pattern."""
    told_exact = "none, results are exact"
    """What is said of an output stage that rounds nothing."""

    def __init__(self, pruning: tuple[int, ...]) -> None:
        self.pruning = pruning

    def history(self, reach: int) -> int:
        """Samples that a result needs in front of its own, of those for which it has a coefficient."""
        return reach

    def told(self) -> Sequence[tuple[str, str]]:
        """What is lost, as lines of a report."""
        return ()


class Lossy(Lossless):
    """Sections drop bits of what comes to them.

    Parameters
    ----------
    pruning : tuple of int
        Low bits that are gone in front of each section.
    taps : sequence of ndarray
        What a result has of an error in front of each section.
    shift : int
        Bits that the output drops in all.
    """

    told_exact = "none behind the pruning"

    def __init__(self, pruning: tuple[int, ...], taps: Sequence[NDArray[Any]], shift: int) -> None:
        super().__init__(pruning)
        gone = [*zip(pairwise([0, *pruning]), taps, strict=True)]
        self.errors = [((1 << after) - (1 << before), own) for (before, after), own in gone]
        mean = variance = 0.0
        for (before, after), own in gone:
            mean -= ((1 << after) - (1 << before)) / 2 * float(own.sum()) / 2.0**shift
            variance += (4.0**after - 4.0**before) / 12 * float((own * own).sum()) / 4.0**shift
        self.noise = mean, variance

    def history(self, reach: int) -> int:
        # Where running sums lose bits, what is lost depends on all samples of a frame: none is cut.
        return WHOLE_FRAME if self.pruning[-1] > self.pruning[0] else reach

    def told(self) -> Sequence[tuple[str, str]]:
        mean, variance = self.noise
        gone = f"{', '.join(map(str, self.pruning))} low bits gone in front of the sections"
        noise = f"adds {variance**0.5:.3g} LSB rms, variance {variance:.4g} LSB², mean {mean:.3g} LSB"
        return ("pruning", gone), ("", f"{noise}, for errors without a pattern")


def losses_of(stages: int, span: int, delay: int, shift: int, *, pruned: bool) -> Lossless:
    """What sections lose that are `pruned`: so many low bits that the noise of each is at most ``1 / (2 * stages)`` of what
    `shift` adds (E. B. Hogenauer, "An economical class of digital filters for decimation and interpolation", 1981)."""
    taps = _error_taps(stages, span, delay) if pruned else []
    found, before = [], 0
    for own in taps:
        room = (1 << 2 * shift) // (2 * stages * int((own * own).sum()))
        before = max(before, (room.bit_length() - 1) // 2 if room else 0)
        found.append(before)
    pruning = tuple(found) or (0,) * (2 * stages)
    return Lossy(pruning, taps, shift) if any(pruning) else Lossless(pruning)


def _error_taps(stages: int, span: int, delay: int) -> list[NDArray[Any]]:
    """What a result has of an error in front of each section: the taps of all from there on."""
    found = []
    for number in range(stages):
        taps = np.ones(1, object)
        for _ in range(number):
            taps = difference(taps, span)
        found.append(moving_sums(taps, span, stages - number))
    for number in range(stages):
        taps = np.ones(1, object)
        for _ in range(stages - number):
            taps = difference(taps, delay)
        found.append(taps)
    return found


def moving_sums(taps: NDArray[Any], span: int, count: int) -> NDArray[Any]:
    """The taps of a filter with so many moving sums behind it, each of `span` samples."""
    for _ in range(count):
        taps = np.concatenate([taps, np.zeros(span - 1, object)]).cumsum()
        taps[span:] -= taps[:-span].copy()
    return taps


def difference(taps: NDArray[Any], delay: int) -> NDArray[Any]:
    """The taps of a filter with a comb behind it."""
    silence = np.zeros(delay, object)
    found: NDArray[Any] = np.concatenate([taps, silence]) - np.concatenate([silence, taps])
    return found
