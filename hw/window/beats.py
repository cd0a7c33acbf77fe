"""The beats of a line: of one pixel each, or of several. With several, the last beat may be partly filled."""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from convolver.designs import Conv2DDesign
from convolver.plan.beats import Beat, WideBeat, beat_of

from .frame_size import KeptSize

__all__ = ["WholeBeats", "beats_of"]


class WholeBeats:
    """One pixel a beat: every beat is whole.

    Parameters
    ----------
    design : Conv2DDesign
    size : KeptSize
        What is known of the frames' size.
    """

    of_frame: dict[str, Any]
    """Fields that come with a frame's first beat."""
    of_beat: dict[str, Any]
    """Fields of each beat."""
    of_step: dict[str, Any]
    """Fields of each step."""

    def __init__(self, design: Conv2DDesign, size: KeptSize) -> None:
        self.pixels = design.pixels_per_clock
        self._size = size
        self.of_frame, self.of_beat, self.of_step = {}, {}, {}

    def check(self, m: Module, i: Any, columns: Value, given: data.View) -> None:
        """Drives `of_beat` for the beats of the stream `i`. `columns` is the width of a frame, with its first beat."""

    def wrong(self, eol: Value, line_end: Value, checked: data.View) -> Value:
        """Whether the beat disagrees with `line_end`: in `eol`, or in its number of pixels."""
        return eol != line_end

    def follow(self, m: Module, checked: data.View, begun: Value, result: Callable[[Value], Value]) -> None:
        """Stores `of_frame` of the frame that entered last. `begun` comes one cycle after its first beat. `result` maps
        the remainder of a line to that of its results."""

    def overhangs(self, m: Module, begun: Value, late: int) -> Value:
        """Whether a line's last results need one more beat than the line has. A result comes `late` pixels after its
        window's last pixel."""
        return Const(0)

    def tell(self, m: Module, step: data.View, line_end: Value, eol: Value) -> None:
        """Drives `of_step`, and the bits of `keep` for the step's beat of results."""

    def last_has(self, step: data.View, rule: Value, pixels: int) -> Value:
        """`rule`, and the last beat of the step's line has this number of pixels."""
        return rule


class PartBeats(WholeBeats):
    """Several pixels a beat: the last beat of a line has the remaining pixels.

    remainder : pixels of a line's last beat, less one.
    whole, part : the beat has all pixels; it has the number of pixels of a line's last beat.
    ends : the step belongs to a line's last beat.
    """

    def __init__(self, design: Conv2DDesign, size: KeptSize) -> None:
        super().__init__(design, size)
        remainder = range(self.pixels)
        self.of_frame, self.of_beat = {"remainder": remainder}, {"whole": 1, "part": 1}
        self.of_step = {"remainder": remainder, "ends": 1}

    def check(self, m: Module, i: Any, columns: Value, given: data.View) -> None:
        remainder = Signal(range(self.pixels))  # of the frame that began last; a line has at least two beats
        self._size.hold(m, remainder, columns - 1, i.valid & i.ready & i.p.first)
        m.d.comb += [
            given.whole.eq(i.p.keep.all()),
            given.part.eq(Cat(bit ^ (remainder < place) for place, bit in enumerate(i.p.keep)).all()),
        ]

    def wrong(self, eol: Value, line_end: Value, checked: data.View) -> Value:
        return super().wrong(eol, line_end, checked) | ~Mux(line_end, checked.part, checked.whole)

    def follow(self, m: Module, checked: data.View, begun: Value, result: Callable[[Value], Value]) -> None:
        self._given, self._remainder = Signal(range(self.pixels)), Signal(range(self.pixels))
        self._part = Signal(self.pixels)  # pixels of the last beat of a line of results
        self._size.hold(m, self._given, checked.remainder)
        self._size.hold(m, self._remainder, self._given, begun)
        for place, bit in enumerate(self._part):
            self._size.hold(m, bit, result(self._given) >= place, begun)

    def overhangs(self, m: Module, begun: Value, late: int) -> Value:
        overhangs = Signal()
        self._size.hold(m, overhangs, self._given + late >= self.pixels, begun)
        return overhangs

    def tell(self, m: Module, step: data.View, line_end: Value, eol: Value) -> None:
        # The frame that is leaving and the frame that enters have lines of equal length.
        m.d.sync += [step.ends.eq(line_end), step.keep.eq(Mux(eol, self._part, ~0))]
        m.d.comb += step.remainder.eq(self._remainder)

    def last_has(self, step: data.View, rule: Value, pixels: int) -> Value:
        return rule & (step.remainder == pixels - 1)


def beats_of(design: Conv2DDesign, size: KeptSize | None = None) -> WholeBeats:
    """The beats of a design's lines; by default of frames of any size."""
    return _beats(beat_of(design), design, size or KeptSize())


@singledispatch
def _beats(beat: Beat, design: Conv2DDesign, size: KeptSize) -> WholeBeats:  # noqa: ARG001  # by its class
    return WholeBeats(design, size)


@_beats.register
def _(beat: WideBeat, design: Conv2DDesign, size: KeptSize) -> WholeBeats:  # noqa: ARG001
    return PartBeats(design, size)
