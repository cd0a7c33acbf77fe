"""Where the coefficients of a core come from, and which lane takes which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..formats import Format
from .bilinear import Form, Term
from .factors import Factor, constant_factor
from .rewritings import drop_zeros, share
from .stages import Memory

__all__ = [
    "CoefficientStore",
    "Coefficients",
    "LoadedCoefficients",
    "Multiplication",
    "StoredCoefficients",
    "StoredSets",
]


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
class Coefficients:
    """Constants, each in the multiplier of its lane.

    Parameters
    ----------
    format : Format
        Of all of them.
    weights : tuple of int
        The coefficients, after reset where they can be loaded.
    """

    format: Format
    weights: tuple[int, ...]

    banks: ClassVar[int] = 0
    """Sets that the memory of each lane holds; 0 where there is none."""

    def ends(self, index: int) -> tuple[int, ...]:
        """What a coefficient can be: the least and the greatest, or its one value."""
        return (self.weights[index],)

    def factor(self, index: int) -> Factor:
        """What a lane multiplies by that takes this coefficient."""
        return constant_factor(self.weights[index])

    @property
    def widest(self) -> Format:
        """Format of what the multipliers take as a coefficient: constants are no wider than they have to be."""
        return Format.holding(min(self.weights), max(self.weights))

    def without_zeros(self, form: Form) -> Form:
        """The form without products with a coefficient that is always 0."""
        return drop_zeros(form, self.weights)

    def shared(self, form: Form, most: int) -> Form:
        """The form in which coefficients that are always equal, but for the sign, share a product; at most so many."""
        return share(form, self.weights, most)

    def loaded(self, order: Sequence[int]) -> tuple[int, ...]:  # noqa: ARG002  # nothing is
        """The indices of those that a loaded set consists of, which come in that order; none where they are constant."""
        return ()

    def memories(self, lanes: int, words: int) -> tuple[Memory, ...]:  # noqa: ARG002  # there are none
        """What they lie in: of each lane a memory, in which a set takes so many words."""
        return ()

    def told(self, index: int) -> str:
        """A coefficient, for people."""
        return str(self.weights[index])


class StoredCoefficients(Coefficients):
    """Constants of a folded array, in a memory a lane."""

    banks = 1

    def factor(self, index: int) -> Factor:  # noqa: ARG002  # another one in each phase
        return Factor(self.format)

    @property
    def widest(self) -> Format:
        return self.format

    def memories(self, lanes: int, words: int) -> tuple[Memory, ...]:
        return (Memory("coefficients", self.banks * words, self.format.width, self.banks > 1),) * lanes


class LoadedCoefficients(Coefficients):
    """Coefficients that are loaded, a set at a time, into registers."""

    def ends(self, index: int) -> tuple[int, ...]:  # noqa: ARG002  # any
        return self.format.min, self.format.max

    def factor(self, index: int) -> Factor:  # noqa: ARG002  # any
        return Factor(self.format)

    @property
    def widest(self) -> Format:
        return self.format

    def without_zeros(self, form: Form) -> Form:
        return form

    def shared(self, form: Form, most: int) -> Form:  # noqa: ARG002  # none are
        return form

    def loaded(self, order: Sequence[int]) -> tuple[int, ...]:
        return tuple(order)

    def told(self, index: int) -> str:
        return f"[{index}]"


class StoredSets(LoadedCoefficients, StoredCoefficients):
    """Sets that are loaded into the memories of a folded array: the first, and two in turn."""

    banks = 3


@dataclass(frozen=True)
class CoefficientStore:
    """The coefficients of arrays that share a window.

    Parameters
    ----------
    coefficients : Coefficients
        All of them.
    loaded : tuple of int
        Indices of those that a loaded set consists of, in its order; none where they are constant.
    products : tuple of Multiplication
        Which lane takes which coefficient, in which phase.
    cycles : int
        Phases of a slot.
    groups : int
        Groups of lanes that take a set one cycle after the other.
    early : int
        Of sets in memories: cycles by which it is known where a coefficient goes, before it comes; 0 or 1.
    """

    coefficients: Coefficients
    loaded: tuple[int, ...]
    products: tuple[Multiplication, ...]
    cycles: int
    groups: int = 1
    early: int = 0

    @property
    def format(self) -> Format:
        """Of all coefficients."""
        return self.coefficients.format

    @property
    def weights(self) -> tuple[int, ...]:
        """The coefficients, after reset where they can be loaded."""
        return self.coefficients.weights

    @property
    def lanes(self) -> int:
        """Lanes that take coefficients."""
        return self.products[-1].lane + 1

    def lane(self, number: int) -> tuple[Multiplication, ...]:
        """The products of a lane, by their phase."""
        return tuple(product for product in self.products if product.lane == number)

    @property
    def banks(self) -> int:
        """Sets that the memory of each lane holds."""
        return self.coefficients.banks

    @property
    def bank_words(self) -> int:
        """Words of one set in the memory of a lane."""
        return 1 << (self.cycles - 1).bit_length()

    @property
    def memories(self) -> tuple[Memory, ...]:
        """What the coefficients lie in."""
        return self.coefficients.memories(self.lanes, self.bank_words)
