"""Draws a linear filter's response into a picture file; a kind's plot is in the file of its name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import atomic
from ..designs import Design, of_kind
from ..errors import FileError, ToolError
from ..progress import Advance
from .drawing import MEASURED, QUANTISED, Measured, drawn, styled

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["MEASURED", "QUANTISED", "Measured", "check_picture", "check_plot", "drawn", "measured", "picture", "plot", "styled"]


def plot(design: Design, path: str | os.PathLike[str], measured: Measured = None) -> None:
    """Draws a design into a picture; its ending says which kind.

    Of a FIR filter: the impulse response; the frequency response of the real taps, where they are known, of the integers, and
    as measured; and the passband enlarged, where it is known.

    Parameters
    ----------
    design : Design
    path : path-like
    measured : frequencies and gains, optional
        What `measure_response` gave, in cycles a sample.

    Raises
    ------
    DesignError
        If the design has no response to draw.
    ToolError
        If matplotlib isn't installed.
    FileError
        If the file can't be written.
    """
    path = Path(path)
    check_plot(path, design)
    atomic.write({path: picture(design, path.suffix or ".png", measured)}, "Plot")


def picture(design: Design, suffix: str, measured: Measured = None) -> bytes:
    """What `plot` writes into a file with this ending.

    Raises
    ------
    DesignError
        If the design has no response to draw.
    ToolError
        If matplotlib isn't installed.
    """
    design.check_plotted()
    _check_matplotlib()
    from matplotlib.figure import Figure

    panels = of_kind(type(design), __package__, "panels", "to plot")(design, measured)
    with styled():
        figure = Figure(figsize=(4.5 * len(panels), 3.6), dpi=100, layout="constrained")
        for draw, panel in zip(panels, figure.subplots(1, len(panels)), strict=True):
            draw(panel)
        return drawn(figure, suffix)


def measured(design: Design, opened: Callable[[], "Device"], advance: Advance) -> Measured:
    """What a plot shows of the running filter, on the device that `opened` gives; None where that is nothing, as of images."""
    if design.image_response is not None:
        return None
    found: Measured = of_kind(type(design), __package__, "measured", "to measure")(opened, advance)
    return found


def check_plot(path: Path, design: Design) -> None:
    """Refuses a plot that could not be drawn or written, before the work that it is to show.

    Raises
    ------
    DesignError
        If the design has no response to draw.
    ToolError
        If matplotlib isn't installed.
    FileError
        If the file can't be written, or its ending isn't a picture's.
    """
    design.check_plotted()
    check_picture(path)


def check_picture(path: Path) -> None:
    """Refuses a file that no plot can be written into.

    Raises
    ------
    ToolError
        If matplotlib isn't installed.
    FileError
        If the file can't be written, or its ending isn't a picture's.
    """
    _check_matplotlib()
    from matplotlib.backend_bases import FigureCanvasBase

    atomic.check(path, "Plot")
    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if path != atomic.STANDARD and path.suffix.lower().removeprefix(".") not in known:
        raise FileError(f"A plot must end in one of .{', .'.join(known)}, not {path.name!r}")


def _check_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401  # whether it's there
    except ModuleNotFoundError:
        raise ToolError("A plot needs matplotlib, which isn't installed; pip install 'convolver[demo]'") from None
