"""The CRC of the link's frames."""

from amaranth.lib.crc import Processor
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC

__all__ = ["crc32"]


def crc32() -> Processor:
    """Makes a CRC-32 (IEEE 802.3, as `zlib.crc32`) that takes a byte a clock; `crc` counts a byte one clock after it was taken.

    Set back by `start`; `match_detected` once the CRC's own four bytes, least significant first, have gone in too.
    """
    return CRC32_ISO_HDLC(data_width=8).create()
