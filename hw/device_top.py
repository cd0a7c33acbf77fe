"""The whole device, for any board: a UART, the link, the accelerator."""

from amaranth.hdl import Module, ResetInserter
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.hw.accelerator import Accelerator
from convolver.hw.link import Link
from convolver.hw.packing import ResultPacker, SampleUnpacker, byte_count, result_bytes
from convolver.hw.uart import UARTReceiver, UARTTransmitter, divisor_for

__all__ = ["Device"]


class Device(wiring.Component):
    """An accelerator behind a UART, 8 data bits, no parity, one stop bit; docs/link.md says what goes over it.

    The line sets the pace: a byte of samples every ``10 * clock_hz / baud`` clocks, 6 % less for what the frames need. The core
    takes one sample a clock as they come, and stands still in between.

    Parameters
    ----------
    design : FIRDesign or Conv2DDesign
        What to compute.
    clock_hz : int
        Frequency of the clock.
    baud : int
        Bits a second on the line; at most a quarter of `clock_hz`.
    serial_number : int
        32 bits that the host is told.
    slots : int
        Frames of 256 bytes in either ring of the link; a power of two between 2 and 64.
    core : Component, optional
        A core of the same ports to use instead of ``convolver.hw.core.create(design)``.

    Ports
    -----
    rx, tx : the line.
    session : a host has begun a session, for a lamp.
    fault : something that came over the line was dropped since the session began, for another.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """

    def __init__(
        self,
        design: FIRDesign | Conv2DDesign,
        clock_hz: int,
        baud: int,
        serial_number: int = 0,
        slots: int = 8,
        core: wiring.Component | None = None,
    ) -> None:
        divisor = divisor_for(clock_hz, baud)
        self.design = design
        self.link = Link(clock_hz, byte_count(design.sample), result_bytes(design), serial_number, slots)
        self.receiver, self.transmitter = UARTReceiver(divisor), UARTTransmitter(divisor)
        self.accelerator = Accelerator(design, core)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "session": Out(1), "fault": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        receiver, transmitter, link, accelerator = self.receiver, self.transmitter, self.link, self.accelerator
        unpacker, packer = SampleUnpacker(self.design), ResultPacker(self.design)
        m.submodules.receiver = receiver
        m.submodules.transmitter = transmitter
        m.submodules.link = link
        m.submodules.unpacker = ResetInserter(link.restart)(unpacker)
        m.submodules.packer = ResetInserter(link.restart)(packer)
        m.submodules.accelerator = ResetInserter(link.restart)(accelerator)

        connect(m, receiver.o, link.i)
        connect(m, link.o, transmitter.i)
        connect(m, link.samples, unpacker.i)
        connect(m, unpacker.o, accelerator.i)
        connect(m, accelerator.o, packer.i)
        connect(m, packer.o, link.results)
        connect(m, link.bus, accelerator.bus)
        sizes = ("rows", "columns") if isinstance(self.design, Conv2DDesign) else ("length",)
        for name in sizes:
            m.d.comb += getattr(unpacker, name).eq(getattr(accelerator, name))
        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            link.handed.eq(unpacker.empty),
            link.framing.eq(receiver.framing),
            link.overrun.eq(receiver.overrun),
            self.session.eq(link.session),
            self.fault.eq(link.drops != 0),
        ]
        return m
