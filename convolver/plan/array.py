"""One array: which lane multiplies what in which phase of a slot, and where the products are added.

A `DotProduct` is made of a bilinear form of one result. It knows ranges, formats and latencies, and nothing of where the
samples come from: a delay line, a window, or the sums of a window's columns. Its class says how its products are added up: in
one tree, in a chain of trees, or in a cascade of multipliers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise, starmap
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..formats import Format
from .arithmetic import Range
from .array_stages import (
    Align,
    GroupChain,
    Multiply,
    OperandSum,
    PreAdd,
    ProductRegisters,
    RoutingRegisters,
    Sums,
    Tree,
)
from .bilinear import Form, Term
from .coefficients import Coefficients, CoefficientStore, Multiplication
from .factors import Factor
from .pace import Ways
from .slots import slot_of
from .stages import Multipliers, Stage, cycles_of, needed
from .structure import reach_of
from .target import MULTIPLIER_LATENCY, Target

__all__ = [
    "FLOORPLANNED",
    "GROUP",
    "CascadedProduct",
    "ChainedProduct",
    "DotProduct",
    "TapProduct",
    "scattered",
    "wants_places",
]

FLOORPLANNED = 32
"""Multipliers up to which nextpnr finds good places by itself."""

GROUP = 8
"""Lanes of a systolic array that are added in one tree; the sums of a longer array's groups are added in a chain."""


@dataclass(frozen=True)
class DotProduct:
    """The exact sum of the products of the places of a window, which are all there at once: they are added in one tree.

    Places that share a multiplication are added up in front of the array.

    Parameters
    ----------
    form : Form
        One result. The order of its products is that of the lanes.
    sample : Format
        Of what stands at a position.
    coefficients : Coefficients
    accumulator_range : Range
        What the sum can be.
    cycles : int
        Cycles of a slot: as many products share a multiplier.
    target : Target
    copies : int
        Samples a cycle, each with such an array of its own; they share the coefficients.
    crowd : int
        Trees that are counted as one when it is asked whether their lanes find room near the adders.
    """

    form: Form
    sample: Format
    coefficients: Coefficients
    accumulator_range: Range
    cycles: int
    target: Target
    copies: int = 1
    crowd: int = 1

    @property
    def positions(self) -> int:
        """Samples that the sum looks at: delays of a signal, 0 the newest, or places of a window, row by row."""
        return self.form.positions

    @property
    def accumulator(self) -> Format:
        """Format of the sum."""
        return Format.holding(*self.accumulator_range)

    @property
    def coefficient(self) -> Format:
        """Format of the coefficients."""
        return self.coefficients.format

    @property
    def weights(self) -> tuple[int, ...]:
        """The coefficients, after reset where they can be loaded."""
        return self.coefficients.weights

    # What is multiplied.

    @cached_property
    def products(self) -> tuple[Multiplication, ...]:
        """All multiplications, in the order of their lanes. A filter of zeros keeps one, so that its results come at the same
        time as any other's."""
        operands = [(product.operand, product.weight[0][0]) for product in self.form.products] or [(((0, 1),), 0)]
        return tuple(
            Multiplication(number % self.cycles, number // self.cycles, terms, weight, *self._reach(weight, terms))
            for number, (terms, weight) in enumerate(operands)
        )

    def _reach(self, weight: int, terms: Sequence[Term]) -> Range:
        products = [c * x for c in self.coefficients.ends(weight) for x in _operand_range(self.sample, terms)]
        return min(products), max(products)

    @property
    def lane_samples(self) -> int:
        """Samples that come to a lane: with pre-adders in the array two."""
        return 1

    @property
    def pre_added(self) -> bool:
        """Whether pre-adders stand between the samples and the multipliers, inside the array."""
        return self.lane_samples > 1

    @property
    def mirror_sign(self) -> int:
        """The sign with which the pre-adders add their second sample."""
        return next((product.terms[1][1] for product in self.products if len(product.terms) > 1), 1)

    @property
    def sum_levels(self) -> int:
        """Levels of the adder trees in front of the array; 0 where each place has a product of its own."""
        return (self.sharing - 1).bit_length()

    @property
    def sharing(self) -> int:
        """The most places that share a multiplication, whose samples are added up in front of the array."""
        return max(len(product.terms) for product in self.products)

    @cached_property
    def operand(self) -> Format:
        """Format of what the multipliers take as a sample."""
        lows, highs = zip(*(_operand_range(self.sample, product.terms) for product in self.products), strict=True)
        return Format.holding(min(lows), max(highs))

    @property
    def lane_input(self) -> Format:
        """Format of what comes to the lanes: samples where the pre-adders stand in the array, else operands."""
        return self.operand

    @property
    def store(self) -> CoefficientStore:
        """The array's own constant coefficients, where it shares them with no other."""
        return CoefficientStore(self.coefficients, (), self.products, self.cycles)

    # Lanes.

    @property
    def lanes(self) -> int:
        """Multiplications in one cycle, of one sample."""
        return self.products[-1].lane + 1

    def lane(self, number: int) -> tuple[Multiplication, ...]:
        """The multiplications of a lane, by their phase."""
        return self._lanes[number]

    @cached_property
    def _lanes(self) -> tuple[tuple[Multiplication, ...], ...]:
        return tuple(tuple(products) for _, products in groupby(self.products, key=lambda product: product.lane))

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What each lane multiplies by."""
        return tuple(self.coefficients.factor(products[0].weight) for products in self._lanes)

    positioned: ClassVar[str] = "place"
    """What a position is."""

    flip_flops: ClassVar[int] = 0
    """Of adders without a multiplier, with what waits for another."""

    @property
    def group_lanes(self) -> int:
        """Lanes of a group; the last one may have fewer."""
        return self.lanes

    @cached_property
    def groups(self) -> tuple[range, ...]:
        """Lanes that share a tree."""
        size = self.group_lanes
        return tuple(range(first, min(first + size, self.lanes)) for first in range(0, self.lanes, size))

    @cached_property
    def sections(self) -> tuple[range, ...]:
        """The positions in front of each group, from its first lane's to the one before the next group's; mirrored ones
        apart."""
        starts = [0, *(self.products[group[0]].position for group in self.groups[1:]), self.products[-1].position + 1]
        return tuple(starmap(range, pairwise(starts)))

    # Stages.

    @cached_property
    def operands(self) -> OperandSum:
        """What gives the lanes their operands; in front of the array, with the places of a window."""
        return Sums(self.sum_levels, lanes=self._lanes, phases=self.cycles)

    @cached_property
    def multiply(self) -> Multiply:
        """The multipliers."""
        cost = Multipliers(self.copies * self.lanes, self.multipliers, self.hard_multipliers)
        return Multiply(self.multiplier_latency, multipliers=cost, lanes=self._lanes, phases=self.cycles, weights=self.weights)

    @cached_property
    def tree(self) -> Tree:
        """The trees of adders."""
        return Tree.of(self.multiply.lane_ranges, self.groups)

    @cached_property
    def chain(self) -> GroupChain:
        """What adds the groups' sums, if there are several."""
        return self._chained() if len(self.groups) > 1 else GroupChain(self.ways.sums)

    def _chained(self) -> GroupChain:
        return GroupChain.of(self.tree.ranges(self.multiply.lane_ranges), self.ways.sums)

    @cached_property
    def behind(self) -> tuple[Stage, ...]:
        """From the operands to the sum; those of no time too."""
        return (
            RoutingRegisters(self.ways.samples),
            self.multiply,
            ProductRegisters(self.product_latency),
            self.tree,
            self.chain,
            *slot_of(self.cycles).accumulated(self.accumulator_range),
            Align(len(self.carry_cuts)),
        )

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Those of the array: all that take any time, from what comes to the lanes to the sum."""
        return needed(*self.behind)

    @property
    def latency(self) -> int:
        """Cycles from what comes to the lanes in a slot's last phase to the sum."""
        return cycles_of(self.stages) - (self.cycles - 1)

    @property
    def carry_cuts(self) -> tuple[int, ...]:
        """Where sums that are added in segments, each a cycle behind the one below, are cut; nowhere if nothing is added."""
        adders = len(self.tree.adders[0]) + len(self.chain.adders) + self.cycles - 1
        return slot_of(self.cycles).carry_cuts(self.target.pace, self.accumulator.width) if adders else ()

    # Latency.

    @property
    def ways(self) -> Ways:
        """Registers on the ways to multipliers behind memories, and from multipliers that lie all over the device."""
        return Ways()

    @property
    def placed_lanes(self) -> int:
        """Lanes whose multipliers pass samples and sums on to the next, and are to lie beside each other in that order."""
        return 0

    @property
    def multiplier_latency(self) -> int:
        """Cycles of a multiplication."""
        return self.target.multiplier_latency(self.operand, self.coefficient)

    @property
    def product_latency(self) -> int:
        """Cycles from the multipliers to the adders: a register where sums are added in segments, or where trees are wide or
        many, and those of the way from them."""
        far = len(self.groups[0]) * self.crowd > self.target.pace.near_lanes
        return int(bool(self.carry_cuts) or far) + self.ways.products

    @property
    def start_latency(self) -> int:
        """Cycles from a slot's first operands, behind the pre-adders, to the accumulator."""
        return self.ways.samples + self.multiplier_latency + self.product_latency + self.tree.cycles

    # Cost.

    @property
    def _priced(self) -> tuple[Factor, ...]:
        """What each lane multiplies by, as far as its cost goes."""
        return self.factors

    @property
    def group_multipliers(self) -> tuple[int, ...]:
        """Multipliers of each group of lanes, of all copies; a constant 0 or power of two is only wiring, but in a cascade."""
        counts = (sum(factor.multiplies for factor in self._priced[group.start : group.stop]) for group in self.groups)
        return tuple(counts) * self.copies

    @property
    def multipliers(self) -> int:
        """Multipliers that the array needs, one a lane, of all copies."""
        return sum(self.group_multipliers)

    @property
    def factor(self) -> Format:
        """Format of what the multipliers take as a coefficient."""
        return self.coefficients.widest

    @property
    def hard_multipliers(self) -> int:
        """Blocks of the target that they are made of: several for a wide product, one for two narrow ones."""
        if self.target.pairs(self.operand, self.factor):
            return sum(math.ceil(count / 2) for count in self.group_multipliers)
        return self.copies * sum(self._blocks(factor.format) for factor in self._priced if factor.multiplies)

    def _blocks(self, factor: Format) -> int:
        """Blocks of one multiplication."""
        return math.prod(map(len, self.target.pieces(self.operand, factor)))

    # What it computes.

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The exact range of the sum, stage by stage, as the array makes it."""
        ranges: Sequence[Range] = [(self.sample.min, self.sample.max)] * self.positions
        for stage in (self.operands, *self.behind):
            ranges = stage.ranges(ranges)
        return tuple(ranges)

    def run(self, samples: NDArray[np.object_], weights: Sequence[int] | None = None) -> NDArray[np.object_]:
        """The exact sums, stage by stage, as the array makes them.

        Parameters
        ----------
        samples : ndarray of int, shape (..., positions)
        weights : sequence of int, optional
            A loaded set of coefficients; by default the array's own.

        Raises
        ------
        DesignError
            If a node leaves the range that its width was made for: the plan is wrong, or the samples are.
        """
        numbers = [samples[..., position] for position in range(self.positions)]
        for stage in (self.operands, *self.behind):
            numbers = (stage if weights is None else stage.with_weights(weights)).run(numbers)
        return numbers[0]


class TapProduct(DotProduct):
    """That of a signal's taps: the pre-adders of samples that share a multiplication stand in the array."""

    positioned = "tap"

    @property
    def together(self) -> int:
        """Results that have to begin together."""
        return 1

    @property
    def lane_samples(self) -> int:
        return max(len(product.terms) for product in self.products)

    @property
    def sharing(self) -> int:
        return 1

    @cached_property
    def operands(self) -> OperandSum:
        return PreAdd(self.lane_samples - 1, lanes=self._lanes, phases=self.cycles)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return needed(self.operands, *self.behind)

    @property
    def lane_input(self) -> Format:
        return self.sample


class ChainedProduct(TapProduct):
    """That of taps in slots of one cycle: the samples pass along the lanes, and groups of these work one after the other.

    Each group works on samples and coefficients a cycle later than the group before, and a chain adds their sums as they come:
    no sum and no sample travels further than to the next.
    """

    @property
    def group_lanes(self) -> int:
        return GROUP

    @property
    def ways(self) -> Ways:
        pace = self.target.pace
        return Ways() if len(self.groups) * GROUP <= pace.close_lanes else pace.ways

    @property
    def placed_lanes(self) -> int:
        return self.lanes


class CascadedProduct(ChainedProduct):
    """That of taps whose sum runs through the multipliers' own adders, which have to be neighbours: each lane is a group."""

    @property
    def group_lanes(self) -> int:
        return 1

    @cached_property
    def chain(self) -> GroupChain:
        return self._chained()

    @property
    def carry_cuts(self) -> tuple[int, ...]:
        return ()

    @property
    def ways(self) -> Ways:
        return Ways()

    @property
    def placed_lanes(self) -> int:
        return 0  # a cascade's blocks are neighbours anyway

    @property
    def multiplier_latency(self) -> int:
        return MULTIPLIER_LATENCY - 1  # the register behind the adder is the chain's

    @property
    def _priced(self) -> tuple[Factor, ...]:
        return (Factor(self.factor),) * self.lanes


def _operand_range(sample: Format, terms: Sequence[Term]) -> Range:
    """What the samples of an operand can add up to."""
    return reach_of([sign for _, sign in terms], sample)


def scattered(array: DotProduct) -> bool:
    """Whether an array's multipliers are so many that they lie all over a device, unless each has its place."""
    return array.placed_lanes > FLOORPLANNED


def wants_places(array: DotProduct) -> bool:
    """Whether an array's multipliers lie all over an ECP5, each lane's in one, and may take their places there."""
    return array.target.places and scattered(array) and array.hard_multipliers == array.lanes
