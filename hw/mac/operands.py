"""What stands between a window and its array: the sums of places that share a multiplier, and, of a folded array, what hands
them out over the clocks of a slot."""

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
    """Adds the places of a window that share a multiplier: one window a clock, latency `levels` clocks, no stall.

    Parameters
    ----------
    array : DotProduct
    levels : int
        Levels of the trees: `DotProduct.sum_levels`, or more, where others have them.

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
    """Gives each lane its operands of a window, one a clock: a slot follows each window, its first ones come 2 clocks behind.

    A lane's operands are taken over together and leave one after the other, the next one a register away, whatever the clocks a
    slot. Windows are at least a slot apart, and stand for it.

    Parameters
    ----------
    form : Format
        Of the operands.
    store : CoefficientStore
        What the lanes multiply them by, with several phases a slot.

    Ports
    -----
    operands : In
        An array of one a product: a place of the window, or a sum of some.
    valid : In
        They are those of another result.
    phase : Out
        The phase of the slot, from `valid` on.
    samples : Out
        An array of one operand a lane, two clocks behind `phase`; in clocks in which a lane has none its last one.
    start, end : Out
        Beside the samples: they are those of the slot's first clock, of its last.
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
        following: dict[int, Signal] = {}  # by lane, the operand that leaves behind the one that comes next here
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
