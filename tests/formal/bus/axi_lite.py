"""The specifications of the AXI4-Lite front and of the register bank behind it, said about their ports alone."""

from amaranth.hdl import Assert, Assume, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Design
from convolver.hw.bus import axi, registers
from convolver.plan.lowering import lower

__all__ = ["AXILiteFrontSpec", "RegisterBankSpec"]

OKAY, SLVERR = 0b00, 0b10


def stays(m: Module, valid: Value, ready: Value, *payload: Value) -> Value:
    """Whether an offer is what it was a cycle ago, if it wasn't taken then."""
    stalled = Signal()
    m.d.sync += stalled.eq(valid & ~ready)
    same = valid
    for value in payload:
        before = Signal(len(value))
        m.d.sync += before.eq(value)
        same &= before == value
    return ~stalled | same


class AXILiteFrontSpec(wiring.Component):
    """Every access gets one response, the right one, and none before it was asked for.

    - An offered response or request stays, unchanged, until it is taken.
    - A write is asked of the bus once, with its address and its data, after both were accepted; one that doesn't write all
      four bytes never is, and gets SLVERR. A read is asked once, with its address.
    - One request is under way at a time. Its response is the next cycle's on the channel that asked, its error code included.
    - Addresses and data are accepted whenever none waits, whatever is offered beside them.
    - Whatever can be done is done within `WAIT` cycles, if the bus doesn't wait: a response that isn't taken holds up others
      of its kind only.

    The manager is free: it may even withdraw what it offered. The bus answers whenever it likes what it was asked.
    """

    WAIT = 6

    def __init__(self) -> None:
        inputs = {name: member for name, member in axi.AXI_LITE.items() if member.flow is In and not name.endswith("prot")}
        super().__init__({**inputs, "taken": In(1), "answer": In(1), "data": In(32), "error": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = axi.AXILiteFront()
        request, response = dut.bus.request, dut.bus.response
        for name in axi.AXI_LITE:
            if hasattr(self, name):
                m.d.comb += getattr(dut, name).eq(getattr(self, name))

        # What was accepted and isn't asked yet; what was asked, and the response that is due in this cycle.
        have_address, have_data, have_read, owed = Signal(), Signal(), Signal(), Signal()
        address, read_address = Signal.like(self.awaddr), Signal.like(self.araddr)
        data, whole, writing = Signal(32), Signal(), Signal()
        write_due, read_due, code, answer = Signal(), Signal(), Signal(2), Signal(32)
        m.d.comb += [
            request.ready.eq(self.taken),
            response.valid.eq(owed & self.answer),
            response.p.data.eq(self.data),
            response.p.error.eq(self.error),
        ]
        asked, answered = Signal(), Signal()
        m.d.comb += [asked.eq(request.valid & request.ready), answered.eq(response.valid & response.ready)]
        offered, read_offered = Signal(), Signal()  # a cycle ago, and not taken then
        refused = Signal()  # a write's response that no request has asked for
        m.d.comb += refused.eq(dut.bvalid & ~offered & ~write_due)
        written = (asked & request.p.write) | refused
        m.d.sync += [
            offered.eq(dut.bvalid & ~self.bready),
            read_offered.eq(dut.rvalid & ~self.rready),
            have_address.eq((self.awvalid & dut.awready) | (have_address & ~written)),
            have_data.eq((self.wvalid & dut.wready) | (have_data & ~written)),
            have_read.eq((self.arvalid & dut.arready) | (have_read & ~(asked & ~request.p.write))),
            owed.eq(asked | (owed & ~answered)),
            write_due.eq(answered & writing),
            read_due.eq(answered & ~writing),
            code.eq(Mux(self.error, SLVERR, OKAY)),
            answer.eq(self.data),
        ]
        with m.If(self.awvalid & dut.awready):
            m.d.sync += address.eq(self.awaddr)
        with m.If(self.wvalid & dut.wready):
            m.d.sync += [data.eq(self.wdata), whole.eq(self.wstrb.all())]
        with m.If(self.arvalid & dut.arready):
            m.d.sync += read_address.eq(self.araddr)
        with m.If(asked):
            m.d.sync += writing.eq(request.p.write)

        # Cycles in which something could be done and isn't, though neither the bus nor the manager is waited for.
        waits = Signal(range(self.WAIT + 1))
        can = (have_address & have_data & ~dut.bvalid) | (have_read & ~dut.rvalid) | owed
        free = ~(request.valid & ~self.taken) & ~(owed & ~self.answer)
        m.d.sync += waits.eq(Mux(can & free & ~asked & ~answered & ~refused, waits + 1, 0))

        asked_address = Mux(request.p.write, address, read_address)
        given = request.p.data & request.p.write.replicate(32)  # a read has none
        m.d.comb += [
            Assert(stays(m, dut.bvalid, self.bready, dut.bresp)),
            Assert(stays(m, dut.rvalid, self.rready, dut.rresp, dut.rdata)),
            Assert(stays(m, request.valid, self.taken, Value.cast(request.p.address), request.p.write, given)),
            Assert(dut.awready == (~have_address | refused)),
            Assert(dut.wready == (~have_data | refused)),
            Assert(dut.arready == ~have_read),
            Assert(~request.valid | (Mux(request.p.write, have_address & have_data & whole, have_read) & ~owed)),
            Assert(~request.valid | ((request.p.address[2:] == asked_address[2:]) & (request.p.address[:2] == 0))),
            Assert(~(request.valid & request.p.write) | (request.p.data == data)),
            Assert(~refused | (have_address & have_data & ~whole & (dut.bresp == SLVERR))),
            Assert(~write_due | (dut.bvalid & (dut.bresp == code))),
            Assert(dut.rvalid == (read_offered | read_due)),
            Assert(~read_due | ((dut.rresp == code) & (dut.rdata == answer))),
            Assert(waits < self.WAIT),
        ]

        kept, reads = Signal(), Signal()  # a read was answered beside a write's response that waited
        with m.If(offered & read_due):
            m.d.sync += kept.eq(1)
        with m.If(kept & dut.bvalid & self.bready):
            m.d.sync += reads.eq(1)
        m.d.comb += [
            Cover(reads & write_due, "a write behind one whose response waited, while a read went by"),
            Cover(refused & have_read, "a write that is refused while a read waits"),
            Cover(read_due & (answer != 0) & (code == SLVERR), "an error that is told to a read"),
        ]
        return m


class RegisterBankSpec(wiring.Component):
    """A bank answers every request once, within `WAIT` cycles, whatever it is asked; nothing else makes it say anything.

    - A request is taken, and its response is offered in the next cycle, and stays until it is taken.
    - None is taken while a response is owed; no response is offered that wasn't asked for.
    - What a write answers is 0, and so is what an error answers.
    - Behind a write of `LENGTH` a read gives what was written. A read of `ID` gives it; a write there is an error.

    A request stands still until it is taken, as `convolver.hw.bus.registers` asks of a front.
    """

    WAIT = registers.PHASES + 2

    def __init__(self, design: Design) -> None:
        super().__init__({"valid": In(1), "request": In(registers.REQUEST), "ready": In(1), "seen": In(5)})
        self._design = design

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = registers.RegisterBank(lower(self._design))
        given = self.request.data & self.request.write.replicate(32)  # a read has none
        request, response = dut.bus.request, dut.bus.response
        m.d.comb += [
            request.valid.eq(self.valid),
            request.payload.eq(self.request),
            response.ready.eq(self.ready),
            dut.busy.eq(self.seen[0]),
            dut.i_stb.eq(self.seen[1]),
            dut.o_stb.eq(self.seen[2]),
            Value.cast(dut.errors).eq(self.seen[3:].replicate(4)),
            Assume(stays(m, self.valid, request.ready, Value.cast(self.request.address), self.request.write, given)),
        ]
        owed, due, waits = Signal(), Signal(), Signal(range(self.WAIT + 1))
        length, known = Signal(32), Signal()
        write, place = Signal(), Signal.like(self.request.address)
        written = Signal(32)
        taken, answered = self.valid & request.ready, response.valid & self.ready
        m.d.sync += [
            due.eq(taken),
            owed.eq(taken | (owed & ~answered)),
            waits.eq(Mux(self.valid & ~owed & ~request.ready, waits + 1, 0)),
        ]
        with m.If(taken):
            m.d.sync += [write.eq(self.request.write), place.eq(self.request.address), written.eq(self.request.data)]
        here, fixed = (place >> 2 == registers.REGISTERS[name].address >> 2 for name in ("LENGTH", "ID"))
        with m.If(answered & here & write & ~response.p.error):
            m.d.sync += [length.eq(written), known.eq(1)]
        m.d.comb += [
            Assert(stays(m, response.valid, self.ready, Value.cast(response.payload))),
            Assert(response.valid == owed),
            Assert(~due | response.valid),
            Assert(~(request.ready & owed)),
            Assert(~request.ready | self.valid),
            Assert(waits < self.WAIT),
            Assert(~(response.valid & (write | response.p.error)) | (response.p.data == 0)),
            Assert(~(response.valid & known & here & ~write) | (~response.p.error & (response.p.data == length))),
            Assert(~(response.valid & here & write) | ~response.p.error),
            Assert(~(response.valid & fixed) | Mux(write, response.p.error, response.p.data == registers.ID)),
            Cover(answered & here & ~write & known & (length != 0), "what was written is read"),
            Cover(answered & response.p.error, "an error is told"),
        ]
        return m
