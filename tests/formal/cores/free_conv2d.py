"""The specification of 2-D cores without back-pressure and without registers."""

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.cores.free import FreeResults
from formal.cores.shared import finished

from convolver.designs import Conv2DDesign
from convolver.hw.bus import bare
from convolver.hw.cores import conv2d
from convolver.hw.stream import layouts
from convolver.plan.geometry import geometry_of
from convolver.shell import Shell

__all__ = ["FreeConv2DCoreSpec"]


class FreeConv2DCoreSpec(wiring.Component):
    """A whole 2-D core of mode ``valid`` in the leanest shell: no registers, no back-pressure, frames of one size.

    A `first` starts a frame, wherever the one before stands, of which nothing more comes. A frame's pixels are counted, and
    each that completes a window gives a result, as `FreeResults` states. Its value is made of the pixels that came before it
    in its frame: the one a row above is as many pixels back as a row has. So no pixel of another frame counts, and no gap.
    Marks are looked up by the pixel's number. Pixels behind a frame's last one are dropped.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        self._shell = Shell(handshake="valid").of(design)
        super().__init__({"valid": In(1), "payload": In(layouts.beat_layout(design)), "ready": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, payload = self._design, self.payload
        rows, columns = geometry_of(design).most
        core = conv2d.Conv2DCore(design, shell=self._shell)
        m.submodules.dut = block = bare.BareAccelerator(design, core)
        m.d.comb += [block.i.valid.eq(self.valid), block.i.payload.eq(payload), block.o.ready.eq(self.ready)]

        count, inside = Signal(range(rows * columns)), Signal()  # pixels of the frame before this one
        begins, taken, number, stepped = Signal(), Signal(), Signal.like(count), Signal()
        m.d.comb += [
            begins.eq(self.valid & payload.first),
            taken.eq(begins | (self.valid & inside)),
            number.eq(Mux(begins, 0, count)),
        ]
        m.d.sync += stepped.eq(taken)
        with m.If(taken):
            m.d.sync += [count.eq(number + 1), inside.eq(number != rows * columns - 1)]

        places = [(place // columns, place % columns) for place in range(rows * columns)]
        whole = [place for place in places if place[0] >= design.kernel_rows - 1 and place[1] >= design.kernel_columns - 1]

        def at(chosen: list[tuple[int, int]]) -> Value:
            """Whether the pixel is at one of these places."""
            return Array(int(place in chosen) for place in places)[number]

        wanted = Signal(layouts.result_layout(design))
        m.d.comb += [
            wanted.data.eq(finished(design, self._sum(m, taken, columns))),
            wanted.first.eq(at(whole[:1])),
            wanted.eol.eq(at([place for place in whole if place[1] == columns - 1])),
            wanted.last.eq(at(whole[-1:])),
        ]
        FreeResults(
            m,
            block,
            core,
            enters=taken & at(whole),
            wanted=wanted,
            wrong={
                "first": begins & inside,
                "orphan": self.valid & ~taken,
                "eol": taken & (payload.eol != at([place for place in places if place[1] == columns - 1])),
            },
            open=inside | stepped,
        )
        return m

    def _sum(self, m: Module, taken: Value, columns: int) -> Value:
        """The sum of products under the kernel whose last place is the newest pixel."""
        design = self._design
        reach = (design.kernel_rows - 1) * columns + design.kernel_columns - 1
        past = [Signal(layouts.shape_of(design.pixel), name=f"past_{age}") for age in range(1, reach + 1)]
        pixels: list[Value] = [self.payload.data, *past]
        with m.If(taken):
            m.d.sync += [older.eq(newer) for older, newer in zip(past, pixels, strict=False)]
        total: Value = Const(0, signed(design.accumulator.width + 4))
        for row, line in enumerate(design.kernel):
            for column, weight in enumerate(line):
                # Of a convolution the kernel's first weight meets the newest pixel; of a correlation the oldest one.
                turned = (design.kernel_rows - 1 - row, design.kernel_columns - 1 - column)
                up, left = (row, column) if design.operation == "convolve" else turned
                partial = Signal(total.shape(), name=f"partial_{row}_{column}")
                m.d.comb += partial.eq(total + pixels[up * columns + left] * weight)
                total = partial
        return total
