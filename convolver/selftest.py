"""Frames that a device must filter as the golden model does: extremes by construction, then random ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .designs import Conv2DDesign, FIRDesign
from .formats import u8
from .run import Filter

__all__ = ["DEFAULT", "Case", "cases", "check"]

DEFAULT = Conv2DDesign(
    ((1, 2, 3), (-4, 5, 6), (7, -8, 9)), pixel=u8, shift=2, output=u8, boundary="edge", rows=480, columns=640
)
"""What is tested if no design is given: a kernel that is its own mirror image in no way, with results beyond both ends."""

FIR_LENGTH = 1000
"""Samples of the longest random frame of a FIR filter."""

IMAGE_SIDE = 64
"""Rows and columns of the largest random frame of a 2-D design, plus the kernel's."""


@dataclass(frozen=True)
class Case:
    """One frame and what it tries."""

    name: str
    samples: NDArray[np.int64]


def cases(design: FIRDesign | Conv2DDesign, frames: int, seed: int) -> Iterator[Case]:
    """Yields the frames that find the most faults first, then `frames` random ones."""
    sample = design.sample
    shape = _largest(design)
    rows_and_columns = np.indices(shape).sum(axis=0)
    yield Case("all zero", np.zeros(shape, np.int64))
    yield Case("all at the minimum", np.full(shape, sample.min, np.int64))
    yield Case("all at the maximum", np.full(shape, sample.max, np.int64))
    yield Case("alternating extremes", np.where(rows_and_columns % 2, sample.max, sample.min).astype(np.int64))
    yield Case("one impulse, one tap at a time", _impulse(shape, sample.max))
    for name, worst in (("greatest sum", sample.max), ("least sum", sample.min)):
        yield Case(name, _worst(design, shape, worst))
    random = np.random.default_rng(seed)
    for number in range(frames):
        least = _least(design)
        size = tuple(int(random.integers(low, high + 1)) for low, high in zip(least, shape, strict=True))
        yield Case(f"random frame {number + 1}", random.integers(sample.min, sample.max + 1, size, np.int64))


def check(device: Filter, case: Case) -> str | None:
    """Filters one frame; None if the result is the golden model's, or what differs and where."""
    from .sim import golden

    expected = golden.run(device.design, case.samples)
    result = np.asarray(device(case.samples))
    if result.shape != expected.shape:
        return f"{case.name}: a result of shape {result.shape} instead of {expected.shape}"
    wrong = np.argwhere(result != expected)
    if not len(wrong):
        return None
    where = tuple(int(index) for index in wrong[0])
    place = ", ".join(map(str, where))
    return (
        f"{case.name}: {result[where]} instead of {expected[where]} at ({place}), {len(wrong)} of {result.size} results differ"
    )


def _least(design: FIRDesign | Conv2DDesign) -> tuple[int, ...]:
    if isinstance(design, FIRDesign):
        return (1,)
    return (design.kernel_rows, design.kernel_columns) if design.mode == "valid" else (1, 1)


def _largest(design: FIRDesign | Conv2DDesign) -> tuple[int, ...]:
    if isinstance(design, FIRDesign):
        return (FIR_LENGTH,)
    least = _least(design)
    sides = (design.kernel_rows, design.rows), (design.kernel_columns, design.columns)
    return tuple(max(low, min(IMAGE_SIDE + kernel, most)) for low, (kernel, most) in zip(least, sides, strict=True))


def _impulse(shape: Sequence[int], height: int) -> NDArray[np.int64]:
    frame = np.zeros(shape, np.int64)
    frame[tuple(side // 2 for side in shape)] = height
    return frame


def _worst(design: FIRDesign | Conv2DDesign, shape: Sequence[int], wanted: int) -> NDArray[np.int64]:
    """A frame in which one window at least meets every positive coefficient with `wanted`, and every negative one with the
    other extreme: the sum that needs the accumulator's whole width."""
    sample = design.sample
    other = sample.min if wanted == sample.max else sample.max
    if isinstance(design, FIRDesign):
        window = np.array(design.coefficients)[::-1]
    else:
        window = np.array(design.kernel)
        window = window[::-1, ::-1] if design.operation == "convolve" else window
    tile = np.where(window >= 0, wanted, other)
    repeats = [-(-side // length) for side, length in zip(shape, tile.shape, strict=True)]
    return np.tile(tile, repeats)[tuple(slice(side) for side in shape)].astype(np.int64)
