"""The link's frames as the gateware sees them: types, header, kinds of rubbish. docs/link.md says what they mean."""

from enum import IntEnum

from amaranth.lib import data

__all__ = ["CRC_BYTES", "DROPS", "HEADER", "HEADER_BYTES", "MAX_PAYLOAD", "PROTOCOL", "Command", "Reply", "Type"]

PROTOCOL = 1
MAX_PAYLOAD = 256
HEADER_BYTES = 8
CRC_BYTES = 4

HEADER = data.StructLayout(
    {
        "type": 8,
        "seq": 8,
        "ack": 8,
        "limit": 8,
        "session": 16,
        "length": 9,
        "zero": 5,
        "poll": 1,
        "resend": 1,
    }
)
"""The first eight bytes of a frame, the first byte lowest."""

DROPS = ("stuffing", "overlong", "short", "crc", "length", "type", "room", "framing", "overrun")
"""Why something was dropped, in the order of the bits of the link's register DROPS."""


class Type(IntEnum):
    """Types of frames: bit 7 says that it has a place in the sequence, bit 6 that it comes from the device."""

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


class Command(IntEnum):
    """What stands in a receiving slot: the low bits of its frame's type."""

    READ = Type.READ & 3
    WRITE = Type.WRITE & 3
    DATA = Type.DATA & 3


class Reply(IntEnum):
    """What stands in a sending slot: the low bits of its frame's type."""

    VALUES = Type.VALUES & 7
    WRITTEN = Type.WRITTEN & 7
    RESULTS = Type.RESULTS & 7
    RESULTS_END = Type.RESULTS_END & 7
    REFUSED = Type.REFUSED & 7
