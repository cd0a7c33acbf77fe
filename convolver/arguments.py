"""What callers hand in: single numbers, words, flags, sequences and arrays, as Python's own types or refused in one line.

Three rules hold everywhere. A single number may come as any type that has its value exactly (``31``, ``31.0``,
``numpy.int8(31)``), but not as a bool. Arrays hold integers of any dtype, or bools, which count as 0 and 1; never floats,
whatever their values, and nothing masked. A word is a string.
"""

import itertools
import math
import numbers
import operator
import reprlib
from collections.abc import Iterable, Mapping, Sequence, Set, Sized
from fractions import Fraction
from typing import Any, TypeAlias, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt

from .errors import ConvolverError, DataError, DesignError

__all__ = [
    "Array",
    "any_masked",
    "array",
    "as_array",
    "between",
    "choice",
    "exact",
    "flag",
    "index",
    "integer",
    "integers",
    "is_sequence",
    "items",
    "masked",
    "meant",
    "one_line",
    "pair",
    "positive",
    "scalar",
    "shown",
    "unknown",
]

Array: TypeAlias = npt.NDArray[Any]
Word = TypeVar("Word", bound=str)

KERNEL_HINT = "convolver.quantize() makes integers of a float kernel"


MOST_ITEMS = 1 << 16
"""Entries of a list, beyond any that a design can have."""

MOST_VALUES = 1 << 30
"""Entries of a list or a range that an array is made of."""

LONGEST = 200
"""Characters of a value in a message."""


class _Short(reprlib.Repr):
    """``repr`` with what is long cut out of its middle; never an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 80
        self.maxlong = 40
        self.maxlist = self.maxtuple = 8

    def repr_int(self, value: int, level: int) -> str:
        if value.bit_length() > 1000:  # Python refuses to write it out
            return f"an integer of {value.bit_length()} bits"
        return super().repr_int(value, level)


def shown(value: object) -> str:
    """A value as a message shows it: on one line, and short."""
    return one_line(_Short().repr(value))


def one_line(text: object) -> str:
    """What a message says of a name or of an error of another's: on one line, and short."""
    text = " ".join(str(text).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


# Single values


def scalar(value: Any) -> Any:
    """What is inside an array of no dimensions; anything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim == 0 and not isinstance(value, np.ma.MaskedArray):
        return value[()]
    return value


def index(value: Any) -> int | None:
    """The integer that a value is, of whichever type; none if it is no number, no integer, or a bool."""
    value = scalar(value)
    if isinstance(value, bool | np.bool_ | np.ndarray):
        return None
    try:
        return operator.index(value)
    except TypeError:
        pass
    ratio = _ratio(value)
    return ratio.numerator if ratio is not None and ratio.denominator == 1 else None


def exact(value: object) -> Fraction | None:
    """The finite real number that a value is, or a bool's 0 or 1; none if it is anything else."""
    value = scalar(value)
    if isinstance(value, bool | np.bool_):
        return Fraction(int(value))
    if (whole := index(value)) is not None:
        return Fraction(whole)
    return _ratio(value)


def _ratio(value: object) -> Fraction | None:
    """A real number as a fraction; none if it isn't finite, or is none."""
    if not isinstance(value, numbers.Real):
        return None
    try:
        return Fraction(*value.as_integer_ratio())  # type: ignore[attr-defined]  # all real numbers have it
    except (AttributeError, ValueError, OverflowError):  # numpy.timedelta64, which says it is a number; not a number, infinite
        return None


def between(name: str, value: object, low: int, high: int, error: type[ConvolverError] = DesignError) -> int:
    """An integer of a range, both ends included."""
    whole = index(value)
    if whole is None or not low <= whole <= high:
        raise error(f"{name} must be an integer between {low} and {high}, not {shown(value)}")
    return whole


def integer(name: str, value: object, error: type[ConvolverError] = DataError) -> int:
    """An integer."""
    whole = index(value)
    if whole is None:
        raise error(f"{name} must be an integer, not {shown(value)}")
    return whole


def positive(name: str, value: object, error: type[ConvolverError] = DesignError) -> float:
    """A finite number above zero."""
    number = None if isinstance(scalar(value), bool | np.bool_) else exact(value)
    try:
        found = float(number or 0)
    except OverflowError:
        found = math.inf
    if 0 < found < math.inf:
        return found
    raise error(f"{name} must be a positive number, not {shown(value)}")


def flag(name: str, value: object, error: type[ConvolverError] = DesignError) -> bool:
    """True or False."""
    told = scalar(value)
    if not isinstance(told, bool | np.bool_):
        raise error(f"{name} must be True or False, not {shown(value)}")
    return bool(told)


def choice(name: str, value: object, words: Sequence[Word], error: type[ConvolverError] = DesignError) -> Word:
    """One of some words."""
    word = scalar(value)
    if not isinstance(word, str) or word not in words:
        raise error(f"{name} must be one of {', '.join(words)}, not {shown(value)}{meant(value, words)}")
    return words[words.index(word)]


def meant(value: object, words: Iterable[str], other: str | None = None) -> str:
    """What a message says behind a word that isn't known: its `other` name, or the one that it is nearly, if there is one."""
    if other is not None:
        return f"; did you mean {other}?"
    from difflib import get_close_matches  # where something is wrong alone

    word, known = scalar(value), {word.lower(): word for word in words}
    if not isinstance(word, str) or sum(name.startswith(word.lower()) for name in known) > 1:
        return ""
    found = get_close_matches(word.lower(), known, n=1, cutoff=0.7)
    return f"; did you mean {known[found[0]]}?" if found else ""


def unknown(key: object, where: str, known: Sequence[str], other: str | None = None) -> str:
    """What a message says of a key that isn't known; `other` is its name here, where that is known."""
    return f"Unknown key {shown(key)} in {where}; known are {', '.join(known)}{meant(key, known, other)}"


# Several values


def is_sequence(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether a value lists others in an order: not text, nor what has keys or no order."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return False
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | memoryview | Mapping | Set)


def items(name: str, values: Iterable[Any]) -> list[Any]:
    """The values as a list; an iterator may have no end."""
    found = list(itertools.islice(values, MOST_ITEMS + 1))
    if len(found) > MOST_ITEMS:
        raise DesignError(f"{name} must have at most {MOST_ITEMS} entries")
    return found


def pair(name: str, value: object) -> tuple[object, object]:
    """Two frequencies."""
    found = items(name, value) if is_sequence(value) else []
    if len(found) != 2:
        raise DesignError(f"{name} must be two frequencies, the lower and the upper edge, not {shown(value)}")
    return found[0], found[1]


def integers(name: str, values: object) -> tuple[int, ...]:
    """A row of integers, or of bools."""
    if not is_sequence(values):
        raise DesignError(f"{name} must be a sequence of integers, not {shown(values)}")
    if any_masked(values):
        raise DesignError(masked(name))
    return tuple(_element(name, value) for value in items(name, values))


def _element(name: str, value: object) -> int:
    value = scalar(value)
    if isinstance(value, bool | np.bool_):
        return int(value)
    try:
        return operator.index(value)  # type: ignore[arg-type]  # the TypeError is the check
    except TypeError:
        raise DesignError(f"{name} must be integers, not {shown(value)}{_for_reals(KERNEL_HINT, value)}") from None


def _for_reals(hint: str, value: object) -> str:
    """How a message ends about what is no integer: with a hint at rounding, where it is a number that can be rounded."""
    return "" if exact(value) is None else f"; {hint}"


def array(name: str, values: npt.ArrayLike, hint: str, rank: int | None = None, *, empty: bool = False) -> Array:
    """An array of at least one integer, or of none where it may be `empty`, of `rank` dimensions if that is given; bools become
    0 and 1.

    Raises
    ------
    DataError
        If it is anything else; the message ends with `hint` where rounding would help.
    """
    found = as_array(name, values)
    if rank is not None and found.ndim != rank:
        raise DataError(f"{name} must have {rank} dimension{'s' * (rank > 1)}, not {found.ndim}")
    if found.size == 0 and empty:
        return found.astype(np.int64)
    if found.size == 0:
        raise DataError(f"{name} must not be empty; its shape is {found.shape}")
    kind = found.dtype.kind
    if kind == "b":
        return found.astype(np.uint8)
    if kind == "f" and not np.isfinite(found).all():
        raise DataError(f"{name} must be integers, not {found.dtype} with {found[~np.isfinite(found)][0]} in it")
    if kind == "c":
        raise DataError(f"{name} must be integers, not {found.dtype}; filter the real and the imaginary part one by one")
    if kind == "O":
        for value in found.flat:
            if not isinstance(value, int | np.integer | np.bool_):
                raise DataError(f"{name} must be integers, not {shown(value)}{_for_reals(hint, value)}")
    elif kind not in "iu":
        raise DataError(f"{name} must be integers, not {one_line(str(found.dtype))}{_for_reals(hint, found.flat[0])}")
    return found


def as_array(name: str, values: npt.ArrayLike, error: type[ConvolverError] = DataError) -> Array:
    """An array of whatever it is, unless some of it is masked."""
    if any_masked(values):
        raise error(masked(name))
    if _immense(values):
        raise error(f"{name} must be an array; it has more than {MOST_VALUES} entries")
    try:
        found = np.asarray(values)
        if found.dtype.kind == "f" and isinstance(values, list | tuple):
            # numpy makes floats of integers some of which are negative and some beyond int64.
            whole = np.asarray(values, object)
            if all(isinstance(value, int | np.integer) for value in whole.flat):
                return whole
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError) as problem:
        reason = "its rows differ in length" if "inhomogeneous" in str(problem) else one_line(str(problem))
        raise error(f"{name} must be an array; {reason}") from None
    return found


def _immense(values: object) -> bool:
    """Whether it is a sequence, such as a range, that no list of Python's should be made of."""
    if isinstance(values, np.ndarray) or not isinstance(values, Sized):
        return False
    try:
        return len(values) > MOST_VALUES
    except (OverflowError, TypeError):  # the length is more than that; an array of no dimensions
        return isinstance(values, range)


def any_masked(values: object, depth: int = 3) -> bool:
    """Whether a value of an array, or of one in a list, is masked."""
    if isinstance(values, list | tuple) and depth:
        looked_into = [kind for kind in set(map(type, values)) if issubclass(kind, list | tuple | np.ma.MaskedArray)]
        return bool(looked_into) and any(any_masked(value, depth - 1) for value in values)
    return isinstance(values, np.ma.MaskedArray) and bool(np.ma.is_masked(values))


def masked(name: str) -> str:
    return f"{name} must have no masked values, as their mask would be lost; filled(0) puts zeros in their place"
