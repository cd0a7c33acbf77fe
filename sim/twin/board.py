"""The board twin: the complete device, compiled from pin to pin, behind a pseudo-terminal, which acts as a port.

Only device-specific parts are missing: pads, PLL, USB bridge. Bytes take as many clocks on the lines as on a board, so
a buffer that overflows on a board overflows here too.

While bytes are on the lines the twin runs as fast as the machine can. While they are quiet it runs in real time, or as
close to it as the machine can, so that time-outs take as long as on a board.
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
"""Quiet time of the lines, in bytes, after which the twin checks the terminal."""

SLICE = 100
"""Time between two checks of the terminal while bytes are on the lines, in bytes: less than half a frame."""

IDLE_CLOCKS = 100_000
"""Most clocks between two checks of the terminal while the lines are quiet, so that bytes from the host don't wait."""

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
    """A compiled device from power-on on; its link's lines are driven and read byte by byte. Its state stays between
    calls.

    Parameters
    ----------
    compiled : Compiled
    clock_hz, byte_clocks
        See the attributes.

    Attributes
    ----------
    clock_hz : int
        Frequency of the device's clock on a board.
    byte_clocks : Fraction
        Fewest clocks that a byte takes on the lines.
    clocks : int
        Clocks since power-on.
    quiet : int
        Clocks since the last byte on the lines.
    broken : int
        Received bytes with a wrong stop bit; with a FIFO, violations of its chip's protocol.
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
        if getattr(self, "_device", None) and self._owned:  # in a forked process a thread may have been using it
            self._delete(self._device)
            self._device = None

    def run(self, sent: bytes, clocks: int, patience: int | None = None) -> tuple[int, bytes]:
        """Runs the device while `sent` goes to it, byte after byte.

        Parameters
        ----------
        sent : bytes
        clocks : int
                Most clocks to run; it stops earlier once the device has sent 4096 bytes.
            patience : int, optional
                Stops once the lines have been quiet for this many clocks, including those before the call.

        Returns
        -------
        taken : int
            Number of bytes of `sent` that are on the line, or have passed it.
        received : bytes
            Bytes from the device.
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
        """Clocks that `count` bytes take."""
        return int(count * self.byte_clocks)

    def exchange(self, sent: bytes) -> bytes:
        """Sends all of `sent`, and returns the received bytes once the lines have been quiet for the time of 50
        bytes."""
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
        A design: the device is on no board, with a clock and a baud rate that make it quick. Or a board's top, see
        `convolver.boards.simulated.simulated_top`.
    serial_number : int
        32 bits that a device on no board reports to its host.
    slots : int
        Frames of 256 bytes in each of the link's two rings.
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

    Its time is the device's: clocks pass only during a read, so results don't depend on the machine's speed.

    Parameters
    ----------
    twin : Lines
    faults : callable, optional
        Applied to the bytes on each line: returns the bytes that arrive.
    """

    def __init__(self, twin: Lines, faults: Callable[[bytes], bytes] = lambda data: data) -> None:
        super().__init__()
        self.twin = twin
        self.byte_time = float(twin.byte_clocks / twin.clock_hz)
        self.faults = faults
        self._outbox = self._inbox = b""

    def time(self) -> float:
        """Seconds since the device's power-on: the clock of the link's driver."""
        return self.twin.clocks / self.twin.clock_hz

    def write(self, data: bytes, deadline: float) -> int:
        """Takes all of `data`; it is sent during reads."""
        self._check_owner()
        del deadline
        self._outbox += self.faults(data)
        return len(data)

    def read(self, size: int, deadline: float) -> bytes:
        """Runs the device until bytes have come, or until the deadline."""
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
        """Drops bytes that haven't been sent."""
        self._check_owner()
        self._outbox = b""

    def close(self) -> None:
        """Does nothing: the twin keeps its state."""


class Terminal(Owned):
    """A pseudo-terminal with a board twin behind it.

    Bytes that a host doesn't read are lost after a tenth of a second, as behind a real port.

    Parameters
    ----------
    twin : Lines
    faults : callable, optional
        Applied to the bytes on each line: returns the bytes that arrive.

    Attributes
    ----------
    port : str
        Name of the port for a host.
    lost : int
        Bytes that no host read.
    """

    def __init__(self, twin: Lines, faults: Callable[[bytes], bytes] = lambda data: data) -> None:
        super().__init__()
        self.twin = twin
        self.faults = faults
        self.lost = 0
        self._end, self._host = os.openpty()
        tty.setraw(self._host)
        os.set_blocking(self._end, False)
        # The host's end stays open here too, so a host may open and close the port.
        self.port = os.ttyname(self._host)
        self._wake, self._waker = os.pipe()
        # Not `select`: it supports the first 1024 descriptors only.
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
            # Idle: only a byte, or time in the device, can change anything.
            idle = not sent and twin.quiet >= quiet
            # Asleep: nothing more happens without a byte. The device's longest time-out is a quarter of a second.
            asleep = twin.quiet >= twin.clock_hz
            self._wait((0.1 if asleep else 0.002) if idle else 0.0)
            if len(sent) < _AT_ONCE:
                sent += self.faults(self._read())
            now = time.monotonic()
            if sent or not idle:
                taken, received = twin.run(sent, slice_, quiet)
                sent = sent[taken:]
            else:
                # Real time, or a hundredth of it while asleep.
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
        """Closes the port, as if it were unplugged; not while `run` runs."""
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
    """A board twin behind a pseudo-terminal, served by a thread inside the ``with`` block. A host opens ``serial://`` +
    `port`.

    Parameters
    ----------
    top : Design, OneClockTop or Lines
        A design or top for a `BoardTwin`, or a twin.
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
    """Serves a board twin until ctrl-C, which is passed on. Reports the port's name once it exists, as a host writes
    it.

    Parameters
    ----------
    top, progress, parameters
        As for `serving`.
    tell : callable
        Called with the line ``serial:///dev/pts/N``.

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
