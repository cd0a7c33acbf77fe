"""Continuous filters on the twin: frames are pieces of one signal, until somebody asks for silence."""

import functools

import numpy as np
import pytest

import convolver
from convolver.errors import DataError, DesignError
from convolver.host.device import Device
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.core import Simulation, TwinTransport
from convolver.sim.twin.streams import STALLS, beats_of, random_samples, stalls

TAPS = [int(tap) for tap in np.random.default_rng(3).integers(-99, 99, 21)]
DESIGNS = {
    "chain": convolver.FIRDesign(TAPS, data="s12", continuous=True),
    "symmetric": convolver.FIRDesign([*TAPS[:6], *TAPS[5::-1]], data="u8", shift=5, output="s10", continuous=True),
    "folded": convolver.FIRDesign(TAPS, data="s12", multipliers=4, continuous=True),
    "loadable": convolver.FIRDesign(TAPS, data="s12", coefficient="s9", loadable=True, continuous=True),
}


@functools.cache
def twins():
    return dict(zip(DESIGNS, compile_designs(list(DESIGNS.values())), strict=True))


@pytest.mark.parametrize("name", DESIGNS)
def test_frames_are_pieces_of_one_signal(name):
    design = DESIGNS[name]
    signal = random_samples(design.data, (700,), 5)
    sizes = np.random.default_rng(6).integers(1, 40, 30)
    frames = [frame for frame in np.split(signal, np.cumsum(sizes)) if len(frame)]
    simulation = Simulation(twins()[name])
    for turn, kind in enumerate(STALLS):
        run = simulation.run(beats=beats_of(frames), wanted=700, gaps=stalls(kind, turn), stalls=stalls(kind, turn + 50))
        assert run.finished
        assert run.overflows == 0
        np.testing.assert_array_equal(run.results, golden.fir(design, signal))
        simulation.reset()


@pytest.mark.parametrize("name", DESIGNS)
def test_calls_go_on_until_silence(name):
    design = DESIGNS[name]
    signal = random_samples(design.data, (90,), 7)
    whole = golden.fir(design, signal)
    with Device(TwinTransport(design, compiled=twins()[name])) as device:
        got = [device(part) for part in (signal[:1], signal[1:40], signal[40:])]
        np.testing.assert_array_equal(np.concatenate(got), whole)
        assert not np.array_equal(device(signal), whole)
        device.silence()
        np.testing.assert_array_equal(device(signal), whole)


def test_silence_keeps_the_coefficients():
    design = DESIGNS["loadable"]
    signal = random_samples(design.data, (60,), 8)
    with Device(TwinTransport(design, compiled=twins()["loadable"])) as device:
        device.load(TAPS[::-1])
        device(signal)
        device.silence()
        np.testing.assert_array_equal(device(signal), golden.fir(design.replace(coefficients=TAPS[::-1]), signal))


def test_silence_of_a_filter_that_starts_from_it_is_refused():
    with Device(TwinTransport(convolver.FIRDesign([1, 2]))) as device:
        with pytest.raises(DataError, match=r"^Only a design with continuous=True keeps samples between calls"):
            device.silence()


def test_bad_fields():
    with pytest.raises(DesignError, match=r"^Continuous must be True or False, not 1$"):
        convolver.FIRDesign([1], continuous=1)
    with pytest.raises(DesignError, match=r"^Swap must be one of frame, sample, not 'now'$"):
        convolver.FIRDesign([1], loadable=True, swap="now")
    with pytest.raises(DesignError, match=r"^Swap at the next sample needs loadable coefficients"):
        convolver.FIRDesign([1], swap="sample")
