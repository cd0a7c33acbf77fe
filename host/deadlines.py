"""How long a host waits for a device: its settings, the end of a call, and the watch over whether anything moves."""

from dataclasses import dataclass

__all__ = ["Deadline", "Timing", "Watch"]

_AWAY = 0.5
"""Seconds; what takes less isn't worth a word."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Deadlines of the host, in seconds.

    Parameters
    ----------
    retry : float
        Time without progress after which a try counts as lost, while no round trip was seen.
    retry_min, retry_max : float
        Later it is twice the round trip as seen lately, but between these two. It doubles with each try, up to `retry`
        or twice itself, whichever is more. What the bytes under way need on the pipe comes on top.
    progress : float
        Time without one newly acknowledged frame, or one that the call waits for, after which it fails. What four frames need
        on the pipe comes on top.
    opening : float
        Time in which a session must have begun and the design be known. What the bytes need on the pipe comes on top.
    """

    retry: float = 0.25
    retry_min: float = 0.02
    retry_max: float = 1.0
    progress: float = 10.0
    opening: float = 30.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of something, by the clock of the link, and the seconds that it was given in all."""

    seconds: float
    end: float
    what: str = "The call wasn't done"
    """What its error begins with."""

    @classmethod
    def of(cls, timeout: "float | Deadline | None", now: float) -> "Deadline | None":
        """So many seconds from now; a deadline, or none, as it is."""
        return cls(timeout, now + timeout) if isinstance(timeout, int | float) else timeout


class Watch:
    """When something moved last. Time that this process has spent elsewhere, or in which it was stopped, is the device's to
    make good: it doesn't count.

    Attributes
    ----------
    moved : float
        When there was progress, later by what doesn't count.
    tried : float
        When the last try began.
    away : float
        Seconds, since the watch began, that don't count.
    """

    def __init__(self, now: float) -> None:
        self.moved = self.tried = now
        self.away = 0.0

    def progress(self, now: float) -> None:
        """Something has moved."""
        self.moved = self.tried = now

    def spent(self, seconds: float, now: float) -> bool:
        """So many seconds, up to now, went by elsewhere; whether that is worth a word. The try begins anew."""
        if seconds < _AWAY:
            return False
        self.moved += seconds
        self.tried = now
        self.away += seconds
        return True
