"""The report of a pipeline: of each stage a line, and of the whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..designs import Pipeline, Rate
from ..plan.pipeline import PipelinePlan, PipelineTiming
from ..rate_response import RateResponse, rate_response
from .base import Line
from .composite import CompositeReport
from .numbers import counted, plain
from .rates import told_delays, told_frame, told_rate

__all__ = ["PipelineReport"]


@dataclass(frozen=True)
class PipelineReport(CompositeReport):
    """What filters cost and do, one behind the other."""

    design: Pipeline

    @property
    def timing(self) -> PipelineTiming:
        """How frames follow one another."""
        timing = self.plan.timing
        assert isinstance(timing, PipelineTiming)
        return timing

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        yield from super().own_numbers()
        if not self.timing.exact:
            yield "clocks_per_sample", plain(self.timing.clocks_a_sample)
            yield "up", self.design.rate.up
            yield "down", self.design.rate.down

            if (response := self.response) is not None:
                delay, linear = response.delay
                yield "gain", float(response.response(np.zeros(1))[0])
                yield "group_delay", None if delay is None else float(delay / response.up)
                yield "linear_phase", linear

    @property
    def response(self) -> RateResponse | None:
        """That of the whole, where it changes the rate and has one."""
        return rate_response(self.design) if self.design.responds and not self.timing.exact else None

    def values(self) -> Iterator[Line]:
        *before, output = super().values()
        yield from before
        if (response := self.response) is not None:
            gain = float(response.response(np.zeros(1))[0])
            yield "the whole", f"gain {gain:.6g} for a constant input, but for the stages' rounding"
            yield "group delay", told_delays(*response.delay, Rate(response.up, response.down))
        yield output

    def _throughput(self) -> str:
        if self.timing.exact:
            return super()._throughput()
        clocks, rate = self.timing.clocks_a_sample, self.design.rate
        return f"{told_rate(rate, clocks * rate.down)}"

    def behind(self, number: int) -> Iterable[str]:
        converter = self.plan.converters[number - 1]
        if converter is not None:
            yield f"a converter behind it: beats of {counted(converter.before, 'pixel')} into beats of {converter.behind}"

    @property
    def plan(self) -> PipelinePlan:
        return cast(PipelinePlan, super().plan)

    def what(self) -> str:
        return counted(len(self.design.stages), "stage") + ", each takes what the one before gives"

    def frame_clocks(self) -> str:
        if not self.timing.exact:
            return told_frame(self.plan)
        told, frame = super().frame_clocks(), self.frame
        if not frame:
            return told
        waits = self.timing.resize_clocks(frame[-1])
        return f"{told}; one of another size behind it waits until that has left, at most {waits} clocks"
