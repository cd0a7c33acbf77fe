"""Filter after filter, as one design."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import Any, ClassVar, Self, cast

import numpy as np

from ..arguments import is_sequence, shown
from ..errors import DesignError
from ..formats import Format
from .axes import FrameAxis
from .base import Design
from .composite import Composite, JoinedAxis
from .given import Designs, required
from .image_response import ImageResponse, in_turn, through
from .rates import Rate
from .rules import Rule, check_rules

__all__ = ["MAX_STAGES", "Pipeline"]

MAX_STAGES = 8
"""Stages of the longest pipeline."""

_RULES = (
    Rule(
        {"switchable": False, "wraps": False},
        "Stage {number} of a pipeline must begin with a boundary that the core makes, not wrap, as it is switchable",
    ),
)
"""What no stage can be."""

_INNER_RULE = Rule(
    {"host_pads": False},
    "Stage {number} of a pipeline must make its borders itself, not have them padded by the host as {described}",
)
"""What none behind the first can be."""


@dataclass(frozen=True)
class Pipeline(Composite):
    """Filters one behind the other, as one design: each takes what the one before gives.

    ``Pipeline([blur, edges])(x) == edges(blur(x))``, exactly, for signals and for images. As fast as its slowest stage: one
    sample or beat a clock where all of them take one, with no bubble between frames of one size. Its latency is the sum of its
    stages'.

    A stage may change the rate of a signal: the next one gets frames of another length.

    A stage's results must be the next one's samples: of the same format, and of several results for each place the next stage
    takes as many planes. Where two stages take other numbers of pixels a clock, a converter stands between them; results have
    as many a beat as samples. Each stage makes its own borders, at the ends of what it gets. Only the first one's can
    be put around the image by the host (mode ``full``, boundary ``wrap``).

    Parameters
    ----------
    stages : sequence of Design
        1 to 8 designs of signals, or of images; a pipeline among them stands for its stages. The coefficients of any of them
        can be loadable, the boundary of any switchable. All of them are continuous, or none is.

    Raises
    ------
    DesignError
        If two stages don't fit; the message names them, the rule and the value.
    """

    kind: ClassVar[str] = "pipeline"
    title: ClassVar[str] = "pipeline"
    stages_field: ClassVar[str | None] = "stage"
    listed_as: ClassVar[str] = "stages"

    stages: Designs = required

    def __post_init__(self) -> None:
        self._set("stages", tuple(_flat(self.stages)))
        if not 1 <= len(self.stages) <= MAX_STAGES:
            raise DesignError(f"A pipeline must have 1 to {MAX_STAGES} stages, not {len(self.stages)}")
        for number, stage in enumerate(self.stages, 1):
            rules = _RULES if number == 1 else (*_RULES, _INNER_RULE)
            check_rules(stage, rules, number=number, described=self._described(stage))
        for number, (one, other) in enumerate(zip(self.stages, self.stages[1:], strict=False), 1):
            _check_joint(number, one, other)
        self._check_continuity()
        self._check_axes()

    @property
    def members(self) -> tuple[Design, ...]:
        return self.stages

    def with_members(self, members: Sequence[Design]) -> Self:
        return self.replace(stages=tuple(members))

    def member_clocks(self, clocks: Fraction) -> Sequence[Fraction]:
        # Each takes what the one before gives.
        rates = (stage.rate.behind(1) for stage in self.stages[:-1])
        return list(accumulate(rates, lambda before, rate: before / rate, initial=clocks))

    @property
    def links(self) -> Sequence[Design]:
        return self.stages

    @cached_property
    def image_response(self) -> ImageResponse | None:
        return in_turn(stage.image_response for stage in self.stages)

    @property
    def last(self) -> Design:
        """The stage that gives the results."""
        return self.stages[-1]

    # What goes in is the first stage's, what comes out the last one's.

    @property
    def output_format(self) -> Format:
        return self.last.output_format

    @property
    def output_range(self) -> tuple[int, int]:
        return self.last.output_range

    @property
    def saturated(self) -> tuple[int, ...]:
        return self.last.saturated

    @property
    def outputs(self) -> int:
        return self.last.planes * self.last.outputs // self.planes

    @property
    def result_axes(self) -> tuple[int, ...]:
        return (self.outputs,) if any(stage.result_axes for stage in self.stages) else ()

    @property
    def result_bits(self) -> int:
        return self.last.result_bits * self.last.planes // self.planes

    @property
    def history(self) -> int | None:  # type: ignore[override]  # of each design another
        found = [stage.history for stage in self.stages]
        return None if None in found else self._samples_behind(cast(list[int], found))

    def brought(self, stack: bool | None) -> int:
        return self._samples_behind([stage.brought(stack) for stage in self.stages])

    def _samples_behind(self, counts: Sequence[int]) -> int:
        """The samples of the whole that each stage's own, so many, reach back together."""
        needed = 0
        for stage, count in zip(reversed(self.stages), reversed(counts), strict=True):
            needed = math.ceil(stage.rate.samples(needed)) + count
        return needed

    @cached_property
    def rate(self) -> Rate:  # type: ignore[override]  # of each design another
        """That of all stages together. Where they change it and change it back, the two share what they have in common, as a
        frame may then have more results than samples."""
        up, down = (math.prod(getattr(stage.rate, name) for stage in self.stages) for name in ("up", "down"))
        common = math.gcd(up, down) if up != down else 1
        return Rate(up // common, down // common)

    # Frames.

    @cached_property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        rules = [stage.frame_axes for stage in self.stages]
        shapes = [stage.frame_results for stage in self.stages]
        alone = [[_alone(shape, number, self.rank) for shape in shapes] for number in range(self.rank)]
        joined = (_joined([axes[number] for axes in rules], alone[number]) for number in range(self.rank))
        return tuple(map(self._held, joined))

    @property
    def frame_multiple(self) -> int:  # type: ignore[override]  # of each design another
        found, share = 1, Fraction(1)  # of the samples, those that come to a stage
        for stage in self.stages:
            if stage.frame_multiple > 1:
                found = math.lcm(found, (share / stage.frame_multiple).denominator)
            share *= Fraction(stage.rate.up, stage.rate.down)
        return found

    def frame_results(self, *sizes: int) -> tuple[int, ...]:
        for stage in self.stages:
            sizes = stage.frame_results(*sizes)
        return sizes

    def output_shape(self, *sizes: int) -> tuple[int, ...]:
        for stage in self.stages:
            sizes = stage.output_shape(*sizes)
        return sizes

    def worst_windows(self) -> dict[str, Any]:
        """The first stage's, and each further one's in samples of the whole, as long as all in front of it are linear."""
        found, seen = self.first.worst_windows(), None
        for before, stage, number in zip(self.stages, self.stages[1:], range(2, MAX_STAGES + 1), strict=False):
            own = before.worst_windows()
            if not before.weights or len(own) > 1 or any((axis.stride, axis.up) != (1, 1) for axis in before.frame_axes):
                break
            (window,) = own.values()
            seen = window if seen is None else _seen_through(seen, window)
            for name, window in stage.worst_windows().items():
                found[f"{name} of stage {number}"] = _seen_through(seen, window)
        return found

    def describe(self) -> str:
        return ", then ".join(stage.describe() for stage in self.stages)


def _seen_through(one: Any, other: Any) -> Any:
    """The weights of samples in a sum of sums of them, one sample apart, as lists."""
    first, second = np.array(one, object), np.array(other, object)
    return through(first, second, [1] * first.ndim).tolist()


def _flat(stages: object) -> Iterable[Design]:
    """The stages, those of pipelines among them."""
    if not is_sequence(stages):
        raise DesignError(f"The stages of a pipeline must be a sequence of designs, not {shown(stages)}")
    for stage in cast(Sequence[object], stages):
        if not isinstance(stage, Design):
            raise DesignError(f"A stage of a pipeline must be a design, not {shown(stage)}")
        yield from cast(Sequence[Design], stage.links)


def _check_joint(number: int, one: Design, other: Design) -> None:
    """Refuses two neighbours that don't fit."""
    rules = (
        ("frames with the axes", " and ".join(one.axes), " and ".join(other.axes)),
        (f"{other.element}s of the format", one.output_format, other.sample),
        ("planes, as many as there are results,", one.planes * one.outputs, other.planes),
    )
    for what, given, taken in rules:
        if given != taken:
            raise DesignError(
                f"Stage {number + 1} of a pipeline must take {what} {given}, as stage {number} gives them, not {taken}"
            )


def _alone(shape: Any, number: int, rank: int) -> Any:
    """The size of the results along one axis, by that of the frame: other axes have no part in it."""
    return lambda size: shape(*[size] * rank)[number]


def _joined(axes: Sequence[FrameAxis], sizes: Sequence[Any]) -> JoinedAxis:
    """One axis of all stages.

    ``axes`` are each stage's, and ``sizes`` say how long the next one is, by the length of this.
    """
    before, behind, less, stride, up = 0, 0, 0, 1, 1
    for axis in axes:
        ahead, after, lost = (-(-count * stride // up) for count in (*axis.reach, axis.lost))
        before, behind, less = before + ahead, behind + after, less + lost
        periods = axis.stride // math.gcd(up, axis.stride)
        stride, up = stride * periods, up * periods // axis.stride * axis.up
    # A period's last result begins so many inputs behind its first.
    behind = max(behind, (up - 1) * stride // up)

    def fits(size: int, *, most: bool) -> bool:
        for axis, shorter in zip(axes, sizes, strict=True):
            if (axis.most is not None and size > axis.most) if most else size < axis.least:
                return False
            size = shorter(size)
        return most or size > 0

    first = axes[0]
    least, found = _first_above(0, lambda size: fits(size, most=False)), None
    if first.most is not None:
        found = _first_above(0, lambda size: not fits(size, most=True)) - 1
    return JoinedAxis((before, behind), stride, least, found, first.boundary, first.around, up=up, less=less)


def _first_above(low: int, holds: Any) -> int:
    """The least integer above `low` for which a monotone rule holds."""
    high = low + 1
    while not holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
