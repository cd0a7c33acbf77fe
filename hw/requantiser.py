"""The output stage: shift with rounding, then the overflow rule."""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design
from convolver.formats import Format, Rounding
from convolver.schedule import Schedule

from .stream import shape_of

__all__ = ["Requantiser"]


def _increment(value: Value, shift: int, rounding: Rounding) -> Value:
    """What is added to ``value >> shift`` to round it, 0 or 1."""
    negative = value[-1] if value.shape().signed else Const(0)
    odd, half, rest = value[shift] if shift < len(value) else negative, value[shift - 1], value[: shift - 1].any()
    match rounding:
        case "floor":
            return Const(0)
        case "half_up":
            return half
        case "half_even":
            return half & (rest | odd)
        case "half_away":
            return half & (rest | ~negative)
        case "toward_zero":
            return negative & (half | rest)


class Requantiser(wiring.Component):
    """Turns exact sums into results: ``o = overflow(round(i / 2**shift))``; one a clock, no stall, latency 0 to 3 clocks.

    Latency: 2 for a rounding other than ``floor``, 1 more if a result can leave the output format and saturates. Nothing is
    rounded twice: the increment is found from all dropped bits at once.

    Parameters
    ----------
    schedule : Schedule
        Gives the accumulator's range, the shift, the rounding, the overflow rule and the output format.

    Ports
    -----
    i : In
        An exact sum.
    o : Out
        The result, `latency` clocks later.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._design: Design = schedule.design
        self._rounds = schedule.clocks_in("rounding") > 0
        self._saturates = schedule.saturates
        self.latency = schedule.clocks_in("rounding", "saturation")
        super().__init__({"i": In(shape_of(self._design.accumulator)), "o": Out(shape_of(self._design.output_format))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        shifted = Format.holding(design.sum_range[0] >> design.shift, design.sum_range[1] >> design.shift)
        exact = Format.holding(*design.result_range)
        output = design.output_format

        value = self.i >> design.shift
        if self._rounds:
            quotient = Signal(shape_of(shifted))
            up = Signal()
            rounded = Signal(shape_of(exact))
            m.d.sync += [
                quotient.eq(value),
                up.eq(_increment(self.i, design.shift, design.rounding)),
                rounded.eq(quotient + up),
            ]
            value = rounded
        if self._saturates:
            clipped = Signal(shape_of(output))
            value = Mux(value > output.max, output.max, Mux(value < output.min, output.min, value))
            m.d.sync += clipped.eq(value)
            value = clipped
        m.d.comb += self.o.eq(value)
        return m
