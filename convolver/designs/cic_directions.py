"""Which way a CIC filter changes the rate: down, where sums are left out, or up, where zeros are put in between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..formats import Format
from .cic_losses import difference
from .rates import Rate

__all__ = ["DOWN", "Down", "Role", "Section", "direction_of"]

Role = Literal["integrator", "comb"]


@dataclass(frozen=True, slots=True)
class Section:
    """An integrator or a comb.

    Parameters
    ----------
    role : {"integrator", "comb"}
    width : int
        Bits of what it gives.
    signed : bool
        Whether that is signed.
    dropped : int
        Bits that pruning drops of what comes to it.
    """

    role: Role
    width: int
    signed: bool
    dropped: int = 0

    @property
    def format(self) -> Format:
        """Of what it gives."""
        return Format(self.width, self.signed)


@dataclass(frozen=True, slots=True)
class Down:
    """Decimates: integrators, then combs. Sums run over: they are right modulo a power of two that holds every result, and
    combs make differences of them."""

    def rate(self, change: int) -> Rate:
        """The rate that changes by so much."""
        return Rate(1, change)

    def slow(self, samples: Format, results: Format) -> Format:  # noqa: ARG002  # there are more samples
        """The format at the lower rate, of those of samples and results."""
        return results

    def told_gain(self, sums: str, change: int) -> str:  # noqa: ARG002  # all samples are summed
        """The gain of such sums, for a change of the rate, as a formula."""
        return sums

    def sections(self, design: Any) -> Iterator[Section]:
        """Integrators and combs, in the order in which samples meet them."""
        whole, before = design.accumulator, 0
        for role, gone in zip(_roles("integrator", "comb", design.stages), design.pruning, strict=True):
            yield Section(role, whole.width - gone, whole.signed, gone - before)
            before = gone

    def worst(self, differences: NDArray[Any]) -> Mapping[str, Any]:  # noqa: ARG002  # sums are
        """What is the greatest number in a core beside the greatest sum, where combs come first that make these differences."""
        return {}


@dataclass(frozen=True, slots=True)
class Up(Down):
    """Interpolates: combs, then integrators, as wide as the numbers in them."""

    def rate(self, change: int) -> Rate:
        return Rate(change, 1)

    def slow(self, samples: Format, results: Format) -> Format:  # noqa: ARG002  # there are more results
        return samples

    def told_gain(self, sums: str, change: int) -> str:
        return f"{sums} / {change}"

    def sections(self, design: Any) -> Iterator[Section]:
        forms = [Format.holding(*reach) for reach in _inner_ranges(design)]
        # Of a lower rate, whose numbers are shifted up, the first integrators have more bits: all get those of the last.
        summed = [design.source.sums(form, design.accumulator) for form in forms[design.stages :]]
        forms[design.stages :] = summed
        for role, form in zip(_roles("comb", "integrator", design.stages), forms, strict=True):
            yield Section(role, form.width, form.signed)

    def worst(self, differences: NDArray[Any]) -> Mapping[str, Any]:
        return {"differences": tuple(differences.tolist())}


DOWN, UP = Down(), Up()


def direction_of(up: int) -> Down:
    """Which way the rate of a filter changes that gives so many results for each of its samples, or one for several."""
    return UP if up > 1 else DOWN


def _roles(first: Role, second: Role, count: int) -> tuple[Role, ...]:
    return (first,) * count + (second,) * count


def _inner_ranges(design: Any) -> Iterator[tuple[int, int]]:
    """The least and the greatest number behind each of an interpolator's sections."""
    taps = np.ones(1, object)
    for _ in range(design.stages):
        taps = difference(taps, design.delay)
        yield _reached(design.data, [taps])
    apart = np.zeros((len(taps) - 1) * design.up + 1, object)
    apart[:: design.up] = taps
    # Behind the last one whole periods: none of the sums goes on for ever.
    apart = np.concatenate([apart, np.zeros(design.up, object)])
    for _ in range(design.stages):
        apart = np.cumsum(apart)
        yield _reached(design.data, [apart[phase :: design.up] for phase in range(design.up)])


def _reached(data: Format, phases: Sequence[NDArray[Any]]) -> tuple[int, int]:
    """The least and the greatest sum of samples times one of these rows of coefficients."""
    ends = [(int(np.maximum(taps, 0).sum()), int(np.minimum(taps, 0).sum())) for taps in phases]
    low = min(above * data.min + below * data.max for above, below in ends)
    return low, max(above * data.max + below * data.min for above, below in ends)
