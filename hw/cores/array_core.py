"""The part of a core behind the feeder: array, coefficients, output stage, output buffer."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.plan import stages
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.array_stages import PreAdd

from ..mac.array_block import array_block
from ..mac.array_ports import taken_along
from ..mac.coefficients import source_of
from ..output.magnitude import Magnitude
from ..output.requantiser import Requantiser
from ..stream.delay import Delay
from ..stream.layouts import marks_of, shape_of
from ..stream.sideband import Sideband, SidebandDelay, result_sideband
from .core import output_of
from .loading import loading_of

__all__ = ["ArrayCore", "operand_sideband"]


def operand_sideband(plan: ArrayPlan) -> Sideband:
    """The operands from a feeder to the arrays of a plan.

    valid : the samples are those of the last cycle of a slot that gives a result.
    marks : with `valid`, the result's marks, those of `marks_of`.
    samples : an array of one sample a lane, copy by copy.
    mirrors : an array of each lane's second sample, 0 where there is none.
    phase, start : only in slots of several cycles: the phase of the slot, two cycles ahead of its samples; with the
        samples, that the cycle is the slot's first.
    """
    return Sideband(
        marks=Out(data.StructLayout(marks_of(plan.design))),
        samples=Out(shape_of(plan.lane_input)).array(plan.copies * plan.lanes),
        mirrors=Out(shape_of(plan.design.sample)).array(plan.lanes),
        phase=Out(range(plan.coefficients.cycles)),
        start=Out(1),
    )


class ArrayCore(wiring.Component):
    """Computes the stream of results from the samples of each lane: one result a slot, of one pixel or several, full
    back-pressure at `o`.

    Latency from `i.valid` to `o.valid`: that of the plan's stages behind the feeder. Nothing in between can stall.
    Start a slot that gives a result only while `available` is high, and `claim` a credit for it.

    Parameters
    ----------
    plan : ArrayPlan
        If it has several arrays, all of them work on the same window, and their results leave together. With several
        samples a cycle (`Plan.copies`) each sample has its own arrays, and all share the coefficients.
    result : data.StructLayout
        Payload of the results: `data` and the marks.

    Ports
    -----
    i : In
        See `operand_sideband`.
    swap : In
        Only with loadable coefficients: a pending set may replace the active one. High one cycle ahead of a frame's
        first samples (three in slots of several cycles).
    claim, available, spent, idle : In, Out, Out, Out
        See `OutputBuffer`.
    o : stream of `result`
    coefficients : stream of `coefficient_layout`, restart : In, pending : Out, coefficient_error : Out, open : In
        If coefficients are loadable: see `CoefficientLoader`. `open` is high while a frame is in the feeder.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    def __init__(self, plan: ArrayPlan, result: data.StructLayout) -> None:
        design = plan.design
        self._plan = plan
        self._result = result
        ports = {
            "i": In(operand_sideband(plan)),
            "swap": In(1),
            "claim": In(1),
            "available": Out(1),
            "spent": Out(1),
            "idle": Out(1),
            "o": Out(stream.Signature(result)),
            "overflow": Out(1),
        }
        self._loading = loading_of(design)
        super().__init__(ports | self._loading.array_ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self._plan
        planned, firsts = plan.arrays * plan.copies, plan.first_lanes * plan.copies
        several = len(planned) > 1
        arrays = [array_block(array) for array in planned]
        requantisers = [Requantiser(plan, reach) for reach in plan.design.stage_ranges * plan.copies]
        m.submodules.buffer = buffer = output_of(plan, self._result)
        late = plan.cycles_in(PreAdd)
        longest = max(array.latency for array in arrays)
        latency = longest + plan.cycles_in(stages.Magnitude) + requantisers[0].latency
        m.submodules.beside = beside = SidebandDelay(result_sideband(plan.design), latency)
        result = Signal(self._result)
        width = plan.design.output_format.width

        sums: list[Value] = []
        for number, (array, its_plan, first) in enumerate(zip(arrays, planned, firsts, strict=True)):
            m.submodules[f"array_{number}" if several else "array"] = array
            copy = number // len(plan.arrays) * plan.lanes
            for lane in range(its_plan.lanes):
                m.d.comb += array.samples[lane].eq(self.i.samples[copy + first + lane])
                m.d.comb += array.mirrors[lane].eq(self.i.mirrors[first + lane])
            sums.append(array.sum)
            if early := longest - array.latency:
                # Arrays with fewer or narrower lanes have a shorter latency: their sums are delayed.
                m.submodules[f"wait_{number}"] = wait = Delay(array.sum.shape(), early)
                m.d.comb += wait.i.eq(array.sum)
                sums[-1] = wait.o
        magnitudes = self._magnitudes(m, sums)
        for number, (requantiser, value) in enumerate(zip(requantisers, magnitudes, strict=True)):
            m.submodules[f"requantiser_{number}" if len(requantisers) > 1 else "requantiser"] = requantiser
            output = Value.cast(result.data).word_select(number, width)
            m.d.comb += [requantiser.i.eq(value), output.eq(requantiser.o)]
        m.d.comb += [
            beside.i.valid.eq(self.i.valid),
            beside.i.marks.eq(self.i.marks),
            *(result[name].eq(beside.o.marks[name]) for name in marks_of(plan.design)),
            buffer.write.eq(beside.o.valid),
            buffer.data.eq(result),
            buffer.claim.eq(self.claim),
            self.available.eq(buffer.available),
            self.spent.eq(buffer.spent),
            self.idle.eq(buffer.idle),
            self.overflow.eq(buffer.overflow),
        ]
        wiring.connect(m, buffer.o, wiring.flipped(self.o))

        # Pre-adders delay the operands: start, swap and coefficients are delayed equally.
        m.submodules.bank = bank = source_of(plan.coefficients)
        m.submodules.start = start = Delay(1, late)
        m.submodules.swap = swap = Delay(1, late if bank.held else 0)
        handed_out = data.ArrayLayout(shape_of(plan.coefficients.format), plan.lanes)
        m.submodules.handed_out = coefficients = Delay(handed_out, 0 if bank.held else late)
        m.d.comb += [
            start.i.eq(self.i.start),
            swap.i.eq(self.swap),
            bank.phase.eq(self.i.phase),
            bank.swap.eq(swap.o),
            *(coefficients.i[lane].eq(coefficient) for lane, coefficient in enumerate(bank.coefficients)),
        ]
        for array, its_plan, first in zip(arrays, planned, firsts, strict=True):
            m.d.comb += [array.start.eq(start.o), array.load.eq(bank.load)]
            m.d.comb += [array.coefficients[lane].eq(coefficients.o[first + lane]) for lane in range(its_plan.lanes)]
            m.d.comb += [getattr(array, name).eq(getattr(self.i, name)) for name in taken_along(its_plan)]
        self._loading.connect_array(m, self, bank)
        return m

    def _magnitudes(self, m: Module, sums: list[Value]) -> list[Value]:
        """The inputs of the output stage, copy by copy."""
        plan = self._plan
        kernels, found = len(plan.arrays), []
        for copy in range(plan.copies):
            name = f"magnitude_{copy}" if plan.copies > 1 else "magnitude"
            m.submodules[name] = magnitude = Magnitude(plan)
            own = sums[copy * kernels : (copy + 1) * kernels]
            m.d.comb += [getattr(magnitude, f"i_{number}").eq(value) for number, value in enumerate(own)]
            found += [getattr(magnitude, f"o_{number}") for number in range(plan.design.outputs)]
        return found
