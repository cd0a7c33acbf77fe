"""The FIR core's specification."""

from amaranth.hdl import Array, Assert, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue
from formal.cores.shared import finished, shallow

from convolver.designs import FIRDesign
from convolver.hw.cores import fir
from convolver.hw.mac import coefficients
from convolver.hw.mac.coefficients import coefficient_layout
from convolver.hw.stream import layouts
from convolver.hw.stream.marks import ERROR_LAYOUT

__all__ = ["FIRCoreSpec"]


class FIRCoreSpec(wiring.Component):
    """A whole FIR core: every accepted sample of a frame gives one result, the right one, with its marks, `latency` clocks
    later.

    The result is computed from the last samples as they were accepted, from silence at each `first`, or, of a continuous
    design, at one behind a reset or `silence`. As many results fit inside as the output buffer has places (here `depth`, or as
    many as the plan says); the core accepts if three more did two clocks ago, and a slot has passed since the sample
    before. It is busy while a frame is open or inside, and two clocks longer. Loaded coefficients change between two frames
    only, or, if the design says so, between any two samples.
    """

    def __init__(self, design: FIRDesign, depth: int | None = None) -> None:
        self._design = design
        self._depth = depth
        ports = {"valid": In(1), "payload": In(layouts.beat_layout(design)), "ready": In(1), "tag": In(1)}
        if design.loadable:
            ports |= {"new_valid": In(1), "new": In(coefficient_layout(design.coefficient_format)), "restart": In(1)}
        if design.continuous:
            ports["silence"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        core = fir.FIRCore(design)
        if self._depth:
            core.plan = shallow(core.plan, self._depth)
        m.submodules.dut = core
        m.d.comb += [core.i.valid.eq(self.valid), core.i.payload.eq(self.payload), core.o.ready.eq(self.ready)]
        accept, opened, belongs = Signal(), Signal(), Signal()
        m.d.comb += [accept.eq(self.valid & core.i.ready), belongs.eq(accept & (opened | self.payload.first))]
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)

        # Two clocks later, or three with a pre-adder, the sample and those before it meet the coefficients.
        plan = core.plan
        later = 3 if plan.pre_added and plan.cycles == 1 else 2
        shape = layouts.shape_of(design.data)
        clear = self.payload.first
        if design.continuous:
            silent = Signal(init=1)
            m.d.comb += core.silence.eq(self.silence)
            m.d.sync += silent.eq(self.silence | (silent & ~(belongs & self.payload.first)))
            clear = self.payload.first & silent
        past = [Signal(shape, name=f"past_{age}") for age in range(1, design.taps)]
        with m.If(belongs):
            for older, newer in zip(past, [self.payload.data, *past], strict=False):
                m.d.sync += older.eq(newer)
            with m.If(clear):
                m.d.sync += [older.eq(0) for older in past[1:]]
        now = [self.payload.data, *(Mux(clear, Const(0, shape), older) for older in past)]
        marks = Cat(self.payload.first, self.payload.last)
        for clock in range(later):
            after = [Signal(shape, name=f"now_{clock}_{age}") for age in range(design.taps)]
            marks_after = Signal(2, name=f"marks_{clock}")
            m.d.sync += [*(one.eq(other) for one, other in zip(after, now, strict=True)), marks_after.eq(marks)]
            now, marks = after, marks_after
        wide = signed(design.accumulator.width + 4)
        total = Const(0, wide)
        factors = self._factors(m, core, belongs)
        for index, (sample, factor) in enumerate(zip(now, factors, strict=True)):
            partial = Signal(wide, name=f"partial_{index}")
            m.d.comb += partial.eq(total + sample * factor)
            total = partial
        wanted = Signal(layouts.result_layout(design))
        m.d.comb += [wanted.data.eq(finished(design, total)), wanted.first.eq(marks[0]), wanted.last.eq(marks[1])]

        depth = plan.buffer_depth
        queue = Queue(
            m,
            enters=belongs,
            value=wanted,
            valid=core.o.valid,
            ready=self.ready,
            payload=core.o.payload,
            # Slots keep those apart that are accepted before their credits are counted.
            depth=depth - min(plan.cycles - 1, 2),
            latency=core.latency,
            tag=self.tag,
            later=later,
            # A shallow buffer lets no more through at once, and a slot of several clocks takes as many.
            streak=1 if self._depth or plan.cycles > 1 else 3,
        )
        level_before, level_then = Signal.like(queue.level), Signal.like(queue.level)
        m.d.sync += [level_before.eq(queue.level), level_then.eq(level_before)]
        pause = Signal(range(plan.cycles))  # clocks of a slot that are still to come
        m.d.sync += pause.eq(Mux(belongs, plan.cycles - 1, Mux(pause == 0, 0, pause - 1)))
        errors = Signal(ERROR_LAYOUT)
        m.d.sync += [errors.first.eq(accept & opened & self.payload.first), errors.orphan.eq(accept & ~belongs)]
        m.d.comb += [
            Assert(core.i.ready == ((level_then + 2 < depth) & (pause == 0))),
            Assert(core.busy == (opened | (queue.level != 0) | (level_before != 0) | (level_then != 0))),
            Assert(~core.overflow),
            *(Assert(core.errors[name] == errors[name]) for name in ("size", "first", "orphan", "eol")),
        ]
        return m

    def _factors(self, m: Module, core: fir.FIRCore, belongs: Value) -> list[Value]:
        """The coefficient of each tap that belongs to the sample which meets the coefficients now."""
        design = self._design
        if not design.loadable:
            return [Const(weight) for weight in design.weights]
        # A complete set waits for a `first` to come near the multipliers, or for an empty core.
        plan = core.plan
        shape = layouts.shape_of(design.coefficient_format)
        m.submodules.bank = bank = coefficients.CoefficientLoader(plan.coefficients)
        shown = [Signal(shape, name=f"shown_{weight}", init=design.weights[weight]) for weight in plan.coefficients.loaded]
        with m.If(bank.write):
            m.d.sync += Array(shown)[bank.index].eq(bank.data)
        swap, load, begun = Signal(), Signal(), Signal(init=plan.cycles > 1)
        m.d.sync += [swap.eq(belongs & (self.payload.first | (design.swap == "sample"))), begun.eq(1)]
        m.d.comb += bank.swap.eq(swap)
        if plan.cycles > 1:
            m.d.comb += load.eq(bank.load)
        else:
            # A register drives the multipliers, and a pre-adder delays the samples.
            m.d.sync += load.eq(bank.load)
            if plan.pre_added:
                behind = Signal()
                m.d.sync += behind.eq(swap)
                m.d.comb += bank.swap.eq(behind)
        m.d.comb += [
            core.coefficients.valid.eq(self.new_valid),
            core.coefficients.payload.eq(self.new),
            core.restart.eq(self.restart),
            bank.i.valid.eq(self.new_valid & begun),
            bank.i.payload.eq(self.new),
            bank.restart.eq(self.restart),
            bank.idle.eq(~core.busy),
            Assert(core.pending == bank.pending),
            Assert(core.coefficients.ready == (bank.i.ready & begun)),
            Assert(core.errors.coefficients == bank.error),
        ]
        taken = []
        for new, weight in zip(shown, plan.coefficients.loaded, strict=True):
            active = Signal(shape, name=f"active_{weight}", init=design.weights[weight])
            now = Signal(shape, name=f"taken_{weight}")
            m.d.comb += now.eq(Mux(load, new, active))
            m.d.sync += active.eq(now)
            taken.append(now)
        factors: list[Value] = [Const(0)] * design.taps
        for (tap, mirror), value in zip(design.terms, taken, strict=True):
            factors[tap] = value
            if mirror is not None:
                factors[mirror] = -value if plan.arrays[0].mirror_sign < 0 else value
        return factors
