"""The rate of a filter's results, by that of its samples."""

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["SAME", "Rate"]


@dataclass(frozen=True, slots=True)
class Rate:
    """`up` results for each `down` samples, of which the first comes with the first sample; the two share no factor.

    Parameters
    ----------
    up, down : int
    """

    up: int = 1
    down: int = 1

    def results(self, samples: int) -> int:
        """Results that begin in the first so many samples of a signal."""
        return -(-samples * self.up // self.down)

    def samples(self, results: int) -> Fraction:
        """How many samples so many results take."""
        return Fraction(results * self.down, self.up)

    def behind(self, rate: int) -> Fraction:
        """The rate of results where that of samples is so much."""
        return Fraction(rate * self.up, self.down)

    def __str__(self) -> str:
        return str(Fraction(self.up, self.down))


SAME = Rate()
"""As many results as samples."""
