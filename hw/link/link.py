"""The device's end of the link: bytes on one side, samples, results and registers on the other. See docs/link.md."""

from amaranth.hdl import Module, Mux, ResetInserter, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect, flipped

from convolver.errors import DesignError
from convolver.protocol import MAX_PAYLOAD, VERSION, Drop, Type

from ..bus.registers import BUS
from ..stream.layouts import framed
from .cobs import COBSDecoder, COBSEncoder
from .commands import Commands
from .inbox import Inbox
from .outbox import Outbox
from .receiver import FrameReceiver
from .send_window import WELCOME_BYTES, Window
from .sender import FrameSender

__all__ = ["TICKS", "Link"]

TICKS = 64
"""Ticks a second: the unit of all time-outs."""

SILENCE_TICKS = 7
"""Ticks without a byte after which an incomplete frame is dropped, one less at the least: 94 to 109 ms."""


class Link(wiring.Component):
    """The device's side of the link protocol, version 1: receives one byte a clock and sends one byte a clock.

    A frame is stored and checked before any of it is used, so a sample is passed on after the end of its frame. Lost
    frames are sent again, in both directions. No wait can delay a new session. While the host takes no results, only as
    many are produced as the ring of results holds.

    Parameters
    ----------
    clock_hz : int
        Frequency of the clock, 64 or more; the base of all time-outs.
    sample_bytes, result_bytes : int
        Bytes of a sample and of a result, 1 to 255; reported to the host.
    serial_number : int
        32 bits, reported to the host.
    slots : int
        Frames of 256 bytes in each ring: 2, 4, 8, 16, 32 or 64. The block RAM is twice that.
    core_hz : int, optional
        Frequency of the core's clock, reported to the host; by default `clock_hz`.

    Ports
    -----
    i, o : received bytes, and bytes to send.
    samples : bytes of samples.
    handed : no sample waits between here and the core.
    results : bytes of results, `last` on the final one of a frame.
    bus : the accelerator's registers.
    restart : high for one clock before a session begins, and when one ends: resets the core and all blocks that hold
        samples.
    session : a session is open.
    framing, overrun : a received byte was lost; for the register DROPS.
    drops : the register DROPS: sticky, one bit a kind in the order of `Drop`, cleared by a new session.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """

    def __init__(
        self,
        clock_hz: int,
        sample_bytes: int,
        result_bytes: int,
        serial_number: int = 0,
        slots: int = 8,
        core_hz: int | None = None,
    ) -> None:
        if slots not in (2, 4, 8, 16, 32, 64):
            raise DesignError(f"Slots must be one of 2, 4, 8, 16, 32, 64, not {slots!r}")
        limits = {
            "Clock frequency": (clock_hz, TICKS, 0xFFFFFFFF),
            "Frequency of the core's clock": (clock_hz if core_hz is None else core_hz, 1, 0xFFFFFFFF),
            "Bytes of a sample": (sample_bytes, 1, 0xFF),
            "Bytes of a result": (result_bytes, 1, 0xFF),
            "Serial number": (serial_number, 0, 0xFFFFFFFF),
        }
        for name, (value, low, high) in limits.items():
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise DesignError(f"{name} must be an integer between {low} and {high}, not {value!r}")
        self.clock_hz = clock_hz
        self.core_hz = clock_hz if core_hz is None else core_hz
        self.sample_bytes = sample_bytes
        self.result_bytes = result_bytes
        self.serial_number = serial_number
        self.slots = slots
        super().__init__(
            {
                "i": In(stream.Signature(8, always_ready=True)),
                "o": Out(stream.Signature(8)),
                "samples": Out(stream.Signature(8)),
                "handed": In(1),
                "results": In(stream.Signature(framed)),
                "bus": Out(BUS),
                "restart": Out(1),
                "session": Out(1),
                "framing": In(1),
                "overrun": In(1),
                "drops": Out(len(Drop)),
            }
        )

    @property
    def welcome(self) -> bytes:
        """Payload of the WELCOME frame."""
        fields = [
            bytes([VERSION, self.slots]),
            MAX_PAYLOAD.to_bytes(2, "little"),
            bytes([self.sample_bytes, self.result_bytes, 0, 0]),
            self.core_hz.to_bytes(4, "little"),
            self.serial_number.to_bytes(4, "little"),
        ]
        return b"".join(fields)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        per_session = ResetInserter(self.restart)
        m.submodules.decoder = decoder = COBSDecoder()
        m.submodules.receiver = receiver = FrameReceiver()
        inbox, outbox, commands = Inbox(self.slots), Outbox(self.slots), Commands()
        window, sender, encoder = Window(self.slots), FrameSender(), COBSEncoder()
        m.submodules.inbox = per_session(inbox)
        m.submodules.outbox = per_session(outbox)
        m.submodules.commands = per_session(commands)
        m.submodules.window = per_session(window)
        m.submodules.sender = per_session(sender)
        m.submodules.encoder = per_session(encoder)

        # Time, and the delimiter that ends an incomplete frame. A counter upwards, and `tick` from a register: on iCE40
        # every other form would be the link's longest path.
        clocks = self.clock_hz // TICKS
        prescaler = Signal(range(clocks))
        tick, silent = Signal(init=1), Signal()
        silence = Signal(range(SILENCE_TICKS + 1))
        m.d.comb += [silent.eq(tick & (silence == SILENCE_TICKS - 1) & ~self.i.valid)]
        m.d.sync += [prescaler.eq(prescaler + 1), tick.eq((prescaler == clocks - 2) & ~tick if clocks > 1 else 1)]
        with m.If(tick):
            m.d.sync += prescaler.eq(0)
        with m.If(self.i.valid):
            m.d.sync += silence.eq(0)
        with m.Elif(tick & (silence != SILENCE_TICKS)):
            m.d.sync += silence.eq(silence + 1)
        m.d.comb += [decoder.i.payload.eq(Mux(silent, 0, self.i.payload)), decoder.i.valid.eq(self.i.valid | silent)]

        # The session of the frame.
        header, kind = receiver.header, receiver.header.type
        number = Signal(16)
        known, own, hello, bye = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            self.session.eq(number != 0),
            own.eq(self.session & (header.session == number)),
            known.eq(receiver.frame & (kind[2:7] == 0) & (kind[:2] != 0)),
            hello.eq(known & (kind == Type.HELLO) & (header.session != 0)),
            bye.eq(known & (kind == Type.BYE)),
            window.frame.eq(known & own & (kind[7] | (kind[:2] == Type.ACK))),
            window.foreign.eq(known & ~own & (kind[7] | (kind[:2] == Type.ACK))),
            window.hello.eq(hello & own),
            window.header.eq(header),
        ]
        # A new session takes its limit from its HELLO, after the reset.
        begin = Signal(2)
        limit = Signal(8)
        m.d.sync += [begin.eq(begin << 1), self.restart.eq(0)]
        m.d.comb += [window.begin.eq(begin[1]), window.first_limit.eq(limit)]
        with m.If(hello & ~own):
            m.d.sync += [number.eq(header.session), limit.eq(header.limit), self.restart.eq(1), begin[0].eq(1)]
        with m.Elif(bye):
            m.d.sync += [number.eq(0), self.restart.eq(1)]

        # Dropped bytes and frames.
        kinds = [
            *(receiver.drop[kind] for kind in (Drop.STUFFING, Drop.OVERLONG, Drop.SHORT, Drop.CRC, Drop.LENGTH)),
            receiver.frame & ~known,
            window.crowded,
            self.framing,
            self.overrun,
        ]
        for place, strobe in enumerate(kinds):
            with m.If(strobe):
                m.d.sync += self.drops[place].eq(1)
        with m.If(self.restart):
            m.d.sync += self.drops.eq(0)

        # Receiving.
        connect(m, decoder.o, receiver.i)
        connect(m, inbox.o, commands.i)
        connect(m, commands.samples, flipped(self.samples))
        connect(m, commands.bus, flipped(self.bus))
        m.d.comb += [
            inbox.open.eq(receiver.open),
            inbox.write.eq(receiver.write),
            inbox.index.eq(receiver.index),
            inbox.data.eq(receiver.data),
            inbox.commit.eq(window.commit),
            inbox.kind.eq(kind[:2]),
            inbox.length.eq(header.length),
            window.expected.eq(inbox.expected),
            window.consumed.eq(inbox.consumed),
            window.room.eq(inbox.room),
            commands.handed.eq(self.handed),
            commands.drops.eq(self.drops),
        ]

        # Replies and results.
        connect(m, flipped(self.results), outbox.i)
        m.d.comb += [
            outbox.claim.eq(commands.claim),
            outbox.put.eq(commands.put),
            outbox.byte.eq(commands.byte),
            outbox.close.eq(commands.close),
            outbox.reply.eq(commands.reply),
            outbox.acked.eq(window.acked),
            commands.granted.eq(outbox.granted),
        ]

        # Sending.
        welcoming = Signal()
        m.submodules.welcome = rom = Memory(shape=8, depth=WELCOME_BYTES, init=self.welcome)
        welcome = rom.read_port()
        m.d.comb += welcome.addr.eq(sender.index)
        with m.If(sender.start):
            m.d.sync += welcoming.eq(sender.type == Type.WELCOME)
        connect(m, sender.o, encoder.i)
        connect(m, encoder.o, flipped(self.o))
        m.d.comb += [
            window.filled.eq(outbox.filled),
            window.kind.eq(outbox.kind),
            window.length_kept.eq(outbox.length),
            window.tick.eq(tick),
            window.free.eq(~sender.busy & encoder.low),
            window.leaving.eq(sender.busy | ~encoder.empty),
            sender.start.eq(window.start),
            sender.type.eq(window.type),
            sender.seq.eq(window.seq),
            sender.length.eq(window.length),
            sender.poll.eq(window.poll),
            sender.resend.eq(window.resend),
            sender.session.eq(number),
            sender.ack.eq(inbox.expected),
            sender.limit.eq(inbox.consumed + self.slots),
            sender.data.eq(Mux(welcoming, welcome.data, outbox.data)),
        ]
        # Until a frame is chosen, the slot is that of the next frame to send; then that of the frame being sent.
        sending = Signal(range(self.slots))
        with m.If(window.start):
            m.d.sync += sending.eq(window.seq)
        m.d.comb += [outbox.slot.eq(Mux(sender.busy, sending, window.slot)), outbox.index.eq(sender.index)]

        return m
