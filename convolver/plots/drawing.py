"""What all plots share: their colours, decibels, and a figure's file."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np

from ..response import Floats

__all__ = ["ALLOWED", "IDEAL", "MEASURED", "POINTS", "QUANTISED", "Measured", "Panel", "decibels", "drawn"]

Measured = tuple[Floats, Floats] | None
"""Frequencies and gains that `measure_response` gave, if any."""
Panel = Callable[[Any], None]
"""What draws a panel."""

POINTS = 4097
"""Frequencies of a curve."""

# Blue, vermilion and grey of Okabe and Ito's palette, which the colour-blind tell apart.
QUANTISED, MEASURED, IDEAL, ALLOWED = "#0072B2", "#D55E00", "0.45", "#E8E8E8"


def drawn(figure: Any, suffix: str = ".png") -> bytes:
    """One of matplotlib's figures as a file with this ending."""
    file = BytesIO()
    figure.savefig(file, format=suffix.lower().removeprefix("."))
    return file.getvalue()


def decibels(gain: Floats) -> Floats:
    """A gain of zero has no decibels: it is drawn below the page."""
    drawn: Floats = 20 * np.log10(np.maximum(gain, 1e-12))
    return drawn
