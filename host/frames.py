"""Frames of the link: their bytes, and the receiver that finds them among any bytes. docs/link.md says what they mean."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from convolver.protocol import CRC_BYTES, HEADER_BYTES, MAX_PAYLOAD, Drop, Type

from . import cobs

__all__ = ["MAX_CONTENT", "MAX_STUFFED", "Frame", "FrameReceiver"]

_HEADER = struct.Struct("<BBBBHH")
_CRC = struct.Struct("<I")
_LENGTH = 0x01FF
_POLL = 0x4000
_RESEND = 0x8000

MAX_CONTENT = HEADER_BYTES + MAX_PAYLOAD + CRC_BYTES
MAX_STUFFED = MAX_CONTENT + 2
"""Bytes between two delimiters, at most: what stuffing adds to a frame of the largest payload is two bytes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the link.

    Parameters
    ----------
    type : Type
        What it is.
    seq : int
        Its number, modulo 256; in a frame without a place in the sequence, that of the next one to leave.
    ack : int
        The number that its sender expects next.
    limit : int
        The first number that its sender doesn't take yet.
    session : int
        16 bits; 0 while there is none.
    payload : bytes
        At most 256 bytes.
    poll : bool
        Its sender asks for an ACK.
    resend : bool
        Its sender asks for everything from `ack` on once more.
    """

    type: Type
    seq: int = 0
    ack: int = 0
    limit: int = 0
    session: int = 0
    payload: bytes = b""
    poll: bool = False
    resend: bool = False

    def content(self) -> bytes:
        """Header, payload and CRC-32, before stuffing."""
        fields = len(self.payload) | _POLL * self.poll | _RESEND * self.resend
        body = _HEADER.pack(self.type, self.seq, self.ack, self.limit, self.session, fields) + self.payload
        return body + _CRC.pack(zlib.crc32(body))

    def wire(self) -> bytes:
        """The bytes as they travel, with the delimiter behind them."""
        return cobs.encode(self.content()) + b"\0"

    @classmethod
    def parse(cls, stuffed: bytes) -> "Frame | Drop":
        """Reads what stood between two delimiters: a frame, or the reason why it isn't one."""
        if len(stuffed) > MAX_STUFFED:
            return Drop.OVERLONG
        content = cobs.decode(stuffed)
        if content is None:
            return Drop.STUFFING
        if len(content) < HEADER_BYTES + CRC_BYTES:
            return Drop.SHORT
        body = content[:-CRC_BYTES]
        if zlib.crc32(body) != _CRC.unpack(content[-CRC_BYTES:])[0]:
            return Drop.CRC
        kind, seq, ack, limit, session, fields = _HEADER.unpack_from(body)
        payload = body[HEADER_BYTES:]
        if fields & ~(_POLL | _RESEND) != len(payload) or len(payload) > MAX_PAYLOAD:
            return Drop.LENGTH
        try:
            return cls(Type(kind), seq, ack, limit, session, payload, bool(fields & _POLL), bool(fields & _RESEND))
        except ValueError:
            return Drop.TYPE


class FrameReceiver:
    """Finds the frames in a stream of bytes; what isn't a frame is dropped, and counted by kind in `drops`."""

    def __init__(self) -> None:
        self.drops: Counter[Drop] = Counter()
        self._partial = bytearray()
        self._overlong = False

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._partial) or self._overlong

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Takes the next bytes, and yields the frames that they complete."""
        *ended, rest = data.split(b"\0")
        for part in ended:
            if not part and not self.inside:
                continue  # delimiters for ever cost next to nothing
            self._collect(part)
            stuffed, overlong = bytes(self._partial), self._overlong
            self.drop_partial()
            frame = Drop.OVERLONG if overlong else Frame.parse(stuffed) if stuffed else None
            if isinstance(frame, Drop):
                self.drops[frame] += 1
            elif frame is not None:
                yield frame
        self._collect(rest)

    def drop_partial(self) -> None:
        """Forgets a frame that has begun, as after a silence."""
        self._partial.clear()
        self._overlong = False

    def _collect(self, part: bytes) -> None:
        if self._overlong or len(self._partial) + len(part) > MAX_STUFFED:
            self._partial.clear()
            self._overlong = True
        else:
            self._partial += part
