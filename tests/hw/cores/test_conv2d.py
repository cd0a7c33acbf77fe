"""The 2-D core on Amaranth's simulator: values, marks, counts and clocks, and what it does with frames that are wrong."""

import functools
import itertools

import numpy as np
import pytest

import convolver
from convolver.hw.cores.conv2d import Conv2DCore
from convolver.plan.geometry import geometry_of
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.bench import run_stream

SHAPES = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (1, 5), (5, 1), (4, 3), (3, 4), (5, 5), (2, 6)]


def asymmetric(rows, columns, seed=0):
    """A kernel that no flip and no turn maps onto itself."""
    return np.random.default_rng([seed, rows, columns]).permutation(rows * columns).reshape(rows, columns) - rows * columns // 2


def design_of(rows, columns, **fields):
    return convolver.Conv2DDesign(asymmetric(rows, columns), rows=12, columns=14, **fields)


def beats_of(frames):
    return [
        {
            "data": int(pixel),
            "first": index == 0,
            "eol": index % frame.shape[1] == frame.shape[1] - 1,
            "last": index == frame.size - 1,
        }
        for frame in frames
        for index, pixel in enumerate(frame.flat)
    ]


def read(payload):
    values = payload.data
    return values if isinstance(values, int) else tuple(values), payload.first, payload.eol, payload.last


def results_of(design, frames):
    """What must leave: the golden model's values, and the marks of its shape."""
    beats = []
    for frame in frames:
        out = golden.conv2d(design, frame)
        rows, columns = out.shape[-2:]
        values = out.reshape(-1, rows * columns).T.tolist()
        for index, value in enumerate(values):
            eol = index % columns == columns - 1
            data = tuple(value) if design.outputs > 1 else value[0]
            beats.append((data, int(index == 0), int(eol), int(index == rows * columns - 1)))
    return beats


def run_frames(core, frames, expected, **options):
    """Drives frames, each with its own size on the ports, and expects no error at all."""
    sizes = [frame.shape for frame in frames for _ in range(frame.size)]

    def before(ctx, index):
        if index == 0 or sizes[index] != sizes[index - 1]:
            ctx.set(core.rows, sizes[index][0])
            ctx.set(core.columns, sizes[index][1])

    watch = {name: core.errors[name] for name in ("size", "first", "orphan", "eol")} | {"overflow": core.overflow}
    run = run_stream(core, beats_of(frames), expected, read=read, watch=watch, before=before, **options)
    assert run.seen == dict.fromkeys(run.seen, 0)
    return run


def frames_of(design, count, seed, shape=None):
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(count):
        rows = rng.integers(design.frame_axes[0].least, 9)
        columns = rng.integers(design.frame_axes[1].least, max(9, design.frame_axes[1].least + 1))
        frames.append(rng.integers(design.pixel.min, design.pixel.max, shape or (rows, columns), endpoint=True))
    return frames


@pytest.mark.parametrize("border", ["constant", "edge", "reflect", "symmetric", "valid"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_frames_back_to_back_leave_right_one_pixel_a_clock(shape, border):
    fields = {"mode": "valid"} if border == "valid" else {"boundary": border, "fill": 77}
    design = design_of(*shape, **fields)
    core = Conv2DCore(design)
    frames = frames_of(design, 3, seed=1, shape=(7, 8))
    expected = results_of(design, frames)
    run = run_frames(core, frames, len(expected))
    assert run.beats == expected
    assert run.accepted == list(range(len(frames) * 56))
    if geometry_of(design).mode == "same":
        lines, more = core.plan.timing.lag
        lag = lines * 8 + more
        assert run.delivered == [clock + lag + core.latency for clock in range(3 * 56)]
    else:
        completing = [
            56 * frame + 8 * row + column
            for frame, row, column in itertools.product(range(3), range(shape[0] - 1, 7), range(shape[1] - 1, 8))
        ]
        assert run.delivered == [clock + core.latency for clock in completing]


@pytest.mark.parametrize("border", ["reflect", "valid"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (4, 3)], ids=lambda shape: f"{shape[0]}x{shape[1]}")
@pytest.mark.parametrize("stride", [(2, 3), (9, 1)], ids=lambda stride: f"by {stride[0]}x{stride[1]}")
def test_a_stride_gives_every_so_many_results_when_they_are_due(stride, shape, border):
    fields = {"mode": "valid"} if border == "valid" else {"boundary": border}
    design = design_of(*shape, stride=stride, **fields)
    for count, size in ((3, (5, 7)), (1, (4, 4))):
        frames = frames_of(design, count, seed=1, shape=size)
        expected = results_of(design, frames)
        core = Conv2DCore(design)
        run = run_frames(core, frames, len(expected))
        assert run.beats == expected
        assert run.accepted == list(range(len(run.accepted)))  # the run ends with the last result
        assert len(run.accepted) > (count - 1) * size[0] * size[1]
        taken = max(run.delivered[-1] + 1, count * size[0] * size[1])
        assert taken == core.plan.timing.frame_clocks(*size, frames=count)
        assert core.plan.timing.frame_interval(*size) == size[0] * size[1]
    # With gaps and stalls.
    for seed, frame in enumerate(frames_of(design, 2, seed=[*shape])):
        pair = [frame, frame[::-1]]
        expected = results_of(design, pair)
        assert run_frames(Conv2DCore(design), pair, len(expected), seed=seed, gap=0.3, stall=0.4).beats == expected


@pytest.mark.parametrize("operation", ["convolve", "correlate"])
@pytest.mark.parametrize("border", ["constant", "edge", "valid"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_gaps_stalls_and_changing_sizes_change_nothing(shape, border, operation):
    fields = {"mode": "valid"} if border == "valid" else {"boundary": border, "fill": 200}
    design = design_of(*shape, operation=operation, **fields)
    for seed, (gap, stall) in enumerate([(0.5, 0), (0, 0.6), (0.3, 0.3)]):
        # A size for each mix, as the size must stay until a frame's first pixel is inside.
        [frame] = frames_of(design, 1, seed=[seed, *shape])
        frames = [frame, frame[::-1]]
        expected = results_of(design, frames)
        assert run_frames(Conv2DCore(design), frames, len(expected), seed=seed, gap=gap, stall=stall).beats == expected


@pytest.mark.parametrize("operation", ["convolve", "correlate"])
@pytest.mark.parametrize("border", ["reflect", "symmetric"])
@pytest.mark.parametrize(
    "shape", [(1, 2), (2, 1), (2, 2), (3, 3), (4, 4), (2, 5), (6, 3)], ids=lambda shape: "x".join(map(str, shape))
)
def test_mirrored_borders_of_the_smallest_frames_and_of_those_a_little_larger(shape, border, operation):
    """Where both borders of an axis meet, and where an even size reaches furthest."""
    design = design_of(*shape, operation=operation, boundary=border)
    core = Conv2DCore(design)
    least = design.frame_axes[0].least, design.frame_axes[1].least
    sizes = [(least[0] + more, least[1] + wider) for more, wider in itertools.product(range(2), repeat=2)]
    frames = [frame for size in sizes for frame in frames_of(design, 2, seed=4, shape=size)]
    expected = results_of(design, frames)
    assert run_frames(core, frames, len(expected), stall=0.2).beats == expected


@pytest.mark.parametrize("stall", [0, 0.7])
def test_the_size_may_change_as_soon_as_the_first_pixel_is_accepted(stall):
    design = design_of(3, 3)
    core = Conv2DCore(design)
    rng = np.random.default_rng(9)
    frames = [rng.integers(0, 255, shape) for shape in [(4, 5), (2, 6), (2, 6), (5, 3), (3, 3), (1, 7)]]
    # The ports show the next frame's size while all pixels of a frame but its first are offered.
    heads = [index for index, beat in enumerate(beats_of(frames)) if beat["first"]]

    def before(ctx, index):
        following = sum(head < index for head in heads)
        rows, columns = frames[following].shape if following < len(frames) else (9, 9)
        ctx.set(core.rows, rows)
        ctx.set(core.columns, columns)

    expected = results_of(design, frames)
    run = run_stream(core, beats_of(frames), len(expected), read=read, before=before, stall=stall, seed=3)
    assert run.beats == expected


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("columns", [3, 4, 5])
def test_frames_smaller_than_the_kernel_leave_right(rows, columns):
    design = design_of(5, 5, boundary="edge")
    frames = frames_of(design, 4, seed=3, shape=(rows, columns))
    expected = results_of(design, frames)
    assert run_frames(Conv2DCore(design), frames, len(expected)).beats == expected


def test_a_lone_frames_end_comes_out_by_itself_when_promised():
    design = design_of(3, 3)
    core = Conv2DCore(design)
    frames = frames_of(design, 1, seed=5, shape=(6, 9))
    run = run_frames(core, frames, 54)
    assert run.delivered[-1] - run.accepted[0] + 1 == core.plan.timing.frame_clocks(6, 9)


def test_a_frame_that_arrives_during_the_flush_waits_no_longer_than_stated():
    design = design_of(3, 3)
    core = Conv2DCore(design)
    frames = frames_of(design, 2, seed=6, shape=(6, 9))
    waits = set()
    for pause in range(1, 14):
        beats = beats_of(frames)

        def before(ctx, index, core=core):
            ctx.set(core.rows, 6)
            ctx.set(core.columns, 9)

        # A pause is a stretch of clocks without a beat, made by the chance of a gap being certain for that long.
        run = run_paused(core, beats, pause, before)
        assert [beat[0] for beat in run.beats] == [beat[0] for beat in results_of(design, frames)]
        waits.add(run.accepted[54] - run.accepted[53] - 1)
    below_and_right = design.below * 9 + design.right
    assert max(waits) <= below_and_right + 3  # the pause itself and the register slice in front


def run_paused(core, beats, pause, before, at=54, spacing=1):
    from amaranth.sim import Simulator

    from convolver.sim.bench import Run

    run = Run()

    async def source(ctx):
        for index, beat in enumerate(beats):
            for _ in range((spacing - 1 if index else 0) + (pause if index == at else 0)):
                await ctx.tick()
            before(ctx, index)
            ctx.set(core.i.payload, beat)
            ctx.set(core.i.valid, 1)
            while not (await ctx.tick().sample(core.i.ready))[-1]:
                pass
            ctx.set(core.i.valid, 0)

    async def sink(ctx):
        ctx.set(core.o.ready, 1)
        for clock in range(400 * spacing):
            sample = core.i.valid, core.i.ready, core.o.valid, core.o.payload
            _, _, took, room, valid, payload = await ctx.tick().sample(*sample)
            if took and room:
                run.accepted.append(clock)
            if valid:
                run.beats.append(read(payload))
                run.delivered.append(clock)

    simulator = Simulator(core)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source, background=True)
    simulator.add_testbench(sink)
    simulator.run()
    return run


def spoiled(design, beats, expected, sizes, **watch_for):
    """Drives beats that may be wrong; returns what left and how often each error was flagged."""
    core = Conv2DCore(design)

    def before(ctx, index):
        ctx.set(core.rows, sizes[0])
        ctx.set(core.columns, sizes[1])

    names = ("size", "first", "orphan", "eol")
    run = run_stream(core, beats, expected, read=read, watch={name: core.errors[name] for name in names}, before=before)
    assert {name: count for name, count in run.seen.items() if count} == watch_for
    return run.beats


def test_a_frame_cut_short_leaves_whole_and_the_next_is_right():
    design = design_of(3, 3)
    first, second = frames_of(design, 2, seed=8, shape=(5, 6))
    completed = first.copy()
    completed.flat[13:] = 0
    beats = beats_of([first])[:13] + beats_of([second])
    assert spoiled(design, beats, 60, (5, 6), first=1) == results_of(design, [completed, second])


@pytest.mark.parametrize("between", [(4, 7), (5, 6)], ids=["of another size", "of the same size"])
def test_a_frame_cut_behind_its_first_pixel_leaves_whole_and_the_next_is_right(between):
    design = design_of(3, 3)
    first, third = frames_of(design, 2, seed=8, shape=(5, 6))
    (second,) = frames_of(design, 1, seed=9, shape=between)
    completed = second.copy()
    completed.flat[1:] = 0
    core = Conv2DCore(design)

    def before(ctx, index):
        rows, columns = between if index == 30 else (5, 6)
        ctx.set(core.rows, rows)
        ctx.set(core.columns, columns)

    beats = beats_of([first]) + beats_of([second])[:1] + beats_of([third])
    watch = {name: core.errors[name] for name in ("size", "first", "orphan", "eol")}
    run = run_stream(core, beats, 60 + second.size, read=read, watch=watch, before=before)
    assert run.beats == results_of(design, [first, completed, third])
    assert run.seen == {"size": 0, "first": 1, "orphan": 0, "eol": 0}


def test_pixels_outside_any_frame_are_dropped():
    design = design_of(3, 3)
    first, second = frames_of(design, 2, seed=9, shape=(5, 6))
    stray = {"data": 1, "first": 0, "eol": 0, "last": 0}
    beats = [stray] * 3 + beats_of([first]) + [stray] * 40 + beats_of([second])
    assert spoiled(design, beats, 60, (5, 6), orphan=43) == results_of(design, [first, second])


@pytest.mark.parametrize("sizes", [(13, 6), (5, 15), (5, 2), (0, 6), (5, 0), (65535, 65535)])
def test_a_frame_that_does_not_fit_is_dropped_whole(sizes):
    design = design_of(3, 3)
    core = Conv2DCore(design)
    bad, good = frames_of(design, 2, seed=10, shape=(5, 6))

    def before(ctx, index):
        ctx.set(core.rows, sizes[0] if index < 30 else 5)
        ctx.set(core.columns, sizes[1] if index < 30 else 6)

    watch = {name: core.errors[name] for name in ("size", "first", "orphan", "eol")}
    run = run_stream(core, beats_of([bad, good]), 30, read=read, watch=watch, before=before)
    assert run.beats == results_of(design, [good])
    assert run.seen == {"size": 1, "first": 0, "orphan": 0, "eol": 0}


def test_a_lines_end_in_the_wrong_place_is_flagged_and_changes_nothing():
    design = design_of(3, 3)
    frames = frames_of(design, 2, seed=11, shape=(5, 6))
    beats = beats_of(frames)
    beats[11] = beats[11] | {"eol": 0}
    beats[20] = beats[20] | {"eol": 1}
    assert spoiled(design, beats, 60, (5, 6), eol=2) == results_of(design, frames)


@pytest.mark.parametrize(
    "fields",
    [
        {"pixel": "u1"},
        {"pixel": "s1"},
        {"pixel": "s16", "shift": 3, "rounding": "half_even", "output": "s12"},
        {"pixel": "u8", "shift": 2, "rounding": "half_away", "output": "u8"},
        {"pixel": "u8", "shift": 1, "rounding": "toward_zero", "output": "s5", "overflow": "wrap"},
        {"pixel": "s32", "coefficient": "s32"},
    ],
    ids=lambda fields: "-".join(str(value) for value in fields.values()),
)
def test_numbers_are_exact_at_their_extremes(fields):
    kernel = [[-(2**31), 2**31 - 1], [-(2**31), -(2**31)]] if fields["pixel"] == "s32" else asymmetric(3, 3)
    design = convolver.Conv2DDesign(kernel, rows=8, columns=9, boundary="edge", **fields)
    low, high = design.pixel.min, design.pixel.max
    checks = np.indices((6, 7)).sum(axis=0) % 2
    frames = [np.full((6, 7), low), np.full((6, 7), high), np.where(checks, low, high)]
    frames += frames_of(design, 1, seed=12, shape=(6, 7))
    expected = results_of(design, frames)
    assert run_frames(Conv2DCore(design), frames, len(expected)).beats == expected


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"absolute": True},
        {"combine": "sum_abs"},
        {"combine": "sum_abs", "shift": 2, "rounding": "half_even", "output": "u9"},
        {"absolute": True, "threshold": 700, "output": "s5"},
        {"combine": "sum_abs", "pixel": "s1"},
        {"combine": "sum_abs", "pixel": "s20", "coefficient": "s12"},
    ],
    ids=lambda fields: "-".join(str(value) for value in fields.values()) or "none",
)
def test_results_of_several_kernels_leave_together(fields):
    """Kernels of different latencies: of one product, of all, with sums wide enough for two halves, and of none."""
    wide = 50 if fields.get("pixel") == "s20" else 1
    kernels = [[[0, -1], [0, 0]], [[3, -5], [-7 * wide, 9]], [[0, 0], [0, 0]]]
    design = convolver.Conv2DDesign(kernels, rows=9, columns=9, boundary="reflect", **fields)
    core = Conv2DCore(design)
    assert len({array.latency for array in core.plan.arrays}) > 1
    low, high = design.pixel.min, design.pixel.max
    extremes = [np.where(np.indices((6, 7)).sum(axis=0) % 2, *pair) for pair in ((low, high), (high, low))]
    frames = frames_of(design, 2, seed=16, shape=(6, 7)) + extremes
    expected = results_of(design, frames)
    run = run_frames(core, frames, len(expected))
    assert run.beats == expected
    assert run.delivered[0] == core.latency + 7 * geometry_of(design).below + geometry_of(design).right
    assert run_frames(Conv2DCore(design), frames, len(expected), seed=3, gap=0.4, stall=0.4).beats == expected


# Places that share a multiplier

SHARED = {
    "one axis": [[3, 5, 3], [-7, 9, -7], [11, 0, 11]],
    "both axes, even sides": [[3, -5, -5, 3], [3, -5, -5, 3]],
    "signs": [[-3, 0, 3], [-10, 1, 10], [-3, 0, 3]],
    "all": [[6] * 3] * 5,
    "several kernels": [[[-3, 0, 3], [-10, 0, 10]], [[3, 10, 1], [5, 7, 9]], [[-1, 1, 1], [1, 1, 1]]],
}
SEPARABLE = {
    "binomial": ([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]),
    "odd by even": ([3, 5, -7], [3, 5, -6, 9]),
    "even by odd": ([3, -5, -6, 9], [0, 5, 7]),
}


@pytest.mark.parametrize(("clocks", "pixel"), [(1, "u8"), (1, "u17"), (2, "s3")])
@pytest.mark.parametrize("name", SHARED)
def test_shared_multipliers_give_the_same_results(name, pixel, clocks):
    design = convolver.Conv2DDesign(SHARED[name], pixel=pixel, boundary="reflect", rows=9, columns=9, clocks_per_pixel=clocks)
    core = Conv2DCore(design)
    assert core.plan.sum_levels
    assert core.plan.multipliers < lower(design.replace(structure="direct")).multipliers
    low, high = design.pixel.min, design.pixel.max
    signs = np.sign(np.array(SHARED[name]).reshape(-1, *np.array(SHARED[name]).shape[-2:])[0])
    worst = np.tile(np.where(signs > 0, high, low), (3, 3))[:6, :7]
    frames = [*frames_of(design, 1, seed=16, shape=(6, 7)), worst, low + high - worst]
    expected = results_of(design, frames)
    run = run_frames(core, frames, len(expected))
    assert run.beats == expected
    lines, more = core.plan.timing.lag
    assert run.delivered[0] == core.latency + (7 * lines + more) * clocks
    assert run.delivered[-1] - run.delivered[0] == (len(run.delivered) - 1) * clocks
    run = run_frames(Conv2DCore(design), frames[:2], 84, seed=3, gap=0.4, stall=0.4)
    assert run.beats == expected[:84]


@pytest.mark.parametrize("border", ["constant", "edge", "reflect", "symmetric", "valid"])
@pytest.mark.parametrize(
    ("name", "operation"), [("binomial", "correlate"), ("odd by even", "convolve"), ("even by odd", "correlate")]
)
def test_a_column_filter_and_a_row_filter_give_the_kernels_results(name, border, operation):
    fields = {"mode": "valid"} if border == "valid" else {"boundary": border, "fill": 201 * (border == "constant")}
    kernel = np.outer(*SEPARABLE[name])
    design = convolver.Conv2DDesign(kernel, operation=operation, shift=2, rows=9, columns=9, **fields)
    core = Conv2DCore(design)
    assert core.plan.structure == "separable"
    frames = [*frames_of(design, 1, seed=16, shape=(6, 7)), np.full((6, 7), 255)]
    expected = results_of(design, frames)
    run = run_frames(core, frames, len(expected))
    assert run.beats == expected
    assert run.delivered[-1] + 1 == core.plan.timing.frame_clocks(6, 7, frames=2)
    assert run.accepted == list(range(84))
    assert run_frames(Conv2DCore(design), frames, len(expected), seed=3, gap=0.4, stall=0.4).beats == expected


def test_a_separable_kernel_stays_whole_beside_another():
    design = convolver.Conv2DDesign([np.outer([3, 5, 7], [9, 11, 13]), asymmetric(3, 3)], rows=9, columns=9)
    frames = frames_of(design, 1, seed=16, shape=(6, 7))
    expected = results_of(design, frames)
    assert run_frames(Conv2DCore(design), frames, len(expected)).beats == expected


# A pixel in several clocks

FOLDED = {
    "two clocks": {"clocks_per_pixel": 2, "boundary": "reflect"},
    "five clocks, valid": {"clocks_per_pixel": 5, "mode": "valid"},
    "more clocks than places": {"clocks_per_pixel": 11, "boundary": "symmetric"},
    "stride": {"clocks_per_pixel": 3, "boundary": "constant", "fill": 9, "stride": (2, 3)},
}


@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 3), (5, 2)], ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_a_folded_core_takes_a_pixel_a_slot_within_frames_and_between_them(shape, name):
    design = design_of(*shape, **FOLDED[name])
    frames = frames_of(design, 3, seed=1, shape=(5, 6))
    expected = results_of(design, frames)
    core = Conv2DCore(design)
    run = run_frames(core, frames, len(expected))
    assert run.beats == expected
    assert run.accepted == [beat * design.choices.clocks for beat in range(len(run.accepted))]
    taken = max(run.delivered[-1], (3 * 30 - 1) * design.choices.clocks) + 1
    assert taken == core.plan.timing.frame_clocks(5, 6, frames=3)
    pair = [frames_of(design, 1, seed=[seed, *shape])[0] for seed in range(2)]
    expected = results_of(design, pair)
    assert run_frames(Conv2DCore(design), pair, len(expected), seed=5, gap=(0.7, 0, 0.3), stall=(0, 0.9, 0.6)).beats == expected


@pytest.mark.parametrize("clocks", [2, 3, 7])
def test_pixels_that_come_a_slot_apart_keep_frames_back_to_back(clocks):
    """A next frame's first pixel may come as late as its slot; if it is a clock later, the frame before has driven its own end
    out."""
    design = design_of(3, 3, clocks_per_pixel=clocks, boundary="edge")
    frames = frames_of(design, 2, seed=4, shape=(5, 6))

    def before(ctx, index, core):
        ctx.set(core.rows, 5)
        ctx.set(core.columns, 6)

    for late, slots in ((0, 1), (1, 1 + 6 + 1)):
        core = Conv2DCore(design)
        run = run_paused(core, beats_of(frames), late, functools.partial(before, core=core), at=30, spacing=clocks)
        assert run.beats == results_of(design, frames)
        assert run.delivered[30] - run.delivered[29] == slots * clocks
        assert {after - now for now, after in itertools.pairwise(run.delivered[:30])} == {clocks}


def test_every_lane_of_a_folded_core_works_in_every_clock():
    """Sustained, over whole frames: one multiplication a multiplier a clock."""
    for most, clocks in ((3, 3), (1, 9)):
        design = design_of(3, 3, coefficient="s8", loadable=True, multipliers=most)
        core = Conv2DCore(design)
        frames = frames_of(design, 3, seed=2, shape=(6, 7))
        expected = results_of(design, frames)
        run = run_frames(core, frames, len(expected))
        assert run.beats == expected
        steps, taken = len(expected) - 1, run.delivered[-1] - run.delivered[0]
        assert (design.choices.clocks, core.plan.multipliers) == (clocks, most)
        assert 9 * steps / (taken * most) == 1
