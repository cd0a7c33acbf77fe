"""How a gate in front of several cores waits until nothing is inside them."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..stream.data_register import DataRegister

__all__ = ["IdleWait"]


class IdleWait(wiring.Component):
    """Says when a beat that is held back finds all cores idle.

    A beat that has gone in is seen to be inside two clocks later: until then nothing is known to be idle.

    Ports
    -----
    held : In
        A beat waits for that. It stays until it leaves.
    leaves : In
        It goes in, in this clock.
    busy : In
        Any core has a frame.
    begin : Out
        All are idle, for one clock: the gate can tell them what has changed.
    begun : Out
        They were told. From the clock behind `begin` on, until the beat has left.
    """

    def __init__(self) -> None:
        super().__init__({"held": In(1), "leaves": In(1), "busy": In(1), "begin": Out(1), "begun": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waits, waited, busy, idle = Signal(), Signal(), Signal(init=1), DataRegister()
        m.d.comb += [
            waits.eq(self.held & ~self.leaves),
            self.begin.eq(self.held & idle & ~self.begun),
        ]
        m.d.sync += [
            busy.eq(self.busy),
            waited.eq(waits),
            idle.eq(waits & waited & ~busy),
            self.begun.eq((self.begun | self.begin) & waits),
        ]
        return m
