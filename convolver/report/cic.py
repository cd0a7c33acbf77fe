"""The report of a CIC filter."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ..designs import CICDesign
from ..plan.cic import CICPlan
from ..response import group_delay
from .base import Line, Report
from .numbers import counted, number, plain
from .rates import told_frame, told_rate, told_rate_delay
from .rounding import rounding_error

__all__ = ["CICReport"]


class CICReport(Report):
    """What a CIC filter costs and does: its gain as an integer, the bits of each section, and what pruning adds."""

    design: CICDesign
    plan: CICPlan

    @property
    def gain(self) -> Fraction:
        """Gain for a constant input, the greatest of any; behind the shift."""
        return Fraction(self.design.gain, 1 << self.design.shift)

    @property
    def rounding_error(self) -> tuple[Fraction, Fraction]:
        """Mean and variance of the rounding's error, in LSB and LSB² of the output; see `rounding_error`."""
        return rounding_error(max(self.design.shift - self.design.pruning[-1], 0), self.design.rounding)

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        design = self.design
        delay, linear = group_delay(design.coefficients)
        mean, variance = self.rounding_error
        pruning_mean, pruning_variance = design.noise
        yield "up", design.up
        yield "down", design.down
        yield "clocks_per_sample", plain(Fraction(design.change, design.down))
        yield "clocks_per_result", plain(Fraction(design.change, design.up))
        yield "integer_gain", design.gain
        yield "gain", float(self.gain)
        yield "loaded_rates", list(design.limits)
        yield "accumulator_width", design.accumulator.width
        yield "section_widths", [section.width for section in design.sections]
        yield "adder_bits", self.plan.adder_bits
        yield "pruned_bits", list(design.pruning)
        yield "pruning_mean", pruning_mean
        yield "pruning_variance", pruning_variance
        yield "rounding_mean", float(mean)
        yield "rounding_variance", float(variance)
        yield "group_delay", None if delay is None else float(delay / design.up)
        yield "linear_phase", linear

    def what(self) -> str:
        design = self.design
        made = f"{counted(design.up, 'result')} for {counted(design.down, 'sample')}"
        sections = f"{counted(design.stages, 'integrator')} and as many combs of delay {design.delay}"
        return f"CIC filter, rate times {design.rate}, {made}, {sections}"

    def values(self) -> Iterator[Line]:
        design = self.design
        low, high = design.sum_range
        result_low, result_high = design.result_range
        base = design.direction.told_gain(f"({design.change} * {design.delay})^{design.stages}", design.change)
        yield "integer gain", f"{design.gain} = {base}, {math.log2(design.gain):.4g} bit{'s' * (design.gain != 2)}"
        widths = ", ".join(f"{section.width}" for section in design.sections)
        yield "sections", f"of {widths} bits, for sums from {low} to {high}"
        yield from design.losses.told()
        fate = "".join(stage.fate for stage in self.plan.stages)
        fits = result_low in design.output_format and result_high in design.output_format
        fate = fate or (", all of which fit" if fits else ", wrapped")
        yield "output", f"{design.output_format}, results from {result_low} to {result_high}{fate}"
        yield "rounding", self._rounding()
        yield "gain", f"{number(self.gain)} for a constant input, the greatest of any"
        told = f"1 to {design.change} can be loaded, each with a shift of at most {design.shift}"
        yield from design.source.where_loaded([("loaded rate", f"{told}: [rate, shift], between two frames")])
        yield "group delay", told_rate_delay(design.coefficients, design.rate)

    def _rounding(self) -> str:
        mean, variance = self.rounding_error
        if not variance:
            return self.design.losses.told_exact
        noise = f"noise of {math.sqrt(variance):.3g} LSB rms, variance {float(variance):.4g} LSB²"
        return f"{self.design.rounding} after {counted(self.design.shift, 'bit')}, {noise}, mean {float(mean):.3g} LSB"

    def _throughput(self) -> str:
        return told_rate(self.design.rate, self.design.change)

    def frame_clocks(self) -> str:
        return told_frame(self.plan)

    def cost(self) -> Iterator[Line]:
        yield "adders", f"{2 * self.design.stages} of {self.plan.adder_bits} bits in all"
        yield "multipliers", "none"
