"""Number formats, and the names of the roundings and overflows.

A `Format` says how many bits an integer has, whether it is signed, and, as a note for people and for `quantize`, how
many of the bits stand behind the binary point. All arithmetic is on the integers; the fraction scales nothing.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from .arguments import between, flag, index, integer, shown
from .errors import DesignError

__all__ = [
    "OVERFLOWS",
    "ROUNDINGS",
    "Format",
    "Overflow",
    "Rounding",
    "q1_7",
    "q1_15",
    "q1_17",
    "q1_23",
    "q1_31",
    "s8",
    "s12",
    "s16",
    "s18",
    "s24",
    "s32",
    "u1",
    "u8",
    "u10",
    "u12",
    "u16",
    "u32",
    "width_holding",
]

Rounding = Literal["floor", "half_up", "half_even", "half_away", "toward_zero"]
Overflow = Literal["saturate", "wrap"]
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)
OVERFLOWS: tuple[Overflow, ...] = get_args(Overflow)

_INTEGER = re.compile(r"([us])([0-9]{1,3})")
_FIXED_POINT = re.compile(r"(u?)q(-?[0-9]{1,3})_([0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Format:
    """An integer format of `width` bits, read as ``integer * 2**-fraction``.

    Parameters
    ----------
    width : int
        Bits, sign included, 1 to 256.
    signed : bool
        Two's complement if true.
    fraction : int
        Bits behind the binary point, 0 to 255; may exceed `width` for numbers much smaller than one.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """

    width: int
    signed: bool
    fraction: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", between("Width", self.width, 1, 256))
        object.__setattr__(self, "signed", flag("Signed", self.signed))
        object.__setattr__(self, "fraction", between("Fraction", self.fraction, 0, 255))

    @property
    def min(self) -> int:
        """The smallest integer of this format."""
        return -(1 << self.width - 1) if self.signed else 0

    @property
    def max(self) -> int:
        """The largest integer of this format."""
        return (1 << self.width - self.signed) - 1

    @property
    def bytes(self) -> int:
        """Whole bytes that an integer of this format takes."""
        return -(-self.width // 8)

    def __contains__(self, value: object) -> bool:
        whole = index(value)
        return whole is not None and self.min <= whole <= self.max

    def __str__(self) -> str:
        """The short name that `parse` reads back: ``u8``, ``s16``, ``q1_15``, ``uq0_8``."""
        if self.fraction == 0:
            return f"{'s' if self.signed else 'u'}{self.width}"
        return f"{'' if self.signed else 'u'}q{self.width - self.fraction}_{self.fraction}"

    @classmethod
    def parse(cls, text: str) -> "Format":
        """Reads a short name: ``u8``, ``s16``, ``q1_15`` (signed, 1 + 15 bits), ``uq0_8`` (unsigned, 0 + 8 bits)."""
        if isinstance(text, str):
            if match := _INTEGER.fullmatch(text):
                return cls(int(match[2]), match[1] == "s")
            if match := _FIXED_POINT.fullmatch(text):
                return cls(int(match[2]) + int(match[3]), not match[1], int(match[3]))
        raise DesignError(f"A format is written like u8, s16, q1_15 or uq0_8, not {shown(text)}")

    @classmethod
    def holding(cls, low: int, high: int, fraction: int = 0) -> "Format":
        """The narrowest format that holds every integer from `low` to `high`; signed only if `low` is negative."""
        low, high = integer("Low", low, DesignError), integer("High", high, DesignError)
        if low > high:
            raise DesignError(f"A range must not be empty: {shown(low)} to {shown(high)}")
        return cls(width_holding(low, high), low < 0, fraction)


def width_holding(low: int, high: int) -> int:
    """Bits of the narrowest format that holds every integer from `low` to `high`."""
    bits = max((~end if end < 0 else end).bit_length() for end in (low, high))
    return max(bits + (low < 0), 1)


u1, u8, u10, u12, u16, u32 = (Format(width, False) for width in (1, 8, 10, 12, 16, 32))
s8, s12, s16, s18, s24, s32 = (Format(width, True) for width in (8, 12, 16, 18, 24, 32))
q1_7, q1_15, q1_17, q1_23, q1_31 = (Format(width, True, width - 1) for width in (8, 16, 18, 24, 32))


def round_shift(value: int, shift: int, rounding: Rounding) -> int:
    """``value / 2**shift`` rounded to an integer, exactly, by one of `ROUNDINGS`.

    floor : towards minus infinity (what ``>>`` does).
    half_up : to the nearest, ties towards plus infinity.
    half_even : to the nearest, ties to the even neighbour (convergent).
    half_away : to the nearest, ties away from zero.
    toward_zero : drop the fraction of the magnitude.
    """
    quotient, rest = value >> shift, value & (1 << shift) - 1
    twice, one = 2 * rest, 1 << shift
    match rounding:
        case "floor":
            up = False
        case "half_up":
            up = twice >= one
        case "half_even":
            up = twice > one or (twice == one and quotient % 2 == 1)
        case "half_away":
            up = twice > one or (twice == one and value >= 0)
        case "toward_zero":
            up = value < 0 and rest > 0
    return quotient + (up and shift > 0)


def is_wiring(coefficient: int) -> bool:
    """Whether a product by this constant needs no multiplier: 0, a power of two, or the negative of one."""
    return abs(coefficient) & (abs(coefficient) - 1) == 0
