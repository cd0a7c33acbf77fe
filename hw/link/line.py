"""Clock-domain crossing between a link and its UART.

Received bytes cross in an `amaranth.lib.fifo.AsyncFIFO`, single bits through `amaranth.lib.cdc`'s synchronisers. A byte
to send is held in a register while a synchronised valid bit crosses.
"""

from fractions import Fraction

from amaranth.hdl import DomainRenamer, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer, PulseSynchronizer
from amaranth.lib.fifo import AsyncFIFO
from amaranth.lib.wiring import connect, flipped

from ..stream.skid_buffer import SkidBuffer
from .uart import PORTS, UART

__all__ = ["Line"]

LINE_DEPTH = 2
"""Depth of the FIFO for received bytes: its comparison must fit in one clock of the line."""


class Line(wiring.Component):
    """A UART in domain `line` for a link in domain `sync`: 8 data bits, no parity, one stop bit.

    One byte each way every ``10 * divisor`` clocks of `line`, if a clock of `sync` is at most twice as long as a bit.
    The latency is about seven clocks of each side more than that of `UARTReceiver` and `UARTTransmitter`.

    Parameters
    ----------
    divisor : int or Fraction
        Clocks of `line` a bit; see `UARTReceiver`.

    Ports
    -----
    rx, tx : the line.
    i, o : bytes to send, and received bytes, in `sync`.
    framing, overrun : a byte was lost, see `UARTReceiver`; in `sync`.

    Raises
    ------
    DesignError
        If `divisor` is out of its range.
    """

    def __init__(self, divisor: int | Fraction) -> None:
        self.uart = UART(divisor)
        super().__init__(PORTS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        uart = self.uart
        in_line = DomainRenamer("line")
        m.submodules.uart = in_line(uart)
        m.submodules.received = received = AsyncFIFO(width=8, depth=LINE_DEPTH, w_domain="line", r_domain="sync")
        m.submodules.framing = framing = PulseSynchronizer("line", "sync")
        m.submodules.overrun = overrun = PulseSynchronizer("line", "sync")
        # Register slices: a FIFO's comparison and the receiver's counters don't fit in one clock of a fast line.
        # Neither does a FIFO's read multiplexer for the byte to send: a single byte is held instead, until the line has
        # taken it.
        m.submodules.taken = taken = in_line(SkidBuffer(8))
        m.submodules.slice = cut = in_line(SkidBuffer(8))
        connect(m, uart.o, taken.i)
        connect(m, taken.o, received.w_stream)
        connect(m, received.r_stream, flipped(self.o))
        byte, given, taken_over = Signal(8), Signal(), Signal()  # given, taken_over: they toggle with each byte
        coming, returned = Signal(), Signal()
        m.submodules.coming = FFSynchronizer(given, coming, o_domain="line")
        m.submodules.returned = FFSynchronizer(taken_over, returned, o_domain="sync")
        m.d.comb += [
            self.i.ready.eq(given == returned),
            cut.i.payload.eq(byte),
            cut.i.valid.eq(coming ^ taken_over),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [byte.eq(self.i.payload), given.eq(~given)]
        with m.If(cut.i.ready):
            m.d.line += taken_over.eq(coming)
        connect(m, cut.o, uart.i)
        m.d.comb += [
            uart.rx.eq(self.rx),
            self.tx.eq(uart.tx),
            framing.i.eq(uart.framing),
            overrun.i.eq(uart.overrun),
            self.framing.eq(framing.o),
            self.overrun.eq(overrun.o),
        ]
        return m
