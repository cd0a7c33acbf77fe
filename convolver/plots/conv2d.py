"""The plot of a 2-D convolution: its kernels, and their frequency response."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..designs import Conv2DDesign
from ..progress import Advance
from .drawing import Measured, Panel, ink

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["measured", "panels"]


def panels(design: Conv2DDesign, _measured: Measured) -> list[Panel]:
    """What draws each panel."""
    return [partial(_draw_kernel, design), partial(_draw_response, design)]


def measured(_opened: Callable[[], "Device"], _advance: Advance) -> Measured:
    """Nothing: the response is that of the kernels."""
    return None


def _draw_kernel(design: Conv2DDesign, left: Any) -> None:
    kernels = np.array(design.kernels, float)
    # Side by side, with a gap between two of them.
    sheet = np.concatenate([np.pad(kernel, ((0, 0), (0, 1)), constant_values=np.nan) for kernel in kernels], axis=1)[:, :-1]
    reach = max(1.0, float(np.abs(kernels).max()))
    shown = left.imshow(sheet, cmap="RdBu_r", vmin=-reach, vmax=reach)
    left.spines[:].set_visible(False)
    left.set(title=f"kernel{'s' * len(design.kernel_axes)} ({design.operation})", xticks=[], yticks=[])
    if kernels.size <= 49:
        for (row, column), weight in np.ndenumerate(sheet):
            if not np.isnan(weight):
                colour = ink(shown.to_rgba(weight))
                left.text(column, row, f"{weight:.0f}", ha="center", va="center", fontsize=9, color=colour)
    else:
        left.figure.colorbar(shown, ax=left, label="weight")


def _draw_response(design: Conv2DDesign, right: Any) -> None:
    kernels = np.array(design.kernels, float)
    responses = np.abs(np.fft.fftshift(np.fft.fft2(kernels / 2.0**design.shift, (129, 129)), axes=(1, 2)))
    shown = right.imshow(responses.max(axis=0), extent=(-0.5, 0.5, -0.5, 0.5), cmap="viridis")
    title = ", ".join(["frequency response", *("the greatest of all kernels" for _ in design.kernel_axes)])
    right.set(title=title, xlabel="cycles a column", ylabel="cycles a row")
    right.figure.colorbar(shown, ax=right, label="gain")
