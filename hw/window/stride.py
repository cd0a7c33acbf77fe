"""Which results of a frame are wanted, where a stride leaves some out, and the marks of those that are."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign

__all__ = ["Stride"]


class Stride(wiring.Component):
    """Counts the results of all places, and says which are wanted: the first of a frame, and every `design.stride` rows and
    columns from there. `wanted` is a register; the marks stand beside the result a clock later.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    result : In
        The result of a place is decided on in this clock, with its marks `first, last, eol`.
    wanted : Out
        It is to leave.
    rows_left, columns_left, sized : In
        Size of the frame that began in the clock before, as `Raster` has it; `sized` says that one did.
    o_first, o_last, o_eol : Out
        The marks of the result of the clock before among those that are wanted, if it was.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        inputs = dict.fromkeys(("result", "first", "last", "eol", "sized"), In(1))
        outputs = dict.fromkeys(("o_first", "o_last", "o_eol"), Out(1))
        super().__init__(
            inputs
            | outputs
            | {
                "wanted": Out(1),
                "rows_left": In(range(-1, design.core_rows - 1)),
                "columns_left": In(range(-1, design.core_columns - 3)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        rows, columns = design.stride
        # Results of a line, and lines of results, before the next one that is wanted.
        skip_columns, skip_rows = Signal(range(columns)), Signal(range(rows))
        column, row = Signal(init=1), Signal(init=1)  # none
        m.d.comb += self.wanted.eq(column & row)
        following = Mux(self.eol, 0, Mux(column, columns - 1, skip_columns - 1))
        following_row = Mux(self.last, 0, Mux(row, rows - 1, skip_rows - 1))
        with m.If(self.result):
            m.d.sync += [skip_columns.eq(following), column.eq(following == 0)]
            with m.If(self.eol):
                m.d.sync += [skip_rows.eq(following_row), row.eq(following_row == 0)]

        # A clock later: whether fewer results follow in the line, or lines in the frame, than lie between two that are wanted.
        # What is left is counted down from that, so that the answer is a sign. The size is known by then, and stays until all
        # results of its frame have been seen, as a frame of another size doesn't begin before.
        result, eol = Signal(), Signal()
        m.d.sync += [result.eq(self.result), self.o_first.eq(self.first), eol.eq(self.eol)]
        inside = design.core_mode == "valid"
        sides = {
            "rows": (self.rows_left + 2, design.kernel_rows, rows, design.core_rows),
            "columns": (self.columns_left + 4, design.kernel_columns, columns, design.core_columns),
        }
        left = {}
        for name, (size, kernel, stride, most) in sides.items():
            shape = range(-stride - 2, most + 1)
            whole, count, known, now = (Signal(shape, name=f"{name}_{suffix}") for suffix in ("whole", "count", "known", "now"))
            given = size - (kernel if inside else 1) - stride
            m.d.comb += [known.eq(Mux(self.sized, given, whole)), now.eq(Mux(self.o_first, known, count))]
            m.d.sync += whole.eq(known)
            left[name] = now
            with m.If(result):
                m.d.sync += count.eq(Mux(eol, known, now - 1) if name == "columns" else now - eol)
        m.d.comb += [self.o_eol.eq(left["columns"][-1]), self.o_last.eq(left["rows"][-1] & left["columns"][-1])]
        return m
