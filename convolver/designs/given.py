"""Fields of designs that take more than they hold: a list of taps is kept as a tuple, a format's name as the format.

Type checkers see what a constructor takes and what the field then is. At run time these are annotations and nothing else.
"""

from collections.abc import Sequence
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from numpy.typing import ArrayLike

from ..formats import Format
from .words import Kernel

if TYPE_CHECKING:
    from ..quantize import Quantized
    from .base import Design

__all__ = [
    "NONE",
    "ONE_BY_ONE",
    "S16",
    "U8",
    "Designs",
    "FormatLike",
    "KernelLike",
    "MaybeFormatLike",
    "Step",
    "TapsLike",
    "required",
]

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class Given(Generic[In, Out]):
    """A field that takes an `In`, and is an `Out`."""

    def __get__(self, instance: object, owner: object = None) -> Out:
        raise NotImplementedError

    def __set__(self, instance: object, value: In) -> None:
        raise NotImplementedError


required: Any = MISSING
"""The default of such a field that has none; type checkers know what it takes only where something is assigned."""

# Other defaults of such fields; formats by their names, which are short in a signature.
NONE: Any = None
ONE_BY_ONE: Any = (1, 1)
S16: Any = "s16"
U8: Any = "u8"

TapsLike: TypeAlias = "Given[ArrayLike | Quantized, tuple[int, ...]]"
KernelLike: TypeAlias = "Given[ArrayLike | Quantized, Kernel | tuple[Kernel, ...]]"
FormatLike: TypeAlias = "Given[Format | str, Format]"
MaybeFormatLike: TypeAlias = "Given[Format | str | None, Format | None]"
Designs: TypeAlias = "Given[Sequence[Design], tuple[Design, ...]]"
Step: TypeAlias = "Given[int | Sequence[int], tuple[int, int]]"
