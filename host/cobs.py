"""Consistent overhead byte stuffing: any bytes written without a zero, so that zero can part one frame from the next."""

__all__ = ["decode", "encode"]


def encode(content: bytes) -> bytes:
    """Encodes `content` without a zero; longer by one byte, and by one more for every 254 bytes without a zero between.

    Cheshire and Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on Networking 7(2), 1999.
    """
    out = bytearray()
    for run in content.split(b"\0"):
        start = 0
        while len(run) - start >= 254:
            out.append(255)
            out += run[start : start + 254]
            start += 254
        out.append(len(run) - start + 1)
        out += run[start:]
    return bytes(out)


def decode(stuffed: bytes) -> bytes | None:
    """Gives back what `encode` was given, or None if `stuffed` ends within a block or holds a zero."""
    if 0 in stuffed:
        return None
    out = bytearray()
    position, size = 0, len(stuffed)
    zero = False
    while position < size:
        if zero:
            out.append(0)
        code = stuffed[position]
        if position + code > size:
            return None
        out += stuffed[position + 1 : position + code]
        position += code
        zero = code < 255
    return bytes(out)
