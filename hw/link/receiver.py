"""The link's receiver: finds valid frames among decoded bytes."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.protocol import CRC_BYTES, HEADER_BYTES, MAX_PAYLOAD

from .cobs import decoded
from .crc import crc32
from .frames import HEADER

__all__ = ["RUBBISH", "FrameReceiver"]

RUBBISH = data.StructLayout(dict.fromkeys(("stuffing", "overlong", "short", "crc", "length"), 1))
"""Error strobes of the receiver: one for each reason why bytes between two delimiters aren't a frame."""


class FrameReceiver(wiring.Component):
    """Checks frames: one byte a cycle, no stall; the verdict comes one cycle after the `end` beat.

    The payload is passed on byte by byte, long before the verdict: the receiving block commits it with `frame`.

    Ports
    -----
    i : the output of `COBSDecoder`.
    header : the frame's header. It holds from its last byte to the next frame's first byte, two cycles after the
        verdict.
    write, index, data : a byte of the payload; `write` is high for one cycle. Up to 256 bytes; for a shorter frame, its
        CRC follows the payload.
    open : the frame's header is still coming, or there is no frame.
    frame : high for one cycle after a good frame of any type.
    drop : high for one cycle after a bad frame: the reason.
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
        count = Signal(range(longest + 2))  # bytes so far; stops beyond the longest frame
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

        # Registered, as the logic behind the verdict is deep.
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
