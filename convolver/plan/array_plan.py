"""The plan of a linear filter's core: what every plan has, and its arrays with their coefficients."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..designs import LinearDesign
from ..formats import Format
from .arithmetic import Range, wrapped
from .array import DotProduct
from .coefficients import CoefficientStore
from .column_filter import ColumnFilter
from .explained import adders_of, lanes_of
from .plan import Plan
from .stages import Stage

__all__ = ["ArrayPlan", "SeparablePlan"]


@dataclass(frozen=True)
class ArrayPlan(Plan):
    """How one core computes the results of a linear filter.

    Parameters
    ----------
    design, target, stages, timing
        As in `Plan`.
    arrays : tuple of DotProduct
        One a kernel, beside each other; each gives one sum of the same samples.
    coefficients : CoefficientStore
        Those of all arrays.
    behind : tuple of Stage
        Those of the stages that take the sums, up to the output buffer.
    rewritings : tuple of str
        What was rewritten, and what that saved; a line each.
    """

    design: LinearDesign
    arrays: tuple[DotProduct, ...]
    coefficients: CoefficientStore
    behind: tuple[Stage, ...]
    rewritings: tuple[str, ...] = ()

    @property
    def structure(self) -> str:
        """What of constant kernels is used: nothing, equal weights, or that each is a column times a row."""
        return next((word for stage in self.stages for word in stage.structure), "direct")

    @property
    def column_filters(self) -> tuple[DotProduct, ...]:
        """Of separable kernels, what makes one number of each column in front of the window; for each kernel one."""
        return ()

    @property
    def filters(self) -> tuple[DotProduct, ...]:
        return (*self.column_filters, *self.arrays)

    def array(self, number: int) -> DotProduct | None:
        return self.arrays[number] if number < len(self.arrays) else None

    @property
    def lanes(self) -> int:
        """Multiplications in one cycle, of one sample, behind the window."""
        return sum(array.lanes for array in self.arrays)

    @cached_property
    def first_lanes(self) -> tuple[int, ...]:
        """The first lane of each of `arrays`."""
        return tuple(accumulate([array.lanes for array in self.arrays[:-1]], initial=0))

    @property
    def pre_added(self) -> bool:
        """Whether pre-adders stand between the samples and the multipliers."""
        return any(array.pre_added for array in self.arrays)

    @cached_property
    def lane_input(self) -> Format:
        """Format of what comes to the lanes of all arrays."""
        formats = [array.lane_input for array in self.arrays]
        return Format.holding(min(fmt.min for fmt in formats), max(fmt.max for fmt in formats))

    @property
    def sum_levels(self) -> int:
        """Levels of the trees that add the window's places before the multipliers."""
        return max(array.sum_levels for array in self.arrays)

    # What it computes, and what it says of itself.

    def run(self, samples: ArrayLike, weights: Sequence[int] | None = None) -> NDArray[np.object_]:
        """Computes the exact sums, before the output stage, as the arrays do. Those of several kernels stand one behind the
        other along the first axis.

        Parameters
        ----------
        samples : array-like of int, shape (..., positions)
            What stands at each position.
        weights : sequence of int, optional
            A loaded set of coefficients, in the order of the design's; by default its own.
        """
        values = np.asarray(samples, dtype=object)
        sums = list(self._sums(values, weights))
        return np.stack(sums) if len(sums) > 1 else sums[0]

    def results(self, samples: ArrayLike, weights: Sequence[int] | None = None) -> NDArray[np.object_]:
        """Computes what leaves the core, as `run` does the sums: all stages behind the arrays, and the output's width."""
        values = list(self._sums(np.asarray(samples, dtype=object), weights))
        for stage in self.behind:
            values = stage.run(values)
        values = [wrapped(value, self.design.output_format) for value in values]
        return np.stack(values) if len(values) > 1 else values[0]

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The exact range of each result, stage by stage, before it is cut to the output's width."""
        ranges = self.sum_ranges
        for stage in self.behind:
            ranges = stage.ranges(ranges)
        return ranges

    @property
    def sum_ranges(self) -> tuple[Range, ...]:
        """The exact range of each sum that the arrays give."""
        return tuple(found for array in self.arrays for found in array.ranges)

    def _sums(self, values: NDArray[np.object_], weights: Sequence[int] | None) -> Iterator[NDArray[np.object_]]:
        first = 0
        for array in self.arrays:
            own = None if weights is None else weights[first : first + len(array.weights)]
            yield array.run(values, own)
            first += len(array.weights)

    def _told(self) -> Iterable[str]:
        """What was rewritten and what that saved, then the stages with their cycles, the lanes, and the trees' widths."""
        yield from (*self.rewritings, *([""] if self.rewritings else []), *super()._told())
        for title, filters in self._titled():
            for number, one in enumerate(filters):
                kernel = f"kernel {number}" if len(filters) > 1 else ""
                yield from ["", *filter(None, [", ".join(filter(None, (title, kernel)))]), *lanes_of(one), "", *adders_of(one)]

    def _titled(self) -> Iterable[tuple[str, tuple[DotProduct, ...]]]:
        """All that multiplies, under what it is called."""
        return (("", self.arrays),)


@dataclass(frozen=True)
class SeparablePlan(ArrayPlan):
    """That of separable kernels: its arrays are of rows, behind filters of the columns.

    Parameters
    ----------
    column_filter : ColumnFilter
        What makes one number of each column for each kernel.
    """

    column_filter: ColumnFilter = field(kw_only=True)

    @property
    def column_filters(self) -> tuple[DotProduct, ...]:
        return self.column_filter.filters

    @property
    def sum_ranges(self) -> tuple[Range, ...]:
        # A row's array is made for any numbers of its columns' formats, which one image can't all have.
        return self.design.kernel_ranges

    def _sums(self, values: NDArray[np.object_], weights: Sequence[int] | None) -> Iterator[NDArray[np.object_]]:  # noqa: ARG002
        lines = np.split(values, self.column_filters[0].positions, axis=-1)
        for column, row in zip(self.column_filter.run(lines), self.arrays, strict=True):
            yield row.run(column)

    def _titled(self) -> Iterable[tuple[str, tuple[DotProduct, ...]]]:
        return (("of each column", self.column_filters), ("of the columns' sums", self.arrays))
