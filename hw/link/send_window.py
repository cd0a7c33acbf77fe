"""The link's bookkeeping: sequence numbers, and frames that are due."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.protocol import Type

from .frames import HEADER, Reply

__all__ = ["TIMER_TICKS", "WELCOME_BYTES", "Window"]

TIMER_TICKS = 8
"""Ticks without progress after which unacknowledged frames are sent again, one less at the least."""

WELCOME_BYTES = 16


class Window(wiring.Component):
    """Sequence numbers, acknowledgement and credit of one session. docs/link.md has tables with the same names.

    Reset between sessions. A decision takes two cycles, as type and length of the next frame are read from a memory.

    Parameters
    ----------
    slots : int
        Frames in either ring, a power of two between 2 and 64.

    Ports
    -----
    header, frame : a good frame of this session, other than HELLO and BYE; `frame` is high for one cycle.
    hello : a WELCOME is due.
    foreign : an ACK is due, for a frame of another session.
    begin, first_limit : the session begins, with the limit of its HELLO.
    expected, consumed, room : from the `Inbox`.
    commit : store the frame.
    crowded : a frame beyond the limit was dropped.
    filled : from the `Outbox`.
    acked : frames before it are acknowledged.
    slot : the next frame to send.
    kind, length_kept : of that frame.
    tick : strobe, the unit of the timer.
    leaving : stops the timer.
    free : a frame may be started.
    start, type, seq, length, poll, resend : the frame that is started.
    """

    def __init__(self, slots: int) -> None:
        super().__init__(
            {
                "header": In(HEADER),
                "frame": In(1),
                "hello": In(1),
                "foreign": In(1),
                "begin": In(1),
                "first_limit": In(8),
                "expected": In(8),
                "consumed": In(8),
                "room": In(1),
                "commit": Out(1),
                "crowded": Out(1),
                "filled": In(8),
                "acked": Out(8),
                "slot": Out(range(slots)),
                "kind": In(Reply),
                "length_kept": In(9),
                "tick": In(1),
                "leaving": In(1),
                "free": In(1),
                "start": Out(1),
                "type": Out(8),
                "seq": Out(8),
                "length": Out(9),
                "poll": Out(1),
                "resend": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        header = self.header
        following, limit = Signal(8), Signal(8)  # `next` and `limit` of the table
        timer = Signal(range(TIMER_TICKS))
        gap, previous = Signal(), Signal(8)
        ack_due, poll_due, resend_due, welcome_due = Signal(), Signal(), Signal(), Signal()
        odd = Signal()  # `consumed` was odd one cycle ago

        # The next frame to send.
        ahead, ready = Signal(8), Signal()
        sends_welcome, sends_kept = Signal(), Signal()
        m.d.comb += [
            ahead.eq(following - self.acked),
            ready.eq((ahead < (self.filled - self.acked)[:8]) & (ahead < (limit - self.acked)[:8])),
            self.slot.eq(following),
            self.length.eq(0),
            self.type.eq(Type.DEVICE_ACK),
        ]
        with m.FSM():
            with m.State("CHOOSE"):
                m.d.sync += [sends_welcome.eq(welcome_due), sends_kept.eq(~welcome_due & ready), self.seq.eq(following)]
                with m.If(self.free & ~self.frame & (welcome_due | ready | ack_due | poll_due)):
                    m.next = "START"
                    with m.If(~welcome_due & ready):
                        m.d.sync += following.eq(following + 1)

            with m.State("START"):
                m.d.comb += [
                    self.start.eq(1),
                    self.poll.eq(poll_due & ~sends_welcome),
                    self.resend.eq(resend_due & ~sends_welcome),
                ]
                with m.If(sends_welcome):
                    m.d.comb += [self.type.eq(Type.WELCOME), self.length.eq(WELCOME_BYTES)]
                with m.Elif(sends_kept):
                    m.d.comb += [self.type.eq(0xC0 | self.kind), self.length.eq(self.length_kept)]
                m.next = "CHOOSE"

        # Any frame that is sent clears what was due, except what becomes due in the same cycle.
        m.d.sync += odd.eq(self.consumed[0])
        with m.If(self.start):
            m.d.sync += ack_due.eq(0)
            with m.If(sends_welcome):
                m.d.sync += welcome_due.eq(0)
            with m.Else():
                m.d.sync += [poll_due.eq(0), resend_due.eq(0)]
        with m.If((odd != self.consumed[0]) | self.foreign):
            m.d.sync += ack_due.eq(1)
        with m.If(self.hello | self.begin):
            m.d.sync += welcome_due.eq(1)

        # The timer.
        progress = Signal()
        with m.If(self.leaving | self.start | progress | (self.acked == self.filled)):
            m.d.sync += timer.eq(0)
        with m.Elif(self.tick & ~self.frame):
            m.d.sync += timer.eq(timer + 1)
            with m.If(timer == TIMER_TICKS - 1):
                m.d.sync += following.eq(self.acked)
                with m.If(self.acked == limit):
                    m.d.sync += poll_due.eq(1)

        # The header's acknowledgement of our frames.
        arrived, valid = Signal(8), Signal()
        m.d.comb += [
            arrived.eq(header.ack - self.acked),
            valid.eq(arrived <= (self.filled - self.acked)[:8]),
            progress.eq(self.frame & valid & ((arrived != 0) | (header.limit != limit))),
        ]
        with m.If(self.frame):
            with m.If(header.poll):
                m.d.sync += ack_due.eq(1)
            with m.If(valid):
                m.d.sync += [self.acked.eq(header.ack), limit.eq(header.limit)]
                with m.If(header.resend | (ahead < arrived)):
                    m.d.sync += following.eq(header.ack)
        with m.If(self.begin):
            m.d.sync += limit.eq(self.first_limit)

        # The header's sequence number: the host's frames.
        distance, again = Signal(8), Signal()
        m.d.comb += [
            distance.eq(header.seq - self.expected),
            again.eq(((header.seq - previous)[7]) | (header.seq == previous)),
        ]
        with m.If(self.frame & header.type[7]):
            m.d.sync += [ack_due.eq(1), previous.eq(header.seq)]
            with m.If(distance == 0):
                m.d.comb += [self.commit.eq(self.room), self.crowded.eq(~self.room)]
                with m.If(self.room):
                    m.d.sync += [gap.eq(0), resend_due.eq(0)]
        # A number that is too high, also in an ACK, shows that a frame is missing.
        with m.If(self.frame & (distance != 0) & ~distance[7]):
            m.d.sync += [ack_due.eq(1), gap.eq(1)]
            with m.If(~gap | (header.type[7] & again)):
                m.d.sync += resend_due.eq(1)

        return m
