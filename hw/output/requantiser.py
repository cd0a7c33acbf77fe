"""The output stage: shift with rounding, then the overflow rule."""

from amaranth.hdl import Cat, Const, Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format, Rounding, round_shift
from convolver.plan import stages
from convolver.plan.array_plan import ArrayPlan

from ..stream.data_register import DataRegister
from ..stream.layouts import shape_of

__all__ = ["Requantiser", "saturated"]


def saturated(value: Value, output: Format) -> Value:
    """A number, limited to the range of the output format. The limits are powers of two: the bits above them tell
    whether the number is outside, without the carry chain of a comparison."""
    signed = value.shape().signed
    negative = value[-1] if signed else Const(0)
    limit, top = output.width - output.signed, len(value) - signed
    above = value[limit:top] if top > limit else Const(0, 0)
    outside = ~above.all() if output.signed else Const(1)
    return Mux(above.any() & ~negative, output.max, Mux(outside & negative, output.min, value))


def _increment(value: Value, shift: int, rounding: Rounding) -> Value:
    """The increment of ``value >> shift`` that rounds it: 0 or 1."""
    negative = value[-1] if value.shape().signed else Const(0)
    # With several kernels, the sums of one may have fewer bits than the common shift.
    bits = Cat(value, negative.replicate(max(shift + 1 - len(value), 0)))
    odd, half, sticky = bits[shift], bits[shift - 1], bits[: shift - 1].any()
    match rounding:
        case "floor":
            return Const(0)
        case "half_up":
            return half
        case "half_even":
            return half & (sticky | odd)
        case "half_away":
            return half & (sticky | ~negative)
        case "toward_zero":
            return negative & (half | sticky)


class Requantiser(wiring.Component):
    """Requantises exact sums: ``o = overflow(round(i / 2**shift))``; one a cycle, no stall, latency 0 to 3 cycles.

    Latency: 2 for a rounding other than ``floor``, else 0; 1 more for saturation, if a result can leave the output
    format, or for a threshold. With a threshold ``o`` is `output.max` where ``round(i / 2**shift)`` exceeds it, else 0.
    Nothing is rounded twice: the increment is computed from all dropped bits at once.

    Parameters
    ----------
    plan : ArrayPlan
        Gives the shift, the rounding, the overflow rule, the output format and the threshold.
    reach : (int, int), optional
        The least and the greatest input; by default `design.stage_ranges` of a design with one output.

    Ports
    -----
    i : In
        Input of the output stage: an exact sum.
    o : Out
        The result, `latency` cycles later.
    """

    makes = (
        stages.Shift,
        stages.Round,
        stages.Saturate,
        stages.Threshold,
    )

    def __init__(self, plan: ArrayPlan, reach: tuple[int, int] | None = None) -> None:
        self._design = plan.design
        self._reach = self._design.stage_ranges[0] if reach is None else reach
        self._stages = [stage for stage in plan.stages if isinstance(stage, self.makes)]
        self.latency = stages.cycles_of(self._stages)
        super().__init__({"i": In(shape_of(Format.holding(*self._reach))), "o": Out(shape_of(self._design.output_format))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        low, high = self._reach
        shifted = Format.holding(low >> design.shift, high >> design.shift)
        exact = Format.holding(*(round_shift(end, design.shift, design.rounding) for end in self._reach))
        output = design.output_format

        value: Value = self.i
        for stage in self._stages:
            match stage:
                case stages.Round():
                    quotient = DataRegister(shape_of(shifted))
                    up = DataRegister()
                    rounded = DataRegister(shape_of(exact))
                    m.d.sync += [
                        quotient.eq(value >> stage.shift),
                        up.eq(_increment(value, stage.shift, stage.rounding)),
                        rounded.eq(quotient + up),
                    ]
                    value = rounded
                case stages.Shift():
                    value = value >> stage.shift
                case stages.Threshold():
                    above = DataRegister()
                    m.d.sync += above.eq(value > stage.level)
                    value = Mux(above, output.max, 0)
                case stages.Saturate():
                    clipped = DataRegister(shape_of(output))
                    m.d.sync += clipped.eq(saturated(value, output))
                    value = clipped
        m.d.comb += self.o.eq(value)
        return m
