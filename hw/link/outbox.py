"""The link's sending ring: frames to send, kept until they are acknowledged."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from convolver.protocol import MAX_PAYLOAD

from ..stream.layouts import framed
from .frames import Reply

__all__ = ["Outbox"]


class Outbox(wiring.Component):
    """A ring of `slots` frames: filled with results or with a reply, and read any number of times; one byte a cycle.

    A slot of results is closed when it is full, with the last byte of a frame of results, and when a reply waits.

    Parameters
    ----------
    slots : int
        Frames, a power of two between 2 and 64; 256 bytes of block RAM each.

    Ports
    -----
    i : bytes of results; `last` on the final one of a frame.
    claim : a reply needs a slot; hold it until `granted`.
    granted : the reply has a slot, until it is closed.
    put, byte : another byte of the reply; only while `granted`.
    close, reply : the reply is complete; only while `granted`.
    filled : number of the next frame, modulo 256.
    acked : number of the oldest frame that must be kept.
    slot : the slot to read.
    kind, length : of the frame in that slot, one cycle later.
    data : the byte of that frame at `index`, one cycle later.
    """

    def __init__(self, slots: int) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(framed)),
                "claim": In(1),
                "granted": Out(1),
                "put": In(1),
                "byte": In(8),
                "close": In(1),
                "reply": In(Reply),
                "filled": Out(8),
                "acked": In(8),
                "slot": In(range(slots)),
                "index": In(8),
                "kind": Out(Reply),
                "length": Out(9),
                "data": Out(8),
            }
        )
        self.slots = slots

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.ring = ring = Memory(shape=8, depth=self.slots * MAX_PAYLOAD, init=[])
        m.submodules.heads = heads = Memory(shape=data.StructLayout({"kind": Reply, "length": 9}), depth=self.slots, init=[])
        ring_write, ring_read = ring.write_port(), ring.read_port()
        head_write, head_read = heads.write_port(), heads.read_port()
        into = Signal(range(self.slots))
        fill = Signal(8)
        room = Signal()
        write, close = Signal(), Signal()

        m.d.comb += [
            into.eq(self.filled),
            room.eq((self.filled - self.acked)[:8] != self.slots),
            ring_write.addr.eq(Cat(fill, into)),
            ring_write.data.eq(Mux(self.granted, self.byte, self.i.p.data)),
            ring_write.en.eq(write),
            head_write.addr.eq(into),
            head_write.data.length.eq(fill + write),
            head_write.en.eq(close),
            ring_read.addr.eq(Cat(self.index, self.slot)),
            head_read.addr.eq(self.slot),
            self.data.eq(ring_read.data),
            self.kind.eq(head_read.data.kind),
            self.length.eq(head_read.data.length),
        ]
        with m.If(close):
            m.d.sync += [self.filled.eq(self.filled + 1), fill.eq(0)]
        with m.Elif(write):
            m.d.sync += fill.eq(fill + 1)

        with m.FSM():
            with m.State("RESULTS"):
                m.d.comb += head_write.data.kind.eq(Reply.RESULTS)
                with m.If(self.claim):
                    m.d.comb += close.eq(fill != 0)
                    with m.If(room & ~close):
                        m.next = "REPLY"
                with m.Else():
                    m.d.comb += [self.i.ready.eq(room), write.eq(self.i.valid & room)]
                    with m.If(write):
                        m.d.comb += close.eq(self.i.p.last | (fill == MAX_PAYLOAD - 1))
                        with m.If(self.i.p.last):
                            m.d.comb += head_write.data.kind.eq(Reply.RESULTS_END)

            with m.State("REPLY"):
                m.d.comb += [
                    self.granted.eq(1),
                    head_write.data.kind.eq(self.reply),
                    write.eq(self.put),
                    close.eq(self.close),
                ]
                with m.If(self.close):
                    m.next = "RESULTS"

        return m
