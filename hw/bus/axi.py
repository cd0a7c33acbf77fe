"""The accelerator as an AXI block for other systems: AXI4-Stream for samples, AXI4-Lite for registers."""

from amaranth.hdl import Cat, ClockDomain, Const, DomainRenamer, Module, Mux, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out, connect

from convolver.clocking import Clocking
from convolver.designs import Design
from convolver.errors import DesignError
from convolver.plan.beats import beat_of
from convolver.plan.lowering import lower
from convolver.plan.marks import framing_of, marks_of
from convolver.plan.shell import block_latency
from convolver.plan.target import TargetLike
from convolver.shell import Shell

from ..cores.core import create
from ..stream.data_register import DataRegister
from .accelerator import Accelerator
from .bare import BareAccelerator
from .crossing import BusCrossing
from .packing import padded
from .registers import ADDRESS_WIDTH, BUS, described
from .reset import ResetEntry

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

    All inputs and outputs are registered. A read response comes six clocks after its address or later, a write response
    seven clocks or later. A response that isn't taken delays only responses of its kind. The lowest two address bits
    and the protection bits are ignored. A write that doesn't write all four bytes is refused with SLVERR, and so is a
    request that the bus refuses.

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
        write_address, read_address, address = (
            DataRegister(ADDRESS_WIDTH - 2, name=name) for name in ("write_address", "read_address", "address")
        )
        write_data, write_whole = DataRegister(32), DataRegister()
        # Each ready is a register, high while its channel's register is empty. An empty register samples its port in
        # every clock, so no handshake enables it. The values of a response may change while it isn't offered.
        have_address, have_data, have_read = Signal(), Signal(), Signal()
        with m.If(~have_address):
            m.d.sync += write_address.eq(self.awaddr[2:])
        with m.If(~have_data):
            m.d.sync += [write_data.eq(self.wdata), write_whole.eq(self.wstrb.all())]
        with m.If(~have_read):
            m.d.sync += read_address.eq(self.araddr[2:])
        code = Cat(Const(0, 1), response.p.error)  # OKAY or SLVERR
        with m.If(~self.rvalid):
            m.d.sync += [self.rresp.eq(code), self.rdata.eq(response.p.data)]

        # One register for each state. Idle: takes up a read or a write; reads also while a write response waits. A
        # write is checked for whole words. Then the request is sent and answered. The next request is known one clock
        # later.
        idle, checks, asks, waits, offers = Signal(init=1), Signal(), Signal(), Signal(), Signal()
        writing = Signal()  # the current or last request is a write
        can_write, can_read = Signal(), Signal()
        with m.If(~self.bvalid):
            m.d.sync += self.bresp.eq(Mux(checks, SLVERR, code))
        with m.If(idle):
            m.d.sync += [writing.eq(can_write), address.eq(Mux(can_write, write_address, read_address))]
        refused, taken, answered = checks & ~write_whole, asks & request.ready, waits & response.valid
        written = (taken & writing) | refused
        m.d.sync += [
            can_write.eq(have_address & have_data & ~self.bvalid),
            can_read.eq(have_read & ~self.rvalid),
            idle.eq(offers | (idle & ~can_write & ~can_read)),
            checks.eq(idle & can_write),
            asks.eq((idle & ~can_write & can_read) | (checks & write_whole) | (asks & ~request.ready)),
            waits.eq(taken | (waits & ~response.valid)),
            offers.eq(refused | answered),
            have_address.eq(Mux(have_address, ~written, self.awvalid)),
            have_data.eq(Mux(have_data, ~written, self.wvalid)),
            have_read.eq(Mux(have_read, ~(taken & ~writing), self.arvalid)),
            self.bvalid.eq(refused | (answered & writing) | (self.bvalid & ~self.bready)),
            self.rvalid.eq((answered & ~writing) | (self.rvalid & ~self.rready)),
        ]
        m.d.comb += [
            self.awready.eq(~have_address),
            self.wready.eq(~have_data),
            self.arready.eq(~have_read),
            request.valid.eq(asks),
            request.p.address.eq(Cat(Const(0, 2), address)),
            request.p.write.eq(writing),
            request.p.data.eq(write_data),
            response.ready.eq(waits),
        ]
        return m


def ports(design: Design, clocking: Clocking | None = None, shell: Shell | None = None) -> dict[str, Member]:
    """The ports of a design's `AXIAccelerator`, in the order of the Verilog template."""
    clocking, shell = clocking or Clocking(), (shell or Shell()).of(design)
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
    carried = {"eol": "tuser", "keep": "tkeep"}
    for mark in carried.keys() - marks_of(design).keys():
        del streams[f"s_axis_{carried[mark]}"], streams[f"m_axis_{carried[mark]}"]
    if not shell.waits:
        del streams["s_axis_tready"], streams["m_axis_tready"]
    if not shell.has_registers:
        if clocking.own:
            raise DesignError('AXI clock must be "shared" where there are no registers, not "own"')
        strobes = {f"error_{name}_stb": Out(1) for name in framing_of(design).errors}
        return {"aclk": In(1), clocking.reset_pin: In(1), **streams, **strobes}
    registers = {f"s_axi_{name}": member for name, member in AXI_LITE.items()}
    if clocking.own:
        registers = {"s_axi_aclk": In(1), f"s_axi_{clocking.reset_pin}": In(1)} | registers
    return {"aclk": In(1), clocking.reset_pin: In(1), **streams, **registers}


class AXIAccelerator(wiring.Component):
    """A design's accelerator with AXI4-Stream ports and, if it has registers, AXI4-Lite ports, for a block design in
    any tool.

    One beat a clock in and one out, of one sample or of the design's `pixels_per_clock`; latency `latency` clocks; full
    back-pressure both ways, or none; no combinational path from any input to any output. AMD's IP packager recognises
    the names; they become the Verilog's port names.

    Parameters
    ----------
    design : Design
        What to compute.
    family : {"ecp5", "ice40", "7-series"}, optional
        Target device family of the core; by default any.
    clocking : Clocking, optional
        Clocks and resets; by default one of each, active low and synchronous.
    shell : Shell, optional
        The shell around the core; by default what the design needs: see `Shell.of`.

    Members
    -------
    aclk, aresetn : In(1)
        Clock, and reset of one clock or longer; `areset` if it is active high. After a reset the block is closed for
        `ResetEntry.CLOCKS` clocks: nothing is valid and nothing is ready.
    s_axi_aclk, s_axi_aresetn : In(1), if these ports have their own clock
        Clock and reset of the AXI4-Lite ports. Either reset may come alone. The streams' reset resets everything but
        the AXI4-Lite ports, and a request in progress is completed after it. The other reset resets only these ports.
    s_axis_tdata, s_axis_tvalid, s_axis_tready, s_axis_tlast, s_axis_tuser : samples
        One sample a beat, in the lower bits; bits above it are ignored. 2-D follows the AXI4-Stream video convention:
        `tuser` with a frame's first pixel, `tlast` with every line's last. FIR: `tlast` with a frame's last sample; the
        sample after it, or after reset, is the next frame's first; no `tuser`.
    s_axis_tkeep, m_axis_tkeep : with several pixels a beat
        A bit for each byte. All are set, except in a line's last beat, which sets those of the remaining pixels. Each
        sample takes whole bytes; the leftmost pixel is lowest, and in a pixel the first plane.
    m_axis_tdata, m_axis_tvalid, m_axis_tready, m_axis_tlast, m_axis_tuser : results
        With the same marks; signed results are sign-extended to whole bytes. With several results for each pixel, the
        first kernel's is lowest.
    s_axi_awaddr ... s_axi_rready : AXI4-Lite, if there are registers
        See `AXILiteFront` and docs/registers.md.
    error_first_stb, error_orphan_stb, error_eol_stb : Out(1), for images without registers
        Error strobes of the core, one clock each; see docs/registers.md.

    Raises
    ------
    DesignError
        If the description is too long (`convolver.hw.bus.registers.description`), or the shell doesn't suit the design.
    """

    def __init__(
        self,
        design: Design,
        family: TargetLike = None,
        clocking: Clocking | None = None,
        shell: Shell | None = None,
    ) -> None:
        self.shell = shell = (shell or Shell()).of(design)
        described(design, shell)  # raises here instead of in `elaborate`
        self.plan = lower(design, family)
        block_latency(self.plan, shell)
        self.design = design
        self.clocking = clocking = clocking or Clocking()
        self.framing = framing_of(design)
        super().__init__(ports(design, clocking, shell))
        # AMD's IP packager reads these attributes; otherwise it guesses the clock of each stream.
        shared = ["s_axi"] * (shell.has_registers and not clocking.own)
        self._tell("", ["s_axis", "m_axis", *shared])
        if clocking.own:
            self._tell("s_axi_", ["s_axi"])

    def _tell(self, prefix: str, interfaces: list[str]) -> None:
        """Adds the attributes that name the interfaces of a clock and its reset."""
        clock, pin = f"{prefix}aclk", f"{prefix}{self.clocking.reset_pin}"
        attributes = getattr(self, clock).attrs
        attributes["X_INTERFACE_INFO"] = f"xilinx.com:signal:clock:1.0 {clock} CLK"
        attributes["X_INTERFACE_PARAMETER"] = f"ASSOCIATED_BUSIF {':'.join(interfaces)}, ASSOCIATED_RESET {pin}"
        attributes = getattr(self, pin).attrs
        attributes["X_INTERFACE_INFO"] = f"xilinx.com:signal:reset:1.0 {pin} RST"
        attributes["X_INTERFACE_PARAMETER"] = f"POLARITY ACTIVE_{'LOW' if self.clocking.low else 'HIGH'}"

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a beat to the offer of the result that it completes, without stalls."""
        return block_latency(self.plan, self.shell)[0]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Registers of `ResetEntry` reset the block part by part: no domain has a reset of its own.
        m.domains.sync = domain = ClockDomain("sync", reset_less=True)
        domain.clk = self.aclk
        m.submodules.reset = reset = ResetEntry(self.clocking)
        m.d.comb += reset.pin.eq(getattr(self, self.clocking.reset_pin))

        shell, core = self.shell, create(self.design, self.plan.target, self.shell)
        accelerator: Accelerator | BareAccelerator
        if shell.has_registers:
            accelerator = Accelerator(self.design, core, shell)
        else:
            accelerator = BareAccelerator(self.design, core)
            strobes = ((getattr(self, f"error_{name}_stb"), accelerator.errors[name]) for name in self.framing.errors)
            m.d.comb += [port.eq(strobe & ~reset.closed) for port, strobe in strobes]
        m.submodules.accelerator = ResetInserter(reset.first)(accelerator)
        entry, taken = accelerator.i, Const(1)
        if shell.waits:
            cut = core.slice(accelerator.i.payload.shape())
            m.submodules.slice = ResetInserter(reset.first)(cut)
            connect(m, cut.o, accelerator.i)
            entry, taken = cut.i, self.m_axis_tready
            m.d.comb += self.s_axis_tready.eq(cut.i.ready & ~reset.closed)
        if isinstance(accelerator, Accelerator):
            self._connect_registers(m, accelerator, reset)

        pixels = self.design.pixels_per_clock
        number = self.design.sample
        for lane in range(pixels * self.design.planes):
            sample = self.s_axis_tdata.word_select(lane, 8 * number.bytes)[: number.width]
            m.d.comb += Value.cast(entry.p.data).word_select(lane, number.width).eq(sample)
        for mark in beat_of(self.design).marks:  # a bit a pixel, for which these have one a byte
            ours, theirs = getattr(self, f"s_axis_t{mark}"), getattr(self, f"m_axis_t{mark}")
            width = len(ours) // pixels
            given = [ours.word_select(lane, width) for lane in range(pixels)]
            torn = Cat(there.any() & ~there.all() for there in given).any()  # a pixel with only some of its bytes
            m.d.comb += [kept.eq(there.all() & ~torn) for kept, there in zip(entry.p[mark], given, strict=True)]
            for lane, kept in enumerate(accelerator.o.p[mark]):
                width = len(theirs) // pixels
                m.d.comb += theirs.word_select(lane, width).eq(kept.replicate(width))
        m.d.comb += [
            entry.valid.eq(self.s_axis_tvalid & ~reset.closed),
            self.m_axis_tdata.eq(padded(accelerator.o.p.data, self.design)),
            self.m_axis_tvalid.eq(accelerator.o.valid & ~reset.closed),
            accelerator.o.ready.eq(taken),
        ]
        for mark in self.framing.made:
            behind = Signal(init=1, name=mark)
            with m.If(reset.first):
                m.d.sync += behind.eq(1)
            with m.Elif(entry.valid & entry.ready):
                m.d.sync += behind.eq(self.s_axis_tlast)
            m.d.comb += entry.p[mark].eq(behind)
        for name, mark in self.framing.carried.items():
            ours, theirs = getattr(self, f"s_axis_{name}"), getattr(self, f"m_axis_{name}")
            m.d.comb += [entry.p[mark].eq(ours), theirs.eq(accelerator.o.p[mark])]
        return m

    def _connect_registers(self, m: Module, accelerator: Accelerator, reset: ResetEntry) -> None:
        """Connects the AXI4-Lite ports to the registers, through a crossing if the ports have their own clock."""
        front = AXILiteFront()
        if self.clocking.own:
            m.domains.axi = domain = ClockDomain("axi", reset_less=True)
            domain.clk = self.s_axi_aclk
            in_axi = DomainRenamer("axi")
            own = ResetEntry(self.clocking)
            m.submodules.axi_reset = in_axi(own)
            m.submodules.axi_lite = in_axi(ResetInserter(own.first)(front))
            m.submodules.crossing = crossing = BusCrossing()
            m.d.comb += [
                own.pin.eq(getattr(self, f"s_axi_{self.clocking.reset_pin}")),
                crossing.bus_reset.eq(own.first),
                crossing.far_reset.eq(reset.first),
            ]
            connect(m, front.bus, crossing.bus)
            connect(m, crossing.far_bus, accelerator.bus)
            closed = own.closed
        else:
            m.submodules.axi_lite = ResetInserter(reset.second)(front)
            connect(m, front.bus, accelerator.bus)
            closed = reset.closed
        for name, member in AXI_LITE.items():
            inner, outer = getattr(front, name), getattr(self, f"s_axi_{name}")
            if name.endswith("valid") or (name.endswith("ready") and member.flow is Out):
                m.d.comb += inner.eq(outer & ~closed) if member.flow is In else outer.eq(inner & ~closed)
            else:
                m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)
