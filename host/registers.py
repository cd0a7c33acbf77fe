"""Addresses of the accelerator's registers; docs/registers.md is their table."""

from enum import IntEnum

from convolver.protocol import DROPS_ADDRESS

__all__ = ["DESCRIPTION_MAX", "ERRORS", "IDENTITY", "MAP_VERSION", "STAGE_BYTES", "Register", "of_stage", "told_stage"]

IDENTITY = 0x434F4E56
"""What ID reads: "CONV"."""
MAP_VERSION = 1
DESCRIPTION_MAX = 8192
"""Bytes of the compressed description, at most."""
ERRORS = ("size", "first", "orphan", "eol", "coefficients")
"""Sticky errors of the core, from bit 0 of STATUS on."""
STAGE_BYTES = 0x40
"""From one stage's registers to the next one's, of several filters as one design."""


class Register(IntEnum):
    """Byte addresses. Those of a frame's sizes are called as the design's axes, and stand one behind the other."""

    ID = 0x00
    VERSION = 0x04
    DESCRIPTION_BYTES = 0x08
    STATUS = 0x0C
    ROWS = 0x10
    COLUMNS = 0x14
    LENGTH = 0x18
    COEFFICIENTS = 0x1C
    COEFFICIENT = 0x20
    RESTART = 0x24
    CLOCKS = 0x28
    BEATS_IN = 0x2C
    BEATS_OUT = 0x30
    SILENCE = 0x34
    BOUNDARY = 0x38
    FILL = 0x3C
    DESCRIPTION = 0x2000
    DROPS = DROPS_ADDRESS
    """The link's own, not the accelerator's."""


def of_stage(register: Register, stage: int) -> int:
    """The address of a stage's register; stage 0 is the whole."""
    return register + STAGE_BYTES * stage


def told_stage(status: int) -> str:
    """What STATUS of a stage says of it: ``"idle"``, ``"busy"``, ``"waits"`` while its results wait for what is behind it, or
    ``"stalls"`` while it alone keeps a sample waiting; and whether a set of coefficients is pending."""
    busy, pending, waits, holds = (status >> bit & 1 for bit in range(16, 20))
    told = "waits" if waits else "stalls" if holds else "busy" if busy else "idle"
    return told + (", coefficients pending" if pending else "")
