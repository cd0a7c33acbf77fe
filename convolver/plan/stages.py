"""Stages: the parts of a pipeline, each of a fixed latency, with the multipliers and memories that it takes.

A plan is a straight tuple of them, in one credit domain: no handshake stands between two stages. Its latency, memory and
multipliers are sums over them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ..formats import Rounding, round_shift

__all__ = [
    "Accept",
    "Accumulate",
    "Align",
    "BorderRows",
    "ColumnFilter",
    "DelayLine",
    "GroupChain",
    "LineBuffer",
    "Magnitude",
    "MagnitudeSum",
    "Memory",
    "MemoryUse",
    "Multipliers",
    "Multiply",
    "OutputBuffer",
    "PreAdd",
    "ProductRegisters",
    "Raster",
    "Round",
    "RoutingRegisters",
    "SampleMemory",
    "Saturate",
    "Serialise",
    "Shift",
    "Slot",
    "Stage",
    "Sums",
    "Threshold",
    "Tree",
    "Window",
    "cycles_of",
    "multipliers_of",
    "needed",
]

Numbers = list[NDArray[np.object_]]
"""Exact numbers of any size, of each sum or result an array."""

MemoryUse = Literal["line buffer", "samples", "coefficients", "output buffer"]


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory of a stage: `words` words of `bits` bits.

    use : what it holds.
    written : whether anything writes it after reset.
    block : whether it is instantiated as block RAM where the family has such a primitive.
    single_port : whether it lies in large single-port RAMs.
    """

    use: MemoryUse
    words: int
    bits: int
    written: bool = True
    block: bool = True
    single_port: bool = False


@dataclass(frozen=True, slots=True)
class Multipliers:
    """What multiplies in a stage.

    products : multiplications in one cycle, of all samples.
    lanes : multipliers that these need, one a lane; a constant 0 or power of two needs none.
    blocks : hard multipliers that these are made of.
    """

    products: int = 0
    lanes: int = 0
    blocks: int = 0

    def __add__(self, other: "Multipliers") -> "Multipliers":
        return Multipliers(self.products + other.products, self.lanes + other.lanes, self.blocks + other.blocks)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the pipeline, and the cycles that a sample or a result spends in it."""

    name: ClassVar[str]
    cycles: int
    memories: tuple[Memory, ...] = ()
    multipliers: Multipliers = field(default=Multipliers(), kw_only=True)

    credit_latency: ClassVar[int] = 0
    """Cycles that it adds from a credit's return to its use."""

    @property
    def fate(self) -> str:
        """What it makes of results that the output format doesn't hold, or of all; nothing where it leaves them alone."""
        return ""

    def run(self, sums: Numbers) -> Numbers:
        """What it makes of the sums that the arrays give; most stages leave them as they are."""
        return sums


@dataclass(frozen=True, slots=True)
class Accept(Stage):
    """Takes a beat in, and checks where it belongs."""

    name = "accept"


@dataclass(frozen=True, slots=True)
class DelayLine(Stage):
    """The last samples of a signal, all in view."""

    name = "delay line"


@dataclass(frozen=True, slots=True)
class SampleMemory(Stage):
    """The last samples of a signal in memories, read one a lane a cycle."""

    name = "sample memory"


@dataclass(frozen=True, slots=True)
class Raster(Stage):
    """Which pixel a step belongs to, and which result it completes."""

    name = "raster"


@dataclass(frozen=True, slots=True)
class LineBuffer(Stage):
    """The last lines of an image, one packed word a beat of columns.

    rows : lines that it keeps.
    bits : all of it.
    single_port_rams : large RAMs that it lies in, where block RAM is too small.
    """

    name = "line buffer"
    rows: int = 0
    bits: int = 0
    single_port_rams: int = 0


@dataclass(frozen=True, slots=True)
class BorderRows(Stage):
    """The column that enters the window, its rows outside the frame replaced by the boundary's rule."""

    name = "rows"


@dataclass(frozen=True, slots=True)
class ColumnFilter(Stage):
    """Of separable kernels, the sums of a column, in front of the window."""

    name = "column"


@dataclass(frozen=True, slots=True)
class Window(Stage):
    """The places of a kernel, all in view."""

    name = "window"


@dataclass(frozen=True, slots=True)
class Sums(Stage):
    """Adds the places that share a multiplier."""

    name = "sums"


@dataclass(frozen=True, slots=True)
class Serialise(Stage):
    """Hands out a window's operands over the phases of a slot."""

    name = "operands"
    credit_latency = 1
    """The raster of such slots looks at a register more."""


@dataclass(frozen=True, slots=True)
class PreAdd(Stage):
    """Adds the two samples that share a coefficient."""

    name = "pre-adder"


@dataclass(frozen=True, slots=True)
class RoutingRegisters(Stage):
    """A register on the way to multipliers that lie all over the device."""

    name = "routing"


@dataclass(frozen=True, slots=True)
class Multiply(Stage):
    """The multipliers."""

    name = "multiplier"


@dataclass(frozen=True, slots=True)
class ProductRegisters(Stage):
    """Registers from multipliers to adders that are far away."""

    name = "products"


@dataclass(frozen=True, slots=True)
class Tree(Stage):
    """Adds the products of a group of lanes, in pairs."""

    name = "adder tree"


@dataclass(frozen=True, slots=True)
class GroupChain(Stage):
    """Adds the sums of groups that work one a cycle; in a cascade of multipliers each lane is a group."""

    name = "chain"


@dataclass(frozen=True, slots=True)
class Slot(Stage):
    """The phases of a slot before its last."""

    name = "slot"


@dataclass(frozen=True, slots=True)
class Accumulate(Stage):
    """Adds the sums of a slot's phases."""

    name = "accumulator"


@dataclass(frozen=True, slots=True)
class Align(Stage):
    """Brings the parts of wide sums together, which are added a cycle apart."""

    name = "alignment"


@dataclass(frozen=True, slots=True)
class Magnitude(Stage):
    """Takes magnitudes of sums."""

    name = "magnitude"

    def told(self, greatest: str) -> str:
        """What comes out of it, of which the greatest is this."""
        return greatest

    def run(self, sums: Numbers) -> Numbers:
        return [abs(values) for values in sums]


@dataclass(frozen=True, slots=True)
class MagnitudeSum(Magnitude):
    """Takes magnitudes of sums, and adds them up.

    terms : how many.
    """

    terms: int = 1

    def told(self, greatest: str) -> str:
        return f"the sum of {self.terms}, {greatest}"

    def run(self, sums: Numbers) -> Numbers:
        first, *others = Magnitude.run(self, sums)
        return [sum(others, first)]


@dataclass(frozen=True, slots=True)
class Shift(Stage):
    """Drops bits: wiring.

    shift : how many.
    """

    name = "shift"
    shift: int = 0

    def run(self, sums: Numbers) -> Numbers:
        return [values >> self.shift for values in sums]


@dataclass(frozen=True, slots=True)
class Round(Shift):
    """Drops bits with a rounding.

    rounding : which, but `floor`.
    """

    name = "rounding"
    rounding: Rounding = "half_up"

    def run(self, sums: Numbers) -> Numbers:
        rounded = np.frompyfunc(lambda value: round_shift(value, self.shift, self.rounding), 1, 1)
        return [np.asarray(rounded(values), object) for values in sums]


@dataclass(frozen=True, slots=True)
class Saturate(Stage):
    """Holds results inside the output format.

    low, high : its ends.
    """

    name = "saturation"
    low: int = 0
    high: int = 0

    def run(self, sums: Numbers) -> Numbers:
        return [np.minimum(np.maximum(values, self.low), self.high) for values in sums]

    @property
    def fate(self) -> str:
        return ", saturated"


@dataclass(frozen=True, slots=True)
class Threshold(Stage):
    """Compares results with a threshold.

    level : the threshold.
    above : what takes the place of results above it; 0 of all others.
    """

    name = "threshold"
    level: int = 0
    above: int = 1

    @property
    def fate(self) -> str:
        return f"; {self.above} above {self.level}, else 0"

    def run(self, sums: Numbers) -> Numbers:
        return [np.where(values > self.level, self.above, 0).astype(object) for values in sums]


@dataclass(frozen=True, slots=True)
class OutputBuffer(Stage):
    """Holds the results of everything in flight; its depth is the number of credits.

    depth : results.
    """

    name = "output buffer"
    depth: int = 0


def cycles_of(stages: Iterable[Stage]) -> int:
    """Cycles of all of them."""
    return sum(stage.cycles for stage in stages)


def multipliers_of(stages: Iterable[Stage]) -> Multipliers:
    """All that multiplies in any of them."""
    return sum((stage.multipliers for stage in stages), start=Multipliers())


def needed(*stages: Stage) -> tuple[Stage, ...]:
    """Those that take any time."""
    return tuple(stage for stage in stages if stage.cycles)
