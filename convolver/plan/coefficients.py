"""Where the coefficients of a core come from, and which lane takes which."""

from dataclasses import dataclass

from ..formats import Format
from .bilinear import Term
from .stages import Memory

__all__ = ["CoefficientStore", "Multiplication", "coefficient_memories"]


@dataclass(frozen=True, slots=True)
class Multiplication:
    """In phase `phase` of a slot, lane `lane` multiplies the sum of its operand's samples by coefficient `weight`.

    terms : positions of the operand's samples, each with its sign; the first one's is plus.
    low, high : range of the product.
    """

    phase: int
    lane: int
    terms: tuple[Term, ...]
    weight: int
    low: int
    high: int

    @property
    def position(self) -> int:
        """Where the operand's first sample stands."""
        return self.terms[0][0]


@dataclass(frozen=True)
class CoefficientStore:
    """The coefficients of arrays that share a window: constant, or loaded as a set.

    Parameters
    ----------
    format : Format
        Of all of them.
    weights : tuple of int
        The coefficients, after reset where they can be loaded.
    loaded : tuple of int
        Indices in `weights` of those that a loaded set consists of, in its order; none where they are constant.
    products : tuple of Multiplication
        Which lane takes which coefficient, in which phase.
    cycles : int
        Phases of a slot.
    groups : int
        Groups of lanes that take a set one cycle after the other.
    """

    format: Format
    weights: tuple[int, ...]
    loaded: tuple[int, ...]
    products: tuple[Multiplication, ...]
    cycles: int
    groups: int = 1

    @property
    def loadable(self) -> bool:
        """Whether a set can be loaded."""
        return bool(self.loaded)

    @property
    def lanes(self) -> int:
        """Lanes that take coefficients."""
        return self.products[-1].lane + 1

    def lane(self, number: int) -> tuple[Multiplication, ...]:
        """The products of a lane, by their phase."""
        return tuple(product for product in self.products if product.lane == number)

    @property
    def banks(self) -> int:
        """Sets that a folded core's memories hold: the first, and two in turn, where sets are loaded."""
        return 3 if self.loadable else 1

    @property
    def bank_words(self) -> int:
        """Words of one set in the memory of a lane."""
        return 1 << (self.cycles - 1).bit_length()


def coefficient_memories(*stores: CoefficientStore) -> tuple[Memory, ...]:
    """Those of folded arrays, one a lane."""
    return tuple(
        Memory("coefficients", store.banks * store.bank_words, store.format.width, store.loadable)
        for store in stores
        if store.cycles > 1
        for _ in range(store.lanes)
    )
