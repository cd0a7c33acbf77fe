"""UART, 8 data bits, no parity, one stop bit: a receiver and a transmitter with byte streams."""

from fractions import Fraction
from itertools import pairwise
from math import floor

from amaranth.hdl import Array, C, Cat, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convolver.errors import DesignError

__all__ = ["BYTES", "PINS", "PORTS", "UART", "UARTReceiver", "UARTTransmitter", "divisor_for"]

BITS = 10
"""Bits of a byte on the line: start bit, eight data bits, stop bit."""

PINS = {"rx": In(1, init=1), "tx": Out(1, init=1)}
"""The line."""

BYTES = {"i": In(stream.Signature(8)), "o": Out(stream.Signature(8)), "framing": Out(1), "overrun": Out(1)}
"""Ports between pins and bytes: bytes to send, received bytes, and strobes for lost bytes."""

PORTS = PINS | BYTES
"""Ports of a `UART`."""


def _divisor(divisor: int | Fraction) -> Fraction:
    if isinstance(divisor, bool) or not isinstance(divisor, int | Fraction) or not 4 <= divisor <= 65535:
        raise DesignError(f"Divisor must be an integer or a Fraction between 4 and 65535 clocks a bit, not {divisor!r}")
    return Fraction(divisor)


def divisor_for(clock_hz: int, baud: int) -> Fraction:
    """Clocks a bit at `baud` baud.

    Raises
    ------
    DesignError
        If the baud rate is out of the UART's range.
    """
    if isinstance(baud, bool) or not isinstance(baud, int) or not 0 < 4 * baud <= clock_hz:
        raise DesignError(f"Baud must be an integer between 1 and a quarter of the clock, {clock_hz // 4}, not {baud!r}")
    return _divisor(Fraction(clock_hz, baud))


def _gaps(edges: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(edges)]


class UARTReceiver(wiring.Component):
    """Receives bytes from a line: one byte every ``10 * divisor`` clocks, offered in the middle of its stop bit.

    Every bit is sampled once, in its middle, counted from the edge of the start bit. The search for the next start bit
    begins in the middle of the stop bit. So a sender may be half a bit in ten too fast or too slow: about 4 % at 16
    clocks a bit, 2 % at 4. A start bit that ends before its middle is noise, and ignored.

    Parameters
    ----------
    divisor : int or Fraction
        Clocks a bit, 4 to 65535. With a fraction (25 MHz at 3 Mbaud: 25/3) each bit is sampled at the clock nearest to
        its middle.

    Ports
    -----
    rx : the line, asynchronous; high when idle.
    o : the bytes. A byte can wait for the time of one byte.
    overrun : high for one clock when a byte was dropped because the one before had not been taken.
    framing : high for one clock when a byte was dropped because its stop bit was low.

    Raises
    ------
    DesignError
        If `divisor` is out of its range.
    """

    def __init__(self, divisor: int | Fraction) -> None:
        self.divisor = _divisor(divisor)
        super().__init__(
            {
                "rx": In(1, init=1),
                "o": Out(stream.Signature(8)),
                "overrun": Out(1),
                "framing": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        # The edge of the start bit is, on average, half a clock before the clock that samples it: so middles round
        # down.
        middles = [floor(self.divisor * (2 * bit + 1) / 2) for bit in range(BITS)]
        gaps = _gaps([0, *middles])
        metastable, line = Signal(init=1), Signal(init=1)
        timer = Signal(range(max(gaps)))
        expired = Signal()
        bit = Signal(range(BITS))
        shift = Signal(8)

        m.d.sync += [metastable.eq(self.rx), line.eq(metastable)]
        m.d.comb += expired.eq(timer == 0)
        m.d.sync += timer.eq(timer - 1)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [timer.eq(gaps[0] - 1), bit.eq(0)]
                with m.If(~line):
                    m.next = "BITS"

            with m.State("BITS"):
                with m.If(expired):
                    m.d.sync += [
                        timer.eq(_pick(gaps[1:], bit) - 1),
                        bit.eq(bit + 1),
                        shift.eq(Cat(shift[1:], line)),
                    ]
                    with m.If((bit == 0) & line):
                        m.next = "IDLE"
                    with m.If(bit == BITS - 1):
                        # `shift` still holds the eight bits of data: the stop bit enters it with this clock.
                        with m.If(~line):
                            m.d.comb += self.framing.eq(1)
                            m.next = "BREAK"
                        with m.Else():
                            m.d.comb += self.overrun.eq(self.o.valid & ~self.o.ready)
                            with m.If(~self.overrun):
                                m.d.sync += [self.o.payload.eq(shift), self.o.valid.eq(1)]
                            m.next = "IDLE"

            with m.State("BREAK"):
                with m.If(line):
                    m.next = "IDLE"

        return m


class UARTTransmitter(wiring.Component):
    """Sends bytes on a line: one byte every ``floor(10 * divisor)`` clocks, without a gap while bytes keep coming.

    The start bit begins one clock after a byte was accepted. The transmitter is never slower than the line: a slower
    one would lose bytes of a long echo.

    Parameters
    ----------
    divisor : int or Fraction
        Clocks a bit, 4 to 65535. With a fraction every edge is at the clock nearest to its exact time.

    Ports
    -----
    i : the bytes.
    tx : the line, from a register; high when idle.

    Raises
    ------
    DesignError
        If `divisor` is out of its range.
    """

    def __init__(self, divisor: int | Fraction) -> None:
        self.divisor = _divisor(divisor)
        super().__init__({"i": In(stream.Signature(8)), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()

        edges = [floor(self.divisor * bit + Fraction(1, 2)) for bit in range(BITS)]
        gaps = _gaps([*edges, floor(self.divisor * BITS)])
        timer = Signal(range(max(gaps)))
        expired = Signal()
        bit = Signal(range(BITS), init=BITS - 1)
        shift = Signal(9, init=-1)

        # When idle, the last clock of a stop bit is extended: the next byte follows at once.
        m.d.comb += [
            self.tx.eq(shift[0]),
            expired.eq(timer == 0),
            self.i.ready.eq(expired & (bit == BITS - 1)),
        ]
        with m.If(~expired):
            m.d.sync += timer.eq(timer - 1)
        with m.Elif(bit != BITS - 1):
            m.d.sync += [
                timer.eq(_pick(gaps[1:], bit) - 1),
                bit.eq(bit + 1),
                shift.eq(Cat(shift[1:], C(1, 1))),
            ]
        with m.Elif(self.i.valid):
            m.d.sync += [
                timer.eq(gaps[0] - 1),
                bit.eq(0),
                shift.eq(Cat(C(0, 1), self.i.payload)),
            ]

        return m


class UART(wiring.Component):
    """A receiver and a transmitter with the same baud rate, in one clock domain.

    Parameters
    ----------
    divisor : int or Fraction
        Clocks a bit; see `UARTReceiver`.

    Ports
    -----
    rx, tx : the line.
    i, o : bytes to send, and received bytes.
    framing, overrun : a received byte was lost, see `UARTReceiver`.

    Raises
    ------
    DesignError
        If `divisor` is out of its range.
    """

    def __init__(self, divisor: int | Fraction) -> None:
        self.receiver, self.transmitter = UARTReceiver(divisor), UARTTransmitter(divisor)
        super().__init__(PORTS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.receiver = receiver = self.receiver
        m.submodules.transmitter = transmitter = self.transmitter
        connect(m, receiver.o, flipped(self.o))
        connect(m, flipped(self.i), transmitter.i)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            self.framing.eq(receiver.framing),
            self.overrun.eq(receiver.overrun),
        ]
        return m


def _pick(gaps: list[int], bit: Signal) -> Value:
    """The gap after `bit`; a constant if all gaps are equal."""
    if len(set(gaps)) == 1:
        return C(gaps[0])
    return Array(C(gap, max(gaps).bit_length()) for gap in [*gaps, gaps[-1]])[bit]
