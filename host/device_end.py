"""A server's device: two threads pass bytes between its pipe and two bounded buffers while a host has it."""

import contextlib
import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from convolver.errors import PortError
from convolver.protocol import Type

from .frames import Frame
from .transport import Pipe

__all__ = ["DeviceEnd", "State"]

_SLICE = 0.1
_FAREWELL = b"\0" + Frame(Type.BYE).wire()
_FAREWELL_TIME = 1.0
_TO_DEVICE = 1 << 20
"""Bytes that wait for the device, at most: a host of ours has a window of 17 KB under way, and sends it again now and then."""
_TO_HOST = 1 << 14
"""Bytes that wait for the host; what comes on top stays in the device's pipe."""


class State(Enum):
    """Where the device is between two hosts."""

    FREE = auto()
    OPENING = auto()
    ATTACHED = auto()
    AWAY = auto()  # it couldn't be opened, or went away; `detach` leads to FREE
    LEAVING = auto()


class DeviceEnd:
    """The device behind a server, for one host at a time. All calls but `close` return at once.

    Parameters
    ----------
    open_pipe : callable
        Opens the device's pipe, at once and again after it went away.
    wake : callable
        Called, in any thread, when the state has changed or there is something to `take`.

    Raises
    ------
    PortError
        If the device can't be opened.
    """

    def __init__(self, open_pipe: Callable[[], Pipe], wake: Callable[[], None]) -> None:
        self._open_pipe = open_pipe
        self._wake = wake
        self._pipe: Pipe | None = open_pipe()
        self._changed = threading.Condition()
        self._state = State.FREE
        self._to_device = bytearray()
        self._to_host = bytearray()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> State:
        """Whose the device is now."""
        return self._state

    @property
    def byte_time(self) -> float:
        """Seconds that a byte takes to the device, while it is attached."""
        return 0.0 if self._pipe is None else self._pipe.byte_time

    def attach(self) -> None:
        """Gets the device ready for a host: `OPENING`, then `ATTACHED` or `AWAY`. Only while it's `FREE`."""
        assert self._state is State.FREE
        self._to_device.clear()
        self._to_host.clear()
        self._state = State.OPENING
        self._thread = threading.Thread(target=self._serve, name="to a device", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the system has no more threads
            self._thread = None
            self._state = State.AWAY

    def give(self, data: bytes) -> bool:
        """Takes bytes for the device; False if so many wait already that their sender can't be one of ours."""
        with self._changed:
            self._to_device += data
            self._changed.notify_all()
            return len(self._to_device) <= _TO_DEVICE

    def take(self) -> bytes:
        """What has come from the device."""
        with self._changed:
            data = bytes(self._to_host)
            self._to_host.clear()
            self._changed.notify_all()
            return data

    def detach(self) -> None:
        """Lets the host go, and says goodbye to the device: `LEAVING`, then `FREE`. What waits for the device is dropped."""
        with self._changed:
            self._to_device.clear()
            if self._thread is None:
                self._state = State.FREE
            elif self._state is not State.FREE:
                self._state = State.LEAVING
            self._changed.notify_all()

    def close(self) -> None:
        """Releases the device; closing twice does nothing."""
        self.detach()
        thread = self._thread
        if thread is not None:
            thread.join()
        self._drop()

    def _serve(self) -> None:
        """The thread of one host: opens, then writes, and says goodbye at the end."""
        try:
            self._attached()
        except PortError:
            self._drop()
            self._end(State.AWAY)
        with self._changed:
            while self._state is not State.LEAVING:
                self._changed.wait(_SLICE)
        if self._pipe is not None:
            try:
                self._pipe.discard()  # a system may keep so much that the next host would wait for it for seconds
                self._pipe.write(_FAREWELL, time.monotonic() + _FAREWELL_TIME)
            except PortError:
                self._drop()
        with self._changed:
            self._thread = None
            self._state = State.FREE
        self._wake()

    def _attached(self) -> None:
        pipe = self._fresh()
        with self._changed:
            if self._state is not State.OPENING:
                return
            self._state = State.ATTACHED
        self._wake()
        reader = threading.Thread(target=self._pass_back, args=(pipe,), name="from a device", daemon=True)
        try:
            reader.start()
        except RuntimeError:
            raise PortError("The system has no more threads") from None
        try:
            self._pass_on(pipe)
        finally:
            self._end(State.AWAY)  # for the reader, if the pipe broke here
            reader.join()

    def _pass_on(self, pipe: Pipe) -> None:
        while True:
            with self._changed:
                while not self._to_device and self._state is State.ATTACHED:
                    self._changed.wait()
                if self._state is not State.ATTACHED:
                    return
                data = bytes(self._to_device[:65536])
            sent = pipe.write(data, time.monotonic() + _SLICE)
            with self._changed:
                if self._state is State.ATTACHED:
                    del self._to_device[:sent]

    def _pass_back(self, pipe: Pipe) -> None:
        with contextlib.suppress(PortError):
            while self._state is State.ATTACHED:
                data = pipe.read(_TO_HOST, time.monotonic() + _SLICE)
                if not data:
                    continue
                with self._changed:
                    self._to_host += data
                self._wake()
                with self._changed:
                    while len(self._to_host) >= _TO_HOST and self._state is State.ATTACHED:
                        self._changed.wait()
            return
        self._end(State.AWAY)

    def _end(self, state: State) -> None:
        """The pipe broke: nobody is attached any more."""
        with self._changed:
            if self._state in (State.OPENING, State.ATTACHED):
                self._state = state
            self._changed.notify_all()
        self._wake()

    def _fresh(self) -> Pipe:
        """The pipe, without what the device has told the host before; opened anew if it went away meanwhile."""
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
