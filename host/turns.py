"""One user at a time: threads wait for each other, and whoever would wait for itself is told."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

from convolver.errors import LinkError

__all__ = ["Turns"]

_BUSY = "The device is in the middle of a stream; end it first, or open another device"
_POLL = 0.005
_LOOK = 0.1


class Turns:
    """A lock that knows which thread, and which task of it, has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._user: tuple[int, object] | None = None

    @contextlib.contextmanager
    def taken(self, otherwise: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """Waits for other threads. While it waits it asks whether what it waits for was done `otherwise`, and then gives
        False."""
        me = threading.get_ident()
        while not self._lock.acquire(timeout=_LOOK):
            user = self._user
            if user is not None and user[0] == me:
                raise LinkError(_BUSY)
            if otherwise():
                yield False
                return
        self._user = me, None
        try:
            yield True
        finally:
            self.release()

    @contextlib.contextmanager
    def tried(self) -> Iterator[bool]:
        """Waits for nobody: gives whether nobody else is at it."""
        free = self._lock.acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                self._lock.release()

    async def claim(self) -> None:
        """`taken` for a task, up to `release`: others go on while it waits."""
        me = threading.get_ident(), asyncio.current_task()
        while not self._lock.acquire(blocking=False):
            if self._user == me:
                raise LinkError(_BUSY)
            await asyncio.sleep(_POLL)
        self._user = me

    def release(self) -> None:
        """Lets the next one at it."""
        self._user = None
        self._lock.release()
