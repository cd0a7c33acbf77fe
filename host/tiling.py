"""Cuts what doesn't fit a core into frames that do, with the right overlap, and puts their results together.

Every result is computed from the same samples as if the core took everything at once, so it doesn't show where the cuts were.
Here is numpy alone: no link, no core.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.host.samples import fits_int64
from convolver.host.transport import Samples

__all__ = ["FRAME_SAMPLES", "Cut", "Work", "cuts", "frame_limits", "frame_of"]

FRAME_SAMPLES = 1 << 24
"""Samples in a frame, about, where the core would take more: eight bytes of memory each."""

_OVERLAP = 16
"""A frame has at least so many times the rows of its overlap, where the core lets it."""

_OUTSIDE = -1
"""Index of a sample outside the image, where that is the fill."""

Indices = npt.NDArray[np.intp]
Plane = tuple[int | slice, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """One piece of an axis: which inputs it needs, which of their results to keep, and where these belong; of a signal also how
    many zeros go in front of it."""

    source: slice
    keep: slice
    target: slice
    zeros: int = 0


def cuts(inputs: int, outputs: int, before: int, after: int, most: int, stride: int = 1) -> list[Cut]:
    """Cuts an axis into pieces of nearly one length.

    Result `n` is made of inputs ``stride * n - before`` to ``stride * n + after``, as far as there are any: beyond the ends of
    the axis, and only there, the core's own border may be used.

    Parameters
    ----------
    inputs, outputs : int
        Lengths of the axis.
    before, after : int
        Inputs that a result needs on either side; `before` a multiple of `stride`, so that a piece begins with a result.
    most : int
        Inputs of a piece, more than `before` and `after` together.
    stride : int
        Inputs from one result to the next.
    """
    if inputs <= most:
        return [Cut(slice(0, inputs), slice(0, outputs), slice(0, outputs))]
    count = -(-outputs // ((most - before - after - 1) // stride + 1))
    found = []
    for number in range(count):
        start, stop = outputs * number // count, outputs * (number + 1) // count
        first, end = max(start * stride - before, 0), min((stop - 1) * stride + 1 + after, inputs)
        ahead = start - first // stride
        found.append(Cut(slice(first, end), slice(ahead, ahead + stop - start), slice(start, stop)))
    return found


def frame_limits(design: FIRDesign | Conv2DDesign, columns: int = 1, frame_samples: int = FRAME_SAMPLES) -> tuple[int, ...]:
    """Shape of the largest frame to send: what the core takes, and not much more than `frame_samples`.

    `columns` is the image's width, its padding included.
    """
    if isinstance(design, FIRDesign):
        return (max(frame_samples, _OVERLAP * design.taps),)
    widest = min(design.core_columns, columns)
    least = _OVERLAP * (design.kernel_rows + design.stride[0] - 1)
    return min(design.core_rows, max(frame_samples // widest, least)), design.core_columns


def frame_of(design: Conv2DDesign, rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns of the frame that an image of this size becomes, where it fits into one."""
    axes, wanted = _axes(design, (rows, columns)), design.output_shape(rows, columns)
    pieces = [axis.parts(size, len(axis.inputs)) for axis, size in zip(axes, wanted, strict=True)]
    return len(pieces[0][0].source), len(pieces[1][0].source)


class Work:
    """One array on its way through a core: `take` gives its frames, `give` takes their results, `result` holds them all.

    Parameters
    ----------
    design : FIRDesign or Conv2DDesign
        What the core computes.
    array : ndarray of int
        Samples that fit the design: a signal or an image, or many of them along further axes.
    planes : sequence of tuple, optional
        The index of each signal or image in `array`, with ``slice(None)`` for its own axes, of an image its planes among them
        where these go through side by side; by default there is one.
    frame_samples : int
        About so many samples make a frame; the core's limits hold anyway.
    limits : tuple of int, optional
        Shape of the largest frame; by default `frame_limits`.
    skip : int
        Results to leave out at the beginning of a signal: those of samples that only stand before it.
    progress : callable, optional
        Called with the number of results that are there, and of all, whenever some have come.
    """

    def __init__(
        self,
        design: FIRDesign | Conv2DDesign,
        array: Samples,
        planes: Sequence[Plane] | None = None,
        frame_samples: int = FRAME_SAMPLES,
        limits: tuple[int, ...] | None = None,
        skip: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._design = design
        self._array = array
        self._progress = progress
        planes = planes or [(slice(None),) * array.ndim]
        first = array[planes[0]]
        axes: list[list[Cut]] | list[list[_Part]]
        behind: list[tuple[Any, ...]] = []
        if isinstance(design, FIRDesign):
            shape: tuple[int, ...] = (len(first) - skip,)
            limits = limits or frame_limits(design, 1, frame_samples)
            alone = design.continuous and array.ndim > 1
            axes = [_signal_cuts(design, len(first), limits[0], skip, alone=alone)]
            if alone and design.taps > 1:  # nothing of a stack stays in the core
                behind = [(planes[-1], Cut(slice(0, 0), slice(0, 0), slice(0, 0), design.taps - 1))]
        else:
            rows, columns, *planes_inside = first.shape
            shape = (*design.output_shape(rows, columns), *planes_inside)
            whole = _axes(design, (rows, columns))
            limits = limits or frame_limits(design, len(whole[1].inputs), frame_samples)
            axes = [axis.parts(size, most) for axis, size, most in zip(whole, shape, limits, strict=False)]
        # The axes that aren't the plane's own stay as they are.
        own = iter(shape)
        self._shape = (
            *design.result_axes,
            *(next(own) if isinstance(index, slice) else size for size, index in zip(array.shape, planes[0], strict=True)),
        )
        self._before = (slice(None),) * len(design.result_axes)
        self._frames = len(planes) * math.prod(len(axis) for axis in axes) + len(behind)
        # No generators of this object's own: they would hold it, and it them, until Python looks for such circles.
        self._left = itertools.chain(itertools.product(planes, *axes), behind)
        self._under_way = itertools.chain(itertools.product(planes, *axes), behind)
        self._given = self._count = 0
        self._result = None if self._frames else self._room()

    @property
    def done(self) -> bool:
        """Whether all results are there."""
        return self._given == self._frames

    @property
    def result(self) -> Samples:
        """The results, once they are all there."""
        assert self._result is not None
        return self._result

    def take(self) -> Samples | None:
        """The next frame for the core: ``int64``, C-contiguous, of a size that the core takes; None behind the last."""
        piece = next(self._left, None)
        if piece is None:
            return None
        plane, *parts = piece
        source = self._array[plane]
        if isinstance(self._design, FIRDesign):
            (cut,) = parts
            samples = source[cut.source]
            if cut.zeros:
                samples = np.concatenate([np.zeros(cut.zeros, np.int64), samples.astype(np.int64)])
            return np.ascontiguousarray(samples, np.int64)
        rows, columns = (part.source for part in parts)
        return _gather(source, rows, columns, self._design.fill)

    def give(self, results: Samples) -> None:
        """Takes the results of the oldest frame of which there are none yet."""
        plane, *parts = next(self._under_way)
        if self._result is None:
            self._result = self._room()
        self._given += 1
        target = self._result[*self._before, *plane]
        place = *self._before, *(part.target for part in parts)
        target[place] = results[*self._before, *(part.keep for part in parts)]
        self._count += target[place].size
        if self._progress is not None:
            self._progress(self._count, self._result.size)

    def _room(self) -> Samples:
        return np.empty(self._shape, np.int64 if fits_int64(self._design.output_format) else object)


def _signal_cuts(design: FIRDesign, length: int, most: int, skip: int, *, alone: bool) -> list[Cut]:
    """The pieces of a signal. The first `skip` samples only stand before it: their results are left out.

    A core that is continuous holds what stands before a piece. A signal that is to be filtered `alone` there brings the silence
    that stands before it.
    """
    if length == skip:
        return []
    before = design.taps - 1
    if design.continuous and not alone:
        before = 0
    found = []
    for cut in cuts(length, length, before, 0, most):
        zeros = before - (cut.target.start - cut.source.start) if alone else 0
        late = max(skip - cut.target.start, 0)
        keep = slice(cut.keep.start + zeros + late, cut.keep.stop + zeros)
        found.append(Cut(cut.source, keep, slice(cut.target.start + late - skip, cut.target.stop - skip), zeros))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of an axis as a frame has it: which inputs, which of their results to keep, and where these belong."""

    source: Indices
    keep: slice
    target: slice


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of what a core is to be sent.

    inputs : the samples, the host's padding among them.
    reach : inputs that a result needs in front of its own and behind it.
    stride : inputs from one result to the next.
    least : fewest inputs that the core takes.
    border : where the core makes borders itself, the samples with the border around them, as far as `reach`.
    ahead : results, of stride 1, that the core gives in front of the first one wanted.
    """

    inputs: Indices
    reach: tuple[int, int]
    stride: int = 1
    least: int = 1
    border: Indices | None = None
    ahead: int = 0

    @classmethod
    def of(
        cls, design: Conv2DDesign, size: int, margins: tuple[int, int], window: tuple[int, int], stride: int, least: int
    ) -> Self:
        # A core's frame begins with a result, so what stands in front of a wanted one is made a multiple of the stride.
        early = -window[0] % stride
        if not (design.host_pads or (design.mode == "same" and design.boundary == "wrap")):
            if design.core_mode == "valid":
                return cls(np.arange(size), (0, sum(window)), stride, least)
            reach = window[0] + early, window[1]
            return cls(np.arange(size), reach, stride, least, _bordered(size, reach, design))
        if design.core_mode == "valid":  # the first result is that of the first whole window
            return cls(_bordered(size, margins, design), (0, sum(window)), stride, least)
        # A core that makes borders gives others before it.
        reach = 0, sum(window) + early
        return cls(_bordered(size, (margins[0] + early, margins[1]), design), reach, stride, least, None, window[0] + early)

    def parts(self, outputs: int, most: int) -> list[_Part]:
        """Its pieces, none shorter than the core takes nor longer than `most`.

        A core that makes the borders itself does so wherever it can. A piece that is too short for that gets all that its
        results need from `border`; what the core puts beyond it is then seen by none of them. One that is still too short grows
        at its end, and what this adds is cut off.
        """
        parts = []
        for piece in cuts(len(self.inputs), outputs, *self.reach, most, self.stride):
            source, ahead = self.inputs[piece.source], piece.keep.start + self.ahead // self.stride
            start, stop = piece.target.start, piece.target.stop
            if len(source) < self.least and self.border is not None:
                source = self.border[start * self.stride : (stop - 1) * self.stride + 1 + sum(self.reach)]
                ahead = self.reach[0] // self.stride
            if len(source) < self.least:
                source = np.pad(source, (0, self.least - len(source)), mode="edge")
            parts.append(_Part(source, slice(ahead, ahead + stop - start), piece.target))
        return parts


def _axes(design: Conv2DDesign, shape: tuple[int, ...]) -> list[_Axis]:
    """Both axes of an image."""
    windows = (design.above, design.below), (design.left, design.right)
    least = design.core_min_rows, design.core_min_columns
    sides = zip(shape, design.host_margins, windows, design.stride, least, strict=True)
    return [_Axis.of(design, *side) for side in sides]


def _bordered(size: int, around: tuple[int, int], design: Conv2DDesign) -> Indices:
    """Indices of an axis with the design's border around it; in images smaller than it, it bounces or repeats as often as
    needed."""
    if design.boundary == "constant":
        return np.pad(np.arange(size), around, mode="constant", constant_values=_OUTSIDE)
    return np.pad(np.arange(size), around, mode=design.boundary)


def _gather(image: Samples, rows: Indices, columns: Indices, fill: int) -> Samples:
    """The pixels at some rows and columns."""
    picked = image[_compact(rows)][:, _compact(columns)].astype(np.int64)
    picked[rows == _OUTSIDE] = fill
    picked[:, columns == _OUTSIDE] = fill
    return np.ascontiguousarray(picked)


def _compact(indices: Indices) -> slice | Indices:
    """A slice where the indices are one, which is faster."""
    first, last = int(indices[0]), int(indices[-1])
    if first != _OUTSIDE and last - first == len(indices) - 1 and bool((np.diff(indices) == 1).all()):
        return slice(first, last + 1)
    return indices
