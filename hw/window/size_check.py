"""The frame check in front of several 2-D cores in parallel: all of them take a frame, or none does."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import data, wiring

from convolver.designs import Fork
from convolver.plan import fork as plan

from ..stream.layouts import beat_layout
from ..stream.skid_buffer import SkidBuffer
from .boundaries import border_ports
from .comparison import exceeds
from .size_gate import WIDTH, gate_ports, sized_axes

__all__ = ["SizeCheck"]


class SizeCheck(wiring.Component):
    """Passes a frame's size to all cores; if any core doesn't take that size, all get size 0, which none takes: one
    beat a cycle, latency one cycle, full back-pressure.

    A core drops a frame of size 0, and raises its error strobe. If one core took a frame that another one drops, their
    results would no longer belong to the same places.

    Parameters
    ----------
    design : Fork
        Of images.

    Ports
    -----
    i, o : streams of `beat_layout`
    rows, columns : In(16)
        Size of the frame, in the cycle in which its first pixel is accepted.
    boundary_1, fill_1, ... : In
        See `border_ports`; they travel with their pixel, as the size does.
    busy : In
        See `SizeGate`; nothing waits for it.
    sizes : Out
        Rows and columns for the cores, while the first pixel is offered at `o`.
    chosen : Out
        In the same way, the border of each switchable filter.
    waiting : Out
        A beat is inside.
    """

    makes = (plan.SizeCheck,)

    def __init__(self, design: Fork) -> None:
        self._design = design
        self._borders = border_ports(design)
        super().__init__(gate_ports(design, data.StructLayout(dict.fromkeys(sized_axes(design), WIDTH))))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        misfits: list[Value] = []
        for name, axis in zip(design.axes, design.frame_axes, strict=True):
            size = getattr(self, name)
            misfits += [exceeds(size, axis.most or 0), ~exceeds(size, axis.least - 1)]
        sizes, chosen = self.sizes.shape(), self.chosen.shape()
        told = {"beat": beat_layout(design), "sizes": sizes, "chosen": chosen, "misfits": len(misfits)}
        m.submodules.slice = held = SkidBuffer(data.StructLayout(told))
        m.d.comb += [
            held.i.valid.eq(self.i.valid),
            self.i.ready.eq(held.i.ready),
            held.i.p.beat.eq(self.i.payload),
            *(held.i.p.sizes[name].eq(getattr(self, name)) for name in sized_axes(design)),
            *(held.i.p.chosen[name].eq(getattr(self, name)) for name in self._borders),
            held.i.p.misfits.eq(Cat(misfits)),
            self.o.valid.eq(held.o.valid),
            held.o.ready.eq(self.o.ready),
            self.o.payload.eq(held.o.p.beat),
            self.chosen.eq(held.o.p.chosen),
            self.waiting.eq(held.o.valid),
        ]
        fits = ~reduce(or_, held.o.p.misfits)
        m.d.comb += [self.sizes[name].eq(held.o.p.sizes[name] & fits.replicate(WIDTH)) for name in sized_axes(design)]
        return m
