"""What a raster knows of its frames' size: it is kept from a frame's first beat on, or always the same."""

from typing import Any

from amaranth.hdl import Const, Module, Mux, ShapeLike, Signal, Value

from convolver.designs import Conv2DDesign
from convolver.plan.geometry import geometry_of

__all__ = ["FixedSize", "KeptSize"]


class KeptSize:
    """Of frames of any size: registers keep what follows from the size of the frame that began last."""

    def hold(self, m: Module, kept: Any, value: Any, when: Value | None = None) -> None:
        """Drives `kept` with a value of the frame's size, one cycle later; it changes only where `when` holds, if that is
        given."""
        if when is None:
            m.d.sync += kept.eq(value)
        else:
            with m.If(when):
                m.d.sync += kept.eq(value)

    def latest(self, m: Module, shape: ShapeLike, name: str, given: Value, anew: Value) -> Value:
        """`given` where it is anew, and what it was then ever after."""
        whole, known = Signal(shape, name=f"{name}_whole"), Signal(shape, name=f"{name}_known")
        m.d.comb += known.eq(Mux(anew, given, whole))
        m.d.sync += whole.eq(known)
        return known

    def closing(self, m: Module, frame_end: Value, short: Value) -> Value:
        """The cycle behind the last pixel of a frame that has no more lines than its end, as `short` tells."""
        closing = Signal()
        m.d.sync += closing.eq(frame_end & short)
        return closing


class FixedSize(KeptSize):
    """Of frames of one size: what follows from it is constant, and takes no registers.

    Parameters
    ----------
    design : Conv2DDesign
    size : (int, int), optional
        Rows and columns of a frame; by default the most that the core takes.
    """

    def __init__(self, design: Conv2DDesign, size: tuple[int, ...] | None = None) -> None:
        self.size = size or geometry_of(design).most
        self._ends_alone = self.size[0] <= geometry_of(design).below

    def hold(self, m: Module, kept: Any, value: Any, when: Value | None = None) -> None:  # it never changes
        m.d.comb += kept.eq(value)

    def latest(self, m: Module, shape: ShapeLike, name: str, given: Value, anew: Value) -> Value:
        known = Signal(shape, name=f"{name}_known")
        m.d.comb += known.eq(given)
        return known

    def closing(self, m: Module, frame_end: Value, short: Value) -> Value:
        return super().closing(m, frame_end, short) if self._ends_alone else Const(0)
