"""The MAC array: pre-adders, multipliers, the trees and the chain that add, and the accumulator of a folded one."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format, is_wiring
from convolver.plan import stages
from convolver.plan.arithmetic import Adder
from convolver.plan.array import DotProduct
from convolver.plan.array_stages import array_latency
from convolver.plan.target import target_of

from ..primitives import dsp48, ice40
from ..primitives.families import family_of
from ..primitives.floorplan import array_sites
from ..stream.data_register import DataRegister
from ..stream.layouts import shape_of
from .multiplier import Multiplier

__all__ = ["MACArray"]

_Term = tuple[Any, int]
"""What is added up, and 1, or -1 if it is subtracted: a number, or, where sums are added in parts, a number's parts."""


class MACArray(wiring.Component):
    """Computes the exact dot product of a slot's operands: one slot after the other, no stall.

    ``sum = sum(coefficient * operand over the array's products)``, an operand being a sample, or, a clock later, a sample
    and its mirror added; each node is as wide as its proven range. It has no enable and no valid: what stands beside it for
    as many clocks (`Delay`) says which sums count. Latency, from the samples
    of the slot's last clock to `sum`: `array_latency`. Sums wider than 24 bits are added in parts, each a clock
    behind the one below, so that no carry runs through more than one.

    Parameters
    ----------
    array : DotProduct

    Ports
    -----
    samples : In
        An array of one sample a lane; those of each group of lanes a clock behind the group before.
    mirrors : In
        An array of each lane's second sample, 0 where there is none; if the array has any.
    coefficients : In
        An array of one coefficient a lane, unless they are constant.
    load : In
        Takes all `coefficients`, for the operands of the same clock and all that follow; unless they are constant. Each
        group takes them a clock behind the group before.
    start : In
        The operands are those of a slot's first clock; in a slot of several clocks.
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
        self._constant = array.constant
        self.latency = array_latency(array)
        ports = {
            "samples": In(shape_of(array.lane_input)).array(array.lanes),
            "sum": Out(shape_of(array.accumulator)),
        }
        if array.pre_added:
            ports["mirrors"] = In(shape_of(array.sample)).array(array.lanes)
        if not self._constant:
            ports |= {"coefficients": In(shape_of(array.coefficient)).array(array.lanes), "load": In(1)}
        if array.cycles > 1:
            ports["start"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        array = self._array
        if array.cascaded and family_of(platform) == "7-series":
            self._cascade(m)
            return m
        products = self._products(m, platform)
        terms = list(zip(products, self._signs, strict=True))

        start = Const(1)
        if array.cycles > 1:
            start = self.start
            for index in range(array.start_latency):
                stage = DataRegister(name=f"start_{index}")
                m.d.sync += stage.eq(start)
                start = stage
        m.d.comb += self.sum.eq(self._in_parts(m, terms, start) if array.carry_cuts else self._whole(m, terms, start))
        return m

    def _cascade(self, m: Module) -> None:
        """Products and sum in the same blocks."""
        lanes = self._array.lanes
        if self._constant:
            coefficients = [Const(self._weight(lane), shape_of(self._array.factor)) for lane in range(lanes)]
            loads = [Const(1)] * lanes
        else:
            coefficients = [self.coefficients[lane] for lane in range(lanes)]
            loads = [self.load]
            for lane in range(1, lanes):
                m.d.sync += (after := DataRegister(name=f"load_{lane}")).eq(loads[-1])
                loads.append(after)
        samples = [self.samples[lane] for lane in range(lanes)]
        mirrors = [self.mirrors[lane] for lane in range(lanes)] if self._array.pre_added else None
        dsp48.cascade(m, samples, coefficients, loads, self.sum, mirrors=mirrors, sign=self._array.mirror_sign)

    def _operands(self, m: Module) -> list[Value]:
        """What the multipliers take, lane by lane: samples, or the pre-adders' sums."""
        array = self._array
        if not array.pre_added:
            return [self.samples[lane] for lane in range(array.lanes)]
        operands: list[Value] = []
        for lane in range(array.lanes):
            operand = DataRegister(shape_of(array.operand), name=f"operand_{lane}")
            mirror = self.mirrors[lane] if array.mirror_sign > 0 else -self.mirrors[lane]
            m.d.sync += operand.eq(self.samples[lane] + mirror)
            operands.append(operand)
        return operands

    def _products(self, m: Module, platform: object) -> list[Value]:
        """What the multipliers give, lane by lane; each group takes its coefficients a clock behind the group before."""
        array = self._array
        operands, coefficients = self._operands(m), None if self._constant else list(self.coefficients)
        products: list[Value] = []
        load = None if self._constant else self.load
        if array.routing_registers:
            operands = self._later(m, operands, "near")
            if coefficients is not None and load is not None:
                coefficients = self._later(m, coefficients, "weight")
                m.d.sync += (after := DataRegister(name="load_later")).eq(load)
                load = after
        sites = array_sites(platform, array) or [""] * array.lanes
        paired = target_of(family_of(platform)).pairs(array.operand, array.factor)
        for number, group in enumerate(array.groups):
            if number and load is not None:
                m.d.sync += (after := DataRegister(name=f"load_{number}")).eq(load)
                load = after
            if paired:
                products += self._pairs(m, group, operands, coefficients, load)
                continue
            products += [self._multiplier(m, lane, operands[lane], coefficients, load, sites[lane]).p for lane in group]
        if array.routing_registers:
            products = self._later(m, products, "far")
        return products

    @staticmethod
    def _later(m: Module, values: Sequence[Value], name: str) -> list[Value]:
        """The same numbers a clock later."""
        registers = [DataRegister(value.shape(), name=f"{name}_{lane}") for lane, value in enumerate(values)]
        m.d.sync += [register.eq(value) for register, value in zip(registers, values, strict=True)]
        return list(registers)

    def _weight(self, lane: int) -> int:
        """A lane's constant coefficient."""
        return self._array.weights[self._array.lane(lane)[0].weight]

    @cached_property
    def _signs(self) -> list[int]:
        """How each lane's product goes into the sum. A coefficient that is only wiring is wired without its sign, and what it
        gives is subtracted; one at least is added, so that the sum needs no negation."""
        lanes = range(self._array.lanes)
        wired = [self._constant and is_wiring(self._weight(lane)) and self._weight(lane) < 0 for lane in lanes]
        return [1 if not negative or (all(wired) and lane == 0) else -1 for lane, negative in zip(lanes, wired, strict=True)]

    def _multiplier(
        self,
        m: Module,
        lane: int,
        operand: Value,
        coefficients: Sequence[Value] | None,
        load: Value | None,
        site: str = "",
    ) -> Multiplier:
        array = self._array
        sign = self._signs[lane]
        coefficient = sign * self._weight(lane) if self._constant else array.coefficient
        product = _holding(*array.lane_ranges[lane], sign)
        multiplier = Multiplier(array.operand, coefficient, product, array.multiplier_latency, site)
        m.submodules[f"lane_{lane}"] = multiplier
        m.d.comb += multiplier.a.eq(operand)
        if coefficients is not None and load is not None:
            m.d.comb += [multiplier.b.eq(coefficients[lane]), multiplier.load.eq(load)]
        return multiplier

    def _pairs(
        self,
        m: Module,
        group: range,
        operands: Sequence[Value],
        coefficients: Sequence[Value] | None,
        load: Value | None,
    ) -> list[Value]:
        """The products of a group whose lanes share iCE40's multipliers, two to a block; what is only wiring needs none."""
        wiring_only = [lane for lane in group if self._constant and is_wiring(self._weight(lane))]
        products: dict[int, Value] = {lane: self._multiplier(m, lane, operands[lane], None, None).p for lane in wiring_only}
        hard = [lane for lane in group if lane not in products]
        for lanes in (hard[first : first + 2] for first in range(0, len(hard) - 1, 2)):
            weights = [
                Const(self._weight(lane), shape_of(self._array.factor)) if coefficients is None else coefficients[lane]
                for lane in lanes
            ]
            pair = [Signal(shape_of(Format.holding(*self._array.lane_ranges[lane])), name=f"p_{lane}") for lane in lanes]
            both = [operands[lane] for lane in lanes]
            ice40.multiply_pair(m, f"lane_{lanes[0]}", both, weights, Const(1) if load is None else load, pair)
            products |= dict(zip(lanes, pair, strict=True))
        if len(hard) % 2:
            products[hard[-1]] = self._multiplier(m, hard[-1], operands[hard[-1]], coefficients, load).p
        return [products[lane] for lane in group]

    def _summed(self, nodes: Sequence[_Term], add: Callable[[list[_Term], Adder, str], _Term]) -> Any:
        """The sum of all lanes: a tree a group, and the chain."""
        array = self._array
        sums = []
        for number, (group, tree) in enumerate(zip(array.groups, array.trees, strict=True)):
            terms = list(nodes[group.start : group.stop])
            for depth, level in enumerate(tree, 1):
                name = f"sum_{number}_{depth}"
                terms = [add([terms[item] for item in adder.inputs], adder, f"{name}_{n}") for n, adder in enumerate(level)]
            if array.routing_registers:
                terms = [add(terms, array.trees[number][-1][0], f"root_{number}")]
            sums += terms
        for number, adder in enumerate(array.chain):
            sums[number] = add([sums[item] for item in adder.inputs], adder, f"chain_{number}")
        total, sign = sums[-1]
        assert sign > 0
        return total

    def _whole(self, m: Module, products: list[_Term], start: Value) -> Value:
        """Sums added in one clock."""

        def add(terms: list[_Term], adder: Adder, name: str) -> _Term:
            (first, *others), sign = _ordered(terms)
            node = DataRegister(shape_of(_holding(adder.low, adder.high, sign)), name=name)
            added = first[0]
            for other, alike in others:
                added = added + other if alike else added - other
            m.d.sync += node.eq(added)
            return node, sign

        if self._array.product_latency > self._array.routing_registers:
            # Registered once more in fabric: a hard multiplier is far from the adders.
            later = self._later(m, [product for product, _ in products], "product")
            products = [(product, sign) for product, (_, sign) in zip(later, products, strict=True)]
        total = self._summed(products, add)
        if self._array.cycles == 1:
            return total
        accumulator = DataRegister(shape_of(Format.holding(*self._array.partial_range)))
        m.d.sync += accumulator.eq(Mux(start, 0, accumulator) + total)
        return accumulator

    def _in_parts(self, m: Module, products: list[_Term], start: Value) -> Value:
        """Sums added in parts, a clock apart; the topmost is signed, the others aren't."""
        carry_cuts = self._array.carry_cuts
        lowest = (0, *carry_cuts)

        def register(place: int, width: int, name: str) -> Signal:
            """Holds that part of a signed number of so many bits."""
            if place == len(carry_cuts):
                return DataRegister(signed(max(width - carry_cuts[-1], 1)), name=f"{name}_{place}")
            return DataRegister(lowest[place + 1] - lowest[place], name=f"{name}_{place}")

        nodes: list[_Term] = []
        for lane, (product, sign) in enumerate(products):
            parts: list[Value] = []
            for place, cut in enumerate(lowest):
                part = product >> cut
                # Registered once more in fabric, as in `_whole`, and as often as the part is late.
                for clock in range(place + 1):
                    m.d.sync += (after := register(place, len(product) + 1, f"product_{lane}_{clock}")).eq(part)
                    part = after
                parts.append(part)
            nodes.append((parts, sign))

        def add(terms: list[_Term], adder: Adder, name: str) -> _Term:
            ordered, sign = _ordered(terms)
            wide = _holding(adder.low, adder.high, sign)
            # What is subtracted is added with all its bits turned over, and 1.
            total, carry = [], None if all(alike for _, alike in ordered) else Const(1, 1)
            for place, parts in enumerate(zip(*(term for term, _ in ordered), strict=True)):
                node = register(place, wide.width + (not wide.signed), name)
                either = [part if alike else _turned(part) for part, (_, alike) in zip(parts, ordered, strict=True)]
                carry = _added(m, node, either, carry, place < len(carry_cuts))
                total.append(node)
            return total, sign

        root = self._summed(nodes, add)
        if self._array.cycles > 1:
            wide = Format.holding(*self._array.partial_range)
            total, carry = [], None
            for place, part in enumerate(root):
                node = register(place, wide.width + (not wide.signed), "accumulator")
                carry = _added(m, node, [Mux(start, 0, node), part], carry, place < len(carry_cuts))
                total.append(node)
                m.d.sync += (late := DataRegister(name=f"start_of_{place}")).eq(start)
                start = late
            root = total
        whole: list[Value] = []
        for place, part in enumerate(root):
            for clock in range(len(carry_cuts) - place):
                m.d.sync += (after := DataRegister(len(part), name=f"sum_{place}_{clock}")).eq(part)
                part = after
            whole.append(part)
        return Cat(whole).as_signed()


def _holding(low: int, high: int, sign: int) -> Format:
    """What holds a number of this range, or the negative of one."""
    return Format.holding(low, high) if sign > 0 else Format.holding(-high, -low)


def _ordered(terms: Sequence[_Term]) -> tuple[list[tuple[Any, bool]], int]:
    """The terms, a positive one first if there is any, each with whether it is added to the first one or subtracted from it;
    and the first one's sign, which is that of the sum."""
    ordered = sorted(terms, key=lambda term: -term[1])
    sign = ordered[0][1]
    return [(value, own == sign) for value, own in ordered], sign


def _turned(part: Value) -> Value:
    """All bits the other way round, of the same shape."""
    return (~part).as_signed() if part.shape().signed else (~part)[: len(part)]


def _added(m: Module, node: Signal, terms: Sequence[Value], carry: Value | None, carries: bool) -> Signal | None:
    """Adds one part of one or two numbers, and the carry of the part below, if there is one; gives its own, if it `carries`."""
    if len(terms) == 1:
        m.d.sync += node.eq(terms[0])
        return None
    total = terms[0] + terms[1]
    if carry is not None:
        # One addition: the carry comes out of a bit below.
        one, other = (Cat(bit, term) for bit, term in zip((Const(1, 1), carry), terms, strict=True))
        total = (one + other if carries else one.as_signed() + other.as_signed()) >> 1
    if not carries:
        m.d.sync += node.eq(total)
        return None
    out = DataRegister(name=f"{node.name}_carry")
    m.d.sync += Cat(node, out).eq(total)
    return out
