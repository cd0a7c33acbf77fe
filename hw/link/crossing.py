"""Clock-domain crossing between a link and its core.

Bytes cross in `amaranth.lib.fifo.AsyncFIFO`s, single bits through `amaranth.lib.cdc`'s synchronisers. The wide words of
the register bus are held in registers while a synchronised valid bit crosses.
"""

from amaranth.hdl import DomainRenamer, Module, ResetInserter, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.fifo import AsyncFIFO
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus.registers import BUS, REQUEST, RESPONSE
from ..stream.layouts import framed
from ..stream.skid_buffer import SkidBuffer

__all__ = ["CoreCrossing"]

DEPTH = 4
"""Bytes of a FIFO: enough for half a byte a clock of the slower side; the line brings one byte in 40 clocks."""

SETTLED = 7
"""Clocks without a change after which nothing is in flight: a synchroniser takes two or three, a FIFO one more."""


class CoreCrossing(wiring.Component):
    """Connects a link in domain `sync` to a core in domain `core`, for any ratio of the two clocks.

    About half a byte a clock of the slower side, each way; a register access takes some 20 clocks more. A request
    reaches the core after all samples that were passed on before it.

    A `restart` empties both sides: the core's side is held in reset, data in flight are dropped, and nothing passes
    until both sides have seen it. It takes some 40 clocks of the slower side. Another `restart` during this time begins
    it again.

    Ports
    -----
    samples, results, bus, restart : to the `Link`, in `sync`.
    core_samples, core_results, core_bus : the same for the core, in `core`.
    reset : resets everything behind `core_samples` and `core_bus`, in `core`.
    empty : no sample waits between `core_samples` and the core.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "samples": In(stream.Signature(8)),
                "results": Out(stream.Signature(framed)),
                "bus": In(BUS),
                "restart": In(1),
                "core_samples": Out(stream.Signature(8)),
                "core_results": In(stream.Signature(framed)),
                "core_bus": Out(BUS),
                "reset": Out(1),
                "empty": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.sample_fifo = samples = AsyncFIFO(width=8, depth=DEPTH, w_domain="sync", r_domain="core")
        m.submodules.result_fifo = results = AsyncFIFO(width=framed.size, depth=DEPTH, w_domain="core", r_domain="sync")

        # Clearing: the link requests it. The core's side is reset and drained until nothing has come for a while, and
        # reports that. Then the link's side is drained in the same way, and ends the clearing.
        clearing, held, blocked = Signal(), Signal(), Signal()
        core_held = Signal()
        core_settled, settled = Signal(range(SETTLED + 1)), Signal(range(SETTLED + 1))
        m.submodules.clearing = FFSynchronizer(clearing, self.reset, o_domain="core")
        m.submodules.held = FFSynchronizer(core_held, held, o_domain="sync")
        m.d.core += core_held.eq(core_settled == SETTLED)
        with m.If(~self.reset | samples.r_rdy):
            m.d.core += core_settled.eq(0)
        with m.Elif(core_settled != SETTLED):
            m.d.core += core_settled.eq(core_settled + 1)
        with m.If(~clearing | ~held | results.r_rdy):
            m.d.sync += settled.eq(0)
        with m.Elif(settled != SETTLED):
            m.d.sync += settled.eq(settled + 1)
        with m.Else():
            m.d.sync += clearing.eq(0)
        with m.If(self.restart):
            m.d.sync += [clearing.eq(1), settled.eq(0)]
        m.d.comb += blocked.eq(self.restart | clearing | held)

        # Bytes. A register slice follows the FIFO: the FIFO's comparison and the sample counters don't fit in one
        # clock.
        m.submodules.slice = cut = DomainRenamer("core")(ResetInserter(self.reset)(SkidBuffer(8)))
        m.d.comb += [
            samples.w_data.eq(self.samples.payload),
            samples.w_en.eq(self.samples.valid & ~blocked),
            self.samples.ready.eq(samples.w_rdy & ~blocked),
            cut.i.payload.eq(samples.r_data),
            cut.i.valid.eq(samples.r_rdy),
            samples.r_en.eq(cut.i.ready | self.reset),
            self.core_samples.payload.eq(cut.o.payload),
            self.core_samples.valid.eq(cut.o.valid & ~self.reset),
            cut.o.ready.eq(self.core_samples.ready),
            results.w_data.eq(self.core_results.payload),
            results.w_en.eq(self.core_results.valid & ~self.reset),
            self.core_results.ready.eq(results.w_rdy & ~self.reset),
            self.results.payload.eq(results.r_data),
            self.results.valid.eq(results.r_rdy & ~blocked),
            results.r_en.eq(self.results.ready | blocked),
        ]

        # The bus, one request at a time: `asking` rises with a request and falls with its response.
        asking, answered = Signal(), Signal()
        request = Signal(REQUEST)
        m.submodules.far = far = ResetInserter({"core": self.reset})(_FarBus())
        m.submodules.asking = FFSynchronizer(asking, far.asking, o_domain="core")
        m.submodules.answered = FFSynchronizer(far.answered, answered, o_domain="sync")
        m.d.comb += [
            far.request.eq(request),
            far.waiting.eq(samples.r_rdy | cut.o.valid | ~self.empty),
            self.bus.request.ready.eq(~asking & ~answered & ~blocked),
            self.bus.response.payload.eq(far.response),
            self.bus.response.valid.eq(asking & answered & ~blocked),
        ]
        connect(m, far.bus, flipped(self.core_bus))
        with m.If(self.bus.request.valid & self.bus.request.ready):
            m.d.sync += [request.eq(self.bus.request.payload), asking.eq(1)]
        with m.If((self.bus.response.valid & self.bus.response.ready) | blocked):
            m.d.sync += asking.eq(0)
        return m


class _FarBus(wiring.Component):
    """The core's end of the bus. `asking` says that `request` is held; it becomes a request on `bus`. `answered` says
    that `response` is held. A request waits until no sample has been `waiting` for some clocks: then no sample that was
    passed on before it is still in flight.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "asking": In(1),
                "request": In(REQUEST),
                "waiting": In(1),
                "answered": Out(1),
                "response": Out(RESPONSE),
                "bus": Out(BUS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        quiet = Signal(range(SETTLED + 1))
        m.d.comb += self.bus.request.payload.eq(self.request)
        with m.FSM(domain="core"):
            with m.State("IDLE"):
                m.d.core += quiet.eq(0)
                with m.If(self.asking):
                    m.next = "SAMPLES"
            with m.State("SAMPLES"):
                m.d.core += quiet.eq(quiet + 1)
                with m.If(self.waiting):
                    m.d.core += quiet.eq(0)
                with m.Elif(quiet == SETTLED):
                    m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.comb += self.bus.request.valid.eq(1)
                with m.If(self.bus.request.ready):
                    m.next = "RESPONSE"
            with m.State("RESPONSE"):
                m.d.comb += self.bus.response.ready.eq(1)
                with m.If(self.bus.response.valid):
                    m.d.core += [self.response.eq(self.bus.response.payload), self.answered.eq(1)]
                    m.next = "ANSWERED"
            with m.State("ANSWERED"):
                with m.If(~self.asking):
                    m.d.core += self.answered.eq(0)
                    m.next = "IDLE"
        return m
