"""The windows that filters of images have together, against the golden models' composition, and what shows them."""

import json
import re

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, Fork, Pipeline, plots, s8, s16, u8
from convolver.designs.image_response import LARGEST
from convolver.errors import DesignError
from convolver.formats import Format
from convolver.report import report_of
from convolver.sim import golden

GAUSSIAN = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])
SOBEL = [[[1, 0, -1], [2, 0, -2], [1, 0, -1]], [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]]
BLUR = Conv2DDesign(GAUSSIAN, shift=8, output=u8, boundary="edge")


def by_windows(design, image):
    """The results whose windows lie inside an image, and where they are, by the definition of a response."""
    whole = design.image_response
    rows, columns = design.output_shape(*image.shape)
    assert whole.shift == 0
    for place in np.ndindex(rows, columns):
        first = [start + step * at for start, step, at in zip(whole.start, whole.stride, place, strict=True)]
        if min(first) < 0:
            continue
        seen = image[tuple(slice(at, at + size) for at, size in zip(first, whole.size, strict=True))]
        if seen.shape == whole.size:
            yield place, [int((window * seen).sum()) for window in whole.windows]


def a_filter(random, pixel, shape, **others):
    """One that neither rounds nor saturates."""
    operation = str(random.choice(["convolve", "correlate"]))
    return Conv2DDesign(random.integers(-3, 4, shape), pixel=pixel, operation=operation, rows=64, columns=64, **others)


def a_chain(random):
    count, form, stages = random.integers(1, 4), Format(4, True), []
    for number in range(count):
        several = [2] * int(number == count - 1 and random.integers(2))
        mode, stride = str(random.choice(["same", "valid"])), tuple(random.integers(1, 3, 2))
        stages.append(a_filter(random, form, (*several, *random.integers(1, 5, 2)), mode=mode, stride=stride))
        form = stages[-1].output_format
    return Pipeline(stages)


def a_fork(random):
    """A branch of two filters and one alone, whose windows begin in other places."""
    mode, join = str(random.choice(["same", "valid"])), str(random.choice(["sum", "difference", "planes"]))
    first = a_filter(random, Format(4, True), (2, 3), mode=mode)
    behind = a_filter(random, first.output_format, (2, 2), mode=mode, output=s16)
    alone = a_filter(random, Format(4, True), (3, 4), mode=mode, output=s16)
    return Fork([Pipeline([first, behind]), alone], join)


@pytest.mark.parametrize("make", [a_chain, a_fork])
@pytest.mark.parametrize("seed", range(12))
def test_results_are_the_sums_of_the_windows(make, seed):
    random = np.random.default_rng(seed)
    design = make(random)
    image = random.integers(-8, 8, (48, 52))
    want = np.asarray(golden.run(design, image)).reshape(-1, *design.output_shape(*image.shape))
    found = list(by_windows(design, image))
    assert len(found) > 5
    for place, results in found:
        assert want[:, *place].tolist() == results


def test_a_filter_with_the_kernel_of_the_whole_does_the_same():
    small = Conv2DDesign([[1, 2], [3, 4]], pixel=s8, mode="valid")
    chain = Pipeline([small, Conv2DDesign([[5, -1, 7]], pixel=small.output_format, operation="correlate", mode="valid")])
    (kernel,), (rows, columns) = chain.image_response.kernels, chain.image_response.size
    assert (rows, columns) == (2, 4)
    image = np.random.default_rng(5).integers(-128, 128, (9, 12))
    one = Conv2DDesign(kernel, pixel=s8, mode="valid", operation=chain.image_response.operation)
    np.testing.assert_array_equal(golden.run(one, image), golden.run(chain, image))


def test_shifts_add_up_and_branches_share_the_greatest():
    twice = Pipeline([BLUR, BLUR]).image_response
    assert (twice.shift, twice.size, twice.gain) == (16, (9, 9), 1.0)
    strong = Conv2DDesign([[3]], shift=1, boundary="edge", output=s16)
    sharp = Fork([strong, Conv2DDesign(GAUSSIAN, shift=9, boundary="edge", output=s16)], "difference").image_response
    assert (sharp.shift, sharp.gain, sharp.start) == (9, 1.0, (-2, -2))
    np.testing.assert_array_equal(sharp.kernels[0], 3 * 256 * (np.arange(25) == 12).reshape(5, 5) - GAUSSIAN)


def test_what_isn_t_linear_ends_it():
    edges = Conv2DDesign(SOBEL, combine="sum_abs", output=u8)
    last = Pipeline([BLUR, edges]).image_response
    assert not last.linear
    assert len(last.windows) == 2
    behind = Pipeline([edges, BLUR])
    lines = Fork([BLUR, Conv2DDesign(np.ones((3, 3), int), threshold=900)], "sum")
    for design in (behind, lines, Pipeline([FIRDesign([1])])):
        assert design.image_response is None
    for design in (behind, lines):
        with pytest.raises(DesignError, match=r"^A plot shows the response of linear filters, of images .*; this .* has none$"):
            plots.plot(design, "plot.png")


def test_windows_larger_than_what_can_be_drawn_have_no_response():
    thin = Conv2DDesign([[1] * 15], output=u8, stride=(1, 3), mode="valid", columns=2048)
    # 14 * (1 + 3 + 9) + 1 columns, and 14 * 27 more.
    three = Pipeline([thin] * 3)
    assert three.image_response.size == (1, 183)
    assert max(three.image_response.size) <= LARGEST
    assert Pipeline([thin] * 4).image_response is None


def test_report_and_plot_show_the_whole():
    chain = Pipeline([BLUR, Conv2DDesign(SOBEL, combine="sum_abs", threshold=100)])
    told = report_of(chain)
    line = r"^the whole +2 kernels of 7x7 \(convolve\), stride 1x1, gain 0, but for the stages' rounding, in front of .*$"
    assert re.search(line, told.text(), re.MULTILINE)
    numbers = json.loads(json.dumps(told.to_dict()))
    assert (np.shape(numbers["kernels"]), numbers["kernel_shift"], numbers["operation"]) == ((2, 7, 7), 8, "convolve")
    text = plots.picture(chain, ".svg").decode()
    assert ">kernels of the whole (convolve)</text>" in text
    assert ">frequency response, the greatest of all kernels</text>" in text
    assert plots.measured(chain, pytest.fail, pytest.fail) is None
