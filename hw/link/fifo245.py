"""FTDI's asynchronous 245 FIFO: the bus of an FT2232H (FT232H, FT2232HP ...), with byte streams as a UART's."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from convolver.errors import DesignError

from .uart import BYTES

__all__ = ["FIFO245", "PINS", "Timing"]

PINS = {
    "data_i": In(8),
    "data_o": Out(8),
    "data_oe": Out(1),
    "rxf_n": In(1, init=1),
    "txe_n": In(1, init=1),
    "rd_n": Out(1, init=1),
    "wr_n": Out(1, init=1),
}
"""Pins of a `FIFO245`, with the chip's names: `rxf_n` is low while the chip has a byte, `txe_n` while it has room."""

STROBE = 30
"""Shortest low time of RD# or WR#, in nanoseconds: T4, T10 of the data sheet."""

ANSWER = 14
"""Longest time from an edge of RD# or WR# to data (T3) and to RXF# or TXE# (T1, T6), in nanoseconds."""

SETUP = 5
"""Time from data to the falling edge of WR#, in nanoseconds: T8."""

HOLD = 20
"""Hold time of data after the rising edge of WR#, in nanoseconds: T9. It is 5 for the FT232H; others quote 20 for the
FT2232H."""

MARGIN = 4
"""Greatest difference between the delays to and from the chip, in nanoseconds."""


class Timing:
    """The chip's timing, in clocks of `clock_hz`, each rounded up.

    Attributes
    ----------
    strobe : RD# or WR# is low.
    settle : from the end of a strobe until RXF# or TXE# is valid for the next byte, and the data bus is free.
    setup, hold : data before WR# falls and after it rises.
    release : from the end of the data to RD#.
    """

    def __init__(self, clock_hz: int) -> None:
        def clocks(nanoseconds: int) -> int:
            return -(-(nanoseconds + MARGIN) * clock_hz // 10**9)

        self.strobe = clocks(STROBE)
        self.settle = clocks(ANSWER)
        self.setup = clocks(SETUP)
        self.hold = clocks(HOLD)
        self.release = clocks(0)


class FIFO245(wiring.Component):
    """Exchanges bytes with an FT2232H in asynchronous 245 FIFO mode, over one bus for both directions.

    At 100 MHz a byte takes 11 to 13 clocks to read and 12 to 14 to write if bytes go one way only (7.1 to 9.1 MB/s,
    depending on the chip's speed within the limits of its data sheet). A byte each way takes 15 clocks (6.7 MB/s each
    way): reads and writes alternate while both are possible. A byte is offered at `o` with the rising edge of RD#,
    `strobe` + 2 clocks after the edge that samples RXF#. WR# falls `setup` + 2 clocks after a byte was accepted at `i`,
    if the bus is free. No read begins while a byte waits at `o`. A reset ends a strobe at once: the byte of that strobe
    may be lost, but none after it.

    The times are from FTDI's data sheet of the FT232H, DS_FT232H 2.1, section 4.5 "FT245 Style Asynchronous FIFO
    Interface Mode Description", table 4.2: the FT2232H's channels have the same interface. It doesn't specify the bus's
    turn-around: the chip gets as much time to release the bus as to drive it.

    Parameters
    ----------
    clock_hz : int
        Frequency of `sync`, 1 MHz to 400 MHz.

    Ports
    -----
    data_i, data_o, data_oe : the data pins. All outputs are registers.
    rxf_n, txe_n : the chip's status, asynchronous.
    rd_n, wr_n : strobes.
    i, o : bytes to send, and received bytes.
    framing, overrun : never high: this bus loses nothing.

    Raises
    ------
    DesignError
        If `clock_hz` is out of its range.
    """

    def __init__(self, clock_hz: int) -> None:
        if isinstance(clock_hz, bool) or not isinstance(clock_hz, int) or not 10**6 <= clock_hz <= 4 * 10**8:
            raise DesignError(f"Clock of a FIFO must be an integer between 1000000 and 400000000 Hz, not {clock_hz!r}")
        self.timing = Timing(clock_hz)
        super().__init__(PINS | BYTES)
        # Vivado's attribute for a register in the I/O pad, which keeps the skew between pins small.
        for register in (self.rd_n, self.wr_n, self.data_o, self.o.payload):
            register.attrs["IOB"] = "TRUE"

    def elaborate(self, platform: object) -> Module:
        m = Module()
        timing = self.timing

        # The status belongs to the byte before until it has settled and passed the synchroniser. Reset starts in this
        # state, as the chip may still be driving the bus.
        blind = timing.settle + 1
        rxf_n, txe_n = Signal(init=1), Signal(init=1)
        m.submodules.rxf = FFSynchronizer(self.rxf_n, rxf_n, init=1)
        m.submodules.txe = FFSynchronizer(self.txe_n, txe_n, init=1)
        read_blind, write_blind = Signal(range(blind + 1), init=blind), Signal(range(blind + 1), init=blind)
        for count in (read_blind, write_blind):
            with m.If(count != 0):
                m.d.sync += count.eq(count - 1)

        full = Signal()
        m.d.comb += self.i.ready.eq(~full)
        with m.If(self.i.valid & ~full):
            m.d.sync += [self.data_o.eq(self.i.payload), full.eq(1)]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)

        # The direction that used the bus last is still blind when the bus is free: so reads and writes alternate.
        may_read, may_write = Signal(), Signal()
        m.d.comb += [
            may_read.eq(~rxf_n & (read_blind == 0) & ~self.o.valid),
            may_write.eq(~txe_n & (write_blind == 0) & full),
        ]

        times = (timing.strobe, timing.settle, timing.setup, timing.hold, timing.release)
        timer, expired = Signal(range(max(times))), Signal()
        m.d.comb += expired.eq(timer == 0)
        with m.If(~expired):
            m.d.sync += timer.eq(timer - 1)

        with m.FSM():
            # Nobody drives the bus. The clock that leaves this state is the last one of the required free time.
            with m.State("IDLE"):
                with m.If(may_read):
                    m.d.sync += [self.rd_n.eq(0), timer.eq(timing.strobe - 1)]
                    m.next = "READ"
                with m.Elif(may_write):
                    m.d.sync += [self.data_oe.eq(1), timer.eq(timing.setup - 1)]
                    m.next = "SETUP"

            with m.State("READ"):
                with m.If(expired):
                    m.d.sync += [self.rd_n.eq(1), self.o.payload.eq(self.data_i), self.o.valid.eq(1), read_blind.eq(blind)]
                    _leave(m, timer, timing.settle)

            with m.State("SETUP"):
                with m.If(expired):
                    m.d.sync += [self.wr_n.eq(0), timer.eq(timing.strobe - 1)]
                    m.next = "WRITE"

            with m.State("WRITE"):
                with m.If(expired):
                    m.d.sync += [self.wr_n.eq(1), timer.eq(timing.hold - 1), write_blind.eq(blind)]
                    m.next = "HOLD"

            with m.State("HOLD"):
                with m.If(expired):
                    m.d.sync += [self.data_oe.eq(0), full.eq(0)]
                    _leave(m, timer, timing.release)

            with m.State("FREE"):
                with m.If(timer <= 1):
                    m.next = "IDLE"

        return m


def _leave(m: Module, timer: Signal, clocks: int) -> None:
    """Leaves the bus undriven for `clocks` clocks; the last of them is the one in `IDLE`."""
    m.d.sync += timer.eq(clocks - 1)
    m.next = "IDLE" if clocks == 1 else "FREE"
