"""The proofs of the cores of moving maxima."""

from amaranth.hdl import Assert, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue
from formal.cores.shared import shallow
from formal.proof import Proof
from formal.seeds import Seed

from convolver.designs import MovingMaximumDesign
from convolver.formats import Format
from convolver.hw.cores import moving_maximum
from convolver.hw.cores.moving_maximum import MovingMaximumCore, WindowMaximum
from convolver.hw.stream import layouts as stream
from convolver.hw.stream.marks import ERROR_LAYOUT

__all__ = ["PROOFS", "MovingMaximumCoreSpec"]


class MovingMaximumCoreSpec(wiring.Component):
    """A whole core: every accepted sample of a frame gives one result, the right one, with its marks, `latency` clocks later.

    The result is the greatest of the last samples as they were accepted, one comparison after the other, with `fill` before
    each `first`. As many results fit inside as the output buffer has places (here `depth`, or as many as the plan says); the
    core accepts if three more did two clocks ago. It is busy while a frame is open or inside, and two clocks longer.
    """

    def __init__(self, design: MovingMaximumDesign, depth: int | None = None) -> None:
        self._design = design
        self._depth = depth
        super().__init__({"valid": In(1), "payload": In(stream.beat_layout(design)), "ready": In(1), "tag": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        core = moving_maximum.MovingMaximumCore(design)
        if self._depth:
            core.plan = shallow(core.plan, self._depth)
        m.submodules.dut = core
        m.d.comb += [core.i.valid.eq(self.valid), core.i.payload.eq(self.payload), core.o.ready.eq(self.ready)]
        accept, opened, belongs = Signal(), Signal(), Signal()
        m.d.comb += [accept.eq(self.valid & core.i.ready), belongs.eq(accept & (opened | self.payload.first))]
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)

        shape = stream.shape_of(design.data)
        past = [Signal(shape, name=f"past_{age}") for age in range(1, design.size)]
        greatest = self.payload.data
        for age, older in enumerate(past):
            seen = Mux(self.payload.first, Const(design.fill, shape), older)
            either = Signal(shape, name=f"greatest_{age}")
            m.d.comb += either.eq(Mux(seen < greatest, greatest, seen))
            greatest = either
        with m.If(belongs):
            for older, newer in zip(past, [self.payload.data, *past], strict=False):
                m.d.sync += older.eq(newer)
            with m.If(self.payload.first):
                m.d.sync += [older.eq(design.fill) for older in past[1:]]
        wanted = Signal(stream.result_layout(design))
        m.d.comb += [wanted.data.eq(greatest), wanted.first.eq(self.payload.first), wanted.last.eq(self.payload.last)]

        depth = core.plan.buffer_depth
        queue = Queue(
            m,
            enters=belongs,
            value=wanted,
            valid=core.o.valid,
            ready=self.ready,
            payload=core.o.payload,
            depth=depth,
            latency=core.latency,
            tag=self.tag,
            streak=1 if self._depth else 3,  # a shallow buffer lets no more through at once
        )
        level_before, level_then = Signal.like(queue.level), Signal.like(queue.level)
        m.d.sync += [level_before.eq(queue.level), level_then.eq(level_before)]
        errors = Signal(ERROR_LAYOUT)
        m.d.sync += [errors.first.eq(accept & opened & self.payload.first), errors.orphan.eq(accept & ~belongs)]
        m.d.comb += [
            Assert(core.i.ready == (level_then + 2 < depth)),
            Assert(core.busy == (opened | (queue.level != 0) | (level_before != 0) | (level_then != 0))),
            Assert(~core.overflow),
            Assert(core.errors == errors),
        ]
        return m


LINE = "with m.If(self.i.valid):\n            m.d.sync += [register.eq(before)"
CORE = (
    Seed("lesser taken", WindowMaximum, "line[0] > line[-1]", "line[0] < line[-1]"),
    Seed("window a sample short", WindowMaximum, "older.eq(line[-1])", "older.eq(line[-2])"),
    Seed("line steps in a gap", WindowMaximum, LINE, LINE.replace("self.i.valid", "1")),
    Seed("never cleared", WindowMaximum, "with m.If(self.i.clear):", "with m.If(0):"),
    Seed("cleared to zero", WindowMaximum, "register.eq(self._fill)", "register.eq(0)"),
    Seed("cleared a clock early", WindowMaximum, "self.o.clear.eq(cleared)", "self.o.clear.eq(self.i.clear)"),
    Seed(
        "mark a clock early", MovingMaximumCore, "beside.i.last.eq(entry.o.beat.last)", "beside.i.last.eq(self.i.payload.last)"
    ),
    Seed(
        "accepts without a credit",
        MovingMaximumCore,
        "entry.spent.eq(buffer.spent)",
        "entry.spent.eq(buffer.spent & ~self.o.ready)",
    ),
    Seed(
        "credit taken for a dropped beat",
        MovingMaximumCore,
        "buffer.claim.eq(entry.claim)",
        "buffer.claim.eq(self.i.valid & self.i.ready)",
    ),
    Seed("idle with results inside", MovingMaximumCore, "entry.open | ~buffer.idle", "entry.open"),
)

SIZES = {
    2: MovingMaximumDesign(2, data=Format(2, True), fill=1),
    3: MovingMaximumDesign(3, data=Format(1, False), fill=1),
    4: MovingMaximumDesign(4, data=Format(1, False), fill=1),
}

PROOFS: tuple[Proof, ...] = (
    Proof("moving maximum core", "of 2, s2, buffer of 4", lambda: MovingMaximumCoreSpec(SIZES[2], 4), 36),
    Proof("moving maximum core", "of 3, u1, buffer of 4", lambda: MovingMaximumCoreSpec(SIZES[3], 4), 36, CORE),
    Proof("moving maximum core", "of 4, u1, buffer of 4", lambda: MovingMaximumCoreSpec(SIZES[4], 4), 40),
)
