"""The golden model of moving maxima against scipy's."""

import numpy as np
import pytest
import scipy.ndimage

from convolver import DataError, Format, MovingMaximumDesign, s8
from convolver.sim import golden


@pytest.mark.parametrize("seed", range(40))
def test_it_is_scipys(seed):
    random = np.random.default_rng(seed)
    form = Format(int(random.integers(1, 33)), bool(random.integers(2)))
    size, length = (int(number) for number in random.integers(1, 30, 2))
    fill = int(random.integers(form.min, form.max, endpoint=True))
    x = random.integers(form.min, form.max, length, endpoint=True)
    # Windows that end with their result, by scipy's origin.
    want = scipy.ndimage.maximum_filter1d(x, size, mode="constant", cval=fill, origin=(size - 1) // 2)
    got = golden.run(MovingMaximumDesign(size, data=form, fill=fill), x)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, want)


def test_refusals():
    with pytest.raises(DataError, match=r"^Samples must be between -128 and 127 to fit s8, not 128$"):
        golden.run(MovingMaximumDesign(3, data=s8), [1, 128])
    with pytest.raises(DataError, match=r"^Samples must have 1 dimension, not 2$"):
        golden.run(MovingMaximumDesign(3, data=s8), [[1]])
