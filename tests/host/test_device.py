"""What a user holds: arrays in and out, padding and cropping, and one clear line for what can't be done."""

import re

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st

from convolver import Conv2DDesign, FIRDesign, s8, s16, u8
from convolver.designs import BOUNDARIES, GATEWARE_BOUNDARIES, MODES, OPERATIONS
from convolver.errors import DataError, DesignError
from convolver.formats import Format
from convolver.host.device import Device
from convolver.plan.geometry import geometry_of
from convolver.sim import golden

FIR = FIRDesign([1, 2, 3], data=s16)
SAME = Conv2DDesign([[1, 2, 3], [4, 5, 6], [7, 8, 9]], pixel=u8, rows=16, columns=16)


class GoldenTransport:
    """A core that keeps to its contract and counts on the host to: it checks what it's given, and runs the golden model."""

    frame_samples = 1 << 24

    def __init__(self, design):
        self.design = design
        self.now = design
        self.frames = []
        self.closed = 0

    def run(self, samples, timeout=None):
        design = self.now
        assert samples.dtype == np.int64
        assert samples.flags.c_contiguous
        self.frames.append(samples.shape)
        if isinstance(design, FIRDesign):
            return golden.fir(design, samples)
        rows, columns = samples.shape[:2]
        assert samples.shape[2:] == ((design.planes,) if design.planes > 1 else ())
        assert design.frame_axes[0].least <= rows <= design.frame_axes[0].most
        assert design.frame_axes[1].least <= columns <= design.frame_axes[1].most
        if design.switchable:
            design = design.replace(boundary=self.border[0], fill=self.border[1])
        return golden.conv2d(design if geometry_of(design).mode == "same" else design.replace(mode="valid"), samples)

    def switch(self, boundary, fill, stage=0):
        assert self.design.switchable
        assert boundary in GATEWARE_BOUNDARIES
        self.border = boundary, fill

    def load(self, coefficients, timeout=None, stage=0):
        assert all(type(value) is int for value in coefficients)
        assert stage == 0
        self.now = self.design.with_weights(coefficients)

    def stream(self, take, give, timeout=None, check=None):
        while (samples := take()) is not None:
            give(self.run(samples, timeout))

    def status(self, *, ask=True):
        return {"frames": len(self.frames)}

    def close(self):
        self.closed += 1


@st.composite
def cases(draw):
    """A design, and an image that it takes: small kernels and smaller images, where borders meet."""
    kernel_rows, kernel_columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    mode = draw(st.sampled_from(MODES))
    least = (kernel_rows, kernel_columns) if mode == "valid" else (1, 1)
    rows, columns = (draw(st.integers(size, size + 5)) for size in least)
    seed = np.random.default_rng(draw(st.integers(0, 2**32)))
    design = Conv2DDesign(
        seed.integers(-8, 8, (kernel_rows, kernel_columns)).tolist(),
        pixel=s8,
        mode=mode,
        boundary=draw(st.sampled_from(BOUNDARIES)),
        operation=draw(st.sampled_from(OPERATIONS)),
        fill=draw(st.integers(-128, 127)),
        # The image may be just as large as the design allows: then padding must still fit the core.
        rows=rows + draw(st.integers(0, 1)),
        columns=columns + draw(st.integers(0, 1)),
        pixels_per_clock=draw(st.sampled_from((1, 2, 4))),
    )
    return design, seed.integers(-128, 128, (rows, columns))


@settings(max_examples=400, deadline=None)
@given(cases())
def test_padding_and_cropping_change_nothing(case):
    design, image = case
    transport = GoldenTransport(design)
    result = Device(transport)(image)
    assert result.shape == design.output_shape(*image.shape)
    assert result.dtype == np.int64
    assert np.array_equal(result, golden.conv2d(design, image))
    assert len(transport.frames) == 1


@settings(max_examples=100, deadline=None)
@given(cases(), st.integers(2, 4), st.booleans())
def test_planes_side_by_side_are_what_they_are_one_by_one(case, planes, several):
    """Images and stacks of them, larger ones than the core takes, and results of several kernels for each."""
    design, image = case
    kernel = np.array(design.kernel)
    design = design.replace(planes=planes, output=None)
    if several:
        design = design.replace(kernel=np.stack([kernel, kernel[::-1]]))
    single = design.replace(planes=1)
    colour = np.stack([np.roll(image, plane) for plane in range(planes)], axis=-1)
    device, alone = Device(GoldenTransport(design)), Device(GoldenTransport(single))
    wide = np.concatenate([colour] * 3, axis=1)
    for picture in (colour, wide):
        result = device(picture)
        assert np.array_equal(result, alone(picture))
        assert np.array_equal(result, golden.conv2d(design, picture))
    assert np.array_equal(
        device(np.stack([colour, -1 - colour]), stack=True), alone(np.stack([colour, -1 - colour]), stack=True)
    )


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 2), (5, 6, 4), (3, 5, 6), (2, 5, 6, 2)])
def test_an_image_must_have_the_designs_planes(shape):
    device = Device(GoldenTransport(SAME.replace(planes=3)))
    expected = f"^An image must be \\(rows, columns, 3\\), as the design says, not {'x'.join(map(str, shape))}$"
    with pytest.raises(DataError, match=expected):
        device(np.zeros(shape, int), stack=len(shape) == 4)


@pytest.mark.parametrize(
    ("boundary", "theirs"), [("edge", "nearest"), ("reflect", "mirror"), ("symmetric", "reflect"), ("wrap", "wrap")]
)
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (2, 5), (7, 7)])
@pytest.mark.parametrize("kernel", [(1, 3), (3, 3), (5, 7), (9, 1), (15, 15)])
def test_borders_of_tiny_images_are_those_of_ndimage(boundary, theirs, size, kernel):
    """Odd sides, whose centre needs no convention. In both packages a reflection in a single row repeats it."""
    random = np.random.default_rng(7)
    weights, image = random.integers(-9, 10, kernel), random.integers(0, 256, size)
    design = Conv2DDesign(weights.tolist(), boundary=boundary, operation="correlate", rows=8, columns=8)
    result = Device(GoldenTransport(design))(image)
    assert np.array_equal(result, scipy.ndimage.correlate(image, weights, mode=theirs))


@settings(max_examples=200, deadline=None)
@given(cases(), st.lists(st.tuples(st.sampled_from(BOUNDARIES), st.integers(-128, 127)), min_size=1, max_size=3))
def test_a_border_chosen_for_a_call_holds_for_that_call(case, borders):
    design, image = case
    if design.mode != "same":
        design, image = design.replace(mode="same"), image[: design.rows]
    design = design.replace(switchable=True)
    device = Device(GoldenTransport(design))
    for boundary, fill in borders:
        chosen = {"boundary": boundary, "fill": fill} if boundary == "constant" else {"boundary": boundary}
        result = device(image, **chosen)
        assert np.array_equal(result, golden.conv2d(design.replace(**chosen), image))
        if design.boundary == "constant":
            assert np.array_equal(device(image, fill=fill), golden.conv2d(design.replace(fill=fill), image))
        assert np.array_equal(device(image), golden.conv2d(design, image))


@pytest.mark.parametrize(
    ("design", "border", "message"),
    [
        (SAME, {"boundary": "edge"}, "A boundary can be chosen only of a design with switchable=True; this one's is constant"),
        (FIR, {"fill": 1}, "A FIR filter has no boundary to choose"),
        (
            SAME.replace(switchable=True),
            {"boundary": "nearest"},
            "Boundary must be one of constant, edge, reflect, symmetric, wrap, not 'nearest'",
        ),
        (SAME.replace(switchable=True), {"fill": 256}, "Fill must be an integer between 0 and 255, not 256"),
        (
            SAME.replace(switchable=True),
            {"boundary": "edge", "fill": 3},
            "A fill can be chosen only for the boundary constant, not 3 for edge; leave it out",
        ),
        (
            SAME.replace(switchable=True, boundary="wrap"),
            {"fill": 0},
            "A fill can be chosen only for the boundary constant, not 0 for wrap; leave it out",
        ),
    ],
)
def test_borders_that_are_none(design, border, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        Device(GoldenTransport(design))([[1, 2], [3, 4]], **border)


def test_a_frame_below_the_core_s_least_is_padded_and_the_rest_cropped():
    transport = GoldenTransport(SAME)
    assert Device(transport)([[9]]).tolist() == [[45]]
    assert transport.frames == [(1, SAME.frame_axes[1].least)]


def test_planes_are_filtered_one_by_one():
    image = np.random.default_rng(1).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    result = Device(GoldenTransport(SAME))(image)
    assert result.shape == (9, 11, 3)
    for plane in range(3):
        assert np.array_equal(result[:, :, plane], golden.conv2d(SAME, image[:, :, plane]))


@pytest.mark.parametrize("shape", [(5, 9, 11), (5, 9, 11, 3), (1, 3, 3), (2, 40, 3, 2)])
def test_stacks_are_filtered_one_by_one(shape):
    stack = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    device = Device(GoldenTransport(SAME))
    result = device(stack, stack=True)
    assert result.shape == shape
    for image, filtered in zip(stack, result, strict=True):
        for plane in range(shape[3] if len(shape) == 4 else 1):
            which = (..., plane) if len(shape) == 4 else ...
            assert np.array_equal(filtered[which], golden.conv2d(SAME, image[which]))
    if len(shape) == 4:
        assert np.array_equal(device(stack), result)


def test_results_of_several_kernels_stand_in_front():
    design = SAME.replace(kernel=(SAME.kernel, np.flip(SAME.kernel).tolist()), output=None)
    image = np.random.default_rng(1).integers(0, 256, (5, 9, 11, 3))
    for which in ((0, ..., 0), 0, ...):  # an image, one of planes, a stack of these
        result = Device(GoldenTransport(design))(image[which])
        assert result.shape == (2, *image[which].shape)
        for kernel, own in zip(design.kernels, result, strict=True):
            assert np.array_equal(own, Device(GoldenTransport(SAME.replace(kernel=kernel)))(image[which]))
    loadable = design.replace(loadable=True, coefficient=s8, output=None)
    kernels = np.random.default_rng(2).integers(-9, 9, np.shape(design.kernel))
    device = Device(GoldenTransport(loadable))
    device.load(kernels)
    assert np.array_equal(device(image[0, ..., 0]), golden.conv2d(loadable.replace(kernel=kernels), image[0, ..., 0]))
    with pytest.raises(DataError, match=r"^Coefficients must have the shape of the design's, 2x\d+x\d+, not \d+x\d+$"):
        device.load(kernels[0])
    with pytest.raises(DesignError):  # no axis, no set of kernels
        SAME.replace(kernel=kernels[:, 0, 0])


def test_many_planes_where_it_is_said():
    image = np.random.default_rng(1).integers(0, 256, (6, 7, 5), dtype=np.uint8)
    result = Device(GoldenTransport(SAME))(image, stack=False)
    assert np.array_equal(result, np.stack([golden.conv2d(SAME, image[..., plane]) for plane in range(5)], axis=2))


def test_a_stack_of_signals():
    x = np.random.default_rng(1).integers(-9, 9, (4, 30))
    assert np.array_equal(Device(GoldenTransport(FIR))(x, stack=True), [golden.fir(FIR, row) for row in x])
    with pytest.raises(DataError, match=r"^A stack of signals must have 2 dimensions, not 1$"):
        Device(GoldenTransport(FIR))(x[0], stack=True)


def test_progress_is_told_frame_by_frame():
    told = []
    image = np.zeros((40, 40, 2), int)
    Device(GoldenTransport(SAME))(image, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (3200, 3200)
    assert len(told) > 8
    assert told == sorted(told)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64, np.int64, object])
def test_every_integer_type_is_taken_and_results_are_int64(dtype):
    image = np.random.default_rng(1).integers(0, 256, (6, 5)).astype(dtype)
    result = Device(GoldenTransport(SAME))(image)
    assert result.dtype == np.int64
    assert np.array_equal(result, golden.conv2d(SAME, image.astype(np.int64)))


def test_booleans_are_ones_and_zeros():
    design = SAME.replace(pixel=Format(1, False))
    assert Device(GoldenTransport(design))([[True, False]]).tolist() == golden.conv2d(design, [[1, 0]]).tolist()


def test_arrays_of_any_order_are_taken():
    image = np.random.default_rng(1).integers(0, 256, (12, 10))
    device = Device(GoldenTransport(SAME))
    for view in (image.T, image[::-1, ::2], np.asfortranarray(image)):
        assert np.array_equal(device(view), golden.conv2d(SAME, view))


def test_results_beyond_64_bits_are_python_integers():
    design = FIRDesign([1 << 31], data=Format(32, True), output=Format(65, True))
    result = Device(GoldenTransport(design))([-(1 << 31)])
    assert result.dtype == object
    assert result.tolist() == [-(1 << 62)]


def test_a_signal_comes_back_as_long_as_it_went():
    x = np.arange(-5, 6)
    assert Device(GoldenTransport(FIR))(x).tolist() == golden.fir(FIR, x).tolist()


@pytest.mark.parametrize(
    ("design", "samples", "message"),
    [
        (FIR, [], "Samples must not be empty; its shape is (0,)"),
        (FIR, [[1, 2]], "A signal must have 1 dimension, not 2"),
        (FIR, 5, "A signal must have 1 dimension, not 0"),
        (FIR, [1.0, 2.0], "Samples must be integers, not float64; round and scale them first"),
        (FIR, [1.0, np.nan], "Samples must be integers, not float64 with nan in it"),
        (FIR, [1j], "Samples must be integers, not complex128; filter the real and the imaginary part one by one"),
        (FIR, ["1"], "Samples must be integers, not <U1"),
        (FIR, [None, 1], "Samples must be integers, not None"),
        (FIR, [32768], "Samples must be between -32768 and 32767 to fit s16, not 32768"),
        (FIR, [0, -32769], "Samples must be between -32768 and 32767 to fit s16, not -32769"),
        (FIR, [1 << 100], f"Samples must be between -32768 and 32767 to fit s16, not {1 << 100}"),
        (FIR, np.array([1 << 63], np.uint64), f"Samples must be between -32768 and 32767 to fit s16, not {1 << 63}"),
        (SAME, np.zeros((0, 5), int), "Pixels must not be empty; its shape is (0, 5)"),
        (SAME, np.zeros((5, 5, 0), int), "Pixels must not be empty; its shape is (5, 5, 0)"),
        (SAME, [1, 2], "An image must be (rows, columns) or (rows, columns, planes), not of 1 dimensions"),
        (
            SAME,
            np.zeros((1, 2, 3, 4, 5), int),
            "An image must be (rows, columns) or (rows, columns, planes), not of 5 dimensions",
        ),
        (
            SAME,
            np.zeros((9, 8, 7), int),
            "An array of 9x8x7 may be a stack or many planes; say stack=True for (N, rows, columns), "
            "stack=False for (rows, columns, planes)",
        ),
        (SAME, [[256]], "Pixels must be between 0 and 255 to fit u8, not 256"),
        (SAME, [[-1]], "Pixels must be between 0 and 255 to fit u8, not -1"),
        (
            SAME.replace(mode="valid"),
            np.zeros((3, 2), int),
            "In valid mode an image must be at least as large as the kernel, 3x3, not 3x2",
        ),
    ],
)
def test_what_a_design_can_t_take_is_refused_in_one_line(design, samples, message):
    transport = GoldenTransport(design)
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        Device(transport)(samples)
    assert not transport.frames


@pytest.mark.parametrize("name", ["coefficients", "boundary", "timeout"])
def test_an_attribute_that_a_device_does_not_have_is_refused(name):
    rule = (
        f"An attribute of a device must be one that it has, not '{name}'; "
        "load() gives it coefficients, and a call takes a boundary and a fill"
    )
    device = Device(GoldenTransport(FIR))
    with pytest.raises(AttributeError, match=f"^{re.escape(rule)}$"):
        setattr(device, name, [3, 2, 1])
    with pytest.raises(AttributeError, match="design"):
        device.design = SAME
    assert not hasattr(device, name)
    assert device([1, 0, 0]).tolist() == [1, 2, 3]


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(DataError, match=r"^Pixels must be an array; its rows differ in length$"):
        Device(GoldenTransport(SAME))([[1, 2], [3]])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_loaded_coefficients_are_those_of_the_kernel(operation):
    design = SAME.replace(operation=operation, coefficient=s8, output=Format(24, True), loadable=True)
    image = np.random.default_rng(1).integers(0, 256, (9, 11))
    kernel = np.random.default_rng(2).integers(-128, 128, (3, 3))
    device = Device(GoldenTransport(design))
    device.load(kernel)
    assert np.array_equal(device(image), golden.conv2d(design.replace(kernel=kernel.tolist()), image))


@pytest.mark.parametrize(
    ("design", "coefficients", "message"),
    [
        (FIR, [1, 2, 3], "Coefficients can be loaded only into a design with loadable=True; this one's are constant"),
        (FIR.replace(loadable=True), [1, 2], "Coefficients must have the shape of the design's, 3, not 2"),
        (FIR.replace(loadable=True), [1, 2, 4], "Coefficients must be between 0 and 3 to fit u2, not 4"),
        (FIR.replace(loadable=True), [1, 2, 3.5], "Coefficients must be integers, not float64; round and scale them first"),
        (SAME.replace(loadable=True), [1] * 9, "Coefficients must have the shape of the design's, 3x3, not 9"),
        (SAME.replace(loadable=True), [[1] * 3] * 2, "Coefficients must have the shape of the design's, 3x3, not 2x3"),
    ],
)
def test_coefficients_that_don_t_fit_are_refused(design, coefficients, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        Device(GoldenTransport(design)).load(coefficients)


@pytest.mark.parametrize(
    ("symmetry", "coefficients", "message"),
    [
        ("symmetric", [1, 2, 3], "Coefficients must be symmetric: tap 0 must be tap 2, not 1 against 3"),
        ("antisymmetric", [1, 0, 1], "Coefficients must be antisymmetric: tap 0 must be minus tap 2, not 1 against 1"),
        ("antisymmetric", [1, 5, -1], "Coefficients must be antisymmetric: the middle one, tap 1, must be 0, not 5"),
    ],
)
def test_a_set_that_breaks_the_promised_symmetry_is_refused(symmetry, coefficients, message):
    design = FIRDesign([0, 0, 0], coefficient=s8, loadable=True, symmetry=symmetry)
    transport = GoldenTransport(design)
    transport.load = lambda *_arguments: pytest.fail("it was sent")
    with pytest.raises(DesignError, match=f"^{re.escape(message)}$"):
        Device(transport).load(coefficients)


def test_a_device_is_released_whatever_happens():
    transport = GoldenTransport(SAME)

    def interrupted():
        with Device(transport) as device:
            assert device.design is SAME
            assert device.status() == {"frames": 0}
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert transport.closed == 1


def test_the_whole_call_has_one_timeout():
    transport = GoldenTransport(SAME)
    seen = []
    stream = transport.stream
    transport.stream = lambda take, give, timeout: (seen.append(timeout), stream(take, give))[1]
    Device(transport)(np.zeros((4, 4, 3), int), timeout=5)
    Device(transport)(np.zeros((4, 4), int))
    assert seen == [5, None]
    assert len(transport.frames) == 4
