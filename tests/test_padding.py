"""Borders around arrays, against numpy's own, with fills that a dtype doesn't hold."""

import itertools

import numpy as np
import pytest

from convolver.designs import BOUNDARIES
from convolver.padding import padded

MARGINS = [((3, 0), (1, 7)), ((0, 0), (9, 2)), ((0, 1), (0, 0))]


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.uint64, object])
def test_a_border_is_numpys(dtype, boundary):
    rng = np.random.default_rng(8)
    for shape, margins, fill in itertools.product([(1, 1), (2, 3), (5, 4)], MARGINS, [0, -7, 255, 2**40, -(2**63), 2**70]):
        samples = rng.integers(0, 100, shape).astype(dtype)
        options = {"constant_values": fill} if boundary == "constant" else {}
        want = np.pad(samples.astype(object), margins, boundary, **options)
        found = padded(samples, margins, boundary, fill)
        assert found.tolist() == want.tolist()


def test_of_a_dtype_that_holds_all_nothing_gets_wider():
    samples = np.array([[1, 2, 3]], np.uint8)
    for fill, dtype in ((255, np.uint8), (256, np.int64), (-1, np.int64), (2**63, object)):
        assert padded(samples, MARGINS[0], "constant", fill).dtype == dtype
    assert padded(np.array([[2**64 - 1]], np.uint64), MARGINS[0], "constant", -1).tolist()[0][0] == -1


def test_no_border_is_no_copy():
    samples = np.arange(6).reshape(2, 3)
    assert padded(samples, ((0, 0), (0, 0)), "wrap", 2**70) is samples
