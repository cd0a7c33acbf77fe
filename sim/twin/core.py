"""The twin: a core's compiled RTL, clocked in this process, and `TwinTransport`, through which a `Device` uses it."""

import ctypes
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from convolver.designs import Boundary, Design
from convolver.errors import FrameError, LinkTimeout, PortError
from convolver.host.ownership import Owned
from convolver.host.transport import Samples, arranged

from ..libraries.compiler import Compiled, Progress, compile_components, compile_designs
from ..libraries.ports import Ports
from .streams import KEEP, LAST, Beats, Bytes, Integers, beats_of, marks_of, unpacked

__all__ = ["Run", "Simulation", "TwinTransport", "frame_shape", "open_twins", "simulate_components", "simulate_designs"]

PATIENCE = 1 << 16
"""Clocks without any transfer after which a core counts as stuck."""

SLICE_SECONDS = 0.05
"""Time between two looks at the deadline; ctrl-C waits no longer."""

_SLICE, _DONE, _LIMIT, _STUCK = range(4)


class _Job(ctypes.Structure):
    """`struct job` of driver.h, field by field."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("samples", "marks")),
        ("beats", ctypes.c_int64),
        *(
            (name, ctypes.c_void_p)
            for name in ("frame_starts", "frame_rows", "frame_columns", "frame_boundaries", "frame_fills")
        ),
        ("frames", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("coefficients", "coefficient_marks")),
        *((name, ctypes.c_int64) for name in ("coefficient_count", "coefficient_clock")),
        ("gaps", ctypes.c_void_p),
        ("gap_count", ctypes.c_int64),
        ("stalls", ctypes.c_void_p),
        ("stall_count", ctypes.c_int64),
        ("coefficient_gaps", ctypes.c_void_p),
        ("coefficient_gap_count", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("results", "result_marks")),
        ("capacity", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("accept_clocks", "result_clocks")),
        *((name, ctypes.c_int64) for name in ("wanted", "settle", "limit", "patience", "shy", "probe")),
        *((name, ctypes.c_int64) for name in ("clock", "accepted", "delivered", "loaded", "idle", "settled")),
        *((name, ctypes.c_int64) for name in ("first_accept", "first_result", "last_result")),
        *((name, ctypes.c_int64) for name in ("source_stalls", "sink_stalls", "violations", "violation_clock")),
        *((name, ctypes.c_int64) for name in ("frame", "holding", "coefficient_holding", "offered")),
        ("errors", ctypes.c_int64 * 8),
        ("error_clocks", ctypes.c_int64 * 8),
        *((name, ctypes.c_int64) for name in ("busy", "pending", "overflow")),
    )


@dataclass(frozen=True)
class Run:
    """What a core did in one call of `Simulation.run`. Clocks count from 0 in the call.

    Attributes
    ----------
    results : array
        All results, ``int64``, or ``object`` if they may not fit; a row a beat where a beat has several.
    marks : array of uint8
        Their marks: bits `FIRST`, `LAST`, `EOL`, and from `KEEP` on which of a beat's pixels there are.
    clocks : int
        Clocks that went by: the last result left in clock ``clocks - 1``, unless it was told to settle.
    accepted, delivered, loaded : int
        Beats of the three streams; more of results than wanted are counted, not kept.
    first_accept, first_result, last_result : int
        The clock in which the first sample was taken, the first result offered, the last one taken; -1 if never.
    source_stalls, sink_stalls : int
        Clocks in which a sample waited for the core, and in which a result waited for the sink.
    errors, error_clocks : dict
        How often each strobe was seen, and in which clock first.
    violations, violation_clock : int
        Offers that changed or vanished before they were taken; with `probe` also clocks in which the source side depended on
        the sink's `ready`. The clock is that of the first one.
    overflows : int
        Clocks in which the core said that its output buffer overflowed.
    busy, pending : bool
        How the core stood at the end.
    accept_clocks, result_clocks : array of int64
        With `times`: the clock of every transfer; else empty.
    finished : bool
        Whether all was sent and all wanted results were there before `limit`.
    seconds : float
        How long it took.
    """

    results: npt.NDArray[Any]
    marks: Bytes
    clocks: int
    accepted: int
    delivered: int
    loaded: int
    first_accept: int
    first_result: int
    last_result: int
    source_stalls: int
    sink_stalls: int
    errors: dict[str, int]
    error_clocks: dict[str, int]
    violations: int
    violation_clock: int
    overflows: int
    busy: bool
    pending: bool
    accept_clocks: Integers
    result_clocks: Integers
    finished: bool
    seconds: float


class Simulation(Owned):
    """A core at power-on, clocked by `run`; its state stays between calls.

    Parameters
    ----------
    compiled : Compiled
        From `compile_designs` or `compile_components`.
    """

    def __init__(self, compiled: Compiled) -> None:
        super().__init__()
        self.compiled = compiled
        self.ports = compiled.ports
        self._run = compiled.function("run")
        self._run.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Job), ctypes.c_int64)
        self._run.restype = ctypes.c_int
        self._look = compiled.function("look")
        self._look.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Job))
        self._look.restype = None
        self._reset = compiled.function("reset")
        self._reset.argtypes = (ctypes.c_void_p, ctypes.c_int64)
        self._reset.restype = None
        self._delete = compiled.function("delete")
        self._delete.argtypes = (ctypes.c_void_p,)
        self._delete.restype = None
        new = compiled.function("new")
        new.argtypes = ()
        new.restype = ctypes.c_void_p
        self._core: int | None = new()
        self._slice = 1 << 14

    def __del__(self) -> None:
        # Where a fork met a thread that ran it, nobody knows what it is in the middle of.
        if getattr(self, "_core", None) is not None and self._owned:
            self._delete(self._core)
            self._core = None

    def reset(self, clocks: int = 1) -> None:
        """Holds the core's reset for some clocks; its streams stand still."""
        self._check_owner()
        self._reset(self._core, clocks)

    def run(
        self,
        beats: Beats,
        wanted: int,
        *,
        coefficients: Sequence[int] | Integers = (),
        coefficient_lasts: Sequence[int] | None = None,
        coefficient_clock: int = 0,
        gaps: Bytes | None = None,
        stalls: Bytes | None = None,
        coefficient_gaps: Bytes | None = None,
        settle: int = 0,
        limit: int | None = None,
        patience: int = PATIENCE,
        shy: bool = False,
        probe: bool = False,
        times: bool = False,
        timeout: float | None = None,
    ) -> Run:
        """Sends `beats`, and takes results until `wanted` have come.

        Wherever nothing is offered, the payload is wrong on purpose, and so are size and border but at a frame's first beat.

        Parameters
        ----------
        beats : Beats
        wanted : int
            Beats of results to wait for.
        coefficients, coefficient_lasts, coefficient_clock
            A set to load, the indices of its `last` marks (by default its last), and the clock from which it's offered.
        gaps, stalls, coefficient_gaps : array of uint8
            One byte a clock, over and over: 1 where the source, the sink, the coefficients' source pauses. An offer stays.
        settle : int
            Clocks to go on afterwards, for results that shouldn't be there.
        limit : int
            Clocks after which to stop, finished or not.
        patience : int
            Clocks without any transfer after which the core is stuck.
        shy : bool
            The sink is ready only in clocks after an offer: finds a core that waits for it.
        probe : bool
            Try the sink's other `ready` in every clock: finds paths through the core. Slow.
        times : bool
            Note the clock of every transfer.
        timeout : float
            Seconds.

        Raises
        ------
        LinkTimeout
            If the core is stuck, or the time is over; the message says who waits for whom.
        """
        self._check_owner()
        # The arrays stay referenced here for as long as the library reads them.
        starts, rows, columns = beats.starts, beats.rows, beats.columns
        if len(rows) and not len(rows) == len(starts) == len(beats.boundaries) == len(beats.fills):
            raise ValueError("Every image must have its size and border")
        words = self.ports.words
        results = np.empty((wanted, words), np.int64)
        result_marks = np.zeros(wanted, np.uint8)
        values = np.ascontiguousarray(coefficients, np.int64)
        lasts = np.zeros(len(values), np.uint8)
        if len(values):
            lasts[[-1] if coefficient_lasts is None else list(coefficient_lasts)] = 1
        accept_clocks = np.full(len(beats) if times else 0, -1, np.int64)
        result_clocks = np.full(wanted if times else 0, -1, np.int64)
        patterns = [None if mask is None else np.ascontiguousarray(mask, np.uint8) for mask in (gaps, stalls, coefficient_gaps)]
        job = _Job(
            samples=_pointer(beats.samples),
            marks=_pointer(beats.marks),
            beats=len(beats),
            frame_starts=_pointer(starts),
            frame_rows=_pointer(rows),
            frame_columns=_pointer(columns),
            frame_boundaries=_pointer(beats.boundaries),
            frame_fills=_pointer(beats.fills),
            frames=len(rows),
            coefficients=_pointer(values),
            coefficient_marks=_pointer(lasts),
            coefficient_count=len(values),
            coefficient_clock=coefficient_clock,
            results=_pointer(results),
            result_marks=_pointer(result_marks),
            capacity=wanted,
            accept_clocks=_pointer(accept_clocks) if times else None,
            result_clocks=_pointer(result_clocks) if times else None,
            wanted=wanted,
            settle=settle,
            limit=(1 << 62) if limit is None else limit,
            patience=patience,
            shy=shy,
            probe=probe,
            first_accept=-1,
            first_result=-1,
            last_result=-1,
            violation_clock=-1,
        )
        for name, count, mask in zip(
            ("gaps", "stalls", "coefficient_gaps"), ("gap_count", "stall_count", "coefficient_gap_count"), patterns, strict=True
        ):
            if mask is not None:
                setattr(job, name, _pointer(mask))
                setattr(job, count, len(mask))
        started = time.monotonic()
        outcome = self._clock(job, started, timeout)
        seconds = time.monotonic() - started
        if outcome == _STUCK:
            raise LinkTimeout(f"The twin is stuck: {_progress(job)}, then nothing moved for {patience} clocks")
        self._look(self._core, job)
        kept = min(job.delivered, wanted)
        return Run(
            results=_decoded(results[:kept], self.ports),
            marks=result_marks[:kept],
            clocks=job.clock,
            accepted=job.accepted,
            delivered=job.delivered,
            loaded=job.loaded,
            first_accept=job.first_accept,
            first_result=job.first_result,
            last_result=job.last_result,
            source_stalls=job.source_stalls,
            sink_stalls=job.sink_stalls,
            errors={name: job.errors[bit] for bit, name in enumerate(self.ports.errors)},
            error_clocks={name: job.error_clocks[bit] for bit, name in enumerate(self.ports.errors) if job.errors[bit]},
            violations=job.violations,
            violation_clock=job.violation_clock,
            overflows=job.overflow,
            busy=bool(job.busy),
            pending=bool(job.pending),
            accept_clocks=accept_clocks,
            result_clocks=result_clocks,
            finished=outcome == _DONE,
            seconds=seconds,
        )

    def _clock(self, job: _Job, started: float, timeout: float | None) -> int:
        """Runs in slices short enough for ctrl-C and for the deadline; gives how it ended."""
        while True:
            begun = time.monotonic()
            if timeout is not None and begun - started > timeout:
                raise LinkTimeout(f"The twin took longer than {timeout} seconds: {_progress(job)}")
            outcome = int(self._run(self._core, ctypes.byref(job), self._slice))
            if outcome != _SLICE:
                return outcome
            taken = time.monotonic() - begun
            if taken < SLICE_SECONDS / 2:
                self._slice *= 2
            elif taken > SLICE_SECONDS and self._slice > 1:
                self._slice //= 2


def _pointer(array: npt.NDArray[Any]) -> int:
    return int(array.ctypes.data)


def _progress(job: _Job) -> str:
    told = f"the core took {job.accepted} of {job.beats} samples and gave {job.delivered} of {job.wanted} results"
    if job.coefficient_count:
        told += f", and took {job.loaded} of {job.coefficient_count} coefficients"
    return told


def _decoded(words: Integers, ports: Ports) -> npt.NDArray[Any]:
    """Results of their 64-bit words, lowest first: ``int64`` where they fit."""
    field = ports.output["data"]
    if field.count > 1:
        words = words.reshape(len(words), field.count, ports.result_words)
    if field.width < 64 or (field.width == 64 and field.signed):
        return words[..., 0]
    unsigned = words.view(np.uint64)
    total: npt.NDArray[Any] = (words if field.signed else unsigned)[..., -1].astype(object)
    for column in range(words.shape[-1] - 2, -1, -1):
        total = (total << 64) + unsigned[..., column].astype(object)
    return total


def frame_shape(design: Design, shape: Sequence[int]) -> tuple[int, ...]:
    """Shape of what the core (without the host's padding) makes of a frame."""
    return design.core_shape(*shape[: design.rank])


class TwinTransport(Owned):
    """A design's core in this process, as a `Transport`: no board, no link, every clock counted.

    Parameters
    ----------
    design : Design
    progress : callable, optional
        Told the title of each step that may take longer than a second.

    Raises
    ------
    ToolError
        If the twin can't be compiled.
    """

    frame_samples = 1 << 22
    """Some 150 MB of memory while a frame is under way; an image of 1920x1080 is one frame."""

    def __init__(self, design: Design, progress: Progress | None = None, compiled: Compiled | None = None) -> None:
        super().__init__()
        self.design = design
        self._compiled = compile_designs([design], progress)[0] if compiled is None else compiled
        self._simulation: Simulation | None = Simulation(self._compiled)
        self._coefficients: tuple[int, ...] | None = None
        self._border: tuple[Boundary, int] | None = None
        design.border.tell(self)
        self._loaded = True
        self._clocks = self._beats_in = self._beats_out = 0
        self._sticky: set[str] = set()
        self._last_clocks = self._last_samples = 0
        self._busy = self._pending = False
        self._seconds = 0.0

    def __enter__(self) -> Self:
        self._check_owner()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def run(self, samples: Samples, timeout: float | None = None) -> Samples:
        """Sends one frame through the core and gives its results; see `Transport.run`."""
        return self.run_frames([samples], timeout)[0]

    def stream(
        self,
        take: Callable[[], Samples | None],
        give: Callable[[Samples], None],
        timeout: float | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Sends frames while there are any; see `Transport.stream`. `check` is called between two of them."""
        self._check_owner()
        end = None if timeout is None else time.monotonic() + timeout
        while (samples := take()) is not None:
            if check is not None:
                check()
            give(self.run(samples, None if end is None else max(end - time.monotonic(), 0.0)))

    def run_frames(self, frames: Sequence[Samples], timeout: float | None = None) -> list[Samples]:
        """Sends frames back to back, and gives the results of each.

        Raises
        ------
        LinkTimeout
            If the core is stuck, or the call took longer than `timeout` seconds. The next call begins at power-on.
        FrameError
            If the core marked a result wrong.
        PortError
            If the transport is closed.
        """
        self._check_owner()
        if not frames:
            return []
        pixels = self.design.pixels_per_clock
        shapes = [frame_shape(self.design, frame.shape) for frame in frames]
        marks = [marks_of(shape, pixels) for shape in shapes]
        end = None if timeout is None else time.monotonic() + timeout
        self._load(timeout)
        left = None if end is None else max(end - time.monotonic(), 0.0)
        borders = None if self._border is None else [self._border] * len(frames)
        expected = marks[0] if len(marks) == 1 else np.concatenate(marks)
        run = self._run(beats_of(frames, borders, pixels), len(expected), left)
        if not np.array_equal(run.marks, expected):
            place = int(np.argmax(run.marks != expected))
            self._restart()
            raise FrameError(f"The core marked result {place} {_named(run.marks[place])}, not {_named(expected[place])}")
        self._last_clocks = run.clocks
        self._last_samples = sum(math.prod(frame.shape[:2]) for frame in frames)  # with all planes
        results = np.split(run.results, np.cumsum([len(one) for one in marks])[:-1]) if len(marks) > 1 else [run.results]
        if pixels > 1:
            results = [unpacked(result, shape, pixels) for result, shape in zip(results, shapes, strict=True)]
        return [arranged(self.design, result, shape) for result, shape in zip(results, shapes, strict=True)]

    def load(self, coefficients: Sequence[int], timeout: float | None = None) -> None:
        """Gives the core the coefficients for the next frame, with which they go in; see `Transport.load`."""
        self._check_owner()
        del timeout  # nothing is sent before the next frame
        self._coefficients = tuple(int(value) for value in coefficients)
        self._loaded = False

    def silence(self) -> None:
        """Makes a continuous filter start from silence with the next frame: puts the core back to power-on."""
        self._check_owner()
        self._restart()

    def switch(self, boundary: Boundary, fill: int) -> None:
        """Chooses the border of the frames from the next call on; see `Transport.switch`."""
        self._check_owner()
        self._border = boundary, fill

    def status(self, *, ask: bool = True) -> dict[str, int | bool | str]:
        """Counts since the twin was opened, and what the last call took.

        Keys: ``clocks``, ``beats_in``, ``beats_out``, ``busy``, ``pending``, ``error_...`` for each error ever seen,
        ``frame_clocks``, ``frame_samples`` and ``clocks_a_sample`` of the last call, ``clocks_a_second`` (the twin's speed).
        """
        self._check_owner()
        del ask  # everything is at this end
        told: dict[str, int | bool | str] = {
            "transport": "twin",
            "clocks": self._clocks,
            "beats_in": self._beats_in,
            "beats_out": self._beats_out,
            "busy": self._busy,
            "pending": self._pending,
        }
        told |= {f"error_{name}": name in self._sticky for name in self._compiled.ports.errors}
        if self._last_samples:
            told |= {
                "frame_clocks": self._last_clocks,
                "frame_samples": self._last_samples,
                "clocks_a_sample": f"{self._last_clocks / self._last_samples:.4f}",
            }
        if self._seconds > 0:
            told["clocks_a_second"] = round(self._clocks / self._seconds)
        return told

    def close(self) -> None:
        """Releases the core; closing twice does nothing."""
        self._simulation = None

    def _load(self, timeout: float | None) -> None:
        if self._loaded or self._coefficients is None:
            return
        self._run(beats_of([]), 0, timeout, self._coefficients)
        self._loaded = True

    def _run(self, beats: Beats, wanted: int, timeout: float | None, coefficients: Sequence[int] = ()) -> Run:
        if self._simulation is None:
            raise PortError("The twin is closed; open it again")
        try:
            run = self._simulation.run(beats, wanted, coefficients=coefficients, timeout=timeout)
        except BaseException:
            self._restart()
            raise
        self._busy, self._pending = run.busy, run.pending
        self._clocks += run.clocks
        self._seconds += run.seconds
        self._beats_in += run.accepted
        self._beats_out += run.delivered
        self._sticky |= {name for name, count in run.errors.items() if count}
        return run

    def _restart(self) -> None:
        """Puts the core back to power-on; coefficients that were loaded go in again with the next frame."""
        if self._simulation is not None:  # a twin that was closed stays closed
            self._simulation = Simulation(self._compiled)
            self._loaded = self._coefficients is None


def _named(marks: int) -> str:
    names = [name for bit, name in ((1, "first"), (LAST, "last"), (4, "eol")) if marks & bit]
    if marks >> KEEP:
        names.append(f"{int(marks >> KEEP).bit_count()} pixels")
    return " and ".join(names) or "with nothing"


def open_twins(designs: Sequence[Design], progress: Progress | None = None) -> list[TwinTransport]:
    """The twins of several designs; what isn't in the cache is compiled together, which is faster than one by one."""
    return [
        TwinTransport(design, compiled=compiled)
        for design, compiled in zip(designs, compile_designs(designs, progress), strict=True)
    ]


def simulate_designs(designs: Sequence[Design], progress: Progress | None = None) -> list[Simulation]:
    """The designs' cores, each at power-on."""
    return [Simulation(compiled) for compiled in compile_designs(designs, progress)]


def simulate_components(components: Sequence[Any], progress: Progress | None = None) -> list[Simulation]:
    """Amaranth components with streams `i` and `o`, each at power-on: what a test of a block uses."""
    return [Simulation(compiled) for compiled in compile_components(components, progress)]
