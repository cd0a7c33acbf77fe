"""The twin as a `Device` uses it: `TwinTransport` runs frames on a `Simulation` of the design's core."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from convolver.designs import Boundary, Design, boundary_code
from convolver.errors import FrameError, PortError
from convolver.host.ownership import Owned
from convolver.host.transport import Samples, arranged

from ..libraries.compiler import Compiled, Progress, compile_designs
from .simulation import Run, Simulation, simulate_components, simulate_designs
from .streams import KEEP, LAST, Beats, beats_of, marks_of, unpacked
from .waves import Waves

__all__ = ["Run", "Simulation", "TwinTransport", "frame_shape", "open_twins", "simulate_components", "simulate_designs"]


def frame_shape(design: Design, shape: Sequence[int]) -> tuple[int, ...]:
    """Shape of the core's results of a frame, without the host's padding."""
    return design.frame_results(*shape[: design.rank])


class TwinTransport(Owned):
    """A design's core in this process, as a `Transport`: no board, no link, all clocks counted.

    Parameters
    ----------
    design : Design
    progress : callable, optional
        Called with the title of each step that may take longer than a second.
    waves : Waves, optional
        Records the streams.
    closing : callable, optional
        Called once, when the twin is closed.

    Raises
    ------
    ToolError
        If the twin can't be compiled.
    """

    frame_samples = 1 << 22
    """Some 150 MB of memory during a frame; an image of 1920x1080 is one frame."""

    def __init__(
        self,
        design: Design,
        progress: Progress | None = None,
        compiled: Compiled | None = None,
        waves: Waves | None = None,
        closing: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.design = design
        self._compiled = compile_designs([design], progress)[0] if compiled is None else compiled
        self._simulation: Simulation | None = Simulation(self._compiled)
        self._coefficients: dict[int, tuple[int, ...]] = {}  # by stage: the last loaded set
        self._unloaded: set[int] = set()  # stages whose set isn't in the core yet
        self._borders: list[tuple[Boundary, int]] = []  # border of the frames from now on, if chosen
        self._chosen: dict[str, int] = {}  # the same for several filters, by the core's ports
        design.border.tell(self)
        self._clocks = self._beats_in = self._beats_out = 0
        self._sticky: set[str] = set()
        self._last_clocks = self._last_samples = 0
        self._busy = self._pending = False
        self._seconds = 0.0
        self._waves, self._closing = waves, closing

    def __enter__(self) -> Self:
        self._check_owner()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def run(self, samples: Samples, timeout: float | None = None) -> Samples:
        """Sends one frame through the core and returns its results; see `Transport.run`."""
        return self.run_frames([samples], timeout)[0]

    def stream(
        self,
        take: Callable[[], Samples | None],
        give: Callable[[Samples], None],
        timeout: float | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Sends frames until `take` gives none; see `Transport.stream`. `check` is called between frames."""
        self._check_owner()
        end = None if timeout is None else time.monotonic() + timeout
        while (samples := take()) is not None:
            if check is not None:
                check()
            give(self.run(samples, None if end is None else max(end - time.monotonic(), 0.0)))

    def run_frames(self, frames: Sequence[Samples], timeout: float | None = None) -> list[Samples]:
        """Sends frames back to back, and returns the results of each.

        Raises
        ------
        LinkTimeout
            If the core is stuck, or the call took longer than `timeout` seconds. The next call starts from power-on.
        FrameError
            If a result has a wrong mark.
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
        borders = self._borders * len(frames) or None
        expected = marks[0] if len(marks) == 1 else np.concatenate(marks)
        run = self._run(beats_of(frames, borders, pixels), len(expected), left)
        if not np.array_equal(run.marks, expected):
            place = int(np.argmax(run.marks != expected))
            self._restart()
            raise FrameError(f"The core marked result {place} {_named(run.marks[place])}, not {_named(expected[place])}")
        self._last_clocks = run.clocks
        self._last_samples = sum(math.prod(frame.shape[:2]) for frame in frames)  # with all planes
        results = np.split(run.results, np.cumsum([len(one) for one in marks])[:-1]) if len(marks) > 1 else [run.results]
        return [
            arranged(self.design, unpacked(result, shape, pixels), shape) for result, shape in zip(results, shapes, strict=True)
        ]

    def load(self, coefficients: Sequence[int], timeout: float | None = None, stage: int = 0) -> None:
        """Keeps coefficients for the next frame; they are loaded together with it. See `Transport.load`."""
        self._check_owner()
        del timeout  # nothing is sent before the next frame
        self._coefficients[stage] = tuple(int(value) for value in coefficients)
        self._unloaded.add(stage)
        self.design = self.design.reloaded(self._coefficients[stage], stage)

    def settle(self, timeout: float | None = None) -> None:
        """Does nothing: frames come only with calls."""
        self._check_owner()
        del timeout

    def silence(self) -> None:
        """Makes a continuous filter start from silence with the next frame: restarts the core from power-on."""
        self._check_owner()
        self._restart()

    def switch(self, boundary: Boundary, fill: int, stage: int = 0) -> None:
        """Sets the border of the frames from the next call on; see `Transport.switch`."""
        self._check_owner()
        if stage:
            self._chosen |= {f"boundary_{stage}": boundary_code(boundary), f"fill_{stage}": fill}
        else:
            self._borders = [(boundary, fill)]

    def status(self, *, ask: bool = True) -> dict[str, float | bool | str]:
        """Counts since the twin was opened, and the clocks of the last call.

        Keys: ``clocks``, ``beats_in``, ``beats_out``, ``busy``, ``pending``, ``error_...`` for each error ever seen,
        ``frame_clocks``, ``frame_samples`` and ``clocks_a_sample`` of the last call, ``clocks_a_second`` (the twin's
        speed).
        """
        self._check_owner()
        del ask  # nothing has to be requested
        told: dict[str, float | bool | str] = {
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
                "clocks_a_sample": round(self._last_clocks / self._last_samples, 4),
            }
        if self._seconds > 0:
            told["clocks_a_second"] = round(self._clocks / self._seconds)
        return told

    def close(self) -> None:
        """Releases the core; closing twice does nothing."""
        self._simulation = None
        if (closing := self._closing) is not None:
            self._closing = None
            closing()

    def _load(self, timeout: float | None) -> None:
        for stage in sorted(self._unloaded):
            self._run(beats_of([]), 0, timeout, coefficients=self._coefficients[stage], coefficient_stage=stage)
            self._unloaded.remove(stage)

    def _run(self, beats: Beats, wanted: int, timeout: float | None, **options: Any) -> Run:
        if self._simulation is None:
            raise PortError("The twin is closed; open it again")
        try:
            self._simulation.choose(self._chosen)
            run = self._simulation.run(beats, wanted, timeout=timeout, times=self._waves is not None, **options)
        except BaseException:
            self._restart()
            raise
        if self._waves is not None:
            self._waves.note(beats, run)
        self._busy, self._pending = run.busy, run.pending
        self._clocks += run.clocks
        self._seconds += run.seconds
        self._beats_in += run.accepted
        self._beats_out += run.delivered
        self._sticky |= {name for name, count in run.errors.items() if count}
        return run

    def _restart(self) -> None:
        """Restarts the core from power-on; loaded coefficients are loaded again with the next frame."""
        if self._simulation is not None:  # a closed twin stays closed
            self._simulation = Simulation(self._compiled)
            self._unloaded = set(self._coefficients)


def _named(marks: int) -> str:
    names = [name for bit, name in ((1, "first"), (LAST, "last"), (4, "eol")) if marks & bit]
    if marks >> KEEP:
        names.append(f"{int(marks >> KEEP).bit_count()} pixels")
    return " and ".join(names) or "with nothing"


def open_twins(designs: Sequence[Design], progress: Progress | None = None) -> list[TwinTransport]:
    """The twins of several designs. Those not in the cache are compiled together, which is faster than one by one."""
    return [
        TwinTransport(design, compiled=compiled)
        for design, compiled in zip(designs, compile_designs(designs, progress), strict=True)
    ]
