"""The plan of a core: which lane multiplies what, where sums start and meet, how many clocks each stage takes.

Made in pure Python from a design, and the only place that states a core's latency and its cost: the gateware elaborates it,
`report` prints it, and `Schedule.run` computes with it in numpy. See docs/engine.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, groupby, pairwise, starmap
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .designs import Conv2DDesign, Design, FIRDesign
from .errors import DesignError
from .formats import Format, is_wiring
from .structure import Term, multipliers_of, shared

__all__ = [
    "FACTORS",
    "PAIRED_WIDTH",
    "Adder",
    "Family",
    "Product",
    "Schedule",
    "Stage",
    "multiplier_latency",
    "parts",
]

Family = Literal["ecp5", "ice40", "7-series"]
"""Devices whose multipliers are known."""

FACTORS: Mapping[Family, tuple[int, int]] = {"ecp5": (18, 18), "ice40": (16, 16), "7-series": (25, 18)}
"""Bits that one hard multiplier takes on its sides; on 7-series signed ones only. A plan for any device is made as for ECP5."""

PAIRED_WIDTH = 8
"""Bits of the factors of two products that share one multiplier of an iCE40."""

MULTIPLIER_LATENCY = 3
"""Input, pipeline and output register: what the hard multipliers of ECP5, iCE40 UltraPlus and 7-series have."""

WIDEST_ADDER = 24
"""Bits that are added in one clock; wider sums are added in parts, a clock apart, for the sake of the carry chain."""

WIDEST_PART = 16
"""Bits of the widest of these parts."""

NEAR_LANES = 16
"""Lanes of one tree, or of all copies of it, that find room near their adders; the products of more have a register of their
own on the way."""

SPREAD_LANES = 16
"""Lanes of a FIR whose multipliers lie close together; of more, all that goes to a multiplier or comes from one has a register
more on the way, and so has each group's sum."""

GROUP = 8
"""Lanes of a FIR that are added in one tree; a longer filter's groups are added in a chain, one a clock."""

CASCADE_FACTORS, CASCADE_SUM = FACTORS["7-series"], 48
"""Bits, signed, of the factors and the sum of a DSP48E1, which adds what it multiplies to the one before."""

CREDIT_LATENCY = 5
"""Clocks from the transfer of a result to the use of its credit."""

OPERANDS_LATENCY = 2
"""Clocks in which the places of a window are taken over and handed out, in slots of several clocks."""

BUFFER_LATENCY = 3
"""Clocks from the write of a result into the output buffer to its offer."""

SINGLE_PORT_WIDTH = 16
"""Bits of a word of iCE40 UltraPlus' large single-port RAM. Two of them hold 32768 such words, more than any line has."""

LINES_IN_BLOCKS = 8 * 4096
"""Bits of the largest line buffer that an iCE40 has in block RAM: 8 of a UP5K's 30 blocks. The link, the registers and the
output buffer take 14, and the coefficients of a folded kernel one for each of the 8 multipliers."""


def parts(a: Format, b: Format, family: Family | None) -> tuple[tuple[range, ...], tuple[range, ...]]:
    """The bits that either factor is cut into, lowest first, so that the fewest hard multipliers take all the products.

    All parts but the topmost are unsigned; where multipliers take signed numbers only, these have a bit less.
    """
    signed_only = family == "7-series"

    def cut(factor: Format, widest: int) -> tuple[range, ...]:
        low = widest - signed_only
        top = widest if factor.signed else low
        starts = [0]
        while factor.width - starts[-1] > top:
            starts.append(starts[-1] + low)
        return tuple(starmap(range, pairwise([*starts, factor.width])))

    sides = FACTORS[family or "ecp5"]
    return min(((cut(a, one), cut(b, other)) for one, other in (sides, sides[::-1])), key=lambda way: len(way[0]) * len(way[1]))


def multiplier_latency(a: Format, b: Format, family: Family | None = None) -> int:
    """Clocks of a multiplication: one more for each level of the trees that add the products of the factors' parts."""
    return MULTIPLIER_LATENCY + sum((len(pieces) - 1).bit_length() for pieces in parts(a, b, family))


@dataclass(frozen=True)
class Product:
    """One multiplication: in clock `clock` of a slot, lane `lane` multiplies its operand by weight `weight`.

    The operand is the sum of the samples at the positions of `terms`, each with its sign; the first one's is plus.
    """

    clock: int
    lane: int
    terms: tuple[Term, ...]
    weight: int
    low: int
    high: int

    @property
    def position(self) -> int:
        """Where the operand's first sample stands."""
        return self.terms[0][0]

    @property
    def mirror(self) -> int | None:
        """Of a FIR, where its second one stands, if there is one."""
        return self.terms[1][0] if len(self.terms) > 1 else None


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
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that the plan is for. By default the plan is one that any device can follow.
    whole : bool, optional
        Whether a separable kernel stays whole, as it must on a window that it shares with others.

    Attributes
    ----------
    positions : int
        Samples that a result is made of: delays of a FIR (0 is the newest), places of a window, row by row.
    clocks : int
        Clocks a slot, hence clocks a sample.
    pixels, planes : int
        Pixels a clock, and samples of each.
    copies : int
        Samples a clock: as many copies of all arrays, each on a window of its own, share the coefficients.
    products : tuple of Product
        Of one sample, in the order of their lanes.
    arrays : tuple of Schedule
        One for each kernel of a design that has several: its own lanes, tree and sum, all at work on the same window. Else the
        schedule itself. Of separable kernels the row filters, on what `columns` make.
    weights : tuple of int
        What the products' weights are numbers of: the design's, or, of separable kernels, those of their row filters.
    columns : tuple of Schedule
        Of separable kernels, what makes one number of each column in front of the window; for each kernel one.
    """

    def __init__(self, design: Design, family: Family | None = None, *, whole: bool = False) -> None:
        self.design = design
        self.family = family
        self.clocks = design.slot
        self.pixels, self.planes = design.pixels_per_clock, design.planes
        self.copies = self.pixels * self.planes
        self.sign = -1 if isinstance(design, FIRDesign) and design.symmetry == "antisymmetric" else 1
        self.positions: int
        self.products: tuple[Product, ...]
        self.arrays: tuple[Schedule, ...] = (self,)
        self.columns: tuple[Schedule, ...] = ()
        self.weights = design.weights
        factors = design.factors if isinstance(design, Conv2DDesign) and not whole else None
        if isinstance(design, Conv2DDesign) and (factors is not None or len(design.kernels) > 1):
            kernels = range(len(design.kernels))
            if factors is None:
                self.arrays = tuple(Schedule(design.single(number), family, whole=True) for number in kernels)
            else:
                self.columns, self.arrays = (
                    tuple(Schedule(factor, family) for factor in each) for each in zip(*factors, strict=True)
                )
                self.weights = tuple(weight for array in self.arrays for weight in array.weights)
            self.positions = design.kernel_rows * design.kernel_columns
            self.products = tuple(
                replace(product, lane=first + product.lane, weight=number * array.positions + product.weight)
                for number, (first, array) in enumerate(zip(self.array_lanes, self.arrays, strict=True))
                for product in array.products
            )
            return
        self.positions = len(design.weights)
        # A filter of zeros keeps one product, so that its results come at the same time as any other's.
        operands = self._operands() or [(((0, 1),), 0)]
        self.products = tuple(
            Product(number % self.clocks, number // self.clocks, terms, weight, *self._reach(weight, terms))
            for number, (terms, weight) in enumerate(operands)
        )

    def _operands(self) -> list[tuple[tuple[Term, ...], int]]:
        """Terms and weight of each product."""
        design = self.design
        if isinstance(design, FIRDesign):
            # x[n-k] meets coefficient k. The oldest first: in a folded core the newest sample is then read last.
            taps: list[tuple[tuple[Term, ...], int]] = [
                (((tap, 1),) if mirror is None else ((tap, 1), (mirror, self.sign)), tap) for tap, mirror in design.terms
            ]
            return taps[::-1] if self.clocks > 1 else taps
        # A window meets the kernel as it stands when correlating, turned round when convolving.
        turned = isinstance(design, Conv2DDesign) and design.operation == "convolve"
        places = range(self.positions)[::-1] if turned else range(self.positions)
        if design.loadable:
            return [(((position, 1),), weight) for position, weight in enumerate(places)]
        weights = [design.weights[place] for place in places]
        return [(terms, places[terms[0][0]]) for terms in self._shared(weights)]

    def _shared(self, weights: Sequence[int]) -> list[tuple[Term, ...]]:
        """The sums of places that take the fewest multipliers; the shortest of these."""
        design = self.design
        if not isinstance(design, Conv2DDesign) or design.structure == "direct":
            return shared(weights, 1)

        def multipliers(sums: list[tuple[Term, ...]]) -> int:
            return multipliers_of([weights[terms[0][0]] for terms in sums], self.clocks)

        direct, *ways = [shared(weights, 1 << doubled) for doubled in range((len(weights) - 1).bit_length() + 1)]
        best = min([direct, *ways], key=multipliers)
        if self.family == "ice40" and max(design.sample.width, design.coefficient_format.width) <= PAIRED_WIDTH:
            # Two products share a multiplier, unless sums make them wider.
            wide = [self._sum_range(terms) for terms in best]
            operand = Format.holding(min(low for low, _ in wide), max(high for _, high in wide))
            if operand.width > PAIRED_WIDTH and math.ceil(multipliers(direct) / 2) <= multipliers(best):
                return direct
        return best

    def _sum_range(self, terms: Sequence[Term]) -> tuple[int, int]:
        """What the samples of an operand can add up to."""
        sample = self.design.sample
        plus = sum(sign > 0 for _, sign in terms)
        minus = len(terms) - plus
        return plus * sample.min - minus * sample.max, plus * sample.max - minus * sample.min

    def _reach(self, weight: int, terms: Sequence[Term]) -> tuple[int, int]:
        design = self.design
        coefficient = design.coefficient_format
        values = (coefficient.min, coefficient.max) if design.loadable else (design.weights[weight],)
        products = [c * x for c in values for x in self._sum_range(terms)]
        return min(products), max(products)

    @property
    def mirrored(self) -> bool:
        """Whether a FIR's pre-adders stand before the multipliers."""
        return isinstance(self.design, FIRDesign) and any(product.mirror is not None for product in self.products)

    @property
    def sum_levels(self) -> int:
        """Levels of the trees that add a window's places before the multipliers; 0 where each has a product of its own."""
        if isinstance(self.design, FIRDesign):
            return 0
        return max((len(product.terms) - 1).bit_length() for product in self.products)

    @cached_property
    def operand(self) -> Format:
        """Format of what the multipliers take as a sample."""
        if self.columns:
            formats = [array.operand for array in self.arrays]
            return Format.holding(min(fmt.min for fmt in formats), max(fmt.max for fmt in formats))
        if not self.mirrored and not self.sum_levels:
            return self.design.sample
        lows, highs = zip(*(self._sum_range(product.terms) for product in self.products), strict=True)
        return Format.holding(min(lows), max(highs))

    @property
    def fed(self) -> Format:
        """Format of what comes to the lanes: a FIR's samples, which are added in front of the multipliers, or a window's places
        or their sums."""
        return self.design.sample if self.mirrored else self.operand

    @property
    def loaded(self) -> tuple[int, ...]:
        """Indices in `design.weights` of the coefficients that a loaded set consists of, in its order."""
        design = self.design
        taps = [tap for tap, _ in design.terms] if isinstance(design, FIRDesign) else range(len(design.weights))
        return tuple(taps)

    @property
    def parts(self) -> tuple["Schedule", ...]:
        """Everything that multiplies."""
        return (*self.columns, *self.arrays)

    @property
    def structure(self) -> Literal["direct", "shared", "separable"]:
        """What of constant kernels is used: nothing, equal weights, or that each is a column times a row."""
        if self.columns:
            return "separable"
        return "shared" if self.sum_levels else "direct"

    @property
    def array_lanes(self) -> tuple[int, ...]:
        """The first lane of each of `arrays`."""
        return tuple(accumulate([array.lanes for array in self.arrays[:-1]], initial=0))

    @property
    def lanes(self) -> int:
        """Multiplications in one clock, of one sample."""
        return self.products[-1].lane + 1

    def lane(self, number: int) -> tuple[Product, ...]:
        """The products of a lane, by their clock."""
        return self._lanes[number]

    @cached_property
    def _lanes(self) -> tuple[tuple[Product, ...], ...]:
        return tuple(tuple(products) for _, products in groupby(self.products, key=lambda product: product.lane))

    @cached_property
    def lane_ranges(self) -> tuple[tuple[int, int], ...]:
        """What each lane's multiplier can give in any clock; 0 in the clocks in which it has nothing to do."""
        ranges = []
        for number in range(self.lanes):
            products = self.lane(number)
            idle = [0] if len(products) < self.clocks else []
            ranges.append((min([p.low for p in products] + idle), max([p.high for p in products] + idle)))
        return tuple(ranges)

    @cached_property
    def cascaded(self) -> bool:
        """Whether the sum runs through the multipliers' own adders, one lane a clock, as 7-series has them: in a FIR that isn't
        folded, where factors and sum fit."""
        if self.family != "7-series" or not isinstance(self.design, FIRDesign) or self.clocks > 1:
            return False
        factors = [fmt.width + (not fmt.signed) for fmt in (self.operand, self.design.coefficient_format)]
        total = self.design.accumulator
        # The pre-adder is before the longer factor.
        ways = [CASCADE_FACTORS] if self.mirrored else [CASCADE_FACTORS, CASCADE_FACTORS[::-1]]
        fits = any(all(map(int.__le__, factors, way)) for way in ways)
        return fits and total.width + (not total.signed) <= CASCADE_SUM

    @cached_property
    def groups(self) -> tuple[range, ...]:
        """Lanes that share a tree. The groups of a FIR that isn't folded work one a clock, each on samples and coefficients a
        clock later than the group before, and a chain adds their sums as they come: no sum and no sample travels further than
        to the next. In a cascade each lane is a group."""
        chained = isinstance(self.design, FIRDesign) and self.clocks == 1
        size = 1 if self.cascaded else GROUP if chained else self.lanes
        return tuple(range(first, min(first + size, self.lanes)) for first in range(0, self.lanes, size))

    @cached_property
    def sections(self) -> tuple[range, ...]:
        """The positions in front of each group, from its first lane's to the one before the next group's; mirrored ones
        apart."""
        starts = [0, *(self.products[group[0]].position for group in self.groups[1:]), self.products[-1].position + 1]
        return tuple(starmap(range, pairwise(starts)))

    @cached_property
    def trees(self) -> tuple[tuple[tuple[Adder, ...], ...], ...]:
        """The adders of each group, level by level; the only node of the last level is its sum. All have as many levels.
        Trees, chain and parts are those of each of `arrays`, where there are several."""
        levels = (len(self.groups[0]) - 1).bit_length()
        return tuple(_tree(self.lane_ranges[group.start : group.stop], levels) for group in self.groups)

    @cached_property
    def chain(self) -> tuple[Adder, ...]:
        """What adds the groups' sums, if there are several: a register for the first, and an adder for each that follows."""
        if len(self.groups) == 1 and not self.cascaded:
            return ()
        roots = zip(self.trees, self.groups, strict=True)
        sums = [(tree[-1][0].low, tree[-1][0].high) if tree else self.lane_ranges[group[0]] for tree, group in roots]
        totals = list(accumulate(sums, lambda total, item: (total[0] + item[0], total[1] + item[1])))
        return tuple(Adder(tuple(range(max(n - 1, 0), n + 1)), low, high) for n, (low, high) in enumerate(totals))

    @property
    def cuts(self) -> tuple[int, ...]:
        """Where sums that are added in parts, each a clock behind the one below, are cut: the lowest bit of each part but the
        first. None are, where they are narrow."""
        width = self.design.accumulator.width
        if width <= WIDEST_ADDER or self.cascaded or self.lanes == self.clocks == 1:
            return ()
        part = -(-width // -(-width // WIDEST_PART))
        return tuple(range(part, width, part))

    @property
    def spread(self) -> bool:
        """Whether a long FIR's multipliers are spread over the device; not in a cascade, where they have to be neighbours."""
        return len(self.groups) * GROUP > SPREAD_LANES and not self.cascaded

    @property
    def product_latency(self) -> int:
        """Clocks from the multipliers to the adders: a register where sums are added in parts, or where trees are wide or
        many, and one where multipliers are spread."""
        return int(bool(self.cuts) or len(self.groups[0]) * self.copies > NEAR_LANES) + int(self.spread)

    @property
    def rounding_latency(self) -> int:
        """Clocks of the rounding: none where bits are only cut off."""
        return 2 if self.design.shift and self.design.rounding != "floor" else 0

    @property
    def saturates(self) -> bool:
        """Whether any result can lie outside the output format, and is then saturated."""
        low, high = self.design.result_range
        output = self.design.output_format
        return self.design.overflow == "saturate" and not (low in output and high in output) and not self.binary

    @property
    def binary(self) -> bool:
        """Whether results are compared with a threshold."""
        return isinstance(self.design, Conv2DDesign) and self.design.threshold is not None

    @property
    def combine_latency(self) -> int:
        """Clocks in which magnitudes are taken, and added up in pairs."""
        design = self.design
        if not isinstance(design, Conv2DDesign) or not (design.absolute or design.combine == "sum_abs"):
            return 0
        return 1 + ((len(design.kernels) - 1).bit_length() if design.combine == "sum_abs" else 0)

    @property
    def _array_stages(self) -> tuple[Stage, ...]:
        """From the samples to the sum."""
        return (
            Stage("pre-adder", int(self.mirrored)),
            Stage("spread", int(self.spread)),
            Stage("multiplier", self._multiplier_latency),
            Stage("products", self.product_latency),
            Stage("adder tree", len(self.trees[0])),
            Stage("chain", len(self.chain) + int(self.spread)),
            Stage("slot", self.clocks - 1),
            Stage("accumulator", int(self.clocks > 1)),
            Stage("parts", len(self.cuts)),
        )

    @property
    def array_latency(self) -> int:
        """Clocks of all these stages: of the slowest of `arrays`, for which the sums of the others wait."""
        return max(sum(stage.clocks for stage in array._array_stages) for array in self.arrays)

    @property
    def column_latency(self) -> int:
        """Clocks of the slowest of `columns`, for which the sums of the others wait; 0 without."""
        taking = OPERANDS_LATENCY if self.clocks > 1 else 0
        return max((column.sum_levels + taking + column.array_latency for column in self.columns), default=0)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The pipeline from the accepted beat to the offered result."""
        if isinstance(self.design, FIRDesign):
            feeder = [Stage("accept", 1), Stage("delay line", 1) if self.clocks == 1 else Stage("sample memory", 3)]
        else:
            # A window with borders takes its columns through a register more.
            bordered = isinstance(self.design, Conv2DDesign) and self.design.core_mode == "same"
            rows, window = Stage("rows", 2 if bordered else 1), Stage("window", 2 if bordered else 1)
            feeder = [Stage("accept", 2), Stage("raster", 1), Stage("line buffer", 2), rows]
            if self.columns:
                feeder.append(Stage("column", self.column_latency))
            feeder.append(window)
            if self.sum_levels:
                feeder.append(Stage("sums", self.sum_levels))
            if self.clocks > 1:
                feeder.append(Stage("operands", OPERANDS_LATENCY))
        slowest = next(array for array in self.arrays if array.array_latency == self.array_latency)
        return (
            *feeder,
            *slowest._array_stages,
            Stage("magnitude", self.combine_latency),
            Stage("rounding", self.rounding_latency),
            Stage("saturation", int(self.saturates)),
            Stage("threshold", int(self.binary)),
            Stage("output buffer", BUFFER_LATENCY),
        )

    @property
    def _multiplier_latency(self) -> int:
        if self.cascaded:
            return MULTIPLIER_LATENCY - 1  # the register behind the adder is the chain's
        return multiplier_latency(self.operand, self.design.coefficient_format, self.family)

    def clocks_in(self, *names: str) -> int:
        """Clocks of the stages of these names."""
        return sum(stage.clocks for stage in self.stages if stage.name in names)

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of the beat that completes a result to the offer of the result, without stalls."""
        return sum(stage.clocks for stage in self.stages)

    @property
    def buffer_depth(self) -> int:
        """Results that the output buffer holds: the credits, enough for one result a clock."""
        # A folded raster looks at a register more.
        late = CREDIT_LATENCY + (self.clocks > 1 and isinstance(self.design, Conv2DDesign))
        return 1 << math.ceil(math.log2(math.ceil((self.latency + late) / self.clocks) + 2))

    @property
    def lag(self) -> tuple[int, int]:
        """Whole lines, and beats more, from a pixel to the result of its place; (0, 0) for a FIR and for ``valid``."""
        if isinstance(self.design, Conv2DDesign) and self.design.core_mode == "same":
            return self.design.core_below, self.design.core_ahead
        return 0, 0

    @property
    def group_multipliers(self) -> tuple[int, ...]:
        """Multipliers of each group of lanes; a constant 0 or power of two is only wiring, but in a cascade."""
        if self.parts != (self,):
            return tuple(count for part in self.parts for count in part.group_multipliers) * self.copies
        if self.design.loadable or self.clocks > 1 or self.cascaded:
            return tuple(len(group) for group in self.groups) * self.copies
        weights = self.design.weights
        counts = (sum(not is_wiring(weights[self.products[lane].weight]) for lane in group) for group in self.groups)
        return tuple(counts) * self.copies

    @property
    def multipliers(self) -> int:
        """Multipliers that the array needs, one a product."""
        return sum(self.group_multipliers)

    @property
    def blocks(self) -> int:
        """Hard multipliers of the family that they are made of: several for a wide product, one for two narrow ones."""
        if self.parts != (self,):
            return self.copies * sum(part.blocks for part in self.parts)
        operand, coefficient = self.operand, self.factor
        if self.family == "ice40" and max(operand.width, coefficient.width) <= PAIRED_WIDTH:
            return sum(math.ceil(count / 2) for count in self.group_multipliers)

        def cut(factor: Format) -> int:
            return math.prod(map(len, parts(operand, factor, self.family)))

        if self.design.loadable or self.clocks > 1 or self.cascaded:
            return self.multipliers * cut(coefficient)
        weights = (self.design.weights[product.weight] for product in self.products)
        return self.copies * sum(cut(Format.holding(weight, weight)) for weight in weights if not is_wiring(weight))

    @property
    def factor(self) -> Format:
        """Format of what the multipliers take as a coefficient: constants are no wider than they have to be."""
        design = self.design
        if design.loadable or self.clocks > 1:
            return design.coefficient_format
        return Format.holding(min(design.weights), max(design.weights))

    @property
    def line_buffer_rows(self) -> int:
        """Lines that the line buffer keeps: all that a result needs but the newest; 0 for a FIR."""
        return self.design.core_above + self.design.core_below if isinstance(self.design, Conv2DDesign) else 0

    @property
    def line_buffer_bits(self) -> int:
        """Bits of the line buffer: one packed word of `line_buffer_rows` pixels a column; of all columns of a beat."""
        if not isinstance(self.design, Conv2DDesign):
            return 0
        return self.line_buffer_rows * self.design.pixel.width * self.copies * self.design.core_beats

    @property
    def single_port_rams(self) -> int:
        """Single-port RAMs that long lines are kept in, in two banks; 0 where block RAM does, or has to: a device has four."""
        if self.family != "ice40" or self.line_buffer_bits <= LINES_IN_BLOCKS or not isinstance(self.design, Conv2DDesign):
            return 0
        side_by_side = math.ceil(self.line_buffer_bits / self.design.core_beats / SINGLE_PORT_WIDTH)
        return 2 * side_by_side if side_by_side <= 2 else 0

    @property
    def output_buffer_bits(self) -> int:
        """Bits of the output buffer, marks included."""
        marks = 3 if isinstance(self.design, Conv2DDesign) else 2
        marks += self.pixels if self.pixels > 1 else 0
        return self.buffer_depth * (self.copies * self.design.outputs * self.design.output_format.width + marks)

    @property
    def sample_memory_bits(self) -> int:
        """Bits of a folded FIR's sample memories: the whole history for each lane, and again for its mirrored samples."""
        if self.clocks == 1 or isinstance(self.design, Conv2DDesign):
            return 0
        mirrors = sum(any(product.mirror is not None for product in self.lane(lane)) for lane in range(self.lanes))
        return (self.lanes + mirrors) * (1 << self.positions.bit_length()) * self.design.sample.width

    @property
    def coefficient_words(self) -> int:
        """Words of a folded core's coefficient memories, one a lane: of three sets, the first and two in turn, if loadable."""
        if self.clocks == 1:
            return 0
        banks = 3 if self.design.loadable else 1
        return banks * (1 << (self.clocks - 1).bit_length())

    @property
    def coefficient_memory_bits(self) -> int:
        """Bits of all coefficient memories."""
        filters = (*self.columns, self)
        return sum(one.lanes * one.coefficient_words * one.design.coefficient_format.width for one in filters)

    @property
    def memory_bits(self) -> int:
        """Bits of all memories of the core."""
        return self.line_buffer_bits + self.sample_memory_bits + self.coefficient_memory_bits + self.output_buffer_bits

    def _beats(self, columns: int) -> int:
        """Beats of a line."""
        return -(-columns // self.pixels)

    def frame_interval(self, rows: int, columns: int = 1) -> int:
        """Clocks from one frame to the next of the same size, where they come back to back without stalls.

        A FIR takes its samples as `rows`. An image of no more than `lag` lines waits until the one before has left.
        """
        lines, _ = self.lag
        return rows * self._beats(columns) * self.clocks + (self.flush_clocks(columns) if rows <= lines else 0)

    def flush_clocks(self, columns: int = 1) -> int:
        """Clocks in which a frame's end leaves when no other of its size pushes it.

        One of another size waits for so long, one that comes meanwhile for what is left of it.
        """
        lines, more = self.lag
        return (lines * self._beats(columns) + more) * self.clocks

    def frame_clocks(self, rows: int, columns: int = 1, frames: int = 1) -> int:
        """Clocks from the first beat of `frames` frames back to back to their last result, or last beat if that is later, both
        included, without stalls.

        A FIR takes its samples as `rows`. With a stride the last result is that of a place before the last one, by as many
        lines and columns as none is wanted of; then the core goes on to the frame's end, with `frame_interval` as ever.
        """
        early = 0
        if isinstance(self.design, Conv2DDesign):
            window = (
                (0, 0) if self.design.core_mode == "same" else (self.design.kernel_rows - 1, self.design.kernel_columns - 1)
            )
            unwanted = [
                (size - side - 1) % stride
                for size, side, stride in zip((rows, columns), window, self.design.stride, strict=True)
            ]
            early = unwanted[0] * columns + unwanted[1] - self.design.overhangs(columns)
        end = (rows * self._beats(columns) - 1) * self.clocks + 1
        last = end + max(self.flush_clocks(columns) - early * self.clocks + self.latency, 0)
        return (frames - 1) * self.frame_interval(rows, columns) + last

    def run(self, samples: ArrayLike, weights: Sequence[int] | None = None) -> NDArray[np.object_]:
        """Computes the exact sums, before the output stage, as the array does: lane by lane, level by level. Those of several
        kernels stand one behind the other along the first axis.

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
        if self.columns:
            window = values.reshape(*values.shape[:-1], self.columns[0].positions, self.arrays[0].positions)
            sums = [row.run(column.run(window.swapaxes(-1, -2))) for column, row in zip(self.columns, self.arrays, strict=True)]
            return np.stack(sums) if len(sums) > 1 else sums[0]
        if len(self.arrays) > 1:
            sets = (weights[number * self.positions :][: self.positions] for number in range(len(self.arrays)))
            return np.stack([array.run(values, own) for array, own in zip(self.arrays, sets, strict=True)])
        total: NDArray[np.object_] = np.zeros(values.shape[:-1], dtype=object)
        for clock in range(self.clocks):
            sums = []
            for group, tree in zip(self.groups, self.trees, strict=True):
                nodes = []
                for number in group:
                    product = next((product for product in self.lane(number) if product.clock == clock), None)
                    nodes.append(total * 0 if product is None else self._multiply(product, values, weights))
                for level in tree:
                    nodes = [self._add(nodes, adder) for adder in level]
                sums += nodes
            for adder in self.chain:
                sums[adder.inputs[-1]] = self._add(sums, adder)
            total = total + sums[-1]
            self._check(total, *self.accumulator_range)
        return np.asarray(total, dtype=object)

    def _add(self, nodes: Sequence[NDArray[np.object_]], adder: Adder) -> NDArray[np.object_]:
        first, *others = (nodes[index] for index in adder.inputs)
        node = sum(others, first)
        self._check(node, adder.low, adder.high)
        return node

    def _multiply(self, product: Product, values: NDArray[np.object_], weights: Sequence[int]) -> NDArray[np.object_]:
        operand = sum(sign * values[..., position] for position, sign in product.terms)
        result: NDArray[np.object_] = operand * int(weights[product.weight])
        return result

    @staticmethod
    def _check(node: NDArray[np.object_], low: int, high: int) -> None:
        if np.size(node) and not (low <= int(np.min(node)) and int(np.max(node)) <= high):
            raise DesignError(f"A partial sum must be between {low} and {high}, not {np.max(np.abs(node))}")

    @property
    def accumulator_range(self) -> tuple[int, int]:
        """What a sum can be at the end of any clock of its slot: at most the sum's own range, and zero."""
        low, high = self.design.sum_range
        return min(low, 0), max(high, 0)

    def table(self) -> str:
        """The plan for people: stages, lanes and the tree's widths."""
        lines = [f"{'stage':<14}clocks"]
        lines += [f"{stage.name:<14}{stage.clocks:>6}" for stage in self.stages]
        lines += [f"{'latency':<14}{self.latency:>6}"]
        if not self.columns:
            return "\n".join([*lines, "", *self._lines()])
        for title, filters in (("of each column", self.columns), ("of the columns' sums", self.arrays)):
            for number, one in enumerate(filters):
                lines += ["", f"{title}, kernel {number}" if len(filters) > 1 else title, *one._lines()]
        return "\n".join(lines)

    def _lines(self) -> list[str]:
        """Lanes and widths."""
        weights = self.design.weights
        lines = [f"{'clock':<6}{'lane':<6}{'position':<12}{'coefficient':<14}product"]
        for product in self.products:
            value = f"[{product.weight}]" if self.design.loadable else str(weights[product.weight])
            width = Format.holding(product.low, product.high)
            place = str(product.position) + "".join(f" {'+' if sign > 0 else '-'} {at}" for at, sign in product.terms[1:])
            lines.append(f"{product.clock:<6}{product.lane:<6}{place:<12}{value:<14}{width}")
        lines.append("")
        for index, array in enumerate(self.arrays):
            kernel = f"kernel {index}, " if len(self.arrays) > 1 else ""
            levels = [[adder for tree in array.trees for adder in tree[number]] for number in range(len(array.trees[0]))]
            lines += [f"{kernel}level {number}: {_nodes(level)}" for number, level in enumerate(levels, 1)]
            if array.chain:
                lines.append(f"chain of {len(array.groups)} groups: {_nodes(array.chain)}")
        return lines


def _tree(ranges: Sequence[tuple[int, int]], levels: int) -> tuple[tuple[Adder, ...], ...]:
    """The adders that sum numbers of these ranges, in pairs, in so many levels: a number without a partner passes on."""
    tree = []
    for _ in range(levels):
        pairs = [tuple(range(first, min(first + 2, len(ranges)))) for first in range(0, len(ranges), 2)]
        level = tuple(Adder(pair, sum(ranges[n][0] for n in pair), sum(ranges[n][1] for n in pair)) for pair in pairs)
        ranges = [(adder.low, adder.high) for adder in level]
        tree.append(level)
    return tuple(tree)


def _nodes(adders: Sequence[Adder]) -> str:
    widths = sorted({str(Format.holding(adder.low, adder.high)) for adder in adders}, key=lambda name: (int(name[1:]), name))
    return f"{len(adders)} nodes of {', '.join(widths)}"
