"""The proofs of pipelines: of the gate in front of images, and of a whole core of signals."""

from amaranth.hdl import Assert, Assume, Cat, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.proof import Proof
from formal.seeds import Seed
from formal.stream.widths import WidthsSpec
from formal.window.silence_gate import SilenceGateSpec

from convolver.designs import Conv2DDesign, MovingMaximumDesign, Pipeline
from convolver.formats import Format
from convolver.hw.cores import pipeline
from convolver.hw.cores.pipeline import PipelineCore
from convolver.hw.stream import layouts as stream
from convolver.hw.stream.placed_skid import PlacedSkidBuffer
from convolver.hw.stream.widths import Gather, Spread
from convolver.hw.window import size_gate
from convolver.hw.window.idle_wait import IdleWait
from convolver.hw.window.silence_gate import SilenceGate
from convolver.hw.window.size_gate import AxisSizes, SizeGate

__all__ = ["PROOFS", "PipelineCoreSpec", "SizeGateSpec"]


class SizeGateSpec(wiring.Component):
    """The gate lets every beat through, in order, and each frame when all stages know their sizes and borders of it.

    What is offered stays until it is taken; the gate holds five beats. One beat that begins a frame, chosen by the free input
    `tag`, is followed: when it leaves, sizes and border are those of its frame. No size changes while a core is busy; behind a
    beat that left they are busy at once, and stay so as long as they like. A beat of the size before waits for nobody: it is
    offered three clocks after it came.
    """

    def __init__(self, design: Pipeline) -> None:
        self._design = design
        beat = stream.beat_layout(design)
        free = {"valid": 1, "payload": beat, "rows": 2, "columns": 3, "border": 2, "ready": 1, "leaves": 1, "tag": 1}
        super().__init__({name: In(shape) for name, shape in free.items()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        gate = size_gate.SizeGate(self._design)
        m.submodules.dut = gate
        busy, size = Signal(), Cat(gate.rows, gate.columns, gate.boundary_2, gate.fill_2)
        enters, goes = Signal(), Signal()
        m.d.comb += [
            gate.i.valid.eq(self.valid),
            gate.i.payload.eq(self.payload),
            gate.rows.eq(self.rows),
            gate.columns.eq(self.columns),
            gate.boundary_2.eq(self.border),
            gate.fill_2.eq(self.border[0]),
            gate.o.ready.eq(self.ready),
            gate.busy.eq(busy),
            enters.eq(gate.i.valid & gate.i.ready),
            goes.eq(gate.o.valid & gate.o.ready),
        ]
        m.d.sync += busy.eq(goes | (busy & ~self.leaves))

        level, stalled, before = Signal(4), Signal(), Signal.like(gate.o.payload)
        m.d.sync += [level.eq(level + enters - goes), stalled.eq(gate.o.valid & ~self.ready), before.eq(gate.o.payload)]
        # The one that is followed.
        chosen, done, ahead = Signal(), Signal(), Signal(4)
        wanted, payload, other = Signal(35), Signal.like(self.payload), Signal()
        last = Signal(35, init=self._most())
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
        sizes, kept, was_busy = Signal(67), Signal(67), Signal()
        each = [axis for stage in gate.sizes for axis in (stage.rows, stage.columns)]
        m.d.comb += sizes.eq(Cat(each, Value.cast(gate.chosen)))
        m.d.sync += [kept.eq(sizes), was_busy.eq(busy)]
        rows, columns = wanted[:16], wanted[16:32]
        known, begun = Signal(), Signal(3)
        m.d.sync += [known.eq(1), begun.eq(Cat(enters & self.payload.first & (last == size) & (level == 0), begun))]
        m.d.comb += [
            Assume(self.columns >= 2),  # less than a stage takes off
            Assert(~stalled | (gate.o.valid & (gate.o.payload == before))),
            Assert(level <= 5),
            Assert(~now | ((gate.o.payload == payload) & (sizes[:32] == wanted[:32]) & (sizes[64:] == wanted[32:]))),
            Assert(~now | ((sizes[32:48] == (rows + 1) >> 1) & (sizes[48:64] == columns - 2))),
            Assert(~(known & busy & was_busy) | (sizes == kept)),
            Assert(~begun[2] | gate.o.valid),
            Assert(gate.waiting == (level != 0)),
            Cover(done, "a frame of another size has left"),
        ]
        streak = Signal(2)
        m.d.sync += streak.eq(Mux(enters & goes & self.payload.first, Mux(streak == 3, 3, streak + 1), 0))
        m.d.comb += Cover(streak == 3, "frames of one size, one a clock")
        return m

    def _most(self) -> int:
        rows, columns = (axis.most or 0 for axis in self._design.frame_axes)
        return rows | columns << 16 | 1 << 32  # edge


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


IDLE = (
    Seed("goes in while others are inside", IdleWait, "waits & waited & ~busy", "waits & waited"),
    Seed("idle while one goes in", IdleWait, "waits & waited & ~busy", "waits & ~busy"),
    Seed("waited once for all", IdleWait, "(self.begun | self.begin) & waits", "self.begun | self.begin"),
)
GATE = (
    *IDLE,
    Seed("let in before the sizes are known", SizeGate, "wait.begun & Cat(axis.ready for axis in found).all()", "wait.begun"),
    Seed("size of the next frame", SizeGate, "axis.size.eq(now.size", "axis.size.eq(given"),
    Seed("rows alone compared", SizeGate, "first.differs.any()", "first.differs[:4].any()"),
    Seed("compared with the largest", SizeGate, "m.d.sync += before.eq(given)", "m.d.sync += before.eq(before)"),
    Seed("border of the frame before", SizeGate, "with m.If(wait.begin)", "with m.If(0)"),
    Seed("border changed at once", SizeGate, "with m.If(wait.begin)", "with m.If(wait.held)"),
    Seed("border not compared", SizeGate, "range(0, len(given), PART)", "range(0, 2 * WIDTH, PART)"),
    Seed("beat overwritten", SizeGate, "(there | ~held_back.i.ready)", "~held_back.i.ready"),
    Seed("read from the other place", PlacedSkidBuffer, "Mux(get,", "Mux(~get,"),
    Seed("written while full", PlacedSkidBuffer, "with m.If(self.i.ready & (put == number))", "with m.If(put == number)"),
    Seed("idle while a beat is on offer", SizeGate, "self.busy | offered.o.valid", "self.busy"),
    Seed("a stride too few", AxisSizes, "value + (stride - 1)", "value"),
    Seed("border left on", AxisSizes, "sizes[-1] - less", "sizes[-1]"),
)
CORE = (
    Seed("taken though the next stage isn't ready", PipelineCore, "source.ready.eq(sink.ready)", "source.ready.eq(1)"),
    Seed("offered without a result", PipelineCore, "sink.valid.eq(source.valid)", "sink.valid.eq(1)"),
    Seed(
        "idle with a frame in the first stage",
        PipelineCore,
        "[core.busy for core in cores]",
        "[core.busy for core in cores[1:]]",
    ),
)

SILENCE = (
    *IDLE,
    Seed("let in before it is told", SilenceGate, "~skid.o.p.silent | wait.begun", "1"),
    Seed("silence for every frame behind", SilenceGate, "m.d.sync += silent.eq(0)", "m.d.sync += silent.eq(silent)"),
    Seed("silence in mid-frame", SilenceGate, "self.i.p.first & silent", "silent"),
    Seed("silence that comes with a frame lost", SilenceGate, "with m.If(self.silence)", "with m.Elif(self.silence)"),
)
GATHER = (
    Seed("a line's rest left out", Gather, "beat.eol | (place == beats - 1)", "place == beats - 1"),
    Seed("leaves a beat early", Gather, "(place == beats - 1)", "(place == beats - 2)"),
    Seed("goes on behind a line's end", Gather, "Mux(ends, 0, place + 1)", "place + 1"),
    Seed("first of the last beat", Gather, "Mux(place == 0, beat.first, began)", "beat.first"),
    Seed("all pixels there", Gather, "Mux(place == number, keeps, 0)", "keeps"),
    Seed("idle with a beat begun", Gather, "full.o.valid | (place != 0)", "full.o.valid"),
)
SPREAD = (
    Seed("rest left out", Spread, "there & beat.keep[narrow]", "there & beat.keep[narrow] & beat.first"),
    Seed("an empty beat", Spread, "there & beat.keep[narrow]", "there & beat.keep[0]"),
    Seed("taken before the rest has left", Spread, "moves & ~more)", "moves)"),
    Seed("ends with every beat", Spread, "beat.eol & ~more", "beat.eol"),
    Seed("first with every beat", Spread, ", beat.first.eq(0)", ""),
    Seed("goes on while stalled", Spread, "moves.eq(self.o.ready | ~there)", "moves.eq(1)"),
)

ROW = Conv2DDesign([[1, 1, 1]], pixel=Format(1, False), output=Format(1, False), stride=(2, 1), mode="valid", rows=3, columns=7)
LAST = Conv2DDesign([[1]], pixel=Format(1, False), boundary="edge", switchable=True, rows=3, columns=7)
IMAGES = Pipeline([ROW, LAST])
SIGNALS = Pipeline([MovingMaximumDesign(1, data=Format(1, False))] * 2)

PROOFS: tuple[Proof, ...] = (
    Proof("size gate", "1x3 valid, stride 2x1, then a switchable stage", lambda: SizeGateSpec(IMAGES), 60, GATE),
    Proof("silence gate", "u1", lambda: SilenceGateSpec(SIGNALS), 30, SILENCE),
    Proof("gather", "2 of 1 pixel", lambda: WidthsSpec(1, 2), 20, ()),
    Proof("gather", "4 of 1 pixel", lambda: WidthsSpec(1, 4), 30, GATHER),
    Proof("spread", "2 pixels into 1", lambda: WidthsSpec(2, 1), 20, SPREAD),
    Proof("spread", "4 pixels into 2", lambda: WidthsSpec(4, 2), 24, ()),
    Proof("pipeline core", "two moving maxima of 1, u1", lambda: PipelineCoreSpec(SIGNALS), 60, CORE, 16),
)
