"""A connection that never waits: plain here, encrypted in `convolver.host.tls`; both ends of ``tcp://`` use it."""

import contextlib
import socket

__all__ = ["Channel", "tune"]

_UNSENT = 1 << 13
"""Bytes that wait in the system to be sent, about; those that are on their way come on top."""


class Channel:
    """Bytes through a socket that doesn't block.

    Attributes
    ----------
    writing : bool
        Whether what couldn't be done yet waits until the socket can be written; else until it can be read.
    pending : bool
        Whether something that `send` took hasn't left.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self.writing = False
        self.pending = False

    def fileno(self) -> int:
        """The socket's descriptor; -1 once it is closed."""
        return self._connection.fileno()

    def handshake(self) -> bool:
        """Goes on with what comes before the first byte; whether that is done."""
        return True

    def recv(self, size: int) -> bytes | None:
        """What has come, nothing if the other end has closed the connection, or None if there is nothing yet."""
        self.writing = False
        try:
            return self._connection.recv(size)
        except BlockingIOError:
            return None

    def send(self, data: bytes) -> int:
        """Sends what may leave at once; how many bytes were taken."""
        self.writing = True
        try:
            return self._connection.send(data)
        except BlockingIOError:
            return 0

    def flush(self) -> bool:
        """Goes on with what is pending; whether nothing is any more."""
        return True

    def end(self) -> None:
        """Ends the connection, also where the child of a fork has it open."""
        with contextlib.suppress(OSError):  # it has ended already
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Releases the socket; closing twice does nothing."""
        self._connection.close()


def tune(connection: socket.socket) -> None:
    """Sends small pieces at once, keeps few bytes that can't leave yet, and notices within half a minute that the other machine
    is gone."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Not every system has all of them.
    options = {
        "TCP_KEEPIDLE": 10,
        "TCP_KEEPINTVL": 5,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": 25_000,
        "TCP_NOTSENT_LOWAT": _UNSENT,  # what a slow line takes is seen bit by bit, and what waits for it isn't old
    }
    for name, value in options.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
