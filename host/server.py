"""Offers a device to one host after the other over TCP; the bytes of the link pass as they are.

One thread does all that has to do with connections, and never waits for any of them: one that says nothing costs a descriptor
and a few hundred bytes, and gives way when somebody else comes.
"""

import contextlib
import errno
import ipaddress
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from convolver.errors import PortError

from . import greeting
from .channel import Channel, tune
from .device_end import DeviceEnd, State
from .guest import Guest, Stage
from .ownership import Owned
from .text import printable
from .transport import Pipe

if TYPE_CHECKING:
    from .tls import Identity

__all__ = ["DEFAULT_PORT", "TOKEN_LENGTH", "Server", "reaches_beyond"]

DEFAULT_PORT = 9876

TOKEN_LENGTH = 16
"""Characters of a token, at least: who listens on the network may try tokens without asking us."""

_GREETING = 10.0
"""Seconds for the whole greeting, TLS included: a host waits five for either."""
_GREETED = 64
"""Connections in the greeting at a time; one more, and the oldest of the machine that has the most gives way."""
_WAITING = 16
"""Hosts that wait for the device at a time."""
_BUSY = 1.5
"""Seconds that a host waits before it is told that another one, which has been heard since, has the device."""
_FAINT = 2.5
"""Seconds without a byte after which one that waits may have been stopped: others get the device before it does."""
_SILENT = 5.0
"""Seconds without a byte after which a host has been stopped; if another one waits, it is let go. One that waits or is idle
sends a byte each second."""
_STUCK = 7.0
"""Seconds after which one that takes no bytes is let go if another one waits; a slow line may take them in larger pieces."""
_PATIENCE = 12.0
"""Seconds that opening a device may take, and that a host waits at most."""
_TICK = 0.1
_PAUSE = 0.02
"""Seconds without accepting, once descriptors have run out."""
_ACCEPTED = 16
"""Connections that are accepted between two looks at the others."""
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Server(Owned):
    """Listens, and passes bytes between the device and one host at a time; a host that comes meanwhile is told so.

    When a host goes, killed or not, the device is told goodbye, so that it is silent and takes the next one. A device that went
    away is opened anew for the next host.

    Parameters
    ----------
    open_pipe : callable
        Opens the device's pipe.
    host : str
        Name or address to listen at; only this machine can connect to the one that stands here by default.
    port : int
        0 for any that is free.
    token : str, optional
        What a host must know, `TOKEN_LENGTH` characters or more. It is never sent: host and server prove that they know it.
    identity : Identity, optional
        A certificate: the connections are encrypted, and a host knows the server by its fingerprint.

    Attributes
    ----------
    url : str
        What a host opens.
    hosts : int
        How many had the device.
    anywhere : bool
        Whether it listens at every address of this machine: other machines must write one of its names.

    Raises
    ------
    PortError
        If other machines could connect and there is no token, or it's too short; if the address can't be listened at, or the
        device can't be opened.
    """

    _what = "server"

    def __init__(
        self,
        open_pipe: Callable[[], Pipe],
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        token: str | None = None,
        identity: "Identity | None" = None,
    ) -> None:
        super().__init__()
        reaches_beyond(host, token)
        family, address = _resolve(host, port)
        self._token = None if token is None else greeting.encode_token(token)
        self._identity = identity
        self._certificate = greeting.PLAIN if identity is None else identity.fingerprint.encode()
        self._guests: dict[int, Guest] = {}  # by their descriptors
        self._holder: Guest | None = None
        self._stopped = threading.Event()
        self._paused_until: float | None = None
        self.hosts = 0
        self.anywhere = ipaddress.ip_address(address.partition("%")[0]).is_unspecified
        with contextlib.ExitStack() as stack:
            try:
                self._listener = socket.create_server((address, port), family=family, backlog=128)
                stack.callback(self._listener.close)
                self._wake, self._waker = socket.socketpair()
                stack.callback(self._wake.close)
                stack.callback(self._waker.close)
                self._selector = selectors.DefaultSelector()
                stack.callback(self._selector.close)
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise PortError(f"Port {port} of {printable(host, 100)} can't be listened at: {reason}") from None
            for end in (self._listener, self._wake, self._waker):
                end.setblocking(False)
            self._selector.register(self._listener, selectors.EVENT_READ)
            self._selector.register(self._wake, selectors.EVENT_READ)
            self._device = DeviceEnd(open_pipe, self._awake)
            self._release = stack.pop_all()
        bound = self._listener.getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        self.url = (
            f"tcp://{shown}:{bound[1]}" if identity is None else f"tls://{shown}:{bound[1]}#sha256={identity.fingerprint}"
        )

    def run(self) -> None:
        """Serves hosts until `stop`, from another thread, or ctrl-C."""
        self._check_owner()
        try:
            while not self._stopped.is_set():
                self._step()
        finally:
            self.close()

    def stop(self) -> None:
        """Ends `run`, from any thread of its process."""
        self._stopped.set()
        self._awake()

    def close(self) -> None:
        """Ends every connection and releases the device; closing twice does nothing, nor does it in another process."""
        if not self._owned:
            return
        self._stopped.set()
        for guest in list(self._guests.values()):
            guest.dismiss()
            self._forget(guest)
        self._device.close()
        self._release.close()

    def _give_up(self) -> None:
        for guest in self._guests.values():
            guest.channel.close()
        self._release.close()

    def _awake(self) -> None:
        """Lets `run` look again, from any thread."""
        with contextlib.suppress(OSError):  # there is a byte already, or nobody looks any more
            self._waker.send(b"x")

    def _step(self) -> None:
        """One look at everything: at what has come, and then at who said nothing up to the time before, wherever this process
        was stopped meanwhile."""
        now = time.monotonic()
        for key, _ in self._selector.select(_TICK if self._paused_until is None else _PAUSE):
            if key.fileobj is self._listener:
                self._accept()
            elif key.fileobj is self._wake:
                with contextlib.suppress(BlockingIOError):
                    self._wake.recv(4096)
            elif (guest := self._guests.get(key.fd)) is not None:
                self._hear(guest)
        if self._paused_until is not None and now >= self._paused_until:
            self._paused_until = None
            self._selector.register(self._listener, selectors.EVENT_READ)
        self._serve(now)
        self._let_in(now)
        for guest in list(self._guests.values()):
            if guest.stage is Stage.GREETING and now - guest.since > _GREETING:
                guest.dismiss()
            if guest.stage is Stage.GONE:
                self._forget(guest)
            else:
                self._watch(guest)

    # Coming and going

    def _accept(self) -> None:
        for _ in range(_ACCEPTED):
            try:
                connection, address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    gone = [guest for guest in self._guests.values() if guest.stage is Stage.GONE]
                    for guest in gone:
                        self._forget(guest)
                    for _ in range(0 if gone else 1 + self._greeted // 2):
                        self._make_room()
                    # Who waits in the queue of the system keeps the listener ready: a pause, or this would spin.
                    self._selector.unregister(self._listener)
                    self._paused_until = time.monotonic() + _PAUSE
                    return
                continue  # it has gone again
            self._receive(connection, address[0])

    def _receive(self, connection: socket.socket, address: str) -> None:
        if self._greeted >= _GREETED:
            self._make_room()
        try:
            tune(connection)
            channel = Channel(connection) if self._identity is None else self._identity.channel(connection)
            guest = Guest(channel, address, self._token, self._certificate)
            self._selector.register(channel.fileno(), selectors.EVENT_READ)
        except (OSError, ValueError):  # it has gone again
            connection.close()
            return
        self._guests[channel.fileno()] = guest
        self._hear(guest)

    @property
    def _greeted(self) -> int:
        """Connections that have proven nothing yet."""
        return sum(guest.stage is Stage.GREETING for guest in self._guests.values())

    def _make_room(self) -> None:
        """Ends a connection of the machine that has the most of those that have proven nothing yet: its oldest."""
        greeted = [guest for guest in self._guests.values() if guest.stage is Stage.GREETING]
        if greeted:
            counts = Counter(guest.source for guest in greeted)
            most = max(counts, key=counts.__getitem__)  # `most_common` imports a module, for which there may be no descriptor
            oldest = min((guest for guest in greeted if guest.source == most), key=lambda guest: guest.since)
            oldest.dismiss(b"full\n")
            self._forget(oldest)

    def _forget(self, guest: Guest) -> None:
        """Closes a connection; the device of the one that held it is told goodbye."""
        descriptor = guest.channel.fileno()
        if self._guests.pop(descriptor, None) is not None:
            self._selector.unregister(descriptor)
        guest.channel.end()
        guest.channel.close()
        if guest is self._holder:
            self._holder = None
            self._device.detach()

    def _watch(self, guest: Guest) -> None:
        events = selectors.EVENT_READ | selectors.EVENT_WRITE * guest.writing
        if self._selector.get_key(guest.channel.fileno()).events != events:
            self._selector.modify(guest.channel.fileno(), events)

    def _hear(self, guest: Guest) -> None:
        before = guest.stage
        data = guest.advance()
        # One that takes in more than any device could is none of ours.
        if data and not self._device.give(data):
            guest.dismiss()
        if before is Stage.GREETING and guest.stage is Stage.WAITING:
            self._queue(guest)

    def _queue(self, guest: Guest) -> None:
        """If too many wait, the one that was silent longest gives way, or the newcomer if all of them are alive."""
        waiting = [other for other in self._guests.values() if other.stage is Stage.WAITING]
        if len(waiting) > _WAITING:
            last = min(waiting, key=lambda other: other.heard)
            (last if guest.since - last.heard > _FAINT else guest).dismiss(b"full\n")

    # The device

    def _serve(self, now: float) -> None:
        """Goes on with the host that has the device."""
        guest, state = self._holder, self._device.state
        if guest is None:
            if state is State.AWAY:
                self._device.detach()
            return
        if state is State.AWAY or (guest.stage is Stage.ADMITTED and now - guest.since > _PATIENCE):
            guest.dismiss(b"away\n" if guest.stage is Stage.ADMITTED else b"")
        elif guest.stage is Stage.ADMITTED and state is State.ATTACHED:
            guest.admit(self._device.byte_time)
            self.hosts += 1
        if guest.stage is Stage.HOLDING and guest.room and (data := self._device.take()):
            if not guest.stuck:
                guest.drained = now
            guest.say(data)
        if guest.stage is Stage.GONE:
            self._forget(guest)

    def _let_in(self, now: float) -> None:
        """Gives the device to the host that has waited longest, an alive one if there is any, or tells those that wait that
        another one has it."""
        waiting = sorted(
            (guest for guest in self._guests.values() if guest.stage is Stage.WAITING),
            key=lambda guest: (now - guest.heard > _FAINT, guest.since),
        )
        if not waiting:
            return
        holder = self._holder
        if holder is None:
            if self._device.state is State.FREE:
                self._holder = waiting[0]
                waiting[0].enter(Stage.ADMITTED)
                self._device.attach()
            return
        stopped = now - holder.heard > _SILENT or (holder.stuck and now - holder.drained > _STUCK)
        if holder.stage is Stage.HOLDING and stopped:
            holder.dismiss()
            self._forget(holder)
            return
        for guest in waiting:
            # Both are there for a while, and the one that has the device has been heard in it.
            since = max(guest.since, holder.since)
            alive = holder.stage is Stage.HOLDING and holder.heard > since and now - since > _BUSY
            if alive or now - guest.since > _PATIENCE:
                guest.dismiss(b"busy\n")


def reaches_beyond(host: str, token: str | None) -> bool:
    """Whether other machines can connect to a server that listens at this name or address; it must have a token then.

    Raises
    ------
    PortError
        If it has none, or one that is too short, or the name isn't known.
    """
    _, address = _resolve(host, DEFAULT_PORT)
    beyond = not ipaddress.ip_address(address.partition("%")[0]).is_loopback
    if token is None and beyond:
        raise PortError(f"A server that other machines reach, at {printable(host, 100)}, must have a token")
    if token is not None and len(token) < TOKEN_LENGTH:
        raise PortError(f"A token must have {TOKEN_LENGTH} characters or more, not {len(token)}")
    return beyond


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    if not 0 <= port <= 65535:
        raise PortError(f"A port must be between 0 and 65535, not {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError):  # a label of more than 63 letters, for instance
        raise PortError(f"No machine of the name {printable(host, 100)} is known") from None
    family, _, _, _, address = found[0]
    return family, str(address[0])
