"""Taps that are their mirror images: which of them share a coefficient, and what a set of coefficients must keep."""

from collections.abc import Mapping, Sequence

from ..errors import DesignError
from ..formats import Format
from .words import Symmetry

__all__ = ["NoPairs", "Tap", "pairing_of", "symmetry_in"]

Tap = tuple[int, int | None]
"""A tap, and the tap that shares its coefficient, if any."""


class NoPairs:
    """Each tap has a coefficient of its own."""

    def check(self, taps: int) -> None:
        """Raises `DesignError` if so few taps have nothing to share."""

    def check_loaded(self, form: Format) -> None:
        """Raises `DesignError` if sets of coefficients of this format can't keep it."""

    def broken(self, coefficients: Sequence[int]) -> str | None:  # noqa: ARG002  # where there is something to keep
        """What breaks it, in a sentence; None if nothing does."""
        return None

    def taps(self, count: int) -> list[Tap]:
        """The taps whose coefficients tell all of so many."""
        return [(tap, None) for tap in range(count)]

    def places(self, tap: int, last: int) -> Mapping[int, int]:  # noqa: ARG002  # the last tap's mirror is the first
        """The taps that have this tap's coefficient, with their signs."""
        return {tap: 1}

    def range(self, form: Format) -> tuple[int, int]:
        """The least and the greatest coefficient of which a set may consist."""
        return form.min, form.max


class Symmetric(NoPairs):
    """Each tap has the coefficient of its mirror image."""

    sign = 1
    minus = ""

    def check(self, taps: int) -> None:
        if taps < 2:
            raise DesignError(f"A symmetry must have 2 taps or more to share, not {taps}")

    def broken(self, coefficients: Sequence[int]) -> str | None:
        last = len(coefficients) - 1
        for tap in range(len(coefficients) // 2):
            one, other = coefficients[tap], coefficients[last - tap]
            if one != self.sign * other:
                return f"tap {tap} must be {self.minus}tap {last - tap}, not {one} against {other}"
        return None

    def taps(self, count: int) -> list[Tap]:
        return [*((tap, count - 1 - tap) for tap in range(count // 2)), *((tap, None) for tap in self.middle(count))]

    def middle(self, count: int) -> range:
        """The tap between the halves, if it has a coefficient."""
        return range(count // 2, (count + 1) // 2)

    def places(self, tap: int, last: int) -> Mapping[int, int]:
        return {last - tap: self.sign, tap: 1}


class Antisymmetric(Symmetric):
    """Each tap has the negative of its mirror image's coefficient; the middle one, its own negative, has none."""

    sign = -1
    minus = "minus "

    def check_loaded(self, form: Format) -> None:
        if not form.signed:
            raise DesignError(f"Antisymmetric coefficients must have a signed format, not {form}")

    def broken(self, coefficients: Sequence[int]) -> str | None:
        middle = [tap for tap in super().middle(len(coefficients)) if coefficients[tap]]
        told = (f"the middle one, tap {tap}, must be 0, not {coefficients[tap]}" for tap in middle)
        return super().broken(coefficients) or next(told, None)

    def middle(self, count: int) -> range:
        return range(count // 2, count // 2)

    def range(self, form: Format) -> tuple[int, int]:
        return max(form.min, -form.max), form.max  # the other half has the negative values


_PAIRINGS: Mapping[Symmetry, NoPairs] = {
    "none": NoPairs(),
    "symmetric": Symmetric(),
    "antisymmetric": Antisymmetric(),
}


def pairing_of(symmetry: Symmetry) -> NoPairs:
    """Which taps share a coefficient under a symmetry."""
    return _PAIRINGS[symmetry]


def symmetry_in(coefficients: Sequence[int]) -> Symmetry:
    """The symmetry of coefficients. One tap, and nothing but zeros, have nothing to share."""
    worth = len(coefficients) > 1 and any(coefficients)
    found = (word for word, pairing in list(_PAIRINGS.items())[1:] if worth and not pairing.broken(coefficients))
    return next(found, "none")
