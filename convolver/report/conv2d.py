"""The report of a 2-D convolution."""

from collections.abc import Iterator
from typing import Any, ClassVar

from ..designs import Conv2DDesign
from .base import Line
from .linear import LinearReport

__all__ = ["Conv2DReport"]


class Conv2DReport(LinearReport):
    """What a 2-D convolution costs and does: also what its largest image takes."""

    design: Conv2DDesign

    gaps: ClassVar[str] = "without gaps between frames of one size"

    @property
    def frame(self) -> tuple[int, int]:
        """Rows and columns of the largest image as the core sees it, with all that the host adds."""
        from ..host.tiling import frame_of

        sizes = self.design.rows, self.design.columns
        rows, columns = frame_of(self.design, *map(max, sizes, self.design.least_shape))  # the least that gives a result
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
        planes = "".join(f", {planes} planes side by side" for planes in design.sample_axes)
        form = f"{design.operation} with {kernels}, mode {design.mode}{design.spacing.note}{planes}"
        return f"{form}{design.border}, images up to {design.rows}x{design.columns}"

    def magnitudes(self) -> Iterator[Line]:
        design = self.design
        greatest = f"{design.stage_input.width} bits, up to {max(high for _, high in design.stage_ranges)}"
        yield from (("magnitude", stage.told(greatest)) for stage in self.plan.behind if stage.told(greatest))

    def frame_clocks(self) -> str:
        design, plan = self.design, self.plan
        rows, columns = self.frame
        alone, interval = plan.timing.frame_clocks(rows, columns), plan.timing.frame_interval(rows, columns)
        lines, _ = plan.timing.lag
        flush = plan.timing.flush_clocks(columns)
        resized = f"; one of another size behind it waits {flush} more" if flush else ""
        waits = f"frames of up to {lines} row{'s' * (lines > 1)} wait for the one before to leave"
        short = f"; {waits}" if design.frame_axes[0].least <= lines else ""
        return f"of {rows}x{columns} takes {alone} clocks alone, {interval} back to back{resized}{short}"
