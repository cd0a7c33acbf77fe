"""Which rates can be loaded into a CIC filter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Self, cast

import numpy as np

from ..arguments import between
from ..errors import DesignError
from ..formats import Format
from .base import so_many

__all__ = ["LoadedRates"]


class LoadedRates:
    """The rate, where it can be loaded, is a set of coefficients: itself and its shift."""

    stages: Any
    direction: Any
    delay: Any
    shift: Any
    output: Any
    core: Any
    change: Any
    gain: Any
    source: Any

    @property
    def _whole(self) -> Any:
        """The filter whose ranges hold."""
        return self.core or self

    @property
    def coefficient_format(self) -> Format:
        return Format.holding(0, max(self._whole.change, self._whole.shift))

    @property
    def coefficient_set(self) -> tuple[int, int]:
        """The rate, and its shift."""
        return self.change, self.shift

    @property
    def weights(self) -> tuple[int, ...]:
        return self.coefficient_set[: self.set_size]

    @property
    def set_size(self) -> int:
        return int(self.source.loaded(2))

    @property
    def shaping_sets(self) -> Mapping[int, tuple[int, ...]]:
        return dict(self.source.where_loaded([(0, self.coefficient_set)]))

    @cached_property
    def limits(self) -> tuple[int, ...]:
        """The greatest rate that can be loaded with each shift, from 0 on, 0 where none can; nothing of a constant one."""
        return cast(tuple[int, ...], self.source.where_loaded(map(self._limit, range(self._whole.shift + 1))))

    def _limit(self, shift: int) -> int:
        """The greatest rate for which there is room with a shift; 0 where there is for none."""
        whole = self._whole
        room = whole.gain >> (whole.shift - shift)
        return next((rate for rate in range(whole.change, 0, -1) if whole._gain_of(rate) <= room), 0)

    def _gain_of(self, change: int) -> int:
        """The gain of another rate."""
        return int((change * self.delay) ** self.stages // self.direction.rate(change).up)

    def independent(self, coefficients: Sequence[int]) -> tuple[int, ...]:
        """A rate and its shift.

        Raises
        ------
        DesignError
            If the core hasn't room for them.
        """
        change, shift = so_many("A loaded rate and its shift", coefficients, 2)
        between("Loaded shift", shift, 0, self._whole.shift)
        limit = self._limit(shift)
        if not 1 <= change <= limit:
            raise DesignError(f"A loaded rate must be 1 to {limit} with a shift of {shift}, not {change}")
        return change, shift

    def with_weights(self, weights: Sequence[int]) -> Self:
        change, shift = self.independent(weights)
        whole = self._whole
        rate = whole.direction.rate(change)
        return cast(Self, replace(whole, up=rate.up, down=rate.down, shift=shift, output=self.output, core=whole))

    def reloaded(self, coefficients: Sequence[int], stage: int = 0) -> Self:  # noqa: ARG002  # it is the only one
        return self.with_weights(coefficients)

    def trial_sets(self, random: np.random.Generator) -> dict[str, tuple[int, ...]]:
        return dict(self.source.where_loaded(self._trials(random)))

    def _trials(self, random: np.random.Generator) -> Iterator[tuple[str, tuple[int, int]]]:
        """Sets that fit, by names for them."""
        shift = int(random.integers(0, self.shift + 1))
        lowest = next((one for one, limit in enumerate(self.limits) if limit), self.shift)
        yield "a rate of 1", (1, lowest)
        yield "a random rate", (int(random.integers(1, self.limits[max(shift, lowest)] + 1)), max(shift, lowest))
        yield "its own rate again", (self.change, self.shift)
