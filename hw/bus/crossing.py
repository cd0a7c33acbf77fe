"""Clock-domain crossing between a front of the register bus and the registers.

The wide words of the bus are held in registers while a valid bit, synchronised by `amaranth.lib.cdc`, crosses to the
other domain.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .registers import BUS, REQUEST, RESPONSE

__all__ = ["BusCrossing"]


class BusCrossing(wiring.Component):
    """Connects a front of the register bus in domain `axi` to the registers in domain `sync`, at any clock ratio.

    One request at a time; an access takes about six clocks of each side more. Neither domain may have a reset: the
    crossing keeps its state if one side is reset, so that the other side doesn't take an old request or response for a
    new one. If the front is reset, the response to its request is dropped. If the registers are reset, which undoes the
    request in progress, it is repeated after the reset.

    Ports
    -----
    bus : In(BUS)
        The front's bus, in `axi`.
    bus_reset : In
        The front is reset, in `axi`.
    far_bus : Out(BUS)
        The registers' bus, in `sync`.
    far_reset : In
        The registers are reset, in `sync`.
    """

    def __init__(self) -> None:
        super().__init__({"bus": In(BUS), "bus_reset": In(1), "far_bus": Out(BUS), "far_reset": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # `asking`: `request` is held; it falls with the response. `answered`: `response` is held.
        request, response = Signal(REQUEST), Signal(RESPONSE)
        asking, answered = Signal(), Signal()
        far_asking, near_answered = Signal(), Signal()
        m.submodules.asking = FFSynchronizer(asking, far_asking, o_domain="sync")
        m.submodules.answered = FFSynchronizer(answered, near_answered, o_domain="axi")

        stale = Signal()  # the response is for a front that has been reset
        m.d.comb += [
            self.bus.request.ready.eq(~asking & ~near_answered & ~self.bus_reset),
            self.bus.response.payload.eq(response),
            self.bus.response.valid.eq(asking & near_answered & ~stale),
        ]
        with m.If(self.bus.request.valid & self.bus.request.ready):
            m.d.axi += [request.eq(self.bus.request.payload), asking.eq(1)]
        with m.If(self.bus_reset):
            m.d.axi += stale.eq(asking)
        with m.If(asking & near_answered & (stale | self.bus.response.ready)):
            m.d.axi += [asking.eq(0), stale.eq(0)]

        m.d.comb += self.far_bus.request.payload.eq(request)
        with m.FSM(domain="sync"):
            with m.State("IDLE"), m.If(far_asking & ~self.far_reset):
                m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.comb += self.far_bus.request.valid.eq(1)
                with m.If(self.far_reset):
                    m.next = "IDLE"
                with m.Elif(self.far_bus.request.ready):
                    m.next = "RESPONSE"
            with m.State("RESPONSE"):
                m.d.comb += self.far_bus.response.ready.eq(1)
                with m.If(self.far_reset):
                    m.next = "IDLE"
                with m.Elif(self.far_bus.response.valid):
                    m.d.sync += [response.eq(self.far_bus.response.payload), answered.eq(1)]
                    m.next = "ANSWERED"
            with m.State("ANSWERED"), m.If(~far_asking):
                m.d.sync += answered.eq(0)
                m.next = "IDLE"
        return m
