"""Rewritings: each takes a form and gives one that computes the same with fewer multiplications, or none.

Whoever applies a rewriting checks it: `checked` compares what both forms compute, when the plan is made.
"""

from collections.abc import Sequence

from ..designs.symmetries import NoPairs
from ..errors import DesignError
from .bilinear import Form, Product, Term

__all__ = ["checked", "drop_zeros", "fold", "share"]


def drop_zeros(form: Form, weights: Sequence[int]) -> Form:
    """Leaves out products with a constant 0."""
    kept = tuple(product for product in form.products if _value(product, weights))
    return Form(form.positions, form.coefficients, form.results, kept)


def fold(form: Form, pairing: NoPairs) -> Form:
    """Adds the samples of taps that share a coefficient before one multiplication.

    Parameters
    ----------
    form : Form
        One result, one product a coefficient, in any order.
    pairing : NoPairs
        Which taps share one.
    """
    by_tap = {product.weight[0][0]: product for product in form.products}
    products = []
    for tap, _ in pairing.taps(form.coefficients):
        one, shared = by_tap[tap], pairing.places(tap, form.coefficients - 1)
        others = tuple((by_tap[other].operand[0][0], sign) for other, sign in shared.items() if other != tap)
        products.append(Product((*one.operand, *others), one.weight, one.results))
    return Form(form.positions, form.coefficients, form.results, tuple(products))


def share(form: Form, weights: Sequence[int], most: int) -> Form:
    """Adds samples whose constants are equal but for the sign before one multiplication; at most `most` of them.

    Parameters
    ----------
    form : Form
        One product a place, each with one coefficient. Products of different results are never shared.
    weights : sequence of int
        The constants.
    most : int
        Most samples of a sum, 1 or more.
    """
    alike: dict[tuple[int, tuple[Term, ...]], list[Product]] = {}
    for product in form.products:
        if value := _value(product, weights):
            alike.setdefault((abs(value), product.results), []).append(product)
    order = {product: number for number, product in enumerate(form.products)}
    pieces = [products[start : start + most] for products in alike.values() for start in range(0, len(products), most)]
    pieces.sort(key=lambda piece: order[piece[0]])
    products = []
    for piece in pieces:
        first = piece[0]
        operand = tuple(
            (place, factor if _value(product, weights) == _value(first, weights) else -factor)
            for product in piece
            for place, factor in product.operand
        )
        products.append(Product(operand, first.weight, first.results))
    return Form(form.positions, form.coefficients, form.results, tuple(products))


def checked(form: Form, rewritten: Form, sets: Sequence[Sequence[int]]) -> Form:
    """`rewritten`, which must compute what `form` does with each of these sets of coefficients.

    For constant coefficients that is their one set. For loadable ones it is a basis of all sets that may be loaded, as both
    forms are linear in the coefficients.

    Raises
    ------
    DesignError
        If it doesn't: the rewriting is wrong.
    """
    for weights in sets:
        if form.response(weights) != rewritten.response(weights):
            raise DesignError(f"A rewriting must compute what the form does, and differs for the coefficients {list(weights)}")
    return rewritten


def _value(product: Product, weights: Sequence[int]) -> int:
    return sum(factor * weights[index] for index, factor in product.weight)
