"""The host's end of the link: a session, and in it one reliable queue of frames each way.

docs/link.md is the specification; the names of the state here are those of its tables.
"""

import contextlib
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from convolver.errors import DeviceRestarted, FrameError, LinkTimeout, PortError, SessionLost
from convolver.protocol import VERSION, Drop, Type

from .deadlines import Deadline, Timing, Watch
from .frames import MAX_STUFFED, Frame, FrameReceiver
from .outlet import Outlet
from .ownership import Owned
from .transport import Pipe
from .welcome import Answers, Welcome
from .window import SLOTS, Item, Window

__all__ = ["Session", "Timing"]

_READ = 65536
_COUNTS = ("missed", "old", "received", "repeated", "resent", "sent", "sessions", "tries")
_PARTIES = ("host", "link", "core")
_LOOK = 0.1
"""Seconds between two looks at whether a call is to end."""
_GRACE = 2.0
"""Seconds that a call in another thread has to notice that the session was closed."""
_FRAMES = 4
"""Frames whose time on the pipe comes on top of the time without progress: one each way, and what the pipe holds."""


class Session(Owned):
    """Frames to and from a device, in order, each once, or an exception that says why not.

    After any exception the session is over (`open` is False); `begin` makes a new one on the same pipe.

    Parameters
    ----------
    pipe : Pipe
        The bytes; the session owns it and closes it.
    timing : Timing
        Deadlines.
    clock : callable
        Gives the time in seconds; the pipe's deadlines are its times.

    Attributes
    ----------
    open : bool
        Whether a session has begun and nothing has gone wrong in it.
    counts : Counter
        Frames sent, received and so on, of all sessions.
    stalls : str
        Who keeps the call that goes on waiting, or has ended the last one: "nobody", or "the host", "the link" or "the core",
        and what can be seen of it.
    """

    def __init__(self, pipe: Pipe, timing: Timing | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.timing = timing or Timing()
        self.open = False
        self.counts = Counter(dict.fromkeys((*_COUNTS, *(f"stalls_{party}" for party in _PARTIES)), 0))
        self.stalls = "nobody"
        self._pipe = pipe
        self._clock = clock
        self._receiver = FrameReceiver()
        self._turn = threading.RLock()
        self._closing = False
        self._reset()

    def _reset(self, number: int = 0) -> None:
        self.number = number
        self._window = Window(number, 0, self.counts)
        self._outlet = Outlet(self._pipe)
        self._heard = False
        self._rubbish = 0  # bytes that came in the last try, if no good frame was among them
        self._delivering = 0.0  # seconds that the caller took for what came last

    @property
    def drops(self) -> Counter[Drop]:
        """What came and wasn't a frame, by kind."""
        return self._receiver.drops

    @property
    def byte_time(self) -> float:
        """Seconds that a byte takes on the pipe."""
        return self._pipe.byte_time

    def take(self, pipe: Pipe) -> None:
        """Goes on with another pipe; the one before must be closed."""
        self._pipe, self._outlet = pipe, Outlet(pipe)
        self.open = self._closing = False
        self._receiver.drop_partial()

    def begin(self, timeout: float | Deadline | None = None, check: Callable[[], None] | None = None) -> Welcome:
        """Begins a session: whatever the device was doing is over, and its core is reset.

        `check` is called ten times a second or more often; what it raises ends the call.

        Raises
        ------
        LinkTimeout
            If no device answers.
        ProtocolMismatch
            If it speaks another version.
        """
        self._check_owner()
        with self._turn:
            self.open = False
            self._receiver.drop_partial()
            start = self._clock()
            limit = Deadline.of(timeout, self._clock())
            end = start + self.timing.progress + self._on_the_pipe
            end = end if limit is None else min(end, limit.end)
            retry = self.timing.retry + 128 * self._pipe.byte_time
            self._outlet.write(b"\0" + Frame(Type.BYE).wire(), min(end, start + retry))
            answers = Answers()
            while True:
                self._reset(secrets.randbelow(65535) + 1)
                self.counts["sessions"] += 1
                welcome = None
                while welcome is None:
                    now = self._clock()
                    if now >= end:
                        self.stalls = "the link: no device answered"
                        all_of_it = limit is not None and limit.end == end
                        raise LinkTimeout(
                            f"No device answered within {now - start:.3g} s{', all that the call had left' * all_of_it}; "
                            f"{answers.seen(blocked=self._outlet.blocked)}"
                        )
                    hello = Frame(Type.HELLO, limit=SLOTS, session=self.number, payload=bytes([VERSION]))
                    self._outlet.write(b"\0" + hello.wire(), min(end, now + retry))
                    welcome = self._await_welcome(min(end, now + retry), check, answers)
                    retry = min(2 * retry, self.timing.retry_max + 128 * self._pipe.byte_time)
                if welcome.seq == welcome.ack == 0:
                    break
            told = Welcome.parse(welcome.payload)
            self._window = Window(self.number, welcome.limit, self.counts)
            self.open = True
            return told

    def _await_welcome(self, deadline: float, check: Callable[[], None] | None, answers: Answers) -> Frame | None:
        while True:
            self._look(check)
            data = self._pipe.read(_READ, min(deadline, self._clock() + _LOOK))
            answers.bytes += len(data)
            for frame in self._receiver.feed(data):
                if frame.type is Type.WELCOME and frame.session == self.number:
                    # A device is silent until it's spoken to: nothing behind this frame in the same read is lost.
                    return frame
                answers.frames += frame.type.from_device
                answers.echoes += not frame.type.from_device
            if self._clock() >= deadline:
                return None

    def exchange(
        self,
        outgoing: Iterable[Item | None],
        deliver: Callable[[Frame], bool],
        timeout: float | Deadline | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Sends all `outgoing` frames while it gives what arrives to `deliver`, until that returns True.

        A None among `outgoing` says that there is nothing to send as yet. `deliver` refuses, by an exception, what the call
        doesn't wait for: each frame that it takes counts as progress. `check` is called ten times a second or more often; what
        it raises ends the call.

        Raises
        ------
        LinkTimeout
            If nothing moved for `timing.progress`, or it all took longer than `timeout`.
        DeviceRestarted, SessionLost
            If the device has forgotten this session, or has another.
        PortError
            If the pipe breaks, or another thread closes the session.
        """
        self._check_owner()
        with self._turn:
            self._exchange(iter(outgoing), deliver, Deadline.of(timeout, self._clock()), check)

    def _exchange(
        self,
        source: Iterator[Item | None],
        deliver: Callable[[Frame], bool],
        limit: Deadline | None,
        check: Callable[[], None] | None,
    ) -> None:
        whole = self.open
        self.open = False  # until all has gone well
        if not whole:
            raise FrameError("The session is over; begin another")
        watch = Watch(self._clock())
        self._outlet.delimiter_due = True  # whatever the pipe held between two calls
        while True:
            before = self._clock()
            self._window.fill(source)
            self._spent(watch, self._clock() - before)
            more = self._outlet.leave(self._window, self._clock(), watch.tried + self._retry)
            retry = self._retry
            now = self._clock()
            deadline = min(watch.tried + retry, watch.moved + self._patience, now if more else now + _LOOK)
            if limit is not None:
                deadline = min(deadline, limit.end)
            self._look(check)
            data = self._pipe.read(_READ, deadline)
            self._spent(watch, self._clock() - max(deadline, now))
            progress, done = self._receive(data, deliver)
            self._spent(watch, self._delivering)
            if done:
                # Best effort: what gets lost here, the device asks for when the next call begins.
                self._outlet.leave(self._window, self._clock(), self._clock() + retry)
                self.open = True
                self.stalls = "nobody"
                return
            now = self._clock()
            if progress:
                watch.progress(now)
                self.stalls = "nobody"
            self._check_time(now, watch, limit)
            if now >= watch.tried + retry:
                self._try_again(now, watch)

    def _check_time(self, now: float, watch: Watch, limit: Deadline | None) -> None:
        """Raises `LinkTimeout` if the call has lasted too long, whatever moves, or if nothing moves."""
        if limit is not None and now >= limit.end:
            self.stalls = self._stalled()
            if 2 * watch.away > limit.seconds:
                self.stalls = _away(watch.away)
            raise LinkTimeout(f"{limit.what} within {limit.seconds:.3g} s; it was waiting for {self.stalls}")
        if now >= watch.moved + self._patience:
            self.stalls = self._stalled()
            raise LinkTimeout(f"Nothing moved for {self.timing.progress:.3g} s; it stalls in {self.stalls}")

    def _try_again(self, now: float, watch: Watch) -> None:
        """Begins again at the oldest frame that isn't acknowledged, and asks for what is missing."""
        watch.tried = now
        self.counts["tries"] += 1
        self.stalls = self._stalled()
        self._count_stall()
        self._outlet.delimiter_due |= self._window.try_again()
        self._heard = False
        self._rubbish = 0

    def _count_stall(self) -> None:
        self.counts[f"stalls_{self.stalls.partition(':')[0].removeprefix('the ')}"] += 1

    def _spent(self, watch: Watch, seconds: float) -> None:
        """Notes time that the device isn't to blame for: the caller's own, or that in which this process didn't run."""
        if watch.spent(seconds, self._clock()):
            self.stalls = _away(seconds)
            self._count_stall()

    def _look(self, check: Callable[[], None] | None) -> None:
        """Raises if the call is to end."""
        if self._closing:
            raise PortError("The device was closed in the middle of a call; open it again")
        if check is not None:
            check()

    @property
    def _on_the_pipe(self) -> float:
        """Seconds that a few frames need there."""
        return _FRAMES * (MAX_STUFFED + 1) * self._pipe.byte_time

    @property
    def _retry(self) -> float:
        """Seconds without progress that a try lasts."""
        return self._window.wait(self.timing, self._pipe.byte_time)

    @property
    def _patience(self) -> float:
        """Seconds without progress after which a call fails."""
        return self.timing.progress + self._on_the_pipe

    def close(self) -> None:
        """Tells the device that nobody listens any more, and releases the pipe; a call in another thread ends first. In another
        process it does nothing."""
        if not self._owned:
            return
        self._closing = True
        mine = self._turn.acquire(timeout=_GRACE)
        try:
            self.open = False
            with contextlib.suppress(OSError):  # a port that is gone needs no farewell
                self._outlet.write(b"\0" + Frame(Type.BYE).wire(), self._clock() + self.timing.retry)
        finally:
            self._pipe.close()
            if mine:
                self._turn.release()

    # Both ways

    def _receive(self, data: bytes, deliver: Callable[[Frame], bool]) -> tuple[bool, bool]:
        """Handles all frames in `data`; whether anything moved, and whether `deliver` has all it wants."""
        progress = done = False
        self._delivering = 0.0
        self._rubbish += len(data)
        for frame in self._receiver.feed(data):
            if not frame.type.from_device:
                self.drops[Drop.TYPE] += 1
            elif frame.session != self.number:
                if frame.session:
                    raise SessionLost(f"Another host has taken the device (session {frame.session}, not {self.number})")
                raise DeviceRestarted("The device was reset in the middle of a call; the next call begins anew")
            elif frame.type is not Type.WELCOME:  # a second answer to HELLO says nothing new
                self._heard = True
                now = self._clock()
                old = self.counts["old"]
                progress |= self._window.acknowledge(frame, now)
                if frame.resend and self.counts["old"] == old:
                    self._outlet.delimiter_due |= self._window.go_back()
                if self._window.accept(frame):
                    progress = True
                    self.counts["received"] += 1
                    done |= deliver(frame)
                    self._delivering += self._clock() - now
        return progress, done

    def _stalled(self) -> str:
        """Who stalls, as far as the host can see."""
        if self._outlet.blocked:
            return "the link: its far end takes no bytes"
        if self._heard:
            return self._window.stalled()
        if self._rubbish:
            return f"the link: {self._rubbish} bytes came in the last try, but no whole frame of this session"
        return "the link: nothing was heard from the device in the last try"


def _away(seconds: float) -> str:
    return f"the host: this program was busy elsewhere, or stopped, for {seconds:.3g} s"
