"""Long lines in single-port RAMs: whole cores of iCE40 in their plain form, on the twin."""

import functools

import numpy as np
import pytest

import convolver
from convolver.hw.cores.core import create
from convolver.plan.lowering import lower
from convolver.plan.target import ICE40_RAM
from convolver.sim import golden
from convolver.sim.twin.core import Simulation, simulate_components
from convolver.sim.twin.streams import beats_of, marks_of, random_samples, stalls, unpacked


def design_of(*shape, **fields):
    kernel = np.random.default_rng(shape).permutation(np.prod(shape)).reshape(shape) - np.prod(shape) // 2
    return convolver.Conv2DDesign(kernel, **({"rows": 30, "columns": 5000} | fields))


CASES = {
    "edge": design_of(3, 3, boundary="edge"),
    "longest lines": design_of(2, 2, columns=16384, boundary="symmetric"),
    "valid": design_of(3, 2, mode="valid"),
    "a line more for the border": design_of(4, 2, columns=2000, boundary="reflect"),
    "2 pixels a clock": design_of(3, 2, columns=5000, pixels_per_clock=2, fill=9),
    "4 pixels a clock, valid": design_of(2, 2, columns=8000, pixels_per_clock=4, mode="valid"),
    "a pixel in 3 clocks": design_of(3, 1, clocks_per_pixel=3, pixel="s16", boundary="edge"),
}


@functools.cache
def compiled():
    """The twin of each case, from one library."""
    simulations = simulate_components([create(design, "ice40") for design in CASES.values()])
    return dict(zip(CASES, (simulation.compiled for simulation in simulations), strict=True))


def compare(name, simulation, frames, **options):
    """Sends frames back to back; values, marks and counts are those that must be."""
    design = CASES[name]
    wanted = [golden.conv2d(design, frame) for frame in frames]
    pixels = design.pixels_per_clock
    marks = [marks_of(design.frame_results(*frame.shape), pixels) for frame in frames]
    run = simulation.run(beats_of(frames, None, pixels), sum(map(len, marks)), settle=20, **options)
    np.testing.assert_array_equal(run.marks, np.concatenate(marks))
    begin = 0
    for one, own in zip(wanted, marks, strict=True):
        found = unpacked(run.results[begin : begin + len(own)], one.shape, pixels)
        np.testing.assert_array_equal(found[..., 0], one)
        begin += len(own)
    assert (run.delivered, run.violations, run.overflows, run.busy) == (len(run.marks), 0, 0, False)
    assert not any(run.errors.values())
    return run


@pytest.mark.parametrize("name", CASES)
def test_lines_of_every_length_come_back_whatever_came_before(name):
    """Odd and even lines, from the shortest on; frames of one size back to back, and of another size behind every one."""
    design, simulation = CASES[name], Simulation(compiled()[name])
    plan, pixels = lower(design, "ice40"), design.pixels_per_clock
    assert plan.single_port_rams
    least = design.frame_axes[0].least, design.frame_axes[1].least
    sizes = [(least[0] + more % 4, least[1] + more) for more in range(4 * pixels + 4)]
    for number, size in enumerate(sizes):
        frames = [random_samples(design.pixel, size, turn) for turn in range(3)]
        run = compare(name, simulation, frames, times=True)
        assert run.last_result + 1 == plan.timing.frame_clocks(*size, frames=3)
        # Sizes that change by an odd number of columns, and by an even one.
        others = [random_samples(design.pixel, sizes[number - back], back) for back in (1, 2)]
        mixed = [frames[0], others[0], frames[1], frames[2], others[1], frames[0]]
        compare(name, simulation, mixed)
        for pace in ("half", "bursts", "alternating"):
            compare(name, simulation, mixed, gaps=stalls(pace, number), stalls=stalls("bursts", number + 1))


@pytest.mark.parametrize("name", ["longest lines", "2 pixels a clock"])
def test_the_longest_line_and_one_that_is_a_beat_shorter(name):
    design, simulation = CASES[name], Simulation(compiled()[name])
    frames = [random_samples(design.pixel, (5, design.columns - less * design.pixels_per_clock), less) for less in (0, 1, 0)]
    compare(name, simulation, frames)


def test_when_long_lines_are_kept_in_single_port_rams():
    """Only on iCE40, only beyond the block RAMs that are theirs, and only if the four can hold a word."""
    most = ICE40_RAM.from_bits // 16
    for columns, pixel, family, rams in [
        (most, "u8", "ice40", 0),
        (most + 1, "u8", "ice40", 2),
        (16384, "u4", "ice40", 2),
        (most + 1, "s9", "ice40", 4),
        (most + 1, "u16", "ice40", 4),
        (most + 1, "u17", "ice40", 0),
        (most + 1, "u8", "ecp5", 0),
        (most + 1, "u8", "7-series", 0),
        (most + 1, "u8", None, 0),
    ]:
        assert lower(design_of(3, 3, columns=columns, pixel=pixel), family).single_port_rams == rams
    assert lower(convolver.FIRDesign([1, 2]), "ice40").single_port_rams == 0
