"""The plan of a core: which lane multiplies what, where sums start and meet, how many clocks each stage takes.

Made in pure Python from a design, and the only place that states a core's latency and its cost: the gateware elaborates it,
`report` prints it, and `Schedule.run` computes with it in numpy. See docs/engine.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .designs import Conv2DDesign, Design, FIRDesign
from .errors import DesignError
from .formats import Format

__all__ = ["Adder", "Product", "Schedule", "Stage"]

MULTIPLIER_LATENCY = 3
"""Input, pipeline and output register: what the hard multipliers of ECP5, iCE40 UltraPlus and 7-series have."""

BUFFER_LATENCY = 2
"""Clocks from the write of a result into the output buffer to its offer."""


@dataclass(frozen=True)
class Product:
    """One multiplication: in clock `clock` of a slot, lane `lane` multiplies the sample at `position` by weight `weight`."""

    clock: int
    lane: int
    position: int
    weight: int
    low: int
    high: int


@dataclass(frozen=True)
class Adder:
    """A node of the adder tree, registered: the sum of one or two nodes of the level before, within `low` and `high`."""

    inputs: tuple[int, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Stage:
    """A named part of the pipeline and the clocks that a sample or a result spends in it."""

    name: str
    clocks: int


class Schedule:
    """How one core computes its results.

    Parameters
    ----------
    design : FIRDesign or Conv2DDesign

    Attributes
    ----------
    positions : int
        Samples that a result is made of: delays of a FIR (0 is the newest), places of a window, row by row.
    clocks : int
        Clocks a slot, hence clocks a sample.
    products : tuple of Product
        In the order of their lanes.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.positions = len(design.weights)
        self.clocks = 1
        lanes = [
            (position, weight)
            for position, weight in enumerate(self.weight_order)
            if design.loadable or design.weights[weight] != 0
        ]
        # A filter of zeros keeps one lane, so that its results come at the same time as any other's.
        lanes = lanes or [(0, self.weight_order[0])]
        self.products = tuple(
            Product(0, lane, position, weight, *self._reach(weight)) for lane, (position, weight) in enumerate(lanes)
        )

    @cached_property
    def weight_order(self) -> tuple[int, ...]:
        """For each position the index, in `design.weights`, of the coefficient that multiplies it."""
        design = self.design
        order = range(self.positions)
        # x[n-k] meets coefficient k; a window meets the kernel as it stands when correlating, turned round when convolving.
        turned = isinstance(design, Conv2DDesign) and design.operation == "convolve"
        return tuple(reversed(order)) if turned else tuple(order)

    def _reach(self, weight: int) -> tuple[int, int]:
        design = self.design
        sample, coefficient = design.sample, design.coefficient_format
        values = (coefficient.min, coefficient.max) if design.loadable else (design.weights[weight],)
        products = [c * x for c in values for x in (sample.min, sample.max)]
        return min(products), max(products)

    @property
    def lanes(self) -> int:
        """Multiplications in one clock."""
        return len(self.products)

    @cached_property
    def tree(self) -> tuple[tuple[Adder, ...], ...]:
        """The adders, level by level; the only node of the last level is the sum. Empty for a single lane."""
        levels: list[tuple[Adder, ...]] = []
        ranges = [(product.low, product.high) for product in self.products]
        while len(ranges) > 1:
            level = tuple(
                Adder(
                    tuple(range(first, min(first + 2, len(ranges)))),
                    sum(low for low, _ in ranges[first : first + 2]),
                    sum(high for _, high in ranges[first : first + 2]),
                )
                for first in range(0, len(ranges), 2)
            )
            levels.append(level)
            ranges = [(adder.low, adder.high) for adder in level]
        return tuple(levels)

    @property
    def rounding_latency(self) -> int:
        """Clocks of the rounding: none where bits are only cut off."""
        return 2 if self.design.shift and self.design.rounding != "floor" else 0

    @property
    def saturates(self) -> bool:
        """Whether any result can lie outside the output format, and is then saturated."""
        low, high = self.design.result_range
        output = self.design.output_format
        return self.design.overflow == "saturate" and not (low in output and high in output)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The pipeline from the accepted beat to the offered result."""
        if isinstance(self.design, FIRDesign):
            feeder = [Stage("accept", 1), Stage("delay line", 1)]
        else:
            feeder = [Stage("accept", 1), Stage("raster", 1), Stage("line buffer", 2), Stage("rows", 1), Stage("window", 1)]
        return (
            *feeder,
            Stage("multiplier", MULTIPLIER_LATENCY),
            Stage("adder tree", len(self.tree)),
            Stage("rounding", self.rounding_latency),
            Stage("saturation", int(self.saturates)),
            Stage("output buffer", BUFFER_LATENCY),
        )

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of the beat that completes a result to the offer of the result, without stalls."""
        return sum(stage.clocks for stage in self.stages)

    @property
    def buffer_depth(self) -> int:
        """Results that the output buffer holds: the credits, enough for one result a clock."""
        return 1 << math.ceil(math.log2(self.latency + 2))

    @property
    def lag(self) -> tuple[int, int]:
        """Whole lines, and columns more, from a pixel to the result of its place; (0, 0) for a FIR and for ``valid``."""
        if isinstance(self.design, Conv2DDesign) and self.design.core_mode == "same":
            return self.design.below, self.design.right
        return 0, 0

    @property
    def multipliers(self) -> int:
        """Multipliers that the array needs; a constant 0 or power of two is only wiring."""
        if self.design.loadable:
            return self.lanes
        return sum(not _is_power_of_two(abs(self.design.weights[product.weight])) for product in self.products)

    @property
    def line_buffer_bits(self) -> int:
        """Bits of the line buffer: one packed word of kernel_rows - 1 pixels a column."""
        if not isinstance(self.design, Conv2DDesign):
            return 0
        return (self.design.kernel_rows - 1) * self.design.pixel.width * self.design.core_columns

    @property
    def output_buffer_bits(self) -> int:
        """Bits of the output buffer, marks included."""
        marks = 3 if isinstance(self.design, Conv2DDesign) else 2
        return self.buffer_depth * (self.design.output_format.width + marks)

    @property
    def memory_bits(self) -> int:
        """Bits of all memories of the core."""
        return self.line_buffer_bits + self.output_buffer_bits

    def frame_clocks(self, rows: int, columns: int = 1) -> int:
        """Clocks from the first beat of a lone frame to its last result, both included, without stalls.

        A FIR takes its samples as `rows`. Frames back to back take ``rows * columns`` clocks each.
        """
        lines, more = self.lag
        return rows * columns + lines * columns + more + self.latency

    def run(self, samples: ArrayLike, weights: Sequence[int] | None = None) -> NDArray[np.object_]:
        """Computes the exact sums, before the output stage, as the array does: lane by lane, level by level.

        Parameters
        ----------
        samples : array-like of int, shape (..., positions)
            What stands at each position.
        weights : sequence of int, optional
            A loaded set of coefficients, in the order of `design.weights`; by default the design's own.

        Raises
        ------
        DesignError
            If a node leaves the range that its width was made for: the plan is wrong, or the samples are.
        """
        values = np.asarray(samples, dtype=object)
        weights = self.design.weights if weights is None else weights
        nodes = [values[..., product.position] * int(weights[product.weight]) for product in self.products]
        for level in self.tree:
            nodes = [sum((nodes[index] for index in adder.inputs[1:]), nodes[adder.inputs[0]]) for adder in level]
            for adder, node in zip(level, nodes, strict=True):
                if np.size(node) and not (adder.low <= np.min(node) and np.max(node) <= adder.high):
                    raise DesignError(f"A partial sum must be between {adder.low} and {adder.high}, not {np.max(np.abs(node))}")
        return np.asarray(nodes[0], dtype=object)

    def table(self) -> str:
        """The plan for people: stages, lanes and the tree's widths."""
        weights = self.design.weights
        lines = [f"{'stage':<14}clocks"]
        lines += [f"{stage.name:<14}{stage.clocks:>6}" for stage in self.stages]
        lines += [f"{'latency':<14}{self.latency:>6}", "", f"{'clock':<6}{'lane':<6}{'position':<10}{'coefficient':<14}product"]
        for product in self.products:
            value = f"[{product.weight}]" if self.design.loadable else str(weights[product.weight])
            width = Format.holding(product.low, product.high)
            lines.append(f"{product.clock:<6}{product.lane:<6}{product.position:<10}{value:<14}{width}")
        lines.append("")
        for number, level in enumerate(self.tree, 1):
            widths = sorted({str(Format.holding(adder.low, adder.high)) for adder in level}, key=lambda name: int(name[1:]))
            lines.append(f"level {number}: {len(level)} nodes of {', '.join(widths)}")
        return "\n".join(lines)


def _is_power_of_two(value: int) -> bool:
    return value & (value - 1) == 0
