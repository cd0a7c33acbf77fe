"""The plan of a core: stages, arrays, memories and timing, made once and read by gateware, report, boards and twin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..designs import Design
from ..formats import Format
from .array import DotProduct
from .coefficients import CoefficientStore
from .stages import LineBuffer, Memory, MemoryUse, OutputBuffer, Saturate, Stage, cycles_of
from .target import Target
from .timing import FrameTiming

__all__ = ["Plan"]

S = TypeVar("S", bound=Stage)


@dataclass(frozen=True)
class Plan:
    """How one core computes its results.

    Parameters
    ----------
    design : Design
        What is computed.
    target : Target
        What it is planned for.
    stages : tuple of Stage
        From the accepted beat to the offered result.
    arrays : tuple of DotProduct
        One a kernel, beside each other; each gives one sum of the same samples.
    coefficients : CoefficientStore
        Those of all arrays.
    timing : FrameTiming
        How frames follow one another.
    columns : tuple of DotProduct
        Of separable kernels, what makes one number of each column in front of the window; for each kernel one.
    rewritings : tuple of str
        What was rewritten, and what that saved; a line each.
    structure : {"direct", "shared", "separable"}
        What of constant kernels is used: nothing, equal weights, or that each is a column times a row.
    """

    design: Design
    target: Target
    stages: tuple[Stage, ...]
    arrays: tuple[DotProduct, ...]
    coefficients: CoefficientStore
    timing: FrameTiming
    columns: tuple[DotProduct, ...] = ()
    rewritings: tuple[str, ...] = ()
    structure: Literal["direct", "shared", "separable"] = "direct"

    # The shape of a slot.

    @property
    def cycles(self) -> int:
        """Cycles of a slot: of a sample, or a pixel."""
        return self.arrays[0].cycles

    @property
    def pixels(self) -> int:
        """Pixels, or samples of a signal, in a beat."""
        return self.design.pixels_per_clock

    @property
    def planes(self) -> int:
        """Samples of a pixel, side by side."""
        return self.design.planes

    @property
    def copies(self) -> int:
        """Samples a cycle: as many copies of all arrays, each on samples of its own, share the coefficients."""
        return self.pixels * self.planes

    # Stages.

    def find(self, kind: type[S]) -> S | None:
        """The stage of this class, if there is one."""
        return next((stage for stage in self.stages if isinstance(stage, kind)), None)

    def cycles_in(self, *kinds: type[Stage]) -> int:
        """Cycles of the stages of these classes."""
        return cycles_of(stage for stage in self.stages if isinstance(stage, kinds))

    @property
    def latency(self) -> int:
        """Cycles from the acceptance of the beat that completes a result to the offer of the result, without stalls."""
        return cycles_of(self.stages)

    @property
    def filters(self) -> tuple[DotProduct, ...]:
        """Everything that multiplies."""
        return (*self.columns, *self.arrays)

    @property
    def line_buffer(self) -> LineBuffer:
        """The line buffer; one of no lines where there is none."""
        return self.find(LineBuffer) or LineBuffer(0)

    @property
    def buffer_depth(self) -> int:
        """Results that the output buffer holds: the credits, enough for one result a slot."""
        stage = self.find(OutputBuffer)
        assert stage is not None
        return stage.depth

    @property
    def saturates(self) -> bool:
        """Whether any result can lie outside the output format, and is then saturated."""
        return self.find(Saturate) is not None

    # Arrays.

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

    # Cost.

    @property
    def multiplications(self) -> int:
        """Multiplications in one cycle, of all samples."""
        return self.copies * sum(one.lanes for one in self.filters)

    @property
    def multipliers(self) -> int:
        """Multipliers that all arrays need, one a lane."""
        return sum(one.multipliers for one in self.filters)

    @property
    def hard_multipliers(self) -> int:
        """Blocks of the target that they are made of."""
        return sum(one.hard_multipliers for one in self.filters)

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All memories of the core."""
        return tuple(memory for stage in self.stages for memory in stage.memories)

    def memory_bits(self, *uses: MemoryUse) -> int:
        """Bits of the memories of these uses; by default of all."""
        return sum(memory.words * memory.bits for memory in self.memories if not uses or memory.use in uses)

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

    def _sums(self, values: NDArray[np.object_], weights: Sequence[int] | None) -> Iterator[NDArray[np.object_]]:
        if self.columns:
            window = values.reshape(*values.shape[:-1], self.columns[0].positions, self.arrays[0].positions)
            for column, row in zip(self.columns, self.arrays, strict=True):
                yield row.run(column.run(window.swapaxes(-1, -2)))
            return
        first = 0
        for array in self.arrays:
            own = None if weights is None else weights[first : first + len(array.weights)]
            yield array.run(values, own)
            first += len(array.weights)

    def explain(self) -> str:
        """What was rewritten and what that saved, then the stages with their cycles, the lanes, and the trees' widths."""
        lines = [*self.rewritings, *([""] if self.rewritings else []), f"{'stage':<14}cycles"]
        lines += [f"{stage.name:<14}{stage.cycles:>6}" for stage in self.stages]
        lines += [f"{'latency':<14}{self.latency:>6}"]
        for title, filters in (("of each column", self.columns), ("of the columns' sums" if self.columns else "", self.arrays)):
            for number, one in enumerate(filters):
                kernel = f"kernel {number}" if len(filters) > 1 else ""
                lines += ["", *filter(None, [", ".join(filter(None, (title, kernel)))]), *one.lines(), "", *one.sums()]
        return "\n".join(lines)
