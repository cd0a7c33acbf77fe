"""What filters are made of, as far as frequencies are concerned."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arguments import shown
from ..errors import DesignError
from .image_response import ImageResponse
from .rates import SAME, Rate

__all__ = ["NOT_COMPENSATED", "Factor", "Impulse", "Responding"]

Impulse = tuple[tuple[int, ...], int]
"""What a linear filter makes of an impulse, and the bits that are dropped of it."""


NOT_COMPENSATED = "A compensator is of a CICDesign, not {}"
"""What is said of anything else."""


@dataclass(frozen=True, slots=True)
class Factor:
    """Taps that a signal meets, so many times.

    Parameters
    ----------
    taps : tuple of int
    power : int
    """

    taps: tuple[int, ...]
    power: int = 1


class Responding:
    """What a design says of its response."""

    rate: Rate = SAME
    """The rate of a signal's results, by that of its samples."""
    shift: int = 0
    """Bits that are dropped of a sum."""

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Of one linear filter of signals, what its response is the product of; else nothing."""
        return ()

    @property
    def links(self) -> Sequence["Responding"]:
        """The filters that a signal meets one behind the other."""
        return (self,)

    def check_compensated(self) -> None:
        """Raises `DesignError` if no filter makes up for what this one does to its passband."""
        raise DesignError(NOT_COMPENSATED.format(shown(self)))

    @property
    def responds(self) -> bool:
        """Whether a sine of the samples has one gain to each of its images among the results."""
        links = self.links
        downs = [math.prod(link.rate.down for link in links[:number]) for number in range(len(links))]
        # What is left out before zeros are put in could as well be left out behind them, unless the two share a factor.
        apart = all(math.gcd(down, link.rate.up) == 1 for down, link in zip(downs, links, strict=True))
        return apart and all(link.factors for link in links)

    @property
    def image_response(self) -> ImageResponse | None:
        """The weights that results give to pixels; None where no sums of pixels make them."""
        return None

    @property
    def impulse(self) -> Impulse | None:
        """What filters that keep a signal's rate make of an impulse, but for rounding and saturation; None of others."""
        links = self.links
        if not self.responds or any(link.rate != SAME for link in links):
            return None
        taps = np.ones(1, object)
        for factor in (factor for link in links for factor in link.factors):
            for _ in range(factor.power):
                taps = np.convolve(taps, np.array(factor.taps, object))
        return tuple(int(tap) for tap in taps), sum(link.shift for link in links)
