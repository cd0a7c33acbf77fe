"""What a CIC filter's design answers: what pruning drops and adds, and which rates can be loaded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from ..arguments import between
from ..errors import DesignError
from ..formats import Format
from .base import so_many

__all__ = ["LoadedRates", "Pruning", "difference"]


class Pruning:
    """What a decimator's sections drop."""

    stages: Any
    delay: Any
    shift: Any
    pruned: Any

    @property
    def span(self) -> int:
        """Samples of a moving sum, at the higher rate."""
        raise NotImplementedError

    def _moving_sums(self, taps: NDArray[Any], count: int) -> NDArray[Any]:
        """What so many moving sums make of a filter's taps."""
        for _ in range(count):
            taps = np.concatenate([taps, np.zeros(self.span - 1, object)]).cumsum()
            taps[self.span :] -= taps[: -self.span].copy()
        return taps

    @cached_property
    def _error_taps(self) -> tuple[NDArray[Any], ...]:
        """What a result has of an error in front of each section: the taps of all from there on."""
        if not self.pruned:
            return ()
        found = []
        for number in range(self.stages):
            taps = np.ones(1, object)
            for _ in range(number):
                taps = difference(taps, self.span)
            found.append(self._moving_sums(taps, self.stages - number))
        for number in range(self.stages):
            taps = np.ones(1, object)
            for _ in range(self.stages - number):
                taps = difference(taps, self.delay)
            found.append(taps)
        return tuple(found)

    @cached_property
    def pruning(self) -> tuple[int, ...]:
        """Low bits that are gone in front of each section: so many that the noise of each is at most ``1 / (2 * stages)`` of
        what `shift` adds, and none unless the design is `pruned` (E. B. Hogenauer, "An economical class of digital filters for
        decimation and interpolation", 1981)."""
        found, before = [], 0
        for taps in self._error_taps:
            room = (1 << 2 * self.shift) // (2 * self.stages * int((taps * taps).sum()))
            before = max(before, (room.bit_length() - 1) // 2 if room else 0)
            found.append(before)
        return tuple(found) or (0,) * (2 * self.stages)

    @property
    def _errors(self) -> list[int]:
        """The greatest number that each section's pruning takes off what comes to it."""
        ends = [0, *self.pruning][: len(self._error_taps) + 1]
        return [(1 << after) - (1 << before) for before, after in pairwise(ends)]

    @property
    def noise(self) -> tuple[float, float]:
        """Mean and variance of what pruning adds to a result, in LSB and LSB² of the output, for errors without a pattern."""
        mean = variance = 0.0
        gone = [0, *self.pruning]
        for error, taps, before, after in zip(self._errors, self._error_taps, gone, gone[1:], strict=False):
            mean -= error / 2 * float(taps.sum()) / 2.0**self.shift
            variance += (4.0**after - 4.0**before) / 12 * float((taps * taps).sum()) / 4.0**self.shift
        return mean, variance


class LoadedRates:
    """The rate, where it can be loaded, is a set of coefficients: itself and its shift."""

    stages: Any
    up: Any
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
        return int((change * self.delay) ** self.stages // (change if self.up > 1 else 1))

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
        up, down = (change, 1) if whole.up > 1 else (1, change)
        return cast(Self, replace(whole, up=up, down=down, shift=shift, output=self.output, core=whole))

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


def difference(taps: NDArray[Any], delay: int) -> NDArray[Any]:
    """The taps of a filter with a comb behind it."""
    silence = np.zeros(delay, object)
    found: NDArray[Any] = np.concatenate([taps, silence]) - np.concatenate([silence, taps])
    return found
