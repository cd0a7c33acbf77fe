"""How frames follow one another through several cores, one behind the other."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from ..designs import Design, Pipeline
from ..designs.rates import SAME
from .timing import FrameTiming

__all__ = ["ChainTiming", "PipelineTiming", "timing_of"]

GATE_WAIT = 5
"""Cycles in which the gate sees that nothing is inside, and hands over a frame's size."""

WIDEST = 4
"""Pixels of the widest beat."""

TALL = 1 << 16
"""Lines of a tall frame: a stage that gives less than it takes does so with it."""

SIZE_CYCLES, STRIDE_CYCLES = 1, 18
"""Cycles in which a stage's size is found behind another one, and how many more behind one with a stride."""


@dataclass(frozen=True)
class PipelineTiming(FrameTiming):
    """How frames follow one another through several cores: exact where all of them take the same cycles for as many pixels, and
    each gives as much as it takes; else upper bounds.

    A stage that gives less than it takes, in mode ``valid`` or with a stride, leaves a gap between frames, and so does one that
    is slower than the next. The next stage's end leaves in it, and the frame behind may have to wait for what is left of that.
    That is a gap to the stage behind.

    Parameters
    ----------
    design : Pipeline
    timings : tuple of FrameTiming
        One for each core.
    """

    design: Pipeline
    timings: tuple[FrameTiming, ...]

    @property
    def lag(self) -> tuple[int, int]:
        lags = [timing.lag for timing in self.timings]
        return sum(lines for lines, _ in lags), sum(more for _, more in lags)

    @property
    def settling(self) -> int:
        # Of a core in front, what the ones behind it take covers it.
        behind = [sum(timing.latency for timing in self.timings[number:]) for number in range(1, len(self.timings) + 1)]
        return max(0, *(timing.settling - later for timing, later in zip(self.timings, behind, strict=True)))

    def beats(self, columns: int) -> int:
        return self.timings[0].beats(columns)

    def _sizes(self, rows: int, columns: int) -> Iterable[tuple[FrameTiming, int, int]]:
        """Each core's timing, and the frames that come to it."""
        sizes: Sequence[int] = (rows, columns)[: self.design.rank]
        for stage, timing in zip(self.design.stages, self.timings, strict=True):
            high, wide = (*sizes, columns)[:2]
            yield timing, high, wide
            sizes = stage.frame_results(*sizes)

    @property
    def _pixel_cycles(self) -> list[Fraction]:
        """Cycles that each core takes for a pixel."""
        return [Fraction(timing.cycles, stage.pixels_per_clock) for timing, stage in self._staged()]

    def _staged(self) -> Iterable[tuple[FrameTiming, Design]]:
        return zip(self.timings, self.design.stages, strict=True)

    @property
    def _even(self) -> bool:
        """Whether all cores take as many pixels in as many cycles."""
        return len({(timing.cycles, stage.pixels_per_clock) for timing, stage in self._staged()}) == 1

    @property
    def _steady(self) -> int:
        """How many cores, from the first one on, get frames without gaps between them."""
        cycles = self._pixel_cycles
        for number, (timing, stage) in enumerate(self._staged(), 1):
            less = any(axis.results(TALL) < TALL for axis in stage.frame_axes)
            if number == len(cycles) or less or not timing.gapless or cycles[number] < cycles[number - 1]:
                return number
        raise AssertionError("a pipeline has a stage")

    @property
    def gapless(self) -> bool:
        return self._steady == len(self.timings) and all(timing.gapless for timing in self.timings)

    def _burst(self, rows: int, columns: int) -> int:
        """Cycles in which a frame goes in where a core gives some lines at once and then none, as with a stride: what is behind
        it may be slower for a line, though not for a frame."""
        lines = [(timing.beats(wide) * timing.cycles, high) for timing, high, wide in self._sizes(rows, columns)]
        found, longest = lines[0][0] * rows, lines[0][0]
        for line, high in lines[1:]:
            found, longest = found + high * max(line - longest, 0), max(line, longest)
        return found

    def frame_interval(self, rows: int, columns: int = 1) -> int:
        sizes = list(self._sizes(rows, columns))
        waits = sum(timing.flush_clocks(wide) for timing, _, wide in sizes[self._steady :])
        return max(self._burst(rows, columns), *(timing.frame_interval(high, wide) for timing, high, wide in sizes)) + waits

    def flush_clocks(self, columns: int = 1) -> int:
        sizes = list(self._sizes(TALL, columns))  # the rows have no part in it
        if self._even:
            return sum(timing.flush_clocks(wide) for timing, _, wide in sizes)
        # What a core has to send may have to wait for the slowest one, and so may a beat of each.
        line = max(timing.beats(wide) * timing.cycles for timing, _, wide in sizes)
        beat = math.ceil(max(self._pixel_cycles) * WIDEST)
        return sum(lines * line + (more + 1) * beat for lines, more in (timing.lag for timing in self.timings))

    def resize_clocks(self, columns: int) -> int:
        """Cycles for which a frame of another size waits behind one, at most: until that has left and all sizes are found."""
        steps = (
            max(SIZE_CYCLES + STRIDE_CYCLES * (axis.stride > 1) for axis in stage.frame_axes)
            for stage in self.design.stages[:-1]
        )
        return self.flush_clocks(columns) + self.latency + self.settling + GATE_WAIT + sum(steps)

    def frame_clocks(self, rows: int, columns: int = 1, frames: int = 1) -> int:
        if not self._even:
            slowest = max(timing.frame_interval(high, wide) for timing, high, wide in self._sizes(rows, columns))
            slowest = max(slowest, self._burst(rows, columns))
            return (frames - 1) * self.frame_interval(rows, columns) + slowest + self.latency + self.flush_clocks(columns)
        return super().frame_clocks(rows, columns, frames)

    def result_clocks(self, rows: int, columns: int = 1) -> int:
        if not self._even:
            return self.frame_clocks(rows, columns)
        return self._last_beat(rows, columns) + self._behind(rows, columns)

    def _behind(self, rows: int, columns: int) -> int:
        behind = (
            timing.flush_clocks(wide) - timing.unwanted(high, wide) * timing.cycles
            for timing, high, wide in self._sizes(rows, columns)
        )
        return sum(behind) + self.latency


@dataclass(frozen=True)
class ChainTiming(PipelineTiming):
    """That of a pipeline whose stages change the rate: the most cycles that a frame takes.

    Each stage gets frames of another length, and is ready for results that come in bursts as soon as its own slots let it. So
    the slowest stage sets the pace; at a frame's end each of the others may add a slot, and what comes to it no sooner.
    """

    bound: ClassVar[str] = "at most "

    @property
    def exact(self) -> bool:
        return False

    @property
    def gapless(self) -> bool:
        return False

    @property
    def clocks_a_sample(self) -> Fraction:
        return max(timing.clocks_a_sample * share for timing, share in zip(self.timings, self._shares, strict=True))

    @property
    def beat_cycles(self) -> int:
        return max(math.ceil(timing.beat_cycles * share) for timing, share in self._with_shares())

    @property
    def _shares(self) -> list[Fraction]:
        """Samples of each stage, for each sample of the whole."""
        shares = [Fraction(1)]
        for stage in self.design.stages[:-1]:
            shares.append(shares[-1] * Fraction(stage.rate.up, stage.rate.down))
        return shares

    def _with_shares(self) -> Iterable[tuple[FrameTiming, Fraction]]:
        return zip(self.timings, (max(share, Fraction(1)) for share in self._shares), strict=True)

    @property
    def _slots(self) -> int:
        """A slot of each stage."""
        return sum(timing.beat_cycles for timing in self.timings)

    def _late(self, rows: int, columns: int) -> int:
        """Cycles of what comes to each stage with a frame's last sample: one with more samples than results keeps each result
        until it is known not to be the frame's last."""
        late, found = 1, 0
        for stage, (timing, high, _) in zip(self.design.stages, self._sizes(rows, columns), strict=True):
            found += timing.frame_clocks(min(late, high)) - timing.latency
            late = -(-late * stage.rate.up // stage.rate.down) + (stage.rate.down > stage.rate.up)
        return found

    def frame_interval(self, rows: int, columns: int = 1) -> int:
        return max(timing.frame_interval(high) for timing, high, _ in self._sizes(rows, columns)) + self._slots

    def frame_clocks(self, rows: int, columns: int = 1, frames: int = 1) -> int:
        alone = max(timing.frame_clocks(high) - timing.latency for timing, high, _ in self._sizes(rows, columns))
        ends = self._slots + self._late(rows, columns) + self.latency
        return (frames - 1) * self.frame_interval(rows, columns) + alone + ends

    def result_clocks(self, rows: int, columns: int = 1) -> int:
        return self.frame_clocks(rows, columns)


def timing_of(design: Pipeline, cycles: int, latency: int, timings: tuple[FrameTiming, ...]) -> PipelineTiming:
    """That of a pipeline whose cores have these."""
    return (PipelineTiming if design.rate == SAME else ChainTiming)(cycles, latency, design, timings)
