"""Selection of border pixels: which pixels of a column, and which earlier pixels, enter the window."""

from collections.abc import Mapping, Sequence

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Boundary, Conv2DDesign
from convolver.plan.geometry import geometry_of

from ..stream.layouts import marks_of
from ..stream.sideband import Sideband
from .beats import beats_of
from .border_sources import choices, column_sources, outsides, row_sources
from .boundaries import Source, boundary_of
from .place_format import PlaceFormat
from .raster import step_layout, step_sideband

__all__ = ["Borders", "choice_layout", "column_sideband", "filled", "kept_choice_layout"]


def choice_layout(design: Conv2DDesign, form: PlaceFormat) -> data.StructLayout:
    """The sideband of a column of this format: which pixels to select, and the marks of the result that it completes.

    columns : for each column of a beat that enters the window, a one-hot choice among its sources in `choices`; no bits
        for a single source.
    load : this column completes the first window of a row.
    border, border_before : chosen border of the row that this column serves, and of the row before; see `boundary_of`.
    """
    _, columns = choices(design)
    border = boundary_of(design, form).layout
    fields = {"columns": _one_hot(columns), "load": 1, "border": border, "border_before": border, "result": 1}
    return data.StructLayout(fields | marks_of(design))


def kept_choice_layout(design: Conv2DDesign) -> data.StructLayout:
    """The sideband of a column with all rows that the core keeps.

    rows : for each row of the window, a one-hot choice among its sources in `choices`.
    column : `choice_layout` of the window's rows.
    """
    rows, _ = choices(design)
    return data.StructLayout({"rows": _one_hot(rows), "column": choice_layout(design, PlaceFormat.of_pixels(design))})


def _one_hot(choices: Sequence[Sequence[Source]]) -> data.StructLayout:
    """A one-hot choice for each list of sources; no bits for a list of one source."""
    return data.StructLayout({str(place): len(sources) if len(sources) > 1 else 0 for place, sources in enumerate(choices)})


def column_sideband(design: Conv2DDesign, form: PlaceFormat) -> Sideband:
    """A column, or all columns of a beat, on the way to the window: its `choice`, and its `pixels`, row by row, the
    newest line last. If the fill is chosen at run time, `filled` has it for each column that enters the window, or 0 where
    it isn't the source. After a column filter, `pixels` and `filled` hold its sums."""
    lanes = design.pixels_per_clock
    pixels = Out(form.shape).array(form.rows * lanes)
    filled = Out(form.shape).array(lanes if boundary_of(design, form).layout.size else 0)
    return Sideband(choice=Out(choice_layout(design, form)), filled=filled, pixels=pixels)


def filled(design: Conv2DDesign, form: PlaceFormat, choice: data.View) -> list[Value]:
    """The values of a column's `filled` in `column_sideband`, for its choice."""
    boundary, (_, columns) = boundary_of(design, form), choices(design)
    if not boundary.layout.size:
        return []
    fill = boundary.fill(choice.border_before).as_unsigned()
    return [
        fill & choice.columns[str(lane)][sources.index(None)].replicate(len(fill)) if None in sources else Const(0)
        for lane, sources in enumerate(columns)
    ]


class Borders(wiring.Component):
    """Selects the sources of the window's pixels, in parallel with the line buffer: one step a cycle, latency 2 cycles,
    no stall.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    i : In
        `step_sideband`.
    choice : Out
        `kept_choice_layout` of that step, two cycles later.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        self._boundary = boundary_of(design)
        super().__init__({"i": In(step_sideband(design)), "choice": Out(kept_choice_layout(design))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        told = ("border", "border_before", "result", *marks_of(design))
        layout = step_layout(design).members
        kept = data.StructLayout({name: layout[name] for name in ("top", "bottom", *told)})
        step = Signal(kept)
        load, column = Signal(), self.choice.column
        m.d.sync += [
            *(step[name].eq(self.i.step[name]) for name in kept.members),
            load.eq(self.i.step.near[geometry_of(design).ahead]),
            column.load.eq(load),
            *(column[name].eq(step[name]) for name in told),
        ]
        beyond = [outsides(design, lane) for lane in range(design.pixels_per_clock)]
        if any(when < 0 for found in beyond for when, _ in found):
            with m.If(self.i.step.ends):  # the row ends in its own last step
                m.d.sync += step.border_before.eq(self.i.step.border)
        rows, columns = choices(design)
        for row, sources in enumerate(rows):
            offset = row - design.above
            inside = step.top if offset < 0 else step.bottom
            self._choose(m, self.choice.rows[str(row)], sources, row_sources(design, offset), inside, step.border)
        for lane, sources in enumerate(columns):
            outside = Signal(range(design.right + 1), name=f"outside_{lane}")
            m.d.sync += outside.eq(0)
            for (when, last), place in beyond[lane].items():
                here: Value = self.i.step.ends if when < 0 else self.i.step.near[when]
                with m.If(beats_of(design).last_has(self.i.step, here, last)):
                    m.d.sync += outside.eq(place)
            found = column_sources(design, lane)
            self._choose(m, column.columns[str(lane)], sources, found, outside, step.border_before)
        return m

    def _choose(
        self,
        m: Module,
        choice: Value,
        sources: Sequence[Source],
        found: Mapping[tuple[Boundary, int], Source],
        place: Value,
        border: data.View,
    ) -> None:
        """Drives `choice`, one cycle later: the bit of source ``found[boundary, place]``, or of the first one."""
        rules: dict[int, Value] = {}
        for (boundary, at), source in found.items():
            if index := sources.index(source):
                rules[index] = rules.get(index, Const(0)) | self._boundary.where(place == at, border, boundary)
        m.d.sync += choice.eq(Cat(~Cat(rules.values()).any(), *(rules[index] for index in sorted(rules))))
