"""The window of a 2-D core: its places, with the border's pixels where they lie outside the frame."""

from amaranth.hdl import Array, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign

from .raster import step_layout
from .stream import shape_of

__all__ = ["RowBorder", "Window"]


class RowBorder(wiring.Component):
    """Puts the border's pixels into a column where it leaves the frame above or below: one step a clock, latency 1 clock, no
    stall.

    ``constant``: the fill; ``edge``: the frame's first or last row. ``valid`` has no border: a register.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    valid, step, pixels : In
        See `LineBuffer`.
    o_valid, o_step, o_pixels : Out
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        layout = step_layout(design)
        shape = shape_of(design.pixel)
        super().__init__(
            {
                "valid": In(1),
                "step": In(layout),
                "pixels": In(shape).array(design.kernel_rows),
                "o_valid": Out(1),
                "o_step": Out(layout),
                "o_pixels": Out(shape).array(design.kernel_rows),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        above, below = design.above, design.below
        m.d.sync += [self.o_valid.eq(self.valid), self.o_step.eq(self.step)]
        m.d.sync += [out.eq(pixel) for out, pixel in zip(self.o_pixels, self.pixels, strict=True)]
        if design.core_mode == "valid":
            return m
        fill = Const(design.fill, shape_of(design.pixel))
        # Row `place` of the column is `above - place` rows above the result's row; the frame has only `top` of them.
        for place in range(above):
            with m.If(self.step.top < above - place):
                border = Array(self.pixels[above - top] for top in range(above + 1))[self.step.top]
                m.d.sync += self.o_pixels[place].eq(border if design.boundary == "edge" else fill)
        for place in range(above + 1, above + below + 1):
            with m.If(self.step.bottom < place - above):
                border = Array(self.pixels[above + bottom] for bottom in range(below + 1))[self.step.bottom]
                m.d.sync += self.o_pixels[place].eq(border if design.boundary == "edge" else fill)
        return m


class Window(wiring.Component):
    """The window's places, all in view: one step a clock, latency 1 clock; steps when `valid`, holds else.

    Columns arrive through a chain of `right` columns. For the first `right` steps of a line the window takes border columns,
    and so ends the row before; with `step.load` it takes the new row's first columns at once; after that it shifts.

    Parameters
    ----------
    design : Conv2DDesign

    Ports
    -----
    valid, step, pixels : In
        See `RowBorder`.
    places : Out
        An array of kernel_rows x kernel_columns pixels, row by row.
    o_valid, o_step : Out
        `o_valid` says that `places` are those of a result, whose marks are in `o_step`.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        layout = step_layout(design)
        shape = shape_of(design.pixel)
        super().__init__(
            {
                "valid": In(1),
                "step": In(layout),
                "pixels": In(shape).array(design.kernel_rows),
                "places": Out(shape).array(design.kernel_rows * design.kernel_columns),
                "o_valid": Out(1),
                "o_step": Out(layout),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        left, right, columns = design.left, design.right, design.kernel_columns
        same = design.core_mode == "same"
        fill = Const(design.fill, shape_of(design.pixel))

        m.d.sync += [self.o_valid.eq(self.valid & self.step.result), self.o_step.eq(self.step)]
        for row in range(design.kernel_rows):
            places = [self.places[row * columns + column] for column in range(columns)]
            newest = self.pixels[row]
            if not same:
                with m.If(self.valid):
                    m.d.sync += [place.eq(after) for place, after in zip(places, [*places[1:], newest], strict=True)]
                continue
            chain = [newest]  # index q: the column of q steps ago
            for index in range(right):
                held = Signal(shape_of(design.pixel), name=f"chain_{row}_{index}")
                with m.If(self.valid):
                    m.d.sync += held.eq(chain[-1])
                chain.append(held)
            border = places[-1] if design.boundary == "edge" else fill
            entering = Mux(self.step.tail, border, newest) if right else newest
            # The new row's columns 0 .. right, oldest first, with the border's to their left.
            first_columns = chain[::-1]
            outside = chain[-1] if design.boundary == "edge" else fill
            loaded = [outside] * left + first_columns
            shifted = [*places[1:], entering]
            with m.If(self.valid):
                for place, load, shift in zip(places, loaded, shifted, strict=True):
                    m.d.sync += place.eq(Mux(self.step.load, load, shift))
        return m
