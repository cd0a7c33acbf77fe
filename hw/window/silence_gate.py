"""The gate in front of several cores that continue signals: a frame starts from silence in all of them, or in none."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design
from convolver.plan import composite as plan

from ..stream.layouts import beat_layout
from ..stream.skid_buffer import SkidBuffer
from .idle_wait import IdleWait

__all__ = ["SilenceGate"]


class SilenceGate(wiring.Component):
    """Lets frames in: one beat a cycle, latency one cycle, full back-pressure. A frame that starts from silence waits
    until all frames before it have left, and all cores have been told.

    Parameters
    ----------
    design : Design
        Of signals, made of several filters.

    Ports
    -----
    i : stream of `beat_layout`
    silence : In
        The next frame that begins at `i` starts from silence.
    busy : In
        Any core holds a frame.
    o : stream of `beat_layout`
    starts : Out
        The next frame that a core begins starts from silence.
    waiting : Out
        A beat is inside.
    """

    makes = (plan.SilenceGate,)

    def __init__(self, design: Design) -> None:
        self._layout = beat_layout(design)
        beats = stream.Signature(self._layout)
        flags = {"silence": In(1), "busy": In(1), "starts": Out(1), "waiting": Out(1)}
        super().__init__({"i": In(beats), "o": Out(beats), **flags})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.skid = skid = SkidBuffer(data.StructLayout({"beat": self._layout, "silent": 1}))
        m.submodules.wait = wait = IdleWait()
        silent, goes = Signal(), Signal()
        with m.If(self.i.valid & self.i.ready & self.i.p.first):
            m.d.sync += silent.eq(0)
        with m.If(self.silence):
            m.d.sync += silent.eq(1)
        m.d.comb += [
            skid.i.valid.eq(self.i.valid),
            self.i.ready.eq(skid.i.ready),
            skid.i.p.beat.eq(self.i.payload),
            skid.i.p.silent.eq(self.i.p.first & silent),
            wait.held.eq(skid.o.valid & skid.o.p.silent),
            wait.leaves.eq(wait.begun & self.o.ready),
            wait.busy.eq(self.busy),
            goes.eq(~skid.o.p.silent | wait.begun),
            self.starts.eq(wait.begin),
            self.o.valid.eq(skid.o.valid & goes),
            skid.o.ready.eq(self.o.ready & goes),
            self.o.payload.eq(skid.o.p.beat),
            self.waiting.eq(skid.o.valid),
        ]
        return m
