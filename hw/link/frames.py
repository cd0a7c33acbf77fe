"""The link's frames in gateware: the header, and the kind codes in the rings' slots. docs/link.md has all frames."""

from enum import IntEnum

from amaranth.lib import data

from convolver.protocol import Type

__all__ = ["HEADER", "Command", "Reply"]

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


class Command(IntEnum):
    """Kind of frame in a receiving slot: the low bits of the frame's type."""

    READ = Type.READ & 3
    WRITE = Type.WRITE & 3
    DATA = Type.DATA & 3


class Reply(IntEnum):
    """Kind of frame in a sending slot: the low bits of the frame's type."""

    VALUES = Type.VALUES & 7
    WRITTEN = Type.WRITTEN & 7
    RESULTS = Type.RESULTS & 7
    RESULTS_END = Type.RESULTS_END & 7
    REFUSED = Type.REFUSED & 7
