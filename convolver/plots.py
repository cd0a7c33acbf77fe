"""Draws a FIR filter's taps and responses, or a kernel and its 2-D response, into a picture file."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from . import atomic
from .designs import Conv2DDesign, Design, FIRDesign
from .errors import DesignError, FileError, ToolError
from .response import Floats, gains
from .specified import Specified

__all__ = ["check_plot", "drawn", "plot"]

Measured = tuple[Floats, Floats] | None
Panel = Callable[[Any], None]

FLOOR_DB = -140.0
POINTS = 4097

# Blue, vermilion and grey of Okabe and Ito's palette, which the colour-blind tell apart.
QUANTISED, MEASURED, IDEAL, ALLOWED = "#0072B2", "#D55E00", "0.45", "#E8E8E8"


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
    from matplotlib.figure import Figure

    panels = _PANELS[type(design)](design, measured)
    figure = Figure(figsize=(4.5 * len(panels), 3.6), dpi=100, layout="constrained")
    for draw, panel in zip(panels, figure.subplots(1, len(panels)), strict=True):
        draw(panel)
    atomic.write({path: drawn(figure, path.suffix or ".png")}, "Plot")


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
    if type(design) not in _PANELS:
        raise DesignError(f"A plot shows the response of a linear filter; a {design.title} has none")
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ModuleNotFoundError:
        raise ToolError("A plot needs matplotlib, which isn't installed; pip install 'convolver[demo]'") from None
    atomic.check(path, "Plot")
    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if path != atomic.STANDARD and path.suffix.lower().removeprefix(".") not in known:
        raise FileError(f"A plot must end in one of .{', .'.join(known)}, not {path.name!r}")


def drawn(figure: Any, suffix: str = ".png") -> bytes:
    """One of matplotlib's figures as a file with this ending."""
    file = BytesIO()
    figure.savefig(file, format=suffix.lower().removeprefix("."))
    return file.getvalue()


def _decibels(gain: Floats) -> Floats:
    """A gain of zero has no decibels: it is drawn below the page."""
    drawn: Floats = 20 * np.log10(np.maximum(gain, 1e-12))
    return drawn


def _scaled(design: FIRDesign) -> Floats:
    return np.array(design.coefficients, np.float64) / 2.0**design.shift


def _draw_taps(design: FIRDesign, panel: Any) -> None:
    panel.stem(_scaled(design), linefmt=QUANTISED, basefmt=" ", markerfmt=".")
    panel.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    panel.set(title="impulse response", xlabel="sample", ylabel="gain")


def _unit(design: FIRDesign) -> tuple[float, str]:
    """What a cycle a sample is, in the axis' unit."""
    found = design.specified
    if found is None:
        return 1.0, "frequency, cycles a sample"
    return (found.fs / 1000, "frequency, kHz") if found.fs >= 10_000 else (found.fs, "frequency, Hz")


def _draw_response(design: FIRDesign, measured: Measured, panel: Any) -> None:
    unit, label = _unit(design)
    places = np.linspace(0, 0.5, POINTS)
    found = design.specified
    if found is not None:
        if found.asked_attenuation_db is not None:
            for low, high in found.stopbands:
                panel.fill_between(
                    [low / found.fs * unit, high / found.fs * unit], -found.asked_attenuation_db, 40, color=ALLOWED, zorder=0
                )
        ideal = _decibels(gains(found.ideal, places))
        panel.plot(places * unit, ideal, color=IDEAL, linewidth=2.4, alpha=0.6, label="ideal")
    quantised = _decibels(gains(_scaled(design), places))
    panel.plot(places * unit, quantised, color=QUANTISED, linewidth=1.1, label="quantised")
    if measured is not None:
        panel.plot(measured[0] * unit, _decibels(measured[1]), ".", color=MEASURED, markersize=4, label="measured on the twin")
    # The notches of a response go down without end; the page ends 40 dB below nearly all of it.
    bottom = max(FLOOR_DB, float(np.percentile(quantised, 10)) - 40, float(quantised.min()) - 5)
    top = float(quantised.max()) + 5
    panel.set(
        title="frequency response", xlabel=label, ylabel="gain, dB", xlim=(0, unit / 2), ylim=(min(bottom, top - 20), top)
    )
    panel.grid(True, alpha=0.3)
    if found is not None or measured is not None:
        panel.legend(loc="best", fontsize=8)


def _draw_passband(design: FIRDesign, found: Specified, measured: Measured, panel: Any) -> None:
    unit, label = _unit(design)
    low, high = found.passband
    places = np.linspace(low, high, POINTS) / found.fs
    panel.plot(places * unit, _decibels(gains(found.ideal, places)), color=IDEAL, linewidth=2.4, alpha=0.6)
    panel.plot(places * unit, _decibels(gains(_scaled(design), places)), color=QUANTISED, linewidth=1.1)
    if measured is not None:
        inside = (measured[0] >= places[0]) & (measured[0] <= places[-1])
        panel.plot(measured[0][inside] * unit, _decibels(measured[1][inside]), ".", color=MEASURED, markersize=5)
    panel.set(title="passband", xlabel=label, ylabel="gain, dB", xlim=(low / found.fs * unit, high / found.fs * unit))
    panel.ticklabel_format(axis="y", useOffset=False)
    panel.grid(True, alpha=0.3)


def _draw_kernel(design: Conv2DDesign, left: Any) -> None:
    kernels = np.array(design.kernels, float)
    several = len(kernels) > 1
    # Side by side, with a gap between two of them.
    sheet = np.concatenate([np.pad(kernel, ((0, 0), (0, 1)), constant_values=np.nan) for kernel in kernels], axis=1)[:, :-1]
    reach = max(1.0, float(np.abs(kernels).max()))
    left.imshow(sheet, cmap="RdBu_r", vmin=-reach, vmax=reach)
    left.set(title=f"kernel{'s' * several} ({design.operation})", xticks=[], yticks=[])
    if kernels.size <= 49:
        for (row, column), weight in np.ndenumerate(sheet):
            if not np.isnan(weight):
                left.text(column, row, f"{weight:.0f}", ha="center", va="center", fontsize=8)


def _draw_response_2d(design: Conv2DDesign, right: Any) -> None:
    kernels = np.array(design.kernels, float)
    responses = np.abs(np.fft.fftshift(np.fft.fft2(kernels / 2.0**design.shift, (129, 129)), axes=(1, 2)))
    shown = right.imshow(responses.max(axis=0), extent=(-0.5, 0.5, -0.5, 0.5), cmap="viridis")
    title = "frequency response, the greatest of all kernels" if len(kernels) > 1 else "frequency response"
    right.set(title=title, xlabel="cycles a column", ylabel="cycles a row")
    right.figure.colorbar(shown, ax=right, label="gain")


def _of_fir(design: FIRDesign, measured: Measured) -> list[Panel]:
    found = design.specified
    panels: list[Panel] = [partial(_draw_taps, design), partial(_draw_response, design, measured)]
    return panels if found is None else [*panels, partial(_draw_passband, design, found, measured)]


def _of_kernel(design: Conv2DDesign, _measured: Measured) -> list[Panel]:
    return [partial(_draw_kernel, design), partial(_draw_response_2d, design)]


_PANELS: Mapping[type[Design], Callable[[Any, Measured], list[Panel]]] = {FIRDesign: _of_fir, Conv2DDesign: _of_kernel}
"""What draws each panel of a plot, of the kinds that have a response."""
