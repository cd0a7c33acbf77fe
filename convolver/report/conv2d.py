"""The report of a 2-D convolution."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from ..designs import Conv2DDesign
from ..plan.stages import Magnitude
from .base import Line
from .linear import LinearReport

__all__ = ["Conv2DReport"]


@dataclass(frozen=True)
class Conv2DReport(LinearReport):
    """What a 2-D convolution costs and does: also what its largest image takes."""

    design: Conv2DDesign

    gaps: ClassVar[str] = "without gaps between frames of one size"

    @property
    def frame(self) -> tuple[int, int]:
        """Rows and columns of the largest image as the core sees it, with all that the host adds."""
        from ..host.tiling import frame_of

        rows, columns = self.design.rows, self.design.columns
        if self.design.mode == "valid":  # the least that gives a result
            rows, columns = max(rows, self.design.kernel_rows), max(columns, self.design.kernel_columns)
        rows, columns = frame_of(self.design, rows, columns)
        return rows, columns

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield from super().own_numbers()
        plan, (rows, columns) = self.plan, self.frame
        lines, beats = plan.timing.lag
        yield "structure", plan.structure
        yield "frame", [rows, columns]
        yield "frame_clocks", plan.timing.frame_clocks(rows, columns)
        yield "frame_interval", plan.timing.frame_interval(rows, columns)
        yield "pixels_per_clock", plan.pixels
        yield "planes", plan.planes
        yield "lag_rows", lines
        yield "lag_columns", beats * plan.pixels
        yield "flush_clocks", plan.timing.flush_clocks(columns)

    def what(self) -> str:
        design = self.design
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

    def magnitudes(self) -> Iterator[Line]:
        design = self.design
        if self.plan.find(Magnitude) is None:
            return
        form = design.stage_input
        greatest = f"{form.width} bits, up to {max(high for _, high in design.stage_ranges)}"
        yield "magnitude", f"the sum of {len(design.kernels)}, {greatest}" if design.combine == "sum_abs" else greatest

    def frame_clocks(self) -> str:
        design, plan = self.design, self.plan
        rows, columns = self.frame
        alone, interval = plan.timing.frame_clocks(rows, columns), plan.timing.frame_interval(rows, columns)
        lines, _ = plan.timing.lag
        flush = plan.timing.flush_clocks(columns)
        resized = f"; one of another size behind it waits {flush} more" if flush else ""
        waits = f"frames of up to {lines} row{'s' * (lines > 1)} wait for the one before to leave"
        short = f"; {waits}" if design.core_min_rows <= lines else ""
        return f"of {rows}x{columns} takes {alone} clocks alone, {interval} back to back{resized}{short}"
