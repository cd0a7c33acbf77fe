"""How a report writes numbers."""

from fractions import Fraction

__all__ = ["counted", "number", "plain", "times"]


def counted(count: int | Fraction, noun: str) -> str:
    """So many of something: the noun with its plural."""
    return f"{number(Fraction(count))} {noun}{'s' * (count != 1)}"


def times(factor: int, name: str) -> str:
    """A multiple, as a formula has it."""
    return f"{factor}{name}" if factor != 1 else name


def number(value: Fraction) -> str:
    """An exact integer, or six digits."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"


def plain(value: Fraction) -> int | float:
    """An integer where it is one, else a float."""
    return value.numerator if value.denominator == 1 else float(value)
