"""The operands of an array: sums of places that share a multiplier, and the serialiser of a folded array."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.plan import stages
from convolver.plan.array import DotProduct
from convolver.plan.array_stages import Sums as SumsStage
from convolver.plan.coefficients import CoefficientStore

from ..stream.data_register import DataRegister
from ..stream.layouts import shape_of

__all__ = ["Operands", "Sums"]


class Sums(wiring.Component):
    """Adds the places of a window that share a multiplier: one window a cycle, latency `levels` cycles, no stall.

    Parameters
    ----------
    array : DotProduct
    levels : int
        Levels of the trees: `DotProduct.sum_levels`, or more to match a deeper array.

    Ports
    -----
    places : In
        An array of the window's pixels.
    sums : Out
        An array of one operand a product.
    """

    makes = (SumsStage,)

    def __init__(self, array: DotProduct, levels: int) -> None:
        self._array = array
        self._levels = levels
        super().__init__(
            {
                "places": In(shape_of(array.sample)).array(array.positions),
                "sums": Out(shape_of(array.lane_input)).array(len(array.products)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        array = self._array
        for number, product in enumerate(array.products):
            nodes: list[Value] = [self.places[place] if sign > 0 else -self.places[place] for place, sign in product.terms]
            for level in range(self._levels):
                sums = [sum(nodes[first + 1 : first + 2], nodes[first]) for first in range(0, len(nodes), 2)]
                nodes = []
                for index, value in enumerate(sums):
                    node = DataRegister(value.shape(), name=f"sum_{number}_{level}_{index}")
                    m.d.sync += node.eq(value)
                    nodes.append(node)
            m.d.comb += self.sums[number].eq(nodes[0])
        return m


class Operands(wiring.Component):
    """Gives each lane its operands of a window, one a cycle. A slot follows each window; its first operands appear 2
    cycles after `valid`.

    The operands of a lane are loaded together into a shift register, and leave it one after the other, so no
    path gets longer with the cycles of a slot. Windows are at least one slot apart, and are held for a slot.

    Parameters
    ----------
    form : Format
        Format of the operands.
    store : CoefficientStore
        The coefficients of the lanes, with several phases a slot.

    Ports
    -----
    operands : In
        An array of one operand a product: a place of the window, or a sum of places.
    valid : In
        The operands are those of a new result.
    phase : Out
        The phase of the slot, from `valid` on.
    samples : Out
        An array of one operand a lane, two cycles after `phase`. In cycles without an operand, a lane keeps its last
        one.
    start, end : Out
        With the samples: they are those of the slot's first cycle, of its last.
    """

    makes = (stages.Serialise,)

    def __init__(self, form: Format, store: CoefficientStore) -> None:
        self._store = store
        shape = shape_of(form)
        super().__init__(
            {
                "operands": In(shape).array(len(store.products)),
                "valid": In(1),
                "phase": Out(range(store.cycles)),
                "samples": Out(shape).array(store.lanes),
                "start": Out(1),
                "end": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        store = self._store
        last = self.phase == store.cycles - 1
        load, ends = Signal(), Signal()
        with m.If(self.valid | (self.phase != 0)):
            m.d.sync += self.phase.eq(Mux(last, 0, self.phase + 1))
        m.d.sync += [load.eq(self.valid), self.start.eq(load), ends.eq(last), self.end.eq(ends)]
        following: dict[int, Signal] = {}  # by lane, the register that the next one shifts from
        for operand, product in reversed(list(zip(self.operands, store.products, strict=True))):
            lane, phase = product.lane, product.phase
            register = Signal.like(operand, name=f"operand_{lane}_{phase}") if phase else self.samples[lane]
            with m.If(load):
                m.d.sync += register.eq(operand)
            if lane in following:
                with m.Else():
                    m.d.sync += register.eq(following[lane])
            following[lane] = register
        return m
