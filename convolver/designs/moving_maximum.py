"""Moving maxima of a signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..arguments import between
from ..formats import Format
from .base import Design, format_of
from .given import S16, FormatLike
from .signal_geometry import SignalGeometry

__all__ = ["MAX_SIZE", "MovingMaximumDesign"]

MAX_SIZE = 256
"""Samples of the longest window."""


@dataclass(frozen=True)
class MovingMaximumDesign(SignalGeometry, Design):
    """A causal moving maximum of a signal, one sample a clock: the greatest of the last `size` samples.

    ``y[n] = max(x[n - k] for k in range(size))``; before a frame's first sample stands `fill`. Where `x` has enough samples on
    either side these are the values of `scipy.ndimage.maximum_filter1d`, ``(size - 1) // 2`` samples later;
    `convolver.maximum_filter1d` puts them where scipy does.

    Parameters
    ----------
    size : int
        Samples of the window, 1 to 256.
    data : Format
        Format of samples and results, 1 to 32 bits.
    fill : int, optional
        What stands before a frame; fits `data`. By default its least number, so that a maximum is that of the samples which are
        there.

    Raises
    ------
    DesignError
        If a parameter is out of its range; the message names the rule and the value.
    """

    kind: ClassVar[str] = "moving_maximum"
    title: ClassVar[str] = "moving maximum"
    rank: ClassVar[int] = 1
    sample_field: ClassVar[str] = "data"
    smaller: ClassVar[Mapping[str, str]] = {"block RAM": "use narrower samples"}

    size: int
    data: FormatLike = S16
    fill: int = None  # type: ignore[assignment]  # completed below

    def __post_init__(self) -> None:
        self._set("size", between("Size", self.size, 1, MAX_SIZE))
        self._set("data", format_of("Data", self.data))
        between("Sample width", self.data.width, 1, 32)
        fill = self.data.min if self.fill is None else self.fill
        self._set("fill", between("Fill", fill, self.data.min, self.data.max))

    @property
    def sample(self) -> Format:
        return self.data

    @property
    def output_format(self) -> Format:
        return self.data

    @property
    def output_range(self) -> tuple[int, int]:
        return self.data.min, self.data.max

    @property
    def history(self) -> int:  # type: ignore[override]  # of each design another
        return self.size - 1

    def describe(self) -> str:
        return f"the greatest of {self.size}, {self.data} samples"

    def worst_windows(self) -> dict[str, Any]:
        # Each sample alone is the greatest of its windows, or the least: a comparison that goes wrong, or a place that is left
        # out, changes a result.
        return {"sample of a window": (1, *[-1] * (self.size - 1))}
