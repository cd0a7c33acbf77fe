"""What a core is elaborated into grows no faster than its taps; seconds are in benchmarks/fir.py."""

import re

import pytest
from amaranth.back import rtlil

from convolver import FIRDesign
from convolver.hw.cores.core import create


def size(taps: int, **fields: object) -> tuple[int, int, int]:
    """Lines, cells and processes of a core's RTLIL."""
    coefficients = [3 + 7 * tap for tap in range(taps)]
    text = rtlil.convert(create(FIRDesign(coefficients, data="s9", coefficient="s12", loadable=True, **fields)))
    return (
        text.count("\n"),
        len(re.findall(r"^ *cell ", text, re.MULTILINE)),
        len(re.findall(r"^ *process ", text, re.MULTILINE)),
    )


@pytest.mark.parametrize("fields", [{}, {"multipliers": 1}], ids=["parallel", "one multiplier"])
def test_twice_the_taps_are_at_most_twice_the_more(fields: dict[str, int]) -> None:
    small, middle, large = (size(taps, **fields) for taps in (16, 32, 64))
    for name, one, two, three in zip(("lines", "cells", "processes"), small, middle, large, strict=True):
        # A tenth for names that get longer and adders that get wider.
        assert three - two <= 2.2 * (two - one), name
