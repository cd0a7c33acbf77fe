"""Simulation of a core's compiled RTL in this process, and the record of a run."""

import ctypes
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convolver.designs import Design
from convolver.errors import LinkTimeout
from convolver.host.ownership import Owned

from ..libraries.compiler import Compiled, Progress, compile_components, compile_designs
from ..libraries.ports import Ports
from .job import DONE, SLICE, STUCK, Job, pointer, progress
from .streams import Beats, Bytes, Integers

__all__ = ["Run", "Simulation", "simulate_components", "simulate_designs"]

PATIENCE = 1 << 16
"""Clocks without a transfer after which a core counts as stuck."""

SLICE_SECONDS = 0.05
"""Time between two checks of the deadline; ctrl-C waits no longer."""


@dataclass(frozen=True)
class Run:
    """Record of one call of `Simulation.run`. Clocks count from 0 in the call.

    Attributes
    ----------
    results : array
        All results, ``int64``, or ``object`` if they may not fit; with several results a beat, one row a beat.
    marks : array of uint8
        Their marks: bits `FIRST`, `LAST`, `EOL`; from bit `KEEP` on, the pixels of the beat that exist.
    clocks : int
        Clocks of the run. The last result left in clock ``clocks - 1``, except with `settle`.
    accepted, delivered, loaded : int
        Beats of the three streams. Results beyond `wanted` are counted, but not kept.
    first_accept, first_result, last_result : int
        Clocks in which the first sample was taken, the first result offered, the last result taken; -1 if never.
    source_stalls, sink_stalls : int
        Clocks in which a sample waited for the core, and in which a result waited for the sink.
    errors, error_clocks : dict
        For each strobe: how often it was high, and the first clock.
    violations, violation_clock : int
        Offers that changed or vanished before they were taken; with `probe` also clocks in which the source side
        depends on the sink's `ready`. The clock is that of the first violation.
    overflows : int
        Clocks in which the core reported an overflow of its output buffer.
    busy, pending : bool
        State of the core at the end.
    accept_clocks, result_clocks : array of int64
        With `times`: the clock of every transfer; else empty.
    finished : bool
        Whether everything was sent and all wanted results came before `limit`.
    seconds : float
        Duration of the run.
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
    """A core from power-on on, clocked by `run`; its state stays between calls.

    Parameters
    ----------
    compiled : Compiled
        From `compile_designs` or `compile_components`.
    """

    def __init__(self, compiled: Compiled) -> None:
        super().__init__()
        self.compiled = compiled
        self.ports = compiled.ports
        core, job = ctypes.c_void_p, ctypes.POINTER(Job)
        self._run = compiled.bound("run", ctypes.c_int, core, job, ctypes.c_int64)
        self._look = compiled.bound("look", None, core, job)
        self._reset = compiled.bound("reset", None, core, ctypes.c_int64)
        self._delete = compiled.bound("delete", None, core)
        self._choose = compiled.bound("choose", None, core, ctypes.c_void_p)
        self._core: int | None = compiled.bound("new", core)()
        self._slice = 1 << 14
        self.choose({})

    def __del__(self) -> None:
        # In a forked process its state is unknown, as a thread may have been running it.
        if getattr(self, "_core", None) is not None and self._owned:
            self._delete(self._core)
            self._core = None

    def reset(self, clocks: int = 1) -> None:
        """Holds the core's reset for some clocks, with its streams idle."""
        self._check_owner()
        self._reset(self._core, clocks)

    def choose(self, borders: Mapping[str, int]) -> None:
        """For several filters: sets the border ports, by name; other ports get the design's border. The values stay."""
        self._check_owner()
        values = np.array([borders.get(name, value) for name, (_, value) in self.ports.borders.items()], np.int64)
        self._choose(self._core, pointer(values))

    def run(
        self,
        beats: Beats,
        wanted: int,
        *,
        coefficients: Sequence[int] | Integers = (),
        coefficient_lasts: Sequence[int] | None = None,
        coefficient_clock: int = 0,
        coefficient_stage: int = 0,
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

        While nothing is offered, the payload is wrong on purpose; size and border are wrong except with a frame's first
        beat.

        Parameters
        ----------
        beats : Beats
        wanted : int
            Beats of results to wait for.
        coefficients, coefficient_lasts, coefficient_clock
            A set to load, the indices of its `last` marks (by default its last), and the clock from which it is
            offered.
        coefficient_stage : int
            For several filters in one design: the filter that it is for, from 1 on.
        gaps, stalls, coefficient_gaps : array of uint8
            One byte a clock, repeated: 1 where the source, the sink, the source of coefficients pauses. An offer isn't
            withdrawn.
        settle : int
            Clocks to run afterwards, to find results that shouldn't exist.
        limit : int
            Clocks after which to stop, complete or not.
        patience : int
            Clocks without a transfer after which the core is stuck.
        shy : bool
            The sink is ready only in clocks after an offer: finds a core that waits for `ready`.
        probe : bool
            Try the sink's other `ready` in every clock: finds combinational paths through the core. Slow.
        times : bool
            Record the clock of every transfer.
        timeout : float
            Limit in seconds.

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
            lasts |= coefficient_stage << 1
        accept_clocks = np.full(len(beats) if times else 0, -1, np.int64)
        result_clocks = np.full(wanted if times else 0, -1, np.int64)
        patterns = [None if mask is None else np.ascontiguousarray(mask, np.uint8) for mask in (gaps, stalls, coefficient_gaps)]
        job = Job(
            samples=pointer(beats.samples),
            marks=pointer(beats.marks),
            beats=len(beats),
            frame_starts=pointer(starts),
            frame_rows=pointer(rows),
            frame_columns=pointer(columns),
            frame_boundaries=pointer(beats.boundaries),
            frame_fills=pointer(beats.fills),
            frames=len(rows),
            coefficients=pointer(values),
            coefficient_marks=pointer(lasts),
            coefficient_count=len(values),
            coefficient_clock=coefficient_clock,
            results=pointer(results),
            result_marks=pointer(result_marks),
            capacity=wanted,
            accept_clocks=pointer(accept_clocks) if times else None,
            result_clocks=pointer(result_clocks) if times else None,
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
                setattr(job, name, pointer(mask))
                setattr(job, count, len(mask))
        started = time.monotonic()
        outcome = self._clock(job, started, timeout)
        seconds = time.monotonic() - started
        if outcome == STUCK:
            raise LinkTimeout(f"The twin is stuck: {progress(job)}, then nothing moved for {patience} clocks")
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
            finished=outcome == DONE,
            seconds=seconds,
        )

    def _clock(self, job: Job, started: float, timeout: float | None) -> int:
        """Runs in slices short enough for ctrl-C and for the deadline; returns how the run ended."""
        while True:
            begun = time.monotonic()
            if timeout is not None and begun - started > timeout:
                raise LinkTimeout(f"The twin took longer than {timeout} seconds: {progress(job)}")
            outcome = int(self._run(self._core, ctypes.byref(job), self._slice))
            if outcome != SLICE:
                return outcome
            taken = time.monotonic() - begun
            if taken < SLICE_SECONDS / 2:
                self._slice *= 2
            elif taken > SLICE_SECONDS and self._slice > 1:
                self._slice //= 2


def _decoded(words: Integers, ports: Ports) -> npt.NDArray[Any]:
    """Results from their 64-bit words, lowest first: ``int64`` if they fit."""
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


def simulate_designs(designs: Sequence[Design], progress: Progress | None = None) -> list[Simulation]:
    """The designs' cores, from power-on on."""
    return [Simulation(compiled) for compiled in compile_designs(designs, progress)]


def simulate_components(components: Sequence[Any], progress: Progress | None = None) -> list[Simulation]:
    """Amaranth components with streams `i` and `o`, from power-on on; for tests of blocks."""
    return [Simulation(compiled) for compiled in compile_components(components, progress)]
