"""What both ends of the link call by number: types of frames, kinds of rubbish, sizes. docs/link.md says what they mean.

Plain descriptions, as in `designs`: the host's driver and the gateware both read them, and neither imports the other.
"""

from enum import IntEnum, StrEnum

__all__ = ["CRC_BYTES", "DROPS_ADDRESS", "HEADER_BYTES", "MAX_PAYLOAD", "VERSION", "Drop", "Type"]

VERSION = 1
"""Version of the protocol."""

MAX_PAYLOAD = 256
"""Bytes of payload in a frame, at most."""

HEADER_BYTES = 8
CRC_BYTES = 4

DROPS_ADDRESS = 0x4000
"""Byte address of the link's own register DROPS."""


class Type(IntEnum):
    """Types of frames: bit 7 says that the frame has a place in the sequence, bit 6 that it comes from the device."""

    HELLO = 0x01
    BYE = 0x02
    ACK = 0x03
    WELCOME = 0x41
    DEVICE_ACK = 0x43
    READ = 0x81
    WRITE = 0x82
    DATA = 0x83
    VALUES = 0xC1
    WRITTEN = 0xC2
    RESULTS = 0xC3
    RESULTS_END = 0xC4
    REFUSED = 0xC5

    @property
    def sequenced(self) -> bool:
        """Whether a frame of this type is numbered, acknowledged and sent again when it is lost."""
        return self >= 0x80

    @property
    def from_device(self) -> bool:
        """Whether the device sends it."""
        return bool(self & 0x40)


class Drop(StrEnum):
    """Why an end of the link dropped something, in the order of the bits of the register DROPS."""

    STUFFING = "stuffing"
    OVERLONG = "overlong"
    SHORT = "short"
    CRC = "crc"
    LENGTH = "length"
    TYPE = "type"
    ROOM = "room"
    FRAMING = "framing"
    OVERRUN = "overrun"
