"""The specification of the cores that change a rate."""

from amaranth.hdl import Array, Assert, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue
from formal.cores.shared import finished, shallow

from convolver.designs import CICDesign, ResampleDesign
from convolver.hw.cores import resample
from convolver.hw.cores.core import Core
from convolver.hw.stream import layouts
from convolver.hw.stream.marks import ERROR_LAYOUT

__all__ = ["ResampleCoreSpec"]


class ResampleCoreSpec(wiring.Component):
    """A whole core: every result of a frame comes, the right one, with its marks, and as soon as it can.

    What is counted here is how far result n lies behind sample k, ``n * down - k * up``: from 0 to `up` the result is
    one of that sample, and its coefficients are those from there on. The samples that it meets are kept as they were
    accepted. A result begins when it is known whether it is its frame's last, a slot has passed since the one before,
    and three more had room two clocks ago; it is offered so many clocks later. The core takes a sample if none of a
    sample before is waiting behind that.

    Of a design with constant coefficients; those that are loaded have proofs of their own.
    """

    def __init__(self, design: ResampleDesign | CICDesign, depth: int) -> None:
        self._design = design
        self._depth = depth
        inputs = {"valid": In(1), "payload": In(layouts.beat_layout(design)), "ready": In(1), "tag": In(1)}
        super().__init__(inputs)
        self.taken = Signal()  # no port: an output of a specification is a property to ABC

    def _core(self) -> Core:
        """The core, of the class that the core's module has now."""
        assert isinstance(self._design, ResampleDesign)
        return resample.ResampleCore(self._design)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        up, down = design.up, design.down
        core = self._core()
        core.plan = shallow(core.plan, self._depth)
        m.submodules.dut = core
        m.d.comb += [core.i.valid.eq(self.valid), core.i.payload.eq(self.payload), core.o.ready.eq(self.ready)]
        accept, opened, belongs, first = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            accept.eq(self.valid & core.i.ready),
            self.taken.eq(accept),
            belongs.eq(accept & (opened | self.payload.first)),
            first.eq(self.payload.first),
        ]
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)

        cycles = core.plan.cycles
        held, known, begin, room = Signal(), Signal(), Signal(), Signal()
        pause = Signal(range(cycles))  # clocks of a slot that are still to come
        m.d.comb += begin.eq(known & (pause == 0) & room)
        m.d.sync += pause.eq(Mux(begin, cycles - 1, Mux(pause == 0, 0, pause - 1)))

        # Of the result that waits: its distance, its samples, its marks.
        distance = Signal(range(-up, up + down))  # of the next result, behind the newest sample
        phase, waiting_first, waiting_last = Signal(range(up)), Signal(), Signal()
        shape = layouts.shape_of(design.data)
        count = design.history + 1
        past = [Signal(shape, name=f"past_{age}") for age in range(count)]
        mine = [Signal(shape, name=f"mine_{age}") for age in range(count)]
        now = [self.payload.data, *(Mux(first, Const(0, shape), older) for older in past[:-1])]
        with m.If(belongs):
            m.d.sync += [older.eq(newer) for older, newer in zip(past, now, strict=True)]
        free = Signal()  # the sample that is offered may be taken
        here = Signal.like(distance)  # of the next result behind the sample that is accepted
        m.d.comb += here.eq(Mux(first, 0, distance - up))
        if down > up:
            flush = held & self.valid & first
            m.d.comb += free.eq((~known | begin) & ~(held & first))
            with m.If(begin):
                m.d.sync += known.eq(0)
            with m.If(flush & (~known | begin)):
                m.d.sync += [held.eq(0), known.eq(1), waiting_last.eq(0)]
            with m.If(belongs):
                after = Signal.like(distance)
                m.d.comb += after.eq(Mux(here < up, here + down, here))
                settled = self.payload.last | (after - up < up)
                m.d.sync += [distance.eq(after), known.eq(settled), held.eq(~settled), waiting_last.eq(self.payload.last)]
                with m.If(here < up):
                    m.d.sync += [phase.eq(here), waiting_first.eq(first)]
                    m.d.sync += [one.eq(other) for one, other in zip(mine, now, strict=True)]
        else:
            final, ends = Signal(), Signal()
            m.d.comb += [
                ends.eq(distance + down >= up),
                free.eq(~known | (begin & ends)),
                phase.eq(distance),
                waiting_last.eq(final & ends),
                *(one.eq(other) for one, other in zip(mine, past, strict=True)),
            ]
            with m.If(begin):
                m.d.sync += [distance.eq(distance + down), waiting_first.eq(0), known.eq(~ends)]
            with m.If(belongs):
                moved = Mux(begin, distance + down, distance) - up
                m.d.sync += [distance.eq(Mux(first, 0, moved)), known.eq(1), final.eq(self.payload.last)]
                with m.If(first):
                    m.d.sync += waiting_first.eq(1)

        wide = signed(design.accumulator.width + 4)
        total: Value = Const(0, wide)
        for age, sample in enumerate(mine):
            taps = [age * up + one for one in range(up)]
            factors = [design.coefficients[tap] if tap < design.taps else 0 for tap in taps]
            partial = Signal(wide, name=f"partial_{age}")
            factor = Array(Const(value, signed(design.coefficient_format.width + 1)) for value in factors)[phase]
            m.d.comb += partial.eq(total + sample * factor)
            total = partial
        wanted = Signal(layouts.result_layout(design))
        m.d.comb += [
            wanted.data.eq(finished(design, total)),
            wanted.first.eq(waiting_first),
            wanted.last.eq(waiting_last),
        ]
        depth = core.plan.buffer_depth
        queue = Queue(
            m,
            enters=begin,
            value=wanted,
            valid=core.o.valid,
            ready=self.ready,
            payload=core.o.payload,
            depth=depth - min(cycles - 1, 2),
            latency=core.latency - 1,
            tag=self.tag,
            streak=1,
        )
        level_before, level_then = Signal.like(queue.level), Signal.like(queue.level)
        m.d.sync += [level_before.eq(queue.level), level_then.eq(level_before)]
        errors = Signal(ERROR_LAYOUT)
        m.d.sync += [errors.first.eq(accept & opened & first), errors.orphan.eq(accept & ~belongs)]
        inside = (queue.level != 0) | (level_before != 0) | (level_then != 0)
        m.d.comb += [
            room.eq(level_then + 2 < depth),
            Assert(core.i.ready == free),
            Assert(core.busy == (opened | held | known | inside)),
            Assert(~core.overflow),
            *(Assert(core.errors[name] == errors[name]) for name in ERROR_LAYOUT.members),
        ]
        return m
