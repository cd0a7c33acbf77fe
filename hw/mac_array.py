"""The MAC array: every lane of a schedule, the tree that adds them, and the accumulator of a folded one."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.schedule import Schedule, multiplier_latency

from .multiplier import Multiplier
from .stream import shape_of

__all__ = ["MACArray"]


@dataclass(frozen=True)
class _Halves:
    """A number on its way through the tree: `low` bits, unsigned, and, a clock later, the rest."""

    low: Value
    high: Value


class MACArray(wiring.Component):
    """Computes the exact dot product of a slot's operands: one slot after the other, no stall.

    ``sum = sum(coefficient * operand over the schedule's products)``; each node is as wide as its proven range. It has no
    enable and no valid: what stands beside it for as many clocks (`Delay`) says which sums count. Latency, from the operands
    of the slot's last clock to `sum`: the multiplier's 3 clocks (5 for factors wider than 18 bits), one a level of the tree,
    one for the accumulator of a slot of several clocks, and two more where sums are wider than 24 bits: these are added in
    two halves, the upper one a clock behind, so that no carry runs through more than half a sum.

    Parameters
    ----------
    schedule : Schedule

    Ports
    -----
    operands : In
        An array of one sample, or sum of two, a lane.
    coefficients : In
        An array of one coefficient a lane, unless they are constant.
    load : In
        Takes all `coefficients`, for the operands of the same clock and all that follow; unless they are constant.
    start : In
        The operands are those of a slot's first clock; in a slot of several clocks.
    sum : Out
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        design = schedule.design
        self._constant = not design.loadable and schedule.clocks == 1
        self._multiplier_latency = multiplier_latency(schedule.operand, design.coefficient_format)
        self._tree_latency = len(schedule.tree)
        self.latency = self._multiplier_latency + self._tree_latency + (schedule.clocks > 1) + schedule.split_latency
        ports = {
            "operands": In(shape_of(schedule.operand)).array(schedule.lanes),
            "sum": Out(shape_of(design.accumulator)),
        }
        if not self._constant:
            ports |= {"coefficients": In(shape_of(design.coefficient_format)).array(schedule.lanes), "load": In(1)}
        if schedule.clocks > 1:
            ports["start"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        schedule = self._schedule
        design = schedule.design
        products = []
        for lane, (low, high) in enumerate(schedule.lane_ranges):
            coefficient = design.weights[schedule.lane(lane)[0].weight] if self._constant else design.coefficient_format
            multiplier = Multiplier(schedule.operand, coefficient, Format.holding(low, high), self._multiplier_latency)
            m.submodules[f"lane_{lane}"] = multiplier
            m.d.comb += multiplier.a.eq(self.operands[lane])
            if not self._constant:
                m.d.comb += [multiplier.b.eq(self.coefficients[lane]), multiplier.load.eq(self.load)]
            products.append(multiplier.p)

        start = Const(1)
        if schedule.clocks > 1:
            start = self.start
            halves = int(schedule.split is not None)  # the products' own register
            for index in range(self._multiplier_latency + self._tree_latency + halves):
                stage = Signal(name=f"start_{index}")
                m.d.sync += stage.eq(start)
                start = stage
        m.d.comb += self.sum.eq(self._whole(m, products, start) if schedule.split is None else self._halved(m, products, start))
        return m

    def _whole(self, m: Module, nodes: list[Value], start: Value) -> Value:
        """The tree with sums added in one clock."""
        for number, level in enumerate(self._schedule.tree, 1):
            sums = []
            for index, adder in enumerate(level):
                node = Signal(shape_of(Format.holding(adder.low, adder.high)), name=f"sum_{number}_{index}")
                m.d.sync += node.eq(sum((nodes[item] for item in adder.inputs[1:]), nodes[adder.inputs[0]]))
                sums.append(node)
            nodes = sums
        if self._schedule.clocks == 1:
            return nodes[0]
        accumulator = Signal(shape_of(Format.holding(*self._schedule.accumulator_range)))
        m.d.sync += accumulator.eq(Mux(start, 0, accumulator) + nodes[0])
        return accumulator

    def _halved(self, m: Module, products: list[Value], start: Value) -> Value:
        """The tree with sums added in two halves, a clock apart."""
        split = self._schedule.split
        assert split is not None
        nodes = []
        for lane, product in enumerate(products):
            # Registered once more in fabric: a hard multiplier is far from the adders.
            low = Signal(split, name=f"product_low_{lane}")
            above = Signal(signed(max(len(product) - split, 0) + 1), name=f"product_above_{lane}")
            high = Signal.like(above, name=f"product_high_{lane}")
            m.d.sync += [low.eq(product), above.eq(product >> split), high.eq(above)]
            nodes.append(_Halves(low, high))
        for number, level in enumerate(self._schedule.tree, 1):
            sums = []
            for index, adder in enumerate(level):
                terms = [nodes[item] for item in adder.inputs]
                wide = Format.holding(adder.low, adder.high)
                sums.append(self._add(m, terms, max(wide.width + (not wide.signed) - split, 1), f"sum_{number}_{index}"))
            nodes = sums
        (root,) = nodes
        if self._schedule.clocks > 1:
            wide = Format.holding(*self._schedule.accumulator_range)
            low, high, carry = Signal(split), Signal(signed(wide.width + (not wide.signed) - split)), Signal()
            late = Signal()
            m.d.sync += [
                late.eq(start),
                Cat(low, carry).eq(Mux(start, 0, low) + root.low),
                high.eq(_with_carry(Mux(late, 0, high), root.high, carry)),
            ]
            root = _Halves(low, high)
        low = Signal(split, name="sum_low")
        m.d.sync += low.eq(root.low)
        return Cat(low, root.high).as_signed()

    @staticmethod
    def _add(m: Module, terms: list[_Halves], high_width: int, name: str) -> _Halves:
        low = Signal.like(terms[0].low, name=f"{name}_low")
        high = Signal(signed(high_width), name=f"{name}_high")
        if len(terms) == 1:
            m.d.sync += [low.eq(terms[0].low), high.eq(terms[0].high)]
        else:
            carry = Signal(name=f"{name}_carry")
            m.d.sync += [
                Cat(low, carry).eq(terms[0].low + terms[1].low),
                high.eq(_with_carry(terms[0].high, terms[1].high, carry)),
            ]
        return _Halves(low, high)


def _with_carry(a: Value, b: Value, carry: Value) -> Value:
    """``a + b + carry`` as one addition: the carry comes out of a bit below."""
    return (Cat(Const(1, 1), a).as_signed() + Cat(carry, b).as_signed()) >> 1
