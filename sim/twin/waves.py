"""Waves of a twin's streams: offers and transfers in each clock, as text, or as VCD with GTKWave and Surfer views.

The twin records the clock of each transfer. As its source and sink never pause, all clocks between follow from these.
Unknown values are `x`: the payload while nothing is offered, and `ready` then.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convolver.designs import Design
from convolver.formats import Format
from convolver.plan.marks import marks_of

from .simulation import Run
from .streams import FIRST, KEEP, Beats

__all__ = ["MOST_CLOCKS", "Line", "Waves", "kept_files"]

MOST_CLOCKS = 200_000
"""Most clocks that are kept: viewers are slow with more."""

PERIOD = 10
"""Clock period in the waves, in nanoseconds."""

_PIXELS_A_UNIT, _PIXELS_A_DIGIT = 200, 9
"""Pixels of GTKWave's first zoom, and of its font."""

_PLACES = {"first": 0, "last": 1, "eol": 2, "keep": KEEP}
"""Position of each mark in the marks of a beat."""
_CODES = "".join(map(chr, range(33, 127)))
_SURFER_DIGITS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass
class Line:
    """A signal: its name, width and signedness, and its value in each clock; None is unknown."""

    name: str
    width: int
    signed: bool
    values: list[int | None]


class Waves:
    """Records what a twin does, run by run, and writes it to files.

    Parameters
    ----------
    design : Design
    most : int
        Most clocks that are kept.
    """

    def __init__(self, design: Design, most: int = MOST_CLOCKS) -> None:
        self.design, self.most, self.clocks = design, most, 0
        bits = marks_of(design)
        self._marks = {name: (_PLACES[name], (1 << count) - 1) for name, count in bits.items()}
        ends = (("i", design.sample, design.planes), ("o", design.output_format, design.planes * design.outputs))
        self._words = {end: (form, count * design.pixels_per_clock) for end, form, count in ends}
        self._lines: dict[str, Line] = {}
        for end, (form, count) in self._words.items():
            for name in ("valid", "ready", *self._marks):
                self._add(f"{end}_{name}", bits.get(name, 1))
            for place in range(count):
                self._add(f"{end}_data" + (f"_{place}" if count > 1 else ""), form.width, form)
        self._add("frame", 32)

    def _add(self, name: str, width: int, form: Format | None = None) -> None:
        self._lines[name] = Line(name, width, form is not None and form.signed, [])

    @property
    def lines(self) -> list[Line]:
        """The signals, in the order of display."""
        return list(self._lines.values())

    def note(self, beats: Beats, run: Run) -> None:
        """Records a run with the clocks of its transfers."""
        count = min(run.clocks, self.most - self.clocks)
        if count <= 0:
            return
        self.clocks += count
        columns: dict[str, list[int | None]] = {name: [None] * count for name in self._lines}
        columns["i_valid"], columns["o_valid"], columns["o_ready"] = [0] * count, [0] * count, [1] * count
        begun = np.zeros(count, np.int64)
        offered = 0  # the clock from which a beat is offered
        for beat, taken in enumerate(run.accept_clocks.tolist()):
            for clock in range(offered, min(taken if taken >= 0 else count, count - 1) + 1):
                self._show(columns, "i", clock, beats.samples[beat], int(beats.marks[beat]))
                columns["i_ready"][clock] = int(clock == taken)
            if 0 <= taken < count and beats.marks[beat] & FIRST:
                begun[taken:] += 1
            offered = taken + 1
            if taken < 0 or offered >= count:
                break
        for result, taken in enumerate(run.result_clocks.tolist()):
            if 0 <= taken < count:
                self._show(columns, "o", taken, run.results[result], int(run.marks[result]))
        before = self._lines["frame"].values[-1] or 0 if self._lines["frame"].values else 0
        columns["frame"] = [int(number) + before for number in begun]
        for name, values in columns.items():
            self._lines[name].values += values

    def _show(self, columns: dict[str, list[int | None]], end: str, clock: int, words: Any, marks: int) -> None:
        columns[f"{end}_valid"][clock] = 1
        for name, (place, mask) in self._marks.items():
            columns[f"{end}_{name}"][clock] = marks >> place & mask
        values = np.atleast_1d(words).tolist()
        for place, value in enumerate(values):
            columns[f"{end}_data" + (f"_{place}" if len(values) > 1 else "")][clock] = value

    def vcd(self) -> str:
        """The waves as a value change dump (IEEE 1364-2001), one nanosecond a step."""
        codes = {line.name: _code(number) for number, line in enumerate(self.lines, 1)}
        head = [
            "$comment convolver's twin of " + self.design.describe() + " $end",
            "$timescale 1 ns $end",
            "$scope module core $end",
            f"$var wire 1 {_code(0)} clk $end",
            *(f"$var wire {line.width} {codes[line.name]} {_named(line)} $end" for line in self.lines),
            "$upscope $end",
            "$enddefinitions $end",
        ]
        return "\n".join([*head, *self._changes(codes), f"#{self.clocks * PERIOD}", ""])

    def _changes(self, codes: dict[str, str]) -> Iterator[str]:
        last: dict[str, Any] = {}
        for clock in range(self.clocks):
            yield f"#{clock * PERIOD}"
            yield f"1{_code(0)}"
            for line in self.lines:
                value = line.values[clock]
                if line.name not in last or last[line.name] != value:
                    last[line.name] = value
                    yield _change(line, value, codes[line.name])
            yield f"#{clock * PERIOD + PERIOD // 2}"
            yield f"0{_code(0)}"

    def gtkwave(self, file: str) -> str:
        """A view for GTKWave (a .gtkw file): marks as bits, numbers in decimal."""
        shown = ["@28", "core.clk"]
        for line in self.lines:
            flags = "28" if line.width == 1 else "420" if line.signed else "24"
            shown += [f"@{flags}", f"core.{_named(line).replace(' ', '')}"]
        digits = max(len(str(bound)) for form, _ in self._words.values() for bound in (form.min, form.max))
        zoom = math.log2(_PIXELS_A_UNIT * PERIOD / (_PIXELS_A_DIGIT * (digits + 1)))  # a clock is as wide as the widest number
        head = [f'[dumpfile] "{file}"', "[timestart] 0", "[size] 1280 640", f"*-{zoom:.6f} 0", "[sst_width] 120"]
        return "\n".join([*head, *shown, ""])

    def surfer(self) -> str:
        """Commands for Surfer (a .sucl file) with the same view. It counts items in letters: `a` to `p` are 0 to 15."""
        shown = [f"variable_add core.{name}" for name in ("clk", *self._lines)]
        for place, line in enumerate(self.lines, 1):
            if line.width > 1:
                letters = format(place, "x").translate(_SURFER_DIGITS)
                shown += [f"item_focus {letters}", f"item_set_format {'Signed' if line.signed else 'Unsigned'}"]
        return "\n".join([*shown, "item_unfocus", "zoom_fit", ""])

    def text(self, clocks: int = 24) -> str:
        """The first clocks as a table, one signal a line; unknown values are dots."""
        count = min(clocks, self.clocks)
        rows = [("clock", [str(clock) for clock in range(count)])]
        rows += [(line.name, ["." if value is None else str(value) for value in line.values[:count]]) for line in self.lines]
        widths = [max(len(cells[clock]) for _, cells in rows) for clock in range(count)]
        name = max(len(title) for title, _ in rows)
        lines = [
            f"{title:<{name}}  " + " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
            for title, cells in rows
        ]
        return "\n".join(lines) + (f"\n{self.clocks - count} more clocks" if self.clocks > count else "")


def _code(number: int) -> str:
    """The code of a signal in the dump."""
    text = ""
    while True:
        number, digit = divmod(number, len(_CODES))
        text += _CODES[digit]
        if not number:
            return text


def _named(line: Line) -> str:
    return line.name if line.width == 1 else f"{line.name} [{line.width - 1}:0]"


def _change(line: Line, value: int | None, code: str) -> str:
    if line.width == 1:
        return f"{'x' if value is None else value}{code}"
    return f"b{'x' if value is None else format(value & ((1 << line.width) - 1), 'b')} {code}"


def kept_files(waves: Waves, stem: str, file: str) -> Sequence[tuple[str, str]]:
    """The view files that belong to a file of waves, by name."""
    return ((f"{stem}.gtkw", waves.gtkwave(file)), (f"{stem}.sucl", waves.surfer()))
