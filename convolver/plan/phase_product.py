"""The array of several phases: results of one after the other, each of coefficients of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..designs import Rate
from ..designs.rates import SAME
from .arithmetic import check_range
from .array import TapProduct
from .array_stages import Multiply, OperandSum
from .coefficients import Multiplication

__all__ = ["PhaseProduct", "SlotsProduct"]


class SlotsProduct(TapProduct):
    """That of a period of several results, each of a slot with products of its own."""

    @cached_property
    def operands(self) -> OperandSum:
        return replace(super().operands, slots=self.form.results)

    @cached_property
    def multiply(self) -> Multiply:
        return replace(super().multiply, slots=self.form.results)

    def run_slot(
        self, slot: int, numbers: Sequence[NDArray[np.object_]], weights: Sequence[int] | None = None
    ) -> NDArray[np.object_]:
        """The exact sum of a slot, stage by stage.

        Parameters
        ----------
        slot : int
        numbers : sequence of ndarray of int
            What stands at each position that the slot meets.
        weights : sequence of int, optional
            A loaded set of coefficients; by default the array's own.
        """
        found = list(numbers)
        for stage in (self.operands, *self.behind):
            found = (stage if weights is None else stage.with_weights(weights)).in_slot(slot).run(found)
        check_range(found[0], *self.accumulator_range)
        return found[0]


@dataclass(frozen=True)
class PhaseProduct(SlotsProduct):
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
        newest = [result * down // up for result in range(up)]
        sums = []
        for result, place in enumerate(newest):
            seen = np.moveaxis(samples[..., newest[-1] - place :], -1, 0)
            sums.append(self.run_slot(result * down % up, list(seen), weights))
        return np.stack(sums, axis=-1)
