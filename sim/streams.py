"""What the benches send and when: beats with their marks, samples that look for trouble, seeded stalls. Numpy alone.

The twin's driver takes these arrays as they are; a cocotb bench iterates over them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convolver.designs import GATEWARE_BOUNDARIES, Boundary
from convolver.formats import Format

__all__ = [
    "EOL",
    "FIRST",
    "LAST",
    "STALLS",
    "Beats",
    "Bytes",
    "Integers",
    "beats_of",
    "marks_of",
    "random_samples",
    "stalls",
]

FIRST, LAST, EOL = 1, 2, 4
"""Bits of a beat's marks."""

Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

STALLS = ("none", "rare", "half", "mostly", "bursts", "alternating")
"""Ways in which a side of a stream pauses."""

_PERIOD = 4099  # a prime: two patterns side by side don't repeat together


@dataclass(frozen=True)
class Beats:
    """Frames one after another, as they go into a core.

    `starts` are the indices of the frames' first beats; `rows` and `columns` the sizes of images, `boundaries` (places in
    `GATEWARE_BOUNDARIES`) and `fills` their borders for a core that is told these; empty for signals.
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


def marks_of(shape: Sequence[int]) -> Bytes:
    """The marks of a frame: `FIRST` and `LAST`, and `EOL` at the end of each of an image's lines."""
    marks = np.zeros(shape, dtype=np.uint8)
    if marks.size == 0:
        return marks.reshape(-1)
    if len(shape) == 2:
        marks[:, -1] = EOL
    flat = marks.reshape(-1)
    flat[0] |= FIRST
    flat[-1] |= LAST
    return flat


def beats_of(frames: Sequence[npt.NDArray[Any]], borders: Sequence[tuple[Boundary, int]] | None = None) -> Beats:
    """The beats of signals (1-D arrays) or of images (2-D arrays), back to back; `borders` are the images' boundaries and
    fills, for a core that is told these."""
    if len(frames) == 1:  # without a copy: a large image is most of what a run moves
        samples = np.ascontiguousarray(frames[0], dtype=np.int64).reshape(-1)
        marks = marks_of(frames[0].shape)
    else:
        samples = np.concatenate([np.zeros(0, np.int64), *(np.asarray(frame, dtype=np.int64).reshape(-1) for frame in frames)])
        marks = np.concatenate([np.zeros(0, np.uint8), *(marks_of(frame.shape) for frame in frames)])
    images = [frame.shape for frame in frames if frame.ndim == 2]
    if borders is None:
        borders = [("constant", 0)] * len(images)
    return Beats(
        samples,
        marks,
        np.cumsum([0, *(frame.size for frame in frames)], dtype=np.int64)[:-1],
        np.array([rows for rows, _ in images], dtype=np.int64),
        np.array([columns for _, columns in images], dtype=np.int64),
        np.array([GATEWARE_BOUNDARIES.index(boundary) for boundary, _ in borders], dtype=np.int64),
        np.array([fill for _, fill in borders], dtype=np.int64),
    )


def stalls(kind: str, seed: int) -> Bytes:
    """One byte a clock, repeated for ever: 1 in a clock in which a side pauses. `kind` is one of `STALLS`."""
    random = np.random.default_rng([seed, STALLS.index(kind)])
    if kind == "none":
        return np.zeros(1, np.uint8)
    if kind == "alternating":
        return np.array([seed % 2, 1 - seed % 2], np.uint8)
    if kind == "bursts":
        # Long enough on either side to fill and to empty any buffer of a core.
        pattern = np.concatenate([np.full(random.integers(1, 120), turn % 2, np.uint8) for turn in range(120)])
        return pattern[:_PERIOD] if pattern[:_PERIOD].min() == 0 else np.append(pattern[:_PERIOD], np.uint8(0))
    share = {"rare": 0.05, "half": 0.5, "mostly": 0.9}[kind]
    pattern = (random.random(_PERIOD) < share).astype(np.uint8)
    pattern[0] = 0  # never for ever
    return pattern


def random_samples(form: Format, shape: int | tuple[int, ...], seed: int) -> Integers:
    """Samples of a format, a quarter of them the extremes and what stands beside them: sums overflow there if anywhere."""
    random = np.random.default_rng(seed)
    samples = random.integers(form.min, form.max, shape, dtype=np.int64, endpoint=True)
    corners = np.array([value for value in (form.min, form.min + 1, 0, form.max - 1, form.max) if value in form], np.int64)
    chosen = corners[random.integers(0, len(corners), shape)]
    return np.where(random.random(shape) < 0.25, chosen, samples)
