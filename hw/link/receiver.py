"""Where the link's frames come in: finds what is good among decoded bytes."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.protocol import CRC_BYTES, HEADER_BYTES, MAX_PAYLOAD

from .cobs import decoded
from .crc import crc32
from .frames import HEADER

__all__ = ["RUBBISH", "FrameReceiver"]

RUBBISH = data.StructLayout(dict.fromkeys(("stuffing", "overlong", "short", "crc", "length"), 1))
"""One strobe for each reason why bytes between two delimiters aren't a frame."""


class FrameReceiver(wiring.Component):
    """Checks frames: one byte a clock, never stalls; the verdict falls one clock after the `end` beat.

    The payload is handed on byte by byte as it comes, long before the verdict: whoever stores it commits it with `frame`.

    Ports
    -----
    i : what `COBSDecoder` gives.
    header : the frame's header; holds from its last byte to the first one of the next frame, two clocks behind the verdict.
    write, index, data : a byte of the payload; `write` is high for one clock. Up to 256; the CRC of a frame with less
        stands behind its payload.
    open : the frame's header is still coming, or no frame is.
    frame : high for one clock when a good frame has ended, of whatever type.
    drop : the same for what was none.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(decoded, always_ready=True)),
                "header": Out(HEADER),
                "write": Out(1),
                "index": Out(8),
                "data": Out(8),
                "open": Out(1),
                "frame": Out(1),
                "drop": Out(RUBBISH),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.crc = crc = crc32()

        longest = HEADER_BYTES + MAX_PAYLOAD + CRC_BYTES
        header = Signal(HEADER)
        count = Signal(range(longest + 2))  # the bytes so far; beyond the longest frame it stays
        byte, end = Signal(), Signal()
        m.d.comb += [
            byte.eq(self.i.valid & ~self.i.p.end),
            end.eq(self.i.valid & self.i.p.end),
            self.open.eq(count < HEADER_BYTES),
            self.header.eq(header),
            crc.data.eq(self.i.p.data),
            crc.valid.eq(byte),
            crc.start.eq(count == 0),
            self.data.eq(self.i.p.data),
            self.index.eq(count - HEADER_BYTES),
            self.write.eq(byte & ~self.open & (count < HEADER_BYTES + MAX_PAYLOAD)),
        ]
        with m.If(end):
            m.d.sync += count.eq(0)
        with m.Elif(byte & (count <= longest)):
            m.d.sync += count.eq(count + 1)
        with m.If(byte & self.open):
            m.d.sync += header.eq(Cat(header.as_value()[8:], self.i.p.data))

        # A register, for what follows from the verdict is deep enough.
        m.d.sync += [self.frame.eq(0), self.drop.eq(0)]
        with m.If(end):
            with m.If(count > longest):
                m.d.sync += self.drop.overlong.eq(1)
            with m.Elif(~self.i.p.good):
                m.d.sync += self.drop.stuffing.eq(1)
            with m.Elif(count < HEADER_BYTES + CRC_BYTES):
                m.d.sync += self.drop.short.eq(1)
            with m.Elif(~crc.match_detected):
                m.d.sync += self.drop.crc.eq(1)
            with m.Elif((count != header.length + HEADER_BYTES + CRC_BYTES) | (header.zero != 0)):
                m.d.sync += self.drop.length.eq(1)
            with m.Else():
                m.d.sync += self.frame.eq(1)

        return m
