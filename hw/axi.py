"""The accelerator as an AXI block for other people's systems: AXI4-Stream for samples, AXI4-Lite for registers."""

from amaranth.hdl import Cat, ClockDomain, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out, connect

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.hw.accelerator import Accelerator
from convolver.hw.core import create
from convolver.hw.packing import padded
from convolver.hw.registers import ADDRESS_WIDTH, BUS, description
from convolver.hw.stream import SkidBuffer
from convolver.schedule import Family, Schedule

__all__ = ["AXIAccelerator", "AXILiteFront", "ports"]

OKAY, SLVERR = 0b00, 0b10

AXI_LITE = {
    "awaddr": In(ADDRESS_WIDTH),
    "awprot": In(3),
    "awvalid": In(1),
    "awready": Out(1),
    "wdata": In(32),
    "wstrb": In(4),
    "wvalid": In(1),
    "wready": Out(1),
    "bresp": Out(2),
    "bvalid": Out(1),
    "bready": In(1),
    "araddr": In(ADDRESS_WIDTH),
    "arprot": In(3),
    "arvalid": In(1),
    "arready": Out(1),
    "rdata": Out(32),
    "rresp": Out(2),
    "rvalid": Out(1),
    "rready": In(1),
}
"""The ports of an AXI4-Lite subordinate, without their prefix."""


class AXILiteFront(wiring.Component):
    """Turns AXI4-Lite into requests on the register bus, one at a time, reads and writes in turn.

    Its ready and valid outputs are registers. A read or a write is answered at the earliest five clocks after its address; a
    response that isn't taken holds up others of its kind only. The lowest two address bits and the protection bits are
    ignored. A write that doesn't write all four bytes is refused with SLVERR, and so is what the bus refuses.

    Members
    -------
    awaddr ... rready : AXI4-Lite
        As named by the standard.
    bus : Out(BUS)
        The requests and responses.
    """

    def __init__(self) -> None:
        super().__init__({**AXI_LITE, "bus": Out(BUS)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request, response = self.bus.request, self.bus.response
        write_address, write_data, read_address = Signal(ADDRESS_WIDTH - 2), Signal(32), Signal(ADDRESS_WIDTH - 2)
        write_whole = Signal()
        # Each ready is a register, high while its channel's register is empty.
        have_address, have_data, have_read = Signal(), Signal(), Signal()
        m.d.comb += [self.awready.eq(~have_address), self.wready.eq(~have_data), self.arready.eq(~have_read)]
        with m.If(self.awvalid & self.awready):
            m.d.sync += [write_address.eq(self.awaddr[2:]), have_address.eq(1)]
        with m.If(self.wvalid & self.wready):
            m.d.sync += [write_data.eq(self.wdata), write_whole.eq(self.wstrb.all()), have_data.eq(1)]
        with m.If(self.arvalid & self.arready):
            m.d.sync += [read_address.eq(self.araddr[2:]), have_read.eq(1)]
        with m.If(self.bready):
            m.d.sync += self.bvalid.eq(0)
        with m.If(self.rready):
            m.d.sync += self.rvalid.eq(0)

        writing = Signal()  # the request that is under way, or was the last
        can_write, can_read = Signal(), Signal()
        m.d.comb += [
            can_write.eq(have_address & have_data & ~self.bvalid),
            can_read.eq(have_read & ~self.rvalid),
            request.p.address.eq(Cat(Const(0, 2), Mux(writing, write_address, read_address))),
            request.p.write.eq(writing),
            request.p.data.eq(write_data),
        ]
        with m.FSM():
            with m.State("IDLE"):
                with m.If(can_write):  # reads get their turn while the response to a write is taken
                    m.d.sync += writing.eq(1)
                    with m.If(write_whole):
                        m.next = "REQUEST"
                    with m.Else():
                        m.d.sync += [have_address.eq(0), have_data.eq(0), self.bvalid.eq(1), self.bresp.eq(SLVERR)]
                with m.Elif(can_read):
                    m.d.sync += writing.eq(0)
                    m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.comb += request.valid.eq(1)
                with m.If(request.ready):
                    with m.If(writing):
                        m.d.sync += [have_address.eq(0), have_data.eq(0)]
                    with m.Else():
                        m.d.sync += have_read.eq(0)
                    m.next = "RESPONSE"
            with m.State("RESPONSE"):
                m.d.comb += response.ready.eq(1)
                with m.If(response.valid):
                    code = Cat(Const(0, 1), response.p.error)  # OKAY or SLVERR
                    with m.If(writing):
                        m.d.sync += [self.bvalid.eq(1), self.bresp.eq(code)]
                    with m.Else():
                        m.d.sync += [self.rvalid.eq(1), self.rresp.eq(code), self.rdata.eq(response.p.data)]
                    m.next = "IDLE"
        return m


def ports(design: FIRDesign | Conv2DDesign) -> dict[str, Member]:
    """The ports of a design's `AXIAccelerator`, in the order of its Verilog's template."""
    pixels, result = design.pixels_per_clock, 8 * design.result_bytes
    sample = 8 * design.planes * design.sample.bytes
    streams = {
        "s_axis_tdata": In(pixels * sample),
        "s_axis_tkeep": In(pixels * sample // 8),
        "s_axis_tvalid": In(1),
        "s_axis_tready": Out(1),
        "s_axis_tlast": In(1),
        "s_axis_tuser": In(1),
        "m_axis_tdata": Out(pixels * result),
        "m_axis_tkeep": Out(pixels * result // 8),
        "m_axis_tvalid": Out(1),
        "m_axis_tready": In(1),
        "m_axis_tlast": Out(1),
        "m_axis_tuser": Out(1),
    }
    if not isinstance(design, Conv2DDesign):
        del streams["s_axis_tuser"], streams["m_axis_tuser"]
    if pixels == 1:
        del streams["s_axis_tkeep"], streams["m_axis_tkeep"]
    registers = {f"s_axi_{name}": member for name, member in AXI_LITE.items()}
    return {"aclk": In(1), "aresetn": In(1), **streams, **registers}


class AXIAccelerator(wiring.Component):
    """A design's accelerator with AXI4-Stream and AXI4-Lite ports, for a block design in any tool.

    One beat a clock in and one out, of a sample or of a design's `pixels_per_clock`, latency `latency` clocks, full
    back-pressure both ways, no combinational path from any input to any output. Names are those that AMD's IP packager
    recognises; they become the Verilog's port names.

    Parameters
    ----------
    design : FIRDesign or Conv2DDesign
        What to compute.
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that the core is planned for; by default any.

    Members
    -------
    aclk, aresetn : In(1)
        Clock, and reset: active low, synchronous, one clock or longer.
    s_axis_tdata, s_axis_tvalid, s_axis_tready, s_axis_tlast, s_axis_tuser : samples
        One a beat in the lower bits; bits above the sample are ignored. 2-D, by the AXI4-Stream video convention: `tuser` at a
        frame's first pixel, `tlast` at every line's last. FIR: `tlast` at a frame's last sample; the sample behind it, or
        behind reset, is the next frame's first; no `tuser`.
    s_axis_tkeep, m_axis_tkeep : of several pixels a beat
        A bit for each byte: all are set but in a line's last beat, where those of the pixels that the line has are. Each sample
        is in whole bytes, the leftmost pixel's lowest, and of a pixel the first plane's.
    m_axis_tdata, m_axis_tvalid, m_axis_tready, m_axis_tlast, m_axis_tuser : results
        With the same marks; sign-extended to whole bytes where the output is signed. Of several results for each pixel, the
        first kernel's is lowest.
    s_axi_awaddr ... s_axi_rready : AXI4-Lite
        The registers; see `AXILiteFront` and docs/registers.md.

    Raises
    ------
    DesignError
        If the description is too long; see `convolver.hw.registers.description`.
    """

    def __init__(self, design: FIRDesign | Conv2DDesign, family: Family | None = None) -> None:
        description(design)  # raises now rather than when it is elaborated
        self.design = design
        self.family = family
        self.video = isinstance(design, Conv2DDesign)
        super().__init__(ports(design))
        # Read by AMD's IP packager, which otherwise guesses which clock a stream belongs to.
        self.aclk.attrs["X_INTERFACE_INFO"] = "xilinx.com:signal:clock:1.0 aclk CLK"
        self.aclk.attrs["X_INTERFACE_PARAMETER"] = "ASSOCIATED_BUSIF s_axis:m_axis:s_axi, ASSOCIATED_RESET aresetn"
        self.aresetn.attrs["X_INTERFACE_INFO"] = "xilinx.com:signal:reset:1.0 aresetn RST"
        self.aresetn.attrs["X_INTERFACE_PARAMETER"] = "POLARITY ACTIVE_LOW"

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a beat to the offer of the result that it completes, without stalls."""
        return Schedule(self.design, self.family).latency + 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = domain = ClockDomain("sync")
        domain.clk = self.aclk
        m.d.comb += domain.rst.eq(~self.aresetn)

        m.submodules.accelerator = accelerator = Accelerator(self.design, create(self.design, self.family))
        m.submodules.slice = cut = SkidBuffer(accelerator.i.payload.shape())
        m.submodules.axi_lite = axi_lite = AXILiteFront()
        connect(m, axi_lite.bus, accelerator.bus)
        connect(m, cut.o, accelerator.i)
        for name, member in AXI_LITE.items():
            inner, outer = getattr(axi_lite, name), getattr(self, f"s_axi_{name}")
            m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)

        pixels = self.design.pixels_per_clock
        number = self.design.sample
        for lane in range(pixels * self.design.planes):
            sample = self.s_axis_tdata.word_select(lane, 8 * number.bytes)[: number.width]
            m.d.comb += Value.cast(cut.i.p.data).word_select(lane, number.width).eq(sample)
        if pixels > 1:
            given = [self.s_axis_tkeep.word_select(lane, len(self.s_axis_tkeep) // pixels) for lane in range(pixels)]
            torn = Cat(keep.any() & ~keep.all() for keep in given).any()  # no pixel comes in parts: what there is fits nowhere
            m.d.comb += [kept.eq(keep.all() & ~torn) for kept, keep in zip(cut.i.p.keep, given, strict=True)]
            for lane, kept in enumerate(accelerator.o.p.keep):
                width = len(self.m_axis_tkeep) // pixels
                m.d.comb += self.m_axis_tkeep.word_select(lane, width).eq(kept.replicate(width))
        m.d.comb += [
            cut.i.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(cut.i.ready),
            self.m_axis_tdata.eq(padded(accelerator.o.p.data, self.design)),
            self.m_axis_tvalid.eq(accelerator.o.valid),
            accelerator.o.ready.eq(self.m_axis_tready),
        ]
        if self.video:
            m.d.comb += [
                cut.i.p.first.eq(self.s_axis_tuser),
                cut.i.p.eol.eq(self.s_axis_tlast),
                self.m_axis_tuser.eq(accelerator.o.p.first),
                self.m_axis_tlast.eq(accelerator.o.p.eol),
            ]
        else:
            first = Signal(init=1)
            with m.If(self.s_axis_tvalid & self.s_axis_tready):
                m.d.sync += first.eq(self.s_axis_tlast)
            m.d.comb += [
                cut.i.p.first.eq(first),
                cut.i.p.last.eq(self.s_axis_tlast),
                self.m_axis_tlast.eq(accelerator.o.p.last),
            ]
        return m
