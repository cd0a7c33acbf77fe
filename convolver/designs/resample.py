"""Filters of a signal that change its rate."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..arguments import between, flag, integers
from ..counting import counted
from ..errors import DesignError
from ..formats import Overflow, Rounding
from ..quantize import Quantized
from .axes import FrameAxis
from .base import format_of
from .continuity import Separate, continuity_of
from .given import NONE, S16, FormatLike, MaybeFormatLike, TapsLike, required
from .phasings import OnePhase, phasing_of
from .rate_frames import RateFrames
from .rates import Rate
from .rules import Rule, check_rules
from .signal_taps import SignalTaps
from .words import Symmetry

__all__ = ["MAX_RATE", "MAX_RATE_TAPS", "ResampleDesign"]

MAX_RATE = 64
"""The greatest `up`, and the greatest `down`."""

MAX_RATE_TAPS = 2048
"""Taps of the longest filter."""


_RULES = (
    Rule(
        {"up": 1, "symmetry": "none"},
        "Symmetry must be 'none' where up is above 1, not {symmetry!r}: "
        "mirrored phases of constant taps are found by themselves",
    ),
)


@dataclass(frozen=True)
class ResampleDesign(RateFrames, SignalTaps):  # type: ignore[override]  # frames have whole periods
    """A causal FIR filter that changes the rate of a signal by ``up / down``: decimation, interpolation, or both.

    ``y[n] = sum(coefficients[n * down - k * up] * x[k])``, then the output stage: the values of ``scipy.signal.upfirdn(
    coefficients, x, up, down)`` in the same order, from its first. A frame of N samples gives the ``ceil(N * up /
    down)`` results that begin in it; before its first sample stands silence. `convolver.upfirdn` gives the filter's end
    behind a signal too.

    Parameters
    ----------
    coefficients : sequence of int
        1 to 2048 taps, at the rate of samples times `up`. A float raises; see `convolver.quantize`.
    up : int
        Results for each `down` samples, 1 to 64.
    down : int
        Samples for each `up` results, 1 to 64; shares no factor with `up`.
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
        ``coefficients[k]`` equals plus or minus ``coefficients[taps - 1 - k]``: half the multipliers, where `up` is 1.
        Found by itself in constant coefficients; a promise where they can be loaded, kept by every set. Where `up` is
        above 1, it is ``"none"``, and constant coefficients of an interpolator are looked at for mirrored phases.
    clocks_per_result : int, optional
        Clocks in which one result is computed, 1 to 1024: as many of its products share a multiplier. By default as
        many as one sample a clock leaves, ``down // up`` or 1, or what `multipliers` asks.
    multipliers : int, optional
        Most multipliers to use: raises `clocks_per_result` to the fewest clocks that do with them. With 0 constant
        coefficients are shifted and added, a result in one clock.
    continuous : bool
        Whether a frame goes on where the one before ended. Its length must then be a multiple of `down`, so that the next
        one's first sample has a result. After reset, and wherever the host says so, a frame starts from silence.

    Raises
    ------
    DesignError
        If a parameter is out of its range; the message names the rule and the value.
    """

    kind: ClassVar[str] = "resample"
    title: ClassVar[str] = "rate change"
    rank: ClassVar[int] = 1
    weights_field: ClassVar[str] = "coefficients"
    sample_field: ClassVar[str] = "data"
    cycles_field: ClassVar[str] = "clocks_per_result"
    smaller: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("multiplier", "block RAM", "single-port RAM"), "use fewer taps or narrower numbers"
    )

    coefficients: TapsLike = required
    up: int = 1
    down: int = 1
    data: FormatLike = S16
    coefficient: MaybeFormatLike = NONE
    output: MaybeFormatLike = NONE
    shift: int = 0
    rounding: Rounding = "half_up"
    overflow: Overflow = "saturate"
    loadable: bool = False
    symmetry: Symmetry | None = None
    clocks_per_result: int | None = None
    multipliers: int | None = None
    continuous: bool = False
    quantized: Quantized | None = dataclasses.field(default=None, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        coefficients = integers("Coefficients", self.coefficients)
        if not 1 <= len(coefficients) <= MAX_RATE_TAPS:
            raise DesignError(f"A rate change must have 1 to {MAX_RATE_TAPS} taps, not {len(coefficients)}")
        self._set("coefficients", coefficients)
        self._set("up", between("Up", self.up, 1, MAX_RATE))
        self._set("down", between("Down", self.down, 1, MAX_RATE))
        if (common := math.gcd(self.up, self.down)) > 1:
            alike = f"{self.up // common} and {self.down // common} with every {_ordinal(common)} coefficient"
            told = f"not {self.up} and {self.down}; {alike} compute the same"
            raise DesignError(f"Up and down must share no factor, {told}")
        self._set("data", format_of("Data", self.data))
        self._check_numbers()
        self._set_symmetry(self.phasing.mirrored(self.coefficients))
        check_rules(self, _RULES)
        self._check_pairing()
        self._choose("Clocks per result", (1, MAX_RATE_TAPS))
        self._set("continuous", flag("Continuous", self.continuous))

    @property
    def usual_clocks(self) -> int:
        # What one sample a clock leaves for a result.
        return max(self.down // self.up, 1)

    @property
    def rate(self) -> Rate:  # type: ignore[override]  # of each design another
        return Rate(self.up, self.down)

    @cached_property
    def phasing(self) -> OnePhase:
        """Whether results meet the coefficients of one phase, or of several in turn."""
        return phasing_of(self.up)

    @cached_property
    def phases(self) -> tuple[tuple[int, ...], ...]:
        """The coefficients of each phase: those that meet the samples of a result, the newest sample's first."""
        return tuple(self.coefficients[phase :: self.up] for phase in range(self.up))

    @cached_property
    def terms(self) -> tuple[tuple[int, int | None], ...]:
        """Taps that tell all the others: of pairs the first, each with its partner. Constant zeros are left out where
        all results meet the same coefficients."""
        return self.phasing.terms(self.pairing.taps(self.taps), lambda tap: self.source.multiplied(self.coefficients[tap]))

    @property
    def depth(self) -> int:
        """Products of a result."""
        return self.phasing.depth(len(self.terms), len(self.phases[0]))

    def describe(self) -> str:
        taps = counted(self.taps, "tap")
        return f"rate times {self.rate}, {taps}, {self.origin} {self.coefficient_format}, {self.data} samples"

    @cached_property
    def kernel_ranges(self) -> tuple[tuple[int, int], ...]:
        lows, highs = zip(*(self._reach(phase) for phase in self.phases), strict=True)
        return ((min(lows), max(highs)),)

    # Frames.

    @property
    def history(self) -> int:  # type: ignore[override]  # of each design another
        return len(self.phases[0]) - 1

    @property
    def continuity(self) -> Separate:
        return continuity_of(self.continuous, -(-self.history // self.down) * self.down)

    @property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        # A period's last result begins so many samples behind its first; a frame that is to go on has whole periods.
        held = self.continuity.held
        behind = max((self.up - 1) * self.down // self.up, (self.down - 1) * min(held, 1))
        return (FrameAxis((max(self.history, held), behind), self.down, held=held, up=self.up),)

    def worst_windows(self) -> dict[str, Any]:
        # The phases with the greatest and the least sums of all: each as the samples in front of its results meet it.
        reaches = [self._reach(phase) for phase in self.phases]
        greatest = max(range(self.up), key=lambda phase: reaches[phase][1])
        least = min(range(self.up), key=lambda phase: reaches[phase][0])
        chosen = sorted({greatest, least})
        return {self.phasing.named(phase): self._window(phase) for phase in chosen}

    def _window(self, phase: int) -> tuple[int, ...]:
        """A phase's coefficients in a window of whole periods, so that each of its results meets them."""
        newest = next(n * self.down // self.up for n in range(self.up) if n * self.down % self.up == phase)
        coefficients = self.phases[phase][::-1]
        before = (newest + 1 - len(coefficients)) % self.down
        behind = -(before + len(coefficients)) % self.down
        return (0,) * before + coefficients + (0,) * behind


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
