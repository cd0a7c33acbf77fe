"""The proofs of forks: of what hands out, holds and joins, that no branch waits for ever, and of a whole core of signals."""

from itertools import pairwise

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.proof import Proof
from formal.seeds import Seed

from convolver.designs import Conv2DDesign, Fork, MovingMaximumDesign, Pipeline
from convolver.formats import Format
from convolver.hw.cores import fork
from convolver.hw.cores.fork import ForkCore
from convolver.hw.output import queue
from convolver.hw.output.queue import LongQueue, ShortQueue
from convolver.hw.stream import join, layouts, split
from convolver.hw.stream.join import Join
from convolver.hw.stream.split import Split
from convolver.hw.window import size_check
from convolver.hw.window.size_check import SizeCheck
from convolver.plan import fork as plan

__all__ = ["PROOFS", "DeadlockSpec", "ForkCoreSpec", "FrameEndSpec", "LongQueueSpec", "SizeCheckSpec", "SplitSpec"]


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


class SizeCheckSpec(wiring.Component):
    """Every beat comes out, in order, with the size that stood beside it where all cores take that, and else with none; what is
    offered stays, with its size, until it is taken.

    One beat, chosen by the free input `tag`, is followed.
    """

    LEAST, MOST = (2, 3), (4, 6)
    """Rows and columns of the smallest and of the largest frame that both cores take."""

    def __init__(self) -> None:
        self._beat = layouts.beat_layout(UNLIKE)
        free = {"valid": 1, "payload": self._beat, "rows": 16, "columns": 16, "ready": 1, "tag": 1}
        super().__init__({name: In(shape) for name, shape in free.items()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = size_check.SizeCheck(UNLIKE)
        m.d.comb += [
            dut.i.valid.eq(self.valid),
            dut.i.payload.eq(self.payload),
            dut.rows.eq(self.rows),
            dut.columns.eq(self.columns),
            dut.o.ready.eq(self.ready),
        ]
        enters, leaves = self.valid & dut.i.ready, dut.o.valid & self.ready
        sizes = zip((self.rows, self.columns), self.LEAST, self.MOST, strict=True)
        fits = Cat((size >= least) & (size <= most) for size, least, most in sizes).all()
        given, offered = Cat(self.payload, Mux(fits, Cat(self.rows, self.columns), 0)), Cat(dut.o.payload, dut.sizes)
        level, stalled, before = Signal(2), Signal(), Signal(len(offered))
        m.d.sync += [level.eq(level + enters - leaves), stalled.eq(dut.o.valid & ~self.ready), before.eq(offered)]
        chosen, small, large, ahead, wanted = Signal(), Signal(), Signal(), Signal(2), Signal(len(given))
        with m.If(enters & self.tag & ~chosen):
            m.d.sync += [chosen.eq(1), ahead.eq(level - leaves), wanted.eq(given)]
        with m.Elif(chosen & leaves):
            m.d.sync += ahead.eq(ahead - 1)
            with m.If(ahead == 0):
                m.d.sync += [chosen.eq(0), small.eq(small | (dut.sizes.rows == 2)), large.eq(large | (dut.sizes.columns == 6))]
        m.d.comb += [
            Assert(~stalled | (dut.o.valid & (offered == before))),
            Assert(dut.waiting == (level != 0)),
            Assert(~(chosen & dut.o.valid & (ahead == 0)) | (offered == wanted)),
            Cover(small & large, "a small frame and a large one have left"),
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


class FrameEndSpec(wiring.Component):
    """A fork never stands still whose branches hold results back until their frame's end is driven, however both sides and the
    branches have stalled before.

    As a 2-D core does, each branch gives a result when it has taken so many beats more. A frame's last results come with beats
    of the next frame, if the branch takes one in time. Else the branch drives them out by itself, and takes no beat meanwhile.
    Which of both it does is free, for each branch and frame, and so are the beats of a frame.

    A branch is the worst that there can be: it holds one result, where a core holds as many as its latency has clocks. Behind
    it stands a queue, here a count. Together they have as much room as `rooms` of the plan says. Less is too little, as seeded
    bugs show.
    """

    QUIET = 8
    """Clocks in which something moves, while the source offers, the sink takes, and branches and queues go on."""

    def __init__(self, *lags: int) -> None:
        count = len(lags)
        free = {"offers": 1, "last": 1, "takes": 1, "enters": count, "gives": count, "shows": count, "drives": count}
        super().__init__({name: In(width) for name, width in free.items()})
        self._lags = lags

    def elaborate(self, platform: object) -> Module:
        m = Module()
        count, rooms = len(self._lags), plan.rooms(self._lags)
        m.submodules.split = ends = split.Split(1, count)
        m.submodules.join = joined = join.Join(Fork([ONE] * count, "planes"))
        offered, last = Signal(), Signal()
        # Whoever offers keeps it until it is taken. The payload says whether it is a frame's last.
        m.d.comb += [
            ends.i.valid.eq(self.offers | offered),
            ends.i.payload.eq(Mux(offered, last, self.last)),
            joined.o.ready.eq(self.takes),
        ]
        m.d.sync += [offered.eq(ends.i.valid & ~ends.i.ready), last.eq(ends.i.payload)]
        all_took = ends.i.valid & ends.i.ready
        moves: list[Value] = [all_took, joined.o.valid & joined.o.ready]
        apart: list[Value] = []
        behind: list[Value] = []  # results that were not joined yet, of the beats that all branches have
        for number, lag in enumerate(self._lags):
            room, end, result = rooms[number] - 1, ends.o[number], getattr(joined, f"i_{number}")
            inside, later = (Signal(range(lag + 2), name=f"{name}_{number}") for name in ("inside", "later"))
            waiting, queued = (Signal(range(room + 2), name=f"{name}_{number}") for name in ("waiting", "queued"))
            ended, drives, valid, shown, ahead = (
                Signal(name=f"{name}_{number}") for name in ("ended", "drives", "valid", "shown", "ahead")
            )
            enters, passes, leaves = end.valid & end.ready, valid & (waiting < room), result.valid & result.ready
            m.d.comb += [
                end.ready.eq((inside <= lag) & ~drives & self.enters[number]),
                later.eq(inside + enters - passes),
                queued.eq(waiting + passes - leaves),
                result.valid.eq(shown),
                Assert(inside <= lag + 1),
                Assert(waiting <= room),
                Assert(~valid | (inside > Mux(drives, 0, lag))),
                Assert(~shown | (waiting != 0)),
                Assert(~drives | ended),
            ]
            m.d.sync += [
                ahead.eq((ahead | enters) & ~all_took),
                inside.eq(later),
                ended.eq(Mux(enters, end.payload, ended)),
                drives.eq((drives | (ended & self.drives[number] & ~enters)) & (later != 0)),
                valid.eq((valid & ~passes) | (self.gives[number] & (later > Mux(drives, 0, lag)))),
                waiting.eq(queued),
                shown.eq((shown & ~leaves) | (self.shows[number] & (queued != 0))),
            ]
            moves += [enters, passes, leaves]
            behind.append(inside + waiting - ahead)
            apart.append(~ended & (inside > lag - 1) if number else drives)
        quiet, moved, was_apart = Signal(range(self.QUIET + 1)), Signal(3), Signal()
        going = self.offers & self.takes & Cat(self.enters, self.gives, self.shows).all()
        m.d.sync += [
            quiet.eq(Mux(going & ~Cat(moves).any(), quiet + 1, 0)),
            moved.eq(Mux(joined.o.valid & self.takes & (moved != 7), moved + 1, moved)),
            was_apart.eq(was_apart | ((moved == 2) & Cat(apart).all())),
        ]
        m.d.comb += [
            *(Assert(one == other) for one, other in pairwise(behind)),
            Assert(quiet < self.QUIET),
            Cover((moved == 7) & was_apart, "results have left behind a frame's end that one alone has driven out"),
        ]
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

PIXEL = {"pixel": Format(1, False), "columns": 6}
UNLIKE = Fork(
    [
        Conv2DDesign([[1]], rows=5, boundary="edge", **PIXEL),
        Conv2DDesign([[1], [1], [1]], rows=4, boundary="reflect", **PIXEL),
    ],
    "difference",
)

SIZES = (
    Seed("a row too many", SizeCheck, "exceeds(size, axis.most or 0)", "exceeds(size, (axis.most or 0) + 1)"),
    Seed("a row too few", SizeCheck, "exceeds(size, axis.least - 1)", "exceeds(size, axis.least - 2)"),
    Seed("told in any case", SizeCheck, " & fits.replicate(WIDTH)", ""),
    Seed("that of the next frame", SizeCheck, "held.o.p.sizes[name] & fits", "getattr(self, name) & fits"),
)
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
FRAME_END = (
    Seed("room for a result less", plan.rooms, "if other != number)", "if other != number) - 1"),
    Seed("room for its own end", plan.rooms, "if other != number", "if other == number"),
    Seed("room for what others are later by", plan.rooms, "[max(one for", "[max(max(one - held[number], 3) for"),
    Seed("ready when the other one isn't", Split, "takes = [taken[number] | end.ready", "takes = [end.ready"),
    Seed("taken of one alone", Join, "end.ready.eq(skid.i.ready & others.all())", "end.ready.eq(skid.i.ready)"),
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
    Proof("size check", "branches that take 1 to 5 and 2 to 4 rows", SizeCheckSpec, 16, SIZES),
    Proof("long queue", "memory of 8 words, 11 credits", lambda: LongQueueSpec(8, 11), 24, LONG, 15),
    Proof("fork, no deadlock", "a branch 4 beats later than the other", DeadlockSpec, 60, DEADLOCK),
    Proof("fork, no deadlock", "branches that hold 3 and 5 results of a frame back", lambda: FrameEndSpec(3, 5), 40, FRAME_END),
    Proof("fork, no deadlock", "branches that hold 1, 2 and 3 results of a frame back", lambda: FrameEndSpec(1, 2, 3), 40, ()),
    Proof("fork core", "two branches, one of two filters", lambda: ForkCoreSpec(UNEVEN), 40, CORE, 18),
)
