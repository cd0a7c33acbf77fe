"""The bilinear form: what a linear filter computes, as products of sums of samples and coefficients.

``y = post @ ((weights @ w) * (pre @ x))``: `x` are the samples that the results look at, `w` the coefficients, and each row
of the elementwise product is one multiplication. Direct, symmetric and shared forms of one filter differ in the number of
products alone; that two forms compute the same is an identity of integer matrices, which `Form.equals` decides.

Source: S. Winograd, "Arithmetic Complexity of Computations", SIAM, 1980, chapters II and III (bilinear algorithms).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Form", "Product", "Term", "direct"]

Term = tuple[int, int]
"""A place, and the integer by which what stands there is multiplied; mostly 1 or -1."""


@dataclass(frozen=True, slots=True)
class Product:
    """One multiplication: a row of `pre` and of `weights`, a column of `post`.

    operand : places of samples, each with its factor; their sum is multiplied.
    weight : coefficients, each with its factor; by their sum.
    results : results, each with the factor by which the product is added to it.
    """

    operand: tuple[Term, ...]
    weight: tuple[Term, ...]
    results: tuple[Term, ...]


@dataclass(frozen=True)
class Form:
    """Products that make the results of a linear filter.

    Parameters
    ----------
    positions : int
        Samples that the results look at.
    coefficients : int
        Coefficients of the filter.
    results : int
        Results.
    products : tuple of Product
        In any order.
    """

    positions: int
    coefficients: int
    results: int
    products: tuple[Product, ...]

    def matrices(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """``post, weights, pre`` of ``y = post @ ((weights @ w) * (pre @ x))``."""
        count = len(self.products)
        post = np.zeros((self.results, count), np.int64)
        weights = np.zeros((count, self.coefficients), np.int64)
        pre = np.zeros((count, self.positions), np.int64)
        for index, product in enumerate(self.products):
            for place, factor in product.operand:
                pre[index, place] += factor
            for place, factor in product.weight:
                weights[index, place] += factor
            for place, factor in product.results:
                post[place, index] += factor
        return post, weights, pre

    def tensor(self) -> dict[tuple[int, int, int], int]:
        """What the form computes, whatever its products: by which integer coefficient `w` and sample `x` meet in result `y`,
        by ``(y, w, x)``, where that isn't 0."""
        found: Counter[tuple[int, int, int]] = Counter()
        for product in self.products:
            for result, times in product.results:
                for weight, factor in product.weight:
                    for place, sign in product.operand:
                        found[result, weight, place] += times * factor * sign
        return {key: value for key, value in found.items() if value}

    def equals(self, other: "Form") -> bool:
        """Whether both compute the same results of any samples with any coefficients.

        Both sides are linear in the coefficients and in the samples, so equal tensors are the whole proof.
        """
        return self.tensor() == other.tensor()

    def response(self, weights: Sequence[int]) -> dict[tuple[int, int], int]:
        """By which integer each sample enters each result with these coefficients, by ``(y, x)``, where that isn't 0."""
        found: Counter[tuple[int, int]] = Counter()
        for product in self.products:
            value = sum(factor * int(weights[index]) for index, factor in product.weight)
            for result, times in product.results:
                for place, factor in product.operand:
                    found[result, place] += times * factor * value
        return {key: value for key, value in found.items() if value}


def direct(matrix: Sequence[Sequence[int | None]], positions: int, coefficients: int) -> Form:
    """A form of one product for each place: ``y[n] = sum(w[matrix[n][k]] * x[k])``.

    Parameters
    ----------
    matrix : sequence of sequences of int or None
        For each result and each position the coefficient that the sample there meets; None where it meets none.
    """
    products = tuple(
        Product(((place, 1),), ((weight, 1),), ((result, 1),))
        for result, line in enumerate(matrix)
        for place, weight in enumerate(line)
        if weight is not None
    )
    return Form(positions, coefficients, len(matrix), products)
