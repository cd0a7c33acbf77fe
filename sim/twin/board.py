"""The board twin: the whole device top compiled, from pin to pin, behind a pseudo-terminal that opens like a port.

Only what belongs to a device is missing: its pads, its PLL, its USB bridge. Bytes take their clocks on the lines here too, so
that what overflows on a board overflows here.

While bytes are on the lines the twin runs as fast as the machine can; when they are quiet, in real time or as near to it as it
gets, so that time-outs take as long as on a board.
"""

import contextlib
import ctypes
import math
import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from convolver.designs import Design
from convolver.host.ownership import Owned
from convolver.hw.export.elaboration import rtlil_of

from ..libraries.compiler import Compiled, Progress, compile_described
from ..libraries.pins import pins_of

if TYPE_CHECKING:
    from convolver.hw.link.one_clock import OneClockTop

__all__ = ["BoardPipe", "BoardTwin", "Lines", "Terminal", "serve", "serving"]

QUIET = 50
"""Bytes' time without one on the lines after which the twin looks at the terminal."""

SLICE = 100
"""Bytes' time between two looks at the terminal while bytes are on the lines: less than half a frame."""

IDLE_CLOCKS = 100_000
"""Clocks at most between two looks at the terminal while the lines are quiet: what comes from the host then doesn't wait."""

_AT_ONCE = 4096
_PATIENCE = 0.1


class _Job(ctypes.Structure):
    """`line_job` of board.h, field by field."""

    _fields_ = (
        ("sent", ctypes.c_char_p),
        ("sent_count", ctypes.c_int64),
        ("received", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("capacity", "clocks", "patience", "taken", "given", "ran", "quiet", "broken")),
    )


_bare: dict[tuple[Design, int, int], "OneClockTop"] = {}
_kept: dict["OneClockTop", Compiled] = {}


def _on_no_board(design: Design, serial_number: int, slots: int) -> "OneClockTop":
    key = design, serial_number, slots
    if key not in _bare:
        from convolver.hw.link.one_clock import bare

        _bare[key] = bare(*key)
    return _bare[key]


def _compiled(top: "OneClockTop", progress: Progress | None) -> Compiled:
    if top not in _kept:
        (progress or (lambda _title: None))("elaborating")
        text = rtlil_of(top.component, top.platform, top.ports)
        (_kept[top],) = compile_described([(pins_of(top), text)], progress)
    return _kept[top]


class Lines(Owned):
    """A compiled device at power-on, its link's lines driven and read byte by byte; its state stays between calls.

    Parameters
    ----------
    compiled : Compiled
    clock_hz, byte_clocks
        As the attributes.

    Attributes
    ----------
    clock_hz : int
        Frequency of its clock on a board.
    byte_clocks : Fraction
        Clocks that a byte takes on the lines, at least.
    clocks : int
        Clocks since power-on.
    quiet : int
        The last so many of them passed without a byte on the lines.
    broken : int
        Bytes that came from the device with a wrong stop bit; of a FIFO, whatever its chip doesn't allow.
    """

    def __init__(self, compiled: Compiled, clock_hz: int, byte_clocks: Fraction) -> None:
        super().__init__()
        self.clock_hz, self.byte_clocks = clock_hz, byte_clocks
        device = ctypes.c_void_p
        self._run = compiled.bound("run", None, device, ctypes.POINTER(_Job))
        self._delete = compiled.bound("delete", None, device)
        self._device: int | None = compiled.bound("new", device)()
        self._buffer = ctypes.create_string_buffer(_AT_ONCE)
        self.clocks = self.quiet = self.broken = 0

    def __del__(self) -> None:
        if getattr(self, "_device", None) and self._owned:  # elsewhere a thread may have been in the middle of it
            self._delete(self._device)
            self._device = None

    def run(self, sent: bytes, clocks: int, patience: int | None = None) -> tuple[int, bytes]:
        """Lets clocks go by while `sent` goes to the device, back to back.

        Parameters
        ----------
        sent : bytes
        clocks : int
            At most so many clocks; fewer when the device has sent 4096 bytes.
        patience : int, optional
            No further once the lines have been quiet for so many clocks, counted from before the call.

        Returns
        -------
        taken : int
            How many of `sent` are on the line or over it.
        received : bytes
            What the device has sent.
        """
        self._check_owner()
        job = _Job(
            sent=sent,
            sent_count=len(sent),
            received=ctypes.addressof(self._buffer),
            capacity=_AT_ONCE,
            clocks=clocks,
            patience=(1 << 62) if patience is None else patience,
            quiet=0 if sent else self.quiet,
        )
        self._run(self._device, ctypes.byref(job))
        self.clocks += job.ran
        self.quiet = job.quiet
        self.broken += job.broken
        return job.taken, self._buffer.raw[: job.given]

    def clocks_of(self, count: int) -> int:
        """Clocks that so many bytes take."""
        return int(count * self.byte_clocks)

    def exchange(self, sent: bytes) -> bytes:
        """Sends all of `sent`, and gives what comes until the lines have been quiet for the time of 50 bytes."""
        received = bytearray()
        slice_, patience = self.clocks_of(SLICE), self.clocks_of(QUIET)
        while True:
            taken, came = self.run(sent, slice_, patience)
            sent = sent[taken:]
            received += came
            if not sent and self.quiet >= patience:
                return bytes(received)


class BoardTwin(Lines):
    """The board twin of a design, or of a board.

    Parameters
    ----------
    top : Design or OneClockTop
        What the device computes: it's on no board then, at a clock and a rate that make it quick. Or a board's top, see
        `convolver.boards.simulated.simulated_top`.
    serial_number : int
        32 bits that a device on no board tells its host.
    slots : int
        Frames of 256 bytes in either ring of its link.
    progress : callable, optional
        Called with a title before each step that may take longer than a second.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    ToolError
        If there is no C++ compiler, or a tool fails.
    """

    def __init__(
        self,
        top: "Design | OneClockTop",
        serial_number: int = 0,
        slots: int = 8,
        progress: Progress | None = None,
    ) -> None:
        if isinstance(top, Design):
            top = _on_no_board(top, serial_number, slots)
        super().__init__(_compiled(top, progress), top.clock_hz, top.byte_clocks)


class BoardPipe(Owned):
    """A board twin as a pipe of bytes in this process (see `convolver.host.transport.Pipe`), without a terminal.

    Its time is the device's: clocks go by only while somebody reads, and nothing depends on how fast the machine is.

    Parameters
    ----------
    twin : Lines
    faults : callable, optional
        Makes of the bytes on either line what arrives.
    """

    def __init__(self, twin: Lines, faults: Callable[[bytes], bytes] = lambda data: data) -> None:
        super().__init__()
        self.twin = twin
        self.byte_time = float(twin.byte_clocks / twin.clock_hz)
        self.faults = faults
        self._outbox = self._inbox = b""

    def time(self) -> float:
        """Seconds since the device's power-on: the clock for the link's driver."""
        return self.twin.clocks / self.twin.clock_hz

    def write(self, data: bytes, deadline: float) -> int:
        """Takes all of `data`; it leaves while somebody reads."""
        self._check_owner()
        del deadline
        self._outbox += self.faults(data)
        return len(data)

    def read(self, size: int, deadline: float) -> bytes:
        """Lets time go by until bytes have come, or to the deadline."""
        self._check_owner()
        while not self._inbox:
            taken, came = self.twin.run(self._outbox, self.twin.clocks_of(SLICE))
            self._outbox = self._outbox[taken:]
            self._inbox += self.faults(came)
            if self.time() >= deadline:
                break
        data, self._inbox = self._inbox[:size], self._inbox[size:]
        return data

    def discard(self) -> None:
        """Drops what hasn't left."""
        self._check_owner()
        self._outbox = b""

    def close(self) -> None:
        """Does nothing: the twin stays as it is."""


class Terminal(Owned):
    """A pseudo-terminal with a board twin behind it.

    Bytes that a host doesn't read are lost after a tenth of a second, as behind a real port.

    Parameters
    ----------
    twin : Lines
    faults : callable, optional
        Makes of the bytes on either line what arrives.

    Attributes
    ----------
    port : str
        What a host opens.
    lost : int
        Bytes that nobody read.
    """

    def __init__(self, twin: Lines, faults: Callable[[bytes], bytes] = lambda data: data) -> None:
        super().__init__()
        self.twin = twin
        self.faults = faults
        self.lost = 0
        self._end, self._host = os.openpty()
        tty.setraw(self._host)
        os.set_blocking(self._end, False)
        # While the host's end stays open here too, a host may come and go.
        self.port = os.ttyname(self._host)
        self._wake, self._waker = os.pipe()
        # `select` knows the first 1024 descriptors only.
        self._incoming, self._outgoing = select.poll(), select.poll()
        self._incoming.register(self._end, select.POLLIN)
        self._outgoing.register(self._end, select.POLLOUT)
        for poll in (self._incoming, self._outgoing):
            poll.register(self._wake, select.POLLIN)
        self._stopped = False
        self._closed = False

    def run(self) -> None:
        """Serves hosts, one after the other, until `stop`."""
        self._check_owner()
        twin = self.twin
        slice_, quiet = twin.clocks_of(SLICE), twin.clocks_of(QUIET)
        sent = b""
        last = time.monotonic()
        while not self._stopped:
            # Nothing to do but wait: for a byte, or for the time to go on in the device.
            idle = not sent and twin.quiet >= quiet
            # Nothing more happens in a device by itself: its longest time-out is a quarter of a second.
            asleep = twin.quiet >= twin.clock_hz
            self._wait((0.1 if asleep else 0.002) if idle else 0.0)
            if len(sent) < _AT_ONCE:
                sent += self.faults(self._read())
            now = time.monotonic()
            if sent or not idle:
                taken, received = twin.run(sent, slice_, quiet)
                sent = sent[taken:]
            else:
                # Real time, or a hundredth of it while nothing can happen.
                clocks = min(int((now - last) * twin.clock_hz), IDLE_CLOCKS)
                taken, received = twin.run(b"", clocks // 100 if asleep else clocks)
            last = now
            self._write(self.faults(received))

    def stop(self) -> None:
        """Ends `run`, from any thread of its process."""
        if not self._owned:
            return
        self._stopped = True
        os.write(self._waker, b"x")

    def close(self) -> None:
        """Takes the port away, as if it was unplugged; not while `run` runs."""
        if not self._closed:
            self._closed = True
            for end in (self._end, self._host, self._wake, self._waker):
                os.close(end)

    _give_up = close

    def _wait(self, timeout: float) -> None:
        self._incoming.poll(math.ceil(timeout * 1000))

    def _read(self) -> bytes:
        try:
            return os.read(self._end, _AT_ONCE)
        except BlockingIOError:
            return b""

    def _write(self, received: bytes) -> None:
        deadline = time.monotonic() + _PATIENCE
        while received:
            try:
                received = received[os.write(self._end, received) :]
            except BlockingIOError:
                left = deadline - time.monotonic()
                if left <= 0 or self._stopped:
                    self.lost += len(received)
                    return
                self._outgoing.poll(math.ceil(left * 1000))


@contextlib.contextmanager
def serving(
    top: "Design | OneClockTop | Lines",
    progress: Progress | None = None,
    faults: Callable[[bytes], bytes] = lambda data: data,
    **parameters: int,
) -> Iterator[Terminal]:
    """A board twin behind a pseudo-terminal, served by a thread while the block runs; a host opens ``serial://`` and `port`.

    Parameters
    ----------
    top : Design, OneClockTop or Lines
        What a `BoardTwin` is made of; or a twin.
    progress : callable, optional
        As for `BoardTwin`.
    faults : callable, optional
        As for `Terminal`.
    parameters : int
        `serial_number`, `slots`, as for `BoardTwin`.

    Raises
    ------
    ToolError
        If there is no C++ compiler, or a tool fails.
    """
    twin = top if isinstance(top, Lines) else BoardTwin(top, progress=progress, **parameters)
    terminal = Terminal(twin, faults)
    thread = threading.Thread(target=terminal.run, name="board twin", daemon=True)
    thread.start()
    try:
        yield terminal
    finally:
        terminal.stop()
        thread.join()
        terminal.close()


def serve(
    top: "Design | OneClockTop",
    tell: Callable[[str], None] = print,
    progress: Progress | None = None,
    **parameters: int,
) -> None:
    """Serves a board twin until ctrl-C, which it lets through; tells the port's name, as a host writes it, once it's there.

    Parameters
    ----------
    top, progress, parameters
        As for `serving`.
    tell : callable
        Gets the one line ``serial:///dev/pts/N``.

    Raises
    ------
    ToolError
        If there is no C++ compiler, or a tool fails.
    """
    terminal = Terminal(BoardTwin(top, progress=progress, **parameters))
    try:
        tell(f"serial://{terminal.port}")
        terminal.run()
    finally:
        terminal.close()
