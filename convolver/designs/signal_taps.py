"""What every filter has whose taps meet the samples of a signal, whatever its rate."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self, cast

from ..arguments import choice
from ..errors import DesignError
from ..formats import Format
from .base import so_many
from .factors import Factor
from .linear import LinearDesign
from .signal_geometry import SignalGeometry
from .symmetries import NoPairs, pairing_of
from .words import SYMMETRIES, Symmetry

__all__ = ["SignalTaps"]


class SignalTaps(SignalGeometry, LinearDesign):  # type: ignore[misc]  # each says its own history
    """Its coefficients are its taps, of which some may be pairs. `terms` are those that tell all the others."""

    coefficients: Any
    data: Any
    symmetry: Any

    @property
    def terms(self) -> tuple[tuple[int, int | None], ...]:
        """Taps, each with the tap that shares its coefficient, if any."""
        raise NotImplementedError

    def _set_symmetry(self, found_in: Sequence[int]) -> None:
        """Sets the symmetry that is asked for, or that of these coefficients."""
        self._set("symmetry", choice("Symmetry", self.source.symmetry_of(self.symmetry, found_in), SYMMETRIES))

    def _check_pairing(self) -> None:
        self.pairing.check(self.taps)
        self._check_pairs(self.coefficients)
        self.source.check_pairing(self.pairing, self.coefficient_format)

    @cached_property
    def pairing(self) -> NoPairs:
        """Which taps share a coefficient."""
        return pairing_of(cast(Symmetry, self.symmetry))

    def _check_pairs(self, coefficients: Sequence[int]) -> None:
        if broken := self.pairing.broken(coefficients):
            raise DesignError(f"Coefficients must be {self.symmetry}: {broken}")

    @property
    def factors(self) -> tuple[Factor, ...]:
        return (Factor(self.weights),)

    @property
    def taps(self) -> int:
        """Number of coefficients."""
        return len(self.coefficients)

    def independent(self, coefficients: Sequence[int]) -> tuple[int, ...]:
        """Of a whole set, the coefficients that the core is loaded with: the first of each pair, where the design promises
        pairs.

        Raises
        ------
        DesignError
            If the set breaks the design's symmetry.
        """
        coefficients = so_many("Coefficients", coefficients, self.taps)
        self._check_pairs(coefficients)
        return tuple(coefficients[tap] for tap, _ in self.terms)

    def complete(self, independent: Sequence[int]) -> tuple[int, ...]:
        """The whole set that `independent` takes apart."""
        whole = [0] * self.taps
        independent = so_many("Independent coefficients", independent, len(self.terms))
        for (tap, _), value in zip(self.terms, independent, strict=True):
            for place, sign in self.pairing.places(tap, self.taps - 1).items():
                whole[place] = sign * value
        return tuple(whole)

    @property
    def sample(self) -> Format:
        return cast(Format, self.data)

    @property
    def weights(self) -> tuple[int, ...]:
        return cast(tuple[int, ...], self.coefficients)

    def with_weights(self, weights: Sequence[int]) -> Self:
        return self.replace(coefficients=weights)

    @property
    def coefficient_set(self) -> tuple[int, ...]:
        return self.weights

    @property
    def set_range(self) -> tuple[int, int]:
        return self.pairing.range(self.coefficient_format)

    @property
    def set_size(self) -> int:
        return self.source.loaded(len(self.terms))
