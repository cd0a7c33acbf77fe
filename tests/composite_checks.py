"""What is promised of several filters as one design, pipelines and forks: checked on the twin against the golden model."""

import numpy as np

from convolver.host.device import Device
from convolver.plan.geometry import geometry_of
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.twin.core import Simulation, TwinTransport, frame_shape
from convolver.sim.twin.streams import STALLS, beats_of, marks_of, random_samples, stalls

from .test_random_designs import in_places, values_of

__all__ = ["MOST_SETTLE", "SETTLE", "check", "check_device", "unlimited"]

SETTLE = 200
"""Clocks for which a core is watched behind its last result, but for what a stride leaves out."""

MOST_SETTLE = 50_000

MIXES = (
    ("half", "bursts", "mostly", "none", "alternating", "rare"),
    ("rare", "half", "bursts", "alternating", "none", "mostly"),
)
"""How the sink pauses, beside a source that pauses in the ways of `STALLS`: every way once."""


def unlimited(design):
    """The design without the limits of its cores, which have no part in the results, and without what the host pads."""
    if design.parts:
        return design.with_members([unlimited(member) for member in design.members])
    return design.replace(rows=400, columns=400, mode=geometry_of(design).mode) if design.rank == 2 else design


def core_result(design, frame):
    """What the cores make of a frame, beat by beat: the host's padding is not theirs."""
    results = golden.run(unlimited(design), frame)
    results = np.moveaxis(results, 0, -1) if design.result_axes else results
    return results.reshape(-1, values_of(design)) if values_of(design) > 1 else results.reshape(-1)


def some_frames(random, design, count):
    """Frames of all sizes that the cores take, the least and the greatest among them."""
    limits = [(axis.least, axis.most or 60) for axis in design.frame_axes]
    sizes = [tuple(low for low, _ in limits), tuple(high for _, high in limits)]
    sizes += [tuple(int(random.integers(low, high + 1)) for low, high in limits) for _ in range(count - 2)]
    random.shuffle(sizes)
    return [random_samples(design.sample, (*size, *design.sample_axes), int(random.integers(1 << 30))) for size in sizes]


def check(design, compiled):
    """Everything that is promised of several filters as one design, on one of them."""
    plan, pixels = lower(design), design.pixels_per_clock
    random = np.random.default_rng([11, design.sample.width, len(design.parts)])
    frames = some_frames(random, design, 5)
    expected = [core_result(design, frame) for frame in frames]
    shapes = [frame_shape(design, frame.shape) for frame in frames]
    simulation = Simulation(compiled)
    # Less than what the twin takes for being stuck.
    settle = min(SETTLE + 4 * plan.timing.frame_interval(*frames[0].shape[:2]), MOST_SETTLE)

    def run(some, **options):
        """Sends some of the frames, by number, and compares what comes."""
        wanted = np.concatenate([marks_of(shapes[number], pixels) for number in some])
        beats = beats_of([frames[number] for number in some], pixels=pixels)
        done = simulation.run(beats=beats, wanted=len(wanted), settle=settle, **options)
        assert done.finished
        assert (done.accepted, done.delivered) == (len(beats), len(wanted))
        np.testing.assert_array_equal(done.marks, wanted)
        places = in_places(design, done.results, [shapes[number] for number in some])
        np.testing.assert_array_equal(places, np.concatenate([expected[number] for number in some]))
        assert not any(done.errors.values())
        assert (done.violations, done.overflows, done.busy) == (0, 0, False)
        return done

    # Frames of changing size, and of one size behind one another, with every kind of stall on either side.
    order = range(len(frames))
    sides = MIXES[int(random.integers(len(MIXES)))]
    # The largest where the source is much faster than the sink: there all that holds results is full.
    first = max(order, key=lambda number: frames[number].size) - sides.index("mostly")
    for turn, (gap, stall) in enumerate(zip(STALLS, sides, strict=True)):
        one, *others = ((first + turn + step) % len(frames) for step in range(3))
        run([one, one, one, *others], gaps=stalls(gap, turn), stalls=stalls(stall, turn + 100), shy=turn % 2 == 1)

    # Frames of one size: behind the first one no clock is lost, and all leave in the clocks that the plan says.
    alike = len({(part.cycles, part.pixels) for part in plan.cores}) == 1
    for number, frame in enumerate(frames):
        run([number])  # so that the size is known
        done = run([number] * 4, times=True)
        clocks = max(done.last_result, done.accept_clocks[-1]) + 1
        gapless = plan.timing.gapless and all(len(frame) > part.timing.lag[0] for part in plan.cores)
        ends = done.result_clocks[len(done.result_clocks) // 4 - 1 :: len(done.result_clocks) // 4]
        if gapless and alike:
            np.testing.assert_array_equal(np.diff(ends), plan.timing.frame_interval(*frame.shape[:2]))
        # Of longer slots the gate in front of images takes some beats ahead.
        if gapless and alike and (design.history is not None or plan.cycles == 1):
            np.testing.assert_array_equal(np.diff(done.accept_clocks), plan.cycles)
            assert clocks == plan.timing.frame_clocks(*frame.shape[:2], frames=4)
        else:
            assert clocks <= plan.timing.frame_clocks(*frame.shape[:2], frames=4)
            assert np.diff(ends)[-1] <= plan.timing.frame_interval(*frame.shape[:2])
        if design.history is not None and alike and plan.timing.exact:
            np.testing.assert_array_equal(done.result_clocks - done.accept_clocks, simulation.ports.latency)
            assert simulation.ports.latency == plan.latency

    # While frames go through each stage in turn gets another set, and at last its own again: it begins whole with a frame.
    for number, part in design.loadable_parts.items():
        for weights in list(part.trial_sets(random).values())[-2:]:
            now = design.with_part(number, part.with_weights(weights))
            own = [core_result(now, frame) for frame in frames]
            beats = beats_of([frames[place] for place in order], pixels=pixels)
            wanted = sum(len(marks_of(shapes[place], pixels)) for place in order)
            done = simulation.run(
                beats=beats,
                wanted=wanted,
                settle=settle,
                coefficients=part.independent(weights),
                coefficient_clock=int(random.integers(len(beats))),
                coefficient_stage=number,
                gaps=stalls("rare", number),
                stalls=stalls("half", number),
            )
            assert done.finished
            assert not any(done.errors.values())
            assert (done.violations, done.overflows, done.busy, done.pending) == (0, 0, False, False)
            places = np.split(
                in_places(design, done.results, [shapes[place] for place in order]),
                np.cumsum([len(expected[place]) for place in order])[:-1],
            )
            sets = [[np.array_equal(found, given[place]) for given in (expected, own)] for place, found in enumerate(places)]
            assert all(map(any, sets))
            assert [new for old, new in sets if old != new] == sorted(new for old, new in sets if old != new)
            expected = own
        assert all(np.array_equal(*pair) for pair in zip(expected, [core_result(design, one) for one in frames], strict=True))

    # Reset in the middle leaves nothing behind.
    beats = beats_of(frames, pixels=pixels)
    for _ in range(3):
        simulation.run(beats=beats, wanted=1 << 20, stalls=stalls("half", 3), limit=int(random.integers(1, len(beats) + 20)))
        simulation.reset()
        run(order, gaps=stalls("rare", 5))


def check_device(design, compiled):
    """The same through a `Device`, which cuts what is larger than the cores."""
    random = np.random.default_rng([12, design.sample.width])
    least, most = design.least_shape, [axis.most and axis.most - sum(axis.around) for axis in design.frame_axes]
    shapes = [least, [size or 50 for size in most]]
    if design.rank == 2:
        shapes += [(most[0], 2 * most[1] + 3), (2 * most[0] + 5, most[1])]
        shapes.append([int(random.integers(low, high + 1)) for low, high in zip(least, most, strict=True)])
    with Device(TwinTransport(design, compiled=compiled)) as device:
        for number, size in enumerate(shapes):
            samples = random_samples(design.sample, (*size, *design.sample_axes), 9 + number)
            np.testing.assert_array_equal(device(samples), golden.run(design, samples))
            for boundary in design.border.choices[number % 2 :: 2]:
                expected = golden.run(design.with_border(boundary=boundary), samples)
                np.testing.assert_array_equal(device(samples, boundary=boundary), expected)
