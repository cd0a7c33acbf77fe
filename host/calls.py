"""What a device's call or stream leaves behind at its transport, however it ends."""

import contextlib
from collections.abc import Callable, Iterator

from .ownership import Owned
from .streaming import Stream
from .transport import Transport

__all__ = ["Calls"]


class Calls(Owned):
    """The calls and streams of a transport; its user lets one at a time go on.

    Attributes
    ----------
    stream : Stream, optional
        The one that goes on, from any thread: until it has ended it takes sets.
    """

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport
        self.stream: Stream | None = None

    @contextlib.contextmanager
    def streaming(self, timeout: float | None, notify: Callable[[], None] = lambda: None) -> Iterator[Stream]:
        """A stream, with the design's own border; it is finished at the end."""
        self._transport.design.border.tell(self._transport)
        with self.forgetting():
            stream = self.stream = Stream(self._transport, timeout, notify)
            try:
                yield stream
            finally:
                stream.finish()
                self.stream = None

    @contextlib.contextmanager
    def forgetting(self) -> Iterator[None]:
        """After a call or a stream that ended early nobody can tell which samples the core has seen: a filter that keeps some
        starts from silence."""
        try:
            yield
        except BaseException:
            if self._owned:
                self._transport.design.continuity.start(self._transport)
            raise
