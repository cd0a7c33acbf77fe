"""How numbers of things are written for people."""

from fractions import Fraction

__all__ = ["counted", "number"]


def counted(count: int | Fraction, noun: str) -> str:
    """So many of something: the noun with its plural."""
    return f"{number(Fraction(count))} {noun}{'s' * (count != 1)}"


def number(value: Fraction) -> str:
    """An exact integer, or six digits."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"
