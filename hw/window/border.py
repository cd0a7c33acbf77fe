"""The border: which pixel of the frame stands at a place outside it, by the boundary's rule."""

from collections.abc import Iterable

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Boundary, Conv2DDesign

from ..stream.layouts import marks_of
from .beats import beats_of
from .boundaries import Source, boundary_of
from .place_format import PlaceFormat
from .raster import step_layout

__all__ = ["Borders", "choice_layout", "column_signature", "column_sources", "left_sources", "row_sources"]


def inward(boundary: Boundary, outside: int) -> int | None:
    """How far inside the frame's outermost pixel the pixel is found that stands `outside` places (1 or more) beyond it; None is
    the fill. numpy.pad's rule, for a frame that is no smaller than the border."""
    return {"constant": None, "edge": 0, "symmetric": outside - 1, "reflect": outside}[boundary]


def row_sources(design: Conv2DDesign, offset: int) -> dict[tuple[Boundary, int], Source]:
    """For the window's row `offset` rows below its centre, which is outside while the frame has `inside` < abs(offset) rows on
    that side: the row that replaces it, by (boundary, inside), counted from the centre downwards."""
    sign = 1 if offset > 0 else -1
    sources: dict[tuple[Boundary, int], Source] = {}
    for boundary in design.core_boundaries:
        for inside in range(abs(offset)):
            depth = inward(boundary, abs(offset) - inside)
            sources[boundary, inside] = None if depth is None else sign * (inside - depth)
    return sources


def column_sources(design: Conv2DDesign, lane: int = 0) -> dict[tuple[Boundary, int], Source]:
    """For the column that enters `outside` places beyond a row's end, at place `lane` of a beat: how many pixels ago the column
    that replaces it came, by (boundary, outside). `outside` 0 is a column of the row. The last pixel of the step's beat came 0
    pixels ago."""
    late = _lateness(design, lane)
    sources: dict[tuple[Boundary, int], Source] = {}
    for boundary in design.core_boundaries:
        sources[boundary, 0] = late
        for outside in range(1, design.right + 1):
            depth = inward(boundary, outside)
            sources[boundary, outside] = None if depth is None else late + outside + depth
    return sources


def left_sources(design: Conv2DDesign, outside: int) -> dict[Boundary, Source]:
    """For the column `outside` places in front of a row, when its first window is complete: how many pixels ago the column that
    replaces it came."""
    begin = (design.core_ahead + 1) * design.pixels_per_clock - 1  # the row's first column
    sources: dict[Boundary, Source] = {}
    for boundary in design.core_boundaries:
        depth = inward(boundary, outside)
        sources[boundary] = None if depth is None else begin - depth
    return sources


def outsides(design: Conv2DDesign, lane: int) -> dict[tuple[int, int], int]:
    """When the column that enters at place `lane` of a beat is one behind a row's end: how far, by the step, counted from the
    next row's first (-1 is the last of this row), and by the pixels of the row's last beat."""
    pixels, found = design.pixels_per_clock, {}
    for step in range(-1, design.core_ahead):
        for last in range(1, pixels + 1):
            outside = (step - design.core_ahead + 1) * pixels + design.right + lane - last + 1
            if 0 < outside <= design.right:  # what is further out belongs to results behind the row's end
                found[step, last] = outside
    return found


def _lateness(design: Conv2DDesign, lane: int) -> int:
    """How many pixels ago the column came that enters at place `lane`."""
    return design.core_late + design.pixels_per_clock - 1 - lane


def _distinct(sources: Iterable[Source], usual: Source) -> list[Source]:
    """Each source once, the usual one first."""
    return list(dict.fromkeys([usual, *sources]))


def choices(design: Conv2DDesign) -> tuple[list[list[Source]], list[list[Source]]]:
    """What each row of the window, and each column of a beat that enters, are chosen from; the usual one first."""
    offsets = range(-design.above, design.below + 1)
    rows = [_distinct(row_sources(design, offset).values(), offset) for offset in offsets]
    lanes = range(design.pixels_per_clock)
    return rows, [_distinct(column_sources(design, lane).values(), _lateness(design, lane)) for lane in lanes]


def choice_layout(design: Conv2DDesign, sums: PlaceFormat | None = None) -> data.StructLayout:
    """What travels with a column: which pixels to select for it, and the marks of the result that it completes.

    rows : for each row of the window, one bit a source in `choices`: the one to select is set. Not with a column's `sums`.
    columns : the same for each column of a beat that enters the window.
    load : the first window of a row is complete.
    border, border_before : what is chosen for the row that this column serves and for the one that it ends, see `boundary_of`;
        with `sums` the fill is theirs.
    """
    fields: dict[str, object] = {}
    if design.core_mode == "same":
        rows, columns = choices(design)
        if sums is None:
            fields["rows"] = data.StructLayout({str(row): len(sources) for row, sources in enumerate(rows)})
        fields |= {
            "columns": data.StructLayout({str(lane): len(sources) for lane, sources in enumerate(columns)}),
            "load": 1,
        }
    border = boundary_of(design, sums).layout
    return data.StructLayout(fields | {"border": border, "border_before": border, "result": 1} | marks_of(design))


def column_signature(design: Conv2DDesign, rows: int, sums: PlaceFormat | None = None) -> wiring.Signature:
    """A column, or all of a beat, on the way to the window: `valid`, its `choice`, and its `pixels`, row by row, the newest
    line last; or, of one row, what a column filter makes of them, `sums`."""
    form = PlaceFormat.of_pixels(design) if sums is None else sums
    members = {
        "valid": Out(1),
        "choice": Out(choice_layout(design, sums)),
        "pixels": Out(form.shape).array(rows * design.pixels_per_clock),
    }
    return wiring.Signature(members)


class Borders(wiring.Component):
    """Decides, beside the line buffer, which pixels its columns give the window: one step a clock, latency 2 clocks, no stall.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    step : In
        See `Raster`.
    choice : Out
        Its `choice_layout`, two clocks later.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        self._boundary = boundary_of(design)
        super().__init__({"step": In(step_layout(design)), "choice": Out(choice_layout(design))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        step = Signal(step_layout(design))
        marks = marks_of(design)
        m.d.sync += [step.eq(self.step), *(self.choice[name].eq(step[name]) for name in ("result", *marks))]
        if design.core_mode == "valid":
            return m
        beyond = [outsides(design, lane) for lane in range(design.pixels_per_clock)]
        m.d.sync += [self.choice.border.eq(step.border), self.choice.border_before.eq(step.border_before)]
        if any(when < 0 for found in beyond for when, _ in found):
            with m.If(self.step.ends):  # a row that ends in its own last step
                m.d.sync += step.border_before.eq(self.step.border)

        load = Signal()
        m.d.sync += [load.eq(self.step.near[design.core_ahead]), self.choice.load.eq(load)]
        rows, columns = choices(design)
        for row, sources in enumerate(rows):
            offset = row - design.above
            if offset:
                inside = step.top if offset < 0 else step.bottom
                found = {(b, place): sources.index(source) for (b, place), source in row_sources(design, offset).items()}
                self._choose(m, self.choice.rows[str(row)], found, inside, step.border)
        for lane, sources in enumerate(columns):
            outside = Signal(range(design.right + 1), name=f"outside_{lane}")
            m.d.sync += outside.eq(0)
            for (when, last), place in beyond[lane].items():
                here: Value = self.step.ends if when < 0 else self.step.near[when]
                with m.If(beats_of(design).last_has(self.step, here, last)):
                    m.d.sync += outside.eq(place)
            found = {(b, place): sources.index(source) for (b, place), source in column_sources(design, lane).items()}
            self._choose(m, self.choice.columns[str(lane)], found, outside, step.border_before)
        return m

    def _choose(
        self,
        m: Module,
        choice: Value,
        found: dict[tuple[Boundary, int], int],
        place: Value,
        border: data.View,
    ) -> None:
        """Sets the bit ``found[boundary, place]`` of `choice`, else the first, a clock later."""
        rules: dict[int, Value] = {}
        for (boundary, at), index in found.items():
            if index:
                rules[index] = rules.get(index, Const(0)) | self._boundary.where(place == at, border, boundary)
        m.d.sync += choice.eq(Cat(~Cat(rules.values()).any(), *(rules[index] for index in sorted(rules))))
