"""The way of a session's frames onto its pipe."""

from .transport import Pipe
from .window import Window

__all__ = ["Outlet"]

_BURST = 4096
"""Bytes written before the pipe is read again, so that neither direction waits for the other."""


class Outlet:
    """Writes what may leave, as far as the pipe takes it, and keeps the rest.

    Attributes
    ----------
    delimiter_due : bool
        Whether a delimiter must go first: what the pipe holds may be half a frame.
    blocked : bool
        Whether the pipe took less than it was given last.
    """

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._unwritten = b""
        self.delimiter_due = False
        self.blocked = False

    def leave(self, window: Window, now: float, deadline: float) -> bool:
        """Writes what may leave `window`, a burst at most; whether there is more."""
        burst = self._unwritten or b"\0" * self.delimiter_due
        burst += window.leave(now, _BURST - len(burst))
        if len(burst) > self.delimiter_due:
            self.delimiter_due = False
            self._unwritten = self.write(burst, deadline)
        return bool(self._unwritten) or window.ready

    def write(self, data: bytes, deadline: float) -> bytes:
        """Writes and gives what didn't go out."""
        rest = data[self._pipe.write(data, deadline) :]
        self.blocked = bool(rest)
        return rest
