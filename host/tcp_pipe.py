"""A server's device as a pipe: ``tcp://HOST:PORT``, as `convolver serve` offers it.

The server speaks first: a line with its name, the version of this greeting and a random challenge. The client answers with a
line: a keyed hash of the challenge, or ``-`` if it has no token. The server's second line is ``ok`` with the nanoseconds that
a byte takes on the way to the device, or why not: ``token``, ``busy`` or ``away``. From then on there are the bytes of the
link alone.
"""

import contextlib
import hashlib
import hmac
import os
import select
import socket
import time
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from convolver.errors import PortError
from convolver.host.ownership import Owned

__all__ = ["GREETING", "LINE_BYTES", "TOKEN_VARIABLE", "Address", "TcpPipe", "parse_url", "read_line", "tune", "word"]

GREETING = b"convolver 1 "
"""What a server's first line begins with; the challenge follows."""

LINE_BYTES = 128
"""Longest line of the greeting."""

TOKEN_VARIABLE = "CONVOLVER_TOKEN"  # noqa: S105  # the name of a variable
"""The environment variable that holds the token, where the address has none."""

_PATIENCE = 5.0
"""Seconds for the connection and for each line of the greeting."""
_HINT = f"give it in the variable {TOKEN_VARIABLE}, or as tcp://HOST:PORT?token=TOKEN"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is; its text never shows the token."""

    host: str
    port: int
    token: str | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self})"


def parse_url(url: str) -> Address:
    """Host, port and token of a ``tcp://`` address; without a token there, that of `TOKEN_VARIABLE`.

    Raises
    ------
    PortError
        If it isn't one.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None or parts.scheme != "tcp" or parts.path.strip("/") or parts.fragment or parts.username:
        raise PortError("A server must be written like tcp://192.168.1.5:9876, with the port that convolver serve has told")
    # A plus sign stays one: this is no form of a web page.
    options = {
        unquote(key): unquote(value) for key, _, value in (part.partition("=") for part in parts.query.split("&") if part)
    }
    token = options.pop("token", None)
    if options:
        raise PortError(f"A server's address takes the option token, not {', '.join(options)}")
    return Address(host, port, token or os.environ.get(TOKEN_VARIABLE) or None)


def word(challenge: bytes, token: str | None) -> bytes:
    """What a client answers to a challenge."""
    return b"-" if token is None else hmac.new(token.encode(), challenge, hashlib.sha256).hexdigest().encode()


def read_line(connection: socket.socket, deadline: float) -> bytes | None:
    """One line of the greeting, without its end, by `deadline`, or None; takes nothing that stands behind it."""
    line = bytearray()
    while len(line) < LINE_BYTES:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            byte = connection.recv(1)
        except TimeoutError:
            return None
        if byte == b"\n":
            return bytes(line)
        if not byte:
            return None
        line += byte
    return None


def tune(connection: socket.socket) -> None:
    """Sends small pieces at once, and notices within half a minute that the other machine is gone."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Not every system has all of them.
    for name, value in {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 25_000}.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class TcpPipe(Owned):
    """A connection to a server that passes the link's bytes on to a device.

    Parameters
    ----------
    url : str
        ``tcp://HOST:PORT`` and, optionally, ``?token=TOKEN``.

    Raises
    ------
    PortError
        If the address is wrong, nobody answers there or somebody else than a server of ours, or the server refuses: for want
        of the right token, or because another host uses the device.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._address = parse_url(url)
        try:
            self._connection = socket.create_connection((self._address.host, self._address.port), _PATIENCE)
        except OSError as error:
            raise PortError(f"Server {self._address} can't be reached: {_reason(error)}") from None
        try:
            self.byte_time = self._greet()
            tune(self._connection)
            self._connection.setblocking(False)
        except OSError as error:
            self.close()
            if isinstance(error, PortError):
                raise
            raise PortError(f"Server {self._address} went away: {_reason(error)}") from None
        except BaseException:
            self.close()
            raise

    def _greet(self) -> float:
        """Presents the token; gives the seconds of a byte on the device's line."""
        name, token = self._address, self._address.token
        line = read_line(self._connection, time.monotonic() + _PATIENCE)
        if line is None or not line.startswith(GREETING):
            raise PortError(f"What answers at {name} isn't convolver serve of this version")
        self._connection.sendall(word(line.removeprefix(GREETING), token) + b"\n")
        answer = read_line(self._connection, time.monotonic() + _PATIENCE) or b""
        if answer == b"busy":
            raise PortError(f"The device of server {name} is used by another host")
        if answer == b"away":
            raise PortError(f"The device of server {name} went away; connect it again")
        if answer == b"token":
            wants = "refuses this token" if token else f"wants a token: {_HINT}"
            raise PortError(f"Server {name} {wants}")
        told, _, nanoseconds = answer.partition(b" ")
        if told != b"ok" or not nanoseconds.isdigit():
            raise PortError(f"Server {name} has ended the connection without a reason")
        return int(nanoseconds) * 1e-9

    def read(self, size: int, deadline: float) -> bytes:
        """Gives what is there, or the first bytes to come, by `deadline` (`time.monotonic`)."""
        self._check_owner()
        try:
            ready, _, _ = select.select([self._connection], [], [], max(deadline - time.monotonic(), 0.0))
            if not ready:
                return b""
            data = self._connection.recv(size)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as error:  # select gets no number of a socket that was closed
            raise PortError(f"Server {self._address} went away: {_reason(error)}") from None
        if not data:
            raise PortError(f"Server {self._address} went away: it has closed the connection")
        return data

    def write(self, data: bytes, deadline: float) -> int:
        """Sends `data` by `deadline`; gives how many bytes went out."""
        self._check_owner()
        sent = 0
        try:
            while sent < len(data):
                _, ready, _ = select.select([], [self._connection], [], max(deadline - time.monotonic(), 0.0))
                if not ready:
                    break
                sent += self._connection.send(data[sent:])
        except BlockingIOError:
            return sent
        except (OSError, ValueError) as error:
            raise PortError(f"Server {self._address} went away: {_reason(error)}") from None
        return sent

    def close(self) -> None:
        """Ends the connection; the server serves the next host."""
        if self._owned:
            with contextlib.suppress(OSError):  # it has ended already
                self._connection.shutdown(socket.SHUT_RDWR)  # the child of a fork may still be about to give it up
        self._give_up()

    def _give_up(self) -> None:
        self._connection.close()


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there; start convolver serve"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, socket.gaierror):
        return "no machine of that name is known"
    return (getattr(error, "strerror", None) or str(error)).lower()
