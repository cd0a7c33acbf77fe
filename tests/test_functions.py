"""The scipy-shaped functions: scipy's results, and one clear refusal for each thing that they can't take.

Most run on a device of the golden model, which costs nothing; `test_..._on_the_twin` compile and run the gateware.
"""

import dataclasses
import itertools
import math
from contextlib import contextmanager

import numpy as np
import pytest
import scipy.signal

import convolver
from convolver import DataError, DesignError, FIRDesign, PortError, opening
from convolver.host.device import Device
from convolver.plan.geometry import geometry_of
from convolver.sim import golden

MODES = ("full", "same", "valid")


class GoldenTransport:
    """A core that is the golden model: zero coefficients until some are loaded."""

    frame_samples = 1 << 24

    def __init__(self, design):
        self.design = design
        self._held = design
        self.closed = False

    def load(self, coefficients, timeout=None, stage=0):
        self._held = self.design.with_weights(self.design.complete(tuple(coefficients)))
        self.design = self.design.reloaded(tuple(coefficients), stage)

    def run(self, samples, timeout=None):
        if self._held.rank == 1:
            return golden.run(self._held, samples)
        assert self._held.frame_axes[0].least <= samples.shape[0] <= self._held.frame_axes[0].most
        assert self._held.frame_axes[1].least <= samples.shape[1] <= self._held.frame_axes[1].most
        return golden.conv2d(dataclasses.replace(self._held, mode=geometry_of(self._held).mode), samples)

    def stream(self, take, give, timeout=None, check=None):
        while (samples := take()) is not None:
            give(self.run(samples, timeout))

    def settle(self, timeout=None):
        pass

    def status(self, *, ask=True):
        return {}

    def close(self):
        self.closed = True


@pytest.fixture
def opened(monkeypatch):
    """Opens golden devices instead of twins; gives the list of their transports."""
    transports = []

    def open_golden(design):
        transports.append(GoldenTransport(design))
        return Device(transports[-1])

    monkeypatch.setattr(opening, "open", open_golden)
    return transports


# Results


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("boundary", ["fill", "wrap", "symm"])
def test_2d_is_scipy(opened, mode, boundary):
    rng = np.random.default_rng(len(mode) + len(boundary))
    for ours, theirs in (
        (convolver.convolve2d, scipy.signal.convolve2d),
        (convolver.correlate2d, scipy.signal.correlate2d),
    ):
        for shape in [(1, 1), (3, 3), (2, 4), (5, 1), (1, 6), (15, 14)]:
            image, kernel = rng.integers(-99, 99, (15, 17)), rng.integers(-99, 99, shape)
            fill = 7 if boundary == "fill" else 0
            got = ours(image, kernel, mode, boundary, fill)
            assert got.dtype == np.int64
            np.testing.assert_array_equal(got, theirs(image, kernel, mode, boundary, fill), f"{ours.__name__} {shape}")
    assert all(transport.closed for transport in opened)


def test_defaults_and_argument_names_are_scipys(opened):
    rng = np.random.default_rng(1)
    image, kernel = rng.integers(0, 99, (6, 7)), rng.integers(-99, 99, (2, 3))
    for name in ("convolve2d", "correlate2d"):
        ours, theirs = getattr(convolver, name), getattr(scipy.signal, name)
        np.testing.assert_array_equal(ours(image, kernel), theirs(image, kernel))
        named = {"in1": image, "in2": kernel, "mode": "same", "boundary": "fill", "fillvalue": 5}
        np.testing.assert_array_equal(ours(**named), theirs(**named))
    x, h = image[0], kernel[0]
    for name in ("convolve", "correlate"):
        ours, theirs = getattr(convolver, name), getattr(scipy.signal, name)
        np.testing.assert_array_equal(ours(x, h), theirs(x, h))
        np.testing.assert_array_equal(ours(in1=x, in2=h, mode="same"), theirs(in1=x, in2=h, mode="same"))
    want = scipy.signal.lfilter(h.astype(float), 1.0, x.astype(float))
    np.testing.assert_array_equal(convolver.lfilter(b=h, a=1, x=x), want)
    np.testing.assert_array_equal(convolver.lfilter(h, [1.0], x), want)
    # In two calls, the second going on from the state that the first one left.
    state = np.zeros(len(h) - 1, int)
    for part in np.array_split(x, 2):
        got, state_then = convolver.lfilter(h, 1, part, zi=state)
        want, zf = scipy.signal.lfilter(h.astype(float), 1.0, part.astype(float), zi=state.astype(float))
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(state_then, zf)
        state = state_then


@pytest.mark.parametrize("mode", MODES)
def test_boundaries_take_the_names_of_numpy_pad_too(opened, mode):
    rng = np.random.default_rng(2)
    image, kernel = rng.integers(0, 99, (4, 5)), rng.integers(-99, 99, (3, 2))
    for boundary, scipys in [("constant", "fill"), ("symmetric", "symm"), ("wrap", "wrap")]:
        want = scipy.signal.convolve2d(image, kernel, mode, scipys)
        np.testing.assert_array_equal(convolver.convolve2d(image, kernel, mode, boundary), want)
    margins = {"full": ((2, 2), (1, 1)), "same": ((1, 1), (1, 0)), "valid": ((0, 0), (0, 0))}[mode]
    for boundary in ("edge", "reflect"):
        want = scipy.signal.convolve2d(np.pad(image, margins, boundary), kernel, "valid")
        np.testing.assert_array_equal(convolver.convolve2d(image, kernel, mode, boundary), want)


@pytest.mark.parametrize("mode", MODES)
def test_1d_is_scipy(opened, mode):
    rng = np.random.default_rng(3)
    for length, taps in [(1, 1), (9, 2), (9, 9), (40, 31), (300, 256), (3, 7), (4, 9), (256, 300)]:
        if mode == "valid" and taps > length:
            continue
        x, h = rng.integers(-(2**15), 2**15, length), rng.integers(-(2**15), 2**15, taps)
        np.testing.assert_array_equal(convolver.convolve(x, h, mode), scipy.signal.convolve(x, h, mode, "direct"))
        np.testing.assert_array_equal(convolver.correlate(x, h, mode), scipy.signal.correlate(x, h, mode, "direct"))


def test_every_integer_dtype_gives_int64_and_never_wraps(opened):
    for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64):
        limits = np.iinfo(dtype)
        most, least = min(limits.max, 2**32 - 1), max(limits.min, -(2**31))
        if dtype == np.int64:
            most = 2**31 - 1
        image, one = np.array([[most, least]], dtype), np.array([[1]], dtype)
        got = convolver.convolve2d(image, one)
        assert got.dtype == np.int64
        assert got.tolist() == [[most, least]]
        if most < 2**31:
            assert convolver.convolve(image[0], np.array([most], dtype)).tolist() == [most**2, most * least]


def test_results_beyond_int64_are_python_integers(opened):
    x = np.full(4, -(2**31), np.int32)
    got = convolver.convolve(x, x)
    assert got.dtype == object
    assert got.tolist() == [2**62, 2**63, 3 * 2**62, 2**64, 3 * 2**62, 2**63, 2**62]
    got = convolver.convolve2d(x[None, :], x[None, :], "valid")
    assert (got.dtype, got.tolist()) == (object, [[2**64]])
    assert convolver.lfilter([2**32 - 1] * 2, 1, [2**32 - 1] * 2).tolist() == [(2**32 - 1) ** 2, 2 * (2**32 - 1) ** 2]
    assert convolver.convolve(x, [1]).dtype == np.int64


def test_takes_lists_object_arrays_and_quantised_kernels(opened):
    assert convolver.convolve([1, 2], [3, 4]).tolist() == [3, 10, 8]
    assert convolver.convolve(np.array([1, 2], object), np.array([np.int8(3), 4], object)).tolist() == [3, 10, 8]
    taps = convolver.quantize([0.5, -0.25], "q1_7")
    assert convolver.lfilter(taps, 1, [1, 0, 0]).tolist() == [64, -32, 0]
    kernel = convolver.quantize([[0.5, -0.25]], "q1_7")
    assert convolver.convolve2d([[1]], kernel).tolist() == [[64, -32]]


# Which design is chosen: few, so that a compiled twin serves many calls


def test_one_design_serves_many_kernels_and_images(opened):
    rng = np.random.default_rng(4)
    for columns in (1, 20, 50, 64):
        image = rng.integers(0, 256, (int(rng.integers(1, 99)), columns - 2 * (columns > 2)), np.uint8)
        for low, high in ((0, 9), (-128, 128), (-9, 0)):
            convolver.convolve2d(image, rng.integers(low, high, (3, 3)), "same")
    assert len({transport.design for transport in opened}) == 1
    design = opened[0].design
    assert (str(design.pixel), str(design.coefficient), design.columns) == ("u8", "s8", 64)
    assert design.loadable
    convolver.convolve2d(np.zeros((1, 63), np.uint8), [[1, 2, 3]] * 3, "same")
    assert opened[-1].design.columns == 128


@pytest.mark.parametrize(
    ("values", "fill", "expected"),
    [
        (np.array([[1]], np.uint8), 0, "u8"),
        (np.array([[1]], np.int8), 0, "s8"),
        (np.array([[1]], np.uint16), 0, "u16"),
        (np.array([[1]], np.int16), 0, "s16"),
        (np.array([[1]], np.uint8), -1, "s16"),
        (np.array([[1]], np.uint8), 256, "u16"),
        ([[0, 255]], 0, "u8"),
        ([[0, 256]], 0, "u16"),
        ([[-1, 255]], 0, "s16"),
        ([[-128, 127]], 0, "s8"),
        ([[-32769]], 0, "s32"),
        ([[65536]], 0, "u32"),
        ([[2**32 - 1]], 0, "u32"),
        ([[-(2**31), 2**31 - 1]], 0, "s32"),
    ],
)
def test_sample_formats(opened, values, fill, expected):
    convolver.convolve2d(values, [[1, 0]], fillvalue=fill)
    assert str(opened[0].design.pixel) == expected


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([0], "s8"),
        ([127, -128], "s8"),
        ([128], "s16"),
        ([-129], "s16"),
        ([40000], "s32"),
        ([2**31 - 1], "s32"),
        ([2**31], "u32"),
    ],
)
def test_coefficient_formats(opened, weights, expected):
    convolver.lfilter(weights, 1, [1])
    assert str(opened[0].design.coefficient) == expected


def test_modes_boundaries_and_operations_share_a_design(opened):
    rng = np.random.default_rng(7)
    image, kernel = rng.integers(0, 256, (9, 8), np.uint8), rng.integers(-99, 99, (4, 3))
    for mode, boundary in itertools.product(MODES, ["fill", "wrap", "symm", "edge", "reflect"]):
        for name in ("convolve2d", "correlate2d"):
            getattr(convolver, name)(image, kernel, mode, boundary)
    assert len({transport.design for transport in opened}) == 1


def test_the_fill_matters_only_where_it_is_seen(opened):
    image = np.array([[1]], np.uint8)
    convolver.convolve2d(image, [[1, 1]], "same", "wrap", -9)
    convolver.convolve2d(image, [[1]], "same", "fill", -9)
    convolver.convolve2d(image, [[1, 1]], "same", "fill", -9)
    assert [str(transport.design.pixel) for transport in opened] == ["u8", "u8", "s16"]


# Refusals


HINT = "convolver.quantize() makes integers of a float kernel"
SCALE = "scale and round the samples first"


def refused(name, values):
    """The calls that take `values` in 1-D or 2-D under the parameter `name`."""
    rank = np.ndim(values)
    other = [[1]] if rank == 2 else [1]
    calls = [convolver.convolve2d, convolver.correlate2d] if rank == 2 else [convolver.convolve, convolver.correlate]
    return [lambda call=call: call(**{"in1": other, "in2": other, name: values}) for call in calls]


@pytest.mark.parametrize("name", ["in1", "in2"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.0, "{name} must be integers, not float64; {hint}"),
        (np.float32(1), "{name} must be integers, not float32; {hint}"),
        (math.nan, "{name} must be integers, not float64 with nan in it"),
        (-math.inf, "{name} must be integers, not float64 with -inf in it"),
        (1j, "{name} must be integers, not complex128; filter the real and the imaginary part one by one"),
        ("1", "{name} must be integers, not <U1"),
        (None, "{name} must be integers, not None"),
    ],
)
def test_refuses_what_is_not_an_integer(opened, name, value, message):
    for rank, values in ((1, [value]), (2, [[value]])):
        hint = SCALE if (name, rank) == ("in1", 2) else HINT
        for call in refused(name, np.array(values)):
            with pytest.raises(DataError) as caught:
                call()
            assert str(caught.value) == message.format(name=name, hint=hint)
    assert opened == []


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: convolver.lfilter([0.5], 1, [1]), DataError, f"b must be integers, not float64; {HINT}"),
        (lambda: convolver.lfilter([1], 1, [0.5]), DataError, f"x must be integers, not float64; {SCALE}"),
        (
            lambda: convolver.lfilter([1, 2], 1, [1], zi=[1, 2]),
            DataError,
            "zi must have the shape of x, but along the axis one value less than the longer of a and b, (1,), not (2,)",
        ),
        (
            lambda: convolver.lfilter([2, 3], [2], [1]),
            DataError,
            "b must be divisible by a[0], 2, as results are integers, not 3; divide the results",
        ),
        (
            lambda: convolver.lfilter([2, 3], [0, 0], [1]),
            DesignError,
            "a must begin with a number other than 0, not [0, 0]",
        ),
        (
            lambda: convolver.lfilter([2, 4], [[1], [2, 3]], [1]),
            DesignError,
            "a must be a number, or a row of them, not [[1], [2, 3]]",
        ),
        (
            lambda: convolver.lfilter([1, 2], 1, [1, 2], [5]),
            DataError,
            "axis must be an integer between -1 and 0, not [5]",
        ),
        (lambda: convolver.lfilter([1, 2], 1, [[1, 2]], axis=2), DataError, "axis must be an integer between -2 and 1, not 2"),
        (
            lambda: convolver.lfilter([1], [1, 3], [1]),
            DesignError,
            "a must have zeros behind its first, since a FIR filter has no feedback, not [1, 3]",
        ),
        (lambda: convolver.lfilter([1], None, [1]), DesignError, "a must be a number, or a row of them, not None"),
        (lambda: convolver.lfilter([[1]], 1, [1]), DataError, "b must have 1 dimension, not 2"),
        (lambda: convolver.lfilter([1], 1, 5), DataError, "x must have 1 dimension or more, not 0"),
        (lambda: convolver.lfilter([], 1, [1]), DataError, "b must not be empty; its shape is (0,)"),
        (lambda: convolver.lfilter([1] * 257, 1, [1]), DataError, "b must have at most 256 values to be taps, not 257"),
        (
            lambda: convolver.convolve([1] * 257, [1] * 258),
            DataError,
            "in1 must have at most 256 values to be taps, not 257",
        ),
        (
            lambda: convolver.convolve([1] * 257, [1] * 257),
            DataError,
            "in2 must have at most 256 values to be taps, not 257",
        ),
        (
            lambda: convolver.convolve([[1]], [1]),
            DataError,
            "in1 must have 1 dimension, not 2; convolve2d and correlate2d take images",
        ),
        (lambda: convolver.convolve([1], [[[1]]]), DataError, "in2 must have 1 dimension, not 3"),
        (lambda: convolver.convolve2d([1], [[1]]), DataError, "in1 must have 2 dimensions, not 1"),
        (lambda: convolver.convolve2d([[1]], [[[1]]]), DataError, "in2 must have 2 dimensions, not 3"),
        (lambda: convolver.convolve2d([[]], [[1]]), DataError, "in1 must not be empty; its shape is (1, 0)"),
        (lambda: convolver.convolve2d([[1, 2], [3]], [[1]]), DataError, "in1 must be an array; its rows differ in length"),
        (lambda: convolver.convolve([1], [1], ["full"]), DesignError, "Mode must be one of full, same, valid, not ['full']"),
        (
            lambda: convolver.convolve([1], [1], "full", "FFT"),
            DesignError,
            "Method must be one of auto, direct, fft, not 'FFT'; did you mean fft?",
        ),
        (
            lambda: convolver.convolve2d([[1]], [[1]], boundary=["fill"]),
            DesignError,
            "Boundary must be one of fill, wrap, symm, constant, edge, reflect, symmetric, not ['fill']",
        ),
        (lambda: convolver.convolve([1], [1], "half"), DesignError, "Mode must be one of full, same, valid, not 'half'"),
        (lambda: convolver.convolve2d([[1]], [[1]], "half"), DesignError, "Mode must be one of full, same, valid, not 'half'"),
        (
            lambda: convolver.convolve2d([[1]], [[1]], "same", "mirror"),
            DesignError,
            "Boundary must be one of fill, wrap, symm, constant, edge, reflect, symmetric, not 'mirror'",
        ),
        (
            lambda: convolver.convolve2d([[1]], [[1]], fillvalue=0.5),
            DataError,
            "fillvalue must be an integer, not 0.5",
        ),
        (lambda: convolver.convolve2d([[1]], [[1]], fillvalue=True), DataError, "fillvalue must be an integer, not True"),
        (
            lambda: convolver.convolve2d(np.ones((17, 17), int), np.ones((16, 3), int)),
            DataError,
            "in2 must have at most 15 rows and columns, not 16x3",
        ),
        (
            lambda: convolver.correlate2d(np.ones((1, 16385), int), [[1]], "valid"),
            DataError,
            "in1 must have at most 65535 rows and 16384 columns, not 1x16385",
        ),
        (
            lambda: convolver.convolve2d(np.ones((65534, 1), int), [[1], [2]]),
            DataError,
            "in1 with its borders must have at most 65535 rows and 16384 columns, not 65536x1",
        ),
        (
            lambda: convolver.convolve2d([[1, 2, 3]], [[1], [2]], "valid"),
            DataError,
            "In valid mode in2 must not be larger than in1, 1x3, not 2x1",
        ),
        (
            lambda: convolver.correlate([1], [1, 2], "valid"),
            DataError,
            "In valid mode in2 must not be longer than in1, 1, not 2",
        ),
        (
            lambda: convolver.convolve2d([[2**32]], [[1]]),
            DataError,
            "in1 must be between 0 and 4294967295 to fit u32, not 4294967296",
        ),
        (
            lambda: convolver.convolve2d([[-1, 2**31]], [[1]]),
            DataError,
            "in1 must be between -2147483648 and 2147483647 to fit s32, not 2147483648",
        ),
        (
            lambda: convolver.convolve2d([[2**31]], [[1, 2]], fillvalue=-1),
            DataError,
            "in1 with its borders must be between -2147483648 and 2147483647 to fit s32, not 2147483648",
        ),
        (
            lambda: convolver.lfilter([-(2**31) - 1], 1, [1]),
            DataError,
            "b must be between -2147483648 and 2147483647 to fit s32, not -2147483649",
        ),
    ],
)
def test_refusals(opened, call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
    assert opened == []


# open


def test_open_refuses_what_it_cannot_open():
    for target, error, message in [
        (5, DesignError, "What to open must be a design or an address such as serial:///dev/ttyUSB0, not 5"),
        (
            "ttyUSB0",
            PortError,
            "An address must begin with serial://, tcp:// or tls://"
            ", as serial:///dev/ttyUSB0 and tcp://HOST:PORT do, not 'ttyUSB0'",
        ),
    ]:
        with pytest.raises(error) as caught:
            convolver.open(target)
        assert str(caught.value) == message
    with pytest.raises(PortError):
        convolver.open("serial:///dev/there-is-no-such-port")
    with pytest.raises(DesignError) as caught:
        convolver.open(FIRDesign([1]), expected=FIRDesign([2]))
    assert str(caught.value) == "A twin holds the design that it is opened with; expected is for boards"


# On the twin


@contextmanager
def counted(monkeypatch):
    """Counts the devices that are opened."""
    designs = []
    real = opening.open

    def open_counted(design):
        designs.append(design)
        return real(design)

    monkeypatch.setattr(opening, "open", open_counted)
    yield designs
    monkeypatch.undo()


def test_2d_on_the_twin(monkeypatch):
    rng = np.random.default_rng(5)
    with counted(monkeypatch) as designs:
        for mode, (boundary, scipys) in itertools.product(MODES, [("fill", "fill"), ("symm", "symm")]):
            image, kernel = rng.integers(0, 256, (13, 17), np.uint8), rng.integers(-99, 99, (4, 3))
            want = scipy.signal.convolve2d(image.astype(np.int64), kernel, mode, scipys)
            np.testing.assert_array_equal(convolver.convolve2d(image, kernel, mode, boundary), want)
            want = scipy.signal.correlate2d(image.astype(np.int64), kernel, mode, scipys)
            np.testing.assert_array_equal(convolver.correlate2d(image, kernel, mode, boundary), want)
    assert len(designs) == 12
    assert len(set(designs)) == 1


def test_1d_on_the_twin(monkeypatch):
    rng = np.random.default_rng(6)
    with counted(monkeypatch) as designs:
        x, h = rng.integers(-(2**15), 2**15, 200, np.int16), rng.integers(-(2**15), 2**15, 31)
        for mode in MODES:
            want = scipy.signal.convolve(x.astype(np.int64), h, mode, "direct")
            np.testing.assert_array_equal(convolver.convolve(x, h, mode), want)
            np.testing.assert_array_equal(convolver.convolve(h, x, "same"), scipy.signal.convolve(h, x, "same", "direct"))
            want = scipy.signal.correlate(x.astype(np.int64), h, mode, "direct")
            np.testing.assert_array_equal(convolver.correlate(x, h, mode), want)
        want = scipy.signal.lfilter(h.astype(float), 1.0, x.astype(float))
        np.testing.assert_array_equal(convolver.lfilter(h, 1, x), want)
    assert len(designs) == 10
    assert len(set(designs)) == 1


def test_results_beyond_int64_on_the_twin():
    x = np.full(4, -(2**31), np.int32)
    assert convolver.convolve(x, x).tolist() == [2**62, 2**63, 3 * 2**62, 2**64, 3 * 2**62, 2**63, 2**62]
