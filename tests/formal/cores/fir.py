"""The FIR core's specification."""

from amaranth.hdl import Array, Assert, Cat, Const, Module, Mux, Signal, Value, ValueLike, signed
from amaranth.lib.wiring import In
from formal.cores.shared import finished
from formal.cores.signal_core import SignalCoreSpec

from convolver.designs import FIRDesign
from convolver.hw.cores import fir
from convolver.hw.mac import coefficients
from convolver.hw.mac.coefficients import coefficient_layout
from convolver.hw.stream import layouts
from convolver.plan import TargetLike
from convolver.shell import Shell

__all__ = ["FIRCoreSpec"]


class FIRCoreSpec(SignalCoreSpec):
    """A whole FIR core: the result is computed from the last samples as they were accepted.

    They begin with silence at each `first`, or, of a continuous design, at one behind a reset or `silence`. Loaded coefficients
    change between two frames only, or, if the design says so, between any two samples. It is planned for `target`, by default
    any device, and stands in `shell`, by default the full one.
    """

    def __init__(
        self, design: FIRDesign, depth: int | None = None, target: TargetLike = None, shell: Shell | None = None
    ) -> None:
        self._target, self._shell = target, shell
        ports = {}
        if design.loadable:
            ports |= {"new_valid": In(1), "new": In(coefficient_layout(design.coefficient_format)), "restart": In(1)}
        if design.continuous:
            ports["silence"] = In(1)
        super().__init__(design, depth, ports)

    def _core(self) -> fir.FIRCore:
        return fir.FIRCore(self._design, self._target, self._shell)

    def _wanted(self, m: Module, core: fir.FIRCore, belongs: Value) -> tuple[ValueLike, int]:
        design = self._design
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
        now = self._last_samples(m, belongs, design.taps, clear, 0)
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
        return wanted, later

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
