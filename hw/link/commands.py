"""Execution of received frames: samples to the core, reads and writes to the bus."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.protocol import DROPS_ADDRESS, Drop

from ..bus.registers import BUS
from .frames import Command, Reply
from .inbox import received

__all__ = ["Commands"]

MAX_WORDS = 63


class Commands(wiring.Component):
    """Executes frames in order: passes samples on, one byte a cycle, and turns READ and WRITE into requests on the bus.

    A READ or WRITE waits until all samples before it have been handed to the core, so that it can't overtake them. The
    words of a WRITE end with its frame, regardless of its count.

    Ports
    -----
    i : the bytes of all frames.
    samples : the bytes of DATA frames; ready and valid pass through.
    handed : no sample that was passed on is still waiting.
    bus : the accelerator's registers.
    drops : the register DROPS.
    claim, granted, put, byte, close, reply : replies; see `Outbox`.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(received)),
                "samples": Out(stream.Signature(8)),
                "handed": In(1),
                "bus": Out(BUS),
                "drops": In(len(Drop)),
                "claim": Out(1),
                "granted": In(1),
                "put": Out(1),
                "byte": Out(8),
                "close": Out(1),
                "reply": Out(Reply),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request, response = self.bus.request, self.bus.response

        word = Signal(32)
        following = Signal(32)  # `word` with the next byte in it
        byte = Signal(2)  # bytes of `word` that have been received or sent
        address, count, step = Signal(16), Signal(8), Signal(8)
        reading, ended, refused = Signal(), Signal(), Signal()

        m.d.comb += [
            following.eq(Cat(word[8:], self.i.p.data)),
            self.samples.payload.eq(self.i.p.data),
            request.p.address.eq(address),
            request.p.write.eq(~reading),
            request.p.data.eq(word),
            self.byte.eq(word[:8]),
            self.reply.eq(Mux(refused, Reply.REFUSED, Mux(reading, Reply.VALUES, Reply.WRITTEN))),
        ]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [byte.eq(0), ended.eq(0), refused.eq(0), reading.eq(self.i.p.kind == Command.READ)]
                with m.If(self.i.p.kind == Command.DATA):
                    m.d.comb += [self.samples.valid.eq(self.i.valid), self.i.ready.eq(self.samples.ready)]
                with m.Elif(self.i.valid & self.handed):
                    m.next = "SHAPE"

            with m.State("SHAPE"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += Cat(address, count, step).eq(following)
                with m.If(self.i.valid):
                    m.d.sync += [word.eq(following), byte.eq(byte + 1)]
                    with m.If(byte == 3):
                        m.next = "WORD"
                        with m.If(reading):
                            m.next = "TAIL"
                    with m.If(self.i.p.last):
                        m.next = "REPLY"
                        with m.If(reading & (byte == 3)):
                            m.next = "CHECK"
                        with m.Else():
                            m.d.sync += refused.eq(1)

            with m.State("TAIL"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid & self.i.p.last):
                    m.next = "CHECK"

            with m.State("CHECK"):
                m.next = "REQUEST"
                with m.If((count == 0) | (count > MAX_WORDS)):
                    m.d.sync += refused.eq(1)
                    m.next = "REPLY"

            with m.State("WORD"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid):
                    m.d.sync += [word.eq(following), byte.eq(byte + 1), ended.eq(self.i.p.last)]
                    with m.If(byte == 3):
                        m.next = "REQUEST"
                    with m.Elif(self.i.p.last):
                        m.d.sync += refused.eq(1)
                        m.next = "REPLY"

            with m.State("REQUEST"):
                with m.If(address[14:] != 0):
                    # The link's own registers. There is one, and it is read-only.
                    m.d.sync += word.eq(self.drops)
                    with m.If(~reading | (address != DROPS_ADDRESS)):
                        m.d.sync += refused.eq(1)
                    m.next = "DONE"
                with m.Elif(address[:2] != 0):
                    m.d.sync += refused.eq(1)
                    m.next = "DONE"
                with m.Else():
                    m.d.comb += request.valid.eq(1)
                    with m.If(request.ready):
                        m.next = "RESPONSE"

            with m.State("RESPONSE"):
                m.d.comb += response.ready.eq(1)
                with m.If(response.valid):
                    m.d.sync += [word.eq(response.p.data), refused.eq(refused | response.p.error)]
                    m.next = "DONE"

            with m.State("DONE"):
                m.d.sync += [address.eq(address + step), count.eq(count - 1)]
                with m.If(reading):
                    m.next = "PUT"
                with m.Elif(ended):
                    m.next = "REPLY"
                with m.Else():
                    m.next = "WORD"

            with m.State("PUT"):
                m.d.comb += [self.claim.eq(1), self.put.eq(self.granted)]
                with m.If(self.granted):
                    m.d.sync += [word.eq(word >> 8), byte.eq(byte + 1)]
                    with m.If(byte == 3):
                        m.next = "REQUEST"
                        with m.If(count == 0):
                            m.next = "REPLY"

            with m.State("REPLY"):
                m.d.comb += [self.claim.eq(1), self.close.eq(self.granted)]
                with m.If(self.granted):
                    m.next = "IDLE"

        return m
