"""The stage of separable kernels in front of the window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arithmetic import Range
from .array import DotProduct
from .stages import Numbers, Stage

__all__ = ["ColumnFilter"]


@dataclass(frozen=True, slots=True)
class ColumnFilter(Stage):
    """Makes one number of each column of the window, for each kernel.

    filters : the array of each kernel's column.
    """

    name = "column"
    structure = ("separable",)
    filters: tuple[DotProduct, ...] = ()

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:  # noqa: ARG002  # of the format of samples
        return tuple(found for one in self.filters for found in one.ranges)

    def run(self, numbers: Numbers) -> Numbers:
        column = np.stack(numbers, axis=-1)
        return [one.run(column) for one in self.filters]
