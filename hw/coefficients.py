"""Loading a new set of coefficients behind the active one."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design

from .stream import shape_of

__all__ = ["CoefficientBank", "coefficient_layout"]


def coefficient_layout(design: Design) -> data.StructLayout:
    """Payload of a set's stream: `data`, and the mark of its `last` coefficient."""
    return data.StructLayout({"data": shape_of(design.coefficient_format), "last": 1})


class CoefficientBank(wiring.Component):
    """Collects a set of coefficients and hands it over whole: one coefficient a clock, the old set stays until `load`.

    The active set is in the multipliers' own registers; here stands only the next one. It is handed over in one clock, either
    when `swap` is high while a set is `pending`, or as soon as the core is `idle`. After reset the design's own coefficients
    are handed over in the first clock.

    Parameters
    ----------
    design : Design
        With `loadable` set.

    Ports
    -----
    i : stream of `coefficient_layout`
        A set, in the order of `design.weights`. A set of a wrong length is dropped. Not ready while a set is pending.
    restart : In
        Drops a set that was begun.
    swap : In
        A frame's first result is at the multipliers' inputs.
    idle : In
        No frame is in the core.
    load : Out
        The multipliers take `weights` now.
    weights : Out
        An array of coefficients.
    pending : Out
        A complete set waits.
    error : Out
        A set of a wrong length was dropped; one clock.
    """

    def __init__(self, design: Design) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(coefficient_layout(design))),
                "restart": In(1),
                "swap": In(1),
                "idle": In(1),
                "load": Out(1),
                "weights": Out(
                    data.ArrayLayout(shape_of(design.coefficient_format), len(design.weights)), init=list(design.weights)
                ),
                "pending": Out(1),
                "error": Out(1),
            }
        )
        self._count = len(design.weights)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        initial = Signal(init=1)
        count = Signal(range(self._count + 1))
        overlong = Signal()  # the set has more coefficients than the design: drop the rest of it
        accept = self.i.valid & self.i.ready
        complete = count == self._count - 1

        m.d.comb += [
            self.i.ready.eq(~self.pending & ~initial),
            self.load.eq(initial | (self.pending & (self.swap | self.idle))),
        ]
        m.d.sync += [initial.eq(0), self.error.eq(0)]
        with m.If(self.load):
            m.d.sync += self.pending.eq(0)
        with m.If(accept & overlong):
            m.d.sync += overlong.eq(~self.i.payload.last)
        with m.Elif(accept):
            # Shifting needs no address and no multiplexer: the first coefficient ends at index 0.
            m.d.sync += [
                self.weights.eq(Cat(*(self.weights[index] for index in range(1, self._count)), self.i.payload.data)),
                count.eq(count + 1),
            ]
            with m.If(self.i.payload.last | complete):
                m.d.sync += count.eq(0)
                with m.If(self.i.payload.last & complete):
                    m.d.sync += self.pending.eq(1)
                with m.Else():
                    m.d.sync += [self.error.eq(1), overlong.eq(~self.i.payload.last)]
        with m.If(self.restart):
            m.d.sync += [count.eq(0), overlong.eq(0)]
        return m
