"""The format of a place of the window, and of the columns on their way to it."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Shape, Value, unsigned

from convolver.designs import Conv2DDesign
from convolver.formats import Format
from convolver.plan.array_plan import ArrayPlan

from ..stream.layouts import shape_of

__all__ = ["PlaceFormat"]


@dataclass(frozen=True)
class PlaceFormat:
    """The numbers at one place of the window: equal formats for each plane, packed side by side.

    A plane has a pixel's sample or, with separable kernels, the sums of a column, one a kernel.

    Parameters
    ----------
    rows : int
        Rows of the window whose places have this format.
    planes : int
    formats : tuple of Format
        Formats of the numbers of one plane.
    fills : tuple of int
        Values of these numbers outside the frame under ``constant``, unless chosen at run time.
    """

    rows: int
    planes: int
    formats: tuple[Format, ...]
    fills: tuple[int, ...]

    @classmethod
    def of_pixels(cls, design: Conv2DDesign) -> "PlaceFormat":
        """The format of a design's pixels."""
        return cls(design.kernel_rows, design.planes, (design.pixel,), (design.fill,))

    @classmethod
    def of_sums(cls, design: Conv2DDesign, plan: ArrayPlan) -> "PlaceFormat":
        """The format of a column's sums, with separable kernels."""
        formats = tuple(column.accumulator for column in plan.column_filters)
        fills = tuple(design.fill * sum(column.weights) for column in plan.column_filters)
        return cls(1, design.planes, formats, fills)

    @property
    def plane_shape(self) -> Shape:
        """Shape of one plane's numbers."""
        return shape_of(self.formats[0]) if len(self.formats) == 1 else unsigned(sum(fmt.width for fmt in self.formats))

    @property
    def shape(self) -> Shape:
        """Shape of all planes."""
        return unsigned(self.planes * self.plane_shape.width)

    @property
    def fill(self) -> Value:
        """`fills`, packed: the fill of one plane."""
        fills = [Const(fill, shape_of(fmt)) for fill, fmt in zip(self.fills, self.formats, strict=True)]
        return fills[0] if len(fills) == 1 else Cat(fills)

    def of(self, plane: Value) -> Value:
        """The value of a place whose planes all have these numbers."""
        return plane.replicate(self.planes)

    def number(self, value: Value, plane: int, index: int = 0) -> Value:
        """One number out of a place's value."""
        begin = plane * self.plane_shape.width + sum(fmt.width for fmt in self.formats[:index])
        bits = value[begin : begin + self.formats[index].width]
        return bits.as_signed() if self.formats[index].signed else bits
