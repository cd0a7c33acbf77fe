"""What the structure of coefficients saves."""

import numpy as np
import pytest

from convolver.plan.bilinear import direct
from convolver.plan.rewritings import share
from convolver.plan.slots import slot_of
from convolver.plan.structure import factors_of


@pytest.mark.parametrize("most", [1, 2, 3, 64])
def test_every_place_that_counts_is_in_one_sum_of_weights_equal_but_for_the_sign(most):
    weights = np.random.default_rng(most).integers(-4, 5, 60).tolist()
    sums = [product.operand for product in share(direct([range(60)], 60, 60), weights, most).products]
    assert sorted(place for terms in sums for place, _ in terms) == [place for place, weight in enumerate(weights) if weight]
    for terms in sums:
        assert len(terms) <= most
        assert terms[0][1] == 1
        assert all(sign * weights[place] == weights[terms[0][0]] for place, sign in terms)
    assert [terms[0][0] for terms in sums] == sorted(terms[0][0] for terms in sums)
    magnitudes = [sum(abs(weight) == magnitude for weight in weights) for magnitude in range(1, 5)]
    assert len(sums) == sum(-(-count // most) for count in magnitudes)


@pytest.mark.parametrize(
    ("kernel", "factors"),
    [
        ([[1, 2, 1], [2, 4, 2]], ((1, 2), (1, 2, 1))),
        ([[0, 0], [0, -6], [0, 4]], ((0, 6, -4), (0, -1))),
        ([[6, 9], [4, 6]], ((3, 2), (2, 3))),
        ([[6, 9], [4, 7]], None),
        ([[6, 9], [5, 7]], None),
        ([[2, 0], [1, 1]], None),
        ([[1, 0], [0, 1]], None),
        ([[0, 0], [0, 0]], None),
        ([[-5]], ((5,), (-1,))),
    ],
)
def test_factors_are_exact_or_none(kernel, factors):
    assert factors_of(kernel) == factors
    assert factors is None or np.array_equal(np.outer(*factors), kernel)


def test_factors_are_found_in_every_product():
    random = np.random.default_rng(3)
    for _ in range(200):
        column, row = (random.integers(-9, 10, size) for size in random.integers(1, 6, 2))
        found = factors_of(np.outer(column, row).tolist())
        assert (found is None) == (not column.any() or not row.any())
        assert found is None or np.array_equal(np.outer(*found), np.outer(column, row))


def test_wiring_has_no_multiplier_unless_it_changes_with_the_clock():
    assert slot_of(1).constant_multipliers([1, -2, 3, 12]) == 2
    assert slot_of(1).constant_multipliers([1, -2, 3, 12], 4) == 8
    assert slot_of(3).constant_multipliers([1, -2, 3, 12]) == 2
    assert slot_of(2).constant_multipliers([]) == 1


def test_loaded_coefficients_have_a_multiplier_each_whatever_they_are():
    assert slot_of(1).any_multipliers(5) == 5
    assert slot_of(1).any_multipliers(5, 2) == 10
    assert slot_of(3).any_multipliers(5) == 2
