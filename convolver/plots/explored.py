"""Draws what a search found: the rate of each point over its share of the device, and the front."""

from pathlib import Path
from typing import TYPE_CHECKING

from .. import atomic
from ..errors import BoardError
from . import check_picture
from .drawing import IDEAL, QUANTISED, drawn, styled

if TYPE_CHECKING:
    from ..exploring import Exploration, Trial

__all__ = ["plot"]

NAMED = 12
"""Points that have their names beside them, at most, those of the front first."""

DENSE = "79"
"""First digits of the numbers at a logarithmic axis that are left out, for want of room."""


def plot(found: "Exploration", path: Path) -> None:
    """Writes the plot of a search.

    Raises
    ------
    BoardError
        If nothing was timed.
    ToolError
        If matplotlib isn't installed.
    FileError
        If the file can't be written, or its ending isn't a picture's.
    """
    check_picture(path)
    timed = [trial for trial in found.trials if trial.rate is not None and trial.fits]
    if not timed:
        raise BoardError(f"A plot of a search needs points with a clock, and none for {found.board.name} has one")
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    front = [trial for trial in found.front if trial in timed]
    element = timed[0].design.element
    with styled():
        figure = Figure(figsize=(7.0, 4.4), dpi=100, layout="constrained")
        panel = figure.subplots()
        panel.set_xscale("log")
        panel.set_yscale("log")
        others = [trial for trial in timed if trial not in front]
        for trials, colour, marker, label in (
            (others, IDEAL, "o", "another point is better"),
            (front, QUANTISED, "s", "no other point is better"),
        ):
            if trials:
                panel.plot(*_places(trials), marker, color=colour, label=label)
                for trial in trials:
                    low, high = _span(trial)
                    panel.plot([100 * trial.cost] * 2, [low, high], color=colour, linewidth=1)
        panel.plot(*_places(front), color=QUANTISED, linewidth=1, drawstyle="steps-post")
        for place, name in _names([*front, *others][:NAMED]).items():
            panel.annotate(
                name, place, xytext=(6, -4), textcoords="offset points", fontsize=8, color="black", verticalalignment="top"
            )
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter(FuncFormatter(_plain))
            axis.set_minor_formatter(FuncFormatter(_plain))
        panel.set_xlabel(f"share of the {found.board.device}'s scarcest resource, %")
        panel.set_ylabel(f"million {element}s a second")
        panel.set_title(f"Cost and rate, {found.board.device}; lines: the seeds")
        panel.grid(True, which="both", color="0.9", linewidth=0.6)
        figure.legend(loc="outside lower center", ncols=2)  # where no point's name can be
        panel.margins(x=0.3, y=0.2)
        atomic.write({path: drawn(figure, path.suffix or ".png")}, "Plot")


def _plain(value: float, _place: int) -> str:
    """A number at an axis, without a power of ten."""
    told = f"{value:.3g}"
    return "" if told.lstrip("0.").startswith(tuple(DENSE)) else told


def _places(trials: "list[Trial]") -> tuple[list[float], list[float]]:
    return [100 * trial.cost for trial in trials], [(trial.rate or 0.0) / 1e6 for trial in trials]


def _names(trials: "list[Trial]") -> dict[tuple[float, float], str]:
    """The names at each place; those that stand at one place, such as equal circuits, one below the other."""
    names: dict[tuple[float, float], str] = {}
    for trial in trials:
        (x,), (y,) = _places([trial])
        place = float(f"{x:.3g}"), float(f"{y:.3g}")
        names[place] = f"{names[place]}\n{trial.point}" if place in names else str(trial.point)
    return names


def _span(trial: "Trial") -> tuple[float, float]:
    """The rates of the slowest and the fastest seed."""
    clocks = [min(run.hertz, trial.limit or run.hertz) for run in trial.runs]
    return min(clocks) * trial.samples_a_clock / 1e6, max(clocks) * trial.samples_a_clock / 1e6
