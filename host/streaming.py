"""A thread that keeps a transport busy: work goes in, and comes out when its results are there, in the same order.

Coefficients go in between two pieces of work. What is in front of them comes out before they are loaded: a transport gives a
set to the frames of its next call, so what is under way can't meet it, whatever the transport, wherever the core would swap.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy.typing as npt

from convolver.errors import DataError, PortError

from .ownership import Owned
from .tiling import Work
from .transport import Samples, Transport

__all__ = ["Stream"]

_LOOK = 0.1


class _Stopped(Exception):  # noqa: N818  # no error: somebody wants the thread to end
    """Ends the call that the thread is in."""


@dataclass(frozen=True, slots=True)
class _Set:
    """Coefficients for the work behind them."""

    coefficients: Sequence[int]
    timeout: float | None
    stage: int


class Stream(Owned):
    """Sends work to a transport, each piece as soon as it's there, several at a time; to be ended by `finish`, whatever
    happens.

    Parameters
    ----------
    transport : Transport
        Nobody else may use it meanwhile.
    timeout : float, optional
        Seconds from now on, after which it fails.
    notify : callable, optional
        Called by the thread whenever `receive` has something new.
    """

    def __init__(self, transport: Transport, timeout: float | None = None, notify: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._transport = transport
        self._end = None if timeout is None else time.monotonic() + timeout
        self._notify = notify
        self._stopped = threading.Event()
        self._inbox: queue.SimpleQueue[Work | _Set | None] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Samples | BaseException] = queue.SimpleQueue()
        self._found: Samples | None = None  # by `ready`, for `pop`
        self._refused: DataError | None = None
        self._sending: Work | None = None
        self._set: _Set | None = None  # waits until nothing is under way
        self._finishing = threading.RLock()
        self._finished = False
        self._under_way: deque[Work] = deque()
        self._thread = threading.Thread(target=self._run, name="stream to a device", daemon=True)
        self._thread.start()

    def send(self, work: Work) -> None:
        """Puts work behind all that was sent before."""
        self._check_owner()
        self._inbox.put(work)

    def load(self, coefficients: Sequence[int], timeout: float | None = None, stage: int = 0) -> bool:
        """Puts coefficients (see `Transport.load`) behind all that was sent before, from any thread, without waiting.

        False if the stream is finished: the transport is free for others.
        """
        self._check_owner()
        with self._finishing:
            if not self._finished:
                self._inbox.put(_Set(coefficients, timeout, stage))
            return not self._finished

    def results(
        self, items: Iterable[npt.ArrayLike], prepare: Callable[[npt.ArrayLike], Work], ahead: int
    ) -> Iterator[Samples]:
        """Sends what `prepare` makes of the items, up to `ahead` before the results that it yields. What that refuses ends it,
        behind the results before it: it is for `check_refused`."""
        under_way = 0
        for item in items:
            try:
                self.send(prepare(item))
            except DataError as error:
                self.refuse(error)
                break
            del item
            under_way += 1
            while self.ready(wait=under_way > ahead):
                under_way -= 1
                yield self.pop()
        while under_way:
            self.ready(wait=True)
            under_way -= 1
            yield self.pop()

    def refuse(self, error: DataError) -> None:
        """Keeps the error of an item that can't be sent for `check_refused`."""
        self._refused = error.with_traceback(None)  # which holds this stream

    def check_refused(self) -> None:
        """Raises what was refused, if something was."""
        error, self._refused = self._refused, None
        try:
            if error is not None:
                raise error
        finally:
            del error  # which holds this call, which would hold it

    def ready(self, *, wait: bool) -> bool:
        """Whether the results of the next piece are there, for `pop`; raises what the transport has raised."""
        self._check_owner()
        while True:
            try:
                # In slices, so that ctrl-C is heard wherever Python runs.
                found = self._outbox.get(timeout=_LOOK if wait else 0)
            except queue.Empty:
                if not wait:
                    return False
                continue
            try:
                if isinstance(found, BaseException):
                    raise found
                self._found = found
                return True
            finally:
                del found  # an error holds this call, which would hold it

    def pop(self) -> Samples:
        """The results that `ready` has found; nothing here holds them any more."""
        found, self._found = self._found, None
        assert found is not None
        return found

    def stop(self) -> None:
        """Ends the thread, at once even if something is under way; what was is lost. Stopping twice does nothing."""
        self._stopped.set()
        self._inbox.put(None)
        self._thread.join()

    def close(self) -> None:
        """Stops; who still waits for results gets those that are there, and then an error."""
        self.stop()
        self._put(PortError("The device was closed in the middle of a stream; open it again"))

    def finish(self) -> None:
        """Stops, and gives the transport the last set of each stage that was still on its way, for its next call."""
        if not self._owned:
            return
        self.stop()
        while not self._outbox.empty():
            self._outbox.get()  # an error that nobody waits for holds the thread's calls, and these this stream
        with self._finishing:
            self._finished = True
            sets = [] if self._set is None else [self._set]
            self._set = None
            while not self._inbox.empty():
                if isinstance(item := self._inbox.get(), _Set):
                    sets.append(item)
            for last in {item.stage: item for item in sets}.values():
                self._transport.load(last.coefficients, last.timeout, last.stage)

    def _run(self) -> None:
        try:
            while self._go_on():
                left = None if self._end is None else max(self._end - time.monotonic(), 0.0)
                self._transport.stream(self._take, self._give, left, self._check)
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  # it is raised where the results are waited for
            self._put(error)

    def _go_on(self) -> bool:
        """Waits for work, and loads the sets before it; False at the end."""
        while isinstance(item := self._set or self._inbox.get(), _Set):
            self._set = None
            self._transport.load(item.coefficients, item.timeout, item.stage)
        if item is None:
            return False
        self._begin(item)
        return True

    def _begin(self, work: Work) -> None:
        self._sending = work
        self._under_way.append(work)
        self._hand_out()

    def _take(self) -> Samples | None:
        """The next frame, as far as there is work in front of the next set."""
        while True:
            if self._sending is not None and (frame := self._sending.take()) is not None:
                return frame
            self._sending = None
            if self._set is not None:
                return None
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                return None
            if item is None:
                self._inbox.put(None)  # for `_run`
                return None
            if isinstance(item, _Set):
                self._set = item  # for `_run`, behind the results of all that was sent
                return None
            self._begin(item)

    def _give(self, results: Samples) -> None:
        self._under_way[0].give(results)
        self._hand_out()

    def _hand_out(self) -> None:
        """Puts out what is done, in order; an empty piece is as soon as those before it are."""
        while self._under_way and self._under_way[0].done:
            self._put(self._under_way.popleft().result)

    def _check(self) -> None:
        if self._stopped.is_set():
            raise _Stopped

    def _put(self, found: Samples | BaseException) -> None:
        self._outbox.put(found)
        self._notify()
