"""Selection of a frame's results by a stride, and the marks of the selected results."""

from functools import singledispatch

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.designs.spacings import EveryPlace, SomePlaces
from convolver.plan.geometry import geometry_of

from .frame_size import KeptSize

__all__ = ["EveryResult", "stride_of"]


class EveryResult(wiring.Component):
    """All results are wanted. Their marks appear one cycle later.

    Parameters
    ----------
    design : Conv2DDesign
    inside : (int, int)
        Rows and columns around a result's place, itself included, that lie inside the frame.
    size : KeptSize
        What is known of the frames' size.

    Ports
    -----
    result : In
        The result of a place is decided in this cycle; its marks are `first, last, eol`.
    wanted : Out
        The result leaves the core.
    rows_left, columns_left, sized : In
        Size of the frame that began in the cycle before, in the form that `Raster` has it; `sized` is high if one
        began.
    o_first, o_last, o_eol : Out
        Marks of the last cycle's result among the wanted results; valid if it is wanted.
    """

    def __init__(self, design: Conv2DDesign, inside: tuple[int, int], size: KeptSize) -> None:
        self._design, self._inside, self._size = design, inside, size
        inputs = dict.fromkeys(("result", "first", "last", "eol", "sized"), In(1))
        outputs = dict.fromkeys(("wanted", "o_first", "o_last", "o_eol"), Out(1))
        geometry = geometry_of(design)
        sizes = {
            "rows_left": In(range(-1, geometry.most[0] - 1)),
            "columns_left": In(range(-1, geometry.line_beats - 3)),
        }
        super().__init__(inputs | outputs | sizes)

    def wants(self, result: Value) -> Value:
        """Whether there is a `result`, and it is wanted."""
        return result

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.wanted.eq(1)
        m.d.sync += [self.o_first.eq(self.first), self.o_last.eq(self.last), self.o_eol.eq(self.eol)]
        return m


class Stride(EveryResult):
    """Counts the results of all places. The first of a frame is wanted, and from there one in every `design.stride`
    rows and columns. `wanted` depends on registers only; the marks appear one cycle later."""

    def wants(self, result: Value) -> Value:
        return result & self.wanted

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        (rows, columns), (most_rows, most_columns) = design.stride, geometry_of(design).most
        # Results of a line, and lines of results, before the next wanted one.
        skip_columns, skip_rows = Signal(range(columns)), Signal(range(rows))
        column, row = Signal(init=1), Signal(init=1)  # the number is 0
        m.d.comb += self.wanted.eq(column & row)
        following = Mux(self.eol, 0, Mux(column, columns - 1, skip_columns - 1))
        following_row = Mux(self.last, 0, Mux(row, rows - 1, skip_rows - 1))
        with m.If(self.result):
            m.d.sync += [skip_columns.eq(following), column.eq(following == 0)]
            with m.If(self.eol):
                m.d.sync += [skip_rows.eq(following_row), row.eq(following_row == 0)]

        # One cycle later: whether fewer results follow in the line, or fewer lines in the frame, than the stride. The
        # number that is left is reduced by the stride, so that its sign is the answer. The size is known by then. It
        # stays until all results of its frame have been seen, as a frame of another size doesn't begin before.
        result, eol = Signal(), Signal()
        m.d.sync += [result.eq(self.result), self.o_first.eq(self.first), eol.eq(self.eol)]
        sides = {
            "rows": (self.rows_left + 2, self._inside[0], rows, most_rows),
            "columns": (self.columns_left + 4, self._inside[1], columns, most_columns),
        }
        left = {}
        for name, (size, inside, stride, most) in sides.items():
            shape = range(-stride - 2, most + 1)
            count, now = (Signal(shape, name=f"{name}_{suffix}") for suffix in ("count", "now"))
            known = self._size.latest(m, shape, name, size - inside - stride, self.sized)
            m.d.comb += now.eq(Mux(self.o_first, known, count))
            left[name] = now
            with m.If(result):
                m.d.sync += count.eq(Mux(eol, known, now - 1) if name == "columns" else now - eol)
        m.d.comb += [self.o_eol.eq(left["columns"][-1]), self.o_last.eq(left["rows"][-1] & left["columns"][-1])]
        return m


def stride_of(design: Conv2DDesign, inside: tuple[int, int], size: KeptSize) -> EveryResult:
    """The selection of a design's results."""
    return _stride(design.spacing, design, inside, size)


@singledispatch
def _stride(spacing: EveryPlace, design: Conv2DDesign, inside: tuple[int, int], size: KeptSize) -> EveryResult:  # noqa: ARG001
    return EveryResult(design, inside, size)


@_stride.register
def _(spacing: SomePlaces, design: Conv2DDesign, inside: tuple[int, int], size: KeptSize) -> EveryResult:  # noqa: ARG001
    return Stride(design, inside, size)
