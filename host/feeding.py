"""A task that feeds a stream, for asyncio: others go on while the stream's results are waited for."""

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable

import numpy.typing as npt

from convolver.errors import DataError

from .streaming import Stream
from .tiling import Work

__all__ = ["Feeder"]


class Feeder:
    """Reads arrays from a source and sends them, a few ahead of the results; to be ended by `stop`, whatever happens.

    Parameters
    ----------
    ahead : int
        Arrays that are read before the first one's results are there.
    """

    def __init__(self, ahead: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._room = asyncio.Semaphore(ahead + 1)
        self._sent = self._received = 0
        self._task: asyncio.Task[None] | None = None

    def notify(self) -> None:
        """Tells, from any thread, that a result has arrived."""
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(self._arrived.set)

    def start(
        self,
        stream: Stream,
        items: Iterable[npt.ArrayLike] | AsyncIterable[npt.ArrayLike],
        prepare: Callable[[npt.ArrayLike], Work],
    ) -> None:
        """Begins to read `items`; `prepare` makes work of each."""
        self._task = asyncio.create_task(self._feed(stream, items, prepare))
        self._task.add_done_callback(lambda _: self._arrived.set())

    async def ready(self, stream: Stream) -> bool:
        """Waits for the next results, which are for `stream.pop`; False behind the last. Raises what the source has raised."""
        assert self._task is not None
        while True:
            self._arrived.clear()
            if stream.ready(wait=False):
                self._received += 1
                self._room.release()
                return True
            if self._task.done() and self._received == self._sent:
                self._task.result()
                return False
            await self._arrived.wait()

    async def stop(self, stream: Stream) -> None:
        """Ends the task and the stream's thread."""
        task, self._task = self._task, None  # it holds the error that it has raised, and that holds who called it
        assert task is not None
        task.cancel()
        await asyncio.to_thread(stream.stop)
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # which `ready` has told

    async def _feed(
        self,
        stream: Stream,
        items: Iterable[npt.ArrayLike] | AsyncIterable[npt.ArrayLike],
        prepare: Callable[[npt.ArrayLike], Work],
    ) -> None:
        await self._room.acquire()
        async for item in _asynchronous(items):
            try:
                stream.send(prepare(item))  # at once: a set that is loaded from now on is for what is read later
            except DataError as error:
                stream.refuse(error)
                return
            self._sent += 1
            del item
            await self._room.acquire()


async def _asynchronous(items: Iterable[npt.ArrayLike] | AsyncIterable[npt.ArrayLike]) -> AsyncIterator[npt.ArrayLike]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
