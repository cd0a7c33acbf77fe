"""Stages: the parts of a pipeline, each of a fixed latency, with the multipliers and memories that it takes.

A plan is a straight tuple of them, in one credit domain: no handshake stands between two stages. Its latency, memory and
multipliers are sums over them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ..formats import Rounding, round_shift
from .arithmetic import Range

__all__ = [
    "Accept",
    "BorderRows",
    "BurstBuffer",
    "CompactBuffer",
    "DelayLine",
    "FixedFrame",
    "LineBuffer",
    "Magnitude",
    "MagnitudeSum",
    "Memory",
    "MemoryUse",
    "Multipliers",
    "Numbers",
    "OutputBuffer",
    "Raster",
    "Round",
    "SampleMemory",
    "Saturate",
    "Serialise",
    "Shift",
    "Stage",
    "Threshold",
    "Window",
    "cycles_of",
    "multipliers_of",
    "needed",
]

Numbers = list[NDArray[np.object_]]
"""Exact numbers of any size: of each sample, sum or result an array."""

MemoryUse = Literal["line buffer", "samples", "coefficients", "output buffer", "queue"]


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

    lasting: ClassVar[bool] = False
    """Whether a core has it whatever shell it stands in, and with it all others."""

    has_borders: ClassVar[bool] = False
    """Whether it gives what stands outside the frame to a kernel that reaches there."""

    credit_latency: ClassVar[int] = 0
    """Cycles that it adds from a credit's return to its use."""

    @property
    def fate(self) -> str:
        """What it makes of results that the output format doesn't hold, or of all; nothing where it leaves them alone."""
        return ""

    def told(self, greatest: str) -> str:  # noqa: ARG002  # where magnitudes are taken
        """Magnitudes that come out of it, of which the greatest is this; nothing where it takes none."""
        return ""

    @property
    def credits(self) -> int:
        """Results that it can hold."""
        return 0

    @property
    def large_rams(self) -> int:
        """Large single-port RAMs that it lies in."""
        return 0

    @property
    def checks_size(self) -> bool:
        """Whether it is there for frames of any size alone."""
        return False

    structure: ClassVar[tuple[str, ...]] = ()
    """What of constant kernels it uses, in a word, if anything."""

    def with_multipliers(self, multipliers: Multipliers) -> "Stage":  # noqa: ARG002  # where there are some
        """The stage with what multiplies beside it, too."""
        return self

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        """The exact range of each number that it gives, by those of what comes to it; most stages leave numbers as they are."""
        return tuple(ranges)

    def run(self, numbers: Numbers) -> Numbers:
        """The numbers that it gives, by those that come to it; those that it only delays, holds or hands on are the same."""
        return numbers

    def with_weights(self, weights: Sequence[int]) -> "Stage":  # noqa: ARG002  # where something is multiplied
        """The stage with another set of coefficients."""
        return self

    def in_slot(self, slot: int) -> "Stage":  # noqa: ARG002  # where slots differ
        """The stage as it is in a slot of a period of several."""
        return self


@dataclass(frozen=True, slots=True)
class Accept(Stage):
    """Takes a beat in, and checks where it belongs.

    sized : whether it checks the size of a frame that comes with it.
    """

    name = "accept"
    sized: bool = False

    @property
    def checks_size(self) -> bool:
        return self.sized


@dataclass(frozen=True, slots=True)
class FixedFrame(Stage):
    """Stands where all frames that come have one size: nothing is checked of it.

    size : rows and columns of a frame.
    """

    name = "fixed frame"
    size: tuple[int, ...] = ()


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

    @property
    def large_rams(self) -> int:
        return self.single_port_rams


@dataclass(frozen=True, slots=True)
class BorderRows(Stage):
    """The column that enters the window, its rows outside the frame replaced by the boundary's rule."""

    name = "rows"
    has_borders = True


@dataclass(frozen=True, slots=True)
class Window(Stage):
    """The places of a kernel, all in view."""

    name = "window"


@dataclass(frozen=True, slots=True)
class Serialise(Stage):
    """Hands out a window's operands over the phases of a slot."""

    name = "operands"
    credit_latency = 1
    """The raster of such slots looks at a register more."""


@dataclass(frozen=True, slots=True)
class Magnitude(Stage):
    """Takes magnitudes of sums."""

    name = "magnitude"

    def told(self, greatest: str) -> str:
        return greatest

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple((0, max(-low, high)) for low, high in ranges)

    def run(self, numbers: Numbers) -> Numbers:
        return [abs(values) for values in numbers]


@dataclass(frozen=True, slots=True)
class MagnitudeSum(Magnitude):
    """Takes magnitudes of sums, and adds them up.

    terms : how many.
    greatest : what the samples of one window can make of their sum.
    """

    terms: int = 1
    greatest: int = 0

    def told(self, greatest: str) -> str:
        return f"the sum of {self.terms}, {greatest}"

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:  # noqa: ARG002  # less than what each can be
        return ((0, self.greatest),)

    def run(self, numbers: Numbers) -> Numbers:
        first, *others = Magnitude.run(self, numbers)
        return [sum(others, first)]


@dataclass(frozen=True, slots=True)
class Shift(Stage):
    """Drops bits: wiring.

    shift : how many.
    """

    name = "shift"
    shift: int = 0

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple((low >> self.shift, high >> self.shift) for low, high in ranges)

    def run(self, numbers: Numbers) -> Numbers:
        return [values >> self.shift for values in numbers]


@dataclass(frozen=True, slots=True)
class Round(Shift):
    """Drops bits with a rounding.

    rounding : which, but `floor`.
    """

    name = "rounding"
    rounding: Rounding = "half_up"

    def _rounded(self, value: int) -> int:
        return round_shift(value, self.shift, self.rounding)

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple((self._rounded(low), self._rounded(high)) for low, high in ranges)

    def run(self, numbers: Numbers) -> Numbers:
        rounded = np.frompyfunc(self._rounded, 1, 1)
        return [np.asarray(rounded(values), object) for values in numbers]


@dataclass(frozen=True, slots=True)
class Saturate(Stage):
    """Holds results inside the output format.

    low, high : its ends.
    """

    name = "saturation"
    low: int = 0
    high: int = 0

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple((max(low, self.low), min(high, self.high)) for low, high in ranges)

    def run(self, numbers: Numbers) -> Numbers:
        return [np.minimum(np.maximum(values, self.low), self.high) for values in numbers]

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

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return ((0, self.above),) * len(ranges)

    def run(self, numbers: Numbers) -> Numbers:
        return [np.where(values > self.level, self.above, 0).astype(object) for values in numbers]


@dataclass(frozen=True, slots=True)
class OutputBuffer(Stage):
    """Holds the results of everything in flight; its depth is the number of credits.

    depth : results.
    """

    name = "output buffer"
    depth: int = 0

    @property
    def credits(self) -> int:
        return self.depth


@dataclass(frozen=True, slots=True)
class BurstBuffer(OutputBuffer):
    """The same for results that begin together, and only where all of them have room.

    together : as many.
    """

    lasting = True
    together: int = 1

    @property
    def enough(self) -> int:
        """Credits that there must be: for all of them, and two that may have been claimed already; a power of two."""
        return 1 << (self.together + 1).bit_length()


@dataclass(frozen=True, slots=True)
class CompactBuffer(OutputBuffer):
    """The same in one memory, with few look-up tables beside it."""


def cycles_of(stages: Iterable[Stage]) -> int:
    """Cycles of all of them."""
    return sum(stage.cycles for stage in stages)


def multipliers_of(stages: Iterable[Stage]) -> Multipliers:
    """All that multiplies in any of them."""
    return sum((stage.multipliers for stage in stages), start=Multipliers())


def needed(*stages: Stage) -> tuple[Stage, ...]:
    """Those that take any time."""
    return tuple(stage for stage in stages if stage.cycles)
