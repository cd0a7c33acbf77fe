"""The two queues of a session, one each way: what is sent, acknowledged, expected. No pipe, and no time but what it's told.

docs/link.md is the specification; the names of the state here are those of its tables.
"""

import math
from collections import Counter, deque
from collections.abc import Iterator

from convolver.protocol import Type

from .deadlines import Timing
from .frames import MAX_STUFFED, Frame

__all__ = ["SLOTS", "Item", "Window"]

SLOTS = 64
"""Frames that the host takes at once, and those it holds to send again; it has room for any window."""

Item = tuple[Type, bytes]
"""A frame to send: its type and its payload."""


class Window:
    """Numbers, acknowledges and sends again, both ways.

    Parameters
    ----------
    number : int
        Of the session.
    limit : int
        The first number that the device doesn't take yet.
    counts : Counter
        Of the frames of all sessions.

    Attributes
    ----------
    poll_due : bool
        Whether the next frame asks for an ACK.
    round_trip : float or None
        As seen lately, in seconds.
    """

    def __init__(self, number: int, limit: int, counts: Counter[str]) -> None:
        self.poll_due = False
        self.round_trip: float | None = None
        self._number = number
        self._counts = counts
        self._expected = 0
        self._last_ahead: int | None = None
        self._acked = 0
        self._queue: deque[Item] = deque()  # numbers acked to filled
        self._times: deque[float] = deque()  # when each of them left; nothing for those that left twice
        self._sent = 0  # next - acked
        self._limit = limit
        self._peer_next = 0
        self._ack_due = self._resend_due = False
        self._patience = 1  # doubled by each try, until a frame that left once is acknowledged or one arrives

    # Sending

    @property
    def room(self) -> int:
        """Frames that the device takes from the oldest one that isn't acknowledged on."""
        window = self._limit - self._acked & 255
        return window if window <= SLOTS else 0

    @property
    def ready(self) -> bool:
        """Whether a frame may leave."""
        return self._sent < min(len(self._queue), self.room)

    def fill(self, source: Iterator[Item | None]) -> None:
        """Takes frames from `source` up to the device's limit."""
        while len(self._queue) < min(self.room, SLOTS) and (item := next(source, None)) is not None:
            self._queue.append(item)

    def leave(self, now: float, room: int) -> bytes:
        """The frames that may leave now, in about `room` bytes, and an ACK if one is due."""
        burst = bytearray()
        while len(burst) < room and self.ready:
            kind, payload = self._queue[self._sent]
            burst += self._frame(kind, payload).wire()
            if self._sent == len(self._times):
                self._times.append(now)
            self._sent += 1
            self._counts["sent"] += 1
        if self._ack_due or self._resend_due or self.poll_due:
            burst += self._frame(Type.ACK).wire()
        return bytes(burst)

    def _frame(self, kind: Type, payload: bytes = b"") -> Frame:
        poll, resend = self.poll_due, self._resend_due
        self._ack_due = self.poll_due = self._resend_due = False
        seq, limit = self._acked + self._sent & 255, self._expected + SLOTS & 255
        return Frame(kind, seq, self._expected, limit, self._number, payload, poll, resend)

    def go_back(self) -> bool:
        """Begins again at the oldest frame that isn't acknowledged; whether any had left."""
        had_left = self._sent > 0
        self._counts["resent"] += self._sent
        self._sent = 0
        self._times = deque([math.inf] * len(self._times))
        return had_left

    def try_again(self) -> bool:
        """After a try without progress: begins again, and asks for what is missing; whether any frame had left."""
        self._patience *= 2
        self.poll_due = True
        self._resend_due = self._last_ahead is not None
        return self.go_back()

    def wait(self, timing: Timing, byte_time: float) -> float:
        """Seconds without progress that a try lasts."""
        trip = timing.retry if self.round_trip is None else 2 * self.round_trip
        trip = min(max(trip, timing.retry_min), timing.retry_max)
        backed_off = min(trip * self._patience, max(timing.retry, 2 * trip), timing.retry_max)
        frames = 2 * (min(self._sent, len(self._queue)) + 1)
        return backed_off + min(frames * (MAX_STUFFED + 1) * byte_time, timing.progress / 3)

    # Receiving

    def acknowledge(self, frame: Frame, now: float) -> bool:
        """Reads a header; whether it acknowledges anything new. A limit that moves is no progress: it could do so for ever."""
        advance = frame.ack - self._acked & 255
        self._ack_due |= frame.poll
        if advance > len(self._queue):
            self._counts["old"] += 1
            return False
        for _ in range(advance):
            self._queue.popleft()
            if self._times and (trip := now - self._times.popleft()) >= 0:
                # Down fast, up slowly: a trip may have waited for an ACK that was lost.
                before = trip if self.round_trip is None else self.round_trip
                self.round_trip = before + (trip - before) / (2 if trip < before else 16)
                self._patience = 1
        self._acked = frame.ack
        self._sent = max(self._sent - advance, 0)
        self._limit = frame.limit
        self._peer_next = frame.seq + frame.type.sequenced & 255
        return advance > 0

    def accept(self, frame: Frame) -> bool:
        """Whether a frame is the next one of the sequence."""
        ahead = frame.seq - self._expected & 255
        sequenced = frame.type.sequenced
        self._ack_due |= sequenced
        if ahead == 0:
            if sequenced:
                self._expected = self._expected + 1 & 255
                self._last_ahead = None
                self._patience = 1
            return sequenced
        if ahead >= 128:
            self._counts["repeated"] += sequenced
            return False
        # Asked for once a gap, and once more if the device has gone back and the frame was lost again. An ACK says that
        # the last frames got lost, but several of them may say so before the device has heard of it.
        self._counts["missed"] += sequenced
        self._resend_due |= self._last_ahead is None or (sequenced and ahead <= self._last_ahead)
        if sequenced or self._last_ahead is None:
            self._last_ahead = ahead
        return False

    def stalled(self) -> str:
        """Who stalls, of a device that is heard."""
        if self._queue and self.room:
            return "the link: what is sent isn't acknowledged"
        if self._peer_next != self._expected:
            return "the link: what the device sends doesn't arrive"
        return "the core: the device has nothing to send" + (" and takes nothing" if self._queue or not self.room else "")
