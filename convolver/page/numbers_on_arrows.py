"""What leaves each stage of a plan: how many numbers, and what they can be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

from ..formats import Format
from ..plan import Plan
from ..plan.adders import AdderGraph
from ..plan.arithmetic import Range
from ..plan.array import DotProduct
from ..plan.array_stages import Accumulate, Align, GroupChain, Multiply, PreAdd, Tree
from ..plan.cic import CICPlan, Half, Scale
from ..plan.column_filter import ColumnFilter
from ..plan.mirrored import MirrorAdd, Unmirror
from ..plan.moving_maximum import WindowMaximum
from ..plan.phases import PhaseLine, PhaseMemory
from ..plan.stages import DelayLine, LineBuffer, OutputBuffer, SampleMemory, Stage, Window

__all__ = ["Numbers", "entering", "numbers_behind"]


@dataclass(frozen=True)
class Numbers:
    """Numbers side by side on an arrow: `copies` times one of each range; their format is the narrowest that holds all of them,
    unless it is given."""

    copies: int
    ranges: tuple[Range, ...]
    given: Format | None = None

    @classmethod
    def of(cls, copies: int, count: int, form: Format) -> "Numbers":
        """Any numbers of a format."""
        return cls(copies, ((form.min, form.max),) * count, form)

    @property
    def count(self) -> int:
        return self.copies * len(self.ranges)

    @property
    def form(self) -> Format:
        lows, highs = zip(*self.ranges, strict=True)
        return self.given or Format.holding(min(lows), max(highs))

    def __str__(self) -> str:
        return f"{self.count} × {self.form}" if self.count > 1 else str(self.form)


def entering(plan: Plan) -> Numbers:
    """The samples of a beat."""
    return Numbers.of(plan.copies, 1, plan.design.sample)


def numbers_behind(plan: Plan) -> list[Numbers]:
    """What leaves each stage of one core, in the order of `plan.stages`."""
    found, now = [], entering(plan)
    for stage in plan.stages:
        now = _behind(stage, plan, now)
        found.append(now)
    return found


@singledispatch
def _behind(stage: Stage, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001  # of a stage that says it itself
    """What leaves a stage that is given these: what it says itself, but where samples become windows, and in the arrays, of
    which there may be several beside each other."""
    ranges = stage.ranges(before.ranges)
    return before if ranges == before.ranges else Numbers(before.copies, ranges)


def _arrays(plan: Plan) -> list[DotProduct]:
    """The arrays behind the window."""
    found: list[DotProduct] = []
    while (array := plan.array(len(found))) is not None:
        found.append(array)
    return found


def _repeated(before: Numbers, count: int) -> Numbers:
    """So many of the numbers that come in."""
    return replace(before, ranges=before.ranges[:1] * count)


def _sums(plan: Plan, arrays: Sequence[DotProduct]) -> Numbers:
    """One sum of each."""
    return Numbers(plan.copies, tuple(found for array in arrays for found in array.ranges))


@_behind.register(DelayLine | Window)
def _(stage: Stage, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001  # as all of them
    return _repeated(before, max((array.positions for array in _arrays(plan)), default=1))


@_behind.register
def _(stage: WindowMaximum, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    return before  # it has the samples before in itself


@_behind.register(SampleMemory | PhaseLine | PhaseMemory)
def _(stage: Stage, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    return _repeated(before, sum(array.lanes for array in _arrays(plan)) or 1)


@_behind.register
def _(stage: LineBuffer, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    return _repeated(before, stage.rows + 1)


@_behind.register
def _(stage: ColumnFilter, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    return _sums(plan, stage.filters)


@_behind.register(PreAdd | MirrorAdd)
def _(stage: Stage, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    forms = [array.operand for array in _arrays(plan) for _lane in range(array.lanes)]
    return Numbers(plan.copies, tuple((form.min, form.max) for form in forms))


@_behind.register
def _(stage: Multiply, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    return Numbers(plan.copies, tuple(found for array in _arrays(plan) for found in array.multiply.lane_ranges))


@_behind.register
def _(stage: AdderGraph, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    ranges: list[Range] = []
    for array in _arrays(plan):
        graph, *_ = array.behind  # its own: other arrays have others
        ranges += graph.ranges([(array.operand.min, array.operand.max)] * array.lanes)
    return Numbers(plan.copies, tuple(ranges))


@_behind.register(Tree | GroupChain | Accumulate | Align | Unmirror)
def _(stage: Stage, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    return _sums(plan, _arrays(plan))


@_behind.register
def _(stage: Half, plan: CICPlan, before: Numbers) -> Numbers:
    """A section's numbers wrap in all of its bits; only those of the last one are sums, of which the range is known."""
    form = Format(stage.sections[-1].width, plan.design.accumulator.signed)
    wraps = Numbers.of(before.copies, 1, form)
    return replace(wraps, ranges=(plan.design.sum_range,)) if stage is plan.behind else wraps


@_behind.register
def _(stage: Scale, plan: CICPlan, before: Numbers) -> Numbers:
    form, scaled = plan.design.accumulator, before.form.width + stage.bits
    return Numbers.of(before.copies, 1, Format(min(scaled, form.width), form.signed))


@_behind.register
def _(stage: OutputBuffer, plan: Plan, before: Numbers) -> Numbers:  # noqa: ARG001
    return Numbers.of(plan.copies, plan.design.outputs, plan.design.output_format)
