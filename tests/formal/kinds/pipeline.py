"""The proofs of pipelines: of the gate in front of images, and of a whole core of signals."""

from amaranth.hdl import Assert, Assume, Cat, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.proof import Proof
from formal.seeds import Seed

from convolver.designs import Conv2DDesign, MovingMaximumDesign, Pipeline
from convolver.formats import Format
from convolver.hw.cores import pipeline
from convolver.hw.cores.pipeline import PipelineCore
from convolver.hw.stream import layouts as stream
from convolver.hw.window import size_gate
from convolver.hw.window.size_gate import AxisSizes, SizeGate

__all__ = ["PROOFS", "PipelineCoreSpec", "SizeGateSpec"]


class SizeGateSpec(wiring.Component):
    """The gate lets every beat through, in order, and each frame when all stages know their sizes of it.

    What is offered stays until it is taken; the gate holds three beats. One beat that begins a frame, chosen by the free input
    `tag`, is followed: when it leaves, the sizes are those of its frame. No size changes while a core is busy; behind a beat
    that left they are busy at once, and stay so as long as they like. A beat of the size before waits for nobody: it is offered
    two clocks after it came.
    """

    def __init__(self, design: Pipeline) -> None:
        self._design = design
        beat = stream.beat_layout(design)
        free = {"valid": 1, "payload": beat, "rows": 2, "columns": 3, "ready": 1, "leaves": 1, "tag": 1}
        super().__init__({name: In(shape) for name, shape in free.items()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        gate = size_gate.SizeGate(self._design)
        m.submodules.dut = gate
        busy, size = Signal(), Cat(gate.rows, gate.columns)
        enters, goes = Signal(), Signal()
        m.d.comb += [
            gate.i.valid.eq(self.valid),
            gate.i.payload.eq(self.payload),
            gate.rows.eq(self.rows),
            gate.columns.eq(self.columns),
            gate.o.ready.eq(self.ready),
            gate.busy.eq(busy),
            enters.eq(gate.i.valid & gate.i.ready),
            goes.eq(gate.o.valid & gate.o.ready),
        ]
        m.d.sync += busy.eq(goes | (busy & ~self.leaves))

        level, stalled, before = Signal(3), Signal(), Signal.like(gate.o.payload)
        m.d.sync += [level.eq(level + enters - goes), stalled.eq(gate.o.valid & ~self.ready), before.eq(gate.o.payload)]
        # The one that is followed.
        chosen, done, ahead = Signal(), Signal(), Signal(3)
        wanted, payload, other = Signal(32), Signal.like(self.payload), Signal()
        last = Signal(32, init=self._most())
        with m.If(enters & self.payload.first):
            m.d.sync += last.eq(size)
        with m.If(enters & self.payload.first & self.tag & ~chosen):
            m.d.sync += [
                chosen.eq(1),
                ahead.eq(level - goes),
                wanted.eq(size),
                payload.eq(self.payload),
                other.eq(last != size),
            ]
        with m.Elif(chosen & goes):
            m.d.sync += ahead.eq(ahead - 1)
            with m.If(ahead == 0):
                m.d.sync += [chosen.eq(0), done.eq(other)]
        now = chosen & gate.o.valid & (ahead == 0)
        sizes, kept, was_busy = Signal(64), Signal(64), Signal()
        m.d.comb += sizes.eq(Cat(gate.sizes[0].rows, gate.sizes[0].columns, gate.sizes[1].rows, gate.sizes[1].columns))
        m.d.sync += [kept.eq(sizes), was_busy.eq(busy)]
        rows, columns = wanted[:16], wanted[16:]
        known, begun = Signal(), Signal(2)
        m.d.sync += [known.eq(1), begun.eq(Cat(enters & self.payload.first & (last == size) & (level == 0), begun))]
        m.d.comb += [
            Assume(self.columns >= 2),  # less than a stage takes off
            Assert(~stalled | (gate.o.valid & (gate.o.payload == before))),
            Assert(level <= 3),
            Assert(~now | ((gate.o.payload == payload) & (sizes[:32] == wanted))),
            Assert(~now | ((sizes[32:48] == (rows + 1) >> 1) & (sizes[48:] == columns - 2))),
            Assert(~(known & busy & was_busy) | (sizes == kept)),
            Assert(~begun[1] | gate.o.valid),
            Assert(gate.waiting == (level != 0)),
            Cover(done, "a frame of another size has left"),
        ]
        streak = Signal(2)
        m.d.sync += streak.eq(Mux(enters & goes & self.payload.first, Mux(streak == 3, 3, streak + 1), 0))
        m.d.comb += Cover(streak == 3, "frames of one size, one a clock")
        return m

    def _most(self) -> int:
        rows, columns = (axis.most or 0 for axis in self._design.frame_axes)
        return rows | columns << 16


class PipelineCoreSpec(wiring.Component):
    """A whole core: every accepted sample of a frame gives one result, itself, with its marks.

    None is lost, doubled, moved or altered. What is offered stays until it is taken; as many fit inside as both output buffers
    have places.
    """

    def __init__(self, design: Pipeline) -> None:
        self._design = design
        super().__init__({"valid": In(1), "payload": In(stream.beat_layout(design)), "ready": In(1), "tag": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        core = pipeline.PipelineCore(self._design)
        m.submodules.dut = core
        m.d.comb += [core.i.valid.eq(self.valid), core.i.payload.eq(self.payload), core.o.ready.eq(self.ready)]
        accept, opened, belongs = Signal(), Signal(), Signal()
        m.d.comb += [accept.eq(self.valid & core.i.ready), belongs.eq(accept & (opened | self.payload.first))]
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)
        depth = sum(part.buffer_depth for part in core.plan.cores)
        leaves, level, stalled, before = Signal(), Signal(range(depth + 2)), Signal(), Signal.like(core.o.payload)
        m.d.comb += leaves.eq(core.o.valid & self.ready)
        m.d.sync += [
            level.eq(level + belongs - leaves),
            stalled.eq(core.o.valid & ~self.ready),
            before.eq(core.o.payload),
        ]
        # The greatest of one is that one: how the cores are joined is proved here, and what they compute elsewhere.
        chosen, done, waited, ahead = Signal(), Signal(), Signal(), Signal.like(level)
        wanted = Signal(stream.result_layout(self._design))
        with m.If(belongs & self.tag & ~chosen):
            m.d.sync += [chosen.eq(1), ahead.eq(level - leaves), Value.cast(wanted).eq(Value.cast(self.payload))]
        with m.Elif(chosen & leaves):
            m.d.sync += ahead.eq(ahead - 1)
            with m.If(ahead == 0):
                m.d.sync += [chosen.eq(0), done.eq(waited)]
        with m.If(chosen & stalled & (ahead != 0)):
            m.d.sync += waited.eq(1)
        now = chosen & core.o.valid & (ahead == 0)
        m.d.comb += [
            Assert(~stalled | (core.o.valid & (core.o.payload == before))),
            Assert(~core.o.valid | (level != 0)),
            Assert(level <= depth),
            Assert(~now | (core.o.payload == wanted)),
            Assert(core.busy | (level == 0)),
            Assert(~core.overflow),
            Cover(done, "the chosen beat waited and left"),
        ]
        return m


GATE = (
    Seed("let in while others are inside", SizeGate, "waits & waited & ~busy", "waits & waited"),
    Seed("idle while one goes in", SizeGate, "waits & waited & ~busy", "waits & ~busy"),
    Seed("let in before the sizes are known", SizeGate, "begun & Cat(axis.ready for axis in found).all()", "begun"),
    Seed("size of the next frame", SizeGate, "axis.size.eq(held_back.o.p.size", "axis.size.eq(given"),
    Seed("rows alone compared", SizeGate, "first.differs.any()", "first.differs[:4].any()"),
    Seed("compared with the largest", SizeGate, "m.d.sync += before.eq(given)", "m.d.sync += before.eq(before)"),
    Seed("beat overwritten", SizeGate, "(there | ~held_back.i.ready)", "~held_back.i.ready"),
    Seed("a stride too few", AxisSizes, "value + (stride - 1)", "value"),
    Seed("border left on", AxisSizes, "sizes[-1] - less", "sizes[-1]"),
)
CORE = (
    Seed("taken though the next stage isn't ready", PipelineCore, "source.ready.eq(sink.ready)", "source.ready.eq(1)"),
    Seed("offered without a result", PipelineCore, "sink.valid.eq(source.valid)", "sink.valid.eq(1)"),
    Seed(
        "idle with a frame in the first stage",
        PipelineCore,
        "(core.busy for core in cores)",
        "(core.busy for core in cores[1:])",
    ),
)

ROW = Conv2DDesign([[1, 1, 1]], pixel=Format(1, False), output=Format(1, False), stride=(2, 1), mode="valid", rows=3, columns=7)
IMAGES = Pipeline([ROW, Conv2DDesign([[1]], pixel=Format(1, False), rows=3, columns=7)])
SIGNALS = Pipeline([MovingMaximumDesign(1, data=Format(1, False))] * 2)

PROOFS: tuple[Proof, ...] = (
    Proof("size gate", "two stages, the first of 1x3 valid, stride 2x1", lambda: SizeGateSpec(IMAGES), 60, GATE),
    Proof("pipeline core", "two moving maxima of 1, u1", lambda: PipelineCoreSpec(SIGNALS), 60, CORE, 16),
)
