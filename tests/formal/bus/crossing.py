"""The specification of the crossing between the clocks of a front and of the registers, said about its ports alone."""

from amaranth.hdl import Assert, ClockDomain, ClockSignal, Cover, DomainRenamer, EnableInserter, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.hw.bus import crossing, registers

__all__ = ["BusCrossingSpec"]


class BusCrossingSpec(wiring.Component):
    """Every request of the front reaches the registers, and its own response comes back, whatever the clocks do.

    The two clocks are free: in each step either, both or none of them has an edge. A synchroniser takes its value at once or
    not at all; that a bit settles late is another edge that comes earlier.

    - The registers are asked for what the front asked last, once; once more for each time that they were reset meanwhile.
    - A response is offered to the front after the registers gave it, with their data and error code, and only for a request
      since the front's last reset. It stays until it is taken.
    - The front is ready for a request only when none is under way.
    - In `WAIT` steps in which both clocks have an edge, and neither side waits or is reset, something happens.
    """

    WAIT = 6

    def __init__(self) -> None:
        near = {"axi_edge": In(1), "valid": In(1), "request": In(registers.REQUEST), "ready": In(1), "near_reset": In(1)}
        far = {"far_edge": In(1), "taken": In(1), "answer": In(1), "response": In(registers.RESPONSE), "far_reset": In(1)}
        super().__init__(near | far)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Without a reset, as the crossing's own domains are.
        m.domains.steps = steps = ClockDomain(reset_less=True)
        m.d.comb += steps.clk.eq(ClockSignal())
        dut = crossing.BusCrossing()
        edges = EnableInserter({"axi": self.axi_edge, "sync": self.far_edge})(dut)
        m.submodules.dut = DomainRenamer({"axi": "steps", "sync": "steps"})(edges)
        near, far = dut.bus, dut.far_bus

        owed = Signal()  # by the crossing to the front
        wanted, told = Signal(registers.REQUEST), Signal(registers.RESPONSE)
        todo, doing, done = Signal(), Signal(), Signal()  # by the registers, of the request that was taken last
        m.d.comb += [
            near.request.valid.eq(self.valid),
            near.request.payload.eq(self.request),
            near.response.ready.eq(self.ready),
            dut.bus_reset.eq(self.near_reset),
            far.request.ready.eq(self.taken & ~self.far_reset),
            far.response.valid.eq(doing & self.answer),
            far.response.payload.eq(self.response),
            dut.far_reset.eq(self.far_reset),
        ]
        accepted = self.axi_edge & self.valid & near.request.ready
        given = self.axi_edge & near.response.valid & self.ready & ~self.near_reset
        begun = self.far_edge & far.request.valid & far.request.ready
        ended = self.far_edge & far.response.valid & far.response.ready & ~self.far_reset
        undone = self.far_edge & self.far_reset & doing
        m.d.steps += [
            owed.eq(accepted | (owed & ~given & ~(self.axi_edge & self.near_reset))),
            todo.eq(accepted | undone | (todo & ~begun)),
            doing.eq(begun | (doing & ~ended & ~undone)),
            done.eq(ended | (done & ~accepted)),
        ]
        with m.If(accepted):
            m.d.steps += wanted.eq(self.request)
        with m.If(ended):
            m.d.steps += told.eq(self.response)
        stalled = Signal()
        m.d.steps += stalled.eq(near.response.valid & ~given & ~(self.axi_edge & self.near_reset))

        waits = Signal(range(self.WAIT + 1))
        blocked = self.near_reset | self.far_reset
        blocked |= (far.request.valid & ~self.taken) | (doing & ~self.answer) | (near.response.valid & ~self.ready)
        with m.If(~owed | accepted | given | begun | ended | blocked):
            m.d.steps += waits.eq(0)
        with m.Elif(self.axi_edge & self.far_edge):
            m.d.steps += waits.eq(waits + 1)

        again = Signal()  # the request was done a second time
        with m.If(undone):
            m.d.steps += again.eq(1)
        m.d.comb += [
            Assert(~far.request.valid | (todo & (Value.cast(far.request.payload) == Value.cast(wanted)))),
            Assert(~near.response.valid | (owed & done & (Value.cast(near.response.payload) == Value.cast(told)))),
            Assert(~stalled | near.response.valid),
            Assert(~near.request.ready | (~owed & ~todo & ~doing)),
            Assert(waits < self.WAIT),
            Cover(given & ~again & (told.data != 0), "a response"),
            Cover(given & again, "the response of a request that was done twice"),
            Cover(accepted & done & ~owed, "another request"),
        ]
        return m
