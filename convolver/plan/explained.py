"""What an array multiplies and adds, for people."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import singledispatch

from ..counting import counted
from ..formats import Format
from .adders import AdderProduct, GraphProduct
from .arithmetic import described
from .array import DotProduct
from .constants import made_of_one

__all__ = ["adders_of", "lanes_of", "proofs_of"]


def lanes_of(array: DotProduct) -> Iterator[str]:
    """Lanes and widths."""
    yield f"{'phase':<6}{'lane':<6}{'position':<12}{'coefficient':<14}product"
    for product in array.products:
        value = array.coefficients.told(product.weight)
        place = str(product.position) + "".join(f" {'+' if sign > 0 else '-'} {at}" for at, sign in product.terms[1:])
        width = Format.holding(product.low, product.high)
        yield f"{product.phase:<6}{product.lane:<6}{place:<12}{value:<14}{width}"


@singledispatch
def adders_of(array: DotProduct) -> Iterator[str]:
    """The adders, level by level, or those of a graph."""
    levels = zip(*array.tree.adders, strict=True)
    for number, groups in enumerate(levels, 1):
        yield f"level {number}: {described([adder for group in groups for adder in group])}"
    if array.chain.adders:
        yield f"chain of {len(array.groups)} groups: {described(array.chain.adders)}"


@adders_of.register
def _(array: GraphProduct) -> Iterator[str]:
    return array.told()


def proofs_of(arrays: Iterable[DotProduct], steps: int) -> Iterator[tuple[int, int, str]]:
    """Of each set of constants that are shifted and added: the adders that make them, how many take at the least as far as so
    many steps prove, and both in words."""
    found = {constants: fewest for array in arrays for constants, fewest in _searched(array) if constants}
    for constants, fewest in found.items():
        adders, (least, told) = len(made_of_one(constants)), fewest(steps)
        yield adders, least, f"{counted(adders, 'adder')} for {counted(len(constants), 'odd constant')} above 1, {told}"


Search = Callable[[int], tuple[int, str]]
"""How many adders take at the least, as far as so many steps prove, and in words."""


@singledispatch
def _searched(array: DotProduct) -> Sequence[tuple[frozenset[int], Search]]:  # noqa: ARG001  # of some
    """Constants whose adders are searched for, and the search."""
    return ()


@_searched.register
def _(array: AdderProduct) -> Sequence[tuple[frozenset[int], Search]]:
    return [(array.constants, array.fewest)]
