"""COBS, consistent overhead byte stuffing (Cheshire and Baker, 1997): frames without the byte that ends them.

A frame is cut at its zeros. Each piece is preceded by its length plus one, and 0x00 ends the frame. A receiver that
starts anywhere is synchronised after the next zero.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..stream.layouts import framed

__all__ = ["COBSDecoder", "COBSEncoder", "decoded"]

LONGEST = 0xFF
"""The count of the longest piece, 254 bytes; no zero follows it."""

decoded = data.StructLayout({"data": 8, "end": 1, "good": 1})
"""Bytes of a frame, and one more beat: `end`, without data; `good` if the frame was complete."""


class COBSDecoder(wiring.Component):
    """Decodes COBS: one byte a cycle, latency one cycle, no stall, as a line can't be stopped.

    Ports
    -----
    i : encoded bytes; always ready.
    o : decoded bytes, then one beat with `end`; always taken. Zeros without a frame between them give nothing.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(8, always_ready=True)),
                "o": Out(stream.Signature(decoded, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        left = Signal(8)
        inside = Signal()
        owes_zero = Signal()

        m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid):
            m.d.sync += self.o.p.end.eq(0)
            with m.If(self.i.payload == 0):
                m.d.sync += [
                    self.o.p.end.eq(1),
                    self.o.p.good.eq(left == 0),
                    self.o.valid.eq(inside),
                    inside.eq(0),
                    left.eq(0),
                ]
            with m.Elif(left == 0):
                m.d.sync += [
                    self.o.p.data.eq(0),
                    self.o.valid.eq(inside & owes_zero),
                    inside.eq(1),
                    owes_zero.eq(self.i.payload != LONGEST),
                    left.eq(self.i.payload - 1),
                ]
            with m.Else():
                m.d.sync += [
                    self.o.p.data.eq(self.i.payload),
                    self.o.valid.eq(1),
                    left.eq(left - 1),
                ]

        return m


class COBSEncoder(wiring.Component):
    """Encodes frames as COBS, each between two zeros: one byte a cycle, except one cycle before a frame, two after it,
    and one after 254 bytes without a zero.

    A piece's count precedes it, so a piece leaves when it is complete: its first byte is offered 2 cycles after the
    zero that ends it was accepted, or 4 cycles after the frame's last byte. Pieces wait in a ring of 512 bytes, one
    block RAM of an iCE40; a frame may have any length. The zero before a frame ends a frame that a reset has cut short.

    Ports
    -----
    i : bytes with `last`.
    o : encoded bytes.
    low : fewer than 256 complete bytes wait: a frame that begins now is complete by the time they have left.
    empty : no complete byte waits.
    """

    DEPTH = 512

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(framed)), "o": Out(stream.Signature(8)), "low": Out(1), "empty": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()

        m.submodules.ring = ring = Memory(shape=8, depth=self.DEPTH, init=[])
        write, read = ring.write_port(), ring.read_port()

        # `head`: place of the open piece's count. `tail`: place of the next byte. The reader stops at `head`.
        head = Signal(range(self.DEPTH))
        tail = Signal(range(self.DEPTH), init=1)
        count = Signal(8, init=1)
        reader = Signal(range(self.DEPTH))
        room = Signal()

        # One more byte may follow, as `room` is one cycle old, and then the bytes that end a frame.
        m.d.sync += room.eq((reader - tail)[: len(reader)] > 5)

        m.d.comb += write.data.eq(self.i.p.data)
        with m.FSM():
            with m.State("START"):
                m.d.comb += [write.addr.eq(head), write.data.eq(0)]
                with m.If(self.i.valid & room):
                    m.d.comb += write.en.eq(1)
                    m.d.sync += [head.eq(tail), tail.eq(tail + 1)]
                    m.next = "DATA"

            with m.State("DATA"):
                m.d.comb += self.i.ready.eq(room)
                with m.If(self.i.valid & room):
                    m.d.comb += write.en.eq(1)
                    m.d.sync += tail.eq(tail + 1)
                    with m.If(self.i.p.data == 0):
                        m.d.comb += [write.addr.eq(head), write.data.eq(count)]
                        m.d.sync += [head.eq(tail), count.eq(1)]
                    with m.Else():
                        m.d.comb += write.addr.eq(tail)
                        m.d.sync += count.eq(count + 1)
                        with m.If(count == LONGEST - 1):
                            m.next = "LONGEST"
                    with m.If(self.i.p.last):
                        m.next = "COUNT"

            with m.State("LONGEST"):
                m.d.comb += [write.en.eq(1), write.addr.eq(head), write.data.eq(count)]
                m.d.sync += [head.eq(tail), tail.eq(tail + 1), count.eq(1)]
                m.next = "DATA"

            with m.State("COUNT"):
                m.d.comb += [write.en.eq(1), write.addr.eq(head), write.data.eq(count)]
                m.next = "ZERO"

            with m.State("ZERO"):
                m.d.comb += [write.en.eq(1), write.addr.eq(tail), write.data.eq(0)]
                m.d.sync += [head.eq(tail + 1), tail.eq(tail + 2), count.eq(1)]
                m.next = "START"

        fetch = Signal()
        m.d.comb += [
            fetch.eq(~self.empty & (~self.o.valid | self.o.ready)),
            read.addr.eq(reader),
            read.en.eq(fetch),
            self.o.payload.eq(read.data),
            self.low.eq((head - reader)[8 : len(reader)] == 0),
            self.empty.eq(head == reader),
        ]
        m.d.sync += [
            reader.eq(reader + fetch),
            self.o.valid.eq(Mux(self.o.ready, fetch, self.o.valid | fetch)),
        ]

        return m
