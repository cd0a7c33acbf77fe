"""How a report writes numbers."""

from fractions import Fraction

from ..counting import counted, number

__all__ = ["counted", "number", "plain", "times"]


def times(factor: int, name: str) -> str:
    """A multiple, as a formula has it."""
    return f"{factor}{name}" if factor != 1 else name


def plain(value: Fraction) -> int | float:
    """An integer where it is one, else a float."""
    return value.numerator if value.denominator == 1 else float(value)
