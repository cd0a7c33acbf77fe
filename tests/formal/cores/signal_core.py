"""What the specifications of all cores of signals share: the queue of results, and the errors."""

from abc import abstractmethod
from collections.abc import Mapping

from amaranth.hdl import Assert, Const, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue
from formal.cores.buffers import buffer_rules
from formal.cores.shared import shallow

from convolver.designs import Design
from convolver.hw.cores.core import Core
from convolver.hw.stream import layouts
from convolver.hw.stream.marks import ERROR_LAYOUT

__all__ = ["SignalCoreSpec"]


class SignalCoreSpec(wiring.Component):
    """A whole core: every accepted sample of a frame gives one result, the right one, with its marks, `latency` clocks later.

    As many results fit inside as the output buffer has places (here `depth`, or as many as the plan says); the core accepts if
    three more did two clocks ago, and a slot has passed since the sample before. It is busy while a frame is open or inside,
    and some clocks longer: `buffers.py` says how many. A kind's own specification says in `_wanted` which result is right.
    """

    def __init__(self, design: Design, depth: int | None = None, ports: Mapping[str, In] | None = None) -> None:
        self._design = design
        self._depth = depth
        own = {"valid": In(1), "payload": In(layouts.beat_layout(design)), "ready": In(1), "tag": In(1)}
        super().__init__({**own, **(ports or {})})

    @abstractmethod
    def _core(self) -> Core:
        """The core, of the class that the core's module has now."""

    @abstractmethod
    def _wanted(self, m: Module, core: Core, belongs: Value) -> tuple[ValueLike, int]:
        """A beat, and the clocks after which it is the right one for the sample that `belongs` to a frame."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        core = self._core()
        if self._depth:
            core.plan = shallow(core.plan, self._depth)
        m.submodules.dut = core
        m.d.comb += [core.i.valid.eq(self.valid), core.i.payload.eq(self.payload), core.o.ready.eq(self.ready)]
        accept, opened, belongs = Signal(), Signal(), Signal()
        m.d.comb += [accept.eq(self.valid & core.i.ready), belongs.eq(accept & (opened | self.payload.first))]
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)

        depth, cycles, rules = core.plan.buffer_depth, core.plan.cycles, buffer_rules(core.plan)
        wanted, later = self._wanted(m, core, belongs)
        queue = Queue(
            m,
            enters=belongs,
            value=wanted,
            valid=core.o.valid,
            ready=self.ready,
            payload=core.o.payload,
            # Slots keep those apart that are accepted before their credits are counted.
            depth=depth + rules.room - min(cycles - 1, 2),
            latency=core.latency,
            tag=self.tag,
            later=later,
            # A shallow buffer lets no more through at once, and a slot of several clocks takes as many.
            streak=1 if self._depth or cycles > 1 else 3,
        )
        enough, inside = rules.counted(m, queue.level, core.o.valid, depth)
        pause = Signal(range(cycles))  # clocks of a slot that are still to come
        m.d.sync += pause.eq(Mux(belongs, cycles - 1, Mux(pause == 0, 0, pause - 1)))
        errors = Signal(ERROR_LAYOUT)
        m.d.sync += [errors.first.eq(accept & opened & self.payload.first), errors.orphan.eq(accept & ~belongs)]
        # What is wrong with a set of coefficients, a kind with such says itself.
        others = {"coefficients"} if "coefficients" in core.signature.members else set()
        m.d.comb += [
            Assert(core.i.ready == (enough & (pause == 0))),
            Assert(core.busy == (opened | inside)),
            Assert(~core.overflow),
            *(Assert(core.errors[name] == errors[name]) for name in ERROR_LAYOUT.members if name not in others),
        ]
        return m

    def _last_samples(self, m: Module, belongs: Value, count: int, clear: Value, blank: int) -> list[Value]:
        """The last `count` samples as they were accepted, the newest first, with `blank` before one that comes with `clear`."""
        shape = layouts.shape_of(self._design.sample)
        past = [Signal(shape, name=f"past_{age}") for age in range(1, count)]
        with m.If(belongs):
            for older, newer in zip(past, [self.payload.data, *past], strict=False):
                m.d.sync += older.eq(newer)
            with m.If(clear):
                m.d.sync += [older.eq(blank) for older in past[1:]]
        return [self.payload.data, *(Mux(clear, Const(blank, shape), older) for older in past)]
