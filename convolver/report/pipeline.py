"""The report of a pipeline: of each stage a line, and of the whole."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, cast

import numpy as np

from ..designs import Pipeline, Rate
from ..plan.pipeline import PipelinePlan, PipelineTiming
from ..plan.pipeline_timing import ChainTiming
from ..plan.timing import FrameTiming
from ..rate_response import RateResponse, rate_response
from .base import Line
from .composite import CompositeReport
from .numbers import counted, plain
from .rates import told_delays, told_frame, told_rate

__all__ = ["PipelineReport"]


class PipelineReport(CompositeReport):
    """What filters cost and do, one behind the other."""

    design: Pipeline
    plan: PipelinePlan

    @property
    def manner(self) -> "KeptRate":
        """What there is to tell of the whole."""
        return manner_of(self.plan.timing, self.design, self.plan)

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield from super().own_numbers()
        yield from self.manner.numbers()

    def values(self) -> Iterator[Line]:
        *before, output = super().values()
        yield from before
        yield from self.manner.lines()
        yield output

    def _throughput(self) -> str:
        return self.manner.throughput(super()._throughput())

    def behind(self, number: int) -> Iterable[str]:
        converter = self.plan.converters[number - 1]
        if converter is not None:
            yield f"a converter behind it: beats of {counted(converter.before, 'pixel')} into beats of {converter.behind}"

    def what(self) -> str:
        return counted(len(self.design.stages), "stage") + ", each takes what the one before gives"

    def frame_clocks(self) -> str:
        return self.manner.frame_clocks(super().frame_clocks, self.frame)


@dataclass(frozen=True)
class KeptRate:
    """What is told of stages that keep the rate.

    Parameters
    ----------
    design : Pipeline
    plan : PipelinePlan
    """

    design: Pipeline
    plan: PipelinePlan

    @property
    def timing(self) -> PipelineTiming:
        """How frames follow one another."""
        return cast(PipelineTiming, self.plan.timing)

    def numbers(self) -> Iterator[tuple[str, Any]]:
        """Those of the whole, by name."""
        return iter(())

    def lines(self) -> Iterator[Line]:
        """What becomes of a signal's frequencies."""
        return iter(())

    def throughput(self, usual: str) -> str:
        """How fast samples come, which is usually told so."""
        return usual

    def frame_clocks(self, usual: Callable[[], str], frame: tuple[int, ...]) -> str:
        """What a frame takes, which is usually told so; `frame` is the largest of images."""
        if not frame:
            return usual()
        waits = self.timing.resize_clocks(frame[-1])
        return f"{usual()}; one of another size behind it waits until that has left, at most {waits} clocks"


class ChangedRate(KeptRate):
    """What is told of stages of which some change the rate."""

    @property
    def response(self) -> RateResponse | None:
        """That of the whole, if it has one."""
        return rate_response(self.design) if self.design.responds else None

    def numbers(self) -> Iterator[tuple[str, Any]]:
        yield "clocks_per_sample", plain(self.timing.clocks_a_sample)
        yield "up", self.design.rate.up
        yield "down", self.design.rate.down

        if (response := self.response) is not None:
            delay, linear = response.delay
            yield "gain", float(response.response(np.zeros(1))[0])
            yield "group_delay", None if delay is None else float(delay / response.up)
            yield "linear_phase", linear

    def lines(self) -> Iterator[Line]:
        if (response := self.response) is not None:
            gain = float(response.response(np.zeros(1))[0])
            yield "the whole", f"gain {gain:.6g} for a constant input, but for the stages' rounding"
            yield "group delay", told_delays(*response.delay, Rate(response.up, response.down))

    def throughput(self, usual: str) -> str:  # noqa: ARG002  # samples and results differ
        rate = self.design.rate
        return told_rate(rate, self.timing.clocks_a_sample * rate.down)

    def frame_clocks(self, usual: Callable[[], str], frame: tuple[int, ...]) -> str:  # noqa: ARG002  # frames of one length differ from others
        return told_frame(self.plan)


@singledispatch
def manner_of(timing: FrameTiming, design: Pipeline, plan: PipelinePlan) -> KeptRate:  # noqa: ARG001  # the class is asked for
    """What is told of a pipeline whose frames follow one another so."""
    return KeptRate(design, plan)


@manner_of.register
def _(timing: ChainTiming, design: Pipeline, plan: PipelinePlan) -> KeptRate:  # noqa: ARG001
    return ChangedRate(design, plan)
