"""The CRC of the link's frames."""

from amaranth.lib.crc import Processor
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC

__all__ = ["crc32"]


def crc32() -> Processor:
    """A CRC-32 (IEEE 802.3, as `zlib.crc32`), one byte a cycle; `crc` includes a byte one cycle after it was taken.

    `start` resets it. `match_detected` is high when the CRC's own four bytes, least significant first, have followed
    the data.
    """
    return CRC32_ISO_HDLC(data_width=8).create()
