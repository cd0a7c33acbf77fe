"""The state of a FIR over the link: the whole board top, compiled, with the real host driver at the other end.

Calls, and frames of one call, are pieces of one signal until somebody asks for silence; a set that is loaded in mid-stream
takes effect with the next sample; a new session begins from silence, with the coefficients of the design.
"""

import numpy as np
import pytest

from convolver import FIRDesign
from convolver.host.device import Device
from convolver.host.link import LinkTransport, connect
from convolver.sim import golden
from convolver.sim.board_twin import BoardPipe, BoardTwin, serving
from convolver.sim.streams import random_samples

TAPS = [int(tap) for tap in np.random.default_rng(11).integers(-128, 128, 13)]
DESIGN = FIRDesign(
    TAPS, data="s12", coefficient="s8", loadable=True, multipliers=5, continuous=True, swap="sample", shift=3, output="s20"
)
EXACT = FIRDesign(TAPS, data="s12", continuous=True)


@pytest.fixture(scope="module")
def twin():
    return BoardTwin(DESIGN)


def opened(twin):
    pipe = BoardPipe(twin, lambda data: data)
    return Device(LinkTransport(pipe, clock=pipe.time))


def pieces(signal, seed):
    """A signal in pieces of all lengths, of one sample too."""
    cuts = np.sort(np.random.default_rng(seed).choice(np.arange(2, len(signal)), 6, replace=False))
    return np.split(signal, [1, *cuts])


def test_calls_are_pieces_of_one_signal(twin):
    signal = random_samples(DESIGN.data, (900,), 1)
    whole = golden.run(DESIGN, signal)
    with opened(twin) as device:
        results = [device(piece) for piece in pieces(signal, 2)]
        np.testing.assert_array_equal(np.concatenate(results), whole)
        assert not np.array_equal(device(signal), whole)
        device.silence()
        np.testing.assert_array_equal(device(signal[:1]), whole[:1])
        np.testing.assert_array_equal(np.concatenate(list(device.stream(pieces(signal[1:], 3)))), whole[1:])


def test_silence_is_for_one_call(twin):
    signal = random_samples(DESIGN.data, (200,), 4)
    with opened(twin) as device:
        device(signal)
        device.silence()
        device.silence()
        both = [device(part) for part in (signal[:77], signal[77:])]
        np.testing.assert_array_equal(np.concatenate(both), golden.run(DESIGN, signal))


def test_a_new_session_begins_from_silence_with_the_designs_own_coefficients(twin):
    signal = random_samples(DESIGN.data, (60,), 5)
    for _ in range(2):
        with opened(twin) as device:
            np.testing.assert_array_equal(device(signal), golden.run(DESIGN, signal))
            device.load(TAPS[::-1])
            device(signal)


def test_a_set_meets_the_samples_of_the_frames_before(twin):
    """Loaded between two calls, it is used from the second one's first sample on, which still sees those of the first."""
    signal = random_samples(DESIGN.data, (300,), 6)
    random = np.random.default_rng(7)
    used = TAPS
    with opened(twin) as device:
        for place in range(0, 300, 50):
            results = device(signal[place : place + 50])
            expected = golden.run(DESIGN.replace(coefficients=used), signal[: place + 50])[place:]
            np.testing.assert_array_equal(results, expected)
            used = [int(tap) for tap in random.integers(-128, 128, len(TAPS))]
            device.load(used)


def test_zeros_bring_out_the_state_behind_a_pseudo_terminal():
    """What `lfilter` calls ``zf`` is in the device: it comes out with the next zeros; ``zi`` is what it was before the call."""
    signal = random_samples(EXACT.data, (150,), 8)
    zeros = np.zeros(len(TAPS) - 1, dtype=np.int64)
    state = np.zeros(len(TAPS) - 1, dtype=object)
    with serving(EXACT) as terminal, Device(connect(f"serial://{terminal.port}", EXACT)) as device:
        for piece in pieces(signal, 9):
            whole = golden.lfilter(TAPS, np.concatenate([piece, zeros])).astype(object)
            whole[: len(state)] += state
            np.testing.assert_array_equal(device(piece), whole[: len(piece)])
            state = whole[len(piece) :]
        np.testing.assert_array_equal(device(zeros), state)
        np.testing.assert_array_equal(device(zeros), zeros)
        assert np.any(state)
        device(signal)
        device.silence()
        np.testing.assert_array_equal(device(zeros), zeros)
