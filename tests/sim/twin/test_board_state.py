"""The state of a FIR over the link: the whole board top, compiled, with the real host driver at the other end.

Calls, and frames of one call, are pieces of one signal until somebody asks for silence; a set that is loaded in mid-stream
takes effect with the next sample; a new session begins from silence, with the coefficients of the design.
"""

import itertools

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign
from convolver.errors import DataError
from convolver.host.device import Device
from convolver.host.link import LinkTransport, connect
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe, BoardTwin, serving
from convolver.sim.twin.streams import random_samples

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


@pytest.mark.parametrize("ahead", [0, 4])
def test_a_set_for_each_few_pieces_of_a_stream(twin, ahead):
    """Loaded between the results of one stream, it is used from the first sample on that the stream takes after that."""
    random = np.random.default_rng(8)
    signal = random_samples(DESIGN.data, (600,), 10 + ahead)
    places = [0, 1, *sorted(int(place) for place in random.choice(np.arange(2, 600), 24, replace=False)), 600]
    sets, used = [TAPS], []
    with opened(twin) as device:

        def source():
            for start, stop in itertools.pairwise(places):
                used.append(sets[-1])
                yield signal[start:stop]

        results = []
        for result in device.stream(source(), ahead=ahead):
            results.append(result)
            for _ in range(int(random.choice([0, 1, 1, 2]))):
                sets.append([int(tap) for tap in random.integers(-128, 128, len(TAPS))])
                device.load(sets[-1])
            with pytest.raises(DataError, match=r"^Coefficients must be between -128 and 127 to fit s8, not 128$"):
                device.load([128] * len(TAPS))
        assert device.status()["link_sessions"] == 1
    assert len({tuple(taps) for taps in used}) > 10
    for taps, (start, stop), result in zip(used, itertools.pairwise(places), results, strict=True):
        np.testing.assert_array_equal(result, golden.run(DESIGN.replace(coefficients=taps), signal[:stop])[start:])


def test_a_kernel_for_each_few_images_of_a_stream():
    """Images larger than the core among them: no image meets two kernels, though it goes through in several frames."""
    random = np.random.default_rng(12)
    design = Conv2DDesign([[1, -2, 3], [4, 5, -6]], loadable=True, coefficient="s8", boundary="edge", rows=12, columns=16)
    images = [random.integers(0, 256, (size, 9 + size % 13)) for size in (1, 30, 5, 12, 13, 2, 2, 25, 8, 3)]
    kernels, used = [design], []
    with opened(BoardTwin(design)) as device:

        def source():
            for image in images:
                used.append(kernels[-1])
                yield image

        results = []
        for result in device.stream(source(), ahead=2):
            results.append(result)
            kernels.append(design.with_weights([int(weight) for weight in random.integers(-128, 128, 6)]))
            device.load(kernels[-1].kernel)
    assert len({changed.weights for changed in used}) > 5
    for changed, image, result in zip(used, images, results, strict=True):
        np.testing.assert_array_equal(result, golden.run(changed, image))


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
