"""Waits until a file or a socket can be read or written, of any number: `select` knows the first 1024 descriptors only."""

import math
import select
import time

__all__ = ["ready"]


def ready(descriptor: int, deadline: float, *, to_write: bool = False) -> bool:
    """Whether it can be read (or written) by `deadline` (`time.monotonic`), or is closed at its other end.

    Raises
    ------
    OSError
        If the descriptor is none.
    """
    left = max(deadline - time.monotonic(), 0.0)
    if descriptor < 0:
        raise OSError("it is closed")
    if not hasattr(select, "poll"):  # Windows, whose select takes as many sockets as one likes
        read, write, _ = select.select([] if to_write else [descriptor], [descriptor] if to_write else [], [], left)
        return bool(read or write)
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT if to_write else select.POLLIN)
    return bool(poll.poll(math.ceil(left * 1000)))
