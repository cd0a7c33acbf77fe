"""A serial port as a pipe: ``serial:///dev/ttyUSB0?baud=3000000``, ``serial://COM3``, or a pseudo-terminal's name."""

import contextlib
import errno
import sys
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import serial

from convolver.errors import PortError
from convolver.host.ownership import Owned

if sys.platform != "win32":
    import fcntl

__all__ = ["DEFAULT_BAUD", "SerialPipe", "parse_url"]

DEFAULT_BAUD = 3_000_000
"""What the boards' bridges take at least."""

_SLICE = 0.02
"""Seconds that one read of the port waits; a deadline is met to this much."""
_BURST = 4096
_REASONS = {
    errno.ENOENT: "there is no such port",
    errno.EACCES: "this user isn't allowed to; on Linux, join the group that owns it (often dialout)",
    errno.EBUSY: "another program uses it",
}


def parse_url(url: str) -> tuple[str, int]:
    """Port and baud rate of a ``serial://`` address.

    Raises
    ------
    PortError
        If it isn't one.
    """
    parts = urlsplit(url)
    port = parts.netloc + parts.path
    if parts.scheme != "serial" or not port or parts.fragment:
        raise PortError(f"A port must be written like serial:///dev/ttyUSB0 or serial://COM3?baud=3000000, not {url!r}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    baud = options.pop("baud", str(DEFAULT_BAUD))
    if options:
        raise PortError(f"A serial port takes the option baud, not {', '.join(options)}: {url!r}")
    if not baud.isascii() or not baud.isdecimal() or not 300 <= int(baud) <= 20_000_000:
        raise PortError(f"Baud must be an integer between 300 and 20000000, not {baud!r}")
    return port, int(baud)


class SerialPipe(Owned):
    """A port, 8N1 without flow control, locked against a second program where the system can.

    Parameters
    ----------
    url : str
        ``serial://PORT`` and, optionally, ``?baud=RATE``.

    Raises
    ------
    PortError
        If the address is wrong, or the port isn't there, isn't ours to open, or is in use.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._name, baud = parse_url(url)
        self.byte_time = 10 / baud
        try:
            # The lock and the time-outs are set once: pyserial talks to the driver whenever one changes.
            self._port: Any = serial.Serial(
                self._name, baud, timeout=_SLICE, write_timeout=max(1.0, 3 * 10 * _BURST / baud), exclusive=True
            )
        except (OSError, ValueError) as error:
            raise PortError(f"Port {self._name} can't be opened: {_reason(error)}") from None

    def read(self, size: int, deadline: float) -> bytes:
        """Gives what is there, or the first byte to come, by `deadline` (`time.monotonic`)."""
        self._check_owner()
        try:
            while True:
                waiting = self._port.in_waiting
                if waiting:
                    return bytes(self._port.read(min(waiting, size)))
                if time.monotonic() >= deadline:
                    return b""
                if first := self._port.read(1):
                    return bytes(first) + bytes(self._port.read(min(self._port.in_waiting, size - 1)))
        except (OSError, TypeError) as error:  # pyserial reads from None once the port was closed
            raise PortError(f"Port {self._name} went away: {_reason(error)}") from None

    def write(self, data: bytes, deadline: float) -> int:
        """Sends `data` by `deadline`; the number of bytes is that of whole pieces that went out."""
        self._check_owner()
        sent = 0
        try:
            while sent < len(data) and (sent == 0 or time.monotonic() < deadline):
                piece = data[sent : sent + _BURST]
                self._port.write(piece)
                sent += len(piece)
        except serial.SerialTimeoutException:
            return sent
        except (OSError, TypeError) as error:
            raise PortError(f"Port {self._name} went away: {_reason(error)}") from None
        return sent

    def close(self) -> None:
        """Releases the port."""
        with contextlib.suppress(OSError):  # it's gone already
            if sys.platform != "win32" and self._owned and self._port.is_open:
                fcntl.flock(self._port.fileno(), fcntl.LOCK_UN)  # the child of a fork may still be about to give it up
        self._give_up()

    def _give_up(self) -> None:
        with contextlib.suppress(OSError):
            self._port.close()


def _reason(error: Exception) -> str:
    """The system's own words where there are some; pyserial wraps them twice."""
    number = getattr(error, "errno", None)
    if number in _REASONS:
        return _REASONS[number]
    text = " ".join(str(error).split())
    return "another program uses it" if "exclusively lock" in text else text
