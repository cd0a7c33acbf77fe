"""Each feature of a FIR on the twin, over random designs and every mix of stalls, against the golden model, bit for bit.

A design comes from its feature and its seed, so that a failure repeats. `make test` runs a design or two of each feature,
all in one library; `make soak` a hundred of each.
"""

import functools
import itertools

import numpy as np
import pytest

from convolver import FIRDesign, Format
from convolver.designs import SYMMETRIES
from convolver.formats import OVERFLOWS, ROUNDINGS
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import STALLS, beats_of, marks_of, random_samples, stalls

SEEDS, BATCH = 100, 10


def some_format(random, low=2, high=12):
    return Format(int(random.integers(low, high, endpoint=True)), bool(random.integers(2)))


def some_taps(random, form, least=1, most=12):
    """Taps of a format; of every fourth filter all are extreme, so that sums reach their bounds."""
    count = int(random.integers(least, most, endpoint=True))
    if random.random() < 0.25:
        return [(form.min, form.max)[index] for index in random.integers(0, 2, count)]
    return [int(tap) for tap in random.integers(form.min, form.max, count, dtype=np.int64, endpoint=True)]


def mirrored(random, form, symmetry):
    """Taps with a symmetry, an even or an odd number."""
    sign = -1 if symmetry == "antisymmetric" else 1
    # The least value of a signed format has no negative.
    half = [max(tap, -form.max) if sign < 0 else tap for tap in some_taps(random, form, most=6)]
    middle = [[], [0 if sign < 0 else int(form.max)]][random.integers(2)]
    return [*half, *middle, *(sign * tap for tap in reversed(half))]


def some_output(random, design):
    """The design with some output stage, every other time."""
    if random.random() < 0.5:
        return design
    width = design.accumulator.width
    return design.replace(
        shift=int(random.integers(0, width, endpoint=True)),
        rounding=str(random.choice(ROUNDINGS)),
        overflow=str(random.choice(OVERFLOWS)),
        output=some_format(random, 1, width + 2),
    )


def folded(random, seed):
    form = some_format(random)
    taps = some_taps(random, form, least=2)
    fields = {"multipliers": int(random.integers(1, len(taps)))} if seed % 2 else {}
    fields = fields or {"clocks_per_sample": int(random.integers(2, len(taps) + 3))}
    return FIRDesign(taps, data=some_format(random), coefficient=form, loadable=seed % 3 == 0, **fields)


def symmetric(random, seed):
    symmetry = SYMMETRIES[1 + seed % 2]
    form = Format(int(random.integers(2, 12)), seed % 2 == 1 or bool(random.integers(2)))
    return FIRDesign(
        mirrored(random, form, symmetry),
        data=some_format(random),
        coefficient=form,
        clocks_per_sample=(1, 1, 2, 3)[random.integers(4)],
        loadable=seed % 4 > 1,
        symmetry=symmetry if seed % 4 > 1 else None,
    )


def zero_taps(random, seed):
    form = Format(int(random.integers(2, 12)), True)
    taps = np.array(some_taps(random, form, least=3, most=24))
    if seed % 3:
        taps[seed % 2 :: 2] = 0  # as in half-band filters and Hilbert transformers
    else:
        taps[random.random(len(taps)) < 0.7] = 0
    return FIRDesign(taps, data=some_format(random), coefficient=form, clocks_per_sample=(1, 1, 2, 5)[random.integers(4)])


def swapped(random, seed):
    form = some_format(random)
    return FIRDesign(
        some_taps(random, form),
        data=some_format(random),
        coefficient=form,
        loadable=True,
        swap=("frame", "sample")[seed % 2],
        continuous=seed % 4 > 1,
        clocks_per_sample=(1, 1, 2, 4)[random.integers(4)],
    )


def continuous(random, seed):
    form = some_format(random)
    taps = mirrored(random, Format(form.width, True), SYMMETRIES[1 + seed % 2]) if seed % 3 == 2 else some_taps(random, form)
    return FIRDesign(taps, data=some_format(random), clocks_per_sample=(1, 1, 2, 4)[random.integers(4)], continuous=True)


def wide(random, seed):
    """Numbers wider than any hard multiplier: both, or one of them."""
    data = some_format(random, *((19, 32), (2, 32))[seed % 2])
    form = some_format(random, *((19, 32), (26, 32))[seed % 2])
    clocks = (1, 1, 2)[random.integers(3)]
    return FIRDesign(
        some_taps(random, form, most=9),
        data=data,
        coefficient=form,
        loadable=bool(random.integers(2)),
        clocks_per_sample=clocks,
    )


def rounded(random, seed):
    """Every rounding with every overflow, ten designs each, with outputs too narrow for the results and wide enough."""
    form = some_format(random)
    design = FIRDesign(some_taps(random, form), data=some_format(random), coefficient=form)
    shift = int(random.integers(1, design.accumulator.width, endpoint=True))
    left = max(design.accumulator.width - shift, 1)
    rounding, overflow = list(itertools.product(ROUNDINGS, OVERFLOWS))[seed % 10]
    return design.replace(
        shift=shift, rounding=rounding, overflow=overflow, output=some_format(random, max(left - 3, 1), left + 1)
    )


FEATURES = {
    "folding": folded,
    "symmetry": symmetric,
    "zero taps": zero_taps,
    "swap in mid-stream": swapped,
    "continuous": continuous,
    "wide numbers": wide,
    "rounding and overflow": rounded,
}
SAMPLE = [*((feature, 0) for feature in FEATURES), ("swap in mid-stream", 1)]


@functools.cache
def design_of(feature, seed):
    random = np.random.default_rng([2071, list(FEATURES).index(feature), seed])
    design = FEATURES[feature](random, seed)
    return design if feature == "rounding and overflow" else some_output(random, design)


@functools.cache
def sample():
    """The twins that every `make test` runs."""
    return dict(zip(SAMPLE, compile_designs([design_of(*name) for name in SAMPLE]), strict=True))


def some_frames(random, design):
    """Worst cases by construction, full scale against and along each tap's sign, and noise; frames of one sample among them."""
    low, high = design.data.min, design.data.max
    against = [low if tap > 0 else high for tap in reversed(design.coefficients)]
    along = [high if tap > 0 else low for tap in reversed(design.coefficients)]
    noise = [random_samples(design.data, int(size), int(random.integers(1 << 30))) for size in random.integers(1, 40, 4)]
    frames = [*(np.array(frame, dtype=np.int64) for frame in (against, along, [high], [low])), *noise]
    return [frames[index] for index in random.permutation(len(frames))]


def results_of(design, frames, coefficients):
    """All frames' results; those of a continuous design are of all frames as one signal."""
    design = design.replace(coefficients=coefficients)
    if design.continuous:
        return golden.fir(design, np.concatenate(frames))
    return np.concatenate([golden.fir(design, frame) for frame in frames])


def check(design, core, seed):
    """Every mix of stalls, each from power-on; returns how often a new set took effect in the middle of the run."""
    random = np.random.default_rng([2072, seed])
    simulation = Simulation(core)
    frames = some_frames(random, design)
    beats, wanted = beats_of(frames), sum(map(len, frames))
    starts = [0, *np.cumsum([len(frame) for frame in frames])]
    places = range(wanted + 1) if design.swap == "sample" else starts
    inside = 0
    for turn, kind in enumerate(STALLS):
        simulation.reset()
        other = STALLS[(turn + seed) % len(STALLS)]
        old, loading = design.coefficients, {}
        if design.loadable:
            loading["coefficients"] = random_samples(design.coefficient, design.set_size, int(random.integers(1 << 30)))
            if design.symmetry == "antisymmetric":
                loading["coefficients"] = np.maximum(loading["coefficients"], -design.coefficient.max)
            loading["coefficient_clock"] = int(random.integers(0, wanted * design.choices.clocks))
            loading["coefficient_gaps"] = stalls(other, seed + 7)
        run = simulation.run(
            beats, wanted, gaps=stalls(kind, seed), stalls=stalls(other, seed + 99), settle=40, shy=turn % 2 == 1, **loading
        )
        assert run.finished
        assert (run.accepted, run.delivered) == (wanted, wanted)
        assert not any(run.errors.values())
        assert (run.violations, run.overflows, run.busy, run.pending) == (0, 0, False, False)
        np.testing.assert_array_equal(run.marks, np.concatenate([marks_of(frame.shape) for frame in frames]))
        before = results_of(design, frames, old)
        if not design.loadable:
            np.testing.assert_array_equal(run.results, before)
            continue
        new = design.complete([int(value) for value in loading["coefficients"]])
        after = results_of(design, frames, new)
        # By the old set up to some place, by the new one from there on; a set for the next frame begins where one does.
        fits = [place for place in places if (run.results[:place] == before[:place]).all()]
        fits = [place for place in fits if (run.results[place:] == after[place:]).all()]
        assert fits, f"neither set's, nor first one's and then the other's: {run.results}"
        inside += 0 < fits[0] < wanted and not (before == after).all()
        simulation.run(beats, wanted)  # whenever the set came, it holds from now on, and so do these frames' last samples
        again = results_of(design, [*frames, *frames], new)[-wanted:]
        np.testing.assert_array_equal(simulation.run(beats, wanted).results, again)
    return inside


@pytest.mark.parametrize(("feature", "seed"), SAMPLE)
def test_sample(feature, seed):
    design = design_of(feature, seed)
    print(design)  # pytest shows it with a failure
    inside = check(design, sample()[feature, seed], seed)
    assert inside or feature != "swap in mid-stream"


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
@pytest.mark.parametrize("feature", FEATURES)
def test_soak(feature, first):
    seeds = range(first, first + BATCH)
    designs = [design_of(feature, seed) for seed in seeds]
    inside = 0
    for seed, design, core in zip(seeds, designs, compile_designs(designs), strict=True):
        print(seed, design)
        inside += check(design, core, seed)
    assert inside or feature != "swap in mid-stream"


def test_seeds_cover_every_choice():
    """A choice that no seed makes would go untested without anybody noticing."""
    designs = {feature: [design_of(feature, seed) for seed in range(SEEDS)] for feature in FEATURES}
    assert sum(design.choices.clocks > 1 for design in designs["folding"]) > 0.9 * SEEDS
    assert {design.multipliers for design in designs["folding"]} >= {None, 1, 2, 3, 4}
    assert any(design.choices.clocks > design.taps for design in designs["folding"])
    pairs = {(design.symmetry, design.taps % 2, design.loadable, design.choices.clocks > 1) for design in designs["symmetry"]}
    assert pairs >= set(itertools.product(SYMMETRIES[1:], (0, 1), (False, True), (False, True)))
    assert sum(2 * len(design.terms) <= design.taps + 1 for design in designs["zero taps"]) > SEEDS // 2
    swaps = {(design.swap, design.continuous, design.choices.clocks > 1) for design in designs["swap in mid-stream"]}
    assert swaps == set(itertools.product(("frame", "sample"), (False, True), (False, True)))
    assert {(design.symmetry, design.choices.clocks > 1) for design in designs["continuous"]} == set(
        itertools.product(SYMMETRIES, (False, True))
    )
    assert {design.data.width for design in designs["wide numbers"]} >= {2, 19, 32}
    assert {(design.data.signed, design.coefficient.signed) for design in designs["wide numbers"]} == set(
        itertools.product((False, True), repeat=2)
    )
    assert min(max(design.data.width, design.coefficient.width) for design in designs["wide numbers"]) > 18
    stages = {(design.rounding, design.overflow) for design in designs["rounding and overflow"]}
    assert stages == set(itertools.product(ROUNDINGS, OVERFLOWS))
