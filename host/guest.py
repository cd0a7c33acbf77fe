"""One connection to a server, from its first byte to its last: who it is, what it has proven, when it was heard."""

import ipaddress
import time
from enum import Enum, auto

from . import greeting
from .channel import Channel

__all__ = ["Guest", "Stage"]

_TO_HOST = 1 << 14
"""Bytes that wait for a host, at most. A device sends again what a slow line hasn't passed on, so they may be old."""


class Stage(Enum):
    """How far a connection has come."""

    GREETING = auto()
    WAITING = auto()  # it knows the token, and waits for the device
    ADMITTED = auto()  # the device is being got ready for it
    HOLDING = auto()
    GONE = auto()


class Guest:
    """A connection as the server sees it.

    Parameters
    ----------
    channel : Channel
    address : str
        Where it comes from.
    token : bytes, optional
        What it must know.
    certificate : bytes
        Fingerprint of the server's certificate, or `greeting.PLAIN`.

    Attributes
    ----------
    stage : Stage
    since : float
        When this stage began (`time.monotonic`).
    heard : float
        When a byte came last.
    source : str
        The machine, or the network, that shares a number of connections: an IPv4 address, or the first half of an IPv6 one.
    """

    def __init__(self, channel: Channel, address: str, token: bytes | None, certificate: bytes) -> None:
        self.channel = channel
        self.source = _source(address)
        self.stage = Stage.GREETING
        self.since = self.heard = self.drained = time.monotonic()
        self._token = token
        self._certificate = certificate
        self._ready = False
        self._nonce = greeting.nonce()
        self._hosts = b""
        self._lines = greeting.Lines()
        self._out = bytearray()
        self._between = True  # whether the last byte for the device was a delimiter, or there was none

    def enter(self, stage: Stage) -> None:
        """Goes on to another stage."""
        self.stage = stage
        self.since = self.drained = time.monotonic()

    def advance(self) -> bytes:
        """Does what can be done without waiting; gives the link's bytes that have come. `GONE` is what follows from an error,
        from the end of the connection, or from anything that no host of ours says. Delimiters alone are only a sign of life."""
        try:
            if not self._ready:
                if not self.channel.handshake():
                    return b""
                self._ready = True
                self.say(greeting.CALL + self._nonce + b"\n")
            self.flush()
            data = self.channel.recv(65536)
        except (OSError, ValueError):
            self.enter(Stage.GONE)
            return b""
        if data is None:
            return b""
        self.heard = time.monotonic()
        if self.stage is Stage.HOLDING and data:
            between, self._between = self._between, data.endswith(b"\0")
            return data if data.strip(b"\0") or not between else b""
        if not data or (self.stage is not Stage.GREETING and data.strip(b"\0")):
            self.enter(Stage.GONE)  # it has left, or speaks before it's its turn
            return b""
        if self.stage is not Stage.GREETING:
            return b""  # a sign of life
        self._lines.feed(data)
        if (line := self._lines.take()) is not None:
            self._check(line)
        elif self._lines.overlong:
            self.enter(Stage.GONE)
        return b""

    def _check(self, line: bytes) -> None:
        hosts, _, proven = line.partition(b" ")
        if not greeting.is_nonce(hosts):
            self.enter(Stage.GONE)
            return
        expected = greeting.proof(self._token, b"host", self._nonce, hosts, self._certificate)
        if self._token is not None and not greeting.same(proven, expected):
            self.dismiss(b"token\n")
            return
        self._hosts = hosts
        self.enter(Stage.WAITING)

    def admit(self, byte_time: float) -> None:
        """Says that the device is its own from here on."""
        nanoseconds = b"%d" % round(byte_time * 1e9)
        proof = greeting.proof(self._token, b"server", self._nonce, self._hosts, self._certificate, nanoseconds)
        self.enter(Stage.HOLDING)
        self.heard = self.since
        self.say(b"ok " + nanoseconds + b" " + proof + b"\n")

    def say(self, data: bytes) -> None:
        """Sends, at once or as soon as that is possible."""
        self._out += data
        self.flush()

    def flush(self) -> None:
        """Goes on with what couldn't be sent yet."""
        try:
            while self._out and (sent := self.channel.send(bytes(self._out[:65536]))):
                del self._out[:sent]
                self.drained = time.monotonic()
            self.channel.flush()
        except (OSError, ValueError):
            self.enter(Stage.GONE)

    def dismiss(self, word: bytes = b"") -> None:
        """Ends the connection, with a last word if that can be said at once."""
        if word and self._ready:
            self.say(word)
        self.enter(Stage.GONE)

    @property
    def room(self) -> bool:
        """Whether more may be said to it."""
        return len(self._out) < _TO_HOST

    @property
    def stuck(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out) or self.channel.pending

    @property
    def writing(self) -> bool:
        """Whether it goes on once the connection can be written."""
        return self.stuck or (not self._ready and self.channel.writing)


def _source(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))
