"""Which pixel of a frame stands at a place outside it, by the boundary's rule; what a place of the window is chosen from."""

from collections.abc import Iterable

from convolver.designs import Boundary, Conv2DDesign
from convolver.designs.outside import outside_of
from convolver.plan.geometry import geometry_of

from .boundaries import Source

__all__ = ["choices", "column_sources", "left_sources", "outsides", "row_sources"]


def row_sources(design: Conv2DDesign, offset: int) -> dict[tuple[Boundary, int], Source]:
    """For the window's row `offset` rows below its centre, which is outside while the frame has `inside` < abs(offset) rows on
    that side: the row that replaces it, by (boundary, inside), counted from the centre downwards."""
    sign = 1 if offset > 0 else -1
    sources: dict[tuple[Boundary, int], Source] = {}
    for boundary in geometry_of(design).boundaries:
        for inside in range(abs(offset)):
            depth = outside_of(boundary).inward(abs(offset) - inside)
            sources[boundary, inside] = None if depth is None else sign * (inside - depth)
    return sources


def column_sources(design: Conv2DDesign, lane: int = 0) -> dict[tuple[Boundary, int], Source]:
    """For the column that enters `outside` places beyond a row's end, at place `lane` of a beat: how many pixels ago the column
    that replaces it came, by (boundary, outside). `outside` 0 is a column of the row. The last pixel of the step's beat came 0
    pixels ago."""
    late = _lateness(design, lane)
    sources: dict[tuple[Boundary, int], Source] = {}
    for boundary in geometry_of(design).boundaries:
        sources[boundary, 0] = late
        for outside in range(1, design.right + 1):
            depth = outside_of(boundary).inward(outside)
            sources[boundary, outside] = None if depth is None else late + outside + depth
    return sources


def left_sources(design: Conv2DDesign, outside: int) -> dict[Boundary, Source]:
    """For the column `outside` places in front of a row, when its first window is complete: how many pixels ago the column that
    replaces it came."""
    begin = (geometry_of(design).ahead + 1) * design.pixels_per_clock - 1  # the row's first column
    sources: dict[Boundary, Source] = {}
    for boundary in geometry_of(design).boundaries:
        depth = outside_of(boundary).inward(outside)
        sources[boundary] = None if depth is None else begin - depth
    return sources


def outsides(design: Conv2DDesign, lane: int) -> dict[tuple[int, int], int]:
    """When the column that enters at place `lane` of a beat is one behind a row's end that a boundary fills: how far, by the
    step, counted from the next row's first (-1 is the last of this row), and by the pixels of the row's last beat."""
    pixels, ahead, found = design.pixels_per_clock, geometry_of(design).ahead, {}
    filled = {outside for _, outside in column_sources(design, lane)}
    for step in range(-1, ahead):
        for last in range(1, pixels + 1):
            outside = (step - ahead + 1) * pixels + design.right + lane - last + 1
            if outside > 0 and outside in filled:  # what is further out belongs to results behind the row's end
                found[step, last] = outside
    return found


def _lateness(design: Conv2DDesign, lane: int) -> int:
    """How many pixels ago the column came that enters at place `lane`."""
    return geometry_of(design).late + design.pixels_per_clock - 1 - lane


def _distinct(sources: Iterable[Source], usual: Source) -> list[Source]:
    """Each source once, the usual one first."""
    return list(dict.fromkeys([usual, *sources]))


def choices(design: Conv2DDesign) -> tuple[list[list[Source]], list[list[Source]]]:
    """What each row of the window, and each column of a beat that enters, are chosen from; the usual one first."""
    offsets = range(-design.above, design.below + 1)
    rows = [_distinct(row_sources(design, offset).values(), offset) for offset in offsets]
    lanes = range(design.pixels_per_clock)
    return rows, [_distinct(column_sources(design, lane).values(), _lateness(design, lane)) for lane in lanes]
