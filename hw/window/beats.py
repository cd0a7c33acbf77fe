"""The beats of a line: of one pixel each, or of several, where the last beat may have fewer."""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from convolver.designs import Conv2DDesign

__all__ = ["WholeBeats", "beats_of"]


class WholeBeats:
    """One pixel a beat: every beat is whole.

    Parameters
    ----------
    design : Conv2DDesign
    """

    of_frame: dict[str, Any]
    """What is known with a frame's first beat."""
    of_beat: dict[str, Any]
    """What is known of each beat."""
    of_step: dict[str, Any]
    """What is known of each step."""

    def __init__(self, design: Conv2DDesign) -> None:
        self.pixels = design.pixels_per_clock
        self.of_frame, self.of_beat, self.of_step = {}, {}, {}

    def check(self, m: Module, i: Any, columns: Value, given: data.View) -> None:
        """Finds `of_beat` of the beats of a stream, `columns` being those of a frame beside its first one."""

    def wrong(self, eol: Value, line_end: Value, checked: data.View) -> Value:
        """The beat has a line's end in the wrong place."""
        return eol != line_end

    def follow(self, m: Module, checked: data.View, begun: Value, result: Callable[[Value], Value]) -> None:
        """Keeps `of_frame` of the frame that entered last; `begun` comes a clock behind its first beat. `result` turns the
        remainder of a line into that of its results."""

    def overhangs(self, m: Module, begun: Value, late: int) -> Value:
        """The last results of a line, `late` pixels behind their window's last pixel, need a beat more than the line has."""
        return Const(0)

    def tell(self, m: Module, step: data.View, line_end: Value, eol: Value) -> None:
        """Fills in `of_step`, and which pixels of the step's beat of results exist."""

    def last_has(self, step: data.View, rule: Value, pixels: int) -> Value:
        """`rule`, and the last beat of the step's line has so many pixels."""
        return rule


class PartBeats(WholeBeats):
    """Several pixels a beat: the last beat of a line has the rest of its pixels.

    remainder : pixels of a line's last beat, less one.
    whole, part : the beat has all pixels; it has as many as a line's last beat.
    ends : the step belongs to a line's last beat.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        super().__init__(design)
        remainder = range(self.pixels)
        self.of_frame, self.of_beat = {"remainder": remainder}, {"whole": 1, "part": 1}
        self.of_step = {"remainder": remainder, "ends": 1}

    def check(self, m: Module, i: Any, columns: Value, given: data.View) -> None:
        remainder = Signal(range(self.pixels))  # of the frame that began last; no line ends with its first beat
        with m.If(i.valid & i.ready & i.p.first):
            m.d.sync += remainder.eq(columns - 1)
        m.d.comb += [
            given.whole.eq(i.p.keep.all()),
            given.part.eq(Cat(bit ^ (remainder < place) for place, bit in enumerate(i.p.keep)).all()),
        ]

    def wrong(self, eol: Value, line_end: Value, checked: data.View) -> Value:
        return super().wrong(eol, line_end, checked) | ~Mux(line_end, checked.part, checked.whole)

    def follow(self, m: Module, checked: data.View, begun: Value, result: Callable[[Value], Value]) -> None:
        self._given, self._remainder = Signal(range(self.pixels)), Signal(range(self.pixels))
        self._part = Signal(self.pixels)  # pixels of the last beat of a line of results
        m.d.sync += self._given.eq(checked.remainder)
        with m.If(begun):
            m.d.sync += self._remainder.eq(self._given)
            m.d.sync += [bit.eq(result(self._given) >= place) for place, bit in enumerate(self._part)]

    def overhangs(self, m: Module, begun: Value, late: int) -> Value:
        overhangs = Signal()
        with m.If(begun):
            m.d.sync += overhangs.eq(self._given + late >= self.pixels)
        return overhangs

    def tell(self, m: Module, step: data.View, line_end: Value, eol: Value) -> None:
        # What is left of the frame before, and the frame that enters meanwhile, have lines of one length.
        m.d.sync += [step.ends.eq(line_end), step.keep.eq(Mux(eol, self._part, ~0))]
        m.d.comb += step.remainder.eq(self._remainder)

    def last_has(self, step: data.View, rule: Value, pixels: int) -> Value:
        return rule & (step.remainder == pixels - 1)


def beats_of(design: Conv2DDesign) -> WholeBeats:
    """The beats of a design's lines."""
    return (PartBeats if design.pixels_per_clock > 1 else WholeBeats)(design)
