"""Waits until several cores are idle, for the gate in front of them."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..stream.data_register import DataRegister

__all__ = ["IdleWait"]


class IdleWait(wiring.Component):
    """Tells when all cores are idle, while a beat is held back.

    A beat shows in `busy` two cycles after it has entered; until then no core counts as idle.

    Ports
    -----
    held : In
        A beat waits until all cores are idle. It stays until it leaves.
    leaves : In
        The beat enters the cores in this cycle.
    busy : In
        Any core holds a frame.
    begin : Out
        All cores are idle, for one cycle: the gate can pass changed settings to them.
    begun : Out
        The settings have been passed: from the cycle after `begin` until the beat has left.
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
