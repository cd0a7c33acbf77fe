"""The proofs of forks: of what hands out, holds and joins, that no branch waits for ever, and of a whole core of signals."""

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.proof import Proof
from formal.seeds import Seed

from convolver.designs import Fork, MovingMaximumDesign, Pipeline
from convolver.formats import Format
from convolver.hw.cores import fork
from convolver.hw.cores.fork import ForkCore
from convolver.hw.output import queue
from convolver.hw.output.queue import LongQueue, ShortQueue
from convolver.hw.stream import join, layouts, split
from convolver.hw.stream.join import Join
from convolver.hw.stream.split import Split

__all__ = ["PROOFS", "DeadlockSpec", "ForkCoreSpec", "LongQueueSpec", "SplitSpec"]


class SplitSpec(wiring.Component):
    """Each end takes every beat once, in order; none waits for another but at the next beat. What is offered stays."""

    def __init__(self) -> None:
        super().__init__({"valid": In(1), "payload": In(2), "ready": In(2)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = split.Split(2, 2)
        held, before = Signal(), Signal(2)
        # Whoever offers keeps it until it is taken.
        valid, payload = self.valid | held, Mux(held, before, self.payload)
        m.d.comb += [dut.i.valid.eq(valid), dut.i.payload.eq(payload)]
        m.d.sync += [held.eq(valid & ~dut.i.ready), before.eq(payload)]
        had, both = Signal(2), Signal(3)
        for number in range(2):
            end = dut.o[number]
            took = end.valid & end.ready
            m.d.comb += [
                end.ready.eq(self.ready[number]),
                Assert(~end.valid | (valid & (end.payload == payload) & ~had[number])),
                Assert(end.valid | ~valid | had[number]),
            ]
            m.d.sync += had[number].eq((had[number] | took) & ~(valid & dut.i.ready))
        done = Cat((had[number] | (dut.o[number].valid & self.ready[number])) for number in range(2)).all()
        m.d.sync += both.eq(Mux(dut.i.ready & valid & (had == 0), Mux(both == 7, 7, both + 1), 0))
        m.d.comb += [
            Assert(~valid | (dut.i.ready == done)),
            Cover(both == 7, "a beat a clock"),
            Cover(had == 1, "one is ahead"),
        ]
        return m


class LongQueueSpec(wiring.Component):
    """A queue: every word comes out, in order, and stays on offer until it is taken; what is in front of it is known.

    One word, chosen by the free input `tag`, is followed: it leaves when all before it have left, with its value.
    """

    def __init__(self, depth: int, window: int) -> None:
        super().__init__({"valid": In(1), "payload": In(1), "ready": In(1), "tag": In(1)})
        self._depth, self._window = depth, window

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = queue.LongQueue(1, self._depth, self._window)
        enters, leaves, level = Signal(), Signal(), Signal(6)
        m.d.comb += [
            dut.i.valid.eq(self.valid),
            dut.i.payload.eq(self.payload),
            dut.o.ready.eq(self.ready),
            enters.eq(self.valid & dut.i.ready),
            leaves.eq(dut.o.valid & self.ready),
        ]
        stalled, before = Signal(), Signal()
        m.d.sync += [level.eq(level + enters - leaves), stalled.eq(dut.o.valid & ~self.ready), before.eq(dut.o.payload)]
        chosen, done, ahead, wanted = Signal(), Signal(), Signal(6), Signal()
        with m.If(enters & self.tag & ~chosen):
            m.d.sync += [chosen.eq(1), ahead.eq(level - leaves), wanted.eq(self.payload)]
        with m.Elif(chosen & leaves):
            m.d.sync += ahead.eq(ahead - 1)
            with m.If(ahead == 0):
                m.d.sync += [chosen.eq(0), done.eq(wanted)]
        now, streak = chosen & dut.o.valid & (ahead == 0), Signal(2)
        m.d.sync += streak.eq(Mux(enters & leaves, Mux(streak == 3, 3, streak + 1), 0))
        m.d.comb += [
            Assert(~stalled | (dut.o.valid & (dut.o.payload == before))),
            Assert(~dut.o.valid | (level != 0)),
            Assert(~now | (dut.o.payload == wanted)),
            Assert(~dut.overflow),
            Cover(done, "the chosen word left"),
            Cover(streak == 3, "a word a clock"),
        ]
        return m


class DeadlockSpec(wiring.Component):
    """A fork of two branches, of which the second completes a result `LAG` beats later, stands still never, however both sides
    and the branches have stalled before.

    The first branch is the worst that there can be: it holds one result, where a core holds as many as its latency has clocks.
    The queue behind it has room for as many results less one as the other one lags: for one more lies in the branch, and the
    other one may be a beat ahead. Fewer would be too few, which a seeded bug shows.
    """

    LAG = 4
    QUIET = 12
    """Clocks in which something moves, while the source offers, the sink takes, and the branches go on."""

    def __init__(self) -> None:
        super().__init__({"offers": In(1), "takes": In(1), "goes": In(4)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.split = ends = split.Split(1, 2)
        m.submodules.queue = held = queue.ShortQueue(layouts.result_layout(ONE), self.LAG + 1)
        m.submodules.join = joined = join.Join(Fork([ONE, ONE], "planes"))
        offered, sink = Signal(), self.takes
        m.d.comb += [ends.i.valid.eq(self.offers | offered), joined.o.ready.eq(sink)]
        m.d.sync += offered.eq(ends.i.valid & ~ends.i.ready)
        moves: list[Value] = [ends.i.valid & ends.i.ready, joined.o.valid & joined.o.ready]
        results = [held.i, joined.i_1]
        wiring.connect(m, held.o, joined.i_0)
        for number, lag in enumerate((0, self.LAG)):
            room = lag + 1  # beats that it holds: those that a result waits for, and one result
            inside, valid = Signal(range(room + 1), name=f"inside_{number}"), Signal(name=f"valid_{number}")
            end, result = ends.o[number], results[number]
            enters, leaves = end.valid & end.ready, result.valid & result.ready
            m.d.comb += [end.ready.eq((inside < room) & self.goes[number]), result.valid.eq(valid)]
            m.d.sync += [
                inside.eq(inside + enters - leaves),
                valid.eq((valid & ~result.ready) | (self.goes[2 + number] & (inside + enters - leaves > lag))),
            ]
            moves += [enters, leaves]
        quiet, moved = Signal(range(self.QUIET + 1)), Signal(3)
        going = self.offers & self.takes & self.goes.all()
        m.d.sync += [
            quiet.eq(Mux(going & ~Cat(moves).any(), quiet + 1, 0)),
            moved.eq(Mux(joined.o.valid & sink & (moved != 7), moved + 1, moved)),
        ]
        m.d.comb += [Assert(quiet < self.QUIET), Assert(~held.overflow), Cover(moved == 7, "results have left")]
        return m


class ForkCoreSpec(wiring.Component):
    """A whole core: every accepted sample of a frame gives one result, itself twice, with its marks.

    None is lost, doubled, moved or altered; both halves of a result are of one sample, though one branch is much later than the
    other. What is offered stays until it is taken. It is busy while anything is inside.
    """

    def __init__(self, design: Fork) -> None:
        self._design = design
        super().__init__({"valid": In(1), "payload": In(layouts.beat_layout(design)), "ready": In(1), "tag": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        core = fork.ForkCore(self._design)
        m.submodules.dut = core
        m.d.comb += [core.i.valid.eq(self.valid), core.i.payload.eq(self.payload), core.o.ready.eq(self.ready)]
        opened, belongs = Signal(), Signal()
        m.d.comb += belongs.eq(self.valid & core.i.ready & (opened | self.payload.first))
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)
        leaves, level, stalled, before = Signal(), Signal(8), Signal(), Signal.like(core.o.payload)
        m.d.comb += leaves.eq(core.o.valid & self.ready)
        m.d.sync += [
            level.eq(level + belongs - leaves),
            stalled.eq(core.o.valid & ~self.ready),
            before.eq(core.o.payload),
        ]
        chosen, done, ahead = Signal(), Signal(), Signal.like(level)
        wanted = Signal(layouts.result_layout(self._design))
        with m.If(belongs & self.tag & ~chosen):
            m.d.sync += [
                chosen.eq(1),
                ahead.eq(level - leaves),
                wanted.data.eq(Cat(self.payload.data, self.payload.data)),
                wanted.first.eq(self.payload.first),
                wanted.last.eq(self.payload.last),
            ]
        with m.Elif(chosen & leaves):
            m.d.sync += ahead.eq(ahead - 1)
            with m.If(ahead == 0):
                m.d.sync += [chosen.eq(0), done.eq(wanted.data[0])]
        now = chosen & core.o.valid & (ahead == 0)
        m.d.comb += [
            Assert(~stalled | (core.o.valid & (core.o.payload == before))),
            Assert(~core.o.valid | (level != 0)),
            Assert(~now | (core.o.payload == wanted)),
            Assert(core.busy | (level == 0)),
            Assert(~core.overflow),
            Cover(done, "the chosen beat left"),
        ]
        return m


ONE = MovingMaximumDesign(1, data=Format(1, False))
UNEVEN = Fork([ONE, Pipeline([ONE, ONE])], "planes")

SPLIT = (
    Seed("handed out again", Split, "self.i.valid & ~taken[number]", "self.i.valid"),
    Seed("all or none", Split, "self.i.valid & ~taken[number]", "self.i.valid & ~taken[number] & self.i.ready"),
    Seed("ready for one", Split, "self.i.ready.eq(Cat(takes).all())", "self.i.ready.eq(Cat(takes).any())"),
    Seed("remembered for the next beat", Split, "Cat(takes) & ~self.i.ready.replicate(self._count)", "Cat(takes)"),
)
LONG = (
    Seed("read before it is written", LongQueue, "put != following, put != get", "1, put != get"),
    Seed("read one too many", LongQueue, "Mux(reads, put != following, put != get)", "put != get"),
    Seed("data a clock early", LongQueue, "Delay(1, 2)", "Delay(1, 1)"),
    Seed("steps over a word", LongQueue, "following.eq(following + 1)", "following.eq(following + 2)"),
)
DEADLOCK = (
    Seed("a place too few", ShortQueue, "OutputBuffer(self._shape, self._depth)", "OutputBuffer(self._shape, self._depth - 1)"),
    Seed("ready when the other one isn't", Split, "takes = [taken[number] | end.ready", "takes = [end.ready"),
)
CORE = (
    Seed("taken of one alone", Join, "end.ready.eq(skid.i.ready & others.all())", "end.ready.eq(skid.i.ready)"),
    Seed("idle with a sample in a core", ForkCore, "inside.append(core.busy)", "inside.append(join.o.valid)"),
    Seed(
        "idle with a result that waits",
        ForkCore,
        "inside: list[Value] = [join.o.valid]",
        "inside: list[Value] = [Value.cast(0)]",
    ),
)

PROOFS: tuple[Proof, ...] = (
    Proof("split", "two ends", SplitSpec, 16, SPLIT),
    Proof("long queue", "memory of 8 words, 11 credits", lambda: LongQueueSpec(8, 11), 24, LONG, 15),
    Proof("fork, no deadlock", "a branch 4 beats later than the other", DeadlockSpec, 60, DEADLOCK),
    Proof("fork core", "two branches, one of two filters", lambda: ForkCoreSpec(UNEVEN), 40, CORE, 18),
)
