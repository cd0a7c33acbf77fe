"""The algebra of convolution on compiled cores, bit for bit: impulse response, commutativity, associativity, distributivity.

And how many products a multiplier gives in a clock, the multipliers being counted in the netlist.
"""

import re

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import wiring

from convolver import FIRDesign
from convolver.hw.cores.core import create
from convolver.hw.cores.fir import FIRCore
from convolver.plan.lowering import lower
from convolver.sim.libraries.compiler import compile_components
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import beats_of, stalls

RANDOM = np.random.default_rng(2032)
LONG, OTHER, SHORT = ([int(tap) for tap in RANDOM.integers(-127, 128, taps)] for taps in (7, 7, 4))


def fir(taps, **fields):
    """A filter whose samples are as wide as its taps, so that either may be the other."""
    return FIRDesign(taps, data="s9", coefficient="s9", **fields)


# Each law is shown between cores that are built differently.
DESIGNS = {
    "long": fir(LONG),
    "long, one multiplier": fir(LONG, multipliers=1),
    "other, loadable": fir(OTHER, loadable=True),
    "long + other, two clocks": fir([one + other for one, other in zip(LONG, OTHER, strict=True)], clocks_per_sample=2),
    "short, loadable": fir(SHORT, loadable=True),
    "short, two clocks": fir(SHORT, clocks_per_sample=2),
    "symmetric": fir([*SHORT, 99, *SHORT[::-1]]),
    "symmetric, folded": fir([*SHORT, *SHORT[::-1]], clocks_per_sample=2),
    "antisymmetric": fir([*SHORT, 0, *(-tap for tap in SHORT[::-1])]),
    "half-band": fir(FIRDesign.halfband(9, fs=48, taps=11, coefficient="s9").coefficients),
}


class Cascade(wiring.Component):
    """Two FIR cores; the results of the first are the samples of the second."""

    def __init__(self, first, second):
        self._cores = FIRCore(first), FIRCore(second.replace(data=first.output, output=None))
        super().__init__({"i": self._cores[0].signature.members["i"], "o": self._cores[1].signature.members["o"]})

    def elaborate(self, platform):
        m = Module()
        m.submodules.first, m.submodules.second = first, second = self._cores
        wiring.connect(m, wiring.flipped(self.i), first.i)
        wiring.connect(m, first.o, second.i)
        wiring.connect(m, second.o, wiring.flipped(self.o))
        return m


CASCADES = [("long", "short, two clocks"), ("short, two clocks", "long"), ("long, one multiplier", "short, loadable")]

SUSTAINED = {
    "parallel": (fir([3] * 4, loadable=True), 1.0),
    "symmetric": (fir([3] * 4, loadable=True, symmetry="symmetric"), 2.0),
    "one multiplier": (fir([3] * 16, loadable=True, multipliers=1), 1.0),
    "symmetric, folded": (fir([3] * 16, loadable=True, symmetry="symmetric", multipliers=2), 2.0),
}


@pytest.fixture(scope="module")
def twins():
    """All cores, in one library."""
    whole = fir(LONG).replace(coefficients=np.convolve(LONG, SHORT), coefficient="s32", output=None)
    cores = {name: create(design) for name, design in DESIGNS.items()}
    cores |= {pair: Cascade(DESIGNS[pair[0]], DESIGNS[pair[1]]) for pair in CASCADES}
    cores |= {f"sustained, {name}": create(design) for name, (design, _) in SUSTAINED.items()}
    cores["convolved"] = create(whole)
    return dict(zip(cores, compile_components(cores.values()), strict=True))


def filtered(compiled, samples, turn=1):
    """The results of a signal, with both sides pausing."""
    run = Simulation(compiled).run(
        beats_of([np.array(samples)]), len(samples), gaps=stalls("half", turn), stalls=stalls("bursts", turn + 9), settle=40
    )
    assert run.finished
    assert run.delivered == len(samples)
    return run.results.tolist()


def padded(samples, taps):
    """A signal and the silence in which the rest of the filter's response comes out."""
    return [*samples, *[0] * (len(taps) - 1)]


def noise(seed, length=300):
    return [int(sample) for sample in np.random.default_rng(seed).integers(-256, 256, length)]


@pytest.mark.parametrize("name", DESIGNS)
def test_the_impulse_response_is_the_taps(twins, name):
    taps = DESIGNS[name].coefficients
    for height in (1, -256, 255):
        assert filtered(twins[name], [height] + [0] * (len(taps) + 20)) == [height * tap for tap in taps] + [0] * 21


@pytest.mark.parametrize("long", ["long", "long, one multiplier"])
@pytest.mark.parametrize("short", ["short, loadable", "short, two clocks"])
def test_signal_and_taps_may_change_places(twins, long, short):
    results = filtered(twins[long], padded(SHORT, LONG))
    assert results == filtered(twins[short], padded(LONG, SHORT), 2)
    assert results == np.convolve(LONG, SHORT).tolist()


def test_a_sum_of_taps_gives_the_sum_of_results(twins):
    signal = noise(5)
    for one in ("long", "long, one multiplier"):
        parts = [filtered(twins[name], signal, turn) for turn, name in enumerate((one, "other, loadable"))]
        assert filtered(twins["long + other, two clocks"], signal) == np.sum(parts, axis=0).tolist()


@pytest.mark.parametrize("name", DESIGNS)
def test_a_sum_of_signals_gives_the_sum_of_results(twins, name):
    signals = [np.array(noise(seed)) // 2 for seed in (6, 7)]
    parts = [filtered(twins[name], signal, turn) for turn, signal in enumerate(signals)]
    assert filtered(twins[name], sum(signals)) == np.sum(parts, axis=0).tolist()


@pytest.mark.parametrize("pair", CASCADES, ids=" then ".join)
def test_a_cascade_is_the_filter_of_the_convolved_taps(twins, pair):
    signal = noise(8)
    expected = filtered(twins["convolved"], signal)
    assert len(set(expected)) > 100
    assert filtered(twins[pair], signal, 4) == expected


@pytest.mark.parametrize("name", SUSTAINED)
def test_every_multiplier_works_in_every_clock(twins, name):
    """Products of taps and samples over multipliers and clocks, from the first result of many frames to the last."""
    design, wanted = SUSTAINED[name]
    multipliers = len(re.findall(r"cell \$mul ", rtlil.convert(create(design))))
    assert multipliers == lower(design).multipliers
    frames = [np.array(noise(seed, 100)) for seed in range(20)]
    run = Simulation(twins[f"sustained, {name}"]).run(beats_of(frames), 2000)
    products = design.taps * (run.delivered - 1)
    assert products / (multipliers * (run.last_result - run.first_result)) == wanted
