"""A server's device as a pipe: ``tcp://HOST:PORT``, or ``tls://HOST:PORT#sha256=FINGERPRINT``, as `convolver serve` offers it.

`convolver.host.greeting` has the lines that come before the link's own bytes. Behind its own line the host sends a delimiter,
which means nothing to a device, whenever it has sent nothing for a second: so the server knows a host that waits or is idle
from one that was stopped.
"""

import os
import re
import socket
import threading
import time
import weakref
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from convolver.errors import PortError

from . import greeting
from .channel import Channel, tune
from .ownership import Owned
from .text import printable
from .waiting import ready

__all__ = ["BEAT", "TOKEN_VARIABLE", "Address", "TcpPipe", "parse_url"]

TOKEN_VARIABLE = "CONVOLVER_TOKEN"  # noqa: S105  # the name of a variable
"""The environment variable that holds the token, where the address has none."""

BEAT = 1.0
"""Seconds without a byte after which a host sends a delimiter."""

_PATIENCE = 5.0
"""Seconds for the connection, and for a server's first word."""
_QUEUE = 15.0
"""Seconds for a server's last word: it may have to let another host go first."""
_FULL = 2.0
"""Seconds for which a host that a full server has turned away tries again: many that come at once make room for each other."""
_AGAIN = 0.1
_SLOWEST = 10 / 300
"""Seconds that a byte takes, at most: 300 baud."""
_HOST = re.compile(r"[^\x00-\x20\x7f=@,;!*'\"()<>\\/{}|^`]+")
"""What may be a name of a machine; a word that looks like an option is none."""
_HINT = f"give it in the variable {TOKEN_VARIABLE}, or as tcp://HOST:PORT?token=TOKEN"
_SHAPE = (
    "A server must be written like tcp://192.168.1.5:9876, or tls://192.168.1.5:9876#sha256=FINGERPRINT, "
    "as convolver serve has told it"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is; its text never shows the token. With a fingerprint, the connection is encrypted."""

    host: str
    port: int
    token: bytes | None = None
    fingerprint: str | None = None

    def __str__(self) -> str:
        host = printable(self.host, 100)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self})"


def parse_url(url: str) -> Address:
    """Host, port, token and fingerprint of an address; without a token there, that of `TOKEN_VARIABLE`.

    Raises
    ------
    PortError
        If it isn't one. The message shows nothing of it: a token may stand anywhere.
    """
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        raise PortError(_SHAPE) from None
    wrong = split.path.strip("/") or "@" in split.netloc or not host or not _HOST.fullmatch(host)
    if wrong or host is None or port is None or split.scheme not in ("tcp", "tls"):
        raise PortError(_SHAPE)
    # A plus sign stays one: this is no form of a web page.
    options = {
        unquote(key): unquote(value, errors="surrogateescape")
        for key, _, value in (part.partition("=") for part in split.query.split("&") if part)
    }
    token = options.pop("token", None)
    if options:
        raise PortError("A server's address takes the option token=TOKEN and no other; in a token, write & as %26")
    token = token or os.environ.get(TOKEN_VARIABLE) or None
    return Address(
        host, port, None if token is None else greeting.encode_token(token), _fingerprint(split.scheme, split.fragment)
    )


def _fingerprint(scheme: str, fragment: str) -> str | None:
    if scheme == "tcp":
        if fragment:
            raise PortError("A fingerprint belongs to an address that begins with tls://; in a token, write # as %23")
        return None
    from .tls import parse_fingerprint

    name, _, digits = fragment.partition("=")
    fingerprint = parse_fingerprint(digits) if name == "sha256" else None
    if fingerprint is None:
        raise PortError(
            "An address that begins with tls:// must end with #sha256= and 64 hexadecimal digits, those of convolver serve"
        )
    return fingerprint


class _FullError(PortError):
    """A server has turned this host away before it looked at it."""


class TcpPipe(Owned):
    """A connection to a server that passes the link's bytes on to a device.

    Parameters
    ----------
    url : str
        ``tcp://HOST:PORT`` and, optionally, ``?token=TOKEN``; or ``tls://...#sha256=FINGERPRINT``.
    timeout : float, optional
        Seconds for all of it.

    Raises
    ------
    PortError
        If the address is wrong, nobody answers there or somebody else than a server of ours, or the server refuses: for want
        of the right token, or because another host uses the device. If the server isn't the one meant: its certificate is
        another one, or it doesn't prove that it knows the token.
    """

    def __init__(self, url: str, timeout: float | None = None) -> None:
        super().__init__()
        self._address = parse_url(url)
        self._end = None if timeout is None else time.monotonic() + timeout
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._greeted = False
        self._quiet = time.monotonic()
        self._early = b""  # what came right behind the greeting
        full = self._by(_FULL)
        while (refusal := self._connect()) is not None:
            if time.monotonic() >= full:
                raise PortError(refusal)
            time.sleep(_AGAIN)
        self._greeted = True
        threading.Thread(target=_beat, args=(weakref.ref(self), self._closed), name="beat", daemon=True).start()

    def _connect(self) -> str | None:
        """Connects and greets; gives what a server that is full says, and nothing once it has consented."""
        try:
            connection = _connected(self._address, self._by(_PATIENCE))
        except (OSError, UnicodeError) as error:
            raise PortError(f"Server {self._address} can't be reached: {_reason(error)}") from None
        try:
            tune(connection)
            self._channel = self._secured(connection)
            self.byte_time = self._greet()
        except BaseException as error:
            self._close(connection)
            if isinstance(error, _FullError):
                return str(error)
            if isinstance(error, OSError) and not isinstance(error, PortError):
                raise self._gone(error) from None
            raise
        return None

    def _close(self, connection: socket.socket) -> None:
        """Ends what was begun: the connection, and what may have been made around it."""
        connection.close()
        if (channel := getattr(self, "_channel", None)) is not None:
            channel.close()

    def _by(self, seconds: float) -> float:
        """When something that may take so long must be done."""
        end = time.monotonic() + seconds
        return end if self._end is None else min(end, self._end)

    def _secured(self, connection: socket.socket) -> Channel:
        """The connection, encrypted if the address says so; the server is the one with that certificate."""
        if self._address.fingerprint is None:
            return Channel(connection)
        from .tls import as_host

        self._channel = channel = as_host(connection)
        deadline = self._by(_PATIENCE)
        try:
            while not channel.handshake():
                if not ready(channel.fileno(), deadline, to_write=channel.writing):
                    raise PortError(
                        f"What answers at {self._address} was silent where TLS begins; it is overloaded, or of tcp://"
                    )
        except (ConnectionError, PortError):
            raise
        except OSError as error:  # OpenSSL's own
            if channel.ended(error):
                raise ConnectionResetError from None
            raise PortError(f"What answers at {self._address} doesn't speak TLS; is it a server of tcp://?") from None
        if not channel.check(self._address.fingerprint):
            raise PortError(
                f"Server {self._address} has another certificate than the one of that fingerprint; "
                "it isn't the server that is meant, or has a new one"
            )
        return channel

    def _greet(self) -> float:
        """Both ends prove that they know the token; gives the seconds of a byte on the device's line."""
        name, token = self._address, self._address.token
        lines = greeting.Lines()
        call = self._line(lines, _PATIENCE, "is overloaded, wants tls://, or isn't convolver serve")
        if not call.startswith(greeting.CALL):
            if call.startswith(b"convolver "):
                said = printable(call.split(b" ")[1].decode("ascii", "replace"), 10)
                raise PortError(f"Server {name} speaks version {said} of the greeting, this host version {greeting.VERSION}")
            if call == b"full":
                raise _FullError(f"Server {name} has no room for another connection now; try again")
            raise PortError(f"What answers at {name} isn't convolver serve")
        servers, hosts = call.removeprefix(greeting.CALL), greeting.nonce()
        if not greeting.is_nonce(servers):
            raise PortError(f"What answers at {name} isn't convolver serve")
        certificate = greeting.PLAIN if name.fingerprint is None else name.fingerprint.encode()
        answer = hosts + b" " + greeting.proof(token, b"host", servers, hosts, certificate) + b"\n"
        if self.write(answer, self._by(_PATIENCE)) < len(answer):
            raise PortError(f"Server {name} takes no bytes")
        word, _, rest = self._line(lines, _QUEUE, "is overloaded", beating=True).partition(b" ")
        if word == b"full":
            raise _FullError(f"Server {name} has no room for another host now; try again")
        if refusal := _refusal(word, has_token=token is not None):
            raise PortError(refusal.format(name=name))
        nanoseconds, _, proven = rest.partition(b" ")
        if word != b"ok" or not nanoseconds.isdigit() or not proven:
            raise PortError(f"What answers at {name} isn't convolver serve")
        if not greeting.same(proven, greeting.proof(token, b"server", servers, hosts, certificate, nanoseconds)):
            raise PortError(
                f"Server {name} doesn't prove that it knows the token; it isn't the one that is meant, or was started without"
            )
        self._early = lines.rest
        return min(int(nanoseconds[:12]) * 1e-9, _SLOWEST)

    def _line(self, lines: greeting.Lines, seconds: float, otherwise: str, *, beating: bool = False) -> bytes:
        """The server's next line; the message of its silence says that it `otherwise`. `beating`, this end shows meanwhile that
        it is there."""
        deadline = self._by(seconds)
        while (line := lines.take()) is None:
            if lines.overlong:
                raise PortError(f"What answers at {self._address} isn't convolver serve")
            data = self._receive(greeting.LINE_BYTES, min(deadline, time.monotonic() + BEAT) if beating else deadline)
            if data is None and beating and time.monotonic() < deadline:
                self.beat()
                continue
            if data is None:
                if self._end is not None and deadline == self._end:
                    raise PortError(f"Server {self._address} hasn't answered within the time that the call had left")
                raise PortError(f"What answers at {self._address} was silent for {seconds:g} s; it {otherwise}")
            if not data:
                raise ConnectionResetError
            lines.feed(data)
        return line

    def _receive(self, size: int, deadline: float) -> bytes | None:
        """What has come by `deadline`; None if nothing has, and nothing but b"" if the connection ended."""
        while True:
            with self._lock:
                data = self._channel.recv(size)
            if data is not None:
                return data
            if not ready(self._channel.fileno(), deadline, to_write=self._channel.writing):
                return None

    def read(self, size: int, deadline: float) -> bytes:
        """Gives what is there, or the first bytes to come, by `deadline` (`time.monotonic`)."""
        self._check_owner()
        if self._early:
            early, self._early = self._early[:size], self._early[size:]
            return early
        try:
            data = self._receive(size, deadline)
        except (OSError, ValueError) as error:
            raise self._gone(error) from None
        if data is None:
            return b""
        if not data:
            raise PortError(f"Server {self._address} went away: it has closed the connection")
        return data

    def write(self, data: bytes, deadline: float) -> int:
        """Sends `data` by `deadline`; gives how many bytes went out."""
        self._check_owner()
        sent = 0
        try:
            while True:
                with self._lock:
                    sent += self._put(data[sent:]) if sent < len(data) else 0
                    waits = sent < len(data) or not self._channel.flush()
                if not waits or not ready(self._channel.fileno(), deadline, to_write=self._channel.writing):
                    return sent
        except (OSError, ValueError) as error:
            raise self._gone(error) from None

    def _put(self, data: bytes) -> int:
        """Sends what may leave at once, under the lock."""
        sent = self._channel.send(data)
        if sent:
            self._quiet = time.monotonic()
        return sent

    def discard(self) -> None:
        """Does nothing: what was written is on its way, and the server's."""
        self._check_owner()

    def beat(self) -> None:
        """Sends a delimiter if nothing was sent lately; half a frame that waits as long is one that the device has dropped."""
        with self._lock:
            if not self._channel.pending and time.monotonic() - self._quiet >= BEAT:
                self._put(b"\0")

    def close(self) -> None:
        """Ends the connection; the server serves the next host."""
        if self._owned:
            self._closed.set()
            self._channel.end()
        self._give_up()

    def _give_up(self) -> None:
        self._channel.close()

    def _gone(self, error: Exception) -> PortError:
        if not self._greeted and isinstance(error, ConnectionError):
            return PortError(
                f"Server {self._address} has ended the connection without a reason; it is full, or isn't convolver serve"
            )
        if self._greeted and self._closed.is_set():
            return PortError(f"The connection to server {self._address} is closed; open it again")
        return PortError(f"Server {self._address} went away: {_reason(error)}")


def _beat(pipe: "weakref.ref[TcpPipe]", closed: threading.Event) -> None:
    """Lets a pipe beat until it's closed or nobody has it any more."""
    while not closed.wait(BEAT):
        alive = pipe()
        if alive is None:
            return
        try:
            alive.beat()
        except (OSError, ValueError):
            return  # the next call finds that out, and says so
        del alive


def _connected(address: Address, deadline: float) -> socket.socket:
    """A connection to the first of the machine's addresses that answers."""
    problem: OSError = TimeoutError()
    for family, kind, protocol, _, where in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(left)
            connection.connect(where)
        except OSError as error:
            connection.close()
            problem = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise problem


def _refusal(word: bytes, *, has_token: bool) -> str | None:
    """What a server's last word means, if it isn't its consent."""
    return {
        b"busy": "The device of server {name} is used by another host",
        b"away": "The device of server {name} went away; connect it again",
        b"token": "Server {name} refuses this token" if has_token else f"Server {{name}} wants a token: {_HINT}",
    }.get(word)


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there; start convolver serve"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, socket.gaierror | UnicodeError):  # a label of more than 63 letters, for instance
        return "no machine of that name is known"
    return printable(getattr(error, "strerror", None) or error).lower()
