"""The FIR core on Amaranth's simulator: bit for bit, count for count, clock for clock."""

import numpy as np
import pytest
from amaranth.hdl import ResetInserter, Signal
from amaranth.sim import Simulator

import convolver
from convolver.hw.cores.fir import FIRCore
from convolver.plan.array import CascadedProduct
from convolver.sim import golden
from convolver.sim.bench import PHASE, run_stream

EXTREMES = {
    "one tap": convolver.FIRDesign([-7]),
    "all zero": convolver.FIRDesign([0, 0, 0]),
    "zeros inside": convolver.FIRDesign([1, 0, 0, -4, 0]),
    "one-bit data": convolver.FIRDesign([3, -1, 2], data="u1"),
    "signed bit": convolver.FIRDesign([3, -1, 2], data="s1"),
    "32 bit both": convolver.FIRDesign([-(2**31), 2**31 - 1, -(2**31)], data="s32"),
    "unsigned both": convolver.FIRDesign([255, 254, 3], data="u8"),
    "rounded": convolver.FIRDesign([11, -23, 42], data="s10", shift=4, rounding="half_even", output="s9"),
    "wrapped": convolver.FIRDesign([11, -23, 42], data="s10", shift=2, rounding="toward_zero", output="u7", overflow="wrap"),
    "31 taps": convolver.FIRDesign(list(range(-15, 16)), data="s12"),
    "loadable": convolver.FIRDesign([1, -2, 3, -4], data="s8", coefficient="s8", loadable=True),
    "symmetric, even": convolver.FIRDesign([1, -9, -9, 1], data="s8"),
    "symmetric, odd": convolver.FIRDesign([5, 0, -7, 0, 5], data="u8"),
    "antisymmetric, even": convolver.FIRDesign([-128, 3, -3, 128], data="s8"),
    "antisymmetric, odd": convolver.FIRDesign([6, 1, 0, -1, -6], data="u8"),
    "symmetric, loadable": convolver.FIRDesign([1, 2, 1], data="s8", coefficient="s8", loadable=True, symmetry="symmetric"),
    "two clocks": convolver.FIRDesign([3, 1, -4, 1, 5], data="s8", clocks_per_sample=2),
    "one multiplier": convolver.FIRDesign([3, 1, -4, 1, 5, -9, 2], data="s16", multipliers=1),
    "more clocks than taps": convolver.FIRDesign([3, 1, -4], data="s8", clocks_per_sample=9),
    "folded, symmetric": convolver.FIRDesign([3, 1, -4, 7, -4, 1, 3], data="s8", clocks_per_sample=3),
    "folded, zeros inside": convolver.FIRDesign([1, 0, 0, 0, 9, 0, -2, 0, 0, 4], data="s8", clocks_per_sample=3),
    "folded, loadable": convolver.FIRDesign([1, 2, 3, 4, 5], data="s8", coefficient="s8", loadable=True, clocks_per_sample=2),
    "continuous": convolver.FIRDesign(list(range(-9, 11)), data="s8", continuous=True),
    "continuous, symmetric": convolver.FIRDesign([1, -9, 4, -9, 1], data="s8", continuous=True),
    "continuous, folded": convolver.FIRDesign([3, 1, -4, 1, 5, -9, 2], data="s16", multipliers=2, continuous=True),
    "9 taps, loadable": convolver.FIRDesign(list(range(9)), data="s16", coefficient="s16", loadable=True),
    "64 taps, zeros inside": convolver.FIRDesign([1, 0, 7, 0, 0, 0, 0, -3] * 8, data="s12"),
    "folded, wide": convolver.FIRDesign([2**31 - 1, -(2**31), 77], data="s32", clocks_per_sample=2),
}


def beats_of(frames):
    return [
        {"data": int(sample), "first": index == 0, "last": index == len(frame) - 1}
        for frame in frames
        for index, sample in enumerate(frame)
    ]


def read(payload):
    return payload.data, payload.first, payload.last


def expected_of(design, frames):
    """Each frame's results; those of a continuous design are of all frames as one signal."""
    filtered = [golden.fir(design, frame) for frame in frames]
    if design.continuous:
        filtered = np.split(golden.fir(design, np.concatenate(frames)), np.cumsum([len(frame) for frame in frames])[:-1])
    return [
        (int(value), int(index == 0), int(index == len(results) - 1))
        for results in filtered
        for index, value in enumerate(results)
    ]


def extreme_frames(design, seed):
    """Worst case by construction: full scale against each tap's sign, an impulse of either extreme, alternation, noise."""
    low, high = design.data.min, design.data.max
    against = [low if tap > 0 else high for tap in reversed(design.coefficients)]
    along = [high if tap > 0 else low for tap in reversed(design.coefficients)]
    noise = np.random.default_rng(seed).integers(low, high, 40, endpoint=True)
    flat = [[low] * (design.taps + 2), [high] * (design.taps + 2), [low, high] * design.taps]
    return [against, along, [high] + [0] * design.taps, [low] + [0] * design.taps, *flat, [high], noise]


@pytest.mark.parametrize("name", EXTREMES)
def test_results_are_those_of_the_golden_model(name):
    """Under four mixes of gaps and stalls in turn; every mix with every feature is in tests/test_fir_features.py."""
    design = EXTREMES[name]
    core = FIRCore(design)
    frames = extreme_frames(design, seed=5)
    frames *= -(-5 * PHASE // sum(map(len, frames)))  # long enough for all mixes
    beats = beats_of(frames)
    watch = {"overflow": core.overflow, "first": core.errors.first, "orphan": core.errors.orphan}
    run = run_stream(core, beats, len(beats), seed=9, gap=(0, 0.5, 0, 0.4), stall=(0, 0, 0.5, 0.4), read=read, watch=watch)
    assert run.delivered[-1] > 4 * PHASE
    assert run.beats == expected_of(design, frames)
    assert run.seen == {"overflow": 0, "first": 0, "orphan": 0}


@pytest.mark.parametrize("name", EXTREMES)
def test_one_sample_a_slot_and_the_stated_latency(name):
    core = FIRCore(EXTREMES[name])
    frames = [[1] * 30, [0] * 50, [1]]
    run = run_stream(core, beats_of(frames), 81)
    assert run.accepted == [sample * core.design.choices.clocks for sample in range(81)]
    assert run.delivered == [clock + core.latency for clock in run.accepted]


def test_a_gap_delays_only_what_follows():
    core = FIRCore(EXTREMES["rounded"])
    run = run_stream(core, beats_of([list(range(60))]), 60, seed=2, gap=0.6)
    assert run.delivered == [clock + core.latency for clock in run.accepted]


def test_the_impulse_response_is_the_taps():
    design = EXTREMES["31 taps"]
    run = run_stream(FIRCore(design), beats_of([[1] + [0] * 30]), 31, read=read)
    assert [beat[0] for beat in run.beats] == list(design.coefficients)


def test_a_beat_outside_a_frame_is_dropped_and_flagged():
    core = FIRCore(convolver.FIRDesign([2, 1]))
    stray = [{"data": 99, "first": 0, "last": 0}] * 2
    run = run_stream(core, stray + beats_of([[5, 6]]), 2, read=read, watch={"orphan": core.errors.orphan})
    assert run.beats == [(10, 1, 0), (17, 0, 1)]
    assert run.seen["orphan"] == 2


def test_a_frame_that_begins_too_early_starts_from_silence_and_is_flagged():
    core = FIRCore(convolver.FIRDesign([2, 1]))
    cut = beats_of([[100, 100, 100]])[:2]
    run = run_stream(core, cut + beats_of([[5, 6]]), 4, read=read, watch={"first": core.errors.first})
    assert run.beats == [(200, 1, 0), (300, 0, 0), (10, 1, 0), (17, 0, 1)]
    assert run.seen["first"] == 1


def drive(core, *processes):
    simulator = Simulator(core)
    simulator.add_clock(1e-6)
    for process, background in processes:
        simulator.add_testbench(process, background=background)
    simulator.run()


async def send(ctx, stream, beat):
    ctx.set(stream.payload, beat)
    ctx.set(stream.valid, 1)
    while not (await ctx.tick().sample(stream.ready))[-1]:
        pass
    ctx.set(stream.valid, 0)


@pytest.mark.parametrize("length", [1, 4])
@pytest.mark.parametrize("clocks", [1, 2, 3])
@pytest.mark.parametrize("stall", [0, 0.7])
def test_a_new_set_takes_effect_whole_at_a_frames_first_result(stall, clocks, length):
    """Whenever the set is completed, each frame is filtered by one set, the old or the new, and never by the old again."""
    old, new = (1, 2, 3), (-7, 5, 11)
    design = convolver.FIRDesign(old, data="s8", coefficient="s8", loadable=True, clocks_per_sample=clocks)
    core = FIRCore(design)
    samples = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]
    frames = [samples[first : first + length] for first in range(0, 16, length)]
    beats = beats_of(frames)
    reset = Signal()
    switched = set()

    async def bench(ctx):
        for when in range(0, 40, 3):  # each from reset, in one simulation: building it takes longer than a run
            ctx.set(reset, 1)
            await ctx.tick()
            ctx.set(reset, 0)
            results = await run(ctx, when, np.random.default_rng(when))
            used = []
            for number, frame in enumerate(frames):
                got = results[length * number : length * (number + 1)]
                matches = [taps for taps in (old, new) if got == list(golden.lfilter(taps, frame))]
                assert len(matches) == 1, f"set at {when}: frame {number} is neither the old set's nor the new one's: {got}"
                used.append(matches[0] == new)
            assert used == sorted(used), f"set at {when}"
            assert when or used[-1]
            switched.add(used.count(True))

    async def run(ctx, when, chance):
        sent, loaded, results = 0, 0, []
        for clock in range(1000):
            ctx.set(core.i.valid, sent < 16)
            if sent < 16:
                ctx.set(core.i.payload, beats[sent])
            ctx.set(core.coefficients.valid, clock > when and loaded < 3)
            if loaded < 3:
                ctx.set(core.coefficients.payload, {"data": new[loaded], "last": loaded == 2})
            ctx.set(core.o.ready, chance.random() >= stall)
            sides = [side for stream in (core.i, core.coefficients, core.o) for side in (stream.valid, stream.ready)]
            _, _, *handshakes, payload = await ctx.tick().sample(*sides, core.o.payload)
            sent += handshakes[0] and handshakes[1]
            loaded += handshakes[2] and handshakes[3]
            if handshakes[4] and handshakes[5]:
                results.append(payload.data)
            if len(results) == 16:
                return results
        raise AssertionError(f"Only {len(results)} of 16 results came")

    simulator = Simulator(ResetInserter(reset)(core))
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert len(switched) > 2, "the set came at the same frame, whenever it was sent"


@pytest.mark.parametrize("clocks", [1, 3])
@pytest.mark.parametrize("length", [1, 3, 40])
def test_sets_that_follow_at_once_wait_for_all_lanes(length, clocks):
    """A long filter's groups take a set one after the other: the set behind it must not shift into those still to come."""
    sets = [[number * 20 + tap - 40 for tap in range(20)] for number in range(5)]
    design = convolver.FIRDesign(sets[0], data="s8", coefficient="s8", loadable=True, clocks_per_sample=clocks)
    core = FIRCore(design)
    samples = np.random.default_rng(length).integers(1, 128, 240)  # a zero would tell no set from another
    frames = np.split(samples, range(length, len(samples), length))
    results = []

    async def source(ctx):
        for beat in beats_of(frames):
            await send(ctx, core.i, beat)

    async def loader(ctx):
        for taps in sets[1:]:
            for index, tap in enumerate(taps):
                await send(ctx, core.coefficients, {"data": tap, "last": index == 19})

    async def sink(ctx):
        ctx.set(core.o.ready, 1)
        for _ in range(3000):
            _, _, valid, payload = await ctx.tick().sample(core.o.valid, core.o.payload)
            if valid:
                results.append(payload.data)
            if len(results) == len(samples):
                return
        raise AssertionError(f"Only {len(results)} of {len(samples)} results came")

    drive(core, (source, True), (loader, True), (sink, False))
    used = []
    for number, frame in enumerate(frames):
        got = results[length * number : length * (number + 1)]
        matches = [index for index, taps in enumerate(sets) if got == list(golden.lfilter(taps, frame))]
        assert len(matches) == 1, f"frame {number} is no set's: {got}"
        used += matches
    assert used == sorted(used)
    assert len(set(used)) > 2


@pytest.mark.parametrize("taps", [3, 20])
@pytest.mark.parametrize("clocks", [1, 2])
@pytest.mark.parametrize("when", [0, 17, 40])
def test_a_stream_without_frames_takes_a_set_at_the_next_sample(when, clocks, taps):
    old, new = list(range(1, taps + 1)), list(range(-taps, 0))
    design = convolver.FIRDesign(
        old, data="s8", coefficient="s8", loadable=True, clocks_per_sample=clocks, swap="sample", continuous=True
    )
    core = FIRCore(design)
    samples = np.random.default_rng(when).integers(-128, 128, 90)
    results = []

    async def source(ctx):
        for beat in beats_of([samples]):
            await send(ctx, core.i, beat)

    async def loader(ctx):
        for _ in range(when + 1):
            await ctx.tick()
        for index, tap in enumerate(new):
            await send(ctx, core.coefficients, {"data": tap, "last": index == taps - 1})

    async def sink(ctx):
        ctx.set(core.o.ready, 1)
        for _ in range(1000):
            _, _, valid, payload = await ctx.tick().sample(core.o.valid, core.o.payload)
            if valid:
                results.append(payload.data)
            if len(results) == len(samples):
                return
        raise AssertionError(f"Only {len(results)} of {len(samples)} results came")

    drive(core, (source, True), (loader, True), (sink, False))
    one, other = golden.lfilter(old, samples), golden.lfilter(new, samples)
    changed = next(n for n in range(len(samples)) if results[n] != one[n])
    np.testing.assert_array_equal(results[changed:], other[changed:])
    # The last coefficient goes in `2 * taps + when` clocks after the start, and the set waits for no frame.
    assert abs(changed - (when + 2 * taps) / clocks) <= 8


@pytest.mark.parametrize("clocks", [1, 2])
def test_silence_is_for_the_next_frame(clocks):
    design = convolver.FIRDesign([1, 1, 1], data="s8", clocks_per_sample=clocks, continuous=True)
    core = FIRCore(design)
    results = []

    async def bench(ctx):
        ctx.set(core.o.ready, 1)
        for number, frame in enumerate(([1, 2], [4, 8], [16, 32], [64])):
            if number == 2:
                ctx.set(core.silence, 1)
                await ctx.tick()
                ctx.set(core.silence, 0)
            for beat in beats_of([frame]):
                await send(ctx, core.i, beat)
        for _ in range(30):
            await ctx.tick()

    async def sink(ctx):
        async for _, _, valid, payload in ctx.tick().sample(core.o.valid, core.o.payload):
            if valid:
                results.append(payload.data)

    drive(core, (sink, True), (bench, False))
    assert results == [1, 3, 7, 14, 16, 48, 112]


def test_a_set_of_a_wrong_length_is_dropped_and_flagged():
    design = convolver.FIRDesign([1, 2, 3], data="s8", coefficient="s8", loadable=True)
    core = FIRCore(design)
    errors = 0
    results = []

    async def source(ctx):
        for length in (2, 5, 1):
            for index in range(length):
                await send(ctx, core.coefficients, {"data": 100, "last": index == length - 1})
        for _ in range(3):
            await ctx.tick()
        for beat in beats_of([[1, 0, 0]]):
            await send(ctx, core.i, beat)
        for index in range(3):
            await send(ctx, core.coefficients, {"data": 9 - index, "last": index == 2})
        for _ in range(20):
            await ctx.tick()
        for beat in beats_of([[1, 0, 0]]):
            await send(ctx, core.i, beat)

    async def sink(ctx):
        nonlocal errors
        ctx.set(core.o.ready, 1)
        for _ in range(200):
            _, _, valid, payload, error = await ctx.tick().sample(core.o.valid, core.o.payload, core.errors.coefficients)
            errors += error
            if valid:
                results.append(payload.data)

    drive(core, (source, True), (sink, False))
    assert errors == 3
    assert results == [1, 2, 3, 9, 8, 7]


def test_reset_at_any_cycle_leaves_the_next_frame_right():
    design = convolver.FIRDesign([1, -2, 3], data="s8", coefficient="s8", loadable=True)
    for cycle in range(1, 40):
        core = FIRCore(design)
        reset = Signal()
        results = []

        async def bench(ctx, core=core, reset=reset, results=results, cycle=cycle):
            ctx.set(core.o.ready, cycle % 2)
            ctx.set(core.i.valid, 1)
            for clock in range(cycle):
                ctx.set(core.i.payload, {"data": clock, "first": clock % 5 == 0, "last": clock % 5 == 4})
                ctx.set(core.coefficients.payload, {"data": clock, "last": clock % 3 == 2})
                ctx.set(core.coefficients.valid, 1)
                await ctx.tick()
            ctx.set(reset, 1)
            ctx.set(core.i.valid, 0)
            ctx.set(core.coefficients.valid, 0)
            await ctx.tick()
            ctx.set(reset, 0)
            ctx.set(core.o.ready, 1)
            for beat in beats_of([[1, 0, 0, 4]]):
                await send(ctx, core.i, beat)
            while len(results) < 4:
                _, _, valid, payload = await ctx.tick().sample(core.o.valid, core.o.payload)
                if valid:
                    results.append(payload.data)

        simulator = Simulator(ResetInserter(reset)(core))
        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        simulator.run()
        assert results == [1, -2, 3, 4], f"after a reset in clock {cycle}"


def test_every_lane_works_in_every_clock():
    """Sustained, over whole frames: one multiplication a multiplier a clock, two taps each where they are symmetric."""
    for taps, symmetry, macs in ((8, "none", 1), (8, "symmetric", 2)):
        design = convolver.FIRDesign([1] * taps, data="s8", coefficient="s8", loadable=True, symmetry=symmetry, multipliers=2)
        core = FIRCore(design)
        run = run_stream(core, beats_of([[1] * 50] * 4), 200)
        clocks = run.delivered[-1] - run.delivered[0]
        assert taps * 199 / (clocks * core.plan.multipliers) == macs


CASCADED = {
    "one tap": convolver.FIRDesign([-7], data="s16"),
    "zeros inside": convolver.FIRDesign([1, 0, 0, -4, 0, 3, 5], data="s8", shift=2, output="s10"),
    "12 taps, loadable": convolver.FIRDesign(list(range(12)), data="u16", coefficient="s16", loadable=True),
    "continuous": convolver.FIRDesign(list(range(-9, 11)), data="s8", continuous=True),
}


@pytest.mark.parametrize("name", CASCADED)
@pytest.mark.parametrize(("gap", "stall"), [(0, 0), (0.4, 0.4)])
def test_a_cascade_gives_the_same_results_a_lane_a_clock(name, gap, stall):
    design = CASCADED[name]
    core = FIRCore(design, "7-series")
    assert isinstance(core.plan.arrays[0], CascadedProduct)
    frames = extreme_frames(design, seed=5)
    beats = beats_of(frames)
    run = run_stream(core, beats, len(beats), seed=9, gap=gap, stall=stall, read=read, watch={"overflow": core.overflow})
    assert run.beats == expected_of(design, frames)
    assert run.seen == {"overflow": 0}
    if not stall:
        assert run.delivered == [clock + core.latency for clock in run.accepted]
