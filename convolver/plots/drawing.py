"""What all plots share: their colours, decibels, and a figure's file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np

from ..response import Floats

__all__ = ["FORBIDDEN", "IDEAL", "MEASURED", "POINTS", "QUANTISED", "Measured", "Panel", "decibels", "drawn", "ink", "styled"]

Measured = tuple[Floats, Floats] | None
"""Frequencies and gains that `measure_response` gave, if any."""
Panel = Callable[[Any], None]
"""What draws a panel."""

POINTS = 4097
"""Frequencies of a curve."""

# Blue, vermilion and grey of Okabe and Ito's palette, which the colour-blind tell apart.
QUANTISED, MEASURED, IDEAL, FORBIDDEN = "#0072B2", "#D55E00", "0.45", "#E8E8E8"


STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "convolver",
}
"""What all figures have, in matplotlib's words."""


def ink(background: Sequence[float]) -> str:
    """Black or white: what has more contrast with a colour, by WCAG 2's relative luminance; never less than 4.5 to 1."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in background[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "white"


@contextmanager
def styled() -> Iterator[None]:
    """Figures that are made and drawn inside have the one style."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        yield


def drawn(figure: Any, suffix: str = ".png") -> bytes:
    """One of matplotlib's figures as a file with this ending."""
    file = BytesIO()
    ending = suffix.lower().removeprefix(".")
    # An SVG has no date, so that the same figure is the same file.
    figure.savefig(file, format=ending, **({"metadata": {"Date": None}} if ending == "svg" else {}))
    return file.getvalue()


def decibels(gain: Floats) -> Floats:
    """A gain of zero has no decibels: it is drawn below the page."""
    drawn: Floats = 20 * np.log10(np.maximum(gain, 1e-12))
    return drawn
