"""The array of an interpolator with mirrored phases: sums and differences of phases, and the results from them."""

from collections.abc import Sequence
from itertools import pairwise

from amaranth.hdl import Array, Cat, Const, Module, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from convolver.plan import mirrored as stages
from convolver.plan.mirrored import MirroredProduct

from ..stream.data_register import DataRegister, later
from ..stream.delay import Delay
from .array_ports import array_ports
from .mac_array import MACArray

__all__ = ["MirroredArray", "Pairs"]


class Pairs(wiring.Component):
    """Computes the results of mirrored pairs of phases from the pairs' sums and differences, and puts them in order:
    one a slot, no stall.

    A sample's first slot brings the sum of the first pair of phases, the second slot their difference, the third the
    sum of the second pair, and so on. A phase that is its own mirror has no difference. Result n leaves `stage.cycles`
    cycles after slot n. The slots of a sample follow each other without a gap.

    Parameters
    ----------
    cycles : int
        Cycles of a slot.
    width : int
        Bits of a sum.
    stage : plan.mirrored.Unmirror

    Ports
    -----
    done : In
        `sum` is complete for a slot.
    sum : In
    result : Out
        Half of the sum, or half of the difference, of a pair's two numbers.
    """

    makes = (stages.Unmirror,)

    def __init__(self, cycles: int, width: int, stage: stages.Unmirror) -> None:
        super().__init__({"done": In(1), "sum": In(signed(width)), "result": Out(signed(width))})
        self._cycles, self._stage = cycles, stage
        self._up = sum(len(set(both)) for both in stage.pairs)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        places = range(len(self._stage.pairs))
        slots = [(pair, side) for pair, both in enumerate(self._stage.pairs) for side in range(len(set(both)))]
        results = {
            phase: (pair, side) for pair, both in enumerate(self._stage.pairs) for side, phase in reversed([*enumerate(both)])
        }
        # Sums wait while those of the next sample arrive: samples use the two halves of the memories in turn. A phase
        # that is its own mirror has no difference: its place in the memory of differences stays 0.
        address = data.StructLayout({"pair": places, "half": 1})
        slot, into = self._counted(m, self.done, "slot")
        m.submodules.turn = turn = Delay(1, self._stage.waits * self._cycles)
        m.d.comb += turn.i.eq(self.done)
        number, half = self._counted(m, turn.o, "result")

        place, minus = DataRegister(address), DataRegister()
        m.d.sync += [
            place.pair.eq(Array(Const(results[phase][0], places) for phase in range(self._up))[number]),
            place.half.eq(half),
            minus.eq(Array(results[phase][1] for phase in range(self._up))[number]),
        ]
        numbers: list[Value] = []
        for which, name in enumerate(("sums", "differences")):
            m.submodules[name] = memory = Memory(shape=len(self.sum), depth=2 << len(place.pair), init=[])
            put, get = memory.write_port(), memory.read_port()
            m.d.comb += [
                put.en.eq(self.done & Array(int(side == which) for _, side in slots)[slot]),
                put.addr.eq(Cat(Array(Const(pair, places) for pair, _ in slots)[slot], into)),
                put.data.eq(self.sum),
                get.addr.eq(place),
            ]
            numbers.append(_extended(get.data.as_signed(), len(self.sum) + 1))
        (minus,) = later(m, [minus], "of_read")
        one, other, carry = DataRegister(len(numbers[0])), DataRegister(len(numbers[0])), DataRegister()
        m.d.sync += [
            one.eq(numbers[0]),
            other.eq(numbers[1] ^ minus.replicate(len(other))),
            carry.eq(minus),
        ]
        m.d.comb += self.result.eq(self._added(m, one, other, carry)[1:])
        return m

    def _counted(self, m: Module, step: Value, name: str) -> tuple[Signal, Signal]:
        """Number of the slot, counted by `step`, and the half of the memories that its sample uses."""
        number, half = Signal(range(self._up), name=name), Signal(name=f"{name}_half")
        with m.If(step):
            m.d.sync += number.eq(number + 1)
            with m.If(number == self._up - 1):
                m.d.sync += [number.eq(0), half.eq(~half)]
        return number, half

    def _added(self, m: Module, one: Value, other: Value, carry: Value) -> Value:
        """The sum of two numbers and a carry, in segments, each one cycle after the segment below."""
        edges = (0, *self._stage.carry_cuts, len(one))
        last = len(edges) - 2
        segments: list[Value] = []
        for number, (low, high) in enumerate(pairwise(edges)):
            first, second = later(m, [one[low:high], other[low:high]], f"segment_{number}", number)
            node, out = DataRegister(high - low, name=f"total_{number}"), DataRegister(name=f"carry_{number}")
            # A single adder: the carry enters through an additional bit below.
            m.d.sync += Cat(node, out).eq((Cat(Const(1, 1), first) + Cat(carry, second))[1:])
            carry = out
            segments += later(m, [node], f"waits_{number}", last - number)
        return Cat(segments)


class MirroredArray(wiring.Component):
    """Computes one result a slot from sums and differences of mirrored phases: no stall, latency
    `MirroredProduct.latency`.

    Each slot's mirrors are added to its samples, or subtracted from them. A `MACArray` computes the sum of products,
    and `Pairs` makes two results of the sums of two slots. Ports are those of `MACArray`. The slots of a sample follow
    each other without a gap.

    Parameters
    ----------
    array : MirroredProduct
    """

    makes = (stages.MirrorAdd,)

    def __init__(self, array: MirroredProduct) -> None:
        self._array = array
        self.latency = array.latency
        self._inner = MACArray(array.inner)
        super().__init__(array_ports(array))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        array, up = self._array, self._array.together
        late = array.stages[0].cycles
        m.submodules.products = inner = self._inner
        # Number of the slot that begins next; whether that slot subtracts; whether the slot that began last subtracts.
        slot, subtracts, subtracted = Signal(range(up)), Signal(), Signal()
        m.d.comb += subtracts.eq(Array(int(sign < 0) for sign in array.slot_signs)[slot])
        with m.If(self.start):
            m.d.sync += [slot.eq(slot + 1), subtracted.eq(subtracts)]
            with m.If(slot == up - 1):
                m.d.sync += slot.eq(0)
        minus = Signal()
        m.d.comb += minus.eq((self.start & subtracts) | (~self.start & subtracted))
        self._operands(m, minus)

        m.submodules.start = start = Delay(1, late)
        m.d.comb += [start.i.eq(self.start), inner.start.eq(start.o)]
        (inner_load,) = later(m, [self.load], "load", late)
        weights = later(m, list(self.coefficients), "weight", late)
        m.d.comb += [inner.load.eq(inner_load), *(into.eq(one) for into, one in zip(inner.coefficients, weights, strict=True))]

        m.submodules.done = done = Delay(1, array.cycles - 1 + inner.latency)
        m.submodules.pairs = pairs = Pairs(array.cycles, len(inner.sum), array.unmirror)
        m.d.comb += [done.i.eq(start.o), pairs.done.eq(done.o), pairs.sum.eq(inner.sum), self.sum.eq(pairs.result)]
        return m

    def _operands(self, m: Module, minus: Value) -> None:
        """The sums or differences of samples and mirrors; a missing mirror counts as 0."""
        samples = later(m, list(self.samples), "sample")
        (carry,) = later(m, [minus], "minus")
        inner: Sequence[Value] = list(self._inner.samples)
        for lane, (sample, mirror, into) in enumerate(zip(samples, list(self.mirrors), inner, strict=True)):
            width = len(into)
            turned, operand = DataRegister(width, name=f"mirror_{lane}"), DataRegister(width, name=f"operand_{lane}")
            m.d.sync += [
                turned.eq(_extended(mirror, width) ^ minus.replicate(width)),
                # A single adder: the carry enters through an additional bit below.
                operand.eq((Cat(Const(1, 1), _extended(sample, width)) + Cat(carry, turned))[1 : width + 1]),
            ]
            m.d.comb += into.eq(operand)


def _extended(value: Value, width: int) -> Value:
    """A number, extended to `width` bits by its sign or by zeros."""
    above = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, above.replicate(width - len(value)))
