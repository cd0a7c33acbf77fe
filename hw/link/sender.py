"""The link's sender: writes header, payload and CRC of frames."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.protocol import CRC_BYTES, HEADER_BYTES

from ..stream.layouts import framed
from .crc import crc32

__all__ = ["FrameSender"]


class FrameSender(wiring.Component):
    """Writes one frame at a time, without gaps. The first byte comes one cycle after `start`; a frame takes 12 cycles
    more than its payload.

    Ports
    -----
    start : write a frame; only while not `busy`.
    type, seq, length : of the frame, with `start`.
    poll, resend : flags of the frame, with `start`.
    session, ack, limit : read as the header leaves, `limit` together with `ack`.
    index : place of the next byte of the payload.
    data : that byte, one cycle later.
    o : the frame's bytes.
    busy : a frame is being written.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "start": In(1),
                "type": In(8),
                "seq": In(8),
                "length": In(9),
                "poll": In(1),
                "resend": In(1),
                "session": In(16),
                "ack": In(8),
                "limit": In(8),
                "index": Out(8),
                "data": In(8),
                "o": Out(stream.Signature(framed)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.crc = crc = crc32()

        kind, seq, length, limit = Signal(8), Signal(8), Signal(9), Signal(8)
        poll, resend = Signal(), Signal()
        count = Signal(9)  # bytes of the current part that have left
        sent, inside = Signal(), Signal()
        m.d.comb += [
            sent.eq(self.o.valid & self.o.ready),
            crc.data.eq(self.o.p.data),
            # The next byte is addressed while this one leaves; during the header, the first byte.
            self.index.eq(Mux(inside, count + sent, 0)),
        ]

        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))

            with m.State("IDLE"):
                m.d.comb += crc.start.eq(1)
                m.d.sync += count.eq(0)
                with m.If(self.start):
                    m.d.sync += [
                        kind.eq(self.type),
                        seq.eq(self.seq),
                        length.eq(self.length),
                        poll.eq(self.poll),
                        resend.eq(self.resend),
                    ]
                    m.next = "HEADER"

            with m.State("HEADER"):
                fields = Cat(length, Const(0, 5), poll, resend)
                places = [kind, seq, self.ack, limit, self.session[:8], self.session[8:], fields[:8], fields[8:]]
                m.d.comb += [self.o.valid.eq(1), crc.valid.eq(sent)]
                with m.Switch(count):
                    for place, byte in enumerate(places):
                        with m.Case(place):
                            m.d.comb += self.o.p.data.eq(byte)
                with m.If(sent):
                    m.d.sync += count.eq(count + 1)
                    with m.If(count == 2):
                        m.d.sync += limit.eq(self.limit)
                    with m.If(count == HEADER_BYTES - 1):
                        m.d.sync += count.eq(0)
                        m.next = "PAYLOAD"
                        with m.If(length == 0):
                            m.next = "CRC"

            with m.State("PAYLOAD"):
                m.d.comb += [inside.eq(1), self.o.valid.eq(1), self.o.p.data.eq(self.data), crc.valid.eq(sent)]
                with m.If(sent):
                    m.d.sync += count.eq(count + 1)
                    with m.If(count + 1 == length):
                        m.d.sync += count.eq(0)
                        m.next = "CRC"

            with m.State("CRC"):
                m.d.comb += [
                    self.o.valid.eq(1),
                    self.o.p.data.eq(crc.crc.word_select(count[:2], 8)),
                    self.o.p.last.eq(count == CRC_BYTES - 1),
                ]
                with m.If(sent):
                    m.d.sync += count.eq(count + 1)
                    with m.If(self.o.p.last):
                        m.next = "IDLE"

        return m
