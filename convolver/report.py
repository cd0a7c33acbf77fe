"""What a design costs and what it does, from its description and schedule alone: nothing is elaborated or run."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from .designs import Conv2DDesign, FIRDesign
from .errors import FileError, ToolError
from .response import group_delay
from .schedule import Schedule

__all__ = ["Report", "group_delay", "plot"]


@dataclass(frozen=True)
class Report:
    """The numbers of a design.

    Parameters
    ----------
    design : FIRDesign or Conv2DDesign
        With loadable coefficients the costs hold for any set, the response for the set after reset.
    """

    design: FIRDesign | Conv2DDesign

    @property
    def schedule(self) -> Schedule:
        """The plan that the core is elaborated from; it states latency and cost."""
        return Schedule(self.design)

    @property
    def gain(self) -> Fraction:
        """Gain for a constant input: sum of the coefficients over ``2**shift``."""
        return Fraction(sum(self.design.weights), 1 << self.design.shift)

    @property
    def worst_gain(self) -> Fraction:
        """Greatest gain for any input: sum of the coefficients' magnitudes over ``2**shift``."""
        return Fraction(sum(map(abs, self.design.weights)), 1 << self.design.shift)

    def to_dict(self) -> dict[str, Any]:
        """The numbers by name, in plain values; clocks, bits and samples, fractions as float."""
        design, schedule = self.design, self.schedule
        numbers: dict[str, Any] = {
            "kind": design.kind,
            "latency": schedule.latency,
            "clocks_per_sample": schedule.clocks,
            "multipliers": schedule.multipliers,
            "lanes": schedule.lanes,
            "memory_bits": schedule.memory_bits,
            "line_buffer_bits": schedule.line_buffer_bits,
            "output_buffer_bits": schedule.output_buffer_bits,
            "accumulator_width": design.accumulator.width,
            "sum_range": list(design.sum_range),
            "result_range": list(design.result_range),
            "output": str(design.output_format),
            "gain": float(self.gain),
            "worst_gain": float(self.worst_gain),
        }
        if isinstance(design, Conv2DDesign):
            numbers["frame_clocks"] = schedule.frame_clocks(design.rows, design.columns)
            numbers["lag_rows"], numbers["lag_columns"] = schedule.lag
        else:
            delay, linear = group_delay(design.coefficients)
            numbers["group_delay"] = None if delay is None else float(delay)
            numbers["linear_phase"] = linear
        return numbers

    def lines(self) -> list[tuple[str, str]]:
        """The numbers as pairs of a name and a sentence, for people."""
        design, schedule = self.design, self.schedule
        low, high = design.sum_range
        result_low, result_high = design.result_range
        constant = "loadable" if design.loadable else "constant"
        pairs = [
            ("design", self._what()),
            ("input", f"{design.sample}, {design.sample.min} to {design.sample.max}"),
            ("coefficients", f"{len(design.weights)} {constant}, {design.coefficient_format}"),
            ("accumulator", f"{design.accumulator.width} bits, for sums from {low} to {high}"),
            ("output", f"{design.output_format}, results from {result_low} to {result_high}{self._fate()}"),
            ("gain", f"{_number(self.gain)} for a constant input, {_number(self.worst_gain)} at worst"),
        ]
        if isinstance(design, FIRDesign):
            pairs.append(("group delay", self._delay(design)))
        pairs += [
            ("latency", f"{schedule.latency} clocks from the sample that completes a result to the result"),
            ("throughput", f"1 sample in {schedule.clocks} clock{'s' * (schedule.clocks > 1)}, without gaps between frames"),
            ("a frame", self._frame()),
            ("multipliers", f"{schedule.multipliers} for {schedule.lanes} products a clock"),
            ("memory", self._memory()),
        ]
        return pairs

    def text(self) -> str:
        """`lines` as aligned text."""
        pairs = self.lines()
        width = max(len(name) for name, _ in pairs) + 2
        return "\n".join(f"{name:<{width}}{value}" for name, value in pairs)

    def _what(self) -> str:
        design = self.design
        if isinstance(design, FIRDesign):
            return f"FIR filter of {design.taps} tap{'s' * (design.taps > 1)}"
        form = f"{design.operation} with a kernel of {design.kernel_rows}x{design.kernel_columns}, mode {design.mode}"
        border = f", boundary {design.boundary}" if design.mode != "valid" else ""
        fill = f" {design.fill}" if border and design.boundary == "constant" else ""
        host = ", which the host pads" if design.host_pads else ""
        return f"{form}{border}{fill}{host}, images up to {design.rows}x{design.columns}"

    def _fate(self) -> str:
        """What becomes of results outside the output format, where there are any."""
        low, high = self.design.result_range
        output = self.design.output_format
        if low in output and high in output:
            return ", all of which fit"
        return {"saturate": ", saturated", "wrap": ", wrapped"}[self.design.overflow]

    def _delay(self, design: FIRDesign) -> str:
        delay, linear = group_delay(design.coefficients)
        if delay is None:
            return "differs by frequency; at frequency zero there is none, as the gain is zero"
        samples = f"{_number(delay)} sample{'s' * (delay != 1)}"
        return f"{samples} at every frequency" if linear else f"{samples} at frequency zero; differs by frequency"

    def _frame(self) -> str:
        design, schedule = self.design, self.schedule
        if isinstance(design, FIRDesign):
            return f"of N samples takes N + {schedule.frame_clocks(0)} clocks, N back to back"
        rows, columns = _core_frame(design)
        alone = schedule.frame_clocks(rows, columns)
        return f"of {rows}x{columns} takes {alone} clocks alone, {rows * columns} back to back"

    def _memory(self) -> str:
        schedule = self.schedule
        total = f"{schedule.memory_bits} bits"
        if not schedule.line_buffer_bits:
            return f"{total}, the output buffer"
        return f"{total}: line buffer {schedule.line_buffer_bits}, output buffer {schedule.output_buffer_bits}"


def _core_frame(design: Conv2DDesign) -> tuple[int, int]:
    """Rows and columns of the largest frame as the core sees it, the host's padding included."""
    if not design.host_pads:
        return design.rows, design.columns
    (above, below), (left, right) = design.host_margins
    return design.rows + above + below, design.columns + left + right


def _number(value: Fraction) -> str:
    """An exact integer, or six digits."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"


def plot(design: FIRDesign | Conv2DDesign, path: str | os.PathLike[str]) -> None:
    """Draws a FIR filter's taps and frequency response, or a kernel and its 2-D response, into a picture file.

    Raises
    ------
    ToolError
        If matplotlib isn't installed.
    FileError
        If the file can't be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ToolError("A plot needs matplotlib, which isn't installed; pip install 'convolver[demo]'") from None
    path = Path(path)
    figure = Figure(figsize=(9, 3.6), dpi=100, layout="constrained")
    left, right = figure.subplots(1, 2)
    if isinstance(design, FIRDesign):
        _draw_fir(design, left, right)
    else:
        _draw_kernel(design, left, right)
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise FileError(f"Plot {path} can't be written: {str(error).splitlines()[0]}") from None


def _draw_fir(design: FIRDesign, left: Any, right: Any) -> None:
    scaled = np.array(design.coefficients, float) / 2.0**design.shift
    left.stem(scaled, basefmt=" ", markerfmt=".")
    left.set(title="impulse response", xlabel="sample", ylabel="gain")
    magnitude = np.abs(np.fft.rfft(scaled, 4096))
    # A zero of the response has no decibels; a floor far below any quantised filter's keeps it on the page.
    decibels = 20 * np.log10(np.maximum(magnitude, 1e-9))
    right.plot(np.linspace(0, 0.5, len(decibels)), decibels)
    right.set(title="frequency response", xlabel="cycles a sample", ylabel="dB", ylim=(max(-120, decibels.min() - 5), None))
    right.grid(True, alpha=0.3)


def _draw_kernel(design: Conv2DDesign, left: Any, right: Any) -> None:
    kernel = np.array(design.kernel, float)
    reach = max(1.0, float(np.abs(kernel).max()))
    left.imshow(kernel, cmap="RdBu_r", vmin=-reach, vmax=reach)
    left.set(title=f"kernel ({design.operation})", xticks=[], yticks=[])
    if kernel.size <= 49:
        for (row, column), weight in np.ndenumerate(kernel):
            left.text(column, row, f"{weight:.0f}", ha="center", va="center", fontsize=8)
    response = np.abs(np.fft.fftshift(np.fft.fft2(kernel / 2.0**design.shift, (129, 129))))
    shown = right.imshow(response, extent=(-0.5, 0.5, -0.5, 0.5), cmap="viridis")
    right.set(title="frequency response", xlabel="cycles a column", ylabel="cycles a row")
    right.figure.colorbar(shown, ax=right, label="gain")
