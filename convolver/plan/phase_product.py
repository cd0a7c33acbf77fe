"""The array of several phases: results of one after the other, each of coefficients of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..designs import Rate
from ..designs.rates import SAME
from .arithmetic import check_range
from .array import TapProduct
from .coefficients import Multiplication

__all__ = ["PhaseProduct"]


@dataclass(frozen=True)
class PhaseProduct(TapProduct):
    """That of several phases: which coefficients a lane takes, the phase says, and each phase meets the samples by
    their age.

    Its form is that of a period: `rate.up` results.

    Parameters
    ----------
    rate : Rate
    """

    rate: Rate = SAME

    @cached_property
    def products(self) -> tuple[Multiplication, ...]:
        found = []
        for number in range(self.form.coefficients):
            phase, age = number % self.rate.up, number // self.rate.up
            terms = ((age, 1),)
            place = phase * self.cycles + age % self.cycles
            found.append(Multiplication(place, age // self.cycles, terms, number, *self._reach(number, terms)))
        return tuple(sorted(found, key=lambda product: (product.lane, product.phase)))

    def run(self, samples: NDArray[np.object_], weights: Sequence[int] | None = None) -> NDArray[np.object_]:
        """The exact sums of a period's results, along a last axis.

        Parameters
        ----------
        samples : ndarray of int, shape (..., positions)
            A period's samples and those in front of them, the newest first.
        weights : sequence of int, optional
            A loaded set of coefficients; by default the array's own.
        """
        up, down = self.rate.up, self.rate.down
        factors = self.weights if weights is None else weights
        newest = [result * down // up for result in range(up)]
        sums = []
        for result, place in enumerate(newest):
            total = self._phase_sum(samples[..., newest[-1] - place :], result * down % up, factors)
            check_range(total, *self.accumulator_range)
            sums.append(total)
        return np.stack(sums, axis=-1)

    def _phase_sum(self, seen: NDArray[np.object_], phase: int, factors: Sequence[int]) -> NDArray[np.object_]:
        """The sum of a phase; of the samples that it sees, the newest first."""
        total: NDArray[np.object_] = np.zeros(seen.shape[:-1], object)
        for tap in range(phase, self.form.coefficients, self.rate.up):
            total = total + factors[tap] * seen[..., tap // self.rate.up]
        return total
