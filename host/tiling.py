"""Cuts what doesn't fit a core into frames that do, with the right overlap, and puts their results together.

Every result is computed from the same samples as if the core took everything at once, so it doesn't show where the cuts were.
Here is numpy alone: no link, no core.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from convolver.designs import Boundary, Design, FrameAxis, Plane

from .samples import fits_int64
from .transport import Samples

__all__ = ["FRAME_SAMPLES", "Cut", "Work", "cuts", "frame_limits", "frame_of"]

FRAME_SAMPLES = 1 << 24
"""Samples in a frame, about, where the core would take more: eight bytes of memory each."""

_OVERLAP = 16
"""A frame has at least so many times the rows of its overlap, where the core lets it."""

_OUTSIDE = -1
"""Index of a sample outside the image, where that is the fill."""

Indices = npt.NDArray[np.intp]
Places = range | Indices
"""Places of an axis, one behind the other or any."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One piece of an axis: which inputs it needs, which of their results to keep, and where these belong."""

    source: slice
    keep: slice
    target: slice


def cuts(inputs: int, outputs: int, before: int, after: int, most: int, stride: int = 1, results: int = 1) -> list[Cut]:
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
    results : int
        Results that stand in the place of each; a piece begins with the first of them.
    """
    if inputs <= most:
        return [Cut(slice(0, inputs), slice(0, outputs), slice(0, outputs))]
    places = -(-outputs // results)
    count = -(-places // ((most - before - after - 1) // stride + 1))
    found = []
    for number in range(count):
        start, stop = places * number // count, places * (number + 1) // count
        first, end = max(start * stride - before, 0), min((stop - 1) * stride + 1 + after, inputs)
        ahead = (start - first // stride) * results
        target = slice(start * results, min(stop * results, outputs))
        found.append(Cut(slice(first, end), slice(ahead, ahead + target.stop - target.start), target))
    return found


def frame_limits(design: Design, columns: int = 1, frame_samples: int = FRAME_SAMPLES) -> tuple[int, ...]:
    """Shape of the largest frame to send: what the core takes, and not much more than `frame_samples`.

    `columns` is the image's width, its padding included.
    """
    first, *others = design.frame_axes
    width = math.prod(columns if axis.most is None else min(axis.most, columns) for axis in others)
    rows = max(frame_samples // width, _OVERLAP * (sum(first.window) + first.stride))
    return (rows if first.most is None else min(first.most, rows), *(axis.most or columns for axis in others))


def frame_of(design: Design, *sizes: int) -> tuple[int, ...]:
    """Sizes of the frame that an array of these sizes becomes, where it fits into one."""
    wanted = design.output_shape(*sizes)
    axes = [_Axis.of(axis, size) for axis, size in zip(design.frame_axes, sizes, strict=True)]
    return tuple(len(axis.stretches(size, len(axis.inputs))[0].source) for axis, size in zip(axes, wanted, strict=True))


class Work:
    """One array on its way through a core: `take` gives its frames, `give` takes their results, `result` holds them all.

    Parameters
    ----------
    design : Design
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
        design: Design,
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
        rules = design.frame_axes
        sizes, planes_inside = first.shape[: len(rules)], first.shape[len(rules) :]
        results = design.output_shape(*sizes)
        # Of a stack, nothing stays in the core for the signal behind.
        stack = array.ndim > first.ndim
        whole = [_Axis.of(rule, size, 0 if stack else rule.held) for rule, size in zip(rules, sizes, strict=True)]
        limits = limits or frame_limits(design, len(whole[-1].inputs), frame_samples)
        skips = (skip, *[0] * (len(rules) - 1))
        axes = [axis.stretches(*told) for axis, *told in zip(whole, results, limits, skips, strict=True)]
        silence = rules[0].held if stack else 0
        behind = [(planes[-1], _Stretch(range(0), slice(0, 0), slice(0, 0), silence))] if silence else []
        shape = (*(size - less for size, less in zip(results, skips, strict=True)), *planes_inside)
        # The axes that aren't the plane's own stay as they are.
        own = iter(shape)
        self._shape = (
            *design.result_axes,
            *(next(own) if isinstance(index, slice) else size for size, index in zip(array.shape, planes[0], strict=True)),
        )
        self._before = (slice(None),) * len(design.result_axes)
        self._frames = len(planes) * math.prod(len(axis) for axis in axes) + len(behind)
        # No generators of this object's own: they would hold it, and it them, until Python looks for such circles.
        self._left: Iterator[tuple[Any, ...]] = itertools.chain(itertools.product(planes, *axes), behind)
        self._under_way: Iterator[tuple[Any, ...]] = itertools.chain(itertools.product(planes, *axes), behind)
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
        plane, *stretches = piece
        return _gather(self._array[plane], stretches, self._design.fill)

    def give(self, results: Samples) -> None:
        """Takes the results of the oldest frame of which there are none yet."""
        plane, *stretches = next(self._under_way)
        if self._result is None:
            self._result = self._room()
        self._given += 1
        target = self._result[*self._before, *plane]
        place = *self._before, *(stretch.target for stretch in stretches)
        target[place] = results[*self._before, *(stretch.keep for stretch in stretches)]
        self._count += target[place].size
        if self._progress is not None:
            self._progress(self._count, self._result.size)

    def _room(self) -> Samples:
        return np.empty(self._shape, np.int64 if fits_int64(self._design.output_format) else object)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece of an axis as a frame has it: which inputs, behind how much silence, which of their results to keep, and where
    these belong."""

    source: Places
    keep: slice
    target: slice
    silence: int = 0


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of what a core is to be sent.

    rule : what the design says of it.
    size : samples of the array.
    inputs : the samples, the host's padding among them.
    reach : inputs that a result needs in front of its place and behind it, but those that the core keeps.
    """

    rule: FrameAxis
    size: int
    inputs: Places
    reach: tuple[int, int]

    @classmethod
    def of(cls, rule: FrameAxis, size: int, held: int = 0) -> Self:
        """The axis of an array of this size, of which a frame finds `held` samples of the one before in the core."""
        before, after = rule.reach
        return cls(rule, size, _bordered(size, rule.around, rule.boundary), (before - held, after))

    def stretches(self, outputs: int, most: int, skip: int = 0) -> list[_Stretch]:
        """Its pieces, none shorter than the core takes nor longer than `most`. The first `skip` samples only stand in front of
        the others: their results are left out.

        A core that makes the borders itself does so wherever it can. A piece that is too short for that gets all that its
        results need from the host; what the core puts beyond it is then seen by none of them. One that is still too short grows
        at its end, and what this adds is cut off.

        A core that keeps samples of the frame before sees them in front of a piece: where it is to see others, the piece brings
        the silence that stands there.
        """
        if outputs == skip:
            return []
        rule, stretches = self.rule, []
        (before, after), stride = self.reach, rule.stride
        for piece in cuts(len(self.inputs), outputs, before, after, most, stride, rule.up):
            first, end = rule.stretched(piece.source.start, piece.source.stop, len(self.inputs))
            source, ahead = self.inputs[first:end], piece.keep.start + (piece.source.start - first) // stride * rule.up
            start, stop = piece.target.start, piece.target.stop
            silence = min(before - start // rule.up * stride + piece.source.start, rule.held)
            if len(source) < rule.least:
                border, more = _bordered(self.size, rule.widest, rule.boundary), rule.widest[0] - rule.around[0]
                first, end = start * stride - before, max((stop - 1) * stride + 1 + after, piece.source.stop)
                source = border[max(first + more, 0) : end + more]
                ahead = start - max(first, -more) // stride
                source = np.pad(source, (0, max(rule.least - len(source), 0)), mode="edge")
            ahead += rule.ahead // stride + silence // stride * rule.up
            late = max(skip - start, 0)
            keep, target = slice(ahead + late, ahead + stop - start), slice(start + late - skip, stop - skip)
            stretches.append(_Stretch(source, keep, target, silence))
        return stretches


def _bordered(size: int, around: tuple[int, int], boundary: Boundary) -> Places:
    """Places of an axis with a border around it; in images smaller than it, it bounces or repeats as often as needed."""
    if not any(around):
        return range(size)
    return np.pad(np.arange(size) - _OUTSIDE, around, mode=boundary) + _OUTSIDE  # `constant` is 0 between the two


def _gather(samples: Samples, stretches: Sequence[_Stretch], fill: int) -> Samples:
    """The samples at some places of each axis, behind the silence that stands in front of them."""
    picked = samples
    for axis, stretch in enumerate(stretches):
        picked = picked[(slice(None),) * axis + (_compact(stretch.source),)]
    picked = picked.astype(np.int64, copy=False)  # where some are outside, it is a copy already
    for axis, stretch in enumerate(stretches):
        if _OUTSIDE in stretch.source:
            picked[(slice(None),) * axis + (stretch.source == _OUTSIDE,)] = fill
    if any(stretch.silence for stretch in stretches):
        before = [(stretch.silence, 0) for stretch in stretches] + [(0, 0)] * (picked.ndim - len(stretches))
        picked = np.pad(picked, before, constant_values=fill)
    return np.ascontiguousarray(picked)


def _compact(places: Places) -> slice | Indices:
    """A slice where the places are one, which is faster."""
    if isinstance(places, range):
        return slice(places.start, places.stop)
    first, last = int(places[0]), int(places[-1])
    if first != _OUTSIDE and last - first == len(places) - 1 and bool((np.diff(places) == 1).all()):
        return slice(first, last + 1)
    return places
