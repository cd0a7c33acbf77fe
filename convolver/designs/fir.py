"""FIR filters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from ..arguments import choice, flag, integers, shown
from ..counting import counted
from ..errors import DesignError
from ..formats import Overflow, Rounding
from ..quantize import Quantized
from ..specification import KINDS, FromSpecification
from ..specified import Specified
from .base import Reader, format_of
from .continuity import Separate, continuity_of
from .given import NONE, S16, FormatLike, MaybeFormatLike, TapsLike, required
from .linear import LinearDesign
from .rules import Rule, check_rules
from .signal_taps import SignalTaps
from .words import SWAPS, Swap, Symmetry

__all__ = ["FIRDesign"]

_RULES = (
    Rule(
        {"swap": "frame", "loadable": True},
        "Swap at the next sample needs loadable coefficients; this design's are constant",
    ),
)


@dataclass(frozen=True)
class FIRDesign(SignalTaps, FromSpecification, LinearDesign):
    """A causal FIR filter over a signal, one sample a clock.

    ``y[n] = overflow(round(sum(coefficients[k] * x[n - k] for k in range(taps)) / 2**shift))``: `scipy.signal.lfilter(
    coefficients, 1, x)`, then the output stage. Before a frame's first sample ``x[n] = 0``, or, if `continuous`, stand the
    samples of the frame before.

    Parameters
    ----------
    coefficients : sequence of int
        1 to 256 taps; the impulse response. A float raises; see `convolver.quantize`.
    data : Format
        Format of the samples, 1 to 32 bits.
    coefficient : Format, optional
        Format of the coefficients, 1 to 32 bits; by default the narrowest that holds them.
    output : Format, optional
        Format of the results; by default the narrowest that holds every possible one.
    shift : int
        Bits dropped from the exact sum, 0 to the accumulator's width.
    rounding : {"floor", "half_up", "half_even", "half_away", "toward_zero"}
        How the dropped bits round.
    overflow : {"saturate", "wrap"}
        What becomes of a result outside `output`.
    loadable : bool
        Whether the coefficients can be replaced at run time; `coefficients` are then those after reset.
    symmetry : {"none", "symmetric", "antisymmetric"}, optional
        ``coefficients[k]`` equals plus or minus ``coefficients[taps - 1 - k]``: half the multipliers. Found by itself in
        constant coefficients; a promise where they can be loaded, kept by every set.
    clocks_per_sample : int, optional
        Clocks in which one sample is computed, 1 to 1024: as many taps share a multiplier. By default 1, or what
        `multipliers` asks.
    multipliers : int, optional
        Most multipliers to use, 1 or more: sets `clocks_per_sample` to the fewest clocks that do with them. With 0 constant
        coefficients are shifted and added, one sample a clock.
    continuous : bool
        Whether a frame goes on where the one before ended, as `scipy.signal.lfilter` does with ``zi``: a stream cut into
        frames gives the results of the whole. The first one after reset starts from silence.
    swap : {"frame", "sample"}
        What the first sample is that a loaded set is used for: a frame's first, or, for streams without frames, the next.
    specified : Specified, optional
        What the coefficients were made for and what they reach, where a method such as `lowpass` made them. A note for people:
        no part of the comparison of designs, nor of their JSON and TOML.

    Raises
    ------
    DesignError
        If a parameter is out of its range; the message names the rule and the value.
    """

    kind: ClassVar[str] = "fir"
    title: ClassVar[str] = "FIR filter"
    rank: ClassVar[int] = 1
    weights_field: ClassVar[str] = "coefficients"
    sample_field: ClassVar[str] = "data"
    smaller: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("multiplier", "block RAM", "single-port RAM"), "use fewer taps or narrower numbers"
    )

    coefficients: TapsLike = required
    data: FormatLike = S16
    coefficient: MaybeFormatLike = NONE
    output: MaybeFormatLike = NONE
    shift: int = 0
    rounding: Rounding = "half_up"
    overflow: Overflow = "saturate"
    loadable: bool = False
    symmetry: Symmetry | None = None
    clocks_per_sample: int | None = None
    multipliers: int | None = None
    continuous: bool = False
    swap: Swap = "frame"
    specified: Specified | None = dataclasses.field(default=None, kw_only=True, repr=False, compare=False)
    quantized: Quantized | None = dataclasses.field(default=None, kw_only=True, repr=False, compare=False)

    @classmethod
    def _of(cls, specified: Specified, fields: Mapping[str, Any]) -> Self:
        if taken := {"coefficients", "shift"} & fields.keys():
            raise DesignError(f"A filter from a specification has its own {sorted(taken)[0]}; leave it out")
        known = [field.name for field in dataclasses.fields(cls) if field.compare]
        for key in fields:
            if key not in known:
                raise DesignError(f"Unknown field {shown(key)}; known are {', '.join(known)}")
        return cls(specified.coefficients, coefficient=specified.format, shift=specified.shift, specified=specified, **fields)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], read: Reader) -> Self:
        """See `Design.from_fields`; a table of a specification may stand in the coefficients' place."""
        cls._check_keys(fields, KINDS)
        return cls.from_tables(fields) if any(key in fields for key in KINDS) else super().from_fields(fields, read)

    def __post_init__(self) -> None:
        coefficients = integers("Coefficients", self.coefficients)
        if not 1 <= len(coefficients) <= 256:
            raise DesignError(f"A FIR filter must have 1 to 256 taps, not {len(coefficients)}")
        self._set("coefficients", coefficients)
        noted = self.specified
        if not isinstance(noted, Specified | None):
            raise DesignError(f"Specified must be what a method such as lowpass noted, not {shown(noted)}")
        if noted is not None and (noted.coefficients, noted.shift) != (coefficients, self.shift):
            self._set("specified", None)  # a copy with other coefficients, or another gain
        self._set("data", format_of("Data", self.data))
        self._check_numbers()
        self._set_symmetry(self.coefficients)
        self._check_pairing()
        self._choose("Clocks per sample", (1, 256))
        self._set("continuous", flag("Continuous", self.continuous))
        self._set("swap", choice("Swap", self.swap, SWAPS))
        check_rules(self, _RULES)

    @cached_property
    def terms(self) -> tuple[tuple[int, int | None], ...]:
        """The products of one sample: a tap, and the tap that shares its coefficient, if any. Constant zeros have none."""
        multiplied = self.source.multiplied
        return tuple(term for term in self.pairing.taps(self.taps) if multiplied(self.coefficients[term[0]]))

    def describe(self) -> str:
        return f"{counted(self.taps, 'tap')}, {self.origin} {self.coefficient_format}, {self.data} samples"

    @property
    def history(self) -> int:  # type: ignore[override]  # of each design another
        return self.taps - 1

    @property
    def continuity(self) -> Separate:
        return continuity_of(self.continuous, self.history)

    def check_measured(self) -> None:
        pass

    def worst_windows(self) -> dict[str, Any]:
        return {"sum": self.coefficients[::-1]}
