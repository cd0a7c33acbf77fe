"""Cascaded integrator-comb filters: a change of a signal's rate without multipliers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ..arguments import between, choice, flag
from ..counting import counted
from ..errors import DesignError
from ..formats import OVERFLOWS, ROUNDINGS, Format, Overflow, Rounding
from .axes import FrameAxis
from .base import format_of
from .choices import Choices
from .cic_directions import Down, Section, direction_of
from .cic_losses import Lossless, difference, losses_of, moving_sums
from .cic_parts import LoadedRates
from .continuity import Separate, continuity_of
from .factors import Factor
from .given import NONE, S16, FormatLike, MaybeFormatLike
from .linear import LinearDesign
from .rate_frames import RateFrames
from .rates import Rate
from .rules import Rule, check_rules

__all__ = ["MAX_CIC_RATE", "MAX_CIC_STAGES", "MAX_CIC_WIDTH", "CICDesign"]

MAX_CIC_RATE = 4096
"""The greatest `up`, and the greatest `down`."""

MAX_CIC_STAGES = 8
MAX_CIC_WIDTH = 64
"""Bits of the widest sum."""

_RULES = (
    Rule({"up": 1, "down": 1}, "A CIC filter decimates or interpolates: up or down must be 1, not {up} and {down}"),
    Rule({"up": 1, "pruned": False}, "Only a CIC filter that decimates can be pruned, not one with up={up}"),
    Rule({"loadable": False, "pruned": False}, "A pruned CIC filter must have one rate, not loadable=True"),
    Rule(
        {"continuous": False, "pruned": False},
        "A pruned CIC filter must start each frame from silence, not continuous=True: what is lost never ends",
    ),
    Rule(
        {"continuous": False, "loadable": False},
        "A CIC filter whose rate is loaded must start each frame from silence, not continuous=True",
    ),
)


@dataclass(frozen=True)
class CICDesign(LoadedRates, RateFrames, LinearDesign):  # type: ignore[override]  # each says what is its own
    """A cascaded integrator-comb filter: decimates by `down` or interpolates by `up`, by additions alone.

    It is an FIR filter whose taps are those of `stages` moving sums of ``rate * delay`` samples each, at the higher of
    the two rates: ``y[n] = sum(taps[n * down - k * up] * x[k])``, then the output stage. Frames are those of a
    `ResampleDesign`: N samples give the ``ceil(N * up / down)`` results that begin in them, and before the first sample
    stands silence.

    Parameters
    ----------
    stages : int
        Integrators, and as many combs, 1 to 8.
    up : int
        Results for each sample, 1 to 4096.
    down : int
        Samples for each result, 1 to 4096; one of the two rates is 1.
    delay : int
        The combs' differential delay, 1 or 2, at the lower rate.
    data : Format
        Format of the samples, 1 to 32 bits.
    output : Format, optional
        Format of the results; by default the narrowest that holds every possible one.
    shift : int
        Bits dropped from the exact sum, 0 to the accumulator's width.
    rounding : {"floor", "half_up", "half_even", "half_away", "toward_zero"}
        How the dropped bits round.
    overflow : {"saturate", "wrap"}
        What becomes of a result outside `output`.
    pruned : bool
        Whether a decimator's sections drop low bits that `shift` drops anyway, as Hogenauer's rule has it: together they add no
        more noise than `shift` itself. Results are then no longer exact; `noise` says by how much.
    loadable : bool
        Whether the rate can be loaded at run time, with the shift: a set is ``[rate, shift]``, of which the design's own is the
        greatest, and that after reset. A rate's gain, with the bits by which its shift is less than the design's, must be at
        most the design's gain.
    continuous : bool
        Whether a frame goes on where the one before ended. Its length must then be a multiple of `down`, so that the next
        one's first sample has a result. After reset, and wherever the host says so, a frame starts from silence.

    Raises
    ------
    DesignError
        If a parameter is out of its range, or the sums have more than 64 bits; the message names the rule and the value.
    """

    kind: ClassVar[str] = "cic"
    title: ClassVar[str] = "CIC filter"
    rank: ClassVar[int] = 1
    sample_field: ClassVar[str] = "data"
    cycles_field: ClassVar[str] = ""
    smaller: ClassVar[Mapping[str, str]] = {"block RAM": "use narrower samples"}

    stages: int
    up: int = 1
    down: int = 1
    delay: int = 1
    data: FormatLike = S16
    output: MaybeFormatLike = NONE
    shift: int = 0
    rounding: Rounding = "half_up"
    overflow: Overflow = "saturate"
    pruned: bool = False
    loadable: bool = False
    continuous: bool = False
    core: CICDesign | None = field(default=None, kw_only=True, repr=False, compare=False)
    """Of a rate that is loaded, the filter into which it is: that one's ranges hold."""

    def __post_init__(self) -> None:
        self._set("stages", between("Stages", self.stages, 1, MAX_CIC_STAGES))
        self._set("up", between("Up", self.up, 1, MAX_CIC_RATE))
        self._set("down", between("Down", self.down, 1, MAX_CIC_RATE))
        self._set("delay", between("Delay", self.delay, 1, 2))
        self._set("pruned", flag("Pruned", self.pruned))
        self._set("loadable", flag("Loadable", self.loadable))
        self._set("continuous", flag("Continuous", self.continuous))
        check_rules(self, _RULES)
        self._set("data", format_of("Data", self.data))
        between("Sample width", self.data.width, 1, 32)
        width = Format.holding(*self._whole._reach_of_sums).width
        if width > MAX_CIC_WIDTH:
            made = f"a gain of {self.gain} of {self.data} samples"
            raise DesignError(f"The sums of a CIC filter must have at most {MAX_CIC_WIDTH} bits, not {width}: {made}")
        self._set("rounding", choice("Rounding", self.rounding, ROUNDINGS))
        self._set("overflow", choice("Overflow", self.overflow, OVERFLOWS))
        # What is pruned depends on the shift, and the range of the sums on what is pruned.
        self._set("shift", between("Shift", self.shift, 0, width))
        self._set("output", self._exact_output if self.output is None else format_of("Output", self.output))

    # What it computes.

    @property
    def sample(self) -> Format:
        return self.data

    @property
    def choices(self) -> Choices:
        return Choices()

    @property
    def rate(self) -> Rate:  # type: ignore[override]  # of each design another
        return Rate(self.up, self.down)

    def check_compensated(self) -> None:
        """What this one does to its passband can be made up for."""

    @cached_property
    def direction(self) -> Down:
        """Which way the rate changes."""
        return direction_of(self.up)

    @cached_property
    def losses(self) -> Lossless:
        """What sections lose."""
        return losses_of(self.stages, self.span, self.delay, self.shift, pruned=self.pruned)

    @property
    def pruning(self) -> tuple[int, ...]:
        """Low bits that are gone in front of each section."""
        return self.losses.pruning

    @property
    def noise(self) -> tuple[float, float]:
        """Mean and variance of what pruning adds to a result, in LSB and LSB² of the output, for errors without a pattern."""
        return self.losses.noise

    @property
    def slow_format(self) -> Format:
        """Format of the signal at the lower rate."""
        return self.direction.slow(self.data, self.output_format)

    @property
    def change(self) -> int:
        """By how much the rate changes, up or down."""
        return self.up * self.down

    @property
    def span(self) -> int:
        """Samples of a moving sum, at the higher rate."""
        return self.change * self.delay

    @property
    def gain(self) -> int:
        """What a constant sample is multiplied by, as an integer: ``(rate * delay)**stages``; of an interpolator a `up`-th of
        that, as only each `up`-th sample isn't zero."""
        return self._gain_of(self.change)

    @property
    def taps(self) -> int:
        """Coefficients of the same FIR filter."""
        return self.stages * (self.span - 1) + 1

    @cached_property
    def coefficients(self) -> tuple[int, ...]:
        """The taps of the same FIR filter, at the higher rate."""
        return tuple(moving_sums(np.ones(1, object), self.span, self.stages).tolist())

    @property
    def factors(self) -> tuple[Factor, ...]:
        return (Factor((1,) * self.span, self.stages),)

    @property
    def sums(self) -> tuple[tuple[int, ...], ...]:
        return (self.coefficients,)

    @property
    def phases(self) -> tuple[tuple[int, ...], ...]:
        """The coefficients of each phase, the newest sample's first."""
        return tuple(self.coefficients[phase :: self.up] for phase in range(self.up))

    def describe(self) -> str:
        sums = f"{counted(self.stages, 'stage')} of delay {self.delay}"
        return f"CIC filter, rate times {self.rate}, {sums}, {self.data} samples"

    # Ranges.

    @property
    def _reach_of_sums(self) -> tuple[int, int]:
        """The least and the greatest sum without pruning: all taps are positive, and of each phase there are as many."""
        return self.gain * self.data.min, self.gain * self.data.max

    @cached_property
    def kernel_ranges(self) -> tuple[tuple[int, int], ...]:
        low, high = self._reach_of_sums
        for error, taps in self.losses.errors:
            low -= error * int(np.maximum(taps, 0).sum())
            high -= error * int(np.minimum(taps, 0).sum())
        return ((low, high),)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Integrators and combs, in the order in which samples meet them."""
        return tuple(self.direction.sections(self))

    # Frames.

    @property
    def history(self) -> int:  # type: ignore[override]  # of each design another
        return self.losses.history(self._reach_back)

    @property
    def _reach_back(self) -> int:
        """Samples in front of its own that a result has a coefficient for."""
        return math.ceil(self.taps / self.up) - 1

    @property
    def continuity(self) -> Separate:
        return continuity_of(self.continuous, -(-self._reach_back // self.down) * self.down)

    @property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        held = self.continuity.held  # a frame that is to go on has whole periods
        return (FrameAxis((max(self.history, held), (self.down - 1) * min(held, 1)), self.down, held=held, up=self.up),)

    def worst_windows(self) -> dict[str, Any]:
        # All samples alike reach the greatest sum; those that alternate as the combs do reach the greatest difference.
        count = -(-(self._reach_back + 1) // self.down) * self.down
        signs = np.ones(1, object)
        for _ in range(self.stages):
            signs = difference(signs, self.delay)
        return {"sum": (1,) * count, **self.direction.worst(signs)}
