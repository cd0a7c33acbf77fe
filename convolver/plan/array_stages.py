"""The stages of an array, from what stands at its positions to its sum.

A number between two of them is that of a lane, behind the trees that of a group of lanes. `run` takes and gives an array of
each, whose first axis is that of a slot's phases; `ranges` takes and gives what each can be in any phase.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from .arithmetic import Adder, Range, add, check_range, tree
from .bilinear import Term
from .coefficients import Multiplication
from .stages import Multipliers, Numbers, Stage

__all__ = [
    "Accumulate",
    "Align",
    "GroupChain",
    "Lanes",
    "Multiply",
    "OperandSum",
    "PreAdd",
    "ProductRegisters",
    "RoutingRegisters",
    "Slot",
    "Sums",
    "Tree",
    "summed_range",
]

Lanes = tuple[tuple[Multiplication, ...], ...]
"""The multiplications of each lane, by their phase."""


@dataclass(frozen=True, slots=True)
class OperandSum(Stage):
    """Adds the samples that share a multiplication; takes what stands at each position, and gives each lane its operands.

    lanes : what is multiplied.
    phases : of a slot.
    slots : of a period, each with operands of its own.
    """

    lanes: Lanes = ()
    phases: int = 1
    slots: int = 1

    def in_slot(self, slot: int) -> Stage:
        return replace(self, lanes=_lanes_in(self.lanes, slot, self.phases, self.slots), slots=1)

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple(_hull([summed_range(ranges, product.terms) for product in lane]) for lane in self.lanes)

    def run(self, numbers: Numbers) -> Numbers:
        nothing = np.zeros(np.shape(numbers[0]), object)
        found = []
        for lane in self.lanes:
            sums = [nothing] * self.phases
            for product in lane:
                sums[product.phase] = sum((sign * numbers[place] for place, sign in product.terms), nothing)
            found.append(np.stack(sums))
        return found


@dataclass(frozen=True, slots=True)
class Sums(OperandSum):
    """In front of the array, the sums of the places that share a multiplication."""

    name = "sums"
    structure = ("shared",)


@dataclass(frozen=True, slots=True)
class PreAdd(OperandSum):
    """In the array, the sums of two samples that share a coefficient."""

    name = "pre-adder"


@dataclass(frozen=True, slots=True)
class RoutingRegisters(Stage):
    """Registers between samples out of memories and the multipliers, and as many on the way of loaded coefficients."""

    name = "routing"


@dataclass(frozen=True, slots=True)
class Multiply(Stage):
    """The multipliers.

    lanes : what is multiplied.
    phases : of a slot.
    weights : the coefficients, after reset where they can be loaded.
    slots : of a period, each with products of its own.
    """

    name = "multiplier"
    lanes: Lanes = ()
    phases: int = 1
    weights: tuple[int, ...] = ()
    slots: int = 1

    def in_slot(self, slot: int) -> Stage:
        return replace(self, lanes=_lanes_in(self.lanes, slot, self.phases, self.slots), slots=1)

    @property
    def lane_ranges(self) -> tuple[Range, ...]:
        """What each lane's multiplier can give in any phase."""
        return tuple(_hull([(product.low, product.high) for product in lane]) for lane in self.lanes)

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:  # noqa: ARG002  # each product has its own
        return self.lane_ranges

    def with_multipliers(self, multipliers: Multipliers) -> Stage:
        return replace(self, multipliers=multipliers)

    def with_weights(self, weights: Sequence[int]) -> Stage:
        return replace(self, weights=tuple(map(int, weights)))

    def run(self, numbers: Numbers) -> Numbers:
        found = []
        for lane, operands in zip(self.lanes, numbers, strict=True):
            factors = [0] * self.phases
            for product in lane:
                factors[product.phase] = self.weights[product.weight]
            found.append(np.stack([factor * operand for factor, operand in zip(factors, operands, strict=True)]))
        return found


@dataclass(frozen=True, slots=True)
class ProductRegisters(Stage):
    """Registers from multipliers to adders that are far away."""

    name = "products"


@dataclass(frozen=True, slots=True)
class Tree(Stage):
    """Adds the products of each group of lanes, in pairs.

    groups : lanes that share a tree.
    adders : of each group, level by level; the only node of the last level is its sum. All have as many levels.
    """

    name = "adder tree"
    groups: tuple[range, ...] = ()
    adders: tuple[tuple[tuple[Adder, ...], ...], ...] = ()

    @classmethod
    def of(cls, ranges: Sequence[Range], groups: tuple[range, ...]) -> "Tree":
        """That of lanes of these ranges."""
        levels = (len(groups[0]) - 1).bit_length()
        return cls(levels, groups=groups, adders=tuple(tree(ranges[group.start : group.stop], levels) for group in groups))

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        roots = zip(self.adders, self.groups, strict=True)
        return tuple((levels[-1][0].low, levels[-1][0].high) if levels else ranges[group[0]] for levels, group in roots)

    def run(self, numbers: Numbers) -> Numbers:
        found = []
        for group, levels in zip(self.groups, self.adders, strict=True):
            nodes = numbers[group.start : group.stop]
            for level in levels:
                nodes = [add(nodes, adder) for adder in level]
            found += nodes
        return found


@dataclass(frozen=True, slots=True)
class GroupChain(Stage):
    """Adds the sums of groups that work one a cycle; in a cascade of multipliers each lane is a group.

    adders : a register for the first, and an adder for each that follows; none where there is one group only.
    """

    name = "chain"
    adders: tuple[Adder, ...] = ()

    @classmethod
    def of(cls, ranges: Sequence[Range], registers: int) -> "GroupChain":
        """That of groups of these ranges, with registers in front of each."""
        totals = accumulate(ranges, lambda total, item: (total[0] + item[0], total[1] + item[1]))
        adders = tuple(Adder(tuple(range(max(n - 1, 0), n + 1)), low, high) for n, (low, high) in enumerate(totals))
        return cls(len(adders) + registers, adders=adders)

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple((adder.low, adder.high) for adder in self.adders[-1:]) or tuple(ranges)

    def run(self, numbers: Numbers) -> Numbers:
        sums = list(numbers)
        for adder in self.adders:
            sums[adder.inputs[-1]] = add(sums, adder)
        return sums[-1:]


@dataclass(frozen=True, slots=True)
class Slot(Stage):
    """The phases of a slot before its last."""

    name = "slot"


@dataclass(frozen=True, slots=True)
class Accumulate(Stage):
    """Adds the sums of a slot's phases; of one it is that phase's, and takes no time.

    total : what the sum can be, with zero; so it is that of some of the phases, too.
    """

    name = "accumulator"
    total: Range = (0, 0)

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:  # noqa: ARG002  # known of the coefficients
        return (self.total,)

    def run(self, numbers: Numbers) -> Numbers:
        totals = np.cumsum(numbers[0], axis=0)
        check_range(totals, *self.total)
        return [totals[-1]]


@dataclass(frozen=True, slots=True)
class Align(Stage):
    """Brings the segments of wide sums together, which are added a cycle apart."""

    name = "alignment"


def _lanes_in(lanes: Lanes, slot: int, phases: int, slots: int) -> Lanes:
    """The multiplications of one of several slots, by their phase in it."""
    if slots == 1:
        return lanes
    first = slot * phases
    return tuple(
        tuple(replace(product, phase=product.phase - first) for product in lane if product.phase // phases == slot)
        for lane in lanes
    )


def summed_range(ranges: Sequence[Range], terms: Sequence[Term]) -> Range:
    """What the samples of an operand can add up to, of these ranges."""
    ends = [sorted(sign * end for end in ranges[place]) for place, sign in terms]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _hull(ranges: Sequence[Range]) -> Range:
    """All of these ranges, which have zero in them: so what a lane gives in idle phases is in them too."""
    lows, highs = zip(*ranges, strict=True) if ranges else ((0,), (0,))
    return min(lows), max(highs)
