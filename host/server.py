"""Offers a device to one host after the other over TCP; the bytes of the link pass as they are."""

import contextlib
import hmac
import ipaddress
import secrets
import socket
import threading
import time
from collections.abc import Callable

from convolver.errors import PortError
from convolver.host.frames import Frame
from convolver.host.ownership import Owned
from convolver.host.tcp_pipe import GREETING, read_line, tune, word
from convolver.host.transport import Pipe
from convolver.protocol import Type

__all__ = ["DEFAULT_PORT", "TOKEN_LENGTH", "Server"]

DEFAULT_PORT = 9876

TOKEN_LENGTH = 16
"""Characters of a token, at least: who listens on the network may try tokens without asking us."""

_PATIENCE = 5.0
_WAITING = 16
"""Connections that may be in the greeting at a time."""
_SLICE = 0.1
_BUSY = 1.0
_STUCK = 10.0
"""Seconds after which a host that takes no bytes is let go."""
_FAREWELL = b"\0" + Frame(Type.BYE).wire()


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
        What a host must know, `TOKEN_LENGTH` characters or more. It is never sent: a host proves that it knows it.

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
    ) -> None:
        super().__init__()
        family, address = _resolve(host, port)
        if token is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            raise PortError(f"A server that other machines reach, at {host}, must have a token")
        if token is not None and len(token) < TOKEN_LENGTH:
            raise PortError(f"A token must have {TOKEN_LENGTH} characters or more, not {len(token)}")
        self._token = token
        self._open_pipe = open_pipe
        self._pipe: Pipe | None = None
        self._device = threading.Lock()
        self._stopped = threading.Event()
        self._waiting = threading.BoundedSemaphore(_WAITING)
        self._threads: set[threading.Thread] = set()
        self.hosts = 0
        try:
            self._listener = socket.create_server((address, port), family=family, backlog=_WAITING)
        except OSError as error:
            raise PortError(f"Port {port} of {host} can't be listened at: {(error.strerror or str(error)).lower()}") from None
        try:
            self._pipe = open_pipe()
        except BaseException:
            self._listener.close()
            raise
        self._listener.settimeout(_SLICE)
        bound = self._listener.getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        self.url = f"tcp://{shown}:{bound[1]}"

    def run(self) -> None:
        """Serves hosts until `stop`, from another thread, or ctrl-C."""
        self._check_owner()
        try:
            while not self._stopped.is_set():
                try:
                    connection, _ = self._listener.accept()
                except TimeoutError:
                    continue
                if not self._waiting.acquire(blocking=False):
                    connection.close()
                    continue
                thread = threading.Thread(target=self._attend, args=(connection,), name="a host", daemon=True)
                self._threads = {other for other in self._threads if other.is_alive()} | {thread}
                thread.start()
        finally:
            self.close()

    def stop(self) -> None:
        """Ends `run`, from any thread of its process."""
        self._stopped.set()

    def close(self) -> None:
        """Ends every connection and releases the device; closing twice does nothing, nor does it in another process."""
        if not self._owned:
            return
        self._stopped.set()
        self._listener.close()
        for thread in list(self._threads):
            thread.join()
        self._drop()

    def _give_up(self) -> None:
        self._listener.close()

    def _attend(self, connection: socket.socket) -> None:
        """One host, from its greeting to its end."""
        with connection, contextlib.suppress(OSError):
            try:
                self._admit(connection)
            finally:
                # The child of a fork may hold it open.
                connection.shutdown(socket.SHUT_RDWR)

    def _admit(self, connection: socket.socket) -> None:
        try:
            admitted = self._greet(connection)
        finally:
            self._waiting.release()
        if not admitted:
            return
        # A host that went an instant ago may not be noticed yet.
        if not self._device.acquire(timeout=_BUSY):
            connection.sendall(b"busy\n")
            return
        try:
            self._serve(connection)
        finally:
            self._device.release()

    def _greet(self, connection: socket.socket) -> bool:
        """Whether a host knows the token."""
        challenge = secrets.token_hex(16).encode()
        connection.settimeout(_PATIENCE)
        connection.sendall(GREETING + challenge + b"\n")
        answer = read_line(connection, time.monotonic() + _PATIENCE)
        if answer is None:
            return False
        if self._token is None or hmac.compare_digest(answer, word(challenge, self._token)):
            return True
        connection.sendall(b"token\n")
        return False

    def _serve(self, connection: socket.socket) -> None:
        """Passes bytes both ways until the host, or the device, is gone."""
        connection.settimeout(_STUCK)
        tune(connection)
        try:
            pipe = self._fresh()
        except PortError:
            connection.sendall(b"away\n")
            return
        gone = threading.Event()
        connection.sendall(b"ok %d\n" % round(pipe.byte_time * 1e9))
        self.hosts += 1
        back = threading.Thread(target=self._pass_back, args=(pipe, connection, gone), name="to a host", daemon=True)
        back.start()
        try:
            while not (gone.is_set() or self._stopped.is_set()):
                connection.settimeout(_SLICE)
                try:
                    data = connection.recv(65536)
                except TimeoutError:
                    continue
                if not data:
                    break
                while data and not (gone.is_set() or self._stopped.is_set()):
                    data = data[pipe.write(data, time.monotonic() + _SLICE) :]
        finally:
            gone.set()
            back.join()
            try:
                pipe.write(_FAREWELL, time.monotonic() + 1.0)
            except PortError:
                self._drop()

    def _fresh(self) -> Pipe:
        """The device's pipe, without what it has told the host before; opened anew if the device went away meanwhile."""
        if self._pipe is not None:
            try:
                end = time.monotonic() + _SLICE
                while self._pipe.read(65536, time.monotonic()) and time.monotonic() < end:
                    pass
            except PortError:
                self._drop()
        if self._pipe is None:
            self._pipe = self._open_pipe()
        return self._pipe

    def _drop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _pass_back(self, pipe: Pipe, connection: socket.socket, gone: threading.Event) -> None:
        sender = connection.dup()  # with a time-out of its own
        with sender, contextlib.suppress(OSError):
            try:
                while not (gone.is_set() or self._stopped.is_set()):
                    if data := pipe.read(65536, time.monotonic() + _SLICE):
                        sender.settimeout(_STUCK)
                        sender.sendall(data)
            finally:
                gone.set()


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    if not 0 <= port <= 65535:
        raise PortError(f"A port must be between 0 and 65535, not {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise PortError(f"No machine of the name {host} is known") from None
    family, _, _, _, address = found[0]
    return family, str(address[0])
