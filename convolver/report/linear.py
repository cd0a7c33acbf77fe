"""What the report of any linear filter says: coefficients, sums, rounding, gain, multipliers."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ..counting import counted
from ..designs import LinearDesign
from ..plan import ArrayPlan
from .base import Line, Report
from .numbers import number
from .rounding import rounding_error

__all__ = ["LinearReport"]


class LinearReport(Report):
    """The report of a linear filter. With loadable coefficients the costs hold for any set, the response for the set after
    reset."""

    design: LinearDesign
    plan: ArrayPlan

    @property
    def gain(self) -> Fraction:
        """Gain for a constant input: sum of the coefficients over ``2**shift``; of several kernels the greatest."""
        return max((Fraction(sum(weights), 1 << self.design.shift) for weights in self.design.sums), key=abs)

    @property
    def worst_gain(self) -> Fraction:
        """Greatest gain for any input: sum of the coefficients' magnitudes over ``2**shift``; of several kernels the
        greatest."""
        return max(Fraction(sum(map(abs, weights)), 1 << self.design.shift) for weights in self.design.sums)

    @property
    def rounding_error(self) -> tuple[Fraction, Fraction]:
        """Mean and variance of the rounding's error, in LSB and LSB² of the output; see `rounding_error`."""
        # Bits that no coefficient reaches are zero in every sum.
        unused = min(
            ((weight & -weight).bit_length() - 1 for weight in self.design.weights if weight), default=self.design.shift
        )
        return rounding_error(max(self.design.shift - unused, 0), self.design.rounding)

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        design = self.design
        mean, variance = self.rounding_error
        yield "accumulator_width", design.accumulator.width
        yield "sum_range", list(design.sum_range)
        yield "result_range", list(design.result_range)
        yield "gain", float(self.gain)
        yield "worst_gain", float(self.worst_gain)
        yield "rounding_mean", float(mean)
        yield "rounding_variance", float(variance)
        if design.quantized is not None:
            yield "quantisation_error", design.quantized.error

    def values(self) -> Iterator[Line]:
        design = self.design
        low, high = design.sum_range
        result_low, result_high = design.result_range
        yield "coefficients", f"{len(design.weights)} {design.origin}, {design.coefficient_format}"
        if design.quantized is not None:
            yield "quantised", str(design.quantized)
        yield "accumulator", f"{counted(design.accumulator.width, 'bit')}, for sums from {low} to {high}"
        yield from self.magnitudes()
        yield "output", f"{design.results}, results from {result_low} to {result_high}{self._fate()}"
        yield "rounding", self._rounding()
        yield "gain", f"{number(self.gain)} for a constant input, {number(self.worst_gain)} at worst"

    def magnitudes(self) -> Iterator[Line]:
        """What is made of the sums before the output stage."""
        return iter(())

    def _fate(self) -> str:
        """What becomes of results outside the output format, where there are any; or of all, where there is a threshold."""
        low, high = self.design.result_range
        output = self.design.output_format
        told = "".join(stage.fate for stage in self.plan.stages)
        return told or (", all of which fit" if low in output and high in output else ", wrapped")

    def _rounding(self) -> str:
        design = self.design
        mean, variance = self.rounding_error
        if not variance:
            return "none, results are exact"
        noise = f"noise of {math.sqrt(variance):.3g} LSB rms, variance {float(variance):.4g} LSB²"
        return f"{design.rounding} after {counted(design.shift, 'bit')}, {noise}, mean {float(mean):.3g} LSB"

    def cost(self) -> Iterator[Line]:
        plan = self.plan
        yield from self._structure()
        yield "multipliers", f"{plan.multipliers} for {counted(plan.multiplications, 'product')} a clock{self._blocks()}"

    def _structure(self) -> Iterator[Line]:
        """What of a kernel's structure is used."""
        plan = self.plan
        sides = list(zip(plan.column_filters, plan.arrays, strict=False))[:1]
        told = [f"separable, a column of {column.positions} and a row of {row.positions}" for column, row in sides]
        if (most := max(one.sharing for one in plan.filters)) > 1:
            told.append(f"equal weights share a multiplier, {most} at most")
        if told:
            yield "structure", "; ".join(told)

    def _blocks(self) -> str:
        """What wide factors make of it."""
        plan = self.plan
        if plan.hard_multipliers == plan.multipliers:
            return ""
        wide, narrow = plan.target.factors
        return f", made of {plan.hard_multipliers} hard ones of {wide}x{narrow} bits"
