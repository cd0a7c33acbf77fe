"""The link's receiving ring: received frames, until they are executed."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from convolver.protocol import MAX_PAYLOAD

from .frames import Command

__all__ = ["Inbox", "received"]

received = data.StructLayout({"data": 8, "kind": Command, "last": 1})
"""A byte of a frame's payload, with the kind of its frame; `last` on the final one."""


class Inbox(wiring.Component):
    """A ring of `slots` frames: written byte by byte, committed as a whole, read in order; one byte a cycle, 3 cycles
    between frames.

    A DATA frame without a payload gives no byte. Any other frame without a payload gives one byte, to be ignored.

    Parameters
    ----------
    slots : int
        Frames, a power of two between 2 and 64; 256 bytes of block RAM each.

    Ports
    -----
    open : no byte of a payload comes in this cycle or has come since the last verdict; from `FrameReceiver`.
    write, index, data : a byte of the payload of frame `expected`.
    room : there is a slot for that frame. Decided before its first byte and kept until its end: a slot that becomes
        free halfway doesn't hold the first half.
    commit, kind, length : store the frame; only with `room`.
    expected : number of the next frame, modulo 256.
    consumed : number of the oldest frame that hasn't been read completely.
    o : the bytes of all frames.
    """

    def __init__(self, slots: int) -> None:
        super().__init__(
            {
                "open": In(1),
                "write": In(1),
                "index": In(8),
                "data": In(8),
                "room": Out(1),
                "commit": In(1),
                "kind": In(Command),
                "length": In(9),
                "expected": Out(8),
                "consumed": Out(8),
                "o": Out(stream.Signature(received)),
            }
        )
        self.slots = slots

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.ring = ring = Memory(shape=8, depth=self.slots * MAX_PAYLOAD, init=[])
        m.submodules.heads = heads = Memory(shape=data.StructLayout({"kind": Command, "length": 9}), depth=self.slots, init=[])
        ring_write, ring_read = ring.write_port(), ring.read_port()
        head_write, head_read = heads.write_port(), heads.read_port()
        slot = range(self.slots)
        into, out_of = Signal(slot), Signal(slot)

        m.d.comb += [
            into.eq(self.expected),
            out_of.eq(self.consumed),
            ring_write.addr.eq(Cat(self.index, into)),
            ring_write.data.eq(self.data),
            ring_write.en.eq(self.write & self.room),
            head_write.addr.eq(into),
            head_write.data.kind.eq(self.kind),
            head_write.data.length.eq(self.length),
            head_write.en.eq(self.commit),
        ]
        with m.If(self.open):
            m.d.sync += self.room.eq((self.expected - self.consumed)[:8] != self.slots)
        m.d.sync += self.expected.eq(self.expected + self.commit)

        place = Signal(8)
        left = Signal(9)
        fetch, empty = Signal(), Signal()
        m.d.comb += [
            head_read.addr.eq(out_of),
            ring_read.addr.eq(Cat(place, out_of)),
            ring_read.en.eq(fetch),
            empty.eq(head_read.data.length == 0),
            self.o.p.data.eq(ring_read.data),
        ]
        with m.FSM():
            with m.State("LOOK"):
                m.d.sync += place.eq(0)
                with m.If(self.consumed != self.expected):
                    m.next = "HEAD"

            with m.State("HEAD"):
                m.d.sync += [self.o.p.kind.eq(head_read.data.kind), left.eq(head_read.data.length | empty)]
                m.next = "BYTES"
                with m.If(empty & (head_read.data.kind == Command.DATA)):
                    m.d.sync += self.consumed.eq(self.consumed + 1)
                    m.next = "LOOK"

            with m.State("BYTES"):
                m.d.comb += fetch.eq((left != 0) & (~self.o.valid | self.o.ready))
                with m.If(fetch):
                    m.d.sync += [
                        place.eq(place + 1),
                        left.eq(left - 1),
                        self.o.valid.eq(1),
                        self.o.p.last.eq(left == 1),
                    ]
                with m.Elif(self.o.ready):
                    m.d.sync += self.o.valid.eq(0)
                with m.If(self.o.valid & self.o.ready & self.o.p.last):
                    m.d.sync += self.consumed.eq(self.consumed + 1)
                    m.next = "LOOK"

        return m
