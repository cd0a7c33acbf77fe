"""Whatever is cut, and wherever: the results are those of the golden model on the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convolver import Conv2DDesign, FIRDesign, s8, s16
from convolver.designs import BOUNDARIES, MODES, OPERATIONS
from convolver.formats import Format
from convolver.host.device import Device
from convolver.host.tiling import FRAME_SAMPLES, Work, cuts, frame_limits
from convolver.sim import golden

from .test_device import GoldenTransport


def through(work, transport):
    transport.stream(work.take, work.give)
    assert work.done
    return work.result


@st.composite
def images(draw):
    """A design, an image of up to several of its frames, and a limit for these, from the least that holds one result."""
    kernel_rows, kernel_columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    mode = draw(st.sampled_from(MODES))
    least = (kernel_rows, kernel_columns) if mode == "valid" else (1, 1)
    rows, columns = (draw(st.integers(size, size + 24)) for size in least)
    seed = np.random.default_rng(draw(st.integers(0, 2**32)))
    design = Conv2DDesign(
        seed.integers(-8, 8, (kernel_rows, kernel_columns)).tolist(),
        pixel=s8,
        mode=mode,
        boundary=draw(st.sampled_from(BOUNDARIES)),
        operation=draw(st.sampled_from(OPERATIONS)),
        fill=draw(st.integers(-128, 127)),
        rows=draw(st.integers(1, rows + 1)),
        columns=draw(st.integers(1, columns + 1)),
        **draw(
            st.one_of(
                st.fixed_dictionaries({"pixels_per_clock": st.sampled_from((1, 2, 4))}),
                st.fixed_dictionaries({"stride": st.tuples(st.integers(1, 5), st.integers(1, 5))}),
            )
        ),
    )
    if draw(st.booleans()):
        design = design.replace(kernel=(design.kernel, np.flip(design.kernel).tolist()), output=None)
    limits = tuple(draw(st.integers(side - 1 + more, 40)) for side, more in zip(
        (kernel_rows, kernel_columns), design.stride, strict=True))  # fmt: skip
    return design, seed.integers(-128, 128, (rows, columns)), limits


@settings(max_examples=300, deadline=None)
@given(images())
def test_an_image_is_the_same_whatever_its_tiles(case):
    design, image, limits = case
    expected = golden.conv2d(design, image)
    transport = GoldenTransport(design)
    whole = through(Work(design, image), transport)
    assert whole.dtype == np.int64
    assert np.array_equal(whole, expected)
    least = [min(most, core) for most, core in zip(limits, (design.frame_axes[0].most, design.frame_axes[1].most), strict=True)]
    small = GoldenTransport(design)
    assert np.array_equal(through(Work(design, image, limits=tuple(least)), small), expected)
    for shape in small.frames:
        # One that is too short for the core's own border gets it from here.
        assert shape[0] <= max(least[0], design.frame_axes[0].least + design.kernel_rows + design.stride[0] - 2)
        assert shape[1] <= max(least[1], design.frame_axes[1].least + design.kernel_columns + design.stride[1] - 2)
    assert len(small.frames) >= len(transport.frames)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9), st.integers(1, 60), st.integers(1, 30), st.integers(0, 2**32))
def test_a_signal_is_the_same_whatever_its_pieces(taps, count, spare, seed):
    random = np.random.default_rng(seed)
    design = FIRDesign(random.integers(-9, 9, taps).tolist(), data=s8)
    x = random.integers(-128, 128, count)
    transport = GoldenTransport(design)
    result = through(Work(design, x, limits=(taps - 1 + spare,)), transport)
    assert np.array_equal(result, golden.fir(design, x))
    assert max(shape[0] for shape in transport.frames) <= taps - 1 + spare


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 9), st.lists(st.integers(1, 20), min_size=1, max_size=9), st.integers(0, 2**32))
def test_joined_pieces_are_one_signal(taps, lengths, seed):
    random = np.random.default_rng(seed)
    design = FIRDesign(random.integers(-9, 9, taps).tolist(), data=s8)
    x = random.integers(-128, 128, sum(lengths))
    pieces = np.split(x, np.cumsum(lengths)[:-1])
    with Device(GoldenTransport(design)) as device:
        results = list(device.stream(pieces, joined=True))
    assert [len(result) for result in results] == lengths
    assert np.array_equal(np.concatenate(results), golden.fir(design, x))


def test_results_of_any_size_are_put_together():
    design = FIRDesign([1 << 31, 3], data=Format(32, True), output=Format(65, True))
    x = np.array([-(1 << 31), 1, 5, -(1 << 31), 7])
    result = through(Work(design, x, limits=(2,)), GoldenTransport(design))
    assert result.dtype == object
    assert result.tolist() == golden.fir(design, x).tolist()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 20), st.integers(1, 90), st.integers(1, 6))
def test_cuts_cover_an_axis_once(before, after, spare, length, stride):
    before *= stride
    most = before + after + spare
    outputs = -(-length // stride)
    found = cuts(length, outputs, before, after, most, stride)
    covered = [place for cut in found for place in range(outputs)[cut.target]]
    assert covered == list(range(outputs))
    for cut in found:
        inputs = range(length)[cut.source]
        assert len(inputs) <= most
        for kept, place in zip(range(cut.keep.start, cut.keep.stop), range(outputs)[cut.target], strict=True):
            assert inputs[::stride][kept] == stride * place
            # Everything that the result needs is there, or lies beyond the axis.
            assert inputs[0] <= max(stride * place - before, 0)
            assert inputs[-1] >= min(stride * place + after, length - 1)
    lengths = [cut.target.stop - cut.target.start for cut in found]
    assert max(lengths) - min(lengths) <= 1


def test_a_large_image_and_a_long_signal_are_cut_where_memory_asks_for_it():
    """Nothing is sent; only the sizes of frames are looked at."""
    design = Conv2DDesign([[1, 2, 3]] * 3, rows=65535, columns=16384)
    assert frame_limits(design, 16384) == (FRAME_SAMPLES // 16384, design.frame_axes[1].most)
    assert frame_limits(design, 1) == (design.frame_axes[0].most, design.frame_axes[1].most)
    assert frame_limits(design.replace(rows=7), 640) == (design.replace(rows=7).frame_axes[0].most, design.frame_axes[1].most)
    assert frame_limits(FIRDesign([1] * 256)) == (FRAME_SAMPLES,)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_colour_in_tiles(boundary):
    design = Conv2DDesign([[1, -2, 3], [4, 5, -6]], boundary=boundary, pixel=s16, rows=16, columns=16)
    image = np.random.default_rng(1).integers(-999, 999, (2, 50, 40, 3))
    result = Device(GoldenTransport(design))(image)
    for number in range(2):
        for plane in range(3):
            assert np.array_equal(result[number, ..., plane], golden.conv2d(design, image[number, ..., plane]))
