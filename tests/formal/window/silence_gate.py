"""The specification of the gate in front of cores that go on from frame to frame."""

from amaranth.hdl import Assert, Cover, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Design
from convolver.hw.stream import layouts
from convolver.hw.window import silence_gate

__all__ = ["SilenceGateSpec"]


class SilenceGateSpec(wiring.Component):
    """Every beat comes out, in order, and a frame starts from silence if, and only if, that was said before it came.

    What is offered stays; the gate holds two beats. One beat that begins a frame, chosen by the free input `tag`, is followed.
    Behind a beat that left a core is busy at once, and stays so as long as it likes; it is told of silence only while it is
    idle. A beat of a frame that goes on waits for nobody: it is offered a clock after it came.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        free = {"valid": 1, "payload": layouts.beat_layout(design)}
        free |= dict.fromkeys(("silence", "ready", "leaves", "tag"), 1)
        super().__init__({name: In(shape) for name, shape in free.items()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = gate = silence_gate.SilenceGate(self._design)
        busy, enters, goes = Signal(), Signal(), Signal()
        m.d.comb += [
            gate.i.valid.eq(self.valid),
            gate.i.payload.eq(self.payload),
            gate.silence.eq(self.silence),
            gate.busy.eq(busy),
            gate.o.ready.eq(self.ready),
            enters.eq(gate.i.valid & gate.i.ready),
            goes.eq(gate.o.valid & gate.o.ready),
        ]
        # A core alone, in the gate's place, and one behind it: as either has it, the next frame starts from silence.
        asked, told = Signal(init=1), Signal(init=1)
        m.d.sync += [
            busy.eq(goes | (busy & ~self.leaves)),
            asked.eq(self.silence | (asked & ~(enters & self.payload.first))),
            told.eq(gate.starts | (told & ~(goes & gate.o.p.first))),
        ]
        level, stalled, before = Signal(2), Signal(), Signal.like(gate.o.payload)
        m.d.sync += [level.eq(level + enters - goes), stalled.eq(gate.o.valid & ~self.ready), before.eq(gate.o.payload)]
        chosen, ahead, wanted, payload, done = Signal(), Signal(2), Signal(), Signal.like(self.payload), Signal()
        others = Signal()  # a frame has gone since reset
        with m.If(enters & self.payload.first & self.tag & ~chosen):
            m.d.sync += [chosen.eq(1), ahead.eq(level - goes), wanted.eq(asked), payload.eq(self.payload)]
        with m.Elif(chosen & goes):
            m.d.sync += ahead.eq(ahead - 1)
            with m.If(ahead == 0):
                m.d.sync += [chosen.eq(0), done.eq(wanted & others)]
        m.d.sync += others.eq(others | goes)
        now, begun, streak = Signal(), Signal(), Signal(2)
        m.d.comb += now.eq(chosen & gate.o.valid & (ahead == 0))
        m.d.sync += [
            begun.eq(enters & ~(self.payload.first & asked) & (level == 0)),
            streak.eq(Mux(enters & goes & self.payload.first, Mux(streak == 3, 3, streak + 1), 0)),
        ]
        m.d.comb += [
            Assert(~stalled | (gate.o.valid & (gate.o.payload == before))),
            Assert(level <= 2),
            Assert(~now | ((gate.o.payload == payload) & (told == wanted))),
            Assert(~gate.starts | ~(busy | goes)),
            Assert(~begun | gate.o.valid),
            Assert(gate.waiting == (level != 0)),
            Cover(done, "a frame has started from silence behind others"),
            Cover(streak == 3, "frames that go on, one a clock"),
        ]
        return m
