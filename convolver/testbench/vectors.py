"""What a testbench of a design's Verilog sends, and what must come: frames of the self-test, results of the golden model.

It is made for the block that `convolver.hw.export.verilog.generate` writes: the steps are accesses of its registers and beats
of its streams. What a host does for a device is done already: each frame is cut and padded as the core takes it. Results that
a host would cut off have no bits to compare.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..designs import Boundary, Design, boundary_code
from ..errors import DesignError
from ..host.registers import IDENTITY, MAP_VERSION, Register, of_stage
from ..host.tiling import Work
from ..host.transport import arranged
from ..plan.marks import framing_of
from ..selftest import Case, cases, pieces_of
from ..shell import FULL, Shell

__all__ = ["Beat", "Read", "Result", "Step", "Vectors", "Wait", "Write", "vectors"]

MARGIN = 12
"""Places of the largest frame beyond a whole window."""

MOST_BEATS, MOST_IN_ALL = 5_000, 12_000
"""Of a frame of a fixed size, and of all of them."""

IN_A_ROW = 3
"""Frames of one size at the end, without a pause between them."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write of a register."""

    address: int
    value: int


@dataclass(frozen=True, slots=True)
class Read:
    """A read of a register, and what it must give."""

    address: int
    value: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for so many results, counted from the beginning, and see that no more come."""

    results: int


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat of samples of frame `frame`, counted from 1: `data`, which bytes of it there are, and its marks as the stream's
    ports have them."""

    frame: int
    data: int
    keep: int
    last: bool
    user: bool


@dataclass(frozen=True, slots=True)
class Result(Beat):
    """A beat of results of a frame; only the bits of `mask` are compared."""

    mask: int


Step = Write | Read | Wait | Beat


@dataclass
class Vectors:
    """What a testbench does, step by step, and which results must come; if `cut`, more of a frame that isn't sent to its end.

    Attributes
    ----------
    steps : list of Step
    results : list of Result
    frames : list of str
        What each frame is, in words.
    """

    design: Design
    steps: list[Step] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    cut: bool = False

    @property
    def beats(self) -> int:
        """Beats of samples."""
        return sum(isinstance(step, Beat) for step in self.steps)


def vectors(design: Design, frames: int = 8, seed: int = 1, shell: Shell = FULL) -> Vectors:
    """The vectors of a design: extremes by construction, random frames; loaded coefficients and borders, where there are any.

    Parameters
    ----------
    design : Design
    frames : int
        Random frames, of sizes small enough for any simulator.
    seed : int
        Of the random frames.
    shell : Shell
        What is around the core. Where frames have a fixed size, that of the design's largest image, there are fewer of them;
        of one with more than `MOST_BEATS` only the beginning is sent.

    Raises
    ------
    DesignError
        If there is no golden model of this kind, or no testbench for such a shell.
    """
    shell = shell.of(design)
    if design.continuity.held and shell.registers != "full":
        raise DesignError(f'A testbench of a continuous design must have the registers "full", not "{shell.registers}"')
    recorder = _Recorder(design, shell)
    recorder.begin()
    if not shell.resizes and (largest := [axis.most for axis in design.frame_axes if axis.most is not None]):
        recorder.whole(largest, frames, seed)
    else:
        for case in (*cases(design, frames, seed, _largest(design)), *_in_a_row(design, seed)):
            recorder.case(case)
    recorder.end()
    return recorder.made


def _largest(design: Design) -> tuple[int, ...]:
    """Shape of the largest frame: a window each way, and some more."""
    sides = zip(design.trial_shape, design.least_shape, design.frame_axes, strict=True)
    return tuple(min(most, max(least, sum(axis.reach) + axis.stride + MARGIN)) for most, least, axis in sides)


def _in_a_row(design: Design, seed: int) -> Iterator[Case]:
    """Random frames of one size, with the coefficients and the border that the design has."""
    random = np.random.default_rng([seed, IN_A_ROW])
    shape = (*_largest(design), *design.sample_axes)
    for number in range(IN_A_ROW):
        samples = random.integers(design.sample.min, design.sample.max + 1, shape, np.int64)
        yield Case(f"in a row {number + 1}", samples, design)


class _Recorder:
    """Takes down what a device would be told, as steps."""

    def __init__(self, design: Design, shell: Shell) -> None:
        # The twin's arrays of beats are plain numpy; they are imported when they are needed, as all of the simulation is.
        from ..sim.twin.streams import EOL, FIRST, KEEP, LAST, beats_of, marks_of

        self.made = Vectors(design)
        self._shell = shell
        self._marks_of, self._beats_of, self._keep = marks_of, beats_of, KEEP
        bits, carried = {"first": FIRST, "last": LAST, "eol": EOL}, framing_of(design).carried
        self._last, self._first = (bits.get(carried.get(name, ""), 0) for name in ("tlast", "tuser"))
        self._registers: dict[int, int] = {}

    def begin(self) -> None:
        """What every block answers, and the border that this one begins with."""
        if self._shell.registers == "full":
            self._add(Read(Register.ID, IDENTITY), Read(Register.VERSION, MAP_VERSION))

    def end(self) -> None:
        """All has come, no error was seen, and the counts are right."""
        made = self.made
        self._settle()
        if made.cut:
            return
        if self._shell.has_registers:
            self._add(Read(Register.STATUS, 0))
        if self._shell.registers == "full":
            self._add(Read(Register.BEATS_IN, made.beats), Read(Register.BEATS_OUT, len(made.results)))

    def whole(self, largest: Sequence[int], frames: int, seed: int) -> None:
        """Sends frames of the largest size: random ones, then extremes, as many as a simulator has time for; of a very large
        one its first lines."""
        design = self.made.design
        random = np.random.default_rng(seed)
        axes = design.frame_axes
        size = [most - sum(axis.around) for axis, most in zip(axes, largest, strict=True)]
        beats = int(np.prod(largest)) // design.pixels_per_clock

        def frame() -> NDArray[np.int64]:
            return random.integers(design.sample.min, design.sample.max + 1, (*size, *design.sample_axes), np.int64)

        if beats > MOST_BEATS:
            lines, first = size[0], axes[0]
            size[0] = max(first.least, sum(first.reach) + 2 * first.stride + MOST_BEATS * lines // beats) - sum(first.around)
            self.made.cut = True
            self._send(f"the first lines of a frame of {lines}", design, samples := frame(), _golden(design, samples))
            # The last of the results may wait for lines that never come.
            rows = (size[0] + sum(first.around) - 1 - first.reach[1]) // first.stride
            ends = [place for place, result in enumerate(self.made.results, 1) if result.last]
            del self.made.results[ends[rows - 1] :]
            return
        most = max(2, MOST_IN_ALL // beats)
        found = [Case(f"random frame {number + 1}", frame(), design) for number in range(max(frames, 1))][: max(most // 2, 2)]
        for case in (*found, *list(cases(design, 0, seed, tuple(size)))[: most - len(found)]):
            if case.samples.shape[: design.rank] == tuple(size):
                self.case(case)
            elif case.load:  # a smaller frame, whose coefficients those behind it have too
                self.load(case.loaded, case.stage)

    def case(self, case: Case) -> None:
        """Sends one case's samples, as one frame or in pieces, behind all that has to be told for it."""
        design = case.design
        if self._shell.registers != "full" and design.border.stated != self.made.design.border.stated:
            return  # it can't be chosen
        if case.load:
            self.load(case.loaded, case.stage)
        design.border.tell(self)
        design.continuity.start(self)
        expected = _golden(design, case.samples)
        pieces = pieces_of(case)
        at = 0
        for piece in pieces:
            count = len(expected) if len(pieces) == 1 else design.output_shape(len(piece))[0]
            wanted, at = expected[at : at + count], at + count
            self._send(case.name, design, piece, wanted)

    # What a border and a continuity tell a core.

    def switch(self, boundary: Boundary, fill: int, stage: int = 0) -> None:
        if self._shell.registers == "full":
            told = {Register.BOUNDARY: boundary_code(boundary), Register.FILL: fill}
            self._write({of_stage(register, stage): value for register, value in told.items()})

    def silence(self) -> None:
        self._settle()
        self._add(Write(Register.SILENCE, 0))

    def load(self, design: Design, stage: int) -> None:
        """Gives the core a whole set of coefficients: of several filters that one of this number."""
        self._settle()
        loaded = design.independent(design.weights)
        coefficient = of_stage(Register.COEFFICIENT, stage)
        self._add(Write(of_stage(Register.RESTART, stage), 0), *(Write(coefficient, int(value)) for value in loaded))

    def _send(self, name: str, design: Design, samples: NDArray[Any], expected: NDArray[Any]) -> None:
        """The frames that a device makes of some samples, and their results."""
        work = Work(design, samples)
        begun, sent = len(self.made.results), 0
        lanes: list[tuple[int, ...]] = []
        while (frame := work.take()) is not None:
            shape = frame.shape[: design.rank]
            size = " x ".join(map(str, shape))
            self.made.frames.append(f"{name}, {size} {design.element}s")
            if self._shell.resizes:
                told = zip(design.axes, design.frame_axes, shape, strict=True)
                self._write({int(Register[name.upper()]): size for name, axis, size in told if axis.most is not None})
            self._beats(design, frame)
            places = design.frame_results(*shape)
            # Results are numbered as they come; where a number ends up is the result that it must be.
            count = int(np.prod(places)) * design.planes * design.outputs
            work.give(arranged(design, np.arange(sent, sent + count), places))
            lanes.append(places)
            sent += count
        values = dict(zip(work.result.ravel().tolist(), expected.ravel().tolist(), strict=True))
        first = 0
        for number, places in enumerate(lanes, len(self.made.frames) - len(lanes) + 1):
            first = self._expect(design, number, places, first, values)
        assert len(self.made.results) > begun, "a frame without results"

    def _beats(self, design: Design, frame: NDArray[Any]) -> None:
        beats = self._beats_of([frame], None, design.pixels_per_clock)
        rows = beats.samples.reshape(len(beats), -1)
        size = design.sample.bytes
        for row, marks in zip(rows.tolist(), beats.marks.tolist(), strict=True):
            self._add(Beat(len(self.made.frames), _word(row, size), *self._ports(design, marks, design.planes * size)))

    def _expect(self, design: Design, number: int, places: Sequence[int], first: int, values: dict[int, int]) -> int:
        """The beats of one frame's results, whose results are numbered from `first` on; gives the number behind them."""
        pixels, lanes, size = design.pixels_per_clock, design.planes * design.outputs, design.output_format.bytes
        full = (1 << 8 * size) - 1
        for marks in self._marks_of(places, pixels).tolist():
            there = self._kept(marks).bit_count()
            told = [values.get(place) for place in range(first, first + there * lanes)]
            first += len(told)
            data = _word([0 if value is None else value for value in told], size)
            mask = _word([0 if value is None else full for value in told], size)
            self.made.results.append(Result(number, data, *self._ports(design, marks, lanes * size), mask))
        return first

    def _ports(self, design: Design, marks: int, size: int) -> tuple[int, bool, bool]:
        """`tkeep`, `tlast` and `tuser` of a beat; a pixel has so many bytes."""
        keep, kept = 0, self._kept(marks)
        for pixel in range(design.pixels_per_clock):
            keep |= ((1 << size) - 1) * (kept >> pixel & 1) << size * pixel
        return keep, bool(marks & self._last), bool(marks & self._first)

    def _kept(self, marks: int) -> int:
        """Which pixels a beat has, a bit for each; one alone has no mark for that."""
        return (marks >> self._keep) or 1

    def _write(self, values: Mapping[int, int]) -> None:
        """Writes registers of a frame, if they don't hold these already; the frames of before are out by then."""
        if any(self._registers.get(address) != value for address, value in values.items()):
            self._settle()
            self._add(*(Write(address, value) for address, value in values.items()))
            self._registers.update(values)

    def _settle(self) -> None:
        wait = Wait(len(self.made.results))
        if wait not in self.made.steps[-1:]:
            self._add(wait)

    def _add(self, *steps: Step) -> None:
        self.made.steps += steps


def _golden(design: Design, samples: NDArray[Any]) -> NDArray[Any]:
    from ..sim import golden

    return golden.run(design, samples)


def _word(values: Sequence[int], size: int) -> int:
    """Values side by side, the first lowest, each in so many bytes."""
    mask = (1 << 8 * size) - 1
    return sum((value & mask) << 8 * size * place for place, value in enumerate(values))
