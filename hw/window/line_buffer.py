"""The last lines of an image, one packed word a column."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages
from convolver.plan.geometry import geometry_of
from convolver.plan.stages import LineBuffer as LineBufferStage

from ..primitives.block_ram import BlockRAM
from ..stream.sideband import Sideband
from .line_ring import LineRing
from .place_format import PlaceFormat
from .raster import step_sideband

__all__ = ["LineBuffer"]


class LineBuffer(wiring.Component):
    """Gives each step the column of pixels above it: one step a cycle, latency 2 cycles, no stall.

    A word holds `stage.rows` pixels of each of a beat's columns. It is read, shifted by the step's pixels, and written
    back two cycles later, so a line must have at least 3 beats. The memory is a block RAM with one read port, its
    output register on, and one write port. Long lines of an iCE40 (`stage.single_port_rams`) use memories with one
    port, see `LineRing`.

    Parameters
    ----------
    design : Conv2DDesign
        Sets the depth, `WindowGeometry.line_beats`, and the word, `stage.rows` pixels of each of a beat's columns.
    stage : LineBufferStage
        The plan's stage: the number of rows that are kept, and the kind of memory.

    Ports
    -----
    i : In
        `step_sideband`.
    o : Out
        Two cycles later, `pixels`: an array of `stage.rows` + 1 pixels of the step's column, the step's own last; with
        several columns, row by row.
    """

    makes = (stages.LineBuffer,)

    def __init__(self, design: Conv2DDesign, stage: LineBufferStage) -> None:
        self._design = design
        self._lines = stage.rows
        self._ring = stage.single_port_rams > 0
        pixels = (self._lines + 1) * design.pixels_per_clock
        super().__init__(
            {
                "i": In(step_sideband(design)),
                "o": Out(Sideband(pixels=Out(PlaceFormat.of_pixels(design).shape).array(pixels))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        width, newest = PlaceFormat.of_pixels(design).shape.width, Value.cast(self.i.step.pixel)
        # Delayed with the word that is read.
        valid, column, pixel = Signal(), Signal.like(self.i.step.column), Signal.like(newest)
        o_column, o_pixel = Signal.like(column), Signal.like(pixel)
        m.d.sync += [
            valid.eq(self.i.valid),
            column.eq(self.i.step.column),
            pixel.eq(newest),
            self.o.valid.eq(valid),
            o_column.eq(column),
            o_pixel.eq(pixel),
        ]
        if not self._lines:
            m.d.comb += [out.eq(o_pixel.word_select(place, width)) for place, out in enumerate(self.o.pixels)]
            return m

        memory: LineRing | BlockRAM
        if self._ring:
            m.submodules.memory = memory = LineRing(self._lines * len(newest), geometry_of(design).line_beats)
            m.d.comb += [memory.read.eq(self.i.valid), memory.length.eq(self.i.length)]
        else:
            m.submodules.memory = memory = BlockRAM(self._lines * len(newest), geometry_of(design).line_beats)
            m.d.comb += [
                memory.read_address.eq(self.i.step.column),
                memory.write.eq(self.o.valid),
                memory.write_address.eq(o_column),
            ]
        word = Cat(memory.read_data, o_pixel)
        m.d.comb += [
            *(out.eq(word.word_select(place, width)) for place, out in enumerate(self.o.pixels)),
            memory.write_data.eq(word[len(newest) :]),
        ]
        return m
