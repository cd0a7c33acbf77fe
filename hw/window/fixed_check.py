"""The frame check of a 2-D core whose frames all have one size: no comparison is needed."""

from typing import ClassVar, Self, cast

from amaranth.hdl import Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages
from convolver.plan.array_plan import ArrayPlan

from ..stream.layouts import beat_layout
from .beats import beats_of
from .boundaries import boundary_of
from .frame_check import checked_layout
from .frame_size import FixedSize
from .scan import scan_of

__all__ = ["FixedCheck"]


class FixedCheck(wiring.Component):
    """Gives the outputs of `FrameCheck` for frames of one size: wires, latency 0.

    Put a register slice in front: the raster's decisions depend on the marks of the offered beat in the same cycle.

    Parameters
    ----------
    design : Conv2DDesign
    size : (int, int), optional
        Rows and columns of a frame; by default the most that the core takes.

    Ports
    -----
    i : stream of `beat_layout`
    boundary, fill : In, if the border is switchable
        See `Conv2DCore`.
    o : stream of `checked_layout`
    waiting : Out
        0: no beat is inside.
    """

    makes = (stages.FixedFrame,)

    sizes: ClassVar[dict[str, wiring.Member]] = {}
    """Ports of a frame's size."""

    def __init__(self, design: Conv2DDesign, size: tuple[int, ...] | None = None) -> None:
        self._design = design
        self._size = FixedSize(design, size)
        self._border = boundary_of(design).layout
        ports = {
            "i": In(stream.Signature(beat_layout(design))),
            "o": Out(stream.Signature(checked_layout(design))),
            "waiting": Out(1),
        }
        super().__init__(ports | {name: In(shape) for name, shape in self._border.members.items()})

    @classmethod
    def of(cls, plan: ArrayPlan) -> Self:
        """That of a plan's core."""
        return cls(cast(Conv2DDesign, plan.design), plan.stage(stages.FixedFrame).size)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, beat, checked = self._design, self.i.payload, self.o.payload
        beats = beats_of(design, self._size)
        rows, columns = self._size.size
        # `FrameCheck` gives the beats of a line less 4. A line has `whole` full beats, and one with `rest` + 1 pixels.
        whole, rest = divmod(columns - 1, beats.pixels)
        m.d.comb += [
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq(self.o.ready),
            checked.beat.eq(beat),
            checked.rows_left.eq(rows - 2),
            checked.columns_left.eq(whole - 3),
            checked.short.eq(scan_of(design).is_short(design, Const(rows))),
            checked.starts.eq(self.i.valid & beat.first),
            checked.joins.eq(self.i.valid & beat.first),
            checked.more.eq(self.i.valid & ~beat.first),
            checked.refused.eq(self.i.valid & ~beat.first),
            *(checked[name].eq(rest) for name in beats.of_frame),
            *(checked.border[name].eq(getattr(self, name)) for name in self._border.members),
        ]
        given = Signal(checked_layout(design))
        beats.check(m, self.i, Const(columns, columns.bit_length()), given)
        m.d.comb += [checked[name].eq(given[name]) for name in beats.of_beat]
        return m
