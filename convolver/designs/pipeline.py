"""Filter after filter, as one design."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

from ..arguments import is_sequence, shown
from ..errors import DataError, DesignError
from ..formats import Format
from ..quantize import Quantized
from .axes import FrameAxis
from .base import SCHEMA, Design
from .borders import NoBorder
from .choices import Choices
from .composite import Composite
from .image_stacks import by, stack_of_images
from .rules import Rule, check_rules
from .words import Plane

__all__ = ["MAX_STAGES", "Pipeline"]

MAX_STAGES = 8
"""Stages of the longest pipeline."""

_KEY = "stage"
"""The key of the stages' tables in a file."""

_RULES = (
    Rule({"switchable": False}, "Stage {number} of a pipeline must have one boundary for all frames, not switchable=True"),
    Rule({"continuous": False}, "Stage {number} of a pipeline must start each frame from silence, not continuous=True"),
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

    A stage's results must be the next one's samples: of the same format, as many a clock, and of several results for each place
    the next stage takes as many planes. Each stage makes its own borders, at the ends of what it gets. Only the first one's can
    be put around the image by the host (mode ``full``, boundary ``wrap``).

    Parameters
    ----------
    stages : sequence of Design
        1 to 8 designs of signals, or of images; a pipeline among them stands for its stages. The coefficients of any of them
        can be loadable. None of them can have a boundary that is chosen at run time, nor be continuous.

    Raises
    ------
    DesignError
        If two stages don't fit; the message names them, the rule and the value.
    """

    kind: ClassVar[str] = "pipeline"
    title: ClassVar[str] = "pipeline"
    stages_field: ClassVar[str | None] = _KEY

    stages: tuple[Design, ...]

    def __post_init__(self) -> None:
        self._set("stages", tuple(_flat(self.stages)))
        if not 1 <= len(self.stages) <= MAX_STAGES:
            raise DesignError(f"A pipeline must have 1 to {MAX_STAGES} stages, not {len(self.stages)}")
        for number, stage in enumerate(self.stages, 1):
            _check_stage(number, stage)
        for number, (one, other) in enumerate(zip(self.stages, self.stages[1:], strict=False), 1):
            _check_joint(number, one, other)
        for axis, name in zip(self.frame_axes, self.axes, strict=True):
            needed = max(axis.least, sum(axis.reach) + axis.stride)
            if axis.most is not None and axis.most < needed:
                raise DesignError(f"The stages of a pipeline must take {needed} {name} or more, not {axis.most}")

    @property
    def members(self) -> tuple[Design, ...]:
        return self.stages

    def with_members(self, members: Sequence[Design]) -> Self:
        return self.replace(stages=tuple(members))

    @property
    def first(self) -> Design:
        """The stage that takes the samples."""
        return self.stages[0]

    @property
    def last(self) -> Design:
        """The stage that gives the results."""
        return self.stages[-1]

    # What goes in is the first stage's, what comes out the last one's.

    @property
    def rank(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.rank

    @property
    def axes(self) -> tuple[str, ...]:  # type: ignore[override]  # of each design others
        return self.first.axes

    @property
    def element(self) -> str:  # type: ignore[override]  # of each design another
        return self.first.element

    @property
    def sample_field(self) -> str:  # type: ignore[override]  # of each design another
        return self.first.sample_field

    @property
    def smaller(self) -> Mapping[str, str]:  # type: ignore[override]  # of each design others
        return {what: f"{how} in its stages" for stage in self.stages for what, how in stage.smaller.items()}

    @property
    def sample(self) -> Format:
        return self.first.sample

    @property
    def choices(self) -> Choices:
        return Choices(max(stage.choices.clocks for stage in self.stages), samples=self.pixels_per_clock)

    @property
    def output_format(self) -> Format:
        return self.last.output_format

    @property
    def output_range(self) -> tuple[int, int]:
        return self.last.output_range

    @property
    def pixels_per_clock(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.pixels_per_clock

    @property
    def planes(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.planes

    @property
    def outputs(self) -> int:
        return self.last.planes * self.last.outputs // self.planes

    @property
    def sample_axes(self) -> tuple[int, ...]:
        return self.first.sample_axes

    @property
    def result_axes(self) -> tuple[int, ...]:
        return (self.outputs,) if any(stage.result_axes for stage in self.stages) else ()

    @property
    def result_bits(self) -> int:
        return self.last.result_bits * self.last.planes // self.planes

    @property
    def fill(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.fill

    @property
    def quantized(self) -> Quantized | None:  # type: ignore[override]  # of each design another
        return next((stage.quantized for stage in self.stages if stage.quantized is not None), None)

    @property
    def history(self) -> int | None:  # type: ignore[override]  # of each design another
        found = [stage.history for stage in self.stages]
        return None if None in found else sum(cast(list[int], found))

    def brought(self, stack: bool | None) -> int:
        return sum(stage.brought(stack) for stage in self.stages)

    @property
    def border(self) -> NoBorder:
        return self.first.border

    # Frames.

    @cached_property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        rules = [stage.frame_axes for stage in self.stages]
        shapes = [stage.frame_results for stage in self.stages]
        return tuple(
            _joined([axes[number] for axes in rules], [_alone(shape, number, self.rank) for shape in shapes])
            for number in range(self.rank)
        )

    def frame_results(self, *sizes: int) -> tuple[int, ...]:
        for stage in self.stages:
            sizes = stage.frame_results(*sizes)
        return sizes

    def output_shape(self, *sizes: int) -> tuple[int, ...]:
        for stage in self.stages:
            sizes = stage.output_shape(*sizes)
        return sizes

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        found = self.first.frames_in(shape, stack)
        if self.history is not None:  # a signal of any length
            return found
        sizes = shape[stack_of_images(shape, stack) :][: self.rank]
        if any(size < least for size, least in zip(sizes, self.least_shape, strict=True)):
            raise DataError(f"An image must be at least {by(self.least_shape)} for this pipeline, not {by(sizes)}")
        return found

    @property
    def least_shape(self) -> tuple[int, ...]:
        return tuple(
            max(axis.least - sum(axis.around), 1, least)
            for axis, least in zip(self.frame_axes, self.first.least_shape, strict=True)
        )

    @property
    def trial_shape(self) -> tuple[int, ...]:
        shapes = [stage.trial_shape for stage in self.stages]
        return self._within([max(sizes) for sizes in zip(*shapes, strict=True)])

    def shape_within(self, samples: int) -> tuple[int, ...]:
        return self._within(self.first.shape_within(samples))

    def _within(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The nearest shape of a frame that all stages take."""
        limits = [axis.most and axis.most - sum(axis.around) for axis in self.frame_axes]
        wanted = [max(least, size) for least, size in zip(self.least_shape, sizes, strict=True)]
        return tuple(size if limit is None else min(size, limit) for size, limit in zip(wanted, limits, strict=True))

    def worst_windows(self) -> dict[str, Any]:
        return self.first.worst_windows()

    # As text.

    def describe(self) -> str:
        return ", then ".join(stage.describe() for stage in self.stages)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "schema": SCHEMA, _KEY: [stage.to_dict() for stage in self.stages]}

    def to_toml(self) -> str:
        """The design as a TOML file for people: a table a stage."""
        tables = [f"\n[[{_KEY}]]\n{stage.to_toml()}" for stage in self.stages]
        return "".join([f"kind = {json.dumps(self.kind)}\nschema = {SCHEMA}\n", *tables])

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        # It needs the table of kinds, of which this is one.
        from .reading import design_from_dict

        for key in fields:
            if key != _KEY:
                raise DesignError(f"Unknown key {shown(key)} in a {cls.kind} design; known are {_KEY}")
        if _KEY not in fields:
            raise DesignError(f"A {cls.kind} design must have {_KEY!r}")
        stages = fields[_KEY]
        if not is_sequence(stages):
            raise DesignError(f"The {_KEY}s of a pipeline must be a list of tables, not {shown(stages)}")
        return cls(tuple(stage if isinstance(stage, Design) else design_from_dict(stage) for stage in stages))


@dataclass(frozen=True, slots=True)
class _JoinedAxis(FrameAxis):
    """An axis of all stages: `window` is what a result of the whole reaches; the host puts the first stage's `margins` around.

    What it puts around a frame isn't what a stage puts around the results of the one before: none is made larger.
    """

    @property
    def around(self) -> tuple[int, int]:
        return self.margins

    @property
    def widest(self) -> tuple[int, int]:
        return self.around


def _flat(stages: object) -> Iterable[Design]:
    """The stages, those of pipelines among them."""
    if not is_sequence(stages):
        raise DesignError(f"The stages of a pipeline must be a sequence of designs, not {shown(stages)}")
    for stage in cast(Sequence[object], stages):
        if isinstance(stage, Pipeline):
            yield from stage.stages
        elif isinstance(stage, Design):
            yield stage
        else:
            raise DesignError(f"A stage of a pipeline must be a design, not {shown(stage)}")


def _check_stage(number: int, stage: Design) -> None:
    """Refuses what a pipeline can't have as a stage."""
    rules = _RULES if number == 1 else (*_RULES, _INNER_RULE)
    check_rules(stage, rules, number=number, described=stage.describe())


def _check_joint(number: int, one: Design, other: Design) -> None:
    """Refuses two neighbours that don't fit."""
    rules = (
        ("frames with the axes", " and ".join(one.axes), " and ".join(other.axes)),
        (f"{other.element}s of the format", one.output_format, other.sample),
        ("planes, as many as there are results,", one.planes * one.outputs, other.planes),
        (f"as many {other.element}s a clock:", one.pixels_per_clock, other.pixels_per_clock),
    )
    for what, given, taken in rules:
        if given != taken:
            raise DesignError(
                f"Stage {number + 1} of a pipeline must take {what} {given}, as stage {number} gives them, not {taken}"
            )


def _alone(shape: Any, number: int, rank: int) -> Any:
    """The size of the results along one axis, by that of the frame: other axes have no part in it."""
    return lambda size: shape(*[size] * rank)[number]


def _joined(axes: Sequence[FrameAxis], sizes: Sequence[Any]) -> _JoinedAxis:
    """One axis of all stages.

    ``axes`` are each stage's, and ``sizes`` say how long the next one is, by the length of this.
    """
    before, behind, stride = 0, 0, 1
    for axis in axes:
        before, behind = before + stride * axis.reach[0], behind + stride * axis.reach[1]
        stride *= axis.stride

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
    return _JoinedAxis((before, behind), stride, least, found, first.boundary, first.around)


def _first_above(low: int, holds: Any) -> int:
    """The least integer above `low` for which a monotone rule holds."""
    high = low + 1
    while not holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
