"""A curve as SVG, in the page's colours."""

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["curve"]

WIDE, TALL, LEFT, BELOW, TOP = 760, 150, 74, 22, 8


def curve(values: NDArray[Any], name: str, text: str) -> str:
    """Numbers in a row, with their least and greatest at the axis."""
    low, high = min(int(values.min()), 0), max(int(values.max()), 0)
    span = float(high - low) or 1.0
    x = LEFT + np.arange(len(values)) * (WIDE - LEFT - 8) / max(len(values) - 1, 1)
    y = TOP + (high - values.astype(float)) / span * (TALL - TOP - BELOW)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    bottom, zero = TALL - BELOW, TOP + high / span * (TALL - TOP - BELOW)
    marks = "".join(
        f'<text x="{LEFT - 8}" y="{place:.1f}" text-anchor="end" dominant-baseline="middle" class="axis">{value}</text>'
        for value, place in ((high, TOP + 4), (low, bottom))
        if value or high == low
    )
    return (
        f'<svg class="curve" viewBox="0 0 {WIDE} {TALL}" role="img" aria-label="{escape(f"{name}: {text}")}"'
        ' xmlns="http://www.w3.org/2000/svg">'
        f'<path d="M{LEFT} {zero:.1f} H{WIDE - 8}" class="zero"/>'
        f'<text x="{LEFT - 8}" y="{zero:.1f}" text-anchor="end" dominant-baseline="middle" class="axis">0</text>'
        f'{marks}<polyline points="{points}" class="line"/>'
        f'<text x="{WIDE - 8}" y="{TALL - 6}" text-anchor="end" class="axis">{len(values)} samples</text></svg>'
    )
