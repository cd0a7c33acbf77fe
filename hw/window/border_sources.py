"""The sources of pixels outside a frame: which row or column replaces each, by the boundary's rule."""

from collections.abc import Iterable

from convolver.designs import Boundary, Conv2DDesign
from convolver.designs.outside import outside_of
from convolver.plan.geometry import geometry_of

from .boundaries import Source

__all__ = ["choices", "column_sources", "left_sources", "outsides", "row_sources"]


def row_sources(design: Conv2DDesign, offset: int) -> dict[tuple[Boundary, int], Source]:
    """The sources of the window's row `offset` rows below its centre, by (boundary, inside). The row is outside the
    frame: the frame has only `inside` < abs(offset) rows on that side. A source is a row, counted from the centre
    downwards."""
    sign = 1 if offset > 0 else -1
    sources: dict[tuple[Boundary, int], Source] = {}
    for boundary in geometry_of(design).boundaries:
        for inside in range(abs(offset)):
            depth = outside_of(boundary).inward(abs(offset) - inside)
            sources[boundary, inside] = None if depth is None else sign * (inside - depth)
    return sources


def column_sources(design: Conv2DDesign, lane: int = 0) -> dict[tuple[Boundary, int], Source]:
    """The sources of the column that enters at place `lane` of a beat, by (boundary, outside). The column lies
    `outside` places beyond a row's end; 0 is a column of the row. A source says how many pixels ago its column came.
    The last pixel of the step's beat came 0 pixels ago."""
    late = _lateness(design, lane)
    sources: dict[tuple[Boundary, int], Source] = {}
    for boundary in geometry_of(design).boundaries:
        sources[boundary, 0] = late
        for outside in range(1, design.right + 1):
            depth = outside_of(boundary).inward(outside)
            sources[boundary, outside] = None if depth is None else late + outside + depth
    return sources


def left_sources(design: Conv2DDesign, outside: int) -> dict[Boundary, Source]:
    """The sources, by boundary, of the column `outside` places left of a row, when the row's first window is complete.
    A source says how many pixels ago its column came."""
    begin = (geometry_of(design).ahead + 1) * design.pixels_per_clock - 1  # the row's first column
    sources: dict[Boundary, Source] = {}
    for boundary in geometry_of(design).boundaries:
        depth = outside_of(boundary).inward(outside)
        sources[boundary] = None if depth is None else begin - depth
    return sources


def outsides(design: Conv2DDesign, lane: int) -> dict[tuple[int, int], int]:
    """The columns that enter at place `lane` of a beat, lie beyond a row's end and are filled by a boundary. Gives the
    number of places beyond the end, by (step, last). Steps count from the next row's first; -1 is this row's last step.
    `last` is the number of pixels in the row's last beat."""
    pixels, ahead, found = design.pixels_per_clock, geometry_of(design).ahead, {}
    filled = {outside for _, outside in column_sources(design, lane)}
    for step in range(-1, ahead):
        for last in range(1, pixels + 1):
            outside = (step - ahead + 1) * pixels + design.right + lane - last + 1
            if outside > 0 and outside in filled:  # columns further out belong to results beyond the row's end
                found[step, last] = outside
    return found


def _lateness(design: Conv2DDesign, lane: int) -> int:
    """How many pixels ago the column that enters at place `lane` came."""
    return geometry_of(design).late + design.pixels_per_clock - 1 - lane


def _distinct(sources: Iterable[Source], usual: Source) -> list[Source]:
    """Each source once, the usual one first."""
    return list(dict.fromkeys([usual, *sources]))


def choices(design: Conv2DDesign) -> tuple[list[list[Source]], list[list[Source]]]:
    """The sources of each row of the window, and of each column of a beat that enters; the usual source comes first."""
    offsets = range(-design.above, design.below + 1)
    rows = [_distinct(row_sources(design, offset).values(), offset) for offset in offsets]
    lanes = range(design.pixels_per_clock)
    return rows, [_distinct(column_sources(design, lane).values(), _lateness(design, lane)) for lane in lanes]
