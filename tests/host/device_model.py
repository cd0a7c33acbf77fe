"""A device as docs/link.md describes it, in Python: an oracle for the host, written from that page; it shares no code."""

import binascii
import struct
import zlib
from collections import deque

import numpy as np

from convolver import Conv2DDesign, FIRDesign
from convolver.designs import GATEWARE_BOUNDARIES
from convolver.plan.geometry import geometry_of
from convolver.sim import golden

HELLO, BYE, ACK, WELCOME, DEVICE_ACK = 0x01, 0x02, 0x03, 0x41, 0x43
READ, WRITE, DATA = 0x81, 0x82, 0x83
VALUES, WRITTEN, RESULTS, RESULTS_END, REFUSED = 0xC1, 0xC2, 0xC3, 0xC4, 0xC5
RETRY = 0.125
HALF_FRAME = 0.1


def stuff(content):
    """COBS the way gateware does it: bytes pass one at a time through a block that leaves when it's full or a zero comes."""
    out, block = bytearray(), bytearray()
    for byte in content:
        if byte:
            block.append(byte)
        if not byte or len(block) == 254:
            out += bytes([len(block) + 1]) + block
            block.clear()
    return bytes(out + bytes([len(block) + 1]) + block)


def unstuff(stuffed):
    """The content, or None; a byte at a time, with a counter."""
    out, left, zero = bytearray(), 0, False
    for byte in stuffed:
        if left == 0:
            if zero:
                out.append(0)
            left, zero = byte - 1, byte != 255
        else:
            out.append(byte)
            left -= 1
    return None if left else bytes(out)


def build(kind, seq, ack, limit, session, payload=b"", poll=False, resend=False):
    body = struct.pack("<BBBBHH", kind, seq, ack, limit, session, len(payload) | poll << 14 | resend << 15) + payload
    return stuff(body + struct.pack("<I", binascii.crc32(body))) + b"\0"


class Core:
    """The accelerator behind its bus: registers, samples in, results out. A FIR streams; an image is done when complete."""

    def __init__(self, design, identity=0x434F4E56, description=None):
        self.built = design
        self.identity = identity
        packed = zlib.compress(design.to_json().encode()) if description is None else description
        self.description_bytes = len(packed)
        self.description = packed + bytes(-len(packed) % 4)
        self.reset()

    def reset(self):
        self.design = self.built
        self.rows = self.columns = self.length = self.boundary = self.fill = 0
        if getattr(self.built, "switchable", False) and self.built.boundary in GATEWARE_BOUNDARIES:
            self.boundary, self.fill = GATEWARE_BOUNDARIES.index(self.built.boundary), self.built.fill & 0xFFFFFFFF
        self.begun = []
        self.pending = None
        self.beats_in = self.beats_out = 0
        self.samples = []
        self.partial = bytearray()
        self.results = deque()  # (bytes, last of its frame)

    def read(self, address):
        """A word, or None if the bus refuses."""
        if 0x2000 <= address < 0x2000 + len(self.description):
            return int.from_bytes(self.description[address - 0x2000 : address - 0x2000 + 4], "little")
        return {
            0x00: self.identity,
            0x04: 1,
            0x08: self.description_bytes,
            0x0C: (self.pending is not None) << 17 | bool(self.samples) << 16,
            0x10: self.rows,
            0x14: self.columns,
            0x18: self.length,
            0x1C: len(self.built.weights) if self.built.loadable else 0,
            0x28: 1000,
            0x2C: self.beats_in,
            0x30: self.beats_out,
            **({0x38: self.boundary, 0x3C: self.fill} if getattr(self.built, "switchable", False) else {}),
        }.get(address)

    def write(self, address, word):
        """Whether the bus takes it."""
        two_d = isinstance(self.built, Conv2DDesign)
        if address == 0x10 and two_d:
            self.rows = word
        elif address == 0x14 and two_d:
            self.columns = word
        elif address == 0x38 and two_d and self.built.switchable:
            self.boundary = word
        elif address == 0x3C and two_d and self.built.switchable:
            self.fill = word
        elif address == 0x18 and not two_d:
            self.length = word
        elif address == 0x20 and self.built.loadable and self.pending is None:
            form = self.built.coefficient_format
            value = word & (1 << form.width) - 1
            self.begun.append(value - (value > form.max) * (1 << form.width))
            if len(self.begun) == len(self.built.weights):
                self.pending, self.begun = self.begun, []
        elif address == 0x24 and self.built.loadable:
            self.begun = []
        else:
            return address in (0x0C, 0x24)
        return True

    def take(self, data):
        """Bytes of samples."""
        form = self.built.sample
        size = -(-form.width // 8)
        self.partial += data
        whole = len(self.partial) // size * size
        chunk, self.partial = self.partial[:whole], self.partial[whole:]
        values = [int.from_bytes(chunk[start : start + size], "little", signed=form.signed) for start in range(0, whole, size)]
        while values:
            left = (self.length if isinstance(self.design, FIRDesign) else self.rows * self.columns) - len(self.samples)
            assert left > 0, "samples without a size"
            self._samples(values[:left])
            values = values[left:]

    def _samples(self, values):
        if not self.samples and self.pending is not None:
            self.design = self.built.with_weights(self.pending)
            self.pending = None
        self.beats_in += len(values)
        self.samples += values
        design = self.design
        if isinstance(design, FIRDesign):
            window = self.samples[-len(values) - design.taps + 1 :]
            self._give(golden.fir(design, window)[-len(values) :], len(self.samples) == self.length)
            if len(self.samples) == self.length:
                self.samples = []
        elif len(self.samples) == self.rows * self.columns:
            image = np.reshape(self.samples, (self.rows, self.columns))
            self.samples = []
            if design.switchable:
                fill = self.fill - (self.fill >> 31 << 32)
                design = design.replace(boundary=GATEWARE_BOUNDARIES[self.boundary], fill=fill)
            if geometry_of(design).mode == "valid":
                design = design.replace(mode="valid")
            else:
                assert self.columns >= design.frame_axes[1].least
            assert design.frame_axes[0].least <= self.rows <= self.built.frame_axes[0].most
            assert self.built.frame_axes[1].least <= self.columns <= self.built.frame_axes[1].most
            results = golden.conv2d(design, image)
            # Those of several kernels come together, pixel by pixel.
            self._give((np.moveaxis(results, 0, -1) if design.result_axes else results).reshape(-1), True)

    def _give(self, values, last):
        form = self.built.output_format
        size = -(-form.width // 8)
        for index, value in enumerate(values):
            self.beats_out += 1
            data = (int(value) & (1 << 8 * size) - 1).to_bytes(size, "little")
            self.results.append((data, last and index == len(values) - 1))


class DeviceModel:
    """The device's end of the link. `receive` and `transmit` are its pins; `now` is the time, in seconds."""

    def __init__(self, design, slots=8, version=1, core=None, stuck=False):
        self.core = core or Core(design)
        self.slots = slots
        self.version = version
        self.stuck = stuck  # a core that takes nothing
        self.raw = bytearray()
        self.raw_at = 0.0
        self.drops = 0
        self.power_up()

    def power_up(self):
        self.session = 0
        self._empty()

    def _empty(self):
        self.core.reset()
        self.expected = self.consumed = 0
        self.gap = False
        self.acked = self.next = self.filled = 0
        self.peer_limit = 0
        self.ring = {}  # number -> (type, payload)
        self.out = {}
        self.open_slot = bytearray()
        self.ack_due = self.resend_due = self.poll_due = self.welcome_due = False
        self.timer = None

    # Receiving

    def receive(self, data, now):
        if self.raw and now - self.raw_at > HALF_FRAME:
            self.raw.clear()
        self.raw_at = now
        for byte in data:
            if byte:
                self.raw.append(byte)
                continue
            stuffed, self.raw = bytes(self.raw), bytearray()
            if stuffed:
                self._between_delimiters(stuffed, now)
        self._work()

    def _between_delimiters(self, stuffed, now):
        content = unstuff(stuffed) if len(stuffed) <= 270 else None
        if content is None or len(content) < 12:
            self.drops += 1
            return
        body, crc = content[:-4], struct.unpack("<I", content[-4:])[0]
        kind, seq, ack, limit, session, fields = struct.unpack_from("<BBBBHH", body)
        payload = body[8:]
        known = kind in (HELLO, BYE, ACK, READ, WRITE, DATA)
        if binascii.crc32(body) != crc or fields & 0x3FFF != len(payload) or len(payload) > 256 or not known:
            self.drops += 1
            return
        if kind == BYE:
            self.power_up()
        elif kind == HELLO:
            if session != self.session:
                self._empty()
                self.session, self.peer_limit = session, limit
            self.welcome_due = True
        elif session != self.session or session == 0:
            self.ack_due = True
        else:
            self._header(ack, limit, fields, now)
            self._place(seq, kind, payload)

    def _header(self, ack, limit, fields, now):
        if (ack - self.acked) % 256 <= (self.filled - self.acked) % 256:
            if ack != self.acked or limit != self.peer_limit:
                self.timer = now + RETRY
            if (ack - self.acked) % 256 > (self.next - self.acked) % 256:
                self.next = ack
            while self.acked != ack:
                del self.out[self.acked]
                self.acked = (self.acked + 1) % 256
            self.peer_limit = limit
            if fields & 0x8000:
                self.next = self.acked
        self.ack_due |= bool(fields & 0x4000)

    def _place(self, seq, kind, payload):
        ahead = (seq - self.expected) % 256
        sequenced = kind >= 0x80
        self.ack_due |= sequenced
        if sequenced and ahead == 0 and (self.expected - self.consumed) % 256 < self.slots:
            self.ring[seq] = kind, payload
            self.expected = (self.expected + 1) % 256
            self.gap = False
        elif 1 <= ahead < 128 and not self.gap:
            self.gap = self.ack_due = self.resend_due = True

    # The core's side

    @property
    def _room(self):
        return (self.filled - self.acked) % 256 < self.slots

    def _close(self, kind, payload):
        self.out[self.filled] = kind, bytes(payload)
        self.filled = (self.filled + 1) % 256

    def _work(self):
        moved = True
        while moved:
            moved = self._pack()
            if self.consumed != self.expected and not self.core.results and not self.stuck and self._room:
                kind, payload = self.ring[self.consumed]
                if kind != DATA and self.open_slot:
                    self._close(RESULTS, self.open_slot)
                    self.open_slot = bytearray()
                    moved = True
                    continue
                del self.ring[self.consumed]
                self.consumed = (self.consumed + 1) % 256
                self.ack_due = True
                moved = True
                if kind == DATA:
                    self.core.take(payload)
                else:
                    self._request(kind, payload)

    def _request(self, kind, payload):
        address, count, step = struct.unpack_from("<HBB", payload)
        addresses = [address + step * index for index in range(count)]
        if not 1 <= count <= 63:
            self._close(REFUSED, b"")
        elif kind == READ:
            words = [self.core.read(a) for a in addresses]
            refused = None in words
            self._close(REFUSED if refused else VALUES, b"" if refused else struct.pack(f"<{count}I", *words))
        else:
            words = struct.unpack_from(f"<{count}I", payload, 4)
            taken = [self.core.write(a, word) for a, word in zip(addresses, words, strict=True)]
            self._close(WRITTEN if all(taken) else REFUSED, b"")

    def _pack(self):
        moved = False
        while self.core.results and self._room:
            data, last = self.core.results.popleft()
            room = 256 - len(self.open_slot)
            self.open_slot += data[:room]
            rest = data[room:]
            if rest:
                self.core.results.appendleft((rest, last))
            if len(self.open_slot) == 256 or (last and not rest):
                self._close(RESULTS_END if last and not rest else RESULTS, self.open_slot)
                self.open_slot = bytearray()
            moved = True
        return moved

    # Sending

    def _may_send(self):
        sent = (self.next - self.acked) % 256
        return sent < (self.filled - self.acked) % 256 and sent < (self.peer_limit - self.acked) % 256

    def transmit(self, now):
        """The next frame to leave, or nothing; called whenever the pin is free."""
        self._work()
        if self.acked == self.filled:
            self.timer = None
        elif self.timer is None:
            self.timer = now + RETRY
        elif now >= self.timer:
            self.timer = now + RETRY
            self.next = self.acked
            self.poll_due = not self._may_send()
        header = self.expected, (self.consumed + self.slots) % 256, self.session
        if self.welcome_due:
            self.welcome_due = False
            design = self.core.built
            sizes = -(-design.sample.width // 8), design.outputs * -(-design.output_format.width // 8)
            told = struct.pack("<BBHBBHII", self.version, self.slots, 256, *sizes, 0, 12_000_000, 7)
            return build(WELCOME, self.next, *header, told)
        if self._may_send():
            kind, payload = self.out[self.next]
            frame = build(kind, self.next, *header, payload, self.poll_due, self.resend_due)
            self.next = (self.next + 1) % 256
            self.timer = now + RETRY + len(frame) / 1e5
        elif self.ack_due or self.resend_due or self.poll_due:
            frame = build(DEVICE_ACK, self.next, *header, b"", self.poll_due, self.resend_due)
        else:
            return b""
        self.ack_due = self.resend_due = self.poll_due = False
        return frame
