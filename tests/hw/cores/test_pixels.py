"""Several pixels a clock, on the twin: every border, every rest of a line, and what becomes of beats that are wrong."""

import functools
import itertools

import numpy as np
import pytest

import convolver
from convolver.designs import GATEWARE_BOUNDARIES, OPERATIONS
from convolver.plan.geometry import geometry_of
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.twin.core import Simulation, simulate_designs
from convolver.sim.twin.streams import EOL, FIRST, KEEP, beats_of, marks_of, random_samples, stalls, unpacked


def kernel(rows, columns):
    """Weights that no flip and no turn maps onto themselves."""
    return np.random.default_rng([rows, columns]).permutation(rows * columns).reshape(rows, columns) - rows * columns // 2


def design_of(rows, columns, pixels, **fields):
    return convolver.Conv2DDesign(kernel(rows, columns), rows=12, columns=30, pixels_per_clock=pixels, **fields)


def cases():
    """Windows that need none, a part, a whole beat and more to the right, and even sizes both ways round."""
    # All four borders in one core.
    yield design_of(3, 3, 2, switchable=True)
    yield design_of(3, 3, 4, switchable=True)
    yield design_of(1, 1, 4, switchable=True)
    yield design_of(2, 5, 4, switchable=True)
    yield design_of(4, 2, 2, switchable=True, operation="correlate")
    yield design_of(1, 4, 4, switchable=True)
    # A design's own, in which what the others need is left out.
    yield design_of(5, 3, 4, boundary="constant", fill=99)
    yield design_of(3, 6, 2, boundary="edge", operation="correlate")
    yield design_of(1, 11, 4, boundary="reflect")
    yield design_of(2, 9, 2, boundary="symmetric")
    for rows, columns, pixels in ((3, 3, 4), (2, 2, 4), (1, 4, 4), (2, 5, 4), (1, 6, 2), (3, 1, 2)):
        yield design_of(rows, columns, pixels, mode="valid")


def all_cases():
    """Every parity with every border and both numbers of pixels, up to the largest."""
    sizes = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (4, 4), (5, 5), (2, 7), (7, 6), (1, 5)]
    for (rows, columns), pixels, operation in itertools.product(sizes, (2, 4), OPERATIONS):
        yield design_of(rows, columns, pixels, operation=operation, switchable=True)
        yield design_of(rows, columns, pixels, operation=operation, mode="valid")
    for border, pixels, operation in itertools.product(GATEWARE_BOUNDARIES, (2, 4), OPERATIONS):
        yield design_of(2, 14, pixels, operation=operation, boundary=border)
        yield design_of(15, 3, pixels, operation=operation, boundary=border)
    yield design_of(15, 15, 2, boundary="symmetric")


def named(design):
    border = "switchable" if design.switchable else design.boundary if design.mode == "same" else design.mode
    return f"{design.kernel_rows}x{design.kernel_columns}-{design.pixels_per_clock}-{design.operation}-{border}"


@functools.cache
def compiled():
    """The twin of each case, from one library."""
    designs = [*cases(), FLAWED]
    return dict(zip(designs, (simulation.compiled for simulation in simulate_designs(designs)), strict=True))


def results(design, run, frames):
    """What left, frame by frame."""
    shapes, found, begin = [design.frame_results(*frame.shape) for frame in frames], [], 0
    for shape in shapes:
        count = len(marks_of(shape, design.pixels_per_clock))
        found.append(unpacked(run.results[begin : begin + count], shape, design.pixels_per_clock)[..., 0])
        begin += count
    return found


def compare(design, run, frames, borders=None, flagged=None):
    """Values, marks and counts of a run are those that must be."""
    wanted = [
        golden.conv2d(design if border is None else design.replace(boundary=border[0], fill=border[1]), frame)
        for frame, border in zip(frames, borders or [None] * len(frames), strict=True)
    ]
    np.testing.assert_array_equal(run.marks, np.concatenate([marks_of(one.shape, design.pixels_per_clock) for one in wanted]))
    for got, one in zip(results(design, run, frames), wanted, strict=True):
        np.testing.assert_array_equal(got, one)
    assert (run.delivered, run.violations, run.overflows, run.busy) == (len(run.marks), 0, 0, False)
    assert {name: count for name, count in run.errors.items() if count} == (flagged or {})


def beats_out(design, frames):
    return sum(len(marks_of(design.frame_results(*frame.shape), design.pixels_per_clock)) for frame in frames)


@pytest.mark.parametrize("design", list(cases()), ids=named)
def test_every_border_and_every_rest_of_a_line(design):
    check(design, compiled()[design])


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("design", list(all_cases()), ids=named)
def test_every_parity_with_every_border(design):
    check(design, simulate_designs([design])[0].compiled)


def check(design, core):
    """Lines of 3 beats and longer, of every number of pixels in the last: back to back to the clock, under stalls, and with
    another length after each frame."""
    simulation = Simulation(core)
    plan, pixels = lower(design), design.pixels_per_clock
    chance = np.random.default_rng(1)
    sizes = [(design.frame_axes[0].least + more % 3, design.frame_axes[1].least + more) for more in range(2 * pixels + 1)]

    def some_borders(count):
        names = [str(name) for name in chance.permutation(GATEWARE_BOUNDARIES)]
        return [(name, int(chance.integers(256))) for name in names][:count] if design.switchable else None

    for number, size in enumerate(sizes):
        frames = [random_samples(design.pixel, size, turn) for turn in range(4)]
        borders = some_borders(4)
        run = simulation.run(beats_of(frames, borders, pixels), beats_out(design, frames), settle=20, times=True)
        compare(design, run, frames, borders)
        assert run.last_result + 1 == plan.timing.frame_clocks(*size, frames=4)
        if size[0] > plan.timing.lag[0]:
            np.testing.assert_array_equal(run.accept_clocks, np.arange(4 * size[0] * geometry_of(design).beats(size[1])))
        mixed = [*frames[:2], random_samples(design.pixel, sizes[number - 1], 5), frames[3]]
        borders = some_borders(4)
        beats = beats_of(mixed, borders, pixels)
        sides = {"gaps": stalls("half", number), "stalls": stalls("bursts", number)}
        compare(design, simulation.run(beats, beats_out(design, mixed), settle=20, **sides), mixed, borders)


def test_the_cases_meet_every_border_of_a_line():
    """Some lines' last results come with the next line's first beat, some don't; some borders begin in the line's own last."""
    valid = [design for design in cases() if design.mode == "valid"]
    assert {geometry_of(design).overhangs(columns) for design in valid for columns in range(20, 24)} == {False, True}
    assert {geometry_of(design).late for design in valid} == {0, 1, 2, 3}
    same = [design for design in cases() if design.mode == "same"]
    assert {geometry_of(design).ahead for design in same} == {0, 1, 2}
    assert any(design.right and geometry_of(design).late < design.pixels_per_clock - 1 for design in same)
    assert any(geometry_of(design).right > design.right for design in same)


FLAWED = design_of(3, 3, 4, boundary="constant", fill=9, loadable=True, coefficient="s8")


@pytest.fixture(scope="module")
def flawed():
    return compiled()[FLAWED]


@pytest.mark.parametrize(
    ("beat", "change"),
    [
        (1, lambda marks: marks & ~(1 << KEEP + 3)),  # a pixel less in the middle of a line
        (0, lambda marks: marks & ~(1 << KEEP)),
        (2, lambda marks: marks | 15 << KEEP),  # more than the line has
        (5, lambda marks: marks & ~(2 << KEEP)),  # fewer
        (8, lambda marks: marks & 7),  # none
        (1, lambda marks: marks | EOL),
        (2, lambda marks: marks & ~EOL),
    ],
    ids=["gap", "gap first", "more", "fewer", "none", "early end", "late end"],
)
def test_a_wrong_keep_or_end_of_a_line_is_flagged_and_changes_nothing(flawed, beat, change):
    frames = [random_samples(FLAWED.pixel, (4, 10), seed) for seed in range(2)]
    beats = beats_of(frames, None, 4)
    beats.marks[beat] = change(int(beats.marks[beat]))
    run = Simulation(flawed).run(beats, 24, settle=20)
    compare(FLAWED, run, frames, flagged={"eol": 1})


def test_a_frame_cut_short_leaves_whole_and_the_next_is_right(flawed):
    frames = [random_samples(FLAWED.pixel, (5, 11), seed) for seed in range(3)]
    beats = beats_of(frames, None, 4)
    for kept in (1, 4, 8, 14):
        left = np.r_[0:15, 15 : 15 + kept, 30:45]
        cut = beats.__class__(
            beats.samples[left], beats.marks[left], np.array([0, 15, 15 + kept]), *(
                getattr(beats, name) for name in ("rows", "columns", "boundaries", "fills")
            )
        )  # fmt: skip
        whole = frames[1].copy()
        row, beat = divmod(kept, 3)
        whole[row, beat * 4 :] = 0
        whole[row + 1 :] = 0
        run = Simulation(flawed).run(cut, 45, settle=20, gaps=stalls("rare", kept))
        compare(FLAWED, run, [frames[0], whole, frames[2]], flagged={"first": 1})


def test_beats_outside_any_frame_and_frames_that_do_not_fit_are_dropped(flawed):
    frames = [
        random_samples(FLAWED.pixel, size, seed) for seed, size in enumerate([(5, 11), (5, 8), (13, 12), (4, 31), (4, 12)])
    ]
    beats = beats_of(frames, None, 4)
    beats.marks[-12] ^= FIRST  # the last frame's
    good = frames[:1]
    run = Simulation(flawed).run(beats, beats_out(FLAWED, good), settle=200)
    # A beat behind a dropped frame belongs to it.
    compare(FLAWED, run, good, flagged={"size": 3})
    stray = beats_of(frames[:1], None, 4)
    stray.marks[0] ^= FIRST
    simulation = Simulation(flawed)
    run = simulation.run(stray, 0, settle=60)
    assert (run.delivered, run.errors["orphan"]) == (0, 15)
    compare(FLAWED, simulation.run(beats_of(good, None, 4), 15, settle=20), good)


@pytest.mark.parametrize("clocks", range(1, 60, 3))
def test_reset_at_any_clock_leaves_nothing_behind(flawed, clocks):
    frames = [random_samples(FLAWED.pixel, (4, 10 + seed), seed) for seed in range(3)]
    beats = beats_of(frames, None, 4)
    simulation = Simulation(flawed)
    simulation.run(beats, 36, limit=clocks, stalls=stalls("half", clocks))
    simulation.reset()
    compare(FLAWED, simulation.run(beats, 36, settle=20, gaps=stalls("rare", clocks)), frames)


def test_a_set_of_coefficients_is_that_of_all_pixels_of_a_frame(flawed):
    """Loaded while the first of three frames comes in, back to back: each frame is by the old set or by the new one."""
    old, new = FLAWED, FLAWED.with_weights(range(-4, 5))
    frames = [random_samples(FLAWED.pixel, (6, 13), seed) for seed in range(3)]
    for clock in range(0, 30, 4):
        simulation = Simulation(flawed)
        run = simulation.run(beats_of(frames, None, 4), 72, coefficients=new.weights, coefficient_clock=clock, settle=20)
        by = []
        for got, frame in zip(results(FLAWED, run, frames), frames, strict=True):
            by += [design is new for design in (old, new) if np.array_equal(got, golden.conv2d(design, frame))]
        assert len(by) == 3
        assert by == sorted(by)
        assert by[-1]
