"""The panels of kernels: their weights, and what they do to waves across an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..designs import Kernel, Operation
from .drawing import Panel, ink

__all__ = ["KernelPanels"]

MOST_NUMBERS = 49
"""Weights that are written into their cells; more of them have a scale."""

LEAST_WAVES = 129
"""Frequencies a side of a response, or more for larger kernels."""


@dataclass(frozen=True)
class KernelPanels:
    """Draws kernels that stand side by side.

    Parameters
    ----------
    kernels : sequence of Kernel
        Of one size.
    several : bool
        Whether the title speaks of several.
    operation : {"convolve", "correlate"}
        How they meet the pixels.
    shift : int
        Their sums are divided by ``2**shift``.
    of : str
        What they are the kernels of, in the title.
    """

    kernels: Sequence[Kernel]
    several: bool
    operation: Operation
    shift: int
    of: str = ""

    def panels(self) -> list[Panel]:
        """What draws each panel."""
        return [self._draw_weights, self._draw_response]

    def _draw_weights(self, left: Any) -> None:
        kernels = np.array(self.kernels, float)
        # Side by side, with a gap between two of them.
        sheet = np.concatenate([np.pad(kernel, ((0, 0), (0, 1)), constant_values=np.nan) for kernel in kernels], axis=1)[:, :-1]
        reach = max(1.0, float(np.abs(kernels).max()))
        shown = left.imshow(sheet, cmap="RdBu_r", vmin=-reach, vmax=reach)
        left.spines[:].set_visible(False)
        left.set(title=f"kernel{'s' * self.several}{self.of} ({self.operation})", xticks=[], yticks=[])
        if kernels.size <= MOST_NUMBERS:
            for (row, column), weight in np.ndenumerate(sheet):
                if not np.isnan(weight):
                    colour = ink(shown.to_rgba(weight))
                    left.text(column, row, f"{weight:.0f}", ha="center", va="center", fontsize=9, color=colour)
        else:
            left.figure.colorbar(shown, ax=left, label="weight")

    def _draw_response(self, right: Any) -> None:
        kernels = np.array(self.kernels, float)
        size = max(LEAST_WAVES, *kernels.shape[1:])
        responses = np.abs(np.fft.fftshift(np.fft.fft2(kernels / 2.0**self.shift, (size, size)), axes=(1, 2)))
        shown = right.imshow(responses.max(axis=0), extent=(-0.5, 0.5, -0.5, 0.5), cmap="viridis")
        title = "frequency response" + ", the greatest of all kernels" * self.several
        right.set(title=title, xlabel="cycles a column", ylabel="cycles a row")
        right.figure.colorbar(shown, ax=right, label="gain")
