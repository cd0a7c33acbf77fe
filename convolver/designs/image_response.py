"""What linear filters of images make of the pixels: which weights a result gives them, of one filter or of several together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from .orientation import orientation_of
from .words import Kernel, Operation

__all__ = ["LARGEST", "ImageResponse", "added", "in_turn", "side_by_side", "through"]

LARGEST = 255
"""Most rows and columns of a window that filters have together."""


@dataclass(frozen=True, eq=False)
class ImageResponse:
    """Windows of weights whose sums are results, but for rounding and saturation.

    Result (r, c) is the sum of the weights times the pixels from ``start + stride * (r, c)`` on, over ``2**shift``.

    Parameters
    ----------
    windows : sequence of (rows, columns) arrays of int
        One for each result of a pixel.
    start : (int, int)
        Row and column of the first result's first pixel; negative outside the image.
    stride : (int, int)
    shift : int
    operation : {"convolve", "correlate"}
        How `kernels` are to meet the pixels.
    linear : bool
        Whether results are the sums, not their magnitudes or what a threshold makes of them.
    """

    windows: Sequence[Any]
    start: tuple[int, int]
    stride: tuple[int, int]
    shift: int
    operation: Operation
    linear: bool

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The windows, as the kernels of one filter."""
        turned = orientation_of(self.operation).turned
        return tuple(turned(tuple(map(tuple, window.tolist()))) for window in self.windows)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a window."""
        rows, columns = self.windows[0].shape
        return rows, columns

    @property
    def gain(self) -> float:
        """Gain for a constant input; of several windows the greatest."""
        return float(max((window.sum() for window in self.windows), key=abs)) / 2.0**self.shift

    def then(self, other: ImageResponse) -> ImageResponse | None:
        """That of this filter and one that takes its results; None where they aren't sums, or windows exceed `LARGEST`."""
        rows, columns = (one + (two - 1) * step for one, two, step in zip(self.size, other.size, self.stride, strict=True))
        if not self.linear or max(rows, columns) > LARGEST:
            return None
        return ImageResponse(
            [through(one, two, self.stride) for one in self.windows for two in other.windows],
            _pair(start + step * more for start, step, more in zip(self.start, self.stride, other.start, strict=True)),
            _pair(one * two for one, two in zip(self.stride, other.stride, strict=True)),
            self.shift + other.shift,
            self.operation,
            other.linear,
        )


def in_turn(responses: Iterable[ImageResponse | None]) -> ImageResponse | None:
    """That of filters of which each takes the results of the one before; None where one has none."""
    return reduce(lambda one, other: None if one is None or other is None else one.then(other), responses)


def added(responses: Sequence[ImageResponse | None], signs: Sequence[int]) -> ImageResponse | None:
    """That of filters of the same pixels whose results are multiplied by `signs` and added; None where one isn't linear."""
    alike = _alike(responses)
    sums = [
        sum(sign * window for sign, window in zip(signs, windows, strict=True))
        for windows in zip(*(one.windows for one in alike), strict=True)
    ]
    return replace(alike[0], windows=sums) if alike and all(one.linear for one in alike) else None


def side_by_side(responses: Sequence[ImageResponse | None]) -> ImageResponse | None:
    """That of filters of the same pixels whose results stand side by side; None where one has none."""
    alike = _alike(responses)
    windows, linear = [window for one in alike for window in one.windows], all(one.linear for one in alike)
    return replace(alike[0], windows=windows, linear=linear) if alike else None


def _alike(responses: Sequence[ImageResponse | None]) -> list[ImageResponse]:
    """The responses with windows of one size in one place, and sums over one power of two; none where one is missing."""
    found = [one for one in responses if one is not None]
    if len(found) < len(responses):
        return []
    shift = max(one.shift for one in found)
    start = _pair(min(one.start[axis] for one in found) for axis in range(2))
    stop = [max(one.start[axis] + one.size[axis] for one in found) for axis in range(2)]
    wanted = []
    for one in found:
        lines = zip(start, stop, one.start, one.size, strict=True)
        around = [(place - first, last - place - size) for first, last, place, size in lines]
        windows = [np.pad(window << (shift - one.shift), around) for window in one.windows]
        wanted.append(replace(one, windows=windows, start=start, shift=shift))
    return wanted


def through(one: Any, other: Any, stride: Sequence[int]) -> Any:
    """The weights of samples, of any number of axes, in a sum of sums of them, which begin `stride` samples apart."""
    whole = np.zeros([a + (b - 1) * step for a, b, step in zip(one.shape, other.shape, stride, strict=True)], object)
    for place, weight in np.ndenumerate(other):
        at = [line * step for line, step in zip(place, stride, strict=True)]
        whole[tuple(slice(first, first + size) for first, size in zip(at, one.shape, strict=True))] += weight * one
    return whole


def _pair(values: Iterable[int]) -> tuple[int, int]:
    rows, columns = values
    return rows, columns
