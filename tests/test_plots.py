"""What all plots share: ink that can be read on every colour, one style, and files that are the same each time."""

import re

import matplotlib
import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, plots
from convolver.pictures import signal_plot
from convolver.plots.drawing import IDEAL, MEASURED, QUANTISED, STYLE, ink, styled

WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


def contrast(one, other):
    """WCAG 2's contrast of two colours, of which the first comes as the standard computes it."""

    def luminance(colour):
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
        return np.dot(parts, (0.2126, 0.7152, 0.0722))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["RdBu_r", "viridis", "gray"])
def test_ink_can_be_read_on_every_colour(name):
    for colour in matplotlib.colormaps[name](np.linspace(0, 1, 256)):
        chosen = {"black": BLACK, "white": WHITE}[ink(colour)]
        assert contrast(colour, chosen) >= 4.5


@pytest.mark.parametrize("colour", [QUANTISED, MEASURED, IDEAL])
def test_lines_stand_out_from_the_page(colour):
    """By WCAG 2's rule for graphics, three to one."""
    assert contrast(matplotlib.colors.to_rgb(colour), WHITE) >= 3


@pytest.mark.parametrize("design", [FIRDesign([1, 2, 1]), Conv2DDesign([[1, -2], [3, 4]]), Conv2DDesign(np.ones((8, 8), int))])
def test_an_svg_is_the_same_each_time_and_says_what_its_axes_are(design):
    one, two = (plots.picture(design, ".svg") for _ in range(2))
    assert one == two
    told = re.findall(r">([^<>]+)</text>", one.decode())
    assert "frequency response" in told
    assert {"gain", "gain, dB", "weight"} & set(told)


def test_a_large_kernel_has_a_scale_in_place_of_numbers():
    small, large = (plots.picture(Conv2DDesign(np.full((side, side), 3)), ".svg").decode() for side in (7, 8))
    assert small.count(">3</text>") == 49
    assert ">weight</text>" not in small
    assert ">weight</text>" in large
    assert large.count(">3</text>") < 3


def test_the_style_is_that_of_figures_alone():
    before = matplotlib.rcParams["axes.spines.top"]
    with styled():
        assert matplotlib.rcParams["axes.spines.top"] is False
        assert STYLE["legend.frameon"] is False
    assert matplotlib.rcParams["axes.spines.top"] == before
    assert signal_plot(np.arange(20), np.arange(20), 2.0).startswith(b"\x89PNG")
