"""Bilinear forms and their rewritings: the same results with fewer products, and a wrong rewriting is found."""

from dataclasses import replace

import numpy as np
import pytest

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.designs.symmetries import NoPairs, pairing_of
from convolver.errors import DesignError
from convolver.plan import lower
from convolver.plan.bilinear import Form, Product, direct
from convolver.plan.conv2d import lower_conv2d
from convolver.plan.rewritings import checked, drop_zeros, fold, share
from convolver.plan.target import TARGETS


def results(form: Form, weights: list[int], samples: list[int]) -> list[int]:
    post, factors, pre = form.matrices()
    return (post @ ((factors @ np.array(weights)) * (pre @ np.array(samples)))).tolist()


def fir(taps: int) -> Form:
    return direct([range(taps)], taps, taps)


def test_the_matrices_compute_what_the_response_says():
    form = fold(fir(5), pairing_of("antisymmetric"))
    weights, samples = [3, -7, 0, 7, -3], [2, 11, 5, -4, 1]
    assert results(form, weights, samples) == [int(np.dot(weights, samples))]
    response = form.response(weights)
    assert [sum(response.get((0, place), 0) * x for place, x in enumerate(samples))] == results(form, weights, samples)


@pytest.mark.parametrize("taps", [1, 2, 5, 8, 31])
@pytest.mark.parametrize("sign", [1, -1])
def test_mirrored_taps_share_a_product(taps, sign):
    half = np.random.default_rng(taps).integers(-99, 100, taps).tolist()
    weights = [half[tap] + sign * half[taps - 1 - tap] for tap in range(taps)]
    form = checked(fir(taps), fold(fir(taps), pairing_of("symmetric" if sign > 0 else "antisymmetric")), [weights])
    assert len(form.products) == (taps + (sign > 0)) // 2
    samples = np.random.default_rng(taps + 1).integers(-999, 1000, taps).tolist()
    assert results(form, weights, samples) == results(fir(taps), weights, samples) == [int(np.dot(weights, samples))]


def test_equal_constants_share_a_product():
    weights = [5, -5, 3, 0, 5, 3, -5]
    for most, products in ((1, 6), (2, 3), (4, 2), (8, 2)):
        form = checked(fir(7), share(fir(7), weights, most), [weights])
        assert len(form.products) == products, most
        assert max(len(product.operand) for product in form.products) <= most
    assert len(drop_zeros(fir(7), weights).products) == 6


def test_results_of_several_kernels_share_no_product():
    form = direct([range(2), range(2, 4)], 2, 4)
    assert len(share(form, [7, 7, 7, 7], 4).products) == 2


def test_a_polyphase_block_is_a_form():
    """Two results of three new samples: upfirdn by 2/3, one period of it."""
    taps, up, down, depth = [1, -2, 3, 4, 5], 2, 3, 3
    matrix: list[list[int | None]] = [[None] * (down + depth - 1) for _ in range(up)]
    for n in range(up):
        phase, base = n * down % up, n * down // up
        for k in range(phase, len(taps), up):
            matrix[n][depth - 1 + base - k // up] = k
    form = direct(matrix, down + depth - 1, len(taps))
    assert form.equals(direct(matrix, down + depth - 1, len(taps)))
    assert len(form.products) == len(taps)
    x = [7, -1, 4]
    padded = np.array([0] * (depth - 1) + x)
    spread = np.zeros(up * len(x), int)
    spread[::up] = x
    assert results(form, taps, padded.tolist()) == np.convolve(taps, spread)[: up * down : down].tolist()


def test_three_products_are_a_complex_tap():
    post, weights, pre = ([[1, 0, -1], [1, 1, 0]], [[1, 0], [-1, 1], [1, 1]], [[1, 1], [1, 0], [0, 1]])
    three = Form(2, 2, 2, tuple(
        Product(
            tuple((x, pre[p][x]) for x in range(2)),
            tuple((w, weights[p][w]) for w in range(2)),
            tuple((y, post[y][p]) for y in range(2)),
        )
        for p in range(3)
    ))  # fmt: skip
    four = Form(2, 2, 2, (
        Product(((0, 1),), ((0, 1),), ((0, 1),)),
        Product(((1, 1),), ((1, -1),), ((0, 1),)),
        Product(((0, 1),), ((1, 1),), ((1, 1),)),
        Product(((1, 1),), ((0, 1),), ((1, 1),)),
    ))  # fmt: skip
    assert three.equals(four)
    wrong = replace(three, products=(replace(three.products[0], results=((0, 1), (1, -1))), *three.products[1:]))
    assert not wrong.equals(four)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_wrong_rewriting_is_found(place):
    weights = [4, 7, 4]
    form = fold(fir(3), pairing_of("symmetric"))
    product = form.products[0]
    wrong = [
        replace(product, operand=product.operand[:1]),
        replace(product, weight=((1, 1),)),
        replace(product, results=((0, -1),)),
    ][place]
    message = r"^A rewriting must compute what the form does, and differs for the coefficients \[4, 7, 4\]$"
    with pytest.raises(DesignError, match=message):
        checked(fir(3), replace(form, products=(wrong, *form.products[1:])), [weights])


def test_a_symmetric_set_that_may_be_loaded_is_checked_for_all_sets(monkeypatch):
    def wrong(form: Form, pairing: NoPairs) -> Form:
        folded = fold(form, pairing)
        return replace(folded, products=(*folded.products[:-1], replace(folded.products[-1], weight=((0, 1),))))

    monkeypatch.setattr("convolver.plan.fir.fold", wrong)
    design = FIRDesign([9, 9, 9], loadable=True, symmetry="symmetric", rounding="floor", shift=1, data="s11")
    with pytest.raises(DesignError, match=r"^A rewriting must compute what the form does"):
        lower(design)  # these coefficients alone wouldn't show it


def test_factors_that_make_another_kernel_are_found(monkeypatch):
    design = Conv2DDesign(np.outer([6, -4, 10, 6], [3, 0, -5]))
    monkeypatch.setattr("convolver.plan.kernels.cheaper_factors", lambda *_: (((6, -4, 10, 6), (3, 0, 5)),))
    message = r"^Column \[6, -4, 10, 6\] times row \[3, 0, 5\] must be the kernel"
    with pytest.raises(DesignError, match=message):
        lower_conv2d(design, design.choices, TARGETS[None])


def test_the_plan_says_what_was_rewritten_and_what_that_saved():
    assert lower(FIRDesign([1, 2, 0, 2, 1])).explain().splitlines()[:2] == [
        "symmetric taps share a multiplication: 5 -> 3 products",
        "taps of 0 have none: 3 -> 2 products",
    ]
    assert lower(Conv2DDesign([[3, 5, -3], [7, 1, 7], [-3, 5, 3]])).rewritings == (
        "equal weights share a multiplication: 9 -> 4 products",
    )
    assert lower(Conv2DDesign(np.outer([6, -4, 10, 6], [3, 0, -5]))).rewritings == (
        "each kernel is a column times a row: 8 -> 5 products",
    )
    assert lower(FIRDesign([1, 2, 3], loadable=True)).rewritings == ()


def test_every_place_of_a_kernel_of_zeros_is_planned_on_every_family():
    for family in (None, "ecp5", "ice40", "7-series"):
        plan = lower(Conv2DDesign([[0, 0, 0]], pixel="u4"), family)
        assert (plan.multipliers, plan.lanes) == (0, 1)


def test_a_family_that_nobody_knows_is_refused():
    with pytest.raises(DesignError, match=r"^Family must be one of ecp5, ice40, 7-series, not 'xilinx7'$"):
        lower(FIRDesign([1]), "xilinx7")  # type: ignore[arg-type]  # that is what is tested
