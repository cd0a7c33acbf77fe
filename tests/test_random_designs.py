"""Random designs on the twin against the golden model, bit for bit and clock for clock.

Several are compiled into one library. Those of `make test` come from fixed seeds, which together make every choice;
those of the soak come from Hypothesis, which cuts a batch that fails down to one small design.
"""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from convolver import Conv2DDesign, FIRDesign
from convolver.designs import BOUNDARIES, COMBINATIONS, GATEWARE_BOUNDARIES, KINDS, MODES, OPERATIONS, SYMMETRIES
from convolver.formats import OVERFLOWS, ROUNDINGS
from convolver.host.device import Device
from convolver.plan.geometry import geometry_of
from convolver.plan.lowering import lower
from convolver.report import report_of
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation, TwinTransport, frame_shape
from convolver.sim.twin.streams import STALLS, beats_of, marks_of, random_samples, stalls, unpacked

from .random_designs import OTHERS, generator, mixed, seeded

SINGLE = tuple(kind for kind in OTHERS if KINDS[kind].stages_field is None)
"""Kinds of one filter; tests/test_pipelines.py has the others."""

DESIGNS = 40
SOAK_DESIGNS = 500
SOAK_TESTS = 16
SOAK_BATCHES = 5  # a test; Hypothesis starts with the simplest designs, and makes some of them twice
BATCH = 8


@functools.cache
def compiled(number, kind=None):
    """The twin of a seeded design; its whole batch is compiled with it."""
    first = number - number % BATCH
    numbers = range(first, first + BATCH)
    return dict(zip(numbers, compile_designs([seeded(one, kind) for one in numbers]), strict=True))[number]


def some_frames(random, design, count):
    """Frames of all sizes that the core takes, the least and the greatest among them."""
    if design.rank == 1:
        sizes = [(1,), *((int(size),) for size in random.integers(1, 60, count - 1))]
    else:
        rows, columns = design.frame_axes[0].least, design.frame_axes[1].least
        sizes = [(rows, columns), (design.frame_axes[0].most, design.frame_axes[1].most), (rows, design.frame_axes[1].most)]
        for _ in range(count - 3):
            sizes.append(
                tuple(
                    int(random.integers(low, high + 1))
                    for low, high in ((rows, design.frame_axes[0].most), (columns, design.frame_axes[1].most))
                )
            )
    random.shuffle(sizes)
    return [random_samples(design.sample, with_planes(design, size), int(random.integers(1 << 30))) for size in sizes]


def with_planes(design, shape):
    """The shape of an image, with an axis for its planes if there are several."""
    return (*shape, design.planes) if design.planes > 1 else tuple(shape)


def some_borders(random, design, frames):
    """A border for each frame, where the core is told it."""
    if not design.switchable:
        return None
    fills = random_samples(design.pixel, (len(frames),), int(random.integers(1 << 30)))
    return [(str(random.choice(GATEWARE_BOUNDARIES)), int(fill)) for fill in fills]


def core_result(design, frame, weights=None, border=None):
    """What the core makes of a frame, beat by beat, by the golden model: the host's padding is not the core's."""
    if border is not None:
        design = design.replace(boundary=border[0], fill=border[1])
    if weights is not None:
        design = design.with_weights(weights)
    if design.rank == 2:
        design = design.replace(mode=geometry_of(design).mode)
    results = golden.run(design, frame)
    if design.result_axes:
        results = np.moveaxis(results, 0, -1)
    return results.reshape(-1, values_of(design)) if values_of(design) > 1 else results.reshape(-1)


def values_of(design):
    """Results of a place."""
    return design.outputs * design.planes


def in_places(design, results, shapes):
    """The results of frames of these shapes, place by place; of several pixels a beat what stands behind a line's end is left
    out."""
    pixels, found, begin = design.pixels_per_clock, [], 0
    if pixels == 1:
        return results
    for shape in shapes:
        end = begin + len(marks_of(shape, pixels))
        lines = unpacked(results[begin:end], shape, pixels)
        found.append(lines.reshape(-1, values_of(design)) if values_of(design) > 1 else lines.reshape(-1))
        begin = end
    return np.concatenate(found)


def check(design, core):
    """Everything that is promised of a core, on one design."""
    pixels = design.pixels_per_clock
    random = np.random.default_rng([7, design.sample.width, len(design.weights)])
    plan = lower(design)
    frames = some_frames(random, design, 5)
    borders = some_borders(random, design, frames)
    each = borders or [None] * len(frames)
    expected = [core_result(design, frame, border=border) for frame, border in zip(frames, each, strict=True)]
    shapes = [frame_shape(design, frame.shape) for frame in frames]
    marks = np.concatenate([marks_of(shape, pixels) for shape in shapes])
    wanted = len(marks)
    values = np.concatenate(expected)
    beats = beats_of(frames, borders, pixels)
    # A stride leaves out what may be the last results; the core goes on to the frame's end.
    settle = 40 + (design.stride[0] * design.frame_axes[1].most * plan.cycles if design.rank == 2 else 0)
    simulation = Simulation(core)

    def compare(run):
        assert run.finished
        assert run.delivered == wanted
        assert run.accepted == len(beats)
        np.testing.assert_array_equal(run.marks, marks)
        np.testing.assert_array_equal(in_places(design, run.results, shapes), values)
        assert not any(run.errors.values())
        assert run.violations == 0
        assert run.overflows == 0
        assert not run.busy

    # Alone and without stalls: the latency that the plan promises, to the clock.
    for frame, shape, border, result in zip(frames[:2], shapes, each, expected, strict=False):
        alone = beats_of([frame], border and [border], pixels)
        run = simulation.run(beats=alone, wanted=len(marks_of(shape, pixels)), settle=settle, times=True)
        assert run.first_accept == 0
        accepts, offers = plan.timing.schedule(len(alone))
        assert run.source_stalls == accepts[-1] - (len(alone) - 1)
        assert max(run.last_result, run.accept_clocks[-1]) + 1 == plan.timing.frame_clocks(*frame.shape[:2])
        np.testing.assert_array_equal(in_places(design, run.results, [shape]), result)
        np.testing.assert_array_equal(run.accept_clocks, accepts)
        if design.history is not None:
            assert plan.latency == core.ports.latency
            np.testing.assert_array_equal(run.result_clocks, offers)

    # A stream that another frame's size changes, with every kind of stall on either side.
    for turn, kind in enumerate(STALLS):
        other = STALLS[int(random.integers(len(STALLS)))]
        sides = [stalls(kind, turn), stalls(other, turn + 100)]
        random.shuffle(sides)
        run = simulation.run(beats=beats, wanted=wanted, gaps=sides[0], stalls=sides[1], settle=settle, shy=turn % 2 == 1)
        compare(run)

    # Back to back, one frame size after itself, the least rows among them: as many clocks as the plan says, and not one
    # lost but by images that are shorter than their end, as three of these would be in the core at once.
    for frame, shape in zip(frames, shapes, strict=True):
        again = some_borders(random, design, [frame] * 4)
        results = [core_result(design, frame, border=border) for border in again or [None] * 4]
        four, leaving = beats_of([frame] * 4, again, pixels), 4 * len(marks_of(shape, pixels))
        run = simulation.run(beats=four, wanted=leaving, settle=settle, times=True)
        assert max(run.last_result, run.accept_clocks[-1]) + 1 == plan.timing.frame_clocks(*frame.shape[:2], frames=4)
        if len(frame) > plan.timing.lag[0]:
            begins = run.accept_clocks[:: len(four) // 4]
            assert begins[3] - begins[2] == plan.timing.frame_interval(*frame.shape[:2])
        np.testing.assert_array_equal(in_places(design, run.results, [shape] * 4), np.concatenate(results))

    # Reset in the middle leaves nothing behind.
    for _ in range(3):
        simulation.run(beats=beats, wanted=wanted, stalls=stalls("half", 3), limit=int(random.integers(1, len(beats) + 20)))
        simulation.reset()
        compare(simulation.run(beats=beats, wanted=wanted, gaps=stalls("rare", 5), settle=settle))

    if design.loadable:
        check_loading(design, simulation, random, frames, settle)


def check_loading(design, simulation, random, frames, settle):
    """A set loaded at any time takes effect whole: each frame's results are by the old set or by the new one."""
    old = list(design.weights)
    for turn in range(4):
        form = design.coefficient_format
        loaded = [int(weight) for weight in random_samples(form, design.set_size, int(random.integers(1 << 30)))]
        loaded = [max(weight, design.set_range[0]) for weight in loaded]
        new = list(design.complete(loaded))
        borders = some_borders(random, design, frames)
        each = borders or [None] * len(frames)
        before = [core_result(design, frame, old, border) for frame, border in zip(frames, each, strict=True)]
        after = [core_result(design, frame, new, border) for frame, border in zip(frames, each, strict=True)]
        beats = beats_of(frames, borders, design.pixels_per_clock)
        shapes = [frame_shape(design, frame.shape) for frame in frames]
        wanted = sum(len(marks_of(shape, design.pixels_per_clock)) for shape in shapes)
        run = simulation.run(
            beats=beats,
            wanted=wanted,
            coefficients=loaded,
            coefficient_clock=int(random.integers(0, design.choices.clocks * len(beats))) if turn else 0,
            coefficient_gaps=stalls(STALLS[turn], turn),
            stalls=stalls("rare", turn),
            settle=settle,
        )
        assert run.finished
        assert not run.pending
        assert not any(run.errors.values())
        place, switched = 0, False
        results = in_places(design, run.results, shapes)
        for first, second in zip(before, after, strict=True):
            got = results[place : place + len(first)]
            place += len(first)
            is_old, is_new = bool((got == first).all()), bool((got == second).all())
            assert is_old or is_new
            assert is_new or not switched, "the old set came back"
            switched = switched or not is_old
        # Whenever it came, it holds for the next call.
        run = simulation.run(beats=beats, wanted=wanted)
        np.testing.assert_array_equal(in_places(design, run.results, shapes), np.concatenate(after))
        old = new


def check_report(design, core):
    """The clocks that the report states are those of the largest image, alone and back to back, through a `Device`."""
    numbers = report_of(design).to_dict()
    rows, columns = design.rows, design.columns
    if design.mode == "valid":
        rows, columns = max(rows, design.kernel_rows), max(columns, design.kernel_columns)
    image = random_samples(design.sample, with_planes(design, (rows, columns)), 10)
    with Device(TwinTransport(design, compiled=core)) as device:
        np.testing.assert_array_equal(device(image), golden.run(design, image))
        assert device.status()["frame_clocks"] == numbers["frame_clocks"]
        assert device.status()["frame_samples"] == np.prod(numbers["frame"])
    with TwinTransport(design, compiled=core) as transport:
        frame = random_samples(design.sample, with_planes(design, numbers["frame"]), 11)
        transport.run_frames([frame] * 3)
        assert transport.status()["frame_clocks"] == numbers["frame_clocks"] + 2 * numbers["frame_interval"]


def check_device(design, core):
    """The same through a `Device`, which pads and crops, and cuts what is larger than the core."""
    random = np.random.default_rng([8, design.sample.width])
    if design.rank == 1:
        shapes = [(50,)]
    else:
        least = (design.kernel_rows, design.kernel_columns) if design.mode == "valid" else (1, 1)
        most = design.rows, design.columns
        rows, columns = (int(random.integers(low, max(low, high) + 1)) for low, high in zip(least, most, strict=True))
        shapes = [(rows, columns), (rows, max(2 * design.columns + 3, least[1])), (max(2 * design.rows, least[0]), columns)]
        check_report(design, core)
    with Device(TwinTransport(design, compiled=core)) as device:
        for number, size in enumerate(shapes):
            samples = random_samples(design.sample, with_planes(design, size), 9 + number)
            np.testing.assert_array_equal(device(samples), golden.run(design, samples))
            if design.switchable:
                for boundary in BOUNDARIES:
                    switched = design.replace(boundary=boundary, fill=design.pixel.max)
                    fill = switched.fill if boundary == "constant" else None
                    for image in (samples, samples[:1], samples[:, :1]):
                        results = device(image, boundary=boundary, fill=fill)
                        np.testing.assert_array_equal(results, golden.run(switched, image))


def test_size_counts_beside_the_first_beat_alone():
    design = Conv2DDesign([[1, 2], [3, 5]], rows=20, columns=30)
    frames = [random_samples(design.pixel, size, 1) for size in ((5, 7), (20, 30), (3, 4), (1, 30), (9, 9))]
    simulation = Simulation(compile_designs([design])[0])
    expected = np.concatenate([core_result(design, frame) for frame in frames])
    run = simulation.run(beats_of(frames), len(expected), stalls=stalls("half", 2), limit=20_000)
    assert run.finished
    np.testing.assert_array_equal(run.results, expected)


@pytest.mark.parametrize(
    ("kind", "number"),
    [*((None, number) for number in range(DESIGNS)), *itertools.product(SINGLE, range(BATCH))],
    ids=lambda value: "mixed" if value is None else str(value),
)
def test_random_design(kind, number):
    design = seeded(number, kind)
    print(design)  # pytest shows it with a failure
    core = compiled(number, kind)
    check(design, core)
    check_device(design, core)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("kind", "number"),
    [*((None, number) for number in range(SOAK_TESTS)), *((kind, 0) for kind in SINGLE)],
    ids=lambda value: "mixed" if value is None else str(value),
)
def test_random_design_for_hours(kind, number):
    seen = []
    make = mixed if kind is None else generator(kind)

    @seed(number)
    @settings(max_examples=SOAK_BATCHES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.randoms(use_true_random=False), min_size=BATCH, max_size=BATCH))
    def try_batch(sources):
        designs = [make(source, soak=True) for source in sources]
        for design, core in zip(designs, compile_designs(designs), strict=True):
            note(str(design))
            check(design, core)
            check_device(design, core)
            seen.append(design)

    try_batch()
    print(f"{len(seen)} designs, {len(set(seen))} different ones")
    assert len(set(seen)) >= SOAK_DESIGNS / SOAK_TESTS


def test_the_random_designs_cover_every_choice():
    """The seeds that run in every test: a choice that none of them makes would go untested without anybody noticing."""
    designs = [seeded(number) for number in range(DESIGNS)]
    images = [design for design in designs if isinstance(design, Conv2DDesign)]
    signals = [design for design in designs if isinstance(design, FIRDesign)]
    assert len(images) >= 15
    assert len(signals) >= 10
    assert {design.rounding for design in designs} == set(ROUNDINGS)
    assert {design.overflow for design in designs} == set(OVERFLOWS)
    assert {design.boundary for design in images} == set(BOUNDARIES)
    assert {design.mode for design in images} == set(MODES)
    assert {design.operation for design in images} == set(OPERATIONS)
    assert {design.symmetry for design in signals} == set(SYMMETRIES)
    assert {design.symmetry for design in signals if design.loadable} == set(SYMMETRIES)
    for kind in (signals, images):
        assert {min(design.choices.clocks, 3) for design in kind} == {1, 2, 3}
    folded = [design for design in images if design.choices.clocks > 1]
    assert {geometry_of(design).mode for design in folded} == {"same", "valid"}
    assert {design.loadable for design in folded} == {design.switchable for design in folded} == {False, True}
    assert {design.multipliers is None for design in folded} == {False, True}
    assert any(design.stride != (1, 1) for design in folded)
    assert any(len(design.kernels) > 1 for design in folded)
    assert any(lower(design).lanes > len(design.kernels) for design in folded)
    assert {lower(design).structure for design in images} == {"direct", "shared", "separable"}
    separable = [design for design in images if lower(design).structure == "separable"]
    assert len(separable) >= 6
    assert {geometry_of(design).mode for design in separable} == {"same", "valid"}
    assert {design.switchable for design in separable} == {False, True}
    for several in ("planes", "pixels_per_clock"):
        assert {getattr(design, several) > 1 for design in separable} == {False, True}
    assert {len(design.kernels) > 1 for design in separable} == {False, True}
    levels = {(design.choices.clocks > 1, min(lower(design).sum_levels, 2)) for design in images}
    assert levels >= {(False, 0), (False, 1), (False, 2), (True, 0), (True, 2)}
    assert any(sign < 0 for design in images for product in lower(design).coefficients.products for _, sign in product.terms)
    assert any(len({array.sum_levels for array in lower(design).arrays}) > 1 for design in images)
    for kind in (images, signals):
        assert {design.loadable for design in kind} == {False, True}
        assert {design.sample.signed for design in kind} == {False, True}
        assert {design.coefficient_format.signed for design in kind} == {False, True}
    assert {geometry_of(design).mode for design in images} == {"same", "valid"}
    several = [design for design in images if len(design.kernels) > 1]
    assert {(design.combine, design.loadable) for design in several} == set(itertools.product(COMBINATIONS, (False, True)))
    assert {design.absolute for design in several} == {design.absolute for design in images} == {False, True}
    assert {design.threshold is None for design in several} == {False, True}
    assert any(len({array.latency for array in lower(design).arrays}) > 1 for design in several)
    assert any(design.result_axes == (1,) for design in images)
    strided = [design for design in images if design.stride != (1, 1)]
    assert {geometry_of(design).mode for design in strided} == {"same", "valid"}
    assert {min(side, 2) for design in strided for side in design.stride} == {1, 2}
    assert {(len(design.kernels) > 1, design.switchable, design.loadable) for design in strided} >= {
        (True, False, True), (False, True, False), (False, False, True)}  # fmt: skip
    wide = [design for design in images if design.pixels_per_clock > 1]
    assert {design.pixels_per_clock for design in wide} == {2, 4}
    assert {(geometry_of(design).mode, design.loadable) for design in wide} == set(
        itertools.product(("same", "valid"), (False, True))
    )
    assert {design.switchable for design in wide} == {len(design.kernels) > 1 for design in wide} == {False, True}
    assert len({design.boundary for design in wide if geometry_of(design).mode == "same" and not design.switchable}) >= 3
    assert any(geometry_of(design).overhangs(columns) for design in wide for columns in range(20, 24))
    coloured = [design for design in images if design.planes > 1]
    assert {design.planes for design in coloured} >= {2, 3}
    assert {geometry_of(design).mode for design in coloured} == {"same", "valid"}
    assert (
        {design.pixels_per_clock > 1 for design in coloured}
        == {len(design.kernels) > 1 for design in coloured}
        == {False, True}
    )
    assert {design.loadable for design in coloured} == {design.switchable for design in coloured} == {False, True}
    assert {design.boundary for design in images if geometry_of(design).mode == "same"} >= set(GATEWARE_BOUNDARIES)
    switchable = [design for design in images if design.switchable]
    assert len(switchable) >= 4
    assert {design.operation for design in switchable} == set(OPERATIONS)
    assert any(geometry_of(design).below > design.below for design in images)
    assert any(geometry_of(design).above > design.above for design in images)
    assert any(design.host_pads for design in images)
    assert any(not design.kernel_rows % 2 and not design.kernel_columns % 2 for design in images)
    assert any(max(design.kernel_rows, design.kernel_columns) == 15 for design in images)
    assert max(design.output_format.width for design in designs) > 64
