"""What is chosen on the way to the window: no bits where nothing is to be chosen, and what numpy.pad puts outside."""

import numpy as np
import pytest
from amaranth.hdl import Shape

from convolver import Conv2DDesign
from convolver.designs.outside import IN_CORE
from convolver.hw.window.beats import beats_of
from convolver.hw.window.border import choice_layout, kept_choice_layout
from convolver.hw.window.border_sources import outsides
from convolver.hw.window.boundaries import boundary_of
from convolver.hw.window.place_format import PlaceFormat

KERNEL = [[1, 2, 3], [4, 5, 6]]


def bits(layout) -> int:
    return Shape.cast(layout).width


def test_a_fixed_border():
    assert bits(boundary_of(Conv2DDesign(KERNEL, boundary="reflect")).layout) == 0
    assert bits(boundary_of(Conv2DDesign(KERNEL, switchable=True)).layout) == 2 + 8


@pytest.mark.parametrize("pixels", [1, 4])
def test_results_inside_the_frame(pixels):
    design = Conv2DDesign(KERNEL, mode="valid", pixels_per_clock=pixels)
    form = PlaceFormat.of_pixels(design)
    marks = 1 + 3 + (pixels if pixels > 1 else 0)
    assert bits(choice_layout(design, form)) == bits(kept_choice_layout(design)) == marks + 1  # and `load`
    assert not any(outsides(design, lane) for lane in range(pixels))
    bordered = design.replace(mode="same", boundary="reflect")
    assert bits(kept_choice_layout(bordered)) > bits(choice_layout(bordered, form)) > marks + 1
    assert any(outsides(bordered, lane) for lane in range(pixels))


def test_beats_of_a_pixel():
    beats = beats_of(Conv2DDesign(KERNEL))
    assert not beats.of_frame | beats.of_beat | beats.of_step
    assert beats_of(Conv2DDesign(KERNEL, pixels_per_clock=2)).of_beat == {"whole": 1, "part": 1}


@pytest.mark.parametrize("outside", IN_CORE, ids=lambda outside: outside.boundary)
def test_what_stands_outside_is_what_numpy_pads(outside):
    line = np.arange(1, 7)
    padded = np.pad(line, 5, outside.boundary)
    for places in range(1, 6):
        inward = outside.inward(places)
        found = (0, 0) if inward is None else (line[inward], line[-1 - inward])
        assert found == (padded[5 - places], padded[-6 + places])
