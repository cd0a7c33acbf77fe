"""Integer kernels from real ones: `quantize`, which says what the rounding lost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from .arguments import as_array, exact, flag, shown
from .errors import DesignError
from .formats import Format, s16, s24, s32

__all__ = ["WIDER", "Quantized", "holding", "quantize", "rounded_to"]

WIDER = "take a format with more bits before the point"
"""What can always be done about a coefficient that doesn't fit."""


def holding(reals: Iterable[float | Fraction]) -> Format | None:
    """The narrowest of the usual formats of coefficients that holds these, rounded to integers; None where none does."""
    integers = [round(real) for real in reals]
    return next((form for form in (s16, s24, s32) if all(integer in form for integer in integers)), None)


@dataclass(frozen=True)
class Quantized:
    """An integer kernel, and how far it is from the real one that it was made of; made by `quantize`.

    It stands wherever a design or a function takes coefficients: iterated, it gives rows of integers if the kernel was 2-D,
    integers if it was 1-D. All errors are in the units of the real kernel.
    """

    kernel: tuple[tuple[int, ...], ...]
    """The integers, row by row; of a 1-D kernel, the only row."""

    rank: int
    """Dimensions of the real kernel, 1 or 2."""

    format: Format
    """The integers' format; each stands for ``integer * 2**-format.fraction``."""

    error: float
    """Greatest error of a coefficient."""

    rms_error: float
    """Root of the mean squared error of the coefficients."""

    gain_error: float
    """Error of their sum, which is the gain for a constant input."""

    vanished: int
    """How many coefficients other than zero became zero."""

    clipped: int
    """How many coefficients didn't fit and were set to the nearest that does; 0 unless `quantize` was told to."""

    @property
    def coefficients(self) -> tuple[int, ...]:
        """The integers in one sequence, row by row."""
        return tuple(value for row in self.kernel for value in row)

    @property
    def values(self) -> npt.NDArray[Any]:
        """The integers as an array of the real kernel's shape: int64, or object where the format has values beyond it."""
        narrow = self.format.width <= 63 + self.format.signed
        array = np.array(self.kernel, np.int64 if narrow else object)
        return array if self.rank == 2 else array[0]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self.values if dtype is None else self.values.astype(dtype)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.kernel if self.rank == 2 else self.kernel[0])

    def __len__(self) -> int:
        return len(self.kernel if self.rank == 2 else self.kernel[0])

    def __str__(self) -> str:
        """What the quantisation kept and lost, on one line."""
        shape = f"{len(self.kernel)}x{len(self.kernel[0])}" if self.rank == 2 else f"{len(self.kernel[0])}"
        lost = [
            f"{shape} coefficients in {self.format}",
            f"greatest error {self.error:.3g} ({self.error * 2.0**self.format.fraction:.3g} steps)",
            f"rms error {self.rms_error:.3g}",
            f"gain error {self.gain_error:+.3g}",
        ]
        if self.vanished:
            lost.append(f"{self.vanished} became zero")
        if self.clipped:
            lost.append(f"{self.clipped} clipped")
        return ", ".join(lost)


def quantize(kernel: npt.ArrayLike, format: Format | str, *, clip: bool = False) -> Quantized:  # noqa: A002  # the field's word
    """Rounds a real kernel to integers of `format`, ties to even, and says what that lost.

    A coefficient c becomes the integer nearest to ``c * 2**format.fraction``; give the design ``shift=format.fraction`` to
    get results in the samples' own scale.

        taps = convolver.quantize(scipy.signal.firwin(31, 0.2), convolver.q1_15)
        print(taps)
        design = convolver.FIRDesign(taps, coefficient=taps.format, shift=taps.format.fraction)

    Parameters
    ----------
    kernel : 1-D or 2-D array-like of real numbers
        Float, int or Fraction; each is taken exactly as it stands.
    format : Format or str
        Format of the integers, such as `convolver.q1_15` or ``"q1_15"``.
    clip : bool
        Whether a coefficient that doesn't fit becomes the nearest that does; by default it raises.

    Raises
    ------
    DesignError
        If `kernel` is empty, not 1-D or 2-D, or holds something that isn't a finite real number, or if a coefficient doesn't
        fit `format`.
    """
    form = Format.parse(format) if isinstance(format, str) else format
    if not isinstance(form, Format):
        raise DesignError(f"A kernel is quantised to a Format such as convolver.q1_15, or its name, not {shown(format)}")
    return rounded_to(form, kernel, clip=flag("Clip", clip), cure=f"{WIDER}, or clip=True")


def rounded_to(form: Format, kernel: npt.ArrayLike, *, clip: bool = False, cure: str = WIDER) -> Quantized:
    """As `quantize`; `cure` is what the caller can do about a coefficient that doesn't fit."""
    array = as_array("A kernel", kernel, DesignError)
    if array.ndim not in (1, 2):
        raise DesignError(f"A kernel must have 1 or 2 dimensions, not {array.ndim}")
    if array.size == 0:
        raise DesignError("A kernel must not be empty")
    ideal = [_real(value) for value in array.flat]
    scale = 1 << form.fraction
    integers = [round(value * scale) for value in ideal]  # a Fraction rounds exactly, ties to even
    outside = [index for index, integer in enumerate(integers) if integer not in form]
    if outside and not clip:
        low, high = (float(Fraction(limit, scale)) for limit in (form.min, form.max))
        raise DesignError(
            f"Coefficients must be between {low:.10g} and {high:.10g} to fit {form}, not {_short(ideal[outside[0]])}; {cure}"
        )
    integers = [min(max(integer, form.min), form.max) for integer in integers]
    errors = [Fraction(integer, scale) - value for integer, value in zip(integers, ideal, strict=True)]
    columns = array.shape[-1]
    return Quantized(
        kernel=tuple(tuple(integers[start : start + columns]) for start in range(0, len(integers), columns)),
        rank=array.ndim,
        format=form,
        error=float(max(map(abs, errors))),
        rms_error=math.hypot(*map(float, errors)) / math.sqrt(len(errors)),
        gain_error=float(sum(errors)),
        vanished=sum(integer == 0 and value != 0 for integer, value in zip(integers, ideal, strict=True)),
        clipped=len(outside),
    )


def _real(value: Any) -> Fraction:
    """One coefficient, exactly."""
    found = exact(value)
    if found is None:
        if isinstance(value, float | np.floating):
            raise DesignError(f"Coefficients must be finite, not {float(value)}")
        plain = value.item() if isinstance(value, np.generic) else value
        raise DesignError(f"Coefficients must be real numbers, not {shown(plain)}")
    return found


def _short(value: Fraction) -> str:
    try:
        return f"{float(value):.10g}"
    except OverflowError:
        return shown(int(value))
