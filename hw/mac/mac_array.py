"""The MAC array: pre-adders, multipliers, adder trees, the chain of groups, and the accumulator of a folded array."""

from collections.abc import Sequence
from functools import cached_property

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring

from convolver.formats import Format
from convolver.plan import array_stages as stages
from convolver.plan.array import DotProduct
from convolver.plan.target import target_of

from ..primitives import ice40
from ..primitives.ecp5 import ANYWHERE, Place
from ..primitives.families import family_of
from ..primitives.floorplan import array_places
from ..stream.data_register import DataRegister, later
from ..stream.layouts import shape_of
from .array_ports import array_ports
from .multiplier import multiplier_of
from .summing import SummedInSegments, SummedWhole, Term, holding
from .supply import FixedSupply, supply_of

__all__ = ["MACArray"]


class MACArray(wiring.Component):
    """Computes the exact dot product of a slot's operands: one slot after the other, no stall.

    ``sum = sum(coefficient * operand over the array's products)``. An operand is a sample or, with pre-adders, which
    take one more cycle, the sum of a sample and its mirror. Each node is as wide as its proven range. The array has no
    enable and no valid: a `Delay` of equal latency carries the valid bit. Latency, from the samples of the slot's last
    cycle to `sum`: `DotProduct.latency`. Sums wider than 24 bits are added in segments, each one cycle after the
    segment below, so that no carry chain is longer than a segment.

    Parameters
    ----------
    array : DotProduct

    Ports
    -----
    samples : In
        An array of one sample a lane. Each group of lanes gets its samples one cycle after the group before.
    mirrors : In
        An array of each lane's second sample, 0 where there is none; for the pre-adders.
    coefficients : In
        An array of one coefficient a lane, unless they are constant.
    load : In
        Takes all `coefficients`, for the operands of the same cycle and all later ones; unless they are constant. Each
        group takes them one cycle after the group before.
    start : In
        The operands belong to a slot's first cycle; only with several cycles a slot.
    sum : Out
    """

    makes = (
        stages.PreAdd,
        stages.RoutingRegisters,
        stages.Multiply,
        stages.ProductRegisters,
        stages.Tree,
        stages.GroupChain,
        stages.Slot,
        stages.Accumulate,
        stages.Align,
    )

    def __init__(self, array: DotProduct) -> None:
        self._array = array
        self.latency = array.latency
        super().__init__(array_ports(array))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        array = self._array
        supply = supply_of(array, self)
        sums = (SummedInSegments if array.carry_cuts else SummedWhole)(m, array)
        operands = [self.samples[lane] for lane in range(array.lanes)]
        terms: list[Term] = []  # products, then sums
        for stage in array.stages:
            match stage:
                case stages.PreAdd():
                    operands = self._pre_added(m, operands, stage.cycles - 1)
                case stages.RoutingRegisters():
                    operands = later(m, operands, "near", stage.cycles)
                    supply.route(m, stage)
                case stages.Multiply():
                    terms = list(zip(self._products(m, platform, operands, supply), self._signs, strict=True))
                case stages.ProductRegisters():
                    terms = sums.entered(terms, stage.cycles)
                case stages.Tree():
                    terms = self._trees(sums, terms, stage)
                case stages.GroupChain():
                    terms = self._chained(sums, terms, stage)
                case stages.Accumulate():
                    terms = [(sums.accumulated(total, self._started(m), stage), sign) for total, sign in terms[-1:]]
        total, sign = terms[-1]
        assert sign > 0
        m.d.comb += self.sum.eq(sums.aligned(total))
        return m

    def _pre_added(self, m: Module, samples: Sequence[Value], clocks: int) -> list[Value]:
        """The sum of each lane's two samples; the samples are first delayed by `clocks` cycles."""
        array = self._array
        samples = later(m, samples, "sample", clocks)
        mirrors = later(m, [self.mirrors[lane] for lane in range(array.lanes)], "mirror", clocks)
        operands: list[Value] = []
        for lane, (sample, second) in enumerate(zip(samples, mirrors, strict=True)):
            operand = DataRegister(shape_of(array.operand), name=f"operand_{lane}")
            mirror = second if array.mirror_sign > 0 else -second
            m.d.sync += operand.eq(sample + mirror)
            operands.append(operand)
        return operands

    def _products(self, m: Module, platform: object, operands: Sequence[Value], supply: FixedSupply) -> list[Value]:
        """The products, lane by lane; each group takes its coefficients one cycle after the group before."""
        array = self._array
        products: list[Value] = []
        places = array_places(m, platform, array)
        paired = target_of(family_of(platform)).pairs(array.operand, array.factor)
        for number, group in enumerate(array.groups):
            if number:
                supply.next_group(m)
            if paired:
                products += self._pairs(m, group, operands, supply)
            else:
                products += [self._product(m, lane, operands[lane], supply, places[lane]) for lane in group]
        return products

    @cached_property
    def _signs(self) -> list[int]:
        """The sign of each lane's product in the sum. A negative coefficient that needs no multiplier is wired by its
        magnitude, and its product is subtracted. At least one product is added, so that the sum needs no negation."""
        signs = [factor.sign for factor in self._array.factors]
        return signs if any(sign > 0 for sign in signs) else [1, *signs[1:]]

    def _product(self, m: Module, lane: int, operand: Value, supply: FixedSupply, place: Place = ANYWHERE) -> Value:
        """The product of one lane."""
        array, sign = self._array, self._signs[lane]
        product = holding(*array.multiply.lane_ranges[lane], sign)
        factor = array.factors[lane].times(sign)
        multiplier = multiplier_of(array.operand, factor, product, array.multiplier_latency, place)
        m.submodules[f"lane_{lane}"] = multiplier
        m.d.comb += multiplier.a.eq(operand)
        supply.connect(m, multiplier, lane)
        return multiplier.p

    def _pairs(self, m: Module, group: range, operands: Sequence[Value], supply: FixedSupply) -> list[Value]:
        """The products of a group on iCE40, with two lanes to a DSP block; coefficients that are only wiring need no
        block."""
        array = self._array
        hard = [lane for lane in group if array.factors[lane].multiplies]
        products: dict[int, Value] = {}
        for lanes in (hard[first : first + 2] for first in range(0, len(hard) - 1, 2)):
            pair = [Signal(shape_of(Format.holding(*array.multiply.lane_ranges[lane])), name=f"p_{lane}") for lane in lanes]
            both, weights = ([values[lane] for lane in lanes] for values in (operands, supply.values))
            ice40.multiply_pair(m, f"lane_{lanes[0]}", both, weights, supply.load, pair)
            products |= dict(zip(lanes, pair, strict=True))
        return [products[lane] if lane in products else self._product(m, lane, operands[lane], supply) for lane in group]

    def _trees(self, sums: SummedWhole, products: list[Term], stage: stages.Tree) -> list[Term]:
        """The sum of each group."""
        found = []
        for number, (group, tree) in enumerate(zip(stage.groups, stage.adders, strict=True)):
            terms = products[group.start : group.stop]
            for depth, level in enumerate(tree, 1):
                name = f"sum_{number}_{depth}"
                terms = [
                    sums.add([terms[item] for item in adder.inputs], adder, f"{name}_{n}") for n, adder in enumerate(level)
                ]
            found += terms
        return found

    def _chained(self, sums: SummedWhole, terms: list[Term], stage: stages.GroupChain) -> list[Term]:
        """The running sums along the chain of groups; the last one is the total."""
        array, found = self._array, list(terms)
        for clock in range(array.ways.sums):
            roots = enumerate(tree[-1][0] for tree in array.tree.adders)
            found = [sums.add([found[number]], root, f"root_{number}_{clock}") for number, root in roots]
        for number, adder in enumerate(stage.adders):
            found[number] = sums.add([found[item] for item in adder.inputs], adder, f"chain_{number}")
        return found

    def _started(self, m: Module) -> Value:
        """`start`, aligned with the first of a slot's totals."""
        (start,) = later(m, [self.start], "start", self._array.start_latency)
        return start
