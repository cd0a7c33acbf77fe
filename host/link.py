"""A device at the far end of a pipe, as a transport: what `docs/link.md` calls "What a host does"."""

import contextlib
import math
import struct
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from convolver.designs import Boundary, Design, boundary_code
from convolver.errors import (
    DesignMismatch,
    DeviceRestarted,
    FrameError,
    LinkError,
    PortError,
    ProtocolMismatch,
    RegisterError,
)
from convolver.protocol import Drop, Type

from .address import open_pipe
from .deadlines import Deadline, Timing
from .description import differences, is_expected, read_description
from .frames import Frame
from .ownership import Owned
from .registers import DESCRIPTION_MAX, ERRORS, IDENTITY, MAP_VERSION, Register, of_stage, told_stage
from .samples import pack, unpack
from .session import Session
from .transport import Pipe, Samples, arranged

__all__ = ["LinkTransport", "connect"]

_WORDS = 63
"""Words in a READ or a WRITE, at most."""

_STATUS_TIMEOUT = 2.0
"""Seconds that a device has to say how it is."""

_UNDER_WAY = 256
"""Frames that may be sent whose results aren't all there: more than any device and this host can hold between them."""

_FRAME_SAMPLES, _FRAME_BYTES = 1 << 19, 1 << 24
"""Samples and bytes of results in a frame, about: less than two seconds of a serial port at 3 Mbaud."""

_OPENING_BYTES = 2 * DESCRIPTION_MAX
"""Bytes that an opening needs on the pipe, at most; about half of them are frames around the description."""

Request = tuple[Type, bytes]


def connect(url: str, expected: Design | None = None, timing: Timing | None = None) -> "LinkTransport":
    """Opens the device behind an address such as ``serial:///dev/ttyUSB0?baud=3000000`` or ``tcp://HOST:PORT``.

    Raises
    ------
    PortError
        If the port can't be opened.
    LinkError
        As `LinkTransport` does.
    """
    return LinkTransport(open_pipe(url), expected, timing, reopen=lambda timeout: open_pipe(url, timeout))


class LinkTransport(Owned):
    """Runs frames of samples on a device behind a pipe; results stream in while samples stream out.

    A call that fails, or that ctrl-C ends, leaves nothing behind: the next one begins a new session, in which the device has
    forgotten the frame, and loads the coefficients again if there were any. A pipe that broke is opened anew by the next call,
    if it is known how.

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
    reopen : callable, optional
        Opens the pipe again, within so many seconds if it is given a number.

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
        expected: Design | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
        reopen: Callable[[float | None], Pipe] | None = None,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._session = Session(pipe, timing, clock)
        self._reopen = reopen
        self.design: Design
        self._described: Design
        self._coefficients: dict[int, tuple[int, ...]] = {}  # of each stage that was loaded
        self._unloaded: set[int] = set()  # those whose set isn't in the device
        self._borders: dict[int, tuple[Boundary, int]] = {}  # of the frames from now on, by stages, where it was chosen
        self._silent = False
        self._holds = self._forgot = False  # samples of a continuous filter, in this session or in one that ended unseen
        self._closed = self._broken = False
        self._failures: Counter[str] = Counter()
        try:
            self._begin(expected, None)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        self._check_owner()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, samples: Samples, timeout: float | None = None) -> Samples:
        """Sends one frame through the core; see `Transport.run`. Raises a `LinkError` if the link fails."""
        frames = iter([samples])
        results: list[Samples] = []
        self.stream(lambda: next(frames, None), results.append, timeout)
        return results[0]

    def stream(
        self,
        take: Callable[[], Samples | None],
        give: Callable[[Samples], None],
        timeout: float | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Sends frames while there are any, without a pause between them; see `Transport.stream`."""
        self._check_owner()
        frames = _Frames(self.design, take, give, self._max_payload)
        frames.borders = self._borders
        with self._failing():
            if self._forgot:
                self._forgot = False
                raise DeviceRestarted("The filter lost its last samples while its status was asked; the next call starts anew")
            deadline = self._ready(timeout, check)
            # Not before this call: a set that is pending in the device would refuse the next one.
            frames.before = [part for stage in sorted(self._unloaded) for part in _set(stage, self._coefficients[stage])]
            if self._silent:
                frames.before.append(_write(Register.SILENCE, [0]))
            if frames.begin():
                self._silent = False
                self._unloaded.clear()
                self._session.exchange(frames.requests(), frames.deliver, deadline, check)
                self._holds = self.design.continuous

    def load(self, coefficients: Sequence[int], timeout: float | None = None, stage: int = 0) -> None:
        """Gives the core its coefficients for the next frame, with which they travel; see `Transport.load`."""
        self._check_owner()
        del timeout  # nothing is sent before the next frame
        self._coefficients[stage] = tuple(int(value) for value in coefficients)
        self._unloaded.add(stage)
        self.design = self.design.reloaded(self._coefficients[stage], stage)

    def settle(self, timeout: float | None = None) -> None:
        """Sends what was loaded now; see `Transport.settle`. Raises a `LinkError` if the link fails, or the device refuses."""
        self._check_owner()
        with self._failing():
            deadline = self._ready(timeout)
            stages = sorted(self._unloaded)
            requests = [part for stage in stages for part in _set(stage, self._coefficients[stage])]
            answers: list[Type] = []

            def deliver(frame: Frame) -> bool:
                if frame.type not in (Type.WRITTEN, Type.REFUSED):
                    raise FrameError(f"The device sent {frame.type.name} where nothing of the kind was due")
                answers.append(frame.type)
                return len(answers) == len(requests)

            if requests:
                self._session.exchange(requests, deliver, deadline)
            if Type.REFUSED in answers:
                raise RegisterError("The device refused the coefficients: those before them haven't been used yet")
            self._unloaded.difference_update(stages)

    def silence(self) -> None:
        """Makes a continuous filter start from silence with the next frame, with which that travels."""
        self._check_owner()
        self._silent = True
        self._holds = self._forgot = False

    def switch(self, boundary: Boundary, fill: int, stage: int = 0) -> None:
        """Chooses the border of the frames from the next call on, with which it travels; see `Transport.switch`."""
        self._check_owner()
        self._borders = {**self._borders, stage: (boundary, fill)}

    def status(self, *, ask: bool = True) -> dict[str, float | bool | str]:
        """Says what the link has seen since it was opened and, if it answers within two seconds, how the device is.

        Never raises because of the link: it says what is wrong with it. With `ask` False it says what this end knows, at once,
        from any thread.

        Keys: ``answers`` (whether the device does); ``stalls``, who keeps a call waiting or has ended it: ``"nobody"``, or a
        text that begins with ``"the host"``, ``"the link"`` or ``"the core"``; ``protocol``, ``serial_number``,
        ``clock_frequency`` (hertz), ``slots``, ``max_payload``, ``sample_bytes``, ``result_bytes``, as the device has said;
        ``failed_...``, how many calls ended in each error; ``link_...`` for each count of this end of the link, among them
        ``link_stalls_...``, tries in which nothing moved, by who stalled. Of a device that answers also ``clocks``,
        ``beats_in``, ``beats_out``, ``busy``, ``pending``, ``error_...`` for each sticky error of the core, of several filters
        as one design ``stage_...`` for each of them (see `told_stage`),
        ``device_dropped_...`` for each kind of thing that the device has dropped since the session began.
        """
        self._check_owner()
        if self._closed:
            raise PortError("The device is closed; open it again")
        device: dict[str, float | bool | str] = {}
        if ask:
            held = self._holds
            with contextlib.suppress(LinkError), self._failing():
                device = self._ask()
            if not self._session.open:
                self._forgot |= held
        welcome = self._welcome
        told: dict[str, float | bool | str] = {"answers": bool(device)} if ask else {}
        told |= {
            "stalls": self._session.stalls,
            "protocol": welcome.version,
            "serial_number": welcome.serial_number,
            "clock_frequency": welcome.clock_frequency,
            "slots": welcome.slots,
            "max_payload": welcome.max_payload,
            "sample_bytes": welcome.sample_bytes,
            "result_bytes": welcome.result_bytes,
        }
        told |= device
        told |= {f"failed_{name}": count for name, count in sorted(self._failures.items())}
        told |= {f"link_{name}": count for name, count in sorted(self._session.counts.items())}
        told |= {f"link_dropped_{kind.value}": count for kind, count in sorted(self._session.drops.items())}
        return told

    def _ask(self) -> dict[str, float | bool | str]:
        """What the device's registers say."""
        deadline = self._ready(_STATUS_TIMEOUT)
        (status,) = self._read(Register.STATUS, 1, deadline)
        try:
            (drops,) = self._read(Register.DROPS, 1, deadline)
        except RegisterError:
            drops = 0  # a device may have no such register
        clocks, beats_in, beats_out = self._read(Register.CLOCKS, 3, deadline)
        told: dict[str, float | bool | str] = {
            "clocks": clocks,
            "beats_in": beats_in,
            "beats_out": beats_out,
            "busy": bool(status >> 16 & 1),
            "pending": bool(status >> 17 & 1),
        }
        told |= {f"error_{name}": bool(status >> bit & 1) for bit, name in enumerate(ERRORS)}
        for number in range(1, len(self.design.parts) + 1):
            (stage,) = self._read(of_stage(Register.STATUS, number), 1, deadline)
            told[f"stage_{number}"] = told_stage(stage)
        return told | {f"device_dropped_{kind.value}": bool(drops >> bit & 1) for bit, kind in enumerate(Drop)}

    def close(self) -> None:
        """Says goodbye to the device and releases the pipe."""
        if not self._closed:
            self._closed = True
            self._session.close()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Counts what goes wrong; a pipe that broke is released at once, so that its name is free for the next one."""
        try:
            yield
        except LinkError as error:
            self._failures[type(error).__name__] += 1
            if isinstance(error, PortError) and not self._closed and self._reopen is not None:
                self._broken = True
                self._session.close()
            raise

    def _ready(self, timeout: float | None, check: Callable[[], None] | None = None) -> Deadline | None:
        """Begins a session if the last one was lost; gives the end of the call, in which all of that counts."""
        if self._closed:
            raise PortError("The device is closed; open it again")
        deadline = None if timeout is None else Deadline(timeout, self._clock() + timeout)
        if self._broken and self._reopen is not None:
            self._session.take(self._reopen(timeout))
            self._broken = False
        if not self._session.open:
            self._begin(self._described, deadline, check)
        return deadline

    def _begin(
        self,
        expected: Design | None,
        deadline: Deadline | None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Begins a session and checks what is at the far end."""
        self._holds, self._unloaded = False, set(self._coefficients)
        seconds = self._session.timing.opening + _OPENING_BYTES * self._session.byte_time
        opening = Deadline(seconds, self._clock() + seconds, "The device wasn't opened")
        if deadline is None or opening.end < deadline.end:
            deadline = opening
        self._welcome = self._session.begin(deadline, check)
        self._max_payload = self._welcome.max_payload
        identity, version, size = self._read(Register.ID, 3, deadline, check)
        if identity != IDENTITY:
            raise ProtocolMismatch(f"The device must identify itself as 0x{IDENTITY:08X}, not 0x{identity:08X}")
        if version != MAP_VERSION:
            raise ProtocolMismatch(
                f"The device has version {version} of the register map, this host knows version {MAP_VERSION}"
            )
        if not 1 <= size <= DESCRIPTION_MAX:
            raise DesignMismatch(f"A device's description must have 1 to {DESCRIPTION_MAX} bytes, not {size}")
        words = self._read(Register.DESCRIPTION, -(-size // 4), deadline, check)
        design = read_description(struct.pack(f"<{len(words)}I", *words)[:size])
        told = self._welcome.sample_bytes, self._welcome.result_bytes
        needed = design.sample.bytes, design.result_bytes
        if told != needed:
            raise DesignMismatch(
                f"The device's samples and results must have {needed[0]} and {needed[1]} bytes for its design, "
                f"not {told[0]} and {told[1]}"
            )
        if expected is not None and not is_expected(design, expected):
            raise DesignMismatch(f"The device holds another design: {differences(design, expected)}")
        self._described = design
        self.design = design
        for number, own in design.shaping_sets.items():  # whoever was here before may have left another one
            self._coefficients.setdefault(number, own)
            self._unloaded.add(number)
        for number, loaded in self._coefficients.items():
            self.design = self.design.reloaded(loaded, number)
        self.frame_samples = min(_FRAME_SAMPLES, _FRAME_BYTES // design.result_bytes)

    def _read(self, address: int, count: int, deadline: Deadline | None, check: Callable[[], None] | None = None) -> list[int]:
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

        self._session.exchange(requests, deliver, deadline, check)
        if refused:
            raise RegisterError(f"The device refused to read registers at 0x{address:04X}")
        return words


class _Frames:
    """Frames of samples as requests to the device, and its replies as frames of results."""

    def __init__(
        self,
        design: Design,
        take: Callable[[], Samples | None],
        give: Callable[[Samples], None],
        max_payload: int,
    ) -> None:
        self.before: list[Request] = []
        """What goes to the device before the first frame."""
        self.borders: dict[int, tuple[Boundary, int]] = {}
        """What goes to the device with each frame's size."""
        self._design = design
        self._take = take
        self._give = give
        self._max_payload = max_payload
        self._next: Samples | None = None
        self._under_way: deque[_Results] = deque()

    def begin(self) -> bool:
        """Takes the first frame; whether there is one."""
        self._next = self._take()
        return self._next is not None

    def requests(self) -> Iterator[Request | None]:
        """Everything to send, or None while there is nothing."""
        while True:
            if self._next is None and len(self._under_way) < _UNDER_WAY:
                self._next = self._take()
            samples = self._next
            self._next = None
            if samples is None:
                yield None
                continue
            design = self._design
            requests, self.before = self.before, []
            sizes = samples.shape[: len(design.axes)]  # without the planes
            requests.append(_write(Register[design.axes[0].upper()], sizes))
            requests += [
                _write(of_stage(Register.BOUNDARY, stage), [boundary_code(boundary), fill & 0xFFFFFFFF])
                for stage, (boundary, fill) in self.borders.items()
            ]
            shape = design.frame_results(*sizes)
            self._under_way.append(_Results(len(requests), shape, math.prod(shape) * design.result_bytes))
            yield from requests
            yield from _cut(pack(samples, design.sample), self._max_payload)

    def deliver(self, frame: Frame) -> bool:
        """Takes a reply; whether everything that was sent has come back, and there is no more to send."""
        kind = frame.type
        if kind in (Type.WRITTEN, Type.REFUSED):
            # Answers come in order, but those for a frame may come before the results of the one before it have ended.
            waiting = next((results for results in self._under_way if results.answers), None)
            if waiting is None:
                raise FrameError(f"The device sent {kind.name} where nothing of the kind was due")
            if kind is Type.REFUSED:
                raise RegisterError("The device refused the frame's size or border, or the coefficients")
            waiting.answers -= 1
        elif kind not in (Type.RESULTS, Type.RESULTS_END) or not self._under_way or self._under_way[0].ended:
            raise FrameError(f"The device sent {kind.name} where nothing of the kind was due")
        elif not frame.payload:
            raise FrameError(f"The device sent {kind.name} without a byte of results")
        else:
            self._under_way[0].add(frame)
        while self._under_way and self._under_way[0].ended and not self._under_way[0].answers:
            done = self._under_way.popleft()
            self._give(arranged(self._design, unpack(done.data, self._design.output_format), done.shape))
        if self._under_way:
            return False
        self._next = self._take()
        return self._next is None


class _Results:
    """Collects the results of one frame."""

    def __init__(self, answers: int, shape: tuple[int, ...], size: int) -> None:
        self.answers = answers
        self.shape = shape
        self.data = bytearray()
        self.ended = False
        self._size = size

    def add(self, frame: Frame) -> None:
        self.data += frame.payload
        self.ended = frame.type is Type.RESULTS_END
        if len(self.data) > self._size or self.ended != (len(self.data) == self._size):
            end = "" if self.ended else " or more"
            raise FrameError(f"The device must send {self._size} bytes of results, not {len(self.data)}{end}")


def _write(address: int, words: Sequence[int], step: int = 4) -> Request:
    return Type.WRITE, struct.pack(f"<HBB{len(words)}I", address, len(words), step, *words)


def _set(stage: int, coefficients: Sequence[int]) -> Iterator[Request]:
    """What loads a set into a stage."""
    yield _write(of_stage(Register.RESTART, stage), [0])
    words = [value & 0xFFFFFFFF for value in coefficients]
    yield from (_write(of_stage(Register.COEFFICIENT, stage), batch, step=0) for batch in _batches(words))


def _batches(words: Sequence[int]) -> Iterator[Sequence[int]]:
    return (words[start : start + _WORDS] for start in range(0, len(words), _WORDS))


def _cut(data: bytes, size: int) -> Iterator[Request]:
    return ((Type.DATA, data[start : start + size]) for start in range(0, len(data), size))
