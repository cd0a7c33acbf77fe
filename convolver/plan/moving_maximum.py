"""The plan of a moving maximum.

A window of 2n samples is two windows of n: each stage compares a window's maximum with the one of some samples before, so that
``ceil(log2(size))`` comparisons a sample do (the doubling of van Herk's and of Gil and Werman's filters, without their blocks).
Any length between n and 2n is two windows of n that overlap, which a maximum doesn't mind.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..designs import Choices, MovingMaximumDesign
from .arithmetic import Range
from .output import BUFFER_LATENCY, credit_latency, output_buffer
from .plan import Plan
from .stages import Accept, Numbers, Stage, cycles_of
from .target import Target
from .timing import SignalTiming

__all__ = ["WINDOW_LATENCY", "MovingMaximumPlan", "WindowMaximum", "lower_moving_maximum"]

WINDOW_LATENCY = 2
"""Cycles of a stage: the delay line, and the comparison."""


@dataclass(frozen=True, slots=True)
class WindowMaximum(Stage):
    """The greatest of a window, of the maxima of two shorter ones.

    distance : samples from the one window's end to the other's.
    length : samples of the window that both make.
    """

    name = "window maximum"
    distance: int = 1
    length: int = 2

    def run(self, numbers: Numbers) -> Numbers:
        """The maxima that end with each sample, the newest first; of the oldest samples there are none."""
        return [np.maximum(newer, older) for newer, older in zip(numbers, numbers[self.distance :], strict=False)]

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        pairs = zip(ranges, ranges[self.distance :], strict=False)
        return tuple((max(one[0], other[0]), max(one[1], other[1])) for one, other in pairs)


@dataclass(frozen=True)
class MovingMaximumPlan(Plan):
    """How one core computes moving maxima.

    Parameters
    ----------
    windows : tuple of WindowMaximum
        Those of the stages that compare, from the shortest window to the longest.
    """

    windows: tuple[WindowMaximum, ...]

    def run(self, samples: ArrayLike) -> NDArray[np.object_]:
        """Computes results, stage by stage.

        Parameters
        ----------
        samples : array-like of int, shape (..., size)
            The samples of each window, the newest first.
        """
        values = np.asarray(samples, dtype=object)
        numbers = [values[..., delay] for delay in range(values.shape[-1])]
        for stage in self.stages:
            numbers = stage.run(numbers)
        return numbers[0]

    def _told(self) -> Iterable[str]:
        yield from super()._told()
        if self.windows:
            yield ""
        for stage in self.windows:
            shorter = stage.length - stage.distance
            yield f"{stage.length} samples: the greater of two maxima of {shorter}, {stage.distance} apart"


def lower_moving_maximum(design: MovingMaximumDesign, choices: Choices, target: Target) -> MovingMaximumPlan:
    """Windows of twice the length, one after the other, and a last one of what is left."""
    windows = tuple(_windows(design.size))
    body: tuple[Stage, ...] = (Accept(1), *windows)
    timing = SignalTiming(choices.clocks, cycles_of(body) + BUFFER_LATENCY)
    stages = (*body, output_buffer(design, timing.buffer_depth(credit_latency(body))))
    return MovingMaximumPlan(design, target, stages, timing, windows)


def _windows(size: int) -> Iterator[WindowMaximum]:
    length = 1
    while length < size:
        distance = min(length, size - length)
        length += distance
        yield WindowMaximum(WINDOW_LATENCY, distance=distance, length=length)
