"""One stream through several filters, whose results are joined again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

from ..arguments import choice, is_sequence, shown
from ..errors import DesignError
from ..formats import Format
from .axes import FrameAxis
from .base import Design
from .composite import Composite, JoinedAxis
from .factors import Factor, Impulse
from .given import Designs, required
from .image_response import ImageResponse
from .joins import JOINS, Beside, Join, joining_of
from .rates import SAME
from .rules import Rule, check_rules

__all__ = ["Fork"]

_RULES = (
    Rule({"forked": False}, "Branch {number} of a fork must have no fork in it"),
    Rule(
        {"switchable": False, "wraps": False},
        "Branch {number} of a fork must begin with a boundary that the core makes, not wrap, as it is switchable",
    ),
    Rule({"rate": SAME}, "Branch {number} of a fork must give as many results as samples, not {described}"),
    Rule(
        {"host_pads": False},
        "Branch {number} of a fork must make its borders itself, not have them padded by the host as {described}",
    ),
)
"""What no branch can be."""


@dataclass(frozen=True)
class Fork(Composite):
    """One stream through several filters side by side, and their results joined: a filter of its own, or a pipeline's stage.

    ``Fork([a, b], join="difference")(x) == a(x) - b(x)``, exactly. As fast as its slowest branch, with no bubble between frames
    of one size. Its latency is that of the slowest branch, and a few clocks for queue and join. A branch that has its results
    earlier than another has a queue behind it, long enough for any frame: no branch ever waits for one that waits for it.

    Parameters
    ----------
    branches : sequence of Design
        2 to 4 designs, or pipelines of them, that take the same samples and give as many results for each frame. The stream as
        it came is a branch of the kernel ``[[1]]``, or of the tap ``[1]``: it takes no multiplier.
    join : {"sum", "difference", "planes"}
        ``sum`` adds the results of all branches, ``difference`` takes those of the second from those of the first; both are
        exact: the output is as wide as it must be. ``planes`` puts them side by side, as several results for each place, which
        a pipeline's next stage takes as planes. Known elsewhere as Add, Sub and Concat (ONNX), or FeatureUnion (scikit-learn).

    Raises
    ------
    DesignError
        If two branches don't fit; the message names them, the rule and the value.
    """

    kind: ClassVar[str] = "fork"
    title: ClassVar[str] = "fork"
    stages_field: ClassVar[str | None] = "branch"
    listed_as: ClassVar[str] = "branches"
    own_fields: ClassVar[tuple[str, ...]] = ("join",)
    forked: ClassVar[bool] = True  # type: ignore[misc]  # of all of them

    branches: Designs = required
    join: Join = required

    def __post_init__(self) -> None:
        self._set("branches", tuple(_checked(self.branches)))
        self._set("join", choice("Join", self.join, JOINS))
        most = self.joining.most
        if not 2 <= len(self.branches) <= most:
            count = f"2 to {most}" if most > 2 else f"{most}"
            raise DesignError(f"A fork with join={self.join!r} must have {count} branches, not {len(self.branches)}")
        for number, branch in enumerate(self.branches, 1):
            check_rules(branch, _RULES, number=number, described=self._described(branch))
        for number, branch in enumerate(self.branches[1:], 2):
            self._check_beside(number, branch)
        self._check_continuity()
        self._check_axes()

    def _check_beside(self, number: int, branch: Design) -> None:
        """Refuses a branch that doesn't fit the first."""
        first = self.first
        taken: list[tuple[str, object, object]] = [
            ("take frames with the axes", " and ".join(first.axes), " and ".join(branch.axes)),
            (f"take {branch.element}s of the format", first.sample, branch.sample),
            ("take as many planes:", first.planes, branch.planes),
            (f"take as many {branch.element}s a clock:", first.pixels_per_clock, branch.pixels_per_clock),
            ("give results of frames that are smaller by", _smaller(first), _smaller(branch)),
            (*self.joining.needs(first), self.joining.needs(branch)[1]),
        ]
        for what, one, other in taken:
            if one != other:
                raise DesignError(f"Branch {number} of a fork must {what} {one}, as branch 1 does, not {other}")

    @property
    def members(self) -> tuple[Design, ...]:
        return self.branches

    def with_members(self, members: Sequence[Design]) -> Self:
        return self.replace(branches=tuple(members))

    # Results.

    @cached_property
    def joining(self) -> Beside:
        """What becomes of the branches' results."""
        return joining_of(self.join)

    @cached_property
    def _impulses(self) -> Sequence[Impulse]:
        """Those of the branches that have one."""
        return [impulse for branch in self.branches if (impulse := branch.impulse) is not None]

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Of branches that are linear filters of signals, and added or subtracted."""
        found = self._impulses
        return self.joining.factors(found, self.shift) if len(found) == len(self.branches) else ()

    @cached_property
    def image_response(self) -> ImageResponse | None:
        return self.joining.response([branch.image_response for branch in self.branches])

    @property
    def shift(self) -> int:  # type: ignore[override]  # of each design another
        return max((shift for _, shift in self._impulses), default=0)

    @property
    def output_range(self) -> tuple[int, int]:
        lows, highs = zip(*(branch.output_range for branch in self.branches), strict=True)
        return self.joining.range(lows, highs)

    @property
    def output_format(self) -> Format:
        return self.joining.format(self.first.output_format, self.output_range)

    @property
    def outputs(self) -> int:
        return self.joining.outputs([branch.outputs for branch in self.branches])

    @property
    def result_axes(self) -> tuple[int, ...]:
        return self.joining.axes(self.outputs, self.first.result_axes)

    @property
    def history(self) -> int | None:  # type: ignore[override]  # of each design another
        found = [branch.history for branch in self.branches]
        return None if None in found else max(cast(list[int], found))

    def brought(self, stack: bool | None) -> int:
        return max(branch.brought(stack) for branch in self.branches)

    # Frames.

    @cached_property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        return tuple(map(self._held, map(_side_by_side, *(branch.frame_axes for branch in self.branches))))

    def frame_results(self, *sizes: int) -> tuple[int, ...]:
        return self.first.frame_results(*sizes)

    def output_shape(self, *sizes: int) -> tuple[int, ...]:
        return self.first.output_shape(*sizes)

    def worst_windows(self) -> dict[str, Any]:
        return {
            f"{name} of branch {number}": window
            for number, branch in enumerate(self.branches, 1)
            for name, window in branch.worst_windows().items()
        }

    def describe(self) -> str:
        return f"the {self.join} of " + " and of ".join(f"({branch.describe()})" for branch in self.branches)


def _checked(branches: object) -> Iterable[Design]:
    """The branches, all of them designs."""
    if not is_sequence(branches):
        raise DesignError(f"The branches of a fork must be a sequence of designs, not {shown(branches)}")
    for branch in cast(Sequence[object], branches):
        if not isinstance(branch, Design):
            raise DesignError(f"A branch of a fork must be a design, not {shown(branch)}")
        yield branch


def _smaller(design: Design) -> str:
    """By how much frames of results are smaller, and how far apart the results are."""
    lost = "x".join(str(axis.lost) for axis in design.frame_axes)
    return f"{lost} with a stride of " + "x".join(str(axis.stride) for axis in design.frame_axes)


def _side_by_side(*axes: FrameAxis) -> JoinedAxis:
    """One axis of all branches, which make as many results of it."""
    before, behind = (max(axis.reach[side] for axis in axes) for side in range(2))
    mosts = [axis.most for axis in axes if axis.most is not None]
    first, least = axes[0], max(axis.least for axis in axes)
    return JoinedAxis((before, behind), first.stride, least, min(mosts, default=None), first.boundary, less=first.lost)
