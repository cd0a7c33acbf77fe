"""A serial port as a pipe: ``serial:///dev/ttyUSB0?baud=3000000``, ``serial://COM3``, or a pseudo-terminal's name."""

import contextlib
import errno
import os
import sys
import time
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import serial

from convolver.errors import PortError

from .ownership import Owned
from .text import printable, shown
from .waiting import ready

if sys.platform != "win32":
    import fcntl
    import termios

    _NO_PORT: tuple[type[Exception], ...] = (OSError, TypeError, termios.error)
else:
    _NO_PORT = (OSError, TypeError)

__all__ = ["DEFAULT_BAUD", "SerialPipe", "parse_url"]

DEFAULT_BAUD = 3_000_000
"""What the boards' bridges take at least."""

_SLICE = 0.02
"""Seconds that one read of the port waits on Windows; a deadline is met to this much there."""
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
    try:
        split = urlsplit(url)
        port = split.netloc + split.path
    except ValueError:  # brackets of which one is missing, for instance
        split, port = urlsplit(""), ""
    if split.scheme != "serial" or not port or split.fragment:
        raise PortError(f"A port must be written like serial:///dev/ttyUSB0 or serial://COM3?baud=3000000, not {shown(url)!r}")
    options = dict(parse_qsl(split.query, keep_blank_values=True))
    baud = options.pop("baud", str(DEFAULT_BAUD))
    if options:
        raise PortError(f"A serial port takes the option baud=RATE and no other: {shown(url)!r}")
    if not (baud.isascii() and baud.isdecimal() and len(baud) < 10) or not 300 <= int(baud) <= 20_000_000:
        # What is as long as a token may be one, whatever it is called there.
        short = len(unquote(baud)) < 16 and "token" not in unquote(baud).lower()
        given = repr(printable(baud)) if short else "what stands there"
        raise PortError(f"Baud must be an integer between 300 and 20000000, not {given}")
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
        port, baud = parse_url(url)
        self._name = shown(f"serial://{port}").removeprefix("serial://")
        self.byte_time = 10 / baud
        try:
            # The lock and the time-outs are set once: pyserial talks to the driver whenever one changes.
            self._port: Any = serial.Serial(
                port, baud, timeout=_SLICE, write_timeout=max(1.0, 3 * 10 * _BURST / baud), exclusive=True
            )
        except (OSError, ValueError) as error:
            raise PortError(f"Port {self._name} can't be opened: {_reason(error)}") from None
        self._closed, self._to_close = False, [True]
        # pyserial's own calls wait by `select`, which knows the first 1024 descriptors only.
        self._descriptor = self._port.fileno() if os.name == "posix" else None

    def read(self, size: int, deadline: float) -> bytes:
        """Gives what is there, or the first bytes to come, by `deadline` (`time.monotonic`)."""
        self._check_owner()
        try:
            if self._descriptor is None:
                return self._read_port(size, deadline)
            if not ready(self._descriptor, deadline):
                return b""
            data = os.read(self._descriptor, size)
        except BlockingIOError:
            return b""
        except (OSError, TypeError) as error:
            raise self._gone(error) from None
        if not data:
            raise PortError(f"Port {self._name} went away: it was unplugged")
        return data

    def _read_port(self, size: int, deadline: float) -> bytes:
        while not self._port.in_waiting:
            if time.monotonic() >= deadline:
                return b""
            if first := self._port.read(1):
                return bytes(first) + bytes(self._port.read(min(self._port.in_waiting, size - 1)))
        return bytes(self._port.read(min(self._port.in_waiting, size)))

    def write(self, data: bytes, deadline: float) -> int:
        """Sends `data` by `deadline`; gives how many bytes went out."""
        self._check_owner()
        sent = 0
        try:
            while sent < len(data):
                piece = data[sent : sent + _BURST]
                if self._descriptor is None:
                    if sent and time.monotonic() >= deadline:
                        break
                    self._port.write(piece)
                    sent += len(piece)
                else:
                    put = self._put(piece)
                    sent += put
                    if not put and (not ready(self._descriptor, deadline, to_write=True) or time.monotonic() >= deadline):
                        break
        except serial.SerialTimeoutException:
            return sent
        except (OSError, TypeError) as error:
            raise self._gone(error) from None
        return sent

    def _put(self, piece: bytes) -> int:
        assert self._descriptor is not None
        try:
            return os.write(self._descriptor, piece)
        except BlockingIOError:
            return 0

    def discard(self) -> None:
        """Drops what was written and hasn't left this machine."""
        self._check_owner()
        try:
            self._port.reset_output_buffer()
        except _NO_PORT as error:
            raise self._gone(error) from None

    def close(self) -> None:
        """Releases the port. Of threads that do so at once one does, so that no descriptor is closed twice."""
        try:
            self._to_close.pop()
        except IndexError:
            return
        with contextlib.suppress(OSError):  # it's gone already
            if sys.platform != "win32" and self._owned and self._port.is_open:
                fcntl.flock(self._port.fileno(), fcntl.LOCK_UN)  # the child of a fork may still be about to give it up
        self._give_up()

    def _give_up(self) -> None:
        self._closed = True
        if self._descriptor is not None:
            self._descriptor = -1  # the number may soon be another file's
        with contextlib.suppress(OSError):
            self._port.close()

    def _gone(self, error: Exception) -> PortError:
        if self._closed:  # pyserial reads from None then
            return PortError(f"Port {self._name} is closed; open it again")
        return PortError(f"Port {self._name} went away: {_reason(error)}")


def _reason(error: Exception) -> str:
    """The system's own words where there are some; pyserial wraps them twice, with the port's name among them."""
    if "exclusively lock" in str(error):
        return "another program uses it"
    number = getattr(error, "errno", None)
    if number is not None:
        return _REASONS.get(number) or os.strerror(number).lower()
    return printable(" ".join(str(error).split()))
