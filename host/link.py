"""A device at the far end of a pipe, as a transport: what `docs/link.md` calls "What a host does"."""

import itertools
import math
import struct
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from convolver.designs import Conv2DDesign, FIRDesign, design_from_json
from convolver.errors import DesignError, DesignMismatch, FrameError, PortError, ProtocolMismatch, RegisterError
from convolver.host.frames import Frame
from convolver.host.registers import DESCRIPTION_MAX, ERRORS, IDENTITY, MAP_VERSION, Register
from convolver.host.samples import pack, sample_bytes, unpack
from convolver.host.serial_pipe import SerialPipe
from convolver.host.session import Session, Timing
from convolver.host.transport import Pipe, Samples
from convolver.protocol import Drop, Type

__all__ = ["LinkTransport", "connect"]

_WORDS = 63
"""Words in a READ or a WRITE, at most."""

Request = tuple[Type, bytes]


def connect(url: str, expected: FIRDesign | Conv2DDesign | None = None, timing: Timing | None = None) -> "LinkTransport":
    """Opens the device behind an address such as ``serial:///dev/ttyUSB0?baud=3000000``.

    Raises
    ------
    PortError
        If the port can't be opened.
    LinkError
        As `LinkTransport` does.
    """
    return LinkTransport(SerialPipe(url), expected, timing)


class LinkTransport:
    """Runs frames of samples on a device behind a pipe; results stream in while samples stream out.

    A call that fails, or that ctrl-C ends, leaves nothing behind: the next one begins a new session, in which the device has
    forgotten the frame, and loads the coefficients again if there were any.

    Parameters
    ----------
    pipe : Pipe
        The bytes; released by `close`, and when this raises.
    expected : design, optional
        What the device must hold.
    timing : Timing, optional
        Deadlines.
    clock : callable
        Gives the time in seconds, for a pipe that has a time of its own.

    Raises
    ------
    LinkTimeout
        If nothing answers.
    ProtocolMismatch
        If the device speaks another version, or isn't one of ours.
    DesignMismatch
        If its design isn't the expected one, or none that this version knows.
    PortError
        If the pipe breaks.
    """

    def __init__(
        self,
        pipe: Pipe,
        expected: FIRDesign | Conv2DDesign | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._session = Session(pipe, timing, clock)
        self._coefficients: tuple[int, ...] | None = None
        self._loaded = False
        self._closed = False
        try:
            self._begin(expected, None)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, samples: Samples, timeout: float | None = None) -> Samples:
        """Sends one frame through the core; see `Transport.run`. Raises a `LinkError` if the link fails."""
        design = self.design
        remaining = self._ready(timeout)
        requests: list[Request] = []
        if self._coefficients is not None and not self._loaded:
            # Not before this call: a set that is pending in the device would refuse the next one.
            requests.append(_write(Register.RESTART, [0]))
            mask = 0xFFFFFFFF
            words = [value & mask for value in self._coefficients]
            requests += [_write(Register.COEFFICIENT, batch, step=0) for batch in _batches(words)]
        if isinstance(design, Conv2DDesign):
            rows, columns = samples.shape
            requests.append(_write(Register.ROWS, [rows, columns]))
            shape: tuple[int, ...] = (rows, columns)
            if design.core_mode == "valid":
                shape = (rows - design.kernel_rows + 1, columns - design.kernel_columns + 1)
        else:
            requests.append(_write(Register.LENGTH, [len(samples)]))
            shape = samples.shape
        collector = _Results(len(requests), math.prod(shape) * sample_bytes(design.output_format))
        data = pack(samples, design.sample)
        self._loaded = self._loaded or self._coefficients is not None
        self._session.exchange(itertools.chain(requests, _cut(data, self._max_payload)), collector.deliver, remaining())
        return unpack(collector.data, design.output_format).reshape(shape)

    def load(self, coefficients: Sequence[int], timeout: float | None = None) -> None:
        """Gives the core its coefficients for the next frame, with which they travel; see `Transport.load`."""
        del timeout  # nothing is sent before the next frame
        self._coefficients = tuple(int(value) for value in coefficients)
        self._loaded = False

    def status(self) -> dict[str, int | bool | str]:
        """Asks the device how it is, and says what the link has seen since it was opened.

        Keys: ``protocol``, ``serial_number``, ``clock_frequency`` (hertz), ``clocks``, ``beats_in``, ``beats_out``, ``busy``,
        ``pending``, ``error_...`` for each sticky error of the core, ``device_dropped_...`` for each kind of thing that the
        device has dropped since the session began, ``link_...`` for each count of this end of the link.
        """
        self._ready(None)
        (status,) = self._read(Register.STATUS, 1)
        try:
            (drops,) = self._read(Register.DROPS, 1)
        except RegisterError:
            drops = 0  # a device may have no such register
        clocks, beats_in, beats_out = self._read(Register.CLOCKS, 3)
        told: dict[str, int | bool | str] = {
            "protocol": self._welcome.version,
            "serial_number": self._welcome.serial_number,
            "clock_frequency": self._welcome.clock_frequency,
            "clocks": clocks,
            "beats_in": beats_in,
            "beats_out": beats_out,
            "busy": bool(status >> 16 & 1),
            "pending": bool(status >> 17 & 1),
        }
        told |= {f"error_{name}": bool(status >> bit & 1) for bit, name in enumerate(ERRORS)}
        told |= {f"device_dropped_{kind.value}": bool(drops >> bit & 1) for bit, kind in enumerate(Drop)}
        told |= {f"link_{name}": count for name, count in sorted(self._session.counts.items())}
        told |= {f"link_dropped_{kind.value}": count for kind, count in sorted(self._session.drops.items())}
        return told

    def close(self) -> None:
        """Says goodbye to the device and releases the pipe."""
        if not self._closed:
            self._closed = True
            self._session.close()

    def _ready(self, timeout: float | None) -> Callable[[], float | None]:
        """Begins a session if the last one was lost; gives a function that tells what remains of `timeout`."""
        if self._closed:
            raise PortError("The device is closed; open it again")
        start = self._clock()

        def remaining() -> float | None:
            return None if timeout is None else max(start + timeout - self._clock(), 0.0)

        if not self._session.open:
            self._begin(self.design, timeout)
        return remaining

    def _begin(self, expected: FIRDesign | Conv2DDesign | None, timeout: float | None) -> None:
        """Begins a session and checks what is at the far end."""
        self._loaded = False
        self._welcome = self._session.begin(timeout)
        self._max_payload = self._welcome.max_payload
        identity, version, size = self._read(Register.ID, 3, timeout)
        if identity != IDENTITY:
            raise ProtocolMismatch(f"The device must identify itself as 0x{IDENTITY:08X}, not 0x{identity:08X}")
        if version != MAP_VERSION:
            raise ProtocolMismatch(
                f"The device has version {version} of the register map, this host knows version {MAP_VERSION}"
            )
        if not 1 <= size <= DESCRIPTION_MAX:
            raise DesignMismatch(f"A device's description must have 1 to {DESCRIPTION_MAX} bytes, not {size}")
        words = self._read(Register.DESCRIPTION, -(-size // 4), timeout)
        packed = struct.pack(f"<{len(words)}I", *words)[:size]
        try:
            design = design_from_json(zlib.decompress(packed).decode())
        except (zlib.error, UnicodeDecodeError, DesignError) as error:
            raise DesignMismatch(f"The device holds a description that this version can't read: {error}") from None
        told = self._welcome.sample_bytes, self._welcome.result_bytes
        needed = sample_bytes(design.sample), sample_bytes(design.output_format)
        if told != needed:
            raise DesignMismatch(
                f"The device's samples and results must have {needed[0]} and {needed[1]} bytes for its design, "
                f"not {told[0]} and {told[1]}"
            )
        if expected is not None and design != expected:
            raise DesignMismatch(f"The device holds another design: {_differences(design, expected)}")
        self.design: FIRDesign | Conv2DDesign = design

    def _read(self, address: int, count: int, timeout: float | None = None) -> list[int]:
        """Reads `count` words from `address` on."""
        sizes = [min(_WORDS, count - start) for start in range(0, count, _WORDS)]
        requests = [(Type.READ, struct.pack("<HBB", address + 4 * _WORDS * index, size, 4)) for index, size in enumerate(sizes)]
        words: list[int] = []
        missing = deque(sizes)
        refused: list[int] = []

        def deliver(frame: Frame) -> bool:
            if frame.type is Type.REFUSED and missing:
                refused.append(missing.popleft())
                return not missing
            if frame.type is not Type.VALUES or not missing or len(frame.payload) != 4 * missing[0]:
                raise FrameError(f"A READ was answered with {frame.type.name} of {len(frame.payload)} bytes")
            words.extend(struct.unpack(f"<{missing.popleft()}I", frame.payload))
            return not missing

        self._session.exchange(requests, deliver, timeout)
        if refused:
            raise RegisterError(f"The device refused to read registers at 0x{address:04X}")
        return words


class _Results:
    """Collects the results of one frame, and the answers to what was written before it."""

    def __init__(self, answers: int, size: int) -> None:
        self.data = bytearray()
        self._answers = answers
        self._size = size
        self._ended = False

    def deliver(self, frame: Frame) -> bool:
        if frame.type is Type.WRITTEN and self._answers:
            self._answers -= 1
        elif frame.type is Type.REFUSED and self._answers:
            raise RegisterError("The device refused the frame's size or the coefficients")
        elif frame.type in (Type.RESULTS, Type.RESULTS_END) and not self._ended:
            self.data += frame.payload
            self._ended = frame.type is Type.RESULTS_END
            if len(self.data) > self._size or self._ended != (len(self.data) == self._size):
                end = "" if self._ended else " or more"
                raise FrameError(f"The device must send {self._size} bytes of results, not {len(self.data)}{end}")
        else:
            raise FrameError(f"The device sent {frame.type.name} where nothing of the kind was due")
        return self._ended and not self._answers


def _write(address: int, words: Sequence[int], step: int = 4) -> Request:
    return Type.WRITE, struct.pack(f"<HBB{len(words)}I", address, len(words), step, *words)


def _batches(words: Sequence[int]) -> Iterator[Sequence[int]]:
    return (words[start : start + _WORDS] for start in range(0, len(words), _WORDS))


def _cut(data: bytes, size: int) -> Iterator[Request]:
    return ((Type.DATA, data[start : start + size]) for start in range(0, len(data), size))


def _differences(device: FIRDesign | Conv2DDesign, expected: FIRDesign | Conv2DDesign) -> str:
    """The fields that differ, both sides of each."""
    ours, theirs = expected.to_dict(), device.to_dict()
    keys = [key for key in [*theirs, *ours] if theirs.get(key) != ours.get(key)]
    return "; ".join(f"{key} is {theirs.get(key)} there, {ours.get(key)} expected" for key in dict.fromkeys(keys))
