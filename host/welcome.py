"""How a session begins: what a device says of itself, and what is heard where none answers."""

import struct
from dataclasses import dataclass

from convolver.errors import FrameError, ProtocolMismatch
from convolver.protocol import MAX_PAYLOAD, VERSION

__all__ = ["Answers", "Welcome"]

_WELCOME = struct.Struct("<BBHBBHII")


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a device says of itself when a session begins: bytes of a sample and of a result, hertz, and so on."""

    version: int
    slots: int
    max_payload: int
    sample_bytes: int
    result_bytes: int
    clock_frequency: int
    serial_number: int

    @classmethod
    def parse(cls, payload: bytes) -> "Welcome":
        """Reads the payload of a WELCOME."""
        if payload and payload[0] != VERSION:
            raise ProtocolMismatch(f"The device speaks version {payload[0]} of the link protocol, this host version {VERSION}")
        if len(payload) < _WELCOME.size:
            raise FrameError(f"A WELCOME must have {_WELCOME.size} bytes or more, not {len(payload)}")
        version, slots, max_payload, sample_bytes, result_bytes, _, clock, serial = _WELCOME.unpack_from(payload)
        if not 2 <= slots <= 64 or slots & slots - 1:
            raise FrameError(f"A device's slots must be a power of two between 2 and 64, not {slots}")
        if not 1 <= max_payload <= MAX_PAYLOAD:
            raise FrameError(f"A device's largest payload must be between 1 and {MAX_PAYLOAD} bytes, not {max_payload}")
        if not sample_bytes or not result_bytes:
            raise FrameError(f"A sample and a result must have bytes, not {sample_bytes} and {result_bytes}")
        return cls(version, slots, max_payload, sample_bytes, result_bytes, clock, serial)


@dataclass(slots=True)
class Answers:
    """What came while a WELCOME was waited for: bytes, a device's frames among them, and a host's."""

    bytes: int = 0
    frames: int = 0
    echoes: int = 0

    def seen(self, *, blocked: bool) -> str:
        """What that says of the way to the device."""
        if blocked:
            return "the far end of the link takes no bytes"
        if self.frames:
            return "frames came, but none that answers; the line is noisy, or another host speaks there too"
        if self.echoes:
            return "what is sent comes back; the line's two directions are wired together"
        if self.bytes:
            return f"{self.bytes} bytes came, but no whole frame; the line is noisy or of another rate, or no device of ours"
        return "nothing came back; it has no power, isn't connected, has another rate, or the line is too noisy"
