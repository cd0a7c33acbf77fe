"""What a design costs and what it does, from its description and plan alone: nothing is elaborated or run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .designs import Conv2DDesign, Design, FIRDesign
from .formats import Rounding
from .plan import Family, Plan, lower
from .plan.shell import block_latency
from .plan.stages import Magnitude
from .response import group_delay

__all__ = ["Report", "rounding_error"]


def rounding_error(bits: int, rounding: Rounding) -> tuple[Fraction, Fraction]:
    """Mean and variance of what rounding adds to a result, in LSB and LSB² of the result, where `bits` bits are dropped.

    All values of the dropped bits are taken as equally frequent, and both signs of the results.

    ==================== ================== ========================================
    rounding             mean               variance
    ==================== ================== ========================================
    floor                -(1 - 2**-bits)/2  (1 - 4**-bits)/12
    half_up              2**-(bits + 1)     (1 - 4**-bits)/12
    half_even, half_away 0                  (1 + 2 * 4**-bits)/12
    toward_zero          0                  (1 - 2**-bits) * (2 - 2**-bits)/6
    ==================== ================== ========================================
    """
    if bits == 0:
        return Fraction(0), Fraction(0)
    step = Fraction(1, 1 << bits)
    match rounding:
        case "floor":
            return -(1 - step) / 2, (1 - step**2) / 12
        case "half_up":
            return step / 2, (1 - step**2) / 12
        case "half_even" | "half_away":
            return Fraction(0), (1 + 2 * step**2) / 12
        case "toward_zero":
            return Fraction(0), (1 - step) * (2 - step) / 6


@dataclass(frozen=True)
class Report:
    """The numbers of a design.

    Parameters
    ----------
    design : Design
        With loadable coefficients the costs hold for any set, the response for the set after reset.
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that it is planned for; by default any.
    """

    design: Design
    family: Family | None = None

    @property
    def plan(self) -> Plan:
        """The plan that the core is elaborated from; it states latency and cost."""
        return lower(self.design, self.family)

    @property
    def gain(self) -> Fraction:
        """Gain for a constant input: sum of the coefficients over ``2**shift``; of several kernels the greatest."""
        return max((Fraction(sum(weights), 1 << self.design.shift) for weights in self._kernels), key=abs)

    @property
    def worst_gain(self) -> Fraction:
        """Greatest gain for any input: sum of the coefficients' magnitudes over ``2**shift``; of several kernels the
        greatest."""
        return max(Fraction(sum(map(abs, weights)), 1 << self.design.shift) for weights in self._kernels)

    @property
    def _kernels(self) -> list[Sequence[int]]:
        """The coefficients of each sum."""
        return list(self.design.sums)

    @property
    def rounding_error(self) -> tuple[Fraction, Fraction]:
        """Mean and variance of the rounding's error, in LSB and LSB² of the output; see `rounding_error`."""
        # Bits that no coefficient reaches are zero in every sum.
        unused = min(
            ((weight & -weight).bit_length() - 1 for weight in self.design.weights if weight), default=self.design.shift
        )
        return rounding_error(max(self.design.shift - unused, 0), self.design.rounding)

    def to_dict(self) -> dict[str, Any]:
        """The numbers by name, in plain values; clocks, bits and samples, fractions as float."""
        design, plan = self.design, self.plan
        numbers: dict[str, Any] = {
            "kind": design.kind,
            "family": self.family,
            "latency": plan.latency,
            "block_latency": list(block_latency(plan)),
            "clocks_per_sample": plan.cycles if plan.pixels == 1 else plan.cycles / plan.pixels,
            "multipliers": plan.multipliers,
            "hard_multipliers": plan.hard_multipliers,
            "lanes": self._lanes,
            "memory_bits": plan.memory_bits(),
            "line_buffer_bits": plan.line_buffer.bits,
            "sample_memory_bits": plan.memory_bits("samples"),
            "coefficient_memory_bits": plan.memory_bits("coefficients"),
            "output_buffer_bits": plan.memory_bits("output buffer"),
            "accumulator_width": design.accumulator.width,
            "sum_range": list(design.sum_range),
            "result_range": list(design.result_range),
            "output": str(design.output_format),
            "outputs": design.outputs,
            "gain": float(self.gain),
            "worst_gain": float(self.worst_gain),
            "rounding_mean": float(self.rounding_error[0]),
            "rounding_variance": float(self.rounding_error[1]),
        }
        if design.quantized is not None:
            numbers["quantisation_error"] = design.quantized.error
        if isinstance(design, Conv2DDesign):
            numbers["structure"] = plan.structure
            numbers["frame"] = list(self.frame)
            numbers["frame_clocks"] = plan.timing.frame_clocks(*self.frame)
            numbers["frame_interval"] = plan.timing.frame_interval(*self.frame)
            numbers["pixels_per_clock"], numbers["planes"] = plan.pixels, plan.planes
            numbers["lag_rows"], beats = plan.timing.lag
            numbers["lag_columns"] = beats * plan.pixels
            numbers["flush_clocks"] = plan.timing.flush_clocks(self.frame[1])
        else:
            delay, linear = group_delay(design.coefficients)
            numbers["group_delay"] = None if delay is None else float(delay)
            numbers["linear_phase"] = linear
            if design.specified is not None:
                numbers["ripple_db"] = design.specified.ripple_db
                numbers["attenuation_db"] = design.specified.attenuation_db
        return numbers

    @property
    def frame(self) -> tuple[int, int]:
        """Rows and columns of the largest image of a 2-D design as its core sees it, with all that the host adds."""
        from .host.tiling import frame_of

        assert isinstance(self.design, Conv2DDesign)
        rows, columns = self.design.rows, self.design.columns
        if self.design.mode == "valid":  # the least that gives a result
            rows, columns = max(rows, self.design.kernel_rows), max(columns, self.design.kernel_columns)
        rows, columns = frame_of(self.design, rows, columns)
        return rows, columns

    def lines(self) -> list[tuple[str, str]]:
        """The numbers as pairs of a name and a sentence, for people."""
        design, plan = self.design, self.plan
        low, high = design.sum_range
        result_low, result_high = design.result_range
        constant = "loadable" if design.loadable else "constant"
        of_one_size = "" if isinstance(design, FIRDesign) else " of one size"
        pairs = [
            ("design", self._what()),
            ("input", f"{design.sample}, {design.sample.min} to {design.sample.max}"),
            ("coefficients", f"{len(design.weights)} {constant}, {design.coefficient_format}"),
            *([] if design.quantized is None else [("quantised", str(design.quantized))]),
            ("accumulator", f"{design.accumulator.width} bits, for sums from {low} to {high}"),
            *self._magnitudes(),
            ("output", f"{self._outputs()}, results from {result_low} to {result_high}{self._fate()}"),
            ("rounding", self._rounding()),
            ("gain", f"{_number(self.gain)} for a constant input, {_number(self.worst_gain)} at worst"),
        ]
        if isinstance(design, FIRDesign):
            pairs += self._specified(design)
            pairs.append(("group delay", self._delay(design)))
        pairs += [
            ("latency", f"{plan.latency} clocks from the {self._taken} that completes a result to the result"),
            ("in Verilog", self._block()),
            ("throughput", f"{self._throughput()}, without gaps between frames{of_one_size}"),
            ("a frame", self._frame()),
            *self._structure(),
            ("multipliers", f"{plan.multipliers} for {self._lanes} products a clock{self._blocks()}"),
            ("memory", self._memory()),
        ]
        return pairs

    def _block(self) -> str:
        """Latency of what is around the core in emitted Verilog."""
        least, most = block_latency(self.plan)
        if least == most:
            return f"latency {least}, for a register slice in front"
        return f"latency {least} to {most}, for a register slice in front: the more, the more {self._taken}s wait in it"

    def _throughput(self) -> str:
        plan = self.plan
        if plan.pixels > 1:
            return f"{plan.pixels} pixels in 1 clock, a line in whole clocks"
        return f"1 {self._taken} in {plan.cycles} clock{'s' * (plan.cycles > 1)}"

    @property
    def _taken(self) -> str:
        """What goes in."""
        return "pixel" if isinstance(self.design, Conv2DDesign) else "sample"

    @property
    def _lanes(self) -> int:
        """Multiplications in one clock."""
        return self.plan.multiplications

    def _structure(self) -> list[tuple[str, str]]:
        """What of a kernel's structure is used."""
        plan = self.plan
        if plan.structure == "direct":
            return []
        sums = [len(product.terms) for one in plan.filters for product in one.products]
        shared = f"equal weights share a multiplier, {max(sums)} at most" if max(sums) > 1 else ""
        if not plan.columns:
            return [("structure", shared)]
        separable = f"separable, a column of {plan.columns[0].positions} and a row of {plan.arrays[0].positions}"
        return [("structure", f"{separable}; {shared}" if shared else separable)]

    def _blocks(self) -> str:
        """What wide factors make of it."""
        plan = self.plan
        if plan.hard_multipliers == plan.multipliers:
            return ""
        wide, narrow = plan.target.factors
        return f", made of {plan.hard_multipliers} hard ones of {wide}x{narrow} bits"

    def text(self) -> str:
        """`lines` as aligned text."""
        pairs = self.lines()
        width = max(len(name) for name, _ in pairs) + 2
        return "\n".join(f"{name:<{width}}{value}" for name, value in pairs)

    def _what(self) -> str:
        design = self.design
        if isinstance(design, FIRDesign):
            return f"FIR filter of {design.taps} tap{'s' * (design.taps > 1)}"
        size, count = f"{design.kernel_rows}x{design.kernel_columns}", len(design.kernels)
        kernels = f"{count} kernels of {size} in one pass" if count > 1 else f"a kernel of {size}"
        planes = f", {design.planes} planes side by side" if design.planes > 1 else ""
        stride = ", stride {}x{}".format(*design.stride) if design.stride != (1, 1) else ""
        form = f"{design.operation} with {kernels}, mode {design.mode}{stride}{planes}"
        border = f", boundary {design.boundary}" if design.mode != "valid" else ""
        if design.switchable:
            border = f", boundary switchable, first {design.boundary}"
        fill = f" {design.fill}" if border and design.boundary == "constant" else ""
        host = ", which the host pads" if design.host_pads else ""
        return f"{form}{border}{fill}{host}, images up to {design.rows}x{design.columns}"

    def _magnitudes(self) -> list[tuple[str, str]]:
        """What is made of the sums before the output stage."""
        design = self.design
        if not isinstance(design, Conv2DDesign) or self.plan.find(Magnitude) is None:
            return []
        form = design.stage_input
        greatest = f"{form.width} bits, up to {max(high for _, high in design.stage_ranges)}"
        return [("magnitude", f"the sum of {len(design.kernels)}, {greatest}" if design.combine == "sum_abs" else greatest)]

    def _outputs(self) -> str:
        """Format and number of the results."""
        design = self.design
        return f"{design.outputs} of {design.output_format} a pixel" if design.outputs > 1 else str(design.output_format)

    def _fate(self) -> str:
        """What becomes of results outside the output format, where there are any; or of all, where there is a threshold."""
        if isinstance(self.design, Conv2DDesign) and self.design.threshold is not None:
            return f"; {self.design.output_format.max} above {self.design.threshold}, else 0"
        low, high = self.design.result_range
        output = self.design.output_format
        if low in output and high in output:
            return ", all of which fit"
        return {"saturate": ", saturated", "wrap": ", wrapped"}[self.design.overflow]

    def _rounding(self) -> str:
        design = self.design
        mean, variance = self.rounding_error
        if not variance:
            return "none, results are exact"
        noise = f"noise of {math.sqrt(variance):.3g} LSB rms, variance {float(variance):.4g} LSB²"
        return f"{design.rounding} after {design.shift} bits, {noise}, mean {float(mean):.3g} LSB"

    @staticmethod
    def _specified(design: FIRDesign) -> list[tuple[str, str]]:
        """What the filter was designed for and reaches, where that is known."""
        found = design.specified
        if found is None:
            return []
        low, high = found.passband_gain
        ripple = f"gain {low:.6g} to {high:.6g}, ripple {found.ripple_db:.3g} dB{_asked(found.asked_ripple_db)}"
        pairs = [
            ("made as", f"{found.kind}, {found.bands()}, at {found.fs:g} samples a second{found.idle_taps()}"),
            ("passband", f"{ripple}; {found.ideal_ripple_db:.3g} dB before quantisation"),
        ]
        if found.attenuation_db is not None and found.ideal_attenuation_db is not None:
            reached = f"attenuation {found.attenuation_db:.2f} dB{_asked(found.asked_attenuation_db)}"
            pairs.append(("stopband", f"{reached}; {found.ideal_attenuation_db:.2f} dB before quantisation"))
        return pairs

    def _delay(self, design: FIRDesign) -> str:
        delay, linear = group_delay(design.coefficients)
        if delay is None:
            return "differs by frequency; at frequency zero there is none, as the gain is zero"
        samples = f"{_number(delay)} sample{'s' * (delay != 1)}"
        return f"{samples} at every frequency" if linear else f"{samples} at frequency zero; differs by frequency"

    def _frame(self) -> str:
        design, plan = self.design, self.plan
        if isinstance(design, FIRDesign):
            samples = f"{plan.cycles}N" if plan.cycles > 1 else "N"
            return f"of N samples takes {samples} {plan.timing.frame_clocks(0):+} clocks, {samples} back to back".replace(
                " +", " + "
            )
        rows, columns = self.frame
        alone, interval = plan.timing.frame_clocks(rows, columns), plan.timing.frame_interval(rows, columns)
        lines, _ = plan.timing.lag
        least = design.core_min_rows
        flush = plan.timing.flush_clocks(columns)
        resized = f"; one of another size behind it waits {flush} more" if flush else ""
        short = f"; frames of up to {lines} row{'s' * (lines > 1)} wait for the one before to leave" if least <= lines else ""
        return f"of {rows}x{columns} takes {alone} clocks alone, {interval} back to back{resized}{short}"

    def _memory(self) -> str:
        plan = self.plan
        parts = {
            "line buffer": plan.line_buffer.bits,
            "samples": plan.memory_bits("samples"),
            "coefficients": plan.memory_bits("coefficients"),
            "output buffer": plan.memory_bits("output buffer"),
        }
        told = [f"{name} {bits}" for name, bits in parts.items() if bits]
        total = f"{plan.memory_bits()} bits"
        return f"{total}, the output buffer" if len(told) == 1 else f"{total}: {', '.join(told)}"


def _asked(value: float | None) -> str:
    return "" if value is None else f", {value:g} asked"


def _number(value: Fraction) -> str:
    """An exact integer, or six digits."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"
