"""Stimuli of the benches: beats with marks, samples with corner cases, seeded stalls. Needs numpy only.

The twin's driver uses these arrays directly; a cocotb bench iterates over them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convolver.designs import Boundary, boundary_code
from convolver.formats import Format
from convolver.plan.beats import beat_with

__all__ = [
    "EOL",
    "FIRST",
    "KEEP",
    "LAST",
    "STALLS",
    "Beats",
    "Bytes",
    "Integers",
    "beats_of",
    "marks_of",
    "packed",
    "random_samples",
    "stalls",
    "unpacked",
]

FIRST, LAST, EOL = 1, 2, 4
"""Bits of a beat's marks."""

KEEP = 3
"""First bit of `keep` in the marks, if a beat has several pixels: one bit each."""

Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

STALLS = ("none", "rare", "half", "mostly", "bursts", "alternating")
"""Patterns in which a side of a stream pauses."""

_PERIOD = 4099  # a prime: two patterns in parallel don't repeat together


@dataclass(frozen=True)
class Beats:
    """Frames in the order in which they enter a core. With several samples a beat, `samples` has a row for each beat.

    `starts` are the indices of the frames' first beats. `rows` and `columns` are the sizes of images; `boundaries`
    (indices of `GATEWARE_BOUNDARIES`) and `fills` their borders, for a core with such ports. All are empty for signals.
    """

    samples: Integers
    marks: Bytes
    starts: Integers
    rows: Integers
    columns: Integers
    boundaries: Integers
    fills: Integers

    def __len__(self) -> int:
        return len(self.samples)


def marks_of(shape: Sequence[int], pixels: int = 1) -> Bytes:
    """The marks of a frame's beats: `FIRST` and `LAST`; `EOL` at the end of each of an image's lines; with several
    pixels a beat, which of them belong to the line."""
    keeps = np.frombuffer(beat_with(pixels).keeps(shape[-1]), np.uint8) << KEEP
    marks = np.broadcast_to(keeps, (*shape[:-1], len(keeps))).copy()
    if marks.size == 0:
        return marks.reshape(-1)
    if len(shape) == 2:
        marks[:, -1] |= EOL
    flat = marks.reshape(-1)
    flat[0] |= FIRST
    flat[-1] |= LAST
    return flat


def packed(image: npt.NDArray[Any], pixels: int) -> Integers:
    """An image, with or without an axis for its planes, as beats of several samples, one row each. Pixels beyond a
    line's end are wrong on purpose."""
    missing = -image.shape[1] % pixels
    wide = np.concatenate([image, ~image[:, :1].repeat(missing, axis=1)], axis=1) if missing else image
    return np.ascontiguousarray(wide, dtype=np.int64).reshape(-1, pixels * math.prod(image.shape[2:]))


def unpacked(beats: npt.NDArray[Any], shape: Sequence[int], pixels: int) -> npt.NDArray[Any]:
    """The results of beats as a signal or image of this shape, pixel after pixel, with one axis more for the results of
    a pixel."""
    *rows, columns = shape
    return beats.reshape(*rows, -(-columns // pixels) * pixels, -1)[..., :columns, :]


def beats_of(
    frames: Sequence[npt.NDArray[Any]], borders: Sequence[tuple[Boundary, int]] | None = None, pixels: int = 1
) -> Beats:
    """The beats of signals (1-D arrays) or of images (2-D arrays, or 3-D with planes), back to back. `borders` are the
    images' boundaries and fills, for a core with such ports; a beat has `pixels` pixels."""
    flat = [packed(frame, pixels) if frame.ndim > 1 else np.ascontiguousarray(frame, dtype=np.int64) for frame in frames]
    each = [marks_of(frame.shape[:2], pixels) for frame in frames]
    if len(frames) == 1:  # without a copy, which would dominate the time for a large image
        samples, marks = flat[0], each[0]
    else:
        samples = np.concatenate(flat or [np.zeros(0, np.int64)])
        marks = np.concatenate([np.zeros(0, np.uint8), *each])
    images = [frame.shape[:2] for frame in frames if frame.ndim > 1]
    if borders is None:
        borders = [("constant", 0)] * len(images)
    return Beats(
        samples,
        marks,
        np.cumsum([0, *map(len, each)], dtype=np.int64)[:-1],
        np.array([rows for rows, _ in images], dtype=np.int64),
        np.array([columns for _, columns in images], dtype=np.int64),
        np.array([boundary_code(boundary) for boundary, _ in borders], dtype=np.int64),
        np.array([fill for _, fill in borders], dtype=np.int64),
    )


def stalls(kind: str, seed: int) -> Bytes:
    """One byte a clock, repeated for ever: 1 in clocks in which a side pauses. `kind` is one of `STALLS`."""
    random = np.random.default_rng([seed, STALLS.index(kind)])
    if kind == "none":
        return np.zeros(1, np.uint8)
    if kind == "alternating":
        return np.array([seed % 2, 1 - seed % 2], np.uint8)
    if kind == "bursts":
        # Long enough to fill and to empty any buffer of a core.
        pattern = np.concatenate([np.full(random.integers(1, 120), turn % 2, np.uint8) for turn in range(120)])
        return pattern[:_PERIOD] if pattern[:_PERIOD].min() == 0 else np.append(pattern[:_PERIOD], np.uint8(0))
    share = {"rare": 0.05, "half": 0.5, "mostly": 0.9}[kind]
    pattern = (random.random(_PERIOD) < share).astype(np.uint8)
    pattern[0] = 0  # at least one clock without a pause
    return pattern


def random_samples(form: Format, shape: int | tuple[int, ...], seed: int) -> Integers:
    """Random samples of a format. A quarter of them are the extremes, their neighbours or 0: sums overflow with these
    first."""
    random = np.random.default_rng(seed)
    samples = random.integers(form.min, form.max, shape, dtype=np.int64, endpoint=True)
    corners = np.array([value for value in (form.min, form.min + 1, 0, form.max - 1, form.max) if value in form], np.int64)
    chosen = corners[random.integers(0, len(corners), shape)]
    return np.where(random.random(shape) < 0.25, chosen, samples)
