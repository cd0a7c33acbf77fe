"""The border: which pixel of the frame stands at a place outside it, by the boundary's rule."""

from collections.abc import Iterable

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import GATEWARE_BOUNDARIES, Boundary, Conv2DDesign

from .raster import border_layout, step_layout
from .stream import shape_of

__all__ = ["Borders", "Source", "choice_layout", "column_signature", "column_sources", "left_sources", "row_sources"]

Source = int | None
"""Where a place's pixel comes from: a number of rows or steps, or None for the fill."""


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


def column_sources(design: Conv2DDesign) -> dict[tuple[Boundary, int], Source]:
    """For the column that enters `outside` places beyond a row's end: how many steps ago the column that replaces it came, by
    (boundary, outside). `outside` 0 is a column of the row."""
    late = design.core_right - design.right
    sources: dict[tuple[Boundary, int], Source] = {}
    for boundary in design.core_boundaries:
        sources[boundary, 0] = late
        for outside in range(1, design.right + 1):
            depth = inward(boundary, outside)
            sources[boundary, outside] = None if depth is None else late + outside + depth
    return sources


def left_sources(design: Conv2DDesign, outside: int) -> dict[Boundary, Source]:
    """For the column `outside` places in front of a row, when its first window is complete: how many steps ago the column that
    replaces it came."""
    sources: dict[Boundary, Source] = {}
    for boundary in design.core_boundaries:
        depth = inward(boundary, outside)
        sources[boundary] = None if depth is None else design.core_right - depth
    return sources


def _distinct(sources: Iterable[Source], usual: Source) -> list[Source]:
    """Each source once, the usual one first."""
    return list(dict.fromkeys([usual, *sources]))


def choices(design: Conv2DDesign) -> tuple[list[list[Source]], list[Source]]:
    """What each row of the window, and the column that enters, are chosen from; the usual one first."""
    offsets = range(-design.above, design.below + 1)
    rows = [_distinct(row_sources(design, offset).values(), offset) for offset in offsets]
    return rows, _distinct(column_sources(design).values(), design.core_right - design.right)


def choice_layout(design: Conv2DDesign) -> data.StructLayout:
    """What travels with a column: which pixels to take for it, and the marks of the result that it completes.

    rows : for each row of the window, one bit a source in `choices`: the one to take is set.
    column : the same of the column that enters the window.
    load : the first window of a row is complete.
    border, border_before : `border_layout` of the row that this column serves and of the row before, where they are chosen at
        run time.
    """
    fields: dict[str, object] = {}
    if design.core_mode == "same":
        rows, columns = choices(design)
        fields = {
            "rows": data.StructLayout({str(row): len(sources) for row, sources in enumerate(rows)}),
            "column": len(columns),
            "load": 1,
        }
    if design.switchable:
        fields |= {"border": border_layout(design), "border_before": border_layout(design)}
    return data.StructLayout(fields | {"result": 1, "first": 1, "last": 1, "eol": 1})


def column_signature(design: Conv2DDesign, rows: int) -> wiring.Signature:
    """A column on its way to the window: `valid`, its `choice`, and its `pixels`, the newest line's last."""
    members = {
        "valid": Out(1),
        "choice": Out(choice_layout(design)),
        "pixels": Out(shape_of(design.pixel)).array(rows),
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
        super().__init__({"step": In(step_layout(design)), "choice": Out(choice_layout(design))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        step = Signal(step_layout(design))
        m.d.sync += [step.eq(self.step), *(self.choice[name].eq(step[name]) for name in ("result", "first", "last", "eol"))]
        if design.core_mode == "valid":
            return m
        if design.switchable:
            m.d.sync += [self.choice.border.eq(step.border), self.choice.border_before.eq(step.border_before)]

        load, outside = Signal(), Signal(range(design.right + 1))
        late = design.core_right - design.right
        m.d.sync += [load.eq(self.step.column == design.core_right), self.choice.load.eq(load), outside.eq(0)]
        for place in range(design.right):
            with m.If(self.step.column == late + place):
                m.d.sync += outside.eq(place + 1)

        rows, columns = choices(design)
        for row, sources in enumerate(rows):
            offset = row - design.above
            if offset:
                inside = step.top if offset < 0 else step.bottom
                found = {(b, place): sources.index(source) for (b, place), source in row_sources(design, offset).items()}
                self._choose(m, self.choice.rows[str(row)], found, inside, step.border.boundary if design.switchable else None)
        found = {(b, place): columns.index(source) for (b, place), source in column_sources(design).items()}
        self._choose(m, self.choice.column, found, outside, step.border_before.boundary if design.switchable else None)
        return m

    def _choose(
        self, m: Module, choice: Value, found: dict[tuple[Boundary, int], int], place: Value, boundary: Value | None
    ) -> None:
        """Sets the bit ``found[boundary, place]`` of `choice`, else the first, a clock later."""
        m.d.sync += choice.eq(1)
        for (name, at), index in found.items():
            if index:
                rule = place == at
                with m.If(rule if boundary is None else rule & (boundary == GATEWARE_BOUNDARIES.index(name))):
                    m.d.sync += choice.eq(1 << index)
