"""The last lines of an image, one packed word a column."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign

from .block_ram import BlockRAM
from .raster import step_layout
from .stream import shape_of

__all__ = ["LineBuffer"]


class LineBuffer(wiring.Component):
    """Gives each step the column of pixels above it: one step a clock, latency 2 clocks, no stall.

    One word of ``kernel_rows - 1`` pixels a column is read, shifted by the step's pixel and written back, in a block RAM with
    one read port, its output register on, and one write port. A word is written two clocks after it was read, so a line must
    have at least 3 columns.

    Parameters
    ----------
    design : Conv2DDesign
        Sets the depth, `core_columns`, and the word, ``kernel_rows - 1`` pixels.

    Ports
    -----
    valid, step : In
        See `Raster`.
    o_valid, o_step : Out
        The same, two clocks later.
    pixels : Out
        An array of ``kernel_rows`` pixels of the step's column, the step's own last.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        layout = step_layout(design)
        super().__init__(
            {
                "valid": In(1),
                "step": In(layout),
                "o_valid": Out(1),
                "o_step": Out(layout),
                "pixels": Out(shape_of(design.pixel)).array(design.kernel_rows),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        layout = step_layout(design)
        lines = design.kernel_rows - 1
        read_valid, read_step = Signal(), Signal(layout)
        m.d.sync += [
            read_valid.eq(self.valid),
            read_step.eq(self.step),
            self.o_valid.eq(read_valid),
            self.o_step.eq(read_step),
        ]
        if not lines:
            m.d.comb += self.pixels[0].eq(self.o_step.pixel)
            return m

        width = lines * design.pixel.width
        m.submodules.memory = memory = BlockRAM(width, design.core_columns)
        column = Cat(memory.read_data, self.o_step.pixel)
        m.d.comb += [
            memory.read_address.eq(self.step.column),
            *(pixel.eq(column.word_select(row, design.pixel.width)) for row, pixel in enumerate(self.pixels)),
            memory.write.eq(self.o_valid),
            memory.write_address.eq(self.o_step.column),
            memory.write_data.eq(column[design.pixel.width :]),
        ]
        return m
